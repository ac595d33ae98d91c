"""overview: papers are grouped by theme, and every one has a line."""

from __future__ import annotations

import pytest

from assistant.answer.overview import OTHERS, grouped, themed
from assistant.core.records import Evidence, Hit, Paper, Passage
from assistant.core.signals import SentenceSignals
from assistant.question.understanding import Asked

ASKED = Asked("main trends in fruit", "overview")
PEARS = ["Growing pear trees", "Pruning pear trees", "Watering pear trees", "Selling pear trees"]
SNOW = ["Melting snow boxes", "Coding snow boxes", "Sorting snow boxes", "Storing snow boxes"]


def hits(*titles: str) -> list[Hit]:
    made = []
    for title in titles:
        abstract = f"We report on {title.lower()}."
        paper = Paper(title, abstract)
        evidence = (Evidence(abstract, 0, SentenceSignals(answers=0.5)),)
        made.append(Hit(paper, Passage(paper.id, title, abstract, 0), 1.0, evidence=evidence))
    return made


def test_papers_with_similar_words_are_one_theme_named_by_these_words() -> None:
    mixed = [title for pair in zip(PEARS, SNOW, strict=True) for title in pair]
    lines = list(themed(ASKED, hits(*mixed)))
    assert [line.heading for line in lines] == [*PEARS, *SNOW]
    assert [line.section for line in lines] == ["Pear trees"] * 4 + ["Snow boxes"] * 4
    assert lines[0].text == "[The authors] report on growing pear trees."


def test_a_few_papers_are_one_list() -> None:
    assert [line.section for line in themed(ASKED, hits(*PEARS[:3]))] == ["", "", ""]


def test_a_theme_without_words_of_its_own_has_a_name() -> None:
    lines = list(themed(ASKED, hits(*PEARS, "Rain", "Wind")))
    assert {line.section for line in lines if line.heading in ("Rain", "Wind")} <= {OTHERS, "Pear trees"}
    assert all(line.section for line in lines)


@pytest.mark.parametrize("texts", [[], [""], ["", ""], ["a pear", "a pear", "a fig"]])
def test_any_texts_can_be_grouped(texts: list[str]) -> None:
    groups = grouped(texts, 1)
    assert groups == [0] * len(texts)
