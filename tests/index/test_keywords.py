"""keywords: BM25 over titles and abstracts, changed in place."""

from __future__ import annotations

import math
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.core.errors import StoreError
from assistant.core.records import Paper
from assistant.index import keywords as keyword_index
from assistant.index.keywords import KeywordIndex
from eval.engines import InTable

from ..papers import PAIRS

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
    ranked = keywords.search("orchard pears ranks kite", limit=10)
    scores = [score for _, score in ranked]
    assert len(ranked) >= 4
    assert scores == sorted(scores, reverse=True)
    assert min(scores) > 0


def test_a_title_word_weighs_more_than_an_abstract_word(tmp_path: Path) -> None:
    index = KeywordIndex(tmp_path / "k.sqlite")
    words = Paper("Plain words", "zebra here"), Paper("Zebra words", "plain here"), Paper("Other words", "else here")
    index.put(words)
    assert [paper_id for paper_id, _ in index.search("zebra", limit=2)] == [words[1].id, words[0].id]
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
    assert [paper_id for paper_id, _ in keywords.search("comets", limit=5)] == [PEAR.id]
    assert keywords.search("OrchardBench", limit=5) == []


def test_a_removed_paper_is_not_found(keywords: KeywordIndex) -> None:
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
    ranked = keywords.rarity([everywhere, once, never, once])
    assert ranked[once] == pytest.approx(math.log(1 + 7.5 / 1.5))
    assert ranked[never] == pytest.approx(math.log(1 + 8.5 / 0.5))
    assert ranked[everywhere] < ranked[once] < ranked[never]


def test_the_rarity_of_nothing_is_nothing(keywords: KeywordIndex) -> None:
    assert keywords.rarity([]) == {}


def test_papers_are_counted_by_term_whatever_the_apostrophe(tmp_path: Path) -> None:
    index = KeywordIndex(tmp_path / "k.sqlite")
    index.put([Paper("One", "It isn't so."), Paper("Two", "It isn’t so, it isn't."), Paper("Three", "It is so.")])
    assert index.document_counts(["isn't", "isn’t", "isnt", "so", "zyzzyva"]) == {
        "isn't": 2,
        "isn’t": 2,
        "isnt": 2,
        "so": 0,  # a stop word
        "zyzzyva": 0,
    }
    assert len(index.search("isn’t", limit=5)) == 2
    index.close()


def test_a_compound_is_found_whole_and_in_parts_or_only_whole(tmp_path: Path) -> None:
    index = KeywordIndex(tmp_path / "k.sqlite")
    compound, part = Paper("One", "A retrieval-augmented GPT-4."), Paper("Two", "GPT retrieval.")
    index.put([compound, part, Paper("Three", "Nothing.")])
    for question in ("GPT-4", "retrieval-augmented"):
        assert [i for i, _ in index.search(question, limit=5)] == [compound.id, part.id]
        assert [i for i, _ in index.search(question, limit=5, whole=True)] == [compound.id]
    assert index.search("augmented", limit=5)[0][0] == compound.id
    index.close()


def test_ties_are_broken_by_id(tmp_path: Path) -> None:
    index = KeywordIndex(tmp_path / "k.sqlite")
    papers = [Paper(f"Number {number}", "A comet.") for number in range(30)]
    index.put([*papers, Paper("Best", "Comet, comet.")])
    ranked = [i for i, _ in index.search("comet", limit=9)]
    assert ranked[1:] == sorted(paper.id for paper in papers)[:8]
    index.close()


def test_of_two_papers_with_one_id_the_later_counts(tmp_path: Path) -> None:
    index = KeywordIndex(tmp_path / "k.sqlite")
    index.put([Paper("Comets", "They burn."), Paper("Comets", "They freeze.")])
    assert (len(index), index.search("burn", limit=5)) == (1, [])
    assert len(index.search("freeze", limit=5)) == 1
    index.close()


def test_a_paper_of_any_length_counts_as_one(tmp_path: Path) -> None:
    index = KeywordIndex(tmp_path / "k.sqlite")
    long, short = Paper("Long", "zebra " * 65_534), Paper("Short", "A zebra.")
    index.put([long, short, Paper("Other", "Else."), Paper("Another", "Else."), Paper("A third", "Else.")])
    assert {i for i, score in index.search("zebra", limit=5) if score > 0} == {long.id, short.id}
    assert index.document_counts(["zebra"]) == {"zebra": 2}
    assert index.whole()
    index.close()


def test_papers_are_put_all_or_none(keywords: KeywordIndex, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "keywords.sqlite")) as database, database:
        database.execute("insert into papers values ((1 << 24) - 1, 'the last row there is room for')")
    before = keywords.search("orchard kite", limit=9), keywords.ids()
    with pytest.raises(OverflowError):
        keywords.put([Paper(KITE.title, "No wind."), Paper("Comets", "They fly.")])
    assert (keywords.search("orchard kite", limit=9), keywords.ids()) == before


# -- compared with SQLite's FTS5

WORDS = "pear pears orchard retrieval-augmented retrieval GPT-4 4 3.5 it's kite Kites naïve 梨 of the".split()
made = st.builds(
    lambda title, abstract: Paper(" ".join(title), " ".join(abstract)),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=3),
    st.lists(st.sampled_from(WORDS), max_size=12),
)
changes = st.lists(st.tuples(st.lists(made, max_size=6), st.sets(st.integers(0, 9))), min_size=1, max_size=4)


@pytest.mark.parametrize("block", [2, 4096], ids="rows-in-blocks-of-{}".format)
@given(changes, st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join))
def test_scores_equal_those_of_fts5_after_any_changes(
    block: int, changes: list[tuple[list[Paper], set[int]]], question: str
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keyword_index, "BLOCK", block)
        ours, oracle = KeywordIndex(":memory:"), InTable()
        indexed: list[str] = []
        for papers, gone in changes:
            ours.put(papers)
            oracle.put(papers)
            indexed = sorted({*indexed, *(paper.id for paper in papers)})
            removed = [paper_id for number, paper_id in enumerate(indexed) if number in gone]
            ours.remove(removed)
            for paper_id in removed:
                oracle.drop(paper_id)
            indexed = [paper_id for paper_id in indexed if paper_id not in removed]
            assert (ours.ids(), len(ours), ours.whole()) == (set(indexed), len(indexed), True)
            ranked = ours.search(question, limit=99)
            assert dict(ranked) == pytest.approx(dict(oracle.ranked(question, limit=99)))
            assert ranked == sorted(ranked, key=lambda item: (-item[1], item[0]))
            assert all(ours.search(question, limit=limit) == ranked[:limit] for limit in range(1, 5))
        ours.close()
        oracle.close()


# -- damage


def spoilt(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("delete from postings where term = 3", id="postings-gone"),
        pytest.param("update postings set papers = papers || x'01' where term = 3", id="postings-cut-askew"),
        pytest.param("update postings set papers = zeroblob(length(papers))", id="postings-zeroed"),
        pytest.param("update postings set papers = randomblob(length(papers))", id="postings-garbage"),
        pytest.param("update postings set term = term + 1000 where term = 3", id="postings-of-another-term"),
        pytest.param("delete from lengths", id="lengths-gone"),
        pytest.param("update lengths set rows = zeroblob(8192)", id="lengths-zeroed"),
        pytest.param("update lengths set rows = x'010203'", id="lengths-cut-askew"),
        pytest.param("delete from contents where row = 1", id="contents-gone"),
        pytest.param("update contents set terms = x'0100' where row = 1", id="contents-cut-askew"),
        pytest.param("delete from papers where row = 1", id="paper-gone"),
        pytest.param("update papers set row = 99 where row = 1", id="paper-misplaced"),
    ],
)
def test_damage_is_noticed_and_an_error_names_the_cure(keywords: KeywordIndex, tmp_path: Path, statement: str) -> None:
    assert keywords.whole()
    spoilt(tmp_path / "keywords.sqlite", statement)
    assert not keywords.whole()
    for ask in (
        lambda: keywords.search("pear orchard model kite", limit=5),
        lambda: keywords.document_counts(["pear"]),
    ):
        try:
            ask()
        except StoreError as error:
            assert "assistant doctor --repair" in str(error)


@pytest.mark.parametrize("statement", ["delete from lengths", "update postings set papers = papers || x'01'"])
def test_a_question_that_meets_damage_is_a_store_error(keywords: KeywordIndex, tmp_path: Path, statement: str) -> None:
    spoilt(tmp_path / "keywords.sqlite", statement)
    with pytest.raises(StoreError, match=r"The keyword index cannot be used .* assistant doctor --repair"):
        keywords.search("pear", limit=5)


def test_a_paper_that_cannot_be_added_for_damage_changes_nothing(keywords: KeywordIndex, tmp_path: Path) -> None:
    spoilt(tmp_path / "keywords.sqlite", "update contents set terms = x'0100' where row = 1")
    before = keywords.search("orchard kite", limit=9)
    with pytest.raises(StoreError, match=r"The keyword index cannot be used .* assistant doctor --repair"):
        keywords.put([KITE, PEAR])
    assert keywords.search("orchard kite", limit=9) == before


def test_no_changed_byte_makes_a_question_fail_otherwise(keywords: KeywordIndex, tmp_path: Path) -> None:
    keywords.close()
    whole = (tmp_path / "keywords.sqlite").read_bytes()
    chance = random.Random(0)
    for number in range(60):
        path = tmp_path / f"{number}.sqlite"
        places = sorted(chance.sample(range(len(whole)), 40))
        path.write_bytes(b"".join(whole[a:b][:-1] + b"\xff" for a, b in pairwise([0, *places])) + whole[places[-1] :])
        try:
            index = KeywordIndex(path)
        except StoreError:
            continue
        for question in ("pear orchard model", "kites that remember", "villas"):
            try:
                index.search(question, limit=5)
            except StoreError as error:
                assert "cannot be used" in str(error)
        index.close()


def test_a_file_that_is_not_an_index_is_refused(tmp_path: Path) -> None:
    (tmp_path / "k.sqlite").write_bytes(b"garbage" * 900)
    with pytest.raises(StoreError, match=r"cannot be used \(file is not a database\)\. Make it whole"):
        KeywordIndex(tmp_path / "k.sqlite")


# -- any text


@given(
    st.one_of(
        st.text(),
        st.lists(st.sampled_from(['"', "'", "*", "NEAR", "AND", "pear", "(", ":", "-", "^", "İ", "²"])).map(" ".join),
    )
)
def test_no_question_raises(question: str) -> None:
    index = KeywordIndex(":memory:")
    index.put(PAPERS[:2])
    for paper_id, score in index.search(question, limit=5):
        assert paper_id in {PEAR.id, DEPTH.id}
        assert score > 0
    index.close()


@given(st.text(), st.text())
def test_a_paper_is_found_by_its_own_words(title: str, abstract: str) -> None:
    index = KeywordIndex(":memory:")
    index.put([Paper(f"zyzzyva {title}", abstract)])
    assert len(index.search(f"zyzzyva {title}", limit=5)) == 1
    index.close()
