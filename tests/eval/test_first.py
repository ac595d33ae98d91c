"""eval.first: only answers the model wrote are timed; a sentence comes between the first token and the last."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.chain import Assistant
from assistant.core.errors import LLMError
from assistant.llm import ScriptedModel
from eval.first import SENTENCES, Moments, Noted, Paced, table, timed
from eval.tables import NOTHING

from ..answer.test_composing import QUESTION
from ..doubles import HashEmbedder
from ..papers import PAIRS, write_listing

AT_ONCE = 1e6


@pytest.fixture
def shelf(home: Path) -> Iterator[Path]:
    with Assistant.open(home, embedder=HashEmbedder()) as opened:
        opened.ingest(write_listing(home.parent / "a.txt", PAIRS))
    yield home


def test_the_double_quotes_its_source_and_is_timed(shelf: Path) -> None:
    noted = Noted(Paced(AT_ONCE))
    with Assistant.open(shelf, embedder=HashEmbedder(), llm=noted) as opened:
        answer = opened.ask(QUESTION)
        assert answer.written_by == noted.name
        assert len(answer.claims) == SENTENCES
        (moments,) = timed(opened, noted, [QUESTION])
    assert 0 < moments.token < moments.sentence
    assert moments.token < moments.last


def test_an_answer_quoted_instead_is_not_timed(shelf: Path) -> None:
    noted = Noted(ScriptedModel(LLMError("The model sleeps."), "Nothing of the kind."))
    with Assistant.open(shelf, embedder=HashEmbedder(), llm=noted) as opened:
        assert list(timed(opened, noted, [QUESTION, QUESTION])) == []


def test_the_table_has_medians_and_ratios() -> None:
    moments = table("it", [Moments(0.1, 0.4, 1.0), Moments(0.2, 0.6, 1.0), Moments(0.1, 0.5, 2.0)], asked=4)
    assert [row[1:] for row in moments.rows] == [("0.10", "1.00"), ("0.50", "4.00"), ("1.00", "10.00")]
    assert moments.note == "Medians of 3 answers that the model wrote, of 4 questions."
    assert [row[1:] for row in table("it", [], asked=4).rows] == [(NOTHING, NOTHING)] * 3
