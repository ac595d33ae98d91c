"""Switching off each part of the pipeline, and the table over all parts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from assistant import search
from assistant.answer import asking
from assistant.chain import Assistant
from assistant.core.records import Answer
from assistant.index.holdings import Holdings
from assistant.search import declining, evidence, relevance, retrieval
from assistant.search.retrieval import Retriever
from eval import ablation
from eval.ablation import means, table, without_each
from eval.cases import cases
from eval.doubles import PAPERS, QUESTIONS, decliner, oracle
from eval.doubles import scripted as assistant_of
from eval.parts import PARTS, Part, forgetting
from eval.runner import outcomes

from ..papers import PAIRS

SEAMS = (
    (asking, "followed"),
    *((search, name) for name in ("understand", "leads", "with_mentioned", "judged")),
    *((declining, name) for name in ("_invented", "_unstated", "_absent", "model")),
    (evidence, "model"),
    (relevance, "model"),
    (Retriever, "_lists"),
    *((retrieval, name) for name in ("compare", "cosines_of")),
)
NAMES = [part.name for part in PARTS]


@pytest.fixture
def assistant(open_holdings: Callable[..., Holdings], listing: Callable[..., Path]) -> Assistant:
    opened = Assistant(open_holdings())
    opened.ingest(listing())
    return opened


@pytest.fixture
def without(assistant: Assistant) -> Callable[..., Answer]:
    """`without("names", "What is PearRank?")` asks with that part off, after the questions in `before`."""

    def ask(name: str, question: str, *before: str) -> Answer:
        with PARTS[NAMES.index(name)].off():
            chat = assistant.conversation()
            return [chat.ask(turn) for turn in (*before, question)][-1]

    return ask


@pytest.mark.parametrize("part", PARTS, ids=NAMES)
def test_a_part_is_off_inside_and_back_on_afterwards(part: Part, assistant: Assistant) -> None:
    before = [getattr(room, name) for room, name in SEAMS]
    with part.off():
        inside = [getattr(room, name) for room, name in SEAMS]
        assert (inside != before) == (part.name != "nothing")
        assert assistant.ask("What does PearRank gain over the baseline?").kind
    assert [getattr(room, name) for room, name in SEAMS] == before


@pytest.mark.parametrize(
    ("name", "signal"), [("BM25", "bm25"), ("vectors", "cosine"), ("late interaction", "maxsim"), ("names", "named")]
)
def test_a_signal_disappears_with_its_part(name: str, signal: str, without: Callable[..., Answer]) -> None:
    question = "What does PearRank gain over the baseline?"
    assert any(getattr(hit.signals, signal) for hit in without("nothing", question).hits)
    assert not any(getattr(hit.signals, signal) for hit in without(name, question).hits)


def test_a_follow_up_is_asked_as_typed(without: Callable[..., Answer]) -> None:
    turns = ("How many parameters does it have?", "What is PearRank?")
    assert without("nothing", *turns).query != turns[0]
    assert without("follow-ups", *turns).query == turns[0]


def test_a_gate_that_is_off_lets_questions_through(without: Callable[..., Answer]) -> None:
    question = "What does RetroFusion-X report?"
    whole = without("nothing", question).declined
    assert whole is not None
    assert whole.kind == "invented"
    ungated = without("all three gates", question).declined
    assert ungated is None or ungated.kind not in ("invented", "unstated", "absent")


def test_without_relevance_models_only_the_first_paper_is_cited(without: Callable[..., Answer]) -> None:
    hits = without("relevance models", "Which papers are about orchards?").hits
    assert [hit.relevance for hit in hits][:2] == [0.5, 0.0]


def test_a_forgotten_feature_has_no_weight() -> None:
    with forgetting(("maxsim",)):
        fitted = relevance.__dict__["model"]("single")
    weights = dict(zip(fitted.features, fitted.weights, strict=True))
    assert weights.pop("maxsim") == 0.0
    assert any(weights.values())


def test_the_table_has_a_line_for_each_part_and_its_changes() -> None:
    abstracts = {paper.title: paper.abstract for paper in PAPERS}
    whole = cases(outcomes(assistant_of(oracle), QUESTIONS), abstracts)
    nothing = cases(outcomes(assistant_of(decliner), QUESTIONS), abstracts)
    results = table("doubles", {"nothing": whole, "everything": nothing})
    assert results.heading == f"Without each part: doubles, {len(QUESTIONS)} questions"
    assert [row[0] for row in results.rows] == ["nothing", "everything"]
    assert results.rows[0][-1] == "—"
    assert means(nothing)["f1"] == 0.0
    assert "F1 -1.000" in results.rows[1][-1]


def test_each_part_is_switched_off_in_turn(assistant: Assistant) -> None:
    results = without_each(assistant, QUESTIONS[:1], dict(PAIRS), PARTS[:2])
    assert {name: len(cases) for name, cases in results.items()} == {"nothing": 1, "BM25": 1}


def test_missing_listings_are_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--folder", str(tmp_path / "out"), "--cache", str(tmp_path / "c"), "--listings", str(tmp_path / "no")]
    assert ablation.main(arguments) == 1
    assert capsys.readouterr().err.startswith("eval.ablation: There are no listing files")
