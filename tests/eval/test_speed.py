"""How long everything takes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from eval import speed
from eval.questions import Question
from eval.speed import Timed, measured, process, spread, table

from ..papers import PAIRS


def asked(*types: str, conversation: str | None = None) -> list[Question]:
    return [
        Question(f"{type_}{n}", type_, f"What is PearRank {n}?", (PAIRS[0][0],), conversation=conversation)
        for n, type_ in enumerate(types)
    ]


def test_questions_come_from_every_type_in_turn() -> None:
    chosen = spread([*asked("a", "a", "a", "b", "c", "b"), *asked("d", conversation="talk")], 5)
    assert [question.type for question in chosen] == ["a", "b", "c", "a", "b"]
    assert len(spread(asked("a"), 5)) == 1
    assert spread([], 5) == []


def test_a_slow_process_takes_longer() -> None:
    quick = process([sys.executable, "-c", ""], runs=2)
    slow = process([sys.executable, "-c", "import time; time.sleep(0.3)"], runs=1)
    assert 0 < quick < slow
    assert slow > 0.3


def test_everything_is_measured_in_one_run(
    listing: Callable[..., Path], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speed, "RUNS", 1)
    monkeypatch.setattr(speed, "process", lambda command, **_: process(command, runs=1))
    times = measured([listing()], asked("named", "fact"), home)
    assert [one.what for one in times] == [
        "import chromadb (the yardstick)",
        "assistant --help",
        "assistant ingest, first",
        "assistant ingest, second",
        "assistant ask, cold",
        "warm ask, median of 2",
        "warm ask, 95th percentile",
        "  of type named, median of 1",
        "  of type fact, median of 1",
    ]
    assert all(one.seconds > 0 for one in times)


def test_the_table_has_seconds_and_ratios() -> None:
    times = table("x", [Timed("import chromadb (the yardstick)", 0.5), Timed("assistant ask, cold", 1.0)])
    assert times.rows == (
        ("import chromadb (the yardstick)", "0.500", "1.000"),
        ("assistant ask, cold", "1.000", "2.000"),
    )


def test_missing_listings_are_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert speed.main(["--listings", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("eval.speed: There are no listing files")
