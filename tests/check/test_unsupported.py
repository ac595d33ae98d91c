"""unsupported: the words of a refused sentence that the abstract does not bear out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.check.checker import Checker
from assistant.check.unsupported import MOST_PHRASES, doubtful, phrases
from assistant.core.records import Paper
from assistant.reader import DoubleReader

from .test_support import even

PAPER = Paper("On sheds", "ShedNet warms sheds with two doors. It was tried in Utrecht on 30 sheds.")
SENTENCE = "ShedNet warms sheds with two doors in every town."
PREMISE = PAPER.abstract


def checked(sentence: str, reader: DoubleReader | None) -> tuple[str, ...]:
    checker = Checker(even, reader=reader)
    return checker.explained(sentence, PAPER, checker.check(sentence, PAPER)).unsupported


@pytest.mark.parametrize("reader", [None, DoubleReader(default=0.001)])
def test_figures_and_names_that_the_abstract_lacks_are_not_borne_out(reader: DoubleReader | None) -> None:
    assert checked("ShedNet warms 40 sheds with two doors in Leiden.", reader) == ("40", "Leiden")


def test_the_phrase_without_which_a_sentence_is_supported_is_not_borne_out() -> None:
    shorter = "ShedNet warms sheds with two doors"
    reader = DoubleReader({(PREMISE, shorter): 0.9}, default=0.01)
    assert checked(SENTENCE, reader) == ("in every town",)
    assert len(reader.pairs) <= 3 + 2 + MOST_PHRASES


def test_nothing_is_named_if_no_phrase_makes_a_difference() -> None:
    assert checked(SENTENCE, DoubleReader(default=0.01)) == ()


def test_nothing_is_read_for_a_sentence_that_passes_or_is_off_topic() -> None:
    reader = DoubleReader(default=0.99)
    assert checked(SENTENCE, reader) == ()
    assert len(reader.pairs) == 1
    reader = DoubleReader(default=0.01)
    assert checked("Umbrellas are sold on Mondays, and boots on Fridays.", reader) == ()
    assert {sentence for _, sentence in reader.pairs} == {"Umbrellas are sold on Mondays, and boots on Fridays."}


@given(st.text(max_size=300))
def test_phrases_are_the_whole_sentence_in_order(sentence: str) -> None:
    spans = phrases(sentence)
    assert "".join(sentence[start:end] for start, end in spans) == sentence
    assert len(spans) <= MOST_PHRASES


def test_one_phrase_is_not_left_out() -> None:
    assert doubtful("Sheds warm.", lambda _: 1 / 0) == ()
