"""Question sets in, one table out: what the answers are worth with each part of the pipeline switched off in turn.

    python -m eval.ablation [--listings FOLDER] [--dev-data FOLDER]

Asked are the reporting halves: the sample's, and that about the real listings where these are at hand. With the
public sets, how well their documents are found is told as well.
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

from . import public, rewrites, stock, tables
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
"""The measures of the table and their headings."""
WIDTH = 120
"""Columns of the table where there is no terminal to ask."""
TESTED = ("f1", "vital_nuggets", "decided")
"""The measures whose change is tested: each part should pay in one of them."""


def without_each(
    assistant: Assistant, questions: Sequence[Question], abstracts: Mapping[str, str], parts: Sequence[Part] = PARTS
) -> dict[str, tuple[Case, ...]]:
    """The scored cases by the name of the part that was off."""
    found = {}
    for one in parts:
        Screen(stderr=True).line(f"{len(questions)} questions without: {one.name} ...")
        with one.off():
            found[one.name] = cases(outcomes(assistant, questions), abstracts)
    return found


def means(scored: Sequence[Case]) -> dict[str, float | None]:
    """Measure -> mean over the cases, for the measures shown."""
    intervals = rows((case.type, case.scores) for case in scored)[0].intervals
    return {name: found.mean if (found := intervals[name]) else None for name in SHOWN}


def table(name: str, found: Mapping[str, Sequence[Case]]) -> Table:
    """One line a part: the means without it, and the changes that chance alone would hardly make (p < 0.05)."""
    whole = next(iter(found.values()))
    lines = []
    for off, scored in found.items():
        values = [NOTHING if value is None else f"{value:.3f}" for value in means(scored).values()]
        lines.append((off, *values, ", ".join(_changes(whole, scored)) or NOTHING))
    note = (
        "Each line is the pipeline without that part; its models are not fitted again. Told last: what changed with "
        "p < 0.05 by a paired permutation test over the cases."
    )
    heading = f"Without each part: {name}, {len(whole)} questions"
    return Table(heading, ("without", *SHOWN.values(), "changed"), tuple(lines), note)


def _changes(whole: Sequence[Case], scored: Sequence[Case]) -> list[str]:
    told = []
    for name in TESTED:
        pairs = [(a.scores[name], b.scores[name]) for a, b in zip(whole, scored, strict=True)]
        both = [(a, b) for a, b in pairs if a is not None and b is not None]
        test = paired(name, [a for a, _ in both], [b for _, b in both])
        if test and test.before != test.after and test.p_value < 0.05:
            told.append(f"{SHOWN[name]} {test.after - test.before:+.3f}")
    return told


def main(arguments: Sequence[str] | None = None) -> int:
    """Print and write everything that is at hand; 0, or 1 where it failed."""
    parser = argparse.ArgumentParser(prog="python -m eval.ablation", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--listings", type=Path, metavar="FOLDER", help="the real listing files")
    parser.add_argument("--dev-data", type=Path, metavar="FOLDER", help="the public sets, a folder each")
    parser.add_argument("--folder", type=Path, default=Path("reports/ablation"), help="where it goes [%(default)s]")
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
    told: list[Table] = []
    figures: dict[str, object] = {}
    sets = {"sample": stock.sample()} | ({"listings": stock.real(listings)} if listings else {})
    for name, files in sets.items():
        questions = part(read(stock.set_file(name)), "report")
        with stock.stocked(cache / name, files) as assistant:
            found = without_each(assistant, questions, stock.abstracts(assistant))
        figures[name] = {off: means(scored) for off, scored in found.items()}
        told.append(_shown(table(name, found)))
    for name in public.RETRIEVAL if dev_data else ():
        ways = public.retrieval(Path(dev_data or "") / name, cache)
        figures[name] = [asdict(way) for way in ways]
        told.append(_shown(public.retrieval_table(ways)))
    if dev_data:
        signals = public.answerable(dev_data / public.ANSWERABLE, cache)
        figures[public.ANSWERABLE] = signals
        told.append(_shown(public.answerable_table(signals)))
        near = rewrites.rewrites(dev_data / rewrites.CONVERSATIONS)
        figures[rewrites.CONVERSATIONS] = {name: asdict(one) if one else None for name, one in near.items()}
        told.append(_shown(rewrites.rewrites_table(near)))
    written(folder / "ablation.json", json.dumps(figures, indent=1) + "\n")
    written(folder / "ablation.md", "# Ablation\n\n" + "\n".join(tables.to_markdown(one) for one in told))
    Screen(stderr=True).line(f"Written: {folder / 'ablation.md'}, {folder / 'ablation.json'}")


def _shown(one: Table) -> Table:
    console = Console()
    console.print(tables.to_rich(one), width=None if console.is_terminal else WIDTH)
    return one


if __name__ == "__main__":
    sys.exit(main())
