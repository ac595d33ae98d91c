"""relevance: the same hits with probabilities, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from assistant.core.logistic import model
from assistant.core.records import Hit
from assistant.question.understanding import SEVERAL, Asked
from assistant.search.relevance import SURELY, features, judged

from ..doubles import HashEmbedder
from .test_retrieval import KITE, PEAR, QUESTIONS, Shelf


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    made = Shelf(tmp_path_factory.mktemp("shelf"), embedder=HashEmbedder())
    yield made
    made.close()


def naming(hit: Hit, named: float) -> Hit:
    return replace(hit, signals={**hit.signals, "named": named})


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_hits_stay_the_same_but_for_their_relevance(shelf: Shelf, question: str) -> None:
    hits = shelf.hits(question)
    found = judged(shelf.asked(question), hits)
    assert sorted((replace(hit, relevance=0.0) for hit in found), key=lambda h: h.paper.id) == sorted(
        hits, key=lambda h: h.paper.id
    )
    assert all(0 < hit.relevance < 1 for hit in found)


def test_without_hits_there_is_nothing_to_judge() -> None:
    assert judged(Asked("What?", "fact"), []) == []


@pytest.mark.parametrize("kind", SEVERAL)
def test_a_list_is_sorted_by_relevance_alone(shelf: Shelf, kind: str) -> None:
    hits = [naming(hit, SURELY if n else 0.0) for n, hit in enumerate(shelf.hits(QUESTIONS[1]))]
    found = judged(Asked(QUESTIONS[1], kind), hits)  # type: ignore[arg-type]
    assert [hit.relevance for hit in found] == sorted((hit.relevance for hit in found), reverse=True)


@pytest.mark.parametrize("kind", ["fact", "figure", "summary", "lookup", "compare"])
def test_a_paper_named_by_its_title_comes_first_whatever_its_relevance(shelf: Shelf, kind: str) -> None:
    hits = shelf.hits(QUESTIONS[2])
    assert hits[0].paper.title == KITE
    last = naming(hits[-1], SURELY)
    found = judged(Asked(QUESTIONS[2], kind), [*hits[:-1], last])  # type: ignore[arg-type]
    assert found[0].paper == last.paper
    rest = [hit.relevance for hit in found[1:]]
    assert rest == sorted(rest, reverse=True)


def test_the_paper_with_every_word_is_the_likeliest(shelf: Shelf) -> None:
    found = judged(shelf.asked(QUESTIONS[0]), shelf.hits(QUESTIONS[0]))
    assert found[0].paper.title == PEAR
    assert found[0].relevance == max(hit.relevance for hit in found)


@pytest.mark.parametrize("name", ["single", "several"])
def test_the_models_ask_for_nothing_that_is_not_told(shelf: Shelf, name: str) -> None:
    hits = shelf.hits(QUESTIONS[0])
    assert set(model(name).features) <= features(hits)[0].keys()


def test_the_gaps_are_those_to_the_best(shelf: Shelf) -> None:
    hits = shelf.hits(QUESTIONS[2])
    told = features(hits)
    for name in ("gap", "maxsim_gap", "coverage_gap"):
        assert min(one[name] for one in told) == 0.0
        assert max(one[name] for one in told) > 0.0
