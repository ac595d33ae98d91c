"""Fitted models turn named values into probabilities; the package ships those it needs."""

from __future__ import annotations

import json
import math
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.core.logistic import Logistic, Preference, model, preference

TWO = Logistic(("a", "b"), mean=(1.0, 0.0), scale=(2.0, 1.0), weights=(3.0, -1.0), bias=0.5, threshold=0.5)
MODELS = json.loads((resources.files("assistant.core") / "models.json").read_text())["models"]
SHIPPED = {name: stored for name, stored in MODELS.items() if "threshold" in stored}
EITHER = Preference(("a",), mean=(1.0,), scale=(2.0,), weights={"x": (3.0,), "y": (0.0,)}, bias={"x": -1.0, "y": 0.5})


def test_the_formula() -> None:
    z = 0.5 + 3.0 * (2.0 - 1.0) / 2.0 - 1.0 * 4.0
    assert TWO.probability({"b": 4.0, "a": 2.0}) == pytest.approx(1 / (1 + math.exp(-z)))


def test_values_without_a_weight_do_not_matter() -> None:
    assert TWO.probability({"a": 0, "b": 0, "c": 99}) == TWO.probability({"a": 0, "b": 0})


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="b"):
        TWO.probability({"a": 1.0})


def test_rows_of_a_table_get_the_probabilities_they_have_alone() -> None:
    columns = {"b": [4.0, 0.0, -1.5], "c": [9.0, 9.0, 9.0], "a": [2.0, 1.0, 30.0]}
    alone = [TWO.probability({"a": a, "b": b}) for a, b in zip(columns["a"], columns["b"], strict=True)]
    assert TWO.probabilities(columns) == alone
    assert TWO.probabilities({"a": [], "b": []}) == []


def test_a_missing_or_short_column_is_an_error() -> None:
    with pytest.raises(KeyError, match="b"):
        TWO.probabilities({"a": [1.0]})
    with pytest.raises(ValueError, match="shorter"):
        TWO.probabilities({"a": [1.0, 2.0], "b": [1.0]})


def test_weights_of_another_length_are_an_error() -> None:
    with pytest.raises(ValueError, match="zip"):
        Logistic(("a", "b"), mean=(0.0, 0.0), scale=(1.0, 1.0), weights=(1.0,), bias=0.0, threshold=0.5)


@given(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300))
def test_it_is_a_probability_however_large_the_values(a: float, b: float) -> None:
    assert 0 < TWO.probability({"a": a, "b": b}) < 1


@given(st.floats(-5, 5), st.floats(0.1, 5))
def test_it_rises_with_a_positive_weight_and_falls_with_a_negative_one(value: float, more: float) -> None:
    assert TWO.probability({"a": value + more, "b": 0}) > TWO.probability({"a": value, "b": 0})
    assert TWO.probability({"a": 0, "b": value + more}) < TWO.probability({"a": 0, "b": value})


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_model_is_complete(name: str) -> None:
    fitted = model(name)
    assert len(fitted.features) == len(set(fitted.features)) > 0
    assert len(fitted.features) == len(fitted.mean) == len(fitted.scale) == len(fitted.weights)
    assert all(scale > 0 for scale in fitted.scale)
    assert 0 < fitted.threshold < 1
    assert 0 < fitted.probability(dict.fromkeys(fitted.features, 0.0)) < 1
    assert model(name) is fitted


def test_the_models_in_use_are_shipped() -> None:
    assert {"single", "several", "sentence", "answers", "support"} <= SHIPPED.keys()


def test_an_unknown_model_is_an_error() -> None:
    with pytest.raises(KeyError, match="horoscope"):
        model("horoscope")


# -- which of several labels


def test_the_score_of_a_label() -> None:
    values = {"a": 5.0, "b": 9.0}
    assert (EITHER.score("x", values), EITHER.score("y", values)) == (5.0, 0.5)
    with pytest.raises(KeyError, match="a"):
        EITHER.score("x", {"b": 1.0})


def test_the_shipped_preference_is_complete() -> None:
    fitted = preference("turns")
    assert len(fitted.features) == len(fitted.mean) == len(fitted.scale)
    assert all(scale > 0 for scale in fitted.scale)
    assert preference("turns") is fitted
