"""The conditions of a question leave out the papers that do not meet them, and the answer says so."""

from __future__ import annotations

import pytest

from assistant.core.records import Hit, Paper, Passage
from assistant.question.conditions import conditions_of
from assistant.question.understanding import Asked
from assistant.search.applying import applied, conditions_in_words, is_about, meeting

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
        ("snow in fewer than 20 boxes", ["Snow on Kites"]),
        ("snow in at least 20 boxes", ["Snow"]),
        ("snow with at least 20 umbrellas", [*TITLES]),
        ("papers on snow", [*TITLES]),
    ],
)
def test_the_papers_that_meet_the_conditions(question: str, titles: list[str]) -> None:
    assert [hit.paper.title for hit in meeting(applied(asked(question), HITS), HITS)] == titles


def test_a_question_about_one_paper_sets_no_conditions() -> None:
    one = asked("why is snow not on kites?", "fact")
    assert applied(one, HITS) == one
    assert (meeting(one, HITS), conditions_in_words(one)) == (HITS, "")


def test_a_paper_is_about_what_its_title_or_two_sentences_name() -> None:
    assert is_about(Paper("Kites", ""), "kite")
    assert is_about(Paper("Wind", "A kite. Two kites."), "kites")
    assert not is_about(Paper("Wind", "A kite."), "kites")


def test_the_answer_says_which_conditions_were_applied() -> None:
    words = conditions_in_words(applied(asked("snow with at least 20 umbrellas, but not kites or storms"), HITS))
    assert words == (
        "Not applied, because no abstract among the best matches says anything of it: "
        "“kites or storms” or “at least 20 umbrellas”."
    )
    words = conditions_in_words(applied(asked("papers on snow but not kites"), HITS))
    assert words == "Papers whose abstracts are about “kites” were left out."
