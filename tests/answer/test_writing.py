"""writing: which papers are cited for a question, and which of their sentences are quoted."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answer.writing import (
    AT_LEAST,
    AT_MOST,
    MOST_BEFORE,
    MOST_PAPERS,
    ExtractiveWriter,
    choose,
    lead,
    quotes,
    worth_citing,
)
from assistant.core.records import Evidence, Hit, Rejection, Sentence, SentenceSignals
from assistant.question.understanding import Asked
from assistant.search.relevance import judged

from ..doubles import HashEmbedder
from ..search.test_retrieval import KITE, LEDGER, PEAR, RAGNAROK, Shelf

KINDS = sorted(AT_MOST)


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
    assert titles(choose(asking(kind), hits)) == [PEAR]


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


# -- which sentences


@pytest.mark.parametrize("kind", KINDS)
def test_quotes_are_verbatim_sentences_in_order_under_their_paper(hits: list[Hit], kind: str) -> None:
    for hit in hits:
        written = quotes(asking(kind), hit)
        starts = [hit.paper.abstract.index(sentence.text) for sentence in written]
        assert starts == sorted(set(starts))
        assert all(sentence.marks == (hit.paper.id,) for sentence in written)
        assert [sentence.heading for sentence in written] == [hit.paper.title, *[""] * (len(written) - 1)]
        assert min(AT_LEAST[kind], len(hit.evidence)) <= len(written) <= AT_MOST[kind] + MOST_BEFORE


def test_the_likeliest_sentence_is_quoted(hits: list[Hit]) -> None:
    for kind in set(KINDS) - {"summary"}:
        for hit in hits:
            best = max(hit.evidence, key=lambda evidence: evidence.signals.answers)
            assert best.text in [sentence.text for sentence in quotes(asking(kind), hit)]


def test_more_is_quoted_where_more_is_likely(hits: list[Hit]) -> None:
    ledger = next(hit for hit in hits if hit.paper.title == LEDGER)

    def likely(first: float, rest: float) -> Hit:
        evidence = [
            replace(e, signals=replace(e.signals, answers=first if n == 7 else rest, proposal=0.0, result=0.0))
            for n, e in enumerate(ledger.evidence)
        ]
        return replace(ledger, evidence=tuple(evidence))

    assert len(quotes(asking("fact"), likely(0.9, 0.01))) == AT_LEAST["fact"]
    assert len(quotes(asking("fact"), likely(0.9, 0.89))) == AT_MOST["fact"]


def sentences(*texts: str, answer: int) -> tuple[Evidence, ...]:
    """These sentences as evidence; number `answer` answers the question."""
    starts = itertools.accumulate((len(text) + 1 for text in texts), initial=0)
    return tuple(
        Evidence(text, start, SentenceSignals(own=1.0, answers=0.9 if n == answer else 0.1 - n / 100))
        for n, (text, start) in enumerate(zip(texts, starts, strict=False))
    )


@pytest.mark.parametrize(
    ("opening", "added"),
    [
        ("This makes trees slow.", ["Soil is wet."]),
        ("In such cases, trees are slow.", ["Soil is wet."]),
        ("However, these trees are slow.", ["Soil is wet."]),
        ("We call this slow growth.", ["Soil is wet."]),
        ("This paper is about trees.", []),
        ("It makes trees slow.", []),
        ("Trees are slow in this soil.", []),
    ],
)
def test_a_sentence_that_refers_back_is_quoted_with_the_one_before(
    hits: list[Hit], opening: str, added: list[str]
) -> None:
    evidence = sentences("Rain falls.", "Soil is wet.", opening, "Pears grow.", answer=2)
    hit = replace(hits[0], evidence=evidence)
    quoted = [sentence.text for sentence in quotes(asking("figure"), hit)]
    assert quoted == ["Rain falls.", *added, opening]  # the second likeliest comes first
    assert [sentence.text for sentence in quotes(asking("list"), hit)] == [opening]


def test_no_more_than_two_sentences_are_added_before_one(hits: list[Hit]) -> None:
    evidence = sentences("Pears grow.", "Rain falls.", *(f"This makes it {n}." for n in range(4)), answer=5)
    quoted = [sentence.text for sentence in quotes(asking("figure"), replace(hits[0], evidence=evidence))]
    assert quoted == ["Pears grow.", "This makes it 1.", "This makes it 2.", "This makes it 3."]


# -- the draft


@pytest.mark.parametrize("kind", KINDS)
def test_a_draft_quotes_the_chosen_papers(hits: list[Hit], kind: str) -> None:
    written = list(ExtractiveWriter().write(asking(kind), hits))
    chosen = {hit.paper.id for hit in choose(asking(kind), hits)}
    assert {mark for sentence in written for mark in sentence.marks} == chosen
    assert all(isinstance(sentence, Sentence) for sentence in written)


@pytest.mark.parametrize(
    ("kind", "papers", "expected"),
    [
        ("list", 1, "1 paper here:"),
        ("list", 3, "3 papers here:"),
        ("count", 1, "I found 1 paper here; there may be more:"),
        ("count", 3, "I found 3 papers here; there may be more:"),
        ("fact", 1, ""),
        ("compare", 1, "I found a paper for only one side of the comparison:"),
        ("compare", 2, ""),
    ],
)
def test_the_lead_counts_the_papers(kind: str, papers: int, expected: str) -> None:
    assert lead(asking(kind), papers) == expected


def test_quotations_need_no_second_try(hits: list[Hit]) -> None:
    amiss = [Rejection("It sorts.", hits[0].paper.id, "no")]
    assert list(ExtractiveWriter().write(asking("list"), hits, amiss)) == []


def test_the_same_hits_make_the_same_draft(hits: list[Hit]) -> None:
    first, second = (list(ExtractiveWriter().write(asking("list"), hits)) for _ in range(2))
    assert first == second
    assert KITE in titles(hits)


@pytest.mark.parametrize("kind", ["fact", "figure", "summary", "compare"])
def test_a_request_for_one_sentence_gets_the_best_that_stands_alone(hits: list[Hit], kind: str) -> None:
    evidence = hits[0].evidence
    worth = [replace(one, signals=replace(one.signals, answers=0.9 - n / 10)) for n, one in enumerate(evidence)]
    pointing = [replace(worth[0], text="This points back."), *worth[1:]]
    asked = replace(asking(kind), text="In one sentence, what does PearRank learn from?")
    assert [one.text for one in quotes(asked, replace(hits[0], evidence=tuple(worth)))] == [evidence[0].text]
    assert [one.text for one in quotes(asked, replace(hits[0], evidence=tuple(pointing)))] == [evidence[1].text]
    several = replace(asked, kind="list")
    assert quotes(several, hits[0]) == quotes(replace(several, text="What does PearRank learn from?"), hits[0])
