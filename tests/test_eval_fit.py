"""eval.fit: questions and their hits in, what the models are fitted on out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest

from assistant.declining import features
from assistant.logistic import model
from assistant.relevance import judged
from eval import fit as fitting
from eval.fit import Answered, answer_rows, fit, main, relevance_rows
from eval.questions import Question, Span

from .doubles import HashEmbedder
from .test_retrieval import PEAR, Shelf


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path_factory.mktemp("fit"), embedder=HashEmbedder())
    yield shelf
    shelf.close()


def answered(shelf: Shelf, question: Question) -> Answered:
    asked = shelf.asked(question.question)
    return Answered(question, asked, judged(asked, shelf.retriever.retrieve(asked)))


def test_an_answerable_question_stands_a_second_time_without_its_papers(shelf: Shelf) -> None:
    row = answered(shelf, Question("q", "fact", "What does PearRank learn from?", (PEAR,)))
    assert row.hits[0].paper.title == PEAR
    with_it, without = answer_rows([row])
    assert (with_it.label, without.label) == (True, False)
    assert with_it.values == features(row.asked, row.hits)
    assert without.values["maxsim"] == max(h.signals["maxsim"] for h in row.hits if h.paper.title != PEAR)
    assert without.values["relevance"] < with_it.values["relevance"]


def test_an_unanswerable_question_stands_once_and_what_the_gates_of_words_see_never(shelf: Shelf) -> None:
    absent = answered(shelf, Question("q", "unanswerable", "Which umbrellas are dry?", unanswerable="absent"))
    invented = answered(shelf, Question("q", "unanswerable", "What does ZorbNet do?", unanswerable="invented"))
    assert [row.label for row in answer_rows([absent, invented])] == [False]


def test_relevance_is_learnt_without_the_right_papers_too(shelf: Shelf) -> None:
    row = answered(shelf, Question("q", "fact", "What does PearRank learn from?", (PEAR,)))
    there = [example.label for example in relevance_rows([row], ["fact"])]
    both = [example.label for example in relevance_rows([row], ["fact"], absent=True)]
    assert there == [hit.paper.title == PEAR for hit in row.hits]
    assert both == there + [False] * (len(there) - 1)


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the fitted models that is read and written in place of the package's own."""
    shutil.copy(str(resources.files("assistant") / "models.json"), tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(resources, "files", lambda _: tmp_path)
        model.cache_clear()
        yield tmp_path / "models.json"
    model.cache_clear()


def test_the_gate_is_fitted_on_what_the_models_just_fitted_say(
    shelf: Shelf, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        answered(shelf, Question("f", "fact", "What does PearRank learn from?", (PEAR,), spans=(Span(PEAR, "weak"),))),
        answered(shelf, Question("l", "list", "Which papers rank orchards?", (PEAR,))),
        answered(shelf, Question("a", "unanswerable", "Which umbrellas are dry?", unanswerable="absent")),
    ]
    monkeypatch.setattr(fitting, "opened", lambda *_: nullcontext())
    monkeypatch.setattr(fitting, "asked", lambda *_: rows)
    monkeypatch.setattr("sys.argv", ["eval.fit"])
    main()
    anew = [replace(row, hits=judged(row.asked, row.hits)) for row in rows]
    by_new, by_old = (fit(list(answer_rows(some)), threshold=0.1, balanced=True) for some in (anew, rows))
    assert json.loads(models.read_text())["models"]["answers"] == by_new != by_old
