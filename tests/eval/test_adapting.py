"""What the reader is adapted to: pages, and which of their sentences hold the answer. The fitting needs PyTorch."""

from __future__ import annotations

import random

import pytest

from assistant.core.records import Paper
from assistant.reader import PackagedReader, packaged
from eval import adapting
from eval.adapting import BELOW, Case, read, single
from eval.questions import Nugget, Question, Span

TEXTS = ("Pears ripen late.", "PearRank ranks 300 orchards.", "It needs no labels.")
PEARS = Paper("PearRank", " ".join(TEXTS))
ASKED = Question("q1", "figure", "How many orchards are ranked?", ("PearRank",), spans=(Span("PearRank", TEXTS[1]),))


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> PackagedReader:
    monkeypatch.setattr(packaged, "OUTPUTS", [*packaged.OUTPUTS, BELOW])
    return PackagedReader()


def test_a_sentence_holds_the_answer_by_its_span_or_a_vital_fact() -> None:
    assert Case(ASKED, PEARS, stated=True).holding(TEXTS) == [False, True, False]
    fact = Nugget("no labels", vital=True, paper="PearRank", shown_by=("no labels",))
    by_fact = Question("q2", "fact", "What does it need?", ("PearRank",), nuggets=(fact,))
    assert Case(by_fact, PEARS, stated=True).holding(TEXTS) == [False, False, True]


def test_a_page_has_its_sentences_where_the_reader_reads_them(reader: PackagedReader) -> None:
    page = read(Case(ASKED, PEARS, stated=True), reader)
    assert page is not None
    assert page.holding.tolist() == [False, True, False]
    assert {*page.sentence[page.part == 0].tolist()} == {-1, 0, 1, 2}  # -1: the title
    assert {*page.sentence[page.part != 0].tolist()} == {-1}
    assert page.states.shape == (len(page.part), 384)


def test_an_answer_is_cut_out_of_its_page(reader: PackagedReader) -> None:
    page = read(Case(ASKED, PEARS, stated=False, cut=True), reader)
    assert page is not None
    assert (page.holding.tolist(), page.stated, page.weight) == ([False, False], False, adapting.CUT)
    whole = read(Case(ASKED, PEARS, stated=True), reader)
    assert whole is not None
    assert len(page.part) < len(whole.part)


def test_nothing_is_learnt_where_nothing_is_known_to_answer(reader: PackagedReader) -> None:
    unknown = Question("q3", "fact", "Why?", ("PearRank",))
    assert read(Case(unknown, PEARS, stated=True), reader) is None
    everything = Question("q4", "fact", "What?", ("PearRank",), spans=tuple(Span("PearRank", text) for text in TEXTS))
    assert read(Case(everything, PEARS, stated=False, cut=True), reader) is None


def test_questions_about_one_paper_are_read_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapting, "CUTS", 1.0)
    unstated = Question("q5", "unanswerable", "Who paid?", tolerated=("PearRank",), unanswerable="unstated")
    two = Question("q6", "compare", "Which is older?", ("PearRank", "AppleRank"))
    cases = list(single([ASKED, unstated, two], {"PearRank": PEARS}, random.Random(0)))
    assert [(case.question.id, case.stated, case.cut) for case in cases] == [
        ("q1", True, False),
        ("q1", False, True),
        ("q5", False, False),
    ]
