"""Cases in, the whole's confusion, latency, precision-against-coverage curve and reliability out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .cases import Case, Judgement
from .metrics import Verdict

Confusion = Mapping[str, Mapping[Verdict, int]]
"""Kind of question ("answerable", "unanswerable", then each kind of the latter met) -> verdict -> cases."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds within which half and 95 % of the questions were done; None without cases."""

    median: float | None
    p95: float | None


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What comes of answering only where the first hit's relevance is at least `threshold`.

    coverage: share of the answerable questions still answered. precision: mean title precision of all that is still
    answered, an unanswerable question counting 0.
    """

    threshold: float
    coverage: float
    precision: float


BINS = 5
"""Equal parts of the probabilities from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Papers that were thought about equally probable: how many, how probable on the mean, and how many were right."""

    count: int
    predicted: float
    right: float


def confusion(cases: Sequence[Case]) -> Confusion:
    """How many of each kind were answered, declined, failed."""
    found: dict[str, dict[Verdict, int]] = {kind: _none_yet() for kind in ("answerable", "unanswerable")}
    for case in cases:
        found["unanswerable" if case.unanswerable else "answerable"][case.verdict] += 1
    for case in cases:
        if case.unanswerable:
            found.setdefault(case.unanswerable, _none_yet())[case.verdict] += 1
    return found


def latency(cases: Sequence[Case]) -> Latency:
    """The median and 95th percentile of the seconds, failed cases included."""
    import numpy as np

    seconds = [value for case in cases if (value := case.scores["seconds"]) is not None]
    if not seconds:
        return Latency(None, None)
    median, p95 = np.quantile(seconds, [0.5, 0.95])
    return Latency(float(median), float(p95))


def curve(cases: Sequence[Case]) -> tuple[CurvePoint, ...]:
    """Precision against coverage, strictest threshold first; empty without an answered answerable question.

    It starts from what was answered: what the assistant declined by itself has no citations to judge.
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
    """How often papers thought so probable should be cited, least probable first; empty bins are left out."""
    sorted_into: dict[int, list[Judgement]] = {}
    for one in (one for case in cases for one in case.judged):
        sorted_into.setdefault(min(BINS - 1, int(one.relevance * BINS)), []).append(one)
    return tuple(
        Bin(len(some), sum(one.relevance for one in some) / len(some), sum(one.right for one in some) / len(some))
        for _, some in sorted(sorted_into.items())
    )


def calibration_error(bins: Sequence[Bin]) -> float:
    """The mean distance between probability and truth, weighted by papers (ECE, https://arxiv.org/abs/1706.04599)."""
    total = sum(one.count for one in bins)
    return sum(one.count * abs(one.predicted - one.right) for one in bins) / total if total else 0.0


def _none_yet() -> dict[Verdict, int]:
    return {"answered": 0, "declined": 0, "failed": 0}
