"""Hits in, the same hits with calibrated probabilities out.

Three small logistic models, each a line of weights in `models.json` that `eval/fit.py` writes: `single` and
`several` say whether a question that wants one paper, or all that fit, should cite a hit; `answers` says whether
what was found answers the question at all.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources

from .question import Asked
from .records import Hit

SEVERAL = ("list", "count")
"""The kinds of question that want every paper that fits."""


@dataclass(frozen=True, slots=True)
class Logistic:
    """P(true) = 1 / (1 + exp(-(bias + sum of weight * (value - mean) / scale)))."""

    features: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float
    threshold: float

    def probability(self, values: Mapping[str, float]) -> float:
        rows = zip(self.features, self.mean, self.scale, self.weights, strict=True)
        z = self.bias + sum(weight * (values[name] - mean) / scale for name, mean, scale, weight in rows)
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, z))))


@functools.cache
def model(name: str) -> Logistic:
    """The fitted model of that name."""
    told = json.loads((resources.files(__package__) / "models.json").read_text())["models"][name]
    return Logistic(
        tuple(told["features"]),
        tuple(told["mean"]),
        tuple(told["scale"]),
        tuple(told["weights"]),
        told["bias"],
        told["threshold"],
    )


def features(hit: Hit, hits: Sequence[Hit]) -> dict[str, float]:
    """What the relevance models see of a hit, among all the hits."""
    return {
        **{name: hit.signals[name] for name in ("maxsim", "cosine", "coverage", "focus_coverage", "title", "weakest")},
        "score": hit.score,
        "gap": max(h.score for h in hits) - hit.score,
        "maxsim_gap": max(h.signals["maxsim"] for h in hits) - hit.signals["maxsim"],
        "coverage_gap": max(h.signals["coverage"] for h in hits) - hit.signals["coverage"],
        "similarity": max(e.signals["similarity"] for e in hit.evidence),
        "focus": max(e.signals["focus"] for e in hit.evidence),
    }


def judged(asked: Asked, hits: Sequence[Hit]) -> list[Hit]:
    """The hits with `relevance`: the probability that an answer to this question should cite each."""
    fitted = model("several" if asked.kind in SEVERAL else "single")
    return [replace(hit, relevance=fitted.probability(features(hit, hits))) for hit in hits]
