"""reading: which passages of an abstract are read for a sentence, and when reading stops."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from assistant.check.checker import Checker
from assistant.check.reading import MOST, Premise, premises, read
from assistant.core.records import Paper
from assistant.core.text import Span
from assistant.reader import DoubleReader

from .test_support import even

SHED = (
    "Goats are grey. Barns are damp. The roof is blue. It has two doors. Winters are long here. Cats live in red sheds."
)
NEAREST, APART = "It has two doors. Winters are long here.", "It has two doors. Cats live in red sheds."
SENTENCE = "Two doors make winters warm for cats in red sheds."


def test_two_distant_sentences_are_read_when_they_share_more_than_neighbours() -> None:
    texts = [one.text for one in premises(SENTENCE, SHED, even)]
    assert texts == ["Winters are long here. Cats live in red sheds.", APART, NEAREST]


def test_two_distant_sentences_are_quoted_with_what_is_between() -> None:
    apart = premises(SENTENCE, SHED, even)[1]
    assert apart == Premise(APART, "It has two doors. Winters are long here. Cats live in red sheds.")


def test_the_sentences_with_the_named_words_come_first() -> None:
    start = SHED.index("roof")
    texts = [one.text for one in premises(SENTENCE, SHED, even, Span(start, start + 4))]
    assert texts == ["The roof is blue.", APART, "Winters are long here. Cats live in red sheds."]


def test_a_short_abstract_is_read_once() -> None:
    assert premises("Sheds are dry.", "Sheds are very dry.", even) == [Premise(*["Sheds are very dry."] * 2)]
    assert premises("Sheds are dry.", "", even) == [Premise("", "")]


@given(st.text(max_size=80), st.text(max_size=200))
def test_passages_differ_and_are_quoted_verbatim(sentence: str, abstract: str) -> None:
    passages = premises(sentence, abstract, even)
    assert 1 <= len(passages) <= MOST
    assert len({(one.text, one.quote) for one in passages}) == len(passages) or "." in abstract
    assert all(one.quote in abstract for one in passages)


def test_reading_stops_at_the_first_clear_passage() -> None:
    passages = [Premise(text, text) for text in "abc"]
    asked: list[str] = []

    def log_odds(text: str) -> float:
        asked.append(text)
        return {"a": -1.0, "b": 2.0, "c": 3.0}[text]

    assert (read(passages, log_odds).premise.text, asked) == ("b", ["a", "b"])


def test_in_doubt_the_best_of_all_passages_counts() -> None:
    passages = [Premise(text, text) for text in "abc"]
    best = read(passages, {"a": -1.0, "b": -0.5, "c": -2.0}.__getitem__)
    assert (best.premise.text, best.log_odds) == ("b", -0.5)


def test_a_sentence_passes_by_two_sentences_that_stand_apart() -> None:
    double = DoubleReader({(APART, SENTENCE): 0.99}, default=0.001)
    check = Checker(even, reader=double).check(SENTENCE, Paper("On sheds", SHED))
    assert (check.supported, check.quote) == (True, "It has two doors. Winters are long here. Cats live in red sheds.")
    assert [passage for passage, _ in double.pairs] == ["Winters are long here. Cats live in red sheds.", APART]


def test_a_sentence_that_a_fault_rules_out_is_read_once() -> None:
    double = DoubleReader(default=0.001)
    check = Checker(even, reader=double).check("Sheds with 12 doors suit red cats.", Paper("On sheds", SHED))
    assert (check.supported, len(double.pairs)) == (False, 1)
