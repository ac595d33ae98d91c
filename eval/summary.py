"""Figures over all cases: confusion, latency, precision against coverage, and reliability."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .cases import Case
from .metrics import Verdict

Confusion = Mapping[str, Mapping[Verdict, int]]
"""Kind of question ("answerable", "unanswerable", then each kind of the latter) -> verdict -> cases."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds within which 50 % and 95 % of the questions were answered; None without cases."""

    median: float | None
    p95: float | None


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The result of answering only if the first hit's relevance is at least `threshold`.

    coverage: the share of answerable questions still answered. precision: the mean title precision of all questions
    still answered, with unanswerable ones counting 0.
    """

    threshold: float
    coverage: float
    precision: float


BINS = 5
"""Equal intervals of probability from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Cases of similar probability: how many, their mean probability, and the share that is right."""

    count: int
    predicted: float
    right: float


def confusion(cases: Sequence[Case]) -> Confusion:
    """How many questions of each kind were answered, were declined, or failed."""
    counts: dict[str, dict[Verdict, int]] = {kind: _none_yet() for kind in ("answerable", "unanswerable")}
    for case in cases:
        counts["unanswerable" if case.unanswerable else "answerable"][case.verdict] += 1
    for case in cases:
        if case.unanswerable:
            counts.setdefault(case.unanswerable, _none_yet())[case.verdict] += 1
    return counts


def latency(cases: Sequence[Case]) -> Latency:
    """The median and 95th percentile of the seconds, failed cases included."""
    import numpy as np

    seconds = [value for case in cases if (value := case.scores["seconds"]) is not None]
    if not seconds:
        return Latency(None, None)
    median, p95 = np.quantile(seconds, [0.5, 0.95])
    return Latency(float(median), float(p95))


def curve(cases: Sequence[Case]) -> tuple[CurvePoint, ...]:
    """Precision against coverage, highest threshold first; empty if no answerable question was answered.

    Only answered questions count, because declined ones have no citations to judge.
    """
    answerable = sum(case.unanswerable is None for case in cases)
    answered = [case for case in cases if case.verdict == "answered"]
    if not any(case.unanswerable is None for case in answered):
        return ()
    points = []
    for threshold in sorted({case.relevance or 0.0 for case in answered}, reverse=True):
        kept = [case for case in answered if (case.relevance or 0.0) >= threshold]
        covered = sum(case.unanswerable is None for case in kept)
        precision = sum(case.scores["precision"] or 0.0 for case in kept) / len(kept)
        points.append(CurvePoint(threshold, covered / answerable, precision))
    return tuple(points)


def reliability(cases: Sequence[Case]) -> tuple[Bin, ...]:
    """How often papers of each probability should be cited, least probable first, without empty bins."""
    return binned([(one.relevance, one.right) for case in cases for one in case.judged])


def binned(judged: Iterable[tuple[float, bool]]) -> tuple[Bin, ...]:
    """Probabilities and whether each was right, in `BINS` of equal width, the least probable first; no empty bins."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for probability, right in judged:
        bins.setdefault(min(BINS - 1, int(probability * BINS)), []).append((probability, right))
    return tuple(
        Bin(len(some), sum(probability for probability, _ in some) / len(some), sum(r for _, r in some) / len(some))
        for _, some in sorted(bins.items())
    )


def calibration_error(bins: Sequence[Bin]) -> float:
    """The mean difference between probability and truth, weighted by cases (ECE, https://arxiv.org/abs/1706.04599)."""
    total = sum(one.count for one in bins)
    return sum(one.count * abs(one.predicted - one.right) for one in bins) / total if total else 0.0


def _none_yet() -> dict[Verdict, int]:
    return {"answered": 0, "declined": 0, "failed": 0}
