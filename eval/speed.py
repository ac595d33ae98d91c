"""Listing files and questions in, how long everything takes out, as seconds and against a yardstick.

    python -m eval.speed [--listings FOLDER]

The yardstick is a new process that only imports chromadb, on this machine, in the same run: seconds differ between
machines and with their load, ratios much less. Without the real listings everything is measured on the sample.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median, quantiles

from rich.console import Console

from assistant.chain import Assistant
from assistant.core.errors import AssistantError
from assistant.show.terminal import Screen

from . import stock, tables
from .questions import Question, read
from .tables import Table

RUNS = 5
"""New processes of each kind; the fastest counts, for everything else is other programs' work."""
WARM = 50
"""Questions asked of an open assistant."""
COMMAND = [sys.executable, "-c", "from assistant.doors.cli import main; main()"]
YARDSTICK = [sys.executable, "-c", "import chromadb"]


@dataclass(frozen=True, slots=True)
class Timed:
    """What was done and the seconds it took."""

    what: str
    seconds: float


def process(command: Sequence[str], *, runs: int = RUNS) -> float:
    """The seconds of the fastest of some new processes; whatever they print and return is dropped."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ASSISTANT_")}

    def once() -> object:
        return subprocess.run(command, cwd=stock.ROOT, env=environment, capture_output=True, check=False)

    return min(seconds(once) for _ in range(runs))


def spread(questions: Sequence[Question], count: int) -> list[Question]:
    """`count` questions that stand alone, of every type in turn."""
    by_type: dict[str, list[Question]] = {}
    for question in questions:
        if not question.conversation:
            by_type.setdefault(question.type, []).append(question)
    found: list[Question] = []
    for place in range(max(map(len, by_type.values()), default=0)):
        found += [some[place] for some in by_type.values() if place < len(some)]
    return found[:count]


def warm(assistant: Assistant, questions: Sequence[Question]) -> list[Timed]:
    """Seconds of `ask` on an open assistant: over all, then by type, each the median; each question is new to it."""
    assistant.ask("What is this about?")
    taken: dict[str, list[float]] = {}
    for question in questions:
        taken.setdefault(question.type, []).append(seconds(partial(assistant.ask, question.question)))
    every = [one for some in taken.values() for one in some]
    told = [
        Timed(f"warm ask, median of {len(every)}", median(every)),
        Timed("warm ask, 95th percentile", quantiles(every, n=20, method="inclusive")[-1]),
    ]
    return told + [Timed(f"  of type {name}, median of {len(some)}", median(some)) for name, some in taken.items()]


def measured(files: Sequence[Path], questions: Sequence[Question], home: Path) -> list[Timed]:
    """Everything, over a library that is made in `home`, which must not be there yet."""
    screen = Screen(stderr=True)
    screen.line("Processes ...")
    told = [Timed("import chromadb (the yardstick)", process(YARDSTICK))]
    told.append(Timed("assistant --help", process([*COMMAND, "--help"])))
    screen.line("Ingest ...")
    ingest = [*COMMAND, "ingest", "--home", str(home), *map(str, files)]
    told.append(Timed("assistant ingest, first", process(ingest, runs=1)))
    told.append(Timed("assistant ingest, second", process(ingest, runs=2)))
    screen.line("Questions ...")
    ask = [*COMMAND, "ask", "--home", str(home), questions[0].question]
    told.append(Timed("assistant ask, cold", process(ask)))
    with Assistant.open(home) as assistant:
        return told + warm(assistant, spread(questions, WARM))


def table(name: str, found: Sequence[Timed]) -> Table:
    """Seconds and how many times the yardstick, the first line, they are."""
    lines = tuple((one.what, f"{one.seconds:.3f}", f"{one.seconds / found[0].seconds:.3f}") for one in found)
    machine = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    note = f"Of new processes the fastest of {RUNS} counts (ingest: of 1 and of 2). This machine: {machine}."
    return Table(f"Speed: {name}", ("", "seconds", "yardsticks"), lines, note)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 0, or 1 where it failed."""
    parser = argparse.ArgumentParser(prog="python -m eval.speed", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--listings", type=Path, metavar="FOLDER", help="the real listing files")
    options = parser.parse_args(arguments)
    name = "listings" if options.listings else "sample"
    try:
        files = stock.real(options.listings) if options.listings else stock.sample()
        with tempfile.TemporaryDirectory() as folder:
            found = measured([file.resolve() for file in files], read(stock.set_file(name)), Path(folder) / "home")
    except AssistantError as error:
        Screen(stderr=True).line(str(error), first="eval.speed: ")
        return 1
    Console().print(tables.to_rich(table(name, found)))
    return 0


def seconds(do: Callable[[], object]) -> float:
    """How long it takes to do."""
    started = time.perf_counter()
    do()
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
