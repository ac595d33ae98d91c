"""Hits get the probability that an answer should cite them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from assistant.core.logistic import model
from assistant.core.records import Hit
from assistant.question.understanding import Asked
from assistant.search.relevance import features, features_in_list, judged, probabilities
from assistant.search.retrieval import PLAINLY, SURELY

from ..doubles import HashEmbedder
from .test_retrieval import PEAR, QUESTIONS, Shelf

Columns = dict[str, list[float]]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    made = Shelf(tmp_path_factory.mktemp("shelf"), embedder=HashEmbedder())
    yield made
    made.close()


def naming(hit: Hit, named: float) -> Hit:
    return replace(hit, signals=replace(hit.signals, named=named))


@pytest.mark.parametrize("question", QUESTIONS)
def test_only_the_relevance_of_the_hits_changes(shelf: Shelf, question: str) -> None:
    hits = shelf.hits(question)
    judged_hits = judged(shelf.asked(question), hits)
    assert sorted((replace(hit, relevance=0.0) for hit in judged_hits), key=lambda h: h.paper.id) == sorted(
        hits, key=lambda h: h.paper.id
    )
    assert all(0 < hit.relevance < 1 for hit in judged_hits)


def test_without_hits_there_is_nothing_to_judge() -> None:
    assert judged(Asked("What?", "fact"), []) == []


@pytest.mark.parametrize("named", [PLAINLY, SURELY])
def test_a_paper_that_is_named_is_more_relevant(shelf: Shelf, named: float) -> None:
    *others, last = shelf.hits(QUESTIONS[2])
    without, with_name = (probabilities([*others, naming(last, one)], "single")[-1] for one in (0.0, named))
    assert with_name > without


@pytest.mark.parametrize("kind", ["fact", "summary", "list"])
def test_the_most_relevant_comes_first_even_if_another_is_named(shelf: Shelf, kind: str) -> None:
    hits = shelf.hits(QUESTIONS[2])
    named = [*hits[:-1], naming(hits[-1], PLAINLY)]
    relevances = [hit.relevance for hit in judged(Asked(QUESTIONS[2], kind), named)]  # type: ignore[arg-type]
    assert relevances == sorted(relevances, reverse=True)


def test_the_paper_with_every_word_is_the_most_relevant(shelf: Shelf) -> None:
    hits = judged(shelf.asked(QUESTIONS[0]), shelf.hits(QUESTIONS[0]))
    assert hits[0].paper.title == PEAR
    assert hits[0].relevance == max(hit.relevance for hit in hits)


@pytest.mark.parametrize(("name", "seen"), [("single", features), ("several", features_in_list)])
def test_the_models_use_exactly_these_features(shelf: Shelf, name: str, seen: Callable[..., Columns]) -> None:
    assert set(model(name).features) == seen(shelf.hits(QUESTIONS[0])).keys()


def test_an_overview_takes_in_more_papers_than_a_list(shelf: Shelf) -> None:
    hits = shelf.hits(QUESTIONS[1])
    listed, surveyed = (judged(Asked(QUESTIONS[1], kind), hits) for kind in ("list", "overview"))
    assert all(many.relevance > few.relevance for few, many in zip(listed, surveyed, strict=True))


def test_a_paper_in_better_company_is_more_relevant_to_a_list(shelf: Shelf) -> None:
    hits = shelf.hits(QUESTIONS[1])
    alike = [replace(hit, signals=replace(hit.signals, company=0.5)) for hit in hits]
    pairs = zip(probabilities(hits, "several"), probabilities(alike, "several"), strict=True)
    assert all(with_company > without for without, with_company in pairs)
    assert probabilities(hits, "single") == probabilities(alike, "single")


def test_the_gaps_are_those_to_the_best(shelf: Shelf) -> None:
    hits = shelf.hits(QUESTIONS[2])
    columns = features(hits)
    for name in ("gap", "maxsim_gap", "coverage_gap"):
        assert min(columns[name]) == 0.0
        assert max(columns[name]) > 0.0


def test_a_hit_has_the_best_similarity_of_its_sentences(shelf: Shelf) -> None:
    hits = shelf.hits(QUESTIONS[0])
    columns = features(hits)
    for row, hit in enumerate(hits):
        assert columns["similarity"][row] == max(sentence.signals.similarity for sentence in hit.evidence)
        assert columns["focus"][row] == max(sentence.signals.focus for sentence in hit.evidence)


def test_many_hits_are_judged_as_each_alone(shelf: Shelf) -> None:
    columns = features(hits := shelf.hits(QUESTIONS[1]))
    alone = [model("single").probability({name: columns[name][row] for name in columns}) for row in range(len(hits))]
    assert probabilities(hits, "single") == alone
