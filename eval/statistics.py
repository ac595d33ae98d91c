"""Means with intervals, and paired tests.

All randomness is seeded: the same scores give the same figures on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .metrics import METRICS

Values = Mapping[str, float | None]
"""A case's measures by name; None if one does not apply."""

RESAMPLES = 1000
"""Bootstrap resamples, enough for the second digit of a 95 % interval."""
PERMUTATIONS = 10_000
"""Random sign changes in the paired test, if there are too many cases to try all."""
LEVEL = 0.95
ALL = "all"
"""The type of the row over all cases."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean, the ends of its interval, and the number of cases that the measure applies to."""

    mean: float
    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class Row:
    """One type of question (or `ALL`): measure name -> interval, None if it applies to no case."""

    type: str
    count: int
    intervals: Mapping[str, Interval | None]


@dataclass(frozen=True, slots=True)
class Paired:
    """One measure before and after over the same cases, and the probability of such a difference by chance."""

    metric: str
    before: float
    after: float
    count: int
    p_value: float


def interval(
    values: Sequence[float], *, resamples: int = RESAMPLES, seed: int = 0, level: float = LEVEL
) -> Interval | None:
    """The mean and its percentile bootstrap interval; None without values.

    The interval is about questions like these; it says nothing about other kinds.
    """
    import numpy as np

    if not values:
        return None
    array = np.asarray(values, dtype=np.float64)
    drawn = np.random.default_rng(seed).integers(0, len(array), size=(resamples, len(array)))
    low, high = np.quantile(array[drawn].mean(axis=1), [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(array.mean()), float(low), float(high), len(array))


def rows(scores: Iterable[tuple[str, Values]]) -> tuple[Row, ...]:
    """A row over all cases, then one for each type in order of first appearance.

    scores: for each case its type and values, as in `Score.type` and `Score.values()`.
    """
    by_type: dict[str, list[Values]] = {}
    everything = []
    for name, values in scores:
        by_type.setdefault(name, []).append(values)
        everything.append(values)
    return (_row(ALL, everything), *(_row(name, group) for name, group in by_type.items()))


def paired(metric: str, before: Sequence[float], after: Sequence[float], *, seed: int = 0) -> Paired | None:
    """The two-sided paired permutation test on the mean difference; None without cases.

    By chance, each case's difference could equally well have the other sign. For up to 13 cases all sign changes are
    tried; for more, PERMUTATIONS random ones, counting the observed one among them [1].

    [1] Phipson and Smyth 2010, "Permutation p-values should never be zero".
    """
    import numpy as np

    if len(before) != len(after):
        raise ValueError(f"{metric}: {len(before)} cases before, {len(after)} after")
    if not before:
        return None
    first, second = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    difference = second - first
    count = len(difference)
    if 2**count <= PERMUTATIONS:
        signs = 1 - 2 * ((np.arange(2**count)[:, None] >> np.arange(count)) & 1)
        seen = 0
    else:
        signs = np.random.default_rng(seed).choice(np.array([-1, 1], dtype=np.int8), size=(PERMUTATIONS, count))
        seen = 1
    # Sums that are equal on paper can differ in the last bits; they must count as equal.
    extreme = np.abs(signs @ difference) >= abs(difference.sum()) - 1e-9
    p_value = (int(extreme.sum()) + seen) / (len(signs) + seen)
    return Paired(metric, float(first.mean()), float(second.mean()), count, p_value)


def _row(name: str, scores: Sequence[Values]) -> Row:
    intervals: dict[str, Interval | None] = {}
    for metric in METRICS:
        values = [value for score in scores if (value := score[metric.name]) is not None]
        intervals[metric.name] = interval(values)
    return Row(name, len(scores), intervals)
