"""quantities: the numbers that a text does not state, in these or other words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.check.quantities import Unstated, unstated

TEXT = (
    "Six nets of Llama3-8B reach 62.4% in 3 days, 67% faster, at 491 MFLOPs and 7 billion parameters. "
    "More than nine in ten layers are cut. Five-shot evaluation helps 1,890 sheds by 2.5x."
)
NOTHING = Unstated((), ())


@pytest.mark.parametrize(
    "sentence",
    [
        "62.4 percent",
        "about 62%",
        "62%",
        "almost 65%",
        "two thirds faster",
        "fewer than 500 MFLOPs",
        "under two thousand sheds",
        "more than 450 MFLOPs",
        "seven billion parameters",
        "7B parameters",
        "six nets",
        "6 nets",
        "nine in ten layers",
        "five shots",
        "five-shot",
        "Llama 3",
        "2.5 times",
        "one net, half of it, twice",
        "",
    ],
)
def test_a_number_may_be_stated_in_other_words(sentence: str) -> None:
    assert unstated(sentence, TEXT) == NOTHING


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("62.8%", Unstated(("62.8%",), ())),
        ("26.4%", Unstated(("26.4%",), ())),
        ("62.4 times", Unstated(("62.4 times",), ())),
        ("81.0%", Unstated(("81.0%",), ())),
        ("9 billion parameters", Unstated(("9 billion",), ())),
        ("fewer than 300 MFLOPs", Unstated(("300 M",), ())),
        ("Llama 4", Unstated(("4",), ())),
        ("one in three layers", Unstated(("one in three",), ())),
        ("three quarters faster", Unstated(("three quarters",), ())),
        ("four nets", Unstated((), ("four",))),
        ("four-shot evaluation", Unstated((), ("four",))),
        ("a budget of two million", Unstated(("two",), ())),
        ("by a factor of eleven", Unstated(("eleven",), ())),
        ("eleven gardens", Unstated((), ())),
    ],
)
def test_unstated_numbers_are_returned_as_written(sentence: str, expected: Unstated) -> None:
    missing = unstated(sentence, TEXT)
    assert missing.against == expected.against
    assert len(missing.figures) == len(expected.figures)
    assert all(wanted.split()[0] in figure for wanted, figure in zip(expected.figures, missing.figures, strict=True))


@given(st.text(max_size=80))
def test_a_text_states_its_own_numbers(text: str) -> None:
    assert unstated(text, text).against == ()
    assert unstated(text, text).against == ()


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_two_texts_can_be_compared(sentence: str, text: str) -> None:
    missing = unstated(sentence, text)
    assert all(number in sentence for number in (*missing.figures, *missing.against))
