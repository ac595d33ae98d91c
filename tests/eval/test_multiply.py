"""Made-up papers like a few real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from assistant.core.records import Paper
from assistant.core.text import words
from assistant.library.sources import read
from eval import stock
from eval.multiply import of_sentences, of_words

from ..papers import PAIRS

PAPERS = [Paper(title, abstract) for title, abstract in PAIRS]


@pytest.mark.parametrize("make", [of_words, of_sentences])
def test_papers_are_reproducible_and_have_different_titles(make: Callable[..., Iterator[Paper]]) -> None:
    made = list(make(PAPERS, 40))
    assert made == list(make(PAPERS, 40))
    assert made != list(make(PAPERS, 40, seed=1))
    assert len({paper.id for paper in made}) == 40


def test_sentences_are_those_of_the_papers() -> None:
    text = " ".join(abstract for _, abstract in PAIRS)
    assert all(paper.abstract.split(". ")[0] in text for paper in of_sentences(PAPERS, 40))


def test_papers_of_words_are_as_long_as_those_they_are_made_from() -> None:
    lengths = {(len(title.split()) + 1, len(abstract.split())) for title, abstract in PAIRS}
    made = {(len(paper.title.split()), len(paper.abstract.split())) for paper in of_words(PAPERS, 60)}
    assert made == lengths


def test_words_keep_their_frequency_and_new_ones_become_rarer() -> None:
    sample = [paper for file in stock.sample() for paper in read(file).papers]
    drawn = [word for paper in of_words(sample, 400) for word in words(paper.abstract)]
    before = [word for paper in sample for word in words(paper.abstract)]
    for common in ("the", "of"):
        assert drawn.count(common) / len(drawn) == pytest.approx(before.count(common) / len(before), rel=0.25)
    new = [len({word for word in drawn[:count] if word.startswith("new")}) for count in (len(drawn) // 2, len(drawn))]
    assert 1.4 * new[0] < new[1] < 1.9 * new[0]
