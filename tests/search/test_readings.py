"""The evidence chooses among the readings of a question, and parts a comparison into its sides."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.core.records import Evidence, Hit, Paper, Passage
from assistant.index.names import Named
from assistant.question.understanding import Asked
from assistant.search.readings import CLEAR, FAMILIAR, chosen, features, partings, sides


def hit(title: str, relevance: float) -> Hit:
    paper = Paper(title, "A sentence.")
    passage = Passage(paper.id, title, paper.abstract, 0)
    return Hit(paper, passage, score=0.0, relevance=relevance, evidence=(Evidence(paper.abstract, 0),))


def doubtful(kind: str, other: str) -> Asked:
    return Asked("snow", kind, prior=0.5, alternatives=((other, 0.5),))  # type: ignore[arg-type]


@pytest.mark.parametrize(("relevance", "kind"), [(0.9, "fact"), (0.1, "talk")])
def test_small_talk_is_a_question_if_a_paper_is_about_it(relevance: float, kind: str) -> None:
    for asked in (doubtful("talk", "fact"), doubtful("fact", "talk")):
        assert chosen(asked, [hit("Snow", relevance)]).kind == kind


def test_an_instruction_stays_one_however_good_the_hits() -> None:
    clear = replace(doubtful("instruction", "fact"), prior=CLEAR)
    assert chosen(clear, [hit("Snow", 1.0)]).kind == "instruction"
    assert chosen(replace(clear, prior=CLEAR - 0.1), [hit("Snow", 1.0)]).kind == "fact"


@pytest.mark.parametrize(("nearness", "kind"), [(1.2, "manual"), (FAMILIAR, "manual"), (0.5, "fact")])
def test_a_question_near_to_no_reply_is_not_about_the_assistant(nearness: float, kind: str) -> None:
    asked = replace(doubtful("manual", "fact"), prior=0.9, alternatives=(("fact", 0.1),))
    assert chosen(asked, [hit("Snow", 0.4)], nearness).kind == kind


def test_small_talk_needs_no_reply_to_be_near_to() -> None:
    asked = replace(doubtful("talk", "fact"), prior=0.9, alternatives=(("fact", 0.1),))
    assert chosen(asked, [hit("Snow", 0.4)], 0.0).kind == "talk"


def test_where_nothing_speaks_for_either_the_wording_decides() -> None:
    asked = replace(doubtful("manual", "fact"), prior=0.9, alternatives=(("fact", 0.1),))
    assert chosen(asked, [hit("Snow", 0.001)], 0.5).kind == "manual"


def test_without_hits_the_wording_decides() -> None:
    assert chosen(doubtful("list", "fact"), []).kind == "list"


def test_the_wording_counts_as_a_ratio_of_its_probabilities() -> None:
    even = features(doubtful("list", "fact"), [hit("Snow", 0.5)])
    sure = features(replace(doubtful("list", "fact"), prior=0.9, alternatives=(("fact", 0.1),)), [hit("Snow", 0.5)])
    assert even["wording"] == 0.0
    assert sure["wording"] > 1.0


# -- comparisons

FINDS = {"the snow study": hit("Snow", 0.8), "the kite one": hit("Kites", 0.7), "Compare": hit("Snow", 0.1)}


def alone(side: str, asked: Asked) -> Hit | None:
    return next((best for words, best in FINDS.items() if words in side), None)


def titles(ids: list[str]) -> list[str]:
    return [one.paper.title for paper_id in ids for one in FINDS.values() if one.paper.id == paper_id][: len(ids)]


@pytest.mark.parametrize(
    "question",
    [
        "the snow study vs the kite one",
        "the snow study and the kite one: which is larger?",
        "the kite one or the snow study",
        "Begin with the snow study. What does the kite one say of it?",
    ],
)
def test_a_comparison_is_parted_where_both_sides_have_a_paper(question: str) -> None:
    ids = sides(Asked(question, "compare"), alone)
    assert {best.paper.title for best in FINDS.values() if best.paper.id in ids} == {"Snow", "Kites"}


def test_a_named_side_is_not_searched() -> None:
    pear = Paper("PearRank: Orchards", "")
    asked = Asked("PearRank vs the kite one", "compare", named=(Named("PearRank", (pear.id,)),))
    assert sides(asked, alone) == [pear.id, FINDS["the kite one"].paper.id]


def test_two_names_need_no_search() -> None:
    named = (Named("PearRank", ("1",)), Named("Ragnarök", ("2",)))
    assert sides(Asked("PearRank vs Ragnarök", "compare", named=named), alone) == []


def test_a_comparison_without_two_papers_has_no_sides() -> None:
    assert sides(Asked("the snow study and the snow study", "compare"), alone) == []
    assert sides(Asked("differences", "compare"), alone) == []


def test_each_side_has_words_of_its_own() -> None:
    assert partings("Compare apples and pears with the") == [("Compare apples", "pears with the")]
