"""How well each way of ranking finds the documents of public sets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.question.understanding import Asked
from eval.jsonl import FormatError
from eval.public import (
    ANSWERABLE,
    answerable,
    answerable_table,
    rank_fusion,
    read_set,
    retrieval,
    retrieval_table,
    signals_of,
)
from eval.stock import indexed

from ..papers import PAIRS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four documents, two with the same title; two questions with an answer, one without."""
    documents = [*PAIRS[:3], (PAIRS[0][0], "Another PearRank altogether: it peels pears.")]
    lines = [{"id": f"d{n}", "title": t, "abstract": a} for n, (t, a) in enumerate(documents)]
    asked = [("q0", "What is PearRank?", "answerable"), ("q1", "Which sandbox replays storms?", "answerable"),
             ("q2", "Who won the regatta?", "unanswerable")]  # fmt: skip
    queries = [{"id": i, "question": q, "type": t} for i, q, t in asked]
    path = tmp_path / "sets/tiny"
    path.mkdir(parents=True)
    for name, rows in (("corpus", lines), ("queries", queries)):
        (path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (path / "qrels.tsv").write_text("q0\td0\t1\nq0\td1\t0\nq1\td2\t1\n")
    return path


def test_a_set_is_read_and_each_paper_has_its_own_title(folder: Path) -> None:
    results = read_set(folder)
    assert (results.name, len(results.papers), len({paper.id for paper in results.papers})) == ("tiny", 4, 4)
    assert results.papers[3].title == f"{PAIRS[0][0]} (d3)"
    assert results.questions["q1"] == ("Which sandbox replays storms?", "answerable")
    assert results.relevant == {"q0": {results.papers[0].id}, "q1": {results.papers[2].id}}


def test_a_judgement_of_an_unknown_document_is_refused(folder: Path) -> None:
    (folder / "qrels.tsv").write_text("q0\td0\t1\nq0\td9\t1\n")
    with pytest.raises(FormatError, match=r"qrels\.tsv, line 2: .*names no query or document"):
        read_set(folder)


def test_every_way_of_ranking_is_scored_and_the_library_is_kept(folder: Path, tmp_path: Path) -> None:
    results = retrieval(folder, tmp_path / "cache")
    assert [one.way for one in results] == ["BM25", "cosine", "rank fusion (RRF, k=60)", "fused score", "relevance"]
    assert {one.ndcg_10.count for one in results} == {2}
    assert all(one.recall_5.mean == 1.0 for one in results if one.way != "BM25")
    row = retrieval_table(results).rows[-1]
    assert row[:2] == ("tiny", "relevance")
    public = read_set(folder)
    with indexed(public.name, public.papers, tmp_path / "cache") as holdings:
        assert holdings.status().revision == 1
    assert retrieval(folder, tmp_path / "cache") == results


def test_answerable_questions_are_separated_from_others(folder: Path, tmp_path: Path) -> None:
    results = answerable(folder, tmp_path / "cache")
    assert list(results)[:3] == ["answers model", "best relevance", "best maxsim"]
    assert all(value is not None and 0 <= value <= 1 for value in results.values())
    assert results["best maxsim"] == 1.0
    assert len(answerable_table(results).rows) == len(results) == 5
    assert ANSWERABLE in answerable_table(results).heading


def test_without_hits_every_signal_is_zero() -> None:
    assert set(signals_of(Asked("Why?", "fact"), []).values()) == {0.0}


def test_rank_fusion_adds_reciprocal_ranks() -> None:
    assert rank_fusion([["a", "b", "c"], ["c", "a"]]) == ["a", "c", "b"]
    assert rank_fusion([["a"], ["b"]]) == ["a", "b"]
    assert rank_fusion([[], []]) == []
    assert rank_fusion([["a", "b"], ["b"]], k=0) == ["b", "a"]
