"""What a library costs by its size: made-up papers, vectors and questions, and the figures of a small one."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.core.records import Paper
from assistant.core.text import sentences
from assistant.index.embedding import BundledEmbedder
from assistant.index.interaction import Stored, encoded_text, vector_of
from assistant.library.chunking import passages
from eval import plots, size

from ..papers import PAIRS


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Papers are made of those of the tests."""
    real = [Paper(title, abstract) for title, abstract in PAIRS]
    monkeypatch.setattr(size, "_real", lambda: real)
    monkeypatch.setattr(size, "EMBEDDED", 2)
    monkeypatch.setattr(size, "QUESTIONS", 3)


def test_papers_are_distinct_and_half_of_known_sentences() -> None:
    made = list(size.made(30))
    assert made == list(size.made(30))
    assert len({paper.id for paper in made}) == len({paper.abstract for paper in made}) == 30
    text = " ".join(abstract for _, abstract in PAIRS)
    for paper in made:
        spans = [span.of(paper.abstract) for span in sentences(paper.abstract)]
        assert spans[0] in text
        assert spans[-1] not in text


def test_made_up_vectors_are_near_those_of_their_sentences_and_have_codes() -> None:
    recombined = size.Recombined(BundledEmbedder())
    one, other = list(size.made(2))
    vectors = [vector_of(_stored(recombined, paper)) for paper in (one, replace(one, title="Another"), other)]
    assert [float(np.linalg.norm(vector)) for vector in vectors] == pytest.approx([1, 1, 1], abs=1e-3)
    assert 1 > vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    _, bits, gaps = _stored(recombined, one)
    assert len(bits) == 48 * len([gap for gap in gaps if gap < 255]) > 0


def _stored(recombined: size.Recombined, paper: Paper) -> Stored:
    return recombined.stored(encoded_text(passages(paper)[0]))


def test_a_question_has_words_of_its_paper() -> None:
    (paper,) = size.made(1)
    question = size.question_about(paper, random.Random(0))
    asked = question.removeprefix("Which paper is about ").removesuffix("?").split()
    assert 3 < len(asked) <= 9
    assert all(word.casefold() in paper.abstract.casefold() for word in asked)


def test_every_figure_of_a_small_library_is_measured(tmp_path: Path) -> None:
    figures = replace(size.filled(tmp_path, 30), **size.asked(tmp_path))
    assert all(rate > 0 for rate in figures.per_second.values())
    assert all(part > 0 for part in (*figures.disk.values(), *figures.memory.values(), *figures.asking.values()))
    assert (figures.papers, figures.recall, figures.hit, figures.hit_exactly) == (30, 1, 1, 1)
    assert figures.one_more.keys() == {"first", "next", "next, processor"}
    assert len(size.table([figures, figures]).columns) == 3
    assert "currentColor" not in plots.by_size([figures])
