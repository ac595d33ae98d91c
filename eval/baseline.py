"""The sample questions in, their scores held against the recorded ones out.

    python -m eval.baseline            says what has fallen below the record; 1 when something has
    python -m eval.baseline --write    records the scores of today in baseline.json

A score may lie below the record by its noise: half the width of its bootstrap interval over the questions.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from assistant.show.terminal import Screen

from . import stock
from .cases import Case, cases
from .jsonl import read_object
from .metrics import METRICS
from .questions import read
from .runner import Assistant, outcomes
from .statistics import rows

FILE = stock.HERE / "baseline.json"
HALVES = ("report", "all")
"""What is recorded: the half that figures are told from, and all questions."""
TIMED = ("seconds",)
"""Measures of the machine, not of the answers: never recorded."""

OF_ANSWERS = ("support",)
"""Measures over whatever was answered: over how many cases is no property of the questions."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A mean over `count` cases, and how far chance alone would move it with other questions of the kind."""

    mean: float
    noise: float
    count: int


Scores = Mapping[str, Mapping[str, Recorded]]
"""Half -> measure -> what it came to."""


def measured(assistant: Assistant, abstracts: Mapping[str, str]) -> dict[str, dict[str, Recorded]]:
    """The scores of all sample questions put to `assistant`. abstracts: title -> abstract of the sample."""
    scored = cases(outcomes(assistant, read(stock.set_file("sample"))), abstracts)
    return {half: _means([case for case in scored if half in ("all", case.half)]) for half in HALVES}


def _means(scored: Sequence[Case]) -> dict[str, Recorded]:
    over_all = rows((case.type, case.scores) for case in scored)[0]
    return {
        name: Recorded(round(found.mean, 4), round((found.high - found.low) / 2, 4), found.count)
        for name, found in over_all.intervals.items()
        if found is not None and name not in TIMED
    }


def fallen(record: Scores, found: Scores) -> list[str]:
    """Where `found` is worse than the record by more than its noise, one line each; [] when nothing is.

    A measure that is no longer found, or over another number of cases, is told too: the record must be made anew.
    """
    told = []
    lower = {metric.name for metric in METRICS if metric.lower_is_better}
    for half, measures in record.items():
        for name, before in measures.items():
            now = found.get(half, {}).get(name)
            if now is None or (now.count != before.count and name not in OF_ANSWERS):
                cases_now = now.count if now else 0
                told.append(f"{half}: {name} was recorded over {before.count} cases and is now over {cases_now}")
                continue
            loss = (now.mean - before.mean) if name in lower else (before.mean - now.mean)
            if loss > before.noise + 1e-9:
                told.append(
                    f"{half}: {name} is {now.mean:.3f}, recorded {before.mean:.3f} with noise {before.noise:.3f}"
                )
    return told


def recorded(path: str | Path = FILE) -> dict[str, dict[str, Recorded]]:
    """The record; FormatError where it is none."""
    halves = read_object(path).record("halves")
    return {
        half: {
            name: Recorded(one.number("mean") or 0.0, one.number("noise") or 0.0, one.whole("count"))
            for name in halves.record(half).values
            for one in (halves.record(half).record(name),)
        }
        for half in halves.values
    }


def to_text(scores: Scores) -> str:
    """The record as JSON text."""
    halves = {half: {name: asdict(one) for name, one in some.items()} for half, some in scores.items()}
    return json.dumps({"made_by": "python -m eval.baseline --write", "halves": halves}, indent=1) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the sample, then record or compare; 1 when something has fallen."""
    parser = argparse.ArgumentParser(prog="python -m eval.baseline", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--write", action="store_true", help="record the scores of today")
    parser.add_argument("--cache", type=Path, default=stock.CACHE, help="where the library is kept [%(default)s]")
    options, screen = parser.parse_args(arguments), Screen()
    with stock.stocked(options.cache / "sample", stock.sample()) as assistant:
        found = measured(assistant, stock.abstracts(assistant))
    if options.write:
        FILE.write_text(to_text(found), encoding="utf-8")
        screen.line(f"Written: {FILE}")
        return 0
    told = fallen(recorded(), found)
    for line in told or ["Nothing has fallen below the record."]:
        screen.line(line)
    return int(bool(told))


if __name__ == "__main__":
    sys.exit(main())
