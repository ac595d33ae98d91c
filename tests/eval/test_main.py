"""A whole evaluation, and the command that runs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from assistant.chain import Assistant
from assistant.doors.cli import app
from eval import stock
from eval.claims import LabelledClaim
from eval.claims import half as claim_half
from eval.main import Task, evaluate, part
from eval.questions import Question, half, read
from eval.stock import EvaluationError

from ..papers import PAIRS

PEAR = PAIRS[0][0]


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    path = tmp_path / "mine.jsonl"
    lines = [{"id": "1", "type": "named", "question": "What is PearRank?", "gold": [PEAR]}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Result]:
    """`run(...)` runs `assistant eval`, its report in `tmp_path / "report"`."""

    def command(*arguments: object) -> Result:
        words = ["eval", "--folder", str(tmp_path / "report"), *map(str, arguments)]
        return CliRunner().invoke(app, words, env={"COLUMNS": "200"})

    return command


def cases_of(folder: Path) -> list[dict[str, object]]:
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert report["problems"] == []
    cases: list[dict[str, object]] = report["cases"]
    return cases


# -- your own questions


def test_your_own_questions_about_your_own_listings_give_a_report(
    questions: Path, listing: Callable[..., Path], run: Callable[..., Result], tmp_path: Path
) -> None:
    files = [listing("a.txt", PAIRS[:2]), listing("b.txt", PAIRS[2:4])]
    done = run("--questions", questions, "--corpus", *files)  # as a shell gives them: several after one option
    assert (done.exit_code, done.stderr) == (0, "")
    assert "All 1 cases" in done.stdout
    assert "Written: " in done.stdout
    assert [case["id"] for case in cases_of(tmp_path / "report")] == ["1"]
    assert {path.name for path in (tmp_path / "report").iterdir()} == {
        *("report.json", "report.md", "report.html", "library"),
    }
    done = run("--questions", questions, "--corpus", *files, "--against", tmp_path / "report/report.json")
    assert done.exit_code == 0
    assert "0 of 1 cases changed" in done.stdout


def test_your_own_library_is_asked_as_it_is(
    questions: Path, listing: Callable[..., Path], run: Callable[..., Result], tmp_path: Path
) -> None:
    with Assistant.open(tmp_path / "home") as assistant:
        assistant.ingest(listing())
        before = assistant.status()
    assert run("--questions", questions, "--home", tmp_path / "home").exit_code == 0
    assert len(cases_of(tmp_path / "report")) == 1
    assert not (tmp_path / "report/library").exists()
    with Assistant.open(tmp_path / "home") as assistant:
        assert assistant.status() == before


def test_the_library_follows_the_corpus(listing: Callable[..., Path], tmp_path: Path) -> None:
    with stock.stocked(tmp_path / "library", [listing("a.txt", PAIRS[:3])]) as assistant:
        assert len(assistant.papers()) == 3
    with stock.stocked(tmp_path / "library", [listing("a.txt", PAIRS[1:3])]) as assistant:
        assert {paper.title for paper in assistant.papers()} == {title for title, _ in PAIRS[1:3]}
        assert stock.abstracts(assistant) == dict(PAIRS[1:3])
        revision = assistant.status().revision
    with stock.stocked(tmp_path / "library", [listing("a.txt", PAIRS[1:3])]) as assistant:
        assert assistant.status().revision == revision


# -- bundled sets


def test_missing_listings_are_an_error(run: Callable[..., Result], tmp_path: Path) -> None:
    done = run("--listings", tmp_path / "nowhere")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "There are no listing files (*.txt) in " in done.stderr
    assert "leave out --listings to use the sample" in done.stderr


def test_the_bundled_sets_can_be_read() -> None:
    assert {half(question) for question in read(stock.set_file("sample"))} == {"fit", "report"}
    assert len(part(read(stock.set_file("listings")), "report")) >= 100


def test_claims_are_checked_and_written(
    listing: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = {"id": "1", "claim": "PearRank learns from weak labels.", "paper": PEAR, "label": "true", "kind": "close"}
    question = {"id": "1", "type": "named", "question": "What is PearRank?", "gold": [PEAR]}
    for name, line in (("claims-listings", claim), ("listings", question)):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(line), encoding="utf-8")
    monkeypatch.setattr(stock, "set_file", lambda name: tmp_path / f"{name}.jsonl")
    folder = tmp_path / "report"
    task = Task(listings=listing().parent, claims=True, half="all", folder=folder)
    assert len(list(evaluate(task))) == 2
    assert json.loads((folder / "claims.json").read_text())["claims"][0]["kept"] is True
    assert (folder / "claims.md").read_text().startswith("# Claims\n\n## 1 claims")


# -- halves


def test_your_own_questions_are_all_asked_and_the_bundled_ones_by_half() -> None:
    asked = [Question(str(n), "fact", "Why?", (f"Paper {n}",)) for n in range(20)]
    both = [part(asked, "fit"), part(asked, "report")]
    assert sorted(q.id for some in both for q in some) == sorted(q.id for q in asked)
    assert all(both)
    assert part(asked, "all") == tuple(asked)
    with pytest.raises(EvaluationError, match="There are no questions to ask in the half 'fit'; try --half all"):
        part(both[1], "fit")


def test_a_claim_is_in_the_half_of_its_paper() -> None:
    first = LabelledClaim("1", "It is so.", "Another", False, "wrong-paper", "A Title")
    second = LabelledClaim("2", "It is not.", "A  title", True, "free", "A  title")
    assert claim_half(first) == claim_half(second)
    halves = {claim_half(LabelledClaim(str(n), "So.", "x", True, "free", f"Title {n}")) for n in range(20)}
    assert halves == {"fit", "report"}


# -- errors


def test_an_error_is_one_line_on_stderr(
    questions: Path, listing: Callable[..., Path], run: Callable[..., Result], tmp_path: Path
) -> None:
    done = run("--questions", tmp_path / "none.jsonl")
    assert done.exit_code == 1
    assert done.stderr.startswith("assistant: ")
    assert done.stderr.count("\n") == 1
    done = run("--questions", questions, "--corpus", tmp_path / "none.txt")
    assert "1 records of the corpus were rejected: none.txt:0: there is no file" in done.stderr
    done = run("--corpus", listing(), "--home", tmp_path)
    assert done.stderr == "assistant: Choose the papers with only one of --corpus, --listings and --home.\n"
    done = run("--claims")
    assert "The claims are about the real listings" in done.stderr
    assert run("--half", "both").exit_code == 2
