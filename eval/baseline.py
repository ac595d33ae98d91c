"""The scores on the sample questions, compared with the recorded ones.

    python -m eval.baseline            lists the scores that fell below the record; exit code 1 if any did
    python -m eval.baseline --write    records the current scores in baseline.json

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
"""What is recorded: the half that figures are reported on, and all questions."""
TIMED = ("seconds",)
"""Measures of the machine rather than of the answers: never recorded."""

OF_ANSWERS = ("support",)
"""Measures over the answered cases, whose number does not depend on the questions alone."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A mean over `count` cases, and how far chance alone could move it with similar questions."""

    mean: float
    noise: float
    count: int


Scores = Mapping[str, Mapping[str, Recorded]]
"""Half -> measure -> its score."""


def measured(assistant: Assistant, abstracts: Mapping[str, str]) -> dict[str, dict[str, Recorded]]:
    """The scores of `assistant` on all sample questions. abstracts: title -> abstract of the sample."""
    scored = cases(outcomes(assistant, read(stock.set_file("sample"))), abstracts)
    return {half: _means([case for case in scored if half in ("all", case.half)]) for half in HALVES}


def _means(scored: Sequence[Case]) -> dict[str, Recorded]:
    over_all = rows((case.type, case.scores) for case in scored)[0]
    return {
        name: Recorded(round(interval.mean, 4), round((interval.high - interval.low) / 2, 4), interval.count)
        for name, interval in over_all.intervals.items()
        if interval is not None and name not in TIMED
    }


def fallen(record: Scores, scores: Scores) -> list[str]:
    """A line for each score that is worse than the record by more than its noise.

    Also for each measure that is missing, or counted over another number of cases: the record must be made again.
    """
    lines = []
    lower = {metric.name for metric in METRICS if metric.lower_is_better}
    for half, measures in record.items():
        for name, before in measures.items():
            now = scores.get(half, {}).get(name)
            if now is None or (now.count != before.count and name not in OF_ANSWERS):
                cases_now = now.count if now else 0
                lines.append(f"{half}: {name} was recorded over {before.count} cases and is now over {cases_now}")
                continue
            loss = (now.mean - before.mean) if name in lower else (before.mean - now.mean)
            if loss > before.noise + 1e-9:
                lines.append(
                    f"{half}: {name} is {now.mean:.3f}, recorded {before.mean:.3f} with noise {before.noise:.3f}"
                )
    return lines


def recorded(path: str | Path = FILE) -> dict[str, dict[str, Recorded]]:
    """The record; FormatError if the file is not one."""
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
    """Measure the sample, then record or compare; 1 if a score has fallen."""
    parser = argparse.ArgumentParser(prog="python -m eval.baseline", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--write", action="store_true", help="record the current scores")
    parser.add_argument("--cache", type=Path, default=stock.CACHE, help="where the library is kept [%(default)s]")
    options, screen = parser.parse_args(arguments), Screen()
    with stock.stocked(options.cache / "sample", stock.sample()) as assistant:
        scores = measured(assistant, stock.abstracts(assistant))
    if options.write:
        FILE.write_text(to_text(scores), encoding="utf-8")
        screen.line(f"Written: {FILE}")
        return 0
    lines = fallen(recorded(), scores)
    for line in lines or ["No score has fallen below the record."]:
        screen.line(line)
    return int(bool(lines))


if __name__ == "__main__":
    sys.exit(main())
