"""keywords: BM25 over titles and abstracts, changed in place."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.keywords import KeywordIndex
from assistant.records import Paper

from .papers import PAIRS

PAPERS = [Paper(*pair) for pair in PAIRS]
PEAR, DEPTH, STORM, VILLA, RANKS, LEDGER, KITE, SNOW = PAPERS


@pytest.fixture
def keywords(tmp_path: Path) -> Iterator[KeywordIndex]:
    index = KeywordIndex(tmp_path / "keywords.sqlite")
    index.put(PAPERS)
    yield index
    index.close()


@pytest.mark.parametrize(
    ("question", "paper"),
    [
        pytest.param("pearrank", PEAR, id="name"),
        pytest.param("Which papers are about SHOVELS?", SNOW, id="case"),
        pytest.param("kites that remember", KITE, id="stems"),
        pytest.param("γ-MoD", DEPTH, id="greek"),
        pytest.param("ragnarök", STORM, id="umlaut"),
        pytest.param("villas", VILLA, id="title-word"),
        pytest.param("2.5x", SNOW, id="number"),
    ],
)
def test_the_paper_with_the_words_is_first(keywords: KeywordIndex, question: str, paper: Paper) -> None:
    assert keywords.search(question, limit=3)[0][0] == paper.id


def test_scores_fall_and_are_positive(keywords: KeywordIndex) -> None:
    found = keywords.search("orchard pears ranks kite", limit=10)
    scores = [score for _, score in found]
    assert len(found) >= 4
    assert scores == sorted(scores, reverse=True)
    assert min(scores) > 0


def test_a_title_word_weighs_more_than_an_abstract_word(tmp_path: Path) -> None:
    index = KeywordIndex(tmp_path / "k.sqlite")
    words = Paper("Plain words", "zebra here"), Paper("Zebra words", "plain here"), Paper("Other words", "else here")
    index.put(words)
    assert [found for found, _ in index.search("zebra", limit=2)] == [words[1].id, words[0].id]
    index.close()


@pytest.mark.parametrize(
    "question", ["", "the of and", "?!", "zyzzyva"], ids=["empty", "stop-words", "signs", "unknown"]
)
def test_no_known_word_finds_nothing(keywords: KeywordIndex, question: str) -> None:
    assert keywords.search(question, limit=5) == []


@pytest.mark.parametrize("limit", [0, -1])
def test_no_limit_finds_nothing(keywords: KeywordIndex, limit: int) -> None:
    assert keywords.search("pear", limit=limit) == []


def test_the_limit_is_kept(keywords: KeywordIndex) -> None:
    assert len(keywords.search("orchard model system layers", limit=1)) == 1


def test_a_paper_put_again_is_replaced(keywords: KeywordIndex) -> None:
    keywords.put([Paper(PEAR.title, "It is about comets now.")])
    assert len(keywords) == len(PAPERS)
    assert [found for found, _ in keywords.search("comets", limit=5)] == [PEAR.id]
    assert keywords.search("OrchardBench", limit=5) == []


def test_a_removed_paper_is_found_no_more(keywords: KeywordIndex) -> None:
    keywords.remove([SNOW.id, "unknown"])
    assert keywords.search("shovels", limit=5) == []
    assert keywords.ids() == {paper.id for paper in PAPERS} - {SNOW.id}


def test_a_second_reader_sees_a_change_at_once(keywords: KeywordIndex, tmp_path: Path) -> None:
    reader = KeywordIndex(tmp_path / "keywords.sqlite")
    keywords.put([Paper("Comets", "They fly.")])
    assert len(reader.search("comets", limit=5)) == 1
    reader.close()


def test_rarity_is_the_inverse_document_frequency(keywords: KeywordIndex) -> None:
    everywhere, once, never = "orchard", "shovel", "zyzzyva"
    found = keywords.rarity([everywhere, once, never, once])
    assert found[once] == pytest.approx(math.log(1 + 7.5 / 1.5))
    assert found[never] == pytest.approx(math.log(1 + 8.5 / 0.5))
    assert found[everywhere] < found[once] < found[never]


def test_the_rarity_of_nothing_is_nothing(keywords: KeywordIndex) -> None:
    assert keywords.rarity([]) == {}


@given(
    st.one_of(
        st.text(),
        st.lists(st.sampled_from(['"', "'", "*", "NEAR", "AND", "pear", "(", ":", "-", "^", "İ", "²"])).map(" ".join),
    )
)
def test_no_question_raises(tmp_path_factory: pytest.TempPathFactory, question: str) -> None:
    index = KeywordIndex(":memory:")
    index.put(PAPERS[:2])
    for found, score in index.search(question, limit=5):
        assert found in {PEAR.id, DEPTH.id}
        assert score > 0
    index.close()


@given(st.text(), st.text())
def test_a_paper_is_found_by_its_own_words(title: str, abstract: str) -> None:
    index = KeywordIndex(":memory:")
    index.put([Paper(f"zyzzyva {title}", abstract)])
    assert len(index.search(f"zyzzyva {title}", limit=5)) == 1
    index.close()
