"""The conditions of a question leave out the papers that do not meet them, and the answer says so."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from assistant.core.records import Evidence, Hit, Paper, Passage
from assistant.core.text import sentences
from assistant.index.searchable import Index
from assistant.question.conditions import conditions_of
from assistant.question.understanding import Asked
from assistant.search.applying import applied, conditions_in_words, is_about
from assistant.search.excluding import mention

TITLES = {
    "Snow on Kites": "We press snow. It has 12 small boxes.",
    "Snow": "Snow is pressed into 300 boxes.",
    "Kites": "A kite flies. Another kite lands. No box is used.",
}
HITS = [
    Hit(
        paper := Paper(*pair),
        Passage(paper.id, paper.title, paper.abstract, 0),
        score=1.0,
        relevance=0.9,
        evidence=tuple(Evidence(span.of(paper.abstract), span.start) for span in sentences(paper.abstract)),
    )
    for pair in TITLES.items()
]
KEYWORDS = SimpleNamespace(rarity=lambda some: dict.fromkeys(some, 1.0))
INDEX = cast(Index, SimpleNamespace(embedder=None, keywords=KEYWORDS))
"""An index that knows no word."""


def asked(question: str, kind: str = "list") -> Asked:
    return Asked(question, kind, conditions=conditions_of(question))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("question", "titles"),
    [
        ("papers on snow but not kites", ["Snow"]),
        ("papers on snow except on kites and tents", ["Snow"]),
        ("papers on both snow and kites", ["Snow on Kites"]),
        ("snow in fewer than 20 boxes", ["Snow on Kites"]),
        ("snow in at least 20 boxes", ["Snow"]),
        ("snow with at least 20 umbrellas", [*TITLES]),
        ("papers on snow", [*TITLES]),
    ],
)
def test_the_papers_that_meet_the_conditions(question: str, titles: list[str]) -> None:
    _, hits = applied(asked(question), HITS, INDEX)
    assert {hit.paper.title for hit in hits if hit.relevance > 0.45} == set(titles)


def test_a_question_about_one_paper_sets_no_conditions() -> None:
    one = asked("why is snow not on kites?", "fact")
    assert applied(one, HITS, INDEX) == (one, HITS)
    assert conditions_in_words(one) == ""


@pytest.mark.parametrize(
    ("what", "text", "best", "denied"),
    [
        ("recurrence", "Recurrent networks read.", 1.0, 0.0),
        ("recurrence", "It reads without any recurrent cell.", 1.0, 1.0),
        ("large language models", "An LLM reads.", 1.0, 0.0),
        ("RL", "It is trained by reinforcement learning.", 1.0, 0.0),
        ("kites", "Snow falls.", 0.0, 0.0),
    ],
)
def test_how_a_paper_mentions_a_thing(what: str, text: str, best: float, denied: float) -> None:
    mentioned = mention(Paper("Snow", text), [text], what, {})
    assert (mentioned.best, mentioned.denied) == (best, denied)


def test_a_paper_is_about_what_its_title_or_two_sentences_name() -> None:
    assert is_about(Paper("Kites", ""), "kite")
    assert is_about(Paper("Wind", "A kite. Two kites."), "kites")
    assert not is_about(Paper("Wind", "A kite."), "kites")


def test_the_answer_says_which_conditions_were_applied() -> None:
    question = "snow with at least 20 umbrellas, but not storms"
    words = conditions_in_words(applied(asked(question), HITS, INDEX)[0])
    assert words == (
        "Not applied, because no abstract among the best matches says anything of it: “at least 20 umbrellas”."
    )
    words = conditions_in_words(applied(asked("papers on snow but not kites"), HITS, INDEX)[0])
    assert words == "Papers whose abstracts are about “kites” were left out."
