"""Named values in, a probability out: the fitted models of the package.

Each is a line of weights in `models.json`, written by `eval/fit.py`, which says what it was fitted on.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources


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
