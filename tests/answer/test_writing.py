"""writing: which papers are cited for a question, and what is said before and left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answer.writing import (
    MAY_FIT,
    MOST_PAPERS,
    ExtractiveWriter,
    choose,
    lead,
)
from assistant.core.records import Evidence, Hit, Rejection, Sentence
from assistant.question.understanding import Asked
from assistant.search.relevance import judged, worth_citing
from assistant.search.retrieval import SURELY

from ..doubles import HashEmbedder
from ..search.test_retrieval import KITE, PEAR, RAGNAROK, Shelf

KINDS = ("compare", "count", "fact", "figure", "list", "overview", "steps", "summary")


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    made = Shelf(tmp_path_factory.mktemp("shelf"), embedder=HashEmbedder())
    yield made
    made.close()


@pytest.fixture(scope="module")
def hits(shelf: Shelf) -> list[Hit]:
    """Every paper, the pears first; relevance falls from .9."""
    asked = shelf.asked("What does PearRank learn from?")
    ranked = judged(asked, shelf.hits(asked.text))
    assert len(ranked) == 8
    assert ranked[0].paper.title == PEAR
    return [replace(hit, relevance=0.9 - n / 10) for n, hit in enumerate(ranked)]


def asking(kind: str, **fields: object) -> Asked:
    return Asked("What does PearRank learn from?", kind, **fields)  # type: ignore[arg-type]


def all_at(hits: list[Hit], relevance: float) -> list[Hit]:
    return [replace(hit, relevance=relevance) for hit in hits]


def titles(hits: list[Hit]) -> list[str]:
    return [hit.paper.title for hit in hits]


# -- which papers


@pytest.mark.parametrize("kind", ["fact", "figure", "summary", "steps"])
def test_a_question_on_one_paper_cites_the_first(hits: list[Hit], kind: str) -> None:
    assert titles(choose(asking(kind), unsure(hits, 0.9, 0.1))) == [PEAR]


def test_two_papers_that_are_surely_named_are_both_cited(hits: list[Hit]) -> None:
    first, second, *others = unsure(hits, 0.9, 0.4)
    named = [replace(hit, signals=replace(hit.signals, named=SURELY)) for hit in (first, second)]
    assert choose(asking("fact"), [*named, *others]) == named
    assert choose(asking("fact"), [named[0], second, *others]) == named[:1]


def test_a_relevant_paper_is_cited_next_to_a_named_one(hits: list[Hit]) -> None:
    first, second, *others = unsure(hits, 0.9, 0.8)
    named = replace(first, signals=replace(first.signals, named=SURELY))
    assert choose(asking("fact"), [named, second, *others]) == [named, second]


def test_a_bridged_paper_is_cited_next_to_the_first(hits: list[Hit]) -> None:
    far = replace(hits[-1], signals=replace(hits[-1].signals, bridge=1.0))
    assert titles(choose(asking("fact"), [*hits[:-1], far])) == [PEAR, far.paper.title]


@pytest.mark.parametrize("kind", ["list", "count"])
def test_a_list_cites_all_that_are_relevant_enough(hits: list[Hit], kind: str) -> None:
    mixed = all_at(hits[:3], 0.8) + all_at(hits[3:], 0.1)
    assert choose(asking(kind), mixed) == mixed[:3]


def unsure(hits: list[Hit], first: float, second: float) -> list[Hit]:
    """Hits that the question does not name, the first two with these relevances."""
    unnamed = [replace(hit, relevance=0.0, signals=replace(hit.signals, named=0.0)) for hit in hits]
    return [replace(unnamed[0], relevance=first), replace(unnamed[1], relevance=second), *unnamed[2:]]


@pytest.mark.parametrize(("second", "cited"), [(0.39, 2), (0.21, 2), (0.19, 1), (0.0, 1)])
def test_if_it_is_unclear_which_paper_is_meant_two_are_cited(hits: list[Hit], second: float, cited: int) -> None:
    assert len(choose(asking("fact"), unsure(hits, 0.4, second))) == cited


def test_a_question_in_another_language_cites_one(hits: list[Hit]) -> None:
    assert len(choose(asking("fact", foreign=True), unsure(hits, 0.4, 0.39))) == 1


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=6).map(lambda some: sorted(some, reverse=True)))
def test_the_number_cited_has_the_highest_expected_f1(relevances: list[float]) -> None:
    def expected(cited: int) -> float:
        return 2 * sum(relevances[:cited]) / (cited + sum(relevances))

    assert expected(worth_citing(relevances, sum(relevances))) == max(map(expected, range(1, len(relevances) + 1)))


def test_a_list_without_relevant_papers_names_the_first(hits: list[Hit]) -> None:
    assert titles(choose(asking("list"), all_at(hits, 0.0))) == [PEAR]


@pytest.mark.parametrize("limit", [1, 3])
def test_a_list_names_as_many_papers_as_requested(hits: list[Hit], limit: int) -> None:
    assert len(choose(asking("list", limit=limit), all_at(hits, 0.99))) == limit


def test_a_list_has_a_maximum_length(hits: list[Hit]) -> None:
    assert len(choose(asking("list"), all_at(hits * 4, 0.99))) == MOST_PAPERS


def test_both_sides_of_a_comparison_are_cited(shelf: Shelf, hits: list[Hit]) -> None:
    asked = shelf.asked("How do PearRank and Ragnarök differ?")
    assert asked.kind == "compare"
    assert titles(choose(asked, hits)) == [PEAR, RAGNAROK]
    assert titles(choose(asked, hits[::-1])) == [PEAR, RAGNAROK]


def test_three_sides_are_three_papers(shelf: Shelf, hits: list[Hit]) -> None:
    asked = shelf.asked("Compare PearRank, Ragnarök and R^2AG.")
    assert len(choose(asked, hits)) == 3


def test_a_name_of_several_papers_leaves_the_paper_of_a_rarer_name_to_it(shelf: Shelf, hits: list[Hit]) -> None:
    asked = shelf.asked("How do PearRank and Ragnarök differ?")
    pear, ragnarok = asked.named
    common = replace(pear, paper_ids=(*ragnarok.paper_ids, *pear.paper_ids))
    reverse = sorted(hits, key=lambda hit: hit.paper.title != RAGNAROK)
    assert titles(choose(replace(asked, named=(common, ragnarok)), reverse)) == [RAGNAROK, PEAR]


def test_a_side_without_a_name_is_the_next_best(shelf: Shelf, hits: list[Hit]) -> None:
    asked = replace(shelf.asked("Compare PearRank with kites."), kind="compare")
    assert titles(choose(asked, hits)) == [PEAR, hits[1].paper.title]
    assert titles(choose(asked, [hits[0], *all_at(hits[1:], 0.0)])) == [PEAR]


def test_a_described_side_is_the_paper_found_for_it(shelf: Shelf, hits: list[Hit]) -> None:
    asked = replace(shelf.asked("Compare PearRank with the paper on wind."), kind="compare")
    bridged = [*hits[:-1], replace(hits[-1], signals=replace(hits[-1].signals, bridge=1.0))]
    assert titles(choose(asked, bridged)) == [PEAR, hits[-1].paper.title]


# -- the draft


@pytest.mark.parametrize("kind", KINDS)
def test_a_draft_quotes_the_chosen_papers(hits: list[Hit], kind: str) -> None:
    written = list(ExtractiveWriter().write(asking(kind), hits))
    chosen = {hit.paper.id for hit in choose(asking(kind), hits)}
    assert {mark for sentence in written for mark in sentence.marks} == chosen
    assert all(isinstance(sentence, Sentence) for sentence in written)


@pytest.mark.parametrize(
    ("kind", "papers", "relevances", "expected"),
    [
        ("list", 1, [0.9], "1 paper here:"),
        ("list", 3, [0.9, 0.9, 0.8, 0.1], "3 papers here:"),
        ("list", 3, [0.9] * 8, "3 of about 7 papers here:"),
        ("count", 3, [1.0, 1.0, 1.0, 0.0], "About 3 papers here:"),
        ("count", 2, [0.9, 0.5, 0.5], "About 2 papers here (between 1 and 3):"),
        ("count", 1, [0.1], "About 1 paper here:"),
        ("fact", 1, [0.9], ""),
        ("compare", 1, [0.9], "I found a paper for only one side of the comparison:"),
        ("compare", 2, [0.9], ""),
    ],
)
def test_the_lead_says_how_many_papers_there_are(
    hits: list[Hit], kind: str, papers: int, relevances: list[float], expected: str
) -> None:
    rated = [replace(hits[0], relevance=relevance) for relevance in relevances]
    assert lead(asking(kind), papers, rated) == expected


def test_a_list_of_a_given_length_is_not_compared_with_all_there_are(hits: list[Hit]) -> None:
    assert lead(asking("list", limit=3), 3, all_at(hits, 0.9)) == "3 papers here:"


def test_a_list_leaves_out_papers_that_may_fit_and_no_others(hits: list[Hit]) -> None:
    rated = all_at(hits[:2], 0.9) + all_at(hits[2:4], MAY_FIT) + all_at(hits[4:], 0.01)
    more = list(ExtractiveWriter().more(asking("list", limit=2), rated))
    assert [sentence.heading for sentence in more] == titles(hits[2:4])


def test_an_answer_about_one_paper_may_leave_out_any_near_sentence_of_it(hits: list[Hit]) -> None:
    asked, hits = asking("fact"), unsure(hits, 0.9, 0.0)
    written, more = list(ExtractiveWriter().write(asked, hits)), list(ExtractiveWriter().more(asked, hits))
    assert {sentence.marks for sentence in [*written, *more]} == {(hits[0].paper.id,)}
    assert {sentence.text for sentence in written} < {sentence.text for sentence in more}
    assert {sentence.heading for sentence in more} == {""}


def test_if_it_is_unclear_which_paper_is_meant_each_has_one_sentence(hits: list[Hit]) -> None:
    two = unsure(hits, 0.4, 0.39)
    alike = [replace(hit, evidence=tuple(likely(one, 0.5) for one in hit.evidence)) for hit in two]
    written = list(ExtractiveWriter().write(asking("fact"), alike[:2]))
    assert [bool(sentence.heading) for sentence in written] == [True, True]
    bridged = replace(alike[1], signals=replace(alike[1].signals, bridge=1.0))
    assert len(list(ExtractiveWriter().write(asking("fact"), [alike[0], bridged]))) > len(written)


def likely(evidence: Evidence, answers: float) -> Evidence:
    return replace(evidence, signals=replace(evidence.signals, answers=answers))


def test_quotations_need_no_second_try(hits: list[Hit]) -> None:
    amiss = [Rejection("It sorts.", hits[0].paper.id, "no")]
    assert list(ExtractiveWriter().write(asking("list"), hits, amiss)) == []


def test_the_same_hits_make_the_same_draft(hits: list[Hit]) -> None:
    first, second = (list(ExtractiveWriter().write(asking("list"), hits)) for _ in range(2))
    assert first == second
    assert KITE in titles(hits)
