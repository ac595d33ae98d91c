"""reading: what a paper tells before any question is asked, and how the index keeps it."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.core.records import Paper
from assistant.core.text import sentences
from assistant.index.reading import CUES, is_reading_of, packed, read, stems_of, unpacked

from ..papers import PAIRS

PAPER = Paper(
    "PearRank: Ranking",
    "Existing rankers lack 40 labels. We propose PearRank, a ranker. It outperforms BM25 by 3 points. "
    "Code is available at https://example.org.",
)


def cues(paper: Paper, name: str) -> list[float]:
    return [sentence.cues[CUES.index(name)] for sentence in read(paper).sentences]


def test_stems_are_those_of_content_words_whole_and_in_parts() -> None:
    assert stems_of("What is weakly-supervised ranking?") == {"weakly-supervis", "weak", "supervis", "rank"}
    assert stems_of("what is it?") == frozenset()


@pytest.mark.parametrize("pair", PAIRS, ids=[title for title, _ in PAIRS])
def test_every_sentence_is_read_in_its_place(pair: tuple[str, str]) -> None:
    every = read(Paper(*pair)).sentences
    assert [sentence.span for sentence in every] == sentences(pair[1])
    assert [sentence.stems for sentence in every] == [stems_of(sentence.span.of(pair[1])) for sentence in every]


def test_the_stems_are_those_of_the_title_and_of_all() -> None:
    reading = read(PAPER)
    assert reading.title == {"pearrank", "rank"}
    assert reading.stems == stems_of(f"{PAPER.title} {PAPER.abstract}")


def test_figures_are_numbers_written_in_digits() -> None:
    assert [sentence.figures for sentence in read(PAPER).sentences] == [{40.0}, set(), {3.0}, set()]
    assert [sentence.figures for sentence in read(Paper("Pears", "Two pears cost 2.5k.")).sentences] == [{2500.0}]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("place", [0.0, 1 / 3, 2 / 3, 1.0]),
        ("first", [1.0, 0.0, 0.0, 0.0]),
        ("second", [0.0, 1.0, 0.0, 0.0]),
        ("last", [0.0, 0.0, 0.0, 1.0]),
        ("length", [5 / 30, 5 / 30, 6 / 30, 5 / 30]),
        ("background", [1.0, 0.0, 0.0, 0.0]),
        ("proposal", [0.0, 1.0, 0.0, 0.0]),
        ("result", [0.0, 0.0, 1.0, 0.0]),
        ("available", [0.0, 0.0, 0.0, 1.0]),
        ("own", [0.0, 1.0, 0.0, 0.0]),
    ],
)
def test_cues_show_the_purpose_of_a_sentence(name: str, values: list[float]) -> None:
    assert cues(PAPER, name) == values


def test_a_single_sentence_is_first_and_last_at_place_0() -> None:
    only = Paper("Pears", "Pears are green.")
    assert [cues(only, name) for name in ("place", "first", "last")] == [[0.0], [1.0], [1.0]]


def test_a_paper_without_an_abstract_has_its_title() -> None:
    assert read(Paper("Green pears", "")).stems == {"green", "pear"}
    assert read(Paper("Green pears", "")).sentences == ()


def test_a_stored_reading_is_that_of_its_paper_alone() -> None:
    again = zlib.compress(zlib.decompress(packed(PAPER)), 1)  # as another zlib might
    assert again != packed(PAPER)
    assert is_reading_of(PAPER, again)
    assert not is_reading_of(Paper(PAPER.title, f"{PAPER.abstract} It ends."), again)
    assert not is_reading_of(PAPER, again[:-9])
    assert not is_reading_of(PAPER, zlib.compress(b"[]"))


def test_the_same_paper_is_packed_the_same() -> None:
    """Whatever the order of sets: otherwise two processes would make different indexes of sentence library."""
    assert packed(PAPER) == packed(Paper(PAPER.title, PAPER.abstract, url="elsewhere"))
    assert b'["3", "bm25", "outperform", "point"]' in zlib.decompress(packed(PAPER))


@given(st.text(max_size=40), st.text(max_size=200))
def test_any_paper_is_read(title: str, abstract: str) -> None:
    reading = unpacked(packed(Paper(title, abstract)))
    assert [sentence.span for sentence in reading.sentences] == sentences(abstract)
    assert all(len(sentence.cues) == len(CUES) for sentence in reading.sentences)
