"""The conditions of a question leave out the papers that do not meet them, and the answer says so."""

from __future__ import annotations

import pytest

from assistant.core.records import Hit, Paper, Passage
from assistant.question.conditions import conditions_of
from assistant.question.understanding import Asked
from assistant.search.applying import conditions_in_words, is_about, meeting, unapplied

TITLES = {
    "Snow on Kites": "We press snow. It has 12 small boxes.",
    "Snow": "Snow is pressed into 300 boxes.",
    "Kites": "A kite flies. Another kite lands. No box is used.",
}
HITS = [
    Hit(paper := Paper(*pair), Passage(paper.id, paper.title, paper.abstract, 0), score=1.0) for pair in TITLES.items()
]


def asked(question: str, kind: str = "list") -> Asked:
    return Asked(question, kind, conditions=conditions_of(question))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("question", "titles"),
    [
        ("papers on snow but not kites", ["Snow"]),
        ("papers on both snow and kites", ["Snow on Kites"]),
        ("snow in fewer than 20 boxes", ["Snow on Kites", "Kites"]),
        ("snow in at least 20 boxes", ["Snow", "Kites"]),
        ("snow with at least 20 umbrellas", [*TITLES]),
        ("papers on snow", [*TITLES]),
    ],
)
def test_the_papers_that_meet_the_conditions(question: str, titles: list[str]) -> None:
    one = asked(question)
    applied = Asked(one.text, one.kind, conditions=one.conditions, unapplied=unapplied(one, HITS))
    assert [hit.paper.title for hit in meeting(applied, HITS)] == titles


def test_a_question_about_one_paper_sets_no_conditions() -> None:
    one = asked("why is snow not on kites?", "fact")
    assert meeting(one, HITS) == HITS
    assert (unapplied(one, HITS), conditions_in_words(one)) == ((), "")


def test_a_paper_is_about_what_its_title_or_two_sentences_name() -> None:
    assert is_about(Paper("Kites", ""), "kite")
    assert is_about(Paper("Wind", "A kite. Two kites."), "kites")
    assert not is_about(Paper("Wind", "A kite."), "kites")


def test_a_figure_that_no_paper_states_is_said_not_to_be_applied() -> None:
    one = asked("snow with at least 20 umbrellas")
    assert unapplied(one, HITS) == ("at least 20 umbrellas",)
    said = conditions_in_words(Asked(one.text, "list", conditions=one.conditions, unapplied=unapplied(one, HITS)))
    assert said == "No abstract here states such a figure, so “at least 20 umbrellas” was not applied."


def test_what_was_left_out_is_said() -> None:
    said = conditions_in_words(asked("papers on snow but not kites"))
    assert said == "Papers whose abstracts are about “kites” were left out."
