"""The scores of the answers with each part of the pipeline switched off in turn.

    python -m eval.ablation [--listings FOLDER] [--dev-data FOLDER]

It asks the reporting half of the sample's questions, and of those about the real listings if they are at hand. With
the public sets it also measures retrieval.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from assistant.core.errors import AssistantError
from assistant.show.terminal import Screen

from . import public, stock, tables
from .cases import Case, cases
from .main import part, written
from .parts import PARTS, Part
from .questions import Question, read
from .runner import Assistant, outcomes
from .statistics import paired, rows
from .tables import NOTHING, Table

SHOWN = {
    "precision": "P",
    "recall": "R",
    "f1": "F1",
    "vital_nuggets": "vital",
    "answered_unanswerable": "answ.↓",
    "declined_answerable": "decl.↓",
    "decided": "right",
    "ndcg_10": "nDCG",
}
"""The measures in the table, and their headings."""
WIDTH = 120
"""Columns of the table when there is no terminal."""
TESTED = ("f1", "vital_nuggets", "decided")
"""The measures whose change is tested: each part should improve at least one of them."""


def without_each(
    assistant: Assistant, questions: Sequence[Question], abstracts: Mapping[str, str], parts: Sequence[Part] = PARTS
) -> dict[str, tuple[Case, ...]]:
    """The scored cases, by the name of the part that was off."""
    results = {}
    for one in parts:
        Screen(stderr=True).line(f"{len(questions)} questions without: {one.name} ...")
        with one.off():
            results[one.name] = cases(outcomes(assistant, questions), abstracts)
    return results


def means(scored: Sequence[Case]) -> dict[str, float | None]:
    """Measure -> mean over the cases, for the measures shown."""
    intervals = rows((case.type, case.scores) for case in scored)[0].intervals
    return {name: interval.mean if (interval := intervals[name]) else None for name in SHOWN}


def table(name: str, results: Mapping[str, Sequence[Case]]) -> Table:
    """A line for each part: the means without it, and the significant changes (p < 0.05)."""
    whole = next(iter(results.values()))
    lines = []
    for off, scored in results.items():
        values = [NOTHING if value is None else f"{value:.3f}" for value in means(scored).values()]
        lines.append((off, *values, ", ".join(_changes(whole, scored)) or NOTHING))
    note = (
        "Each line is the pipeline without that part, with its models as they are. The last column has the changes "
        "with p < 0.05 in a paired permutation test over the cases."
    )
    heading = f"Without each part: {name}, {len(whole)} questions"
    return Table(heading, ("without", *SHOWN.values(), "changed"), tuple(lines), note)


def _changes(whole: Sequence[Case], scored: Sequence[Case]) -> list[str]:
    changes = []
    for name in TESTED:
        pairs = [(a.scores[name], b.scores[name]) for a, b in zip(whole, scored, strict=True)]
        both = [(a, b) for a, b in pairs if a is not None and b is not None]
        test = paired(name, [a for a, _ in both], [b for _, b in both])
        if test and test.before != test.after and test.p_value < 0.05:
            changes.append(f"{SHOWN[name]} {test.after - test.before:+.3f}")
    return changes


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure everything that is at hand, print it and write it; 0, or 1 on an error."""
    parser = argparse.ArgumentParser(prog="python -m eval.ablation", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--listings", type=Path, metavar="FOLDER", help="the real listing files")
    parser.add_argument("--dev-data", type=Path, metavar="FOLDER", help="the public sets, a folder each")
    parser.add_argument("--folder", type=Path, default=Path("reports/ablation"), help="where to write it [%(default)s]")
    parser.add_argument("--cache", type=Path, default=stock.CACHE, help="where libraries are kept [%(default)s]")
    options = parser.parse_args(arguments)
    try:
        options.folder.mkdir(parents=True, exist_ok=True)
        _run(options.listings, options.dev_data, options.folder, options.cache)
    except AssistantError as error:
        Screen(stderr=True).line(str(error), first="eval.ablation: ")
        return 1
    return 0


def _run(listings: Path | None, dev_data: Path | None, folder: Path, cache: Path) -> None:
    shown: list[Table] = []
    figures: dict[str, object] = {}
    sets = {"sample": stock.sample()} | ({"listings": stock.real(listings)} if listings else {})
    for name, files in sets.items():
        questions = part(read(stock.set_file(name)), "report")
        with stock.stocked(cache / name, files) as assistant:
            results = without_each(assistant, questions, stock.abstracts(assistant))
        figures[name] = {off: means(scored) for off, scored in results.items()}
        shown.append(_shown(table(name, results)))
    for name in public.RETRIEVAL if dev_data else ():
        ways = public.retrieval(Path(dev_data or "") / name, cache)
        figures[name] = [asdict(way) for way in ways]
        shown.append(_shown(public.retrieval_table(ways)))
    if dev_data:
        signals = public.answerable(dev_data / public.ANSWERABLE, cache)
        figures[public.ANSWERABLE] = signals
        shown.append(_shown(public.answerable_table(signals)))
    written(folder / "ablation.json", json.dumps(figures, indent=1) + "\n")
    written(folder / "ablation.md", "# Ablation\n\n" + "\n".join(tables.to_markdown(one) for one in shown))
    Screen(stderr=True).line(f"Written: {folder / 'ablation.md'}, {folder / 'ablation.json'}")


def _shown(one: Table) -> Table:
    console = Console()
    console.print(tables.to_rich(one), width=None if console.is_terminal else WIDTH)
    return one


if __name__ == "__main__":
    sys.exit(main())
