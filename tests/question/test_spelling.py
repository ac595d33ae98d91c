"""spelling: a misspelt word of the papers is read as that word, and no other word is touched."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from assistant.core.records import Paper
from assistant.core.text import stem
from assistant.index.keywords import KeywordIndex
from assistant.question.spelling import LEAST, spelt_right
from assistant.question.understanding import understand

from .test_question import PaperWords

SAID = "Retrieval with attention, transformers, warming, contrasts, concerts, losses and learning in a network."
HELD = [Paper(f"Paper {n}", SAID) for n in range(LEAST)]


class Stems:
    """The stems that papers use, each by as many as there are."""

    def __init__(self, papers: int = LEAST) -> None:
        self._keywords = KeywordIndex(":memory:")
        self._keywords.put(HELD[:papers])

    def stems(self, start: str, *, shortest: int, longest: int, least: int) -> Sequence[str]:
        return self._keywords.stems(start, shortest=shortest, longest=longest, least=least)


@pytest.mark.parametrize(
    ("misspelt", "meant"),
    [
        ("retreival", "retrieval"),
        ("attenion", "attention"),
        ("trasformer", "transformer"),
        ("netwroks", "networks"),
        ("lerning", "learning"),
    ],
)
def test_a_slip_is_put_right_and_the_ending_kept(misspelt: str, meant: str) -> None:
    assert spelt_right(f"What is {misspelt}?", Stems(), unknown=[misspelt]) == f"What is {meant}?"


@pytest.mark.parametrize(
    "word",
    [
        *("warning", "contracts", "lossing", "losing", "photosynthesis", "etwork", "netowkr", "r2treival", "Retreival"),
        *("rétrieval", "tiling"),
    ],
)
def test_another_word_or_a_name_stays_what_it_is(word: str) -> None:
    assert spelt_right(f"What is {word}?", Stems(), unknown=[word]) == f"What is {word}?"


def test_the_first_word_may_have_its_capital() -> None:
    assert spelt_right("Retreival of code", Stems(), unknown=["Retreival"]) == "Retrieval of code"


def test_a_word_of_few_papers_is_not_meant() -> None:
    assert spelt_right("What is retreival?", Stems(LEAST - 1), unknown=["retreival"]) == "What is retreival?"


def test_of_two_words_that_could_be_meant_none_is() -> None:
    class Two:
        def stems(self, start: str, *, shortest: int, longest: int, least: int) -> Sequence[str]:
            return ["planet", "plantet"]

    assert spelt_right("a plante", Two(), unknown=["plante"]) == "a plante"


def test_stems_are_those_of_the_wanted_letters_and_papers() -> None:
    index = KeywordIndex(":memory:")
    index.put([Paper("Pears", "pear peach pearl"), Paper("Peaches", "peach quince"), Paper("Plums", "plum")])
    assert index.stems("pe", shortest=4, longest=5, least=1) == ["peach", "pear", "pearl"]
    assert index.stems("pe", shortest=5, longest=9, least=2) == ["peach"]
    assert index.stems("p", shortest=1, longest=4, least=1) == ["pear", "plum"]
    index.close()


def test_a_question_is_understood_as_it_was_meant() -> None:
    words = PaperWords(HELD)
    asked = understand("What is retreival by atention?", words, {})
    assert asked.text == "What is retrieval by attention?"
    assert understand("Was ist retreival und wie geht es?", words, {}).text == "Was ist retreival und wie geht es?"


def test_an_ending_that_makes_another_stem_is_no_slip() -> None:
    class One:
        def stems(self, start: str, *, shortest: int, longest: int, least: int) -> Sequence[str]:
            return ["gener"]

    assert spelt_right("a genrous one", One(), unknown=["genrous"]) == "a genrous one"
    assert stem("generous") != "gener"
