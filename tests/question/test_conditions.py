"""The conditions that a question sets, recognised by their form."""

from __future__ import annotations

import math

import pytest

from assistant.question.conditions import NO_CONDITIONS, conditions_of


@pytest.mark.parametrize(
    ("question", "without"),
    [
        ("papers on snow but not kites", ("kites",)),
        ("Which papers rank orchards without labels?", ("labels",)),
        ("everything about wind, except storms.", ("storms",)),
        ("orchards, not for pears, and not in snow", ("pears", "snow")),
        ("papers on snow, excluding the", ()),
        ("orchards that do not need snow", ("snow",)),
        ("reading, except on SQuAD and bAbI", ("SQuAD", "bAbI")),
        ("nets for neither images nor text", ("images", "text")),
        ("orchards, excluding work that relies on tents", ("tents",)),
        ("papers that show snow is not ice", ()),
        ("papers on snow, not only on kites", ()),
    ],
)
def test_what_the_papers_must_not_be_about(question: str, without: tuple[str, ...]) -> None:
    assert conditions_of(question).without == without


def test_what_the_papers_must_all_be_about() -> None:
    assert conditions_of("papers about both snow and kites?").both == ("snow", "kites")


@pytest.mark.parametrize(
    ("question", "least", "most", "unit"),
    [
        ("models with fewer than 1 billion parameters", 0.0, 1e9, "parameters"),
        ("at least 10 languages", 10.0, math.inf, "languages"),
        ("studies with over 2,000 patients", 2000.0, math.inf, "patients"),
        ("below 7B parameters", 0.0, 7e9, "parameters"),
        ("ten or more languages", 10.0, math.inf, "languages"),
        ("100+ languages", 100.0, math.inf, "languages"),
        ("test error < 4%", 0.0, 4.0, "%"),
        ("a speedup over 2.5x", 2.5, math.inf, "x"),
    ],
)
def test_a_figure_that_the_papers_must_state(question: str, least: float, most: float, unit: str) -> None:
    (bound,) = conditions_of(question).bounds
    assert (bound.least, bound.most, bound.unit) == (least, most, unit)
    assert bound.text in question


@pytest.mark.parametrize("question", ["Which papers rank orchards?", "more than ever", "over snow", "at least 10"])
def test_a_question_without_conditions(question: str) -> None:
    assert conditions_of(question) == NO_CONDITIONS
