"""What changed between two reports: case by case, and by a paired test for each measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .cases import Case
from .metrics import METRICS
from .statistics import Paired, paired

_NOISY = ("seconds",)
"""Measures that differ from run to run anyway: tested, but not counted as a change of a case."""


@dataclass(frozen=True, slots=True)
class Change:
    """A case whose scores changed: measure -> (before, after); `direction` is better, worse or mixed."""

    id: str
    question: str
    direction: str
    scores: Mapping[str, tuple[float | None, float | None]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """This run compared with another, named `other`.

    tests: each measure over the shared cases. apart: ids that cannot be compared, because only one report has them or
    because their question or gold titles differ.
    """

    other: str
    shared: int
    tests: tuple[Paired, ...]
    changes: tuple[Change, ...]
    apart: tuple[str, ...]


def compare(before: Sequence[Case], after: Sequence[Case], other: str) -> Comparison:
    """What became of the cases in `before`, paired by id."""
    earlier = {case.id: case for case in before}
    pairs = [(earlier[case.id], case) for case in after if case.id in earlier and _same(earlier[case.id], case)]
    matched = {case.id for _, case in pairs}
    everyone = dict.fromkeys([case.id for case in before] + [case.id for case in after])
    every = (_change(first, second) for first, second in pairs)
    changes = sorted((change for change in every if change), key=lambda change: _ORDER[change.direction])
    tests = (_test(metric.name, pairs) for metric in METRICS)
    return Comparison(
        other=other,
        shared=len(pairs),
        tests=tuple(test for test in tests if test),
        changes=tuple(changes),
        apart=tuple(name for name in everyone if name not in matched),
    )


_ORDER = {"worse": 0, "mixed": 1, "better": 2}


def _same(first: Case, second: Case) -> bool:
    return (first.question, set(first.gold), first.unanswerable) == (
        second.question,
        set(second.gold),
        second.unanswerable,
    )


def _change(first: Case, second: Case) -> Change | None:
    scores = {}
    ways = set()
    for metric in METRICS:
        before, after = first.scores[metric.name], second.scores[metric.name]
        if metric.name in _NOISY or before == after:
            continue
        scores[metric.name] = (before, after)
        if before is not None and after is not None:
            ways.add("better" if (after > before) != metric.lower_is_better else "worse")
    if not scores:
        return None
    return Change(second.id, second.question, ways.pop() if len(ways) == 1 else "mixed", scores)


def _test(metric: str, pairs: Sequence[tuple[Case, Case]]) -> Paired | None:
    before, after = [], []
    for first, second in pairs:
        old, new = first.scores[metric], second.scores[metric]
        if old is not None and new is not None:
            before.append(old)
            after.append(new)
    return paired(metric, before, after)
