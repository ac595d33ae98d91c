"""eval.fit: the examples that models are fitted on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from importlib import resources
from pathlib import Path
from types import SimpleNamespace

import pytest

from assistant.core.logistic import Logistic
from assistant.core.records import Paper
from assistant.search.declining import features
from assistant.search.relevance import judged
from eval import fit as fitting
from eval.examples import Answered, Example, fit, validated
from eval.fit import TOPIC_PENALTY, answer_rows, gate, list_rows, main, passages, relevance_rows, topic_gate, topic_rows
from eval.keeping import forget
from eval.public import PublicSet
from eval.questions import Question, Span

from ..doubles import HashEmbedder
from ..search.test_retrieval import KITE, PEAR, Shelf


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path_factory.mktemp("fit"), embedder=HashEmbedder())
    yield shelf
    shelf.close()


def answered(shelf: Shelf, question: Question) -> Answered:
    asked = shelf.asked(question.question)
    return Answered(question, asked, judged(asked, shelf.retriever.retrieve(asked)))


def test_an_answerable_question_is_used_again_without_its_papers(shelf: Shelf) -> None:
    row = answered(shelf, Question("q", "fact", "What does PearRank learn from?", (PEAR,)))
    assert row.hits[0].paper.title == PEAR
    with_it, without = answer_rows([row])
    assert (with_it.label, without.label) == (True, False)
    assert with_it.values == features(row.asked, row.hits)
    assert without.values["maxsim"] == max(h.signals.maxsim for h in row.hits if h.paper.title != PEAR)
    assert without.values["alone"] < with_it.values["alone"]


def test_an_unanswerable_question_is_used_once_and_one_for_another_gate_never(shelf: Shelf) -> None:
    absent = answered(shelf, Question("q", "unanswerable", "Which umbrellas are dry?", unanswerable="absent"))
    invented = answered(shelf, Question("q", "unanswerable", "What does ZorbNet do?", unanswerable="invented"))
    assert [row.label for row in answer_rows([absent, invented])] == [False]


def test_relevance_is_learnt_without_the_right_papers_too(shelf: Shelf) -> None:
    row = answered(shelf, Question("q", "fact", "What does PearRank learn from?", (PEAR,)))
    there = [example.label for example in relevance_rows([row], ["fact"])]
    both = [example.label for example in relevance_rows([row], ["fact"], absent=True)]
    assert there == [hit.paper.title == PEAR for hit in row.hits]
    assert both == there + [False] * (len(there) - 1)


def test_a_list_is_learnt_from_what_only_breaks_its_condition_too(shelf: Shelf) -> None:
    asked = "Which papers are about orchards, without kites?"
    row = answered(shelf, Question("q", "condition", asked, (PEAR,), breaks=(KITE,)))
    there = [hit.paper.title for hit in row.hits]
    assert [example.label for example in list_rows([row])] == [title in (PEAR, KITE) for title in there]
    assert not [*list_rows([replace(row, asked=row.asked.as_kind("fact"))])]


def test_a_list_without_a_paper_is_learnt_as_such(shelf: Shelf) -> None:
    asked = "Which papers are about orchards?"
    some = [
        Question("q", "list", asked, (PEAR,)),
        Question("q", "none", asked),
        Question("q", "unanswerable", asked, unanswerable="absent"),
        Question("q", "unanswerable", asked, unanswerable="invented"),
    ]
    assert [example.label for example in topic_rows(answered(shelf, one) for one in some)] == [True, False, False]


def test_the_topic_threshold_comes_from_validation_on_lists_with_papers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    examples = rows(80, public=False, shift=0.0)
    monkeypatch.setattr("eval.fit.SPARED_LISTS", 0.1)
    results = validated(examples, balanced=True, penalty=TOPIC_PENALTY)
    right = sorted(probability for example, probability in results if example.label)
    assert topic_gate(examples)["threshold"] == round(right[len(right) // 10], 3)
    assert "of the lists without a paper declined" in capsys.readouterr().out


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the fitted models, read and written instead of the package's own."""
    shutil.copy(str(resources.files("assistant.core") / "models.json"), tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(resources, "files", lambda _: tmp_path)
        forget()
        yield tmp_path / "models.json"
    forget()


def test_the_gate_is_fitted_on_the_newly_fitted_models(
    shelf: Shelf, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [
        answered(shelf, Question("f", "fact", "What does PearRank learn from?", (PEAR,), spans=(Span(PEAR, "weak"),))),
        answered(shelf, Question("l", "list", "Which papers rank orchards?", (PEAR,), drawn_by="another")),
        answered(shelf, Question("a", "unanswerable", "Which umbrellas are dry?", unanswerable="absent")),
    ]
    monkeypatch.setattr(fitting, "opened", lambda *_: nullcontext(SimpleNamespace(papers=list)))
    monkeypatch.setattr(fitting, "asked", lambda questions, _: asked if questions else [])
    monkeypatch.setattr(fitting, "KeptReader", lambda *_: None)
    monkeypatch.setattr(fitting, "with_reader", lambda *_: {})
    monkeypatch.setattr(fitting, "by_first_look", lambda *_: {})
    monkeypatch.setattr("sys.argv", ["eval.fit"])
    main()
    asked = [replace(row, weight=fitting.OWN) for row in asked]
    anew = [replace(row, hits=judged(row.asked, row.hits)) for row in asked]
    by_new, by_old = (gate(list(answer_rows(some))) for some in (anew, asked))
    assert json.loads(models.read_text())["models"]["answers"] == by_new != by_old


def rows(count: int, *, public: bool, shift: float) -> list[Example]:
    """Examples that are true above a certain value of `x`, shifted by `shift`."""
    return [
        Example({"x": x + shift, "y": 0.0}, x > 0, f"{public}{n}", public)
        for n, x in enumerate((n - count / 2) / count for n in range(count))
    ]


def test_public_questions_contribute_weights_but_no_bias() -> None:
    own = rows(60, public=False, shift=0.0)
    alone, both = fit(own, threshold=0.5), fit(own + rows(240, public=True, shift=5.0), threshold=0.5)
    assert alone["features"] == both["features"] == ["x", "y"]
    assert len(both["weights"]) == 2
    assert Logistic.of(both).probability({"x": -0.4, "y": 0.0}) < 0.5
    assert Logistic.of(both).probability({"x": 0.4, "y": 0.0}) > 0.5


def test_the_gate_threshold_comes_from_validation_on_our_own_questions(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    examples = rows(80, public=False, shift=0.0) + rows(80, public=True, shift=5.0)
    results = validated(examples, balanced=True)
    assert sorted(e.group for e, _ in results) == sorted(e.group for e in examples)
    own = sorted(probability for e, probability in results if e.label and not e.public)
    monkeypatch.setattr("eval.fit.SPARED", 0.1)
    assert gate(examples)["threshold"] == round(own[len(own) // 10], 3)
    assert "validated on public questions: AUROC 0.9" in capsys.readouterr().out


def test_a_public_question_is_answered_by_its_own_passage_or_none(tmp_path: Path) -> None:
    papers = (Paper("Pears", "Pears ripen in October. They are green."), Paper("Kites", "Kites fly in the wind."))
    questions = {"a": ("When do pears ripen?", "answerable"), "u": ("Who sells kites?", "unanswerable")}
    made = passages(PublicSet("pears", papers, questions, {"a": frozenset({papers[0].id})}), tmp_path)
    assert [(row.question.id, row.question.gold, row.public) for row in made] == [
        ("a", ("Pears",), True),
        ("u", (), True),
    ]
    assert [(e.label, e.public) for e in answer_rows(made)] == [(True, True), (False, True), (False, True)]
