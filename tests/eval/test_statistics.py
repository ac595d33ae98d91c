"""Means with intervals and paired tests, to the digit."""

from __future__ import annotations

import numpy as np
import pytest

from eval.metrics import METRICS
from eval.statistics import Interval, interval, paired, rows


def values(**known: float | None) -> dict[str, float | None]:
    return {metric.name: None for metric in METRICS} | known


def test_the_interval_is_the_percentile_bootstrap_with_its_seed() -> None:
    sample = [0.0, 1.0, 1.0, 0.25, 0.5]
    means = np.array(sample)[np.random.default_rng(0).integers(0, 5, size=(1000, 5))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    assert interval(sample) == Interval(0.55, float(low), float(high), 5)
    assert interval(sample) == interval(sample)
    assert interval(sample, seed=1) != interval(sample)


def test_intervals_at_the_edges() -> None:
    assert interval([]) is None
    assert interval([0.5]) == Interval(0.5, 0.5, 0.5, 1)
    assert interval([1.0] * 9) == Interval(1.0, 1.0, 1.0, 9)


def test_rows_count_only_the_cases_a_measure_applies_to() -> None:
    overall, fact, other = rows([("fact", values(f1=1.0)), ("other", values(f1=None)), ("fact", values(f1=0.0))])
    assert [(row.type, row.count) for row in (overall, fact, other)] == [("all", 3), ("fact", 2), ("other", 1)]
    assert overall.intervals["f1"] == fact.intervals["f1"] == interval([1.0, 0.0])
    assert other.intervals["f1"] is None
    assert overall.intervals["recall"] is None


def test_rows_of_nothing() -> None:
    (overall,) = rows([])
    assert (overall.count, set(overall.intervals.values())) == (0, {None})


@pytest.mark.parametrize(
    ("before", "after", "p_value"),
    [
        ([0.0], [1.0], 1.0),
        ([0.0] * 6, [1.0] * 6, 2 / 64),
        ([1.0] * 6, [0.0] * 6, 2 / 64),
        ([0.5] * 6, [0.5] * 6, 1.0),
        # Differences 1, 1, -1: a sum of at least 1 either way comes with every sign change.
        ([0.0, 0.0, 1.0], [1.0, 1.0, 0.0], 1.0),
        # Differences .1, .2, .3: only the two one-sided changes reach .6, whatever the last bits.
        ([0.0, 0.0, 0.0], [0.1, 0.2, 0.3], 2 / 8),
    ],
)
def test_few_cases_are_tested_exactly(before: list[float], after: list[float], p_value: float) -> None:
    test = paired("f1", before, after)
    assert test is not None
    assert (test.p_value, test.count) == (p_value, len(before))
    assert test.before == sum(before) / len(before)
    assert test.after == pytest.approx(sum(after) / len(after))


def test_many_cases_are_sampled_with_a_seed_and_p_is_never_zero() -> None:
    test = paired("f1", [0.0] * 40, [1.0] * 40)
    assert test is not None and test.p_value == 1 / 10_001
    mixed = ([0.0, 1.0] * 20, [1.0] * 20 + [0.0] * 20)
    assert paired("f1", *mixed) == paired("f1", *mixed)
    # Ten cases better, ten worse, twenty unchanged: no difference.
    even = paired("f1", *mixed)
    assert even is not None and even.p_value == 1.0


def test_sampling_agrees_with_the_exact_test() -> None:
    # Ten of fourteen cases better, four worse: a sign test, whose p is a sum of binomials.
    test = paired("f1", [0.0] * 10 + [1.0] * 4, [1.0] * 10 + [0.0] * 4)
    exact = 2 * (1 + 14 + 91 + 364 + 1001) / 2**14
    assert test is not None and test.p_value == pytest.approx(exact, abs=0.012)


def test_pairs_must_be_pairs() -> None:
    assert paired("f1", [], []) is None
    with pytest.raises(ValueError, match="f1: 1 cases before, 2 after"):
        paired("f1", [1.0], [1.0, 2.0])
