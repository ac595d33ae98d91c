"""The fitted models of the package: named values in, a probability out.

Each is a set of weights in `models.json`, written by `eval/fit.py`, which says what it was fitted on.
"""

from __future__ import annotations

import functools
import json
import math
import operator
from collections.abc import Mapping, Sequence
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
        """Mean and scale are folded into the weights: a question needs hundreds of probabilities."""
        rows = list(zip(self.features, self.mean, self.scale, self.weights, strict=True))
        object.__setattr__(self, "_slopes", tuple(weight / scale for _, _, scale, weight in rows))
        object.__setattr__(
            self, "_start", self.bias - math.fsum(weight * mean / scale for _, mean, scale, weight in rows)
        )

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """The model as stored in `models.json`."""
        features, mean, scale, weights = (tuple(stored[name]) for name in ("features", "mean", "scale", "weights"))
        return cls(features, mean, scale, weights, stored["bias"], stored["threshold"])

    def probability(self, values: Mapping[str, float]) -> float:
        """The probability for one set of values. Raises `KeyError` if a feature is missing."""
        return self.probabilities({name: (values[name],) for name in self.features})[0]

    def probabilities(self, columns: Mapping[str, Sequence[float]]) -> list[float]:
        """The probability of each row of a table, given by its columns. Raises `KeyError` if a feature is missing."""
        rows = zip(*[columns[name] for name in self.features], strict=True)
        sums = [self._start + sum(map(operator.mul, self._slopes, row)) for row in rows]
        return [1 / (1 + math.exp(-max(-30.0, min(30.0, z)))) for z in sums]


@dataclass(frozen=True, slots=True)
class Preference:
    """Which label fits: the score of each is its bias + the sum of its weight * (value - mean) / scale."""

    features: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: Mapping[str, tuple[float, ...]]
    bias: Mapping[str, float]

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """The model as stored in `models.json`."""
        features, mean, scale = (tuple(stored[name]) for name in ("features", "mean", "scale"))
        weights = {label: tuple(row) for label, row in stored["weights"].items()}
        return cls(features, mean, scale, weights, stored["bias"])

    def score(self, label: str, values: Mapping[str, float]) -> float:
        """The score of a label, a log-probability but for a constant. Raises `KeyError` if a feature is missing."""
        rows = zip(self.features, self.mean, self.scale, self.weights[label], strict=True)
        return self.bias[label] + math.fsum(
            [weight * (values[name] - mean) / scale for name, mean, scale, weight in rows]
        )


@functools.cache
def preference(name: str) -> Preference:
    """The fitted preference of that name. Raises `KeyError` for an unknown one."""
    return Preference.of(stored()[name])


@functools.cache
def model(name: str) -> Logistic:
    """The fitted model of that name. Raises `KeyError` for an unknown one."""
    return Logistic.of(stored()[name])


@functools.cache
def stored() -> dict[str, Any]:
    """Every model as stored, by its name."""
    models: dict[str, Any] = json.loads((resources.files(__package__) / "models.json").read_text())["models"]
    return models
