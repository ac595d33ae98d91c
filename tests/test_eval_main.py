"""A command line in, a report out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from eval.__main__ import main

from .papers import PAIRS


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    path = tmp_path / "mine.jsonl"
    lines = [{"id": "1", "type": "named", "question": "What is PearRank?", "gold": [PAIRS[0][0]]}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_own_questions_over_own_listings_give_a_report(
    questions: Path, listing: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--questions", str(questions), "--corpus", str(listing()), "--folder", str(tmp_path / "report")]
    assert main(arguments) == 0
    report = json.loads((tmp_path / "report/report.json").read_text(encoding="utf-8"))
    assert (report["name"], len(report["cases"]), report["problems"]) == ("mine", 1, [])
    assert "report.html" in capsys.readouterr().out.replace("\n", "")
    assert main([*arguments, "--against", str(tmp_path / "report/report.json")]) == 0


def test_what_is_wrong_is_one_line_on_stderr(
    questions: Path, listing: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--folder", str(tmp_path / "report")]
    assert main([*where, "--questions", str(tmp_path / "none.jsonl")]) == 1
    assert capsys.readouterr().err.startswith("eval: ")
    assert main([*where, "--questions", str(questions), "--corpus", str(tmp_path / "none.txt")]) == 1
    assert "1 records of the corpus were rejected: none.txt:0: there is no file" in capsys.readouterr().err
