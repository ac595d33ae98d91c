"""Misspelt words are corrected, and no other words."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from assistant.core.records import Paper
from assistant.core.text import stem, words
from assistant.index.keywords import KeywordIndex
from assistant.question.spelling import LEAST, spelt_right
from assistant.question.understanding import understand

from .vocabulary import PaperWords

TEXT = (
    "Retrieval with attention, transformers, warming, contrasts, concerts, losses and learning in networks. We replay "
    "sufficient labels while replaying a transformer, a network and its sufficiency."
)
PAPERS = [Paper(f"Paper {n}", TEXT) for n in range(LEAST)]


class Stems:
    """The stems of `papers` papers that all use the same words."""

    def __init__(self, papers: int = LEAST) -> None:
        self._papers = PAPERS[:papers]
        self._keywords = KeywordIndex(":memory:")
        self._keywords.put(self._papers)

    def stems(self, start: str, *, shortest: int, longest: int, least: int) -> Sequence[str]:
        return self._keywords.stems(start, shortest=shortest, longest=longest, least=least)

    def is_word(self, word: str) -> bool:
        return word in ("netwroks", "relay")

    def writes(self, word: str, *, least: int) -> bool:
        return sum(word in words(paper.abstract.casefold()) for paper in self._papers) >= least


@pytest.mark.parametrize(
    ("misspelt", "correct"),
    [
        ("retreival", "retrieval"),
        ("attenion", "attention"),
        ("trasformer", "transformer"),
        ("netowrks", "networks"),
        ("lerning", "learning"),
    ],
)
def test_a_slip_is_corrected_and_the_ending_kept(misspelt: str, correct: str) -> None:
    assert spelt_right(f"What is {misspelt}?", Stems(), unknown=[misspelt]) == f"What is {correct}?"


@pytest.mark.parametrize(
    "word",
    [
        *("warning", "contracts", "lossing", "losing", "photosynthesis", "etwork", "netowkr", "r2treival", "Retreival"),
        *("rétrieval", "tiling"),
    ],
)
def test_another_word_or_a_name_is_left_alone(word: str) -> None:
    assert spelt_right(f"What is {word}?", Stems(), unknown=[word]) == f"What is {word}?"


def test_a_word_of_the_language_is_left_alone() -> None:
    assert spelt_right("What is netwroks?", Stems(), unknown=["netwroks"]) == "What is netwroks?"


def test_a_form_of_a_word_of_the_language_is_left_alone() -> None:
    assert spelt_right("What is relaying?", Stems(), unknown=["relaying"]) == "What is relaying?"
    assert spelt_right("What is relpaying?", Stems(), unknown=["relpaying"]) == "What is replaying?"


def test_a_stem_and_an_ending_that_no_paper_writes_are_no_correction() -> None:
    assert spelt_right("Does it suffice?", Stems(), unknown=["suffice"]) == "Does it suffice?"


def test_the_first_word_may_be_capitalised() -> None:
    assert spelt_right("Retreival of code", Stems(), unknown=["Retreival"]) == "Retrieval of code"


def test_a_word_of_few_papers_is_no_correction() -> None:
    assert spelt_right("What is retreival?", Stems(LEAST - 1), unknown=["retreival"]) == "What is retreival?"


def test_with_two_possible_corrections_nothing_is_changed() -> None:
    class Two:
        def stems(self, start: str, *, shortest: int, longest: int, least: int) -> Sequence[str]:
            return ["planet", "plantet"]

        def is_word(self, word: str) -> bool:
            return False

        def writes(self, word: str, *, least: int) -> bool:
            return True

    assert spelt_right("a plante", Two(), unknown=["plante"]) == "a plante"


def test_stems_can_be_looked_up_by_length_and_number_of_papers() -> None:
    index = KeywordIndex(":memory:")
    index.put([Paper("Pears", "pear peach pearl"), Paper("Peaches", "peach quince"), Paper("Plums", "plum")])
    assert index.stems("pe", shortest=4, longest=5, least=1) == ["peach", "pear", "pearl"]
    assert index.stems("pe", shortest=5, longest=9, least=2) == ["peach"]
    assert index.stems("p", shortest=1, longest=4, least=1) == ["pear", "plum"]
    index.close()


def test_a_question_is_understood_with_its_spelling_corrected() -> None:
    words = PaperWords(PAPERS)
    asked = understand("What is retreival by atention?", words, {})
    assert asked.text == "What is retrieval by attention?"
    assert understand("Was ist retreival und wie geht es?", words, {}).text == "Was ist retreival und wie geht es?"


def test_an_ending_that_changes_the_stem_is_no_slip() -> None:
    class One:
        def stems(self, start: str, *, shortest: int, longest: int, least: int) -> Sequence[str]:
            return ["gener"]

        def is_word(self, word: str) -> bool:
            return False

        def writes(self, word: str, *, least: int) -> bool:
            return True

    assert spelt_right("a genrous one", One(), unknown=["genrous"]) == "a genrous one"
    assert stem("generous") != "gener"
