"""All peers in turns: what each takes, and the sources it names for every question."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from .. import stock
from .peer import OURS, Source, environment

ROUNDS = 3
"""How often everything is repeated, each time in another order. The fastest counts: whatever the others take longer is
due to other programs."""
DEPTH = 10
"""Sources retrieved where the best number of them and the best cut-off are searched for."""
LIMIT = 1800
"""Seconds that one process may take."""


class PeerFailed(Exception):
    """A peer's process ended with an error; the message is its last line."""


@dataclass(slots=True)
class Taken:
    """What one peer took. Seconds: of whole processes; `warm` is the median of the questions asked after the first.

    memory: bytes at most, while it answered. disk: bytes. default, deep: question -> titles, best first, with its own
    number of sources and with `DEPTH`, which ours has not.
    """

    versions: str = ""
    ingest: float = float("inf")
    again: float = float("inf")
    cold: float = float("inf")
    warm: float = float("inf")
    memory: float = float("inf")
    disk: int = 0
    default: dict[str, list[str]] = field(default_factory=dict)
    deep: dict[str, list[str]] = field(default_factory=dict)


Run = Callable[[str, Path, Mapping[str, Any], "int | None"], tuple[float, dict[str, Any]]]
"""Peer, folder, request, number of sources -> seconds of the process, its report."""


def processes(python: Path) -> Run:
    """Runs each peer in a new process of `python`, and ours in one of this environment."""

    def run(name: str, folder: Path, request: Mapping[str, Any], sources: int | None) -> tuple[float, dict[str, Any]]:
        interpreter = sys.executable if name == OURS else str(python)
        command = [interpreter, "-m", f"{__package__}.worker", name, str(folder)]
        started = time.perf_counter()
        done = subprocess.run(
            [*command, *([str(sources)] if sources else [])],
            input=json.dumps(request),
            cwd=stock.ROOT,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT,
        )
        taken = time.perf_counter() - started
        if done.returncode:
            raise PeerFailed(f"{name}: {(done.stderr.strip() or 'no message').splitlines()[-1]}")
        report: dict[str, Any] = json.loads(done.stdout)
        return taken, report

    return run


def measured(
    names: Sequence[str],
    papers: Sequence[Source],
    timed: Sequence[str],
    others: Sequence[str],
    run: Run,
    *,
    rounds: int = ROUNDS,
) -> tuple[dict[str, Taken], dict[str, str]]:
    """What each peer took, and why the rest could not be measured.

    timed: the questions that figures are reported on. others: those on which cut-offs are set.
    """
    taken = {name: Taken() for name in names}
    failed: dict[str, str] = {}
    stages = (_ingest, _again, _cold, _warm)
    for number in range(rounds):
        with tempfile.TemporaryDirectory() as home:
            for place, stage in enumerate(stages):
                for name in turns(names, number * len(stages) + place):
                    _try(name, failed, stage, taken[name], _Bench(name, Path(home) / name, papers, timed, run))
            if number == rounds - 1:
                for name in (name for name in names if name != OURS):  # ours has no cut-off to set
                    bench = _Bench(name, Path(home) / name, papers, [*others, *timed], run)
                    _try(name, failed, _deep, taken[name], bench)
    return {name: one for name, one in taken.items() if name not in failed}, failed


def turns(names: Sequence[str], number: int) -> list[str]:
    """The order of a turn: each begins with another peer, and every second runs backwards."""
    start = number % len(names)
    order = [*names[start:], *names[:start]]
    return order[::-1] if number % 2 else order


@dataclass(frozen=True, slots=True)
class _Bench:
    name: str
    folder: Path
    papers: Sequence[Source]
    questions: Sequence[str]
    run: Run

    def ingest(self) -> tuple[float, dict[str, Any]]:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.run(self.name, self.folder, {"papers": [asdict(paper) for paper in self.papers]}, None)

    def ask(self, questions: Sequence[str], sources: int | None = None) -> tuple[float, dict[str, Any]]:
        return self.run(self.name, self.folder, {"questions": list(questions)}, sources)


def _try(name: str, failed: dict[str, str], stage: Callable[[Taken, _Bench], None], one: Taken, bench: _Bench) -> None:
    if name not in failed:
        try:
            stage(one, bench)
        except (PeerFailed, subprocess.TimeoutExpired) as error:
            failed[name] = str(error)


def _ingest(one: Taken, bench: _Bench) -> None:
    seconds, report = bench.ingest()
    one.ingest, one.versions = min(one.ingest, seconds), report["versions"]


def _again(one: Taken, bench: _Bench) -> None:
    seconds, report = bench.ingest()
    one.again, one.disk = min(one.again, seconds), report["disk"]


def _cold(one: Taken, bench: _Bench) -> None:
    one.cold = min(one.cold, bench.ask(bench.questions[:1])[0])


def _warm(one: Taken, bench: _Bench) -> None:
    _, report = bench.ask(bench.questions)
    one.warm, one.memory = min(one.warm, median(report["seconds"][1:])), min(one.memory, report["memory"])
    one.default = dict(zip(bench.questions, report["titles"], strict=True))


def _deep(one: Taken, bench: _Bench) -> None:
    one.deep = dict(zip(bench.questions, bench.ask(bench.questions, DEPTH)[1]["titles"], strict=True))
