"""Whether the first hit answers, by cheap signals and by the reader."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from assistant.core.errors import ReaderError
from assistant.core.logistic import model
from assistant.core.records import Hit, Read
from assistant.core.text import Span
from assistant.index.names import Named
from assistant.question.conversation import regarding
from assistant.question.kinds import Kind
from assistant.question.understanding import Asked
from assistant.reader import DoubleReader, Reader
from assistant.search import answering
from assistant.search.answering import (
    DOUBTED,
    RIVALS,
    considered,
    decides,
    features,
    meant_features,
    page,
    probability,
    reads,
)
from assistant.search.relevance import judged

from ..doubles import HashEmbedder
from .test_retrieval import PEAR, Shelf

QUESTION = "What does PearRank learn from?"
YES, NO = Read(6.0, 6.0), Read(-6.0, -6.0)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    made = Shelf(tmp_path_factory.mktemp("shelf"), embedder=HashEmbedder())
    yield made
    made.close()


@pytest.fixture
def understood(shelf: Shelf) -> tuple[Asked, list[Hit]]:
    asked = shelf.asked(QUESTION)
    return asked, judged(asked, shelf.hits(QUESTION))


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch) -> Callable[[Read], list[tuple[str, str]]]:
    """`say(read)` makes every reader say that of every sentence; the texts and questions read are in its result."""

    def saying(read: Read) -> list[tuple[str, str]]:
        pairs: list[tuple[str, str]] = []

        def answers(_: Reader, text: str, sentences: Sequence[Span], question: str) -> list[Read]:
            pairs.append((text, question))
            return [read for _ in sentences]

        monkeypatch.setattr(answering, "answers", answers)
        return pairs

    return saying


def test_the_first_hit_is_read_whole_and_once_with_its_title(
    understood: tuple[Asked, list[Hit]], say: Callable[[Read], list[tuple[str, str]]]
) -> None:
    pairs = say(YES)
    hits = considered(*understood, DoubleReader())
    assert pairs == [(f"{PEAR}. {hits[0].paper.abstract}", QUESTION)]
    assert reads(hits[0]) == [YES] * len(hits[0].evidence)
    assert hits[1:] == understood[1][1:]


def test_a_later_turn_is_read_without_the_title_which_the_page_has(
    understood: tuple[Asked, list[Hit]], say: Callable[[Read], list[tuple[str, str]]]
) -> None:
    pairs, (asked, hits) = say(YES), understood
    considered(replace(asked, text=regarding([PEAR], "Who paid for it?")), hits, DoubleReader())
    assert [question for _, question in pairs] == ["Who paid for it?"]


def test_each_sentence_is_where_the_page_has_it(understood: tuple[Asked, list[Hit]]) -> None:
    text, spans = page(understood[1][0])
    assert [span.of(text) for span in spans] == [one.text for one in understood[1][0].evidence]
    assert len(spans) > 1


@pytest.mark.parametrize("change", [{"kind": "list"}, {"kind": "compare", "foreign": True}, {"foreign": True}])
def test_nothing_is_read_of_lists_and_other_languages(
    understood: tuple[Asked, list[Hit]], say: Callable[[Read], list[tuple[str, str]]], change: dict[str, object]
) -> None:
    pairs, (asked, hits) = say(YES), understood
    assert considered(replace(asked, **change), hits, DoubleReader()) == hits  # type: ignore[arg-type]
    assert pairs == []


@pytest.mark.parametrize("kind", ["compare", "steps"])
def test_two_papers_are_read_the_named_and_the_linked_ones_first(
    understood: tuple[Asked, list[Hit]], say: Callable[[Read], list[tuple[str, str]]], kind: Kind
) -> None:
    pairs, (asked, hits) = say(YES), understood
    linked = replace(hits[2], signals=replace(hits[2].signals, bridge=1.0))
    both = [*hits[:2], linked, *hits[3:]]
    named = (Named(hits[1].paper.title, (hits[1].paper.id,)),)
    judged_again = considered(replace(asked, kind=kind, named=named), both, DoubleReader())
    assert len(pairs) == 2
    assert [bool(reads(hit)) for hit in judged_again] == [False, True, True, *(False for _ in hits[3:])]


def test_a_question_that_leads_on_is_not_decided_by_the_first_hit(understood: tuple[Asked, list[Hit]]) -> None:
    asked, (first, second, *_) = understood
    assert decides(asked, [first, second])
    assert not decides(asked, [first, replace(second, signals=replace(second.signals, bridge=1.0))])
    assert not decides(asked, [])


def test_where_the_first_look_leaves_it_open_the_paper_that_answers_comes_first(
    understood: tuple[Asked, list[Hit]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, hits = understood
    doubted = [replace(hit, relevance=DOUBTED - 0.1 * place) for place, hit in enumerate(hits, start=1)]
    meant = doubted[2].paper

    def answers(_: Reader, text: str, sentences: Sequence[Span], __: str) -> list[Read]:
        pages.append(text)
        return [YES if text.startswith(meant.title) else NO for _ in sentences]

    pages: list[str] = []
    monkeypatch.setattr(answering, "answers", answers)
    again = considered(asked, doubted, DoubleReader())
    assert pages == [page(hit)[0] for hit in doubted[:RIVALS]]
    assert again[0].paper == meant
    assert again[0].relevance > doubted[2].relevance
    assert [hit.relevance for hit in again[:RIVALS]] == sorted((hit.relevance for hit in again[:RIVALS]), reverse=True)
    assert again[RIVALS:] == doubted[RIVALS:]
    assert considered(asked, [replace(hits[0], relevance=DOUBTED), *doubted[1:]], DoubleReader())[1:] == doubted[1:]


def test_without_a_reader_or_with_one_that_cannot_say_nothing_changes(understood: tuple[Asked, list[Hit]]) -> None:
    assert considered(*understood, None) == understood[1]
    assert considered(*understood, DoubleReader()) == understood[1]
    asked, hits = understood
    doubted = [replace(hit, relevance=0.1) for hit in hits]
    assert considered(asked, doubted, DoubleReader()) == doubted


def test_the_first_look_decides_when_the_reader_fails(
    understood: tuple[Asked, list[Hit]],
    say: Callable[[Read], list[tuple[str, str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> list[Read]:
        raise ReaderError("altered")

    say(YES)
    monkeypatch.setattr(answering, "answers", fail)
    assert considered(*understood, DoubleReader()) == understood[1]


def test_what_the_reader_says_decides(
    understood: tuple[Asked, list[Hit]], say: Callable[[Read], list[tuple[str, str]]]
) -> None:
    asked, hits = understood
    say(NO)
    no = considered(asked, hits, DoubleReader())
    say(YES)
    yes = considered(asked, hits, DoubleReader())
    assert probability(asked, no) < 0.5 < probability(asked, yes)
    for one, other in zip(no[0].evidence, yes[0].evidence, strict=True):
        assert one.signals.answers < other.signals.answers


def test_the_models_see_exactly_these_features(
    understood: tuple[Asked, list[Hit]], say: Callable[[Read], list[tuple[str, str]]]
) -> None:
    asked, hits = understood
    assert set(model("answered").features) == features(asked, hits).keys()
    say(YES)
    assert set(model("meant").features) == meant_features(considered(asked, hits, DoubleReader())[0]).keys()
    assert set(model("answered_read").features) == features(asked, considered(asked, hits, DoubleReader())).keys()
