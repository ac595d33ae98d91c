"""Our keyword index compared with other engines."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.core.records import Paper
from assistant.library.paper_ids import PaperIds
from eval import keywords
from eval.engines import KINDS, SERVER, _quoted, present
from eval.keywords import agreement, cost_table, killed, measured, memory, opened, processor, quality
from eval.questions import Question

from ..papers import PAIRS
from ..postgres import postgres_server

PAPERS = [Paper(title, abstract) for title, abstract in PAIRS]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres_server() as running:
        yield running.url()


@pytest.fixture(params=KINDS)
def name(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """An engine that is installed here."""
    if request.param == "PostgreSQL":
        monkeypatch.setenv(SERVER, request.getfixturevalue("server"))
    if request.param not in present()[0]:
        pytest.skip(f"{request.param} is not installed: it is measured where it is")
    return str(request.param)


def test_every_engine_finds_adds_filters_and_can_be_opened_again(name: str, tmp_path: Path) -> None:
    index = KINDS[name](tmp_path / "index")
    index.put(PAPERS[:3])
    assert index.search("orchards sorted by PearRank") == [PAPERS[0].id]
    assert index.search("orchards", PaperIds([PAPERS[1].id])) == []
    assert index.search("orchards", PaperIds([PAPERS[0].id, PAPERS[1].id])) == [PAPERS[0].id]
    assert index.search("kites") == []
    reader = KINDS[name](tmp_path / "index")
    assert reader.search("kites") == []
    index.put([PAPERS[6], PAPERS[0]])
    reader.renew()
    for one in (index, reader):
        assert (one.search("kites"), one.search("orchards")) == ([PAPERS[6].id], [PAPERS[0].id])
        assert one.search("zyx") == one.search("") == []
    assert index.disk() > 0
    index.close()
    reader.close()


def test_quality_is_that_of_the_first_gold_paper(name: str) -> None:
    asked = [
        Question("1", "fact", "orchards sorted by PearRank", (PAPERS[0].title,)),
        Question("2", "fact", "kites", (PAPERS[0].title,)),
        Question("3", "fact", "kites and wind", (PAPERS[0].title,), conversation="c"),
        Question("4", "unanswerable", "kites and boats", unanswerable="absent"),
    ]
    assert quality(KINDS[name], PAPERS, asked) == (0.5, 0.5)


def test_an_engine_that_is_not_here_is_left_out_with_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SERVER, raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "bm25s" else name)
    assert present() == (
        ["ours", "FTS5", "tantivy"],
        [
            "bm25s is left out: bm25s is not installed.",
            "PostgreSQL is left out: no server was given with --postgres.",
        ],
    )


def test_terms_are_quoted_for_postgresql() -> None:
    assert _quoted("it's a \\") == r"'it''s a \\'"


def test_agreement_is_the_share_of_the_first_papers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keywords, "FIRST", 2)
    assert agreement(["a", "b", "c"], ["c", "a", "b"]) == 0.5
    assert agreement(["b", "a"], ["a", "b"]) == 1.0
    assert agreement([], ["a"]) == 0.0
    assert agreement(["a"], []) == 1.0


def test_each_figure_is_measured_for_each_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keywords, "RUNS", 1)
    monkeypatch.setattr(keywords, "KILLS", 1)
    figures = measured(["ours", "FTS5", "bm25s"], 30, 3, tmp_path)
    assert figures["ours"].keys() == figures["FTS5"].keys()
    assert figures["ours"].keys() - figures["bm25s"].keys() == {
        "ms to add a paper to a copy",
        "writers of 1 killed without loss",
    }
    assert all(value >= 0 for engine in figures.values() for value in engine.values())
    assert figures["FTS5"]["share of our first 30"] == figures["FTS5"]["writers of 1 killed without loss"] == 1


def test_a_paper_that_was_lost_with_its_writer_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert killed("ours", tmp_path)
    code = "print(998, 999, 1000, sep='\\n', flush=True); import time; time.sleep(60)"
    monkeypatch.setattr(keywords, "_process", lambda *_: ["python3", "-c", code])
    assert not killed("ours", tmp_path)


def test_processor_and_memory_are_those_of_the_processes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    alone, with_another = processor([]), processor([os.getpid()])
    assert 0 < alone < with_another
    whole, own = memory([os.getpid()])
    assert 0 < own < whole
    assert memory([]) == (0, 0)
    opened("ours", str(tmp_path), json.dumps(["kites", "orchards"]))
    assert len(json.loads(capsys.readouterr().out)) == 3


def test_costs_are_compared_with_the_first_engine() -> None:
    ours = {"ms to add": 2.0, "share of true": 0.5, "kB alone": 1.0}
    table = cost_table("Cost", {"ours": ours, "FTS5": {"ms to add": 5.0, "share of true": 1.0}})
    assert (table.heading, table.columns) == ("Cost", ("", "ours", "FTS5"))
    assert table.rows == (
        ("ms to add", "2", "5 ×2.5"),
        ("share of true", "0.5", "1"),
        ("kB alone", "1", "—"),
    )
