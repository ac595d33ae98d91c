"""Named values in, a probability out: the fitted models of the package.

Each is a line of weights in `models.json`, written by `eval/fit.py`, which says what it was fitted on.
"""

from __future__ import annotations

import functools
import json
import math
import operator
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Logistic:
    """P(true) = 1 / (1 + exp(-(bias + sum of weight * (value - mean) / scale)))."""

    features: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float
    threshold: float
    _slopes: tuple[float, ...] = field(init=False, repr=False)
    _start: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """The same line without mean and scale: it is followed hundreds of times a question."""
        rows = list(zip(self.features, self.mean, self.scale, self.weights, strict=True))
        object.__setattr__(self, "_slopes", tuple(weight / scale for _, _, scale, weight in rows))
        object.__setattr__(
            self, "_start", self.bias - math.fsum(weight * mean / scale for _, mean, scale, weight in rows)
        )

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """The model as `models.json` keeps it."""
        features, mean, scale, weights = (tuple(told[name]) for name in ("features", "mean", "scale", "weights"))
        return cls(features, mean, scale, weights, told["bias"], told["threshold"])

    def probability(self, values: Mapping[str, float]) -> float:
        z = self._start + sum(map(operator.mul, self._slopes, map(values.__getitem__, self.features)))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, z))))


@functools.cache
def model(name: str) -> Logistic:
    """The fitted model of that name."""
    told = json.loads((resources.files(__package__) / "models.json").read_text())["models"][name]
    return Logistic.of(told)
