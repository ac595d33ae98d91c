"""eval.peers: the harness with a double for the processes, and each of its parts alone. No other tool is needed."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from assistant.index.embedding import BundledEmbedder, Embedder
from eval.peers import __main__ as program
from eval.peers.measure import PeerFailed, Taken, measured, processes, turns
from eval.peers.ours import PaperAssistant
from eval.peers.page import BEGIN, END, Rated, costs, losses, put, qualities
from eval.peers.peer import KINDS, OURS, QUIET, Peer, Source, quieted
from eval.peers.score import CutOff, Quality, best, quality, similarity
from eval.peers.worker import work
from eval.questions import Question
from eval.stock import EvaluationError

from ..conftest import ROOT
from ..papers import PAIRS
from ..test_packaging import GROUPS

PAPERS = [Source(str(number), title, abstract) for number, (title, abstract) in enumerate(PAIRS[:3])]
A, B, C = (paper.title for paper in PAPERS)
QUESTIONS = [
    Question("1", "fact", "one", (A,)),
    Question("2", "list", "two", (A, B)),
    Question("3", "unanswerable", "none", unanswerable="absent"),
]


class Double(Peer):
    """Cites every paper that it was given, as often as there are sources."""

    def ingest(self, papers: Sequence[Source]) -> None:
        (self.folder / "titles").write_text("\n".join(paper.title for paper in papers), encoding="utf-8")

    def ask(self, question: str) -> list[str]:
        return (self.folder / "titles").read_text(encoding="utf-8").splitlines() * (self.sources or 1)


class Runs:
    """Processes that were never started: each takes a second less than the one before it."""

    def __init__(self, *, failing: str = "") -> None:
        self.seen: list[tuple[str, str, int | None]] = []
        self._failing = failing

    def __call__(
        self, name: str, folder: Path, request: Mapping[str, Any], sources: int | None
    ) -> tuple[float, dict[str, Any]]:
        if name == self._failing:
            raise PeerFailed(f"{name}: it is broken")
        questions = request.get("questions", [])
        self.seen.append((name, "papers" if "papers" in request else f"{len(questions)} questions", sources))
        seconds = 1000.0 - len(self.seen)
        titles = [[A, B, C][: sources or 2] for _ in questions]
        taken = [seconds / 100] * len(questions)
        return seconds, {"seconds": taken, "titles": titles, "memory": 5e6, "disk": 7e6, "versions": f"{name} 1.0"}


def similar(question: str, title: str) -> float:
    return {A: 0.9, B: 0.6 if question == "two" else 0.4, C: 0.2}[title] * (0.3 if question == "none" else 1.0)


def taken(factor: float = 1.0) -> Taken:
    ingest, again, cold, warm = (factor * seconds for seconds in (40.0, 4.0, 2.0, 0.05))
    return Taken("x 1.0", ingest, again, cold, warm, memory=5e8 * factor, disk=int(3e6 * factor))


def test_a_worker_ingests_asks_and_measures(tmp_path: Path) -> None:
    embedder: Embedder = BundledEmbedder()
    papers = {"papers": [{"id": paper.id, "title": paper.title, "abstract": paper.abstract} for paper in PAPERS]}
    stored = work(Double(tmp_path, embedder), papers)
    assert (stored["titles"], stored["disk"]) == ([], (tmp_path / "titles").stat().st_size)
    asked = work(Double(tmp_path, embedder, sources=2), {"questions": ["one", "two"]})
    assert asked["titles"] == [[A, B, C]] * 2  # each title once
    assert len(asked["seconds"]) == 2
    assert asked["memory"] > 1e6


def test_ours_is_asked_like_the_others(tmp_path: Path) -> None:
    ours = PaperAssistant(tmp_path, BundledEmbedder())
    ours.ingest(PAPERS)
    assert ours.ask("What does PearRank learn from?") == [A]
    assert ours.ask("What is the capital of France?") == []
    assert ours.size() > 0


def test_a_process_that_ends_with_an_error_says_its_last_line(tmp_path: Path) -> None:
    with pytest.raises(PeerFailed, match=r"^nobody: KeyError: 'nobody'$"):
        processes(Path(sys.executable))("nobody", tmp_path, {}, None)


def test_a_measured_process_cannot_use_the_network() -> None:
    code = (
        "import socket; from eval.peers.peer import offline; offline(); socket.getaddrinfo('localhost', 80)\n"
        "try: socket.create_connection(('192.0.2.1', 80))\n"
        "except RuntimeError as error: print(error)\n"
        "socket.socket().connect(('192.0.2.1', 80))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "looked up: 192.0.2.1" in done.stdout
    assert "NetworkCall: A connection was opened: 192.0.2.1" in done.stderr


def test_the_switches_against_telemetry_are_set_and_our_settings_are_not_passed_on() -> None:
    assert quieted({"PATH": "/bin", "ASSISTANT_LLM": "x", "ANONYMIZED_TELEMETRY": "True"}) == {"PATH": "/bin", **QUIET}


def test_each_turn_begins_with_another_and_every_second_runs_backwards() -> None:
    assert [turns("abc", number) for number in range(4)] == [
        ["a", "b", "c"],
        ["a", "c", "b"],
        ["c", "a", "b"],
        ["c", "b", "a"],
    ]


def test_the_fastest_of_the_rounds_counts() -> None:
    runs = Runs()
    done, failed = measured([OURS, "hybrid"], PAPERS, ["one", "two"], ["none"], runs, rounds=2)
    assert failed == {}
    assert [seen for seen in runs.seen if seen[0] == OURS] == [
        *[(OURS, "papers", None)] * 2,
        (OURS, "1 questions", None),
        (OURS, "2 questions", None),
        *[(OURS, "papers", None)] * 2,
        (OURS, "1 questions", None),
        (OURS, "2 questions", None),
    ]
    assert runs.seen[-1] == ("hybrid", "3 questions", 10)
    last = max(number for number, seen in enumerate(runs.seen, 1) if seen[1] == "1 questions" and seen[0] == OURS)
    assert done[OURS].cold == 1000.0 - last
    assert (done[OURS].versions, done[OURS].memory, done[OURS].disk) == ("ours 1.0", 5e6, 7e6)
    assert done["hybrid"].default == {"one": [A, B], "two": [A, B]}
    assert done["hybrid"].deep == {"none": [A, B, C], "one": [A, B, C], "two": [A, B, C]}


def test_a_peer_that_fails_is_left_out_and_said() -> None:
    done, failed = measured([OURS, "paperqa"], PAPERS, ["one", "two"], ["none"], Runs(failing="paperqa"), rounds=1)
    assert list(done) == [OURS]
    assert failed == {"paperqa": "paperqa: it is broken"}


def test_sources_are_scored_as_citations_and_none_as_declined() -> None:
    assert quality(QUESTIONS, {"one": [A], "two": [A], "none": []}) == Quality((1 + 2 / 3) / 2, 1.0, 0.0)
    assert quality(QUESTIONS, {"one": [], "two": [C], "none": [C]}) == Quality(0.0, 0.0, 0.5)
    assert quality([], {}) == Quality(0.0, 0.0, 0.0)


def test_the_best_cut_off_weighs_f1_and_declining() -> None:
    cited = {one.question: [A, B, C] for one in QUESTIONS}
    cut_off = best(QUESTIONS, cited, similar)
    assert cut_off == CutOff(2, 0.41)  # as high as B is for "one", and no higher than for "two"
    left = cut_off.of(cited, similar)
    assert left == {"one": [A], "two": [A, B], "none": []}
    assert quality(QUESTIONS, left) == Quality(1.0, 1.0, 0.0)


def test_a_paper_is_most_similar_to_a_question_about_it() -> None:
    cosine = similarity(BundledEmbedder(), PAPERS, ["What does PearRank learn from?"])
    assert max((A, B, C), key=lambda title: cosine("What does PearRank learn from?", title)) == A


def test_losses_are_said_and_wins_are_not() -> None:
    ours = Rated(taken(), Quality(0.8, 0.5, 0.1))
    slow = Rated(taken(2.0), Quality(0.3, 0.0, 0.0), CutOff(2, 0.4), Quality(0.7, 0.6, 0.2))
    assert losses({OURS: ours}) == ["In nothing that is measured here."]
    assert losses({OURS: ours, "haystack": slow}) == [
        "Unanswerable declined: Haystack (0.60, ours 0.50).",
        "Answerable declined: Haystack (0.00, ours 0.10).",
    ]
    fast, faster = (Rated(taken(factor), Quality(0.1, 0.0, 0.2)) for factor in (0.5, 0.25))
    lines = losses({OURS: ours, "haystack": fast, "hybrid": faster})
    assert len(lines) == 6
    assert lines[0] == "Cold question: Haystack hybrid (0.25 of ours); Haystack (0.50 of ours)."


def test_ours_is_in_units_and_the_others_are_ratios() -> None:
    rated = {
        OURS: Rated(taken(), Quality(0.8, 0.5, 0.1)),
        "hybrid": Rated(taken(2.0), Quality(0.3, 0.0, 0.0), CutOff(2, 0.4), Quality(0.7, 0.6, 0.2)),
    }
    assert costs(rated).rows == (
        ("paper-assistant", "x 1.0", "2 s", "50 ms", "40 s", "4 s", "500 MB", "3 MB"),
        ("Haystack hybrid", "x 1.0", *["2.00"] * 6),
    )
    assert [row[2:] for row in qualities(rated).rows] == [
        ("0.80", "0.50", "its own", "0.80", "0.50", "0.10"),
        ("0.30", "0.00", "2 sources, cosine from 0.40", "0.70", "0.60", "0.20"),
    ]


def test_figures_replace_only_what_is_between_their_markers(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    other = f"{BEGIN.format('listings')}\nkept\n{END}\n"
    file.write_text(f"before\n{BEGIN.format('sample')}\nold\n{END}\n{other}", encoding="utf-8")
    put(file, "sample", "new\n")
    assert file.read_text(encoding="utf-8") == f"before\n{BEGIN.format('sample')}\n\nnew\n\n{END}\n{other}"
    for place, words in ((tmp_path / "none.md", "cannot be written"), (file, "has no place for the figures")):
        with pytest.raises(EvaluationError, match=words):
            put(place, "absent", "new")


def test_the_program_measures_scores_and_writes_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "papers_of", lambda files: PAPERS)
    monkeypatch.setattr(program, "read", lambda file: [*QUESTIONS, Question("4", "fact", "four", (B,))])
    monkeypatch.setattr(program, "half", lambda question: "fit" if question.question == "four" else "report")
    monkeypatch.setattr(program, "similarity", lambda *_: similar)
    file = tmp_path / "page.md"
    file.write_text(f"{BEGIN.format('sample')}\n{END}\n", encoding="utf-8")
    arguments = ["--only", "haystack", "paperqa", "--rounds", "1", "--page", str(file)]
    assert program.main(arguments, running=Runs(failing="paperqa")) == 0
    text = file.read_text(encoding="utf-8")
    assert "3 papers and the 3 questions of the reporting half, 1 of them unanswerable" in text
    assert "Not measured: paperqa: it is broken" in text
    assert "| Haystack | 10 sources | 0.83 | 0.00 |" in text


def test_peers_that_are_not_installed_are_an_error_that_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main(["--python", str(tmp_path / "python")]) == 1
    assert "Install the peers with: make peers" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("name", KINDS)
def test_every_peer_has_its_class_its_pins_and_its_place_on_the_page(name: str) -> None:
    kind = KINDS[name]
    tree = ast.parse((ROOT / "eval/peers" / f"{kind.module[1:]}.py").read_text(encoding="utf-8"))
    assert kind.type in {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    lock = (ROOT / "requirements-peers.lock").read_text(encoding="utf-8")
    assert all(name == OURS or f"\n{package}==" in lock for package in kind.packages)
    assert any(name == OURS or f"{package}==" in line for package in kind.packages for line in GROUPS["peers"])
    assert f"| {kind.name} |" in (ROOT / "docs/peers.md").read_text(encoding="utf-8")


def test_the_page_has_a_place_for_the_figures_of_both() -> None:
    text = (ROOT / "docs/peers.md").read_text(encoding="utf-8")
    assert all(BEGIN.format(corpus) in text for corpus in ("sample", "listings"))
    assert text.count(END) == 2
