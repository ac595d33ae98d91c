"""What the reader is adapted to: pages, and which of their sentences hold the answer. The fitting needs PyTorch."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.chain import Assistant
from assistant.core.records import Paper
from assistant.core.settings import Settings
from assistant.reader import PackagedReader, packaged
from assistant.reader.reading import NONE
from eval import adapting
from eval.adapting import BELOW, Pairing, read, single
from eval.questions import Nugget, Question, Span

TEXTS = ("Pears ripen late.", "PearRank ranks 300 orchards.", "It needs no labels.")
PEARS = Paper("PearRank", " ".join(TEXTS))
ASKED = Question("q1", "figure", "How many orchards are ranked?", ("PearRank",), spans=(Span("PearRank", TEXTS[1]),))


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Assistant]:
    """PearRank and a similar paper."""
    listing = tmp_path / "some.md"
    listing.write_text(f"# PearRank\n\n{PEARS.abstract}\n\n# AppleRank\n\nApples ripen late. It ranks orchards.\n")
    with Assistant.open(settings=Settings(home=tmp_path / "home", reader=NONE)) as assistant:
        assistant.ingest(listing)
        yield assistant


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> PackagedReader:
    monkeypatch.setattr(packaged, "OUTPUTS", [*packaged.OUTPUTS, BELOW])
    return PackagedReader()


def test_a_sentence_holds_the_answer_by_its_span_or_a_vital_fact() -> None:
    assert Pairing(ASKED, PEARS, stated=True).holding(TEXTS) == [False, True, False]
    fact = Nugget("no labels", vital=True, paper="PearRank", shown_by=("no labels",))
    by_fact = Question("q2", "fact", "What does it need?", ("PearRank",), nuggets=(fact,))
    assert Pairing(by_fact, PEARS, stated=True).holding(TEXTS) == [False, False, True]


def test_a_page_has_its_sentences_where_the_reader_reads_them(reader: PackagedReader) -> None:
    page = read(Pairing(ASKED, PEARS, stated=True), reader)
    assert page is not None
    assert page.holding.tolist() == [False, True, False]
    assert {*page.sentence[page.part == 0].tolist()} == {-1, 0, 1, 2}  # -1: the title
    assert {*page.sentence[page.part != 0].tolist()} == {-1}
    assert page.states.shape == (len(page.part), 384)


def test_an_answer_is_cut_out_of_its_page(reader: PackagedReader) -> None:
    page = read(Pairing(ASKED, PEARS, stated=False, cut=True, weight=0.3), reader)
    assert page is not None
    assert (page.holding.tolist(), page.stated, page.weight) == ([False, False], False, 0.3)
    whole = read(Pairing(ASKED, PEARS, stated=True), reader)
    assert whole is not None
    assert len(page.part) < len(whole.part)


def test_nothing_is_learnt_where_nothing_is_known_to_answer(reader: PackagedReader) -> None:
    unknown = Question("q3", "fact", "Why?", ("PearRank",))
    assert read(Pairing(unknown, PEARS, stated=True), reader) is None
    everything = Question("q4", "fact", "What?", ("PearRank",), spans=tuple(Span("PearRank", text) for text in TEXTS))
    assert read(Pairing(everything, PEARS, stated=False, cut=True), reader) is None


def test_questions_about_one_paper_are_read_with_it_and_with_the_most_similar_one(
    library: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapting, "CUTS", 1.0)
    monkeypatch.setattr(adapting, "BESIDES", 1.0)
    unstated = Question("q5", "unanswerable", "Who paid?", tolerated=("PearRank",), unanswerable="unstated")
    two = Question("q6", "compare", "Which is older?", ("PearRank", "AppleRank"))
    pairings = list(single([ASKED, unstated, two], {"PearRank": PEARS}, library, random.Random(0)))
    assert [(one.question.id, one.paper.title, one.stated, one.cut, one.weight) for one in pairings] == [
        ("q1", "PearRank", True, False, 1.0),
        ("q1", "PearRank", False, True, adapting.CUT),
        ("q1", "AppleRank", False, False, adapting.BESIDE),
        ("q5", "PearRank", False, False, 1.0),
    ]
