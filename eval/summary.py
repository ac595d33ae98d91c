"""Cases in, the whole's confusion, latency and precision-against-coverage curve out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .cases import Case
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


def _none_yet() -> dict[Verdict, int]:
    return {"answered": 0, "declined": 0, "failed": 0}
