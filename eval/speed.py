"""How long everything takes, in seconds and as ratios to a yardstick.

    python -m eval.speed [--listings FOLDER]

The yardstick is a new process that only imports chromadb, on the same machine and in the same run, because seconds
depend on the machine and its load. Without the real listings everything is measured on the sample.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import IO

from rich.console import Console

from assistant.chain import Assistant
from assistant.core.errors import AssistantError
from assistant.show.terminal import Screen

from . import stock, tables
from .questions import Question, read
from .tables import Table

RUNS = 5
"""New processes of each kind. The fastest counts: whatever the others take longer is due to other programs."""
WARM = 50
"""Questions asked of an open assistant."""
COMMAND = [sys.executable, "-c", "from assistant.doors.cli import main; main()"]
YARDSTICK = [sys.executable, "-c", "import chromadb"]


@dataclass(frozen=True, slots=True)
class Timed:
    """What was done, and how many seconds it took."""

    what: str
    seconds: float


def process(command: Sequence[str], *, runs: int = RUNS) -> float:
    """The seconds of the fastest of several new processes; their output and exit codes are ignored."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ASSISTANT_")}

    def once() -> object:
        return subprocess.run(command, cwd=stock.ROOT, env=environment, capture_output=True, check=False)

    return min(seconds(once) for _ in range(runs))


def spread(questions: Sequence[Question], count: int) -> list[Question]:
    """`count` questions outside conversations, from every type in turn."""
    by_type: dict[str, list[Question]] = {}
    for question in questions:
        if not question.conversation:
            by_type.setdefault(question.type, []).append(question)
    chosen: list[Question] = []
    for place in range(max(map(len, by_type.values()), default=0)):
        chosen += [some[place] for some in by_type.values() if place < len(some)]
    return chosen[:count]


def warm(assistant: Assistant, questions: Sequence[Question]) -> list[Timed]:
    """Median seconds of `ask` on an open assistant, over all questions and by type; none is asked twice."""
    assistant.ask("What is this about?")
    taken: dict[str, list[float]] = {}
    for question in questions:
        taken.setdefault(question.type, []).append(seconds(partial(assistant.ask, question.question)))
    every = [one for some in taken.values() for one in some]
    overall = [
        Timed(f"warm ask, median of {len(every)}", median(every)),
        Timed("warm ask, 95th percentile", quantiles(every, n=20, method="inclusive")[-1]),
    ]
    return overall + [Timed(f"  of type {name}, median of {len(some)}", median(some)) for name, some in taken.items()]


def measured(files: Sequence[Path], questions: Sequence[Question], home: Path) -> list[Timed]:
    """Measure everything, over a library made in `home`, which must not exist yet."""
    screen = Screen(stderr=True)
    screen.line("Processes ...")
    times = [Timed("import chromadb (the yardstick)", process(YARDSTICK))]
    times.append(Timed("assistant --help", process([*COMMAND, "--help"])))
    screen.line("Ingest ...")
    ingest = [*COMMAND, "ingest", "--home", str(home), *map(str, files)]
    times.append(Timed("assistant ingest, first", process(ingest, runs=1)))
    times.append(Timed("assistant ingest, second", process(ingest, runs=2)))
    screen.line("Questions ...")
    ask = [*COMMAND, "ask", "--home", str(home), questions[0].question]
    times.append(Timed("assistant ask, cold", process(ask)))
    with Assistant.open(home) as assistant:
        return times + warm(assistant, spread(questions, WARM))


def table(name: str, times: Sequence[Timed]) -> Table:
    """Seconds, and their ratio to the yardstick, which is the first line."""
    lines = tuple((one.what, f"{one.seconds:.3f}", f"{one.seconds / times[0].seconds:.3f}") for one in times)
    machine = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    note = f"Of {RUNS} new processes the fastest counts (of 1 and 2 for ingest). This machine: {machine}."
    return Table(f"Speed: {name}", ("", "seconds", "ratio"), lines, note)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 0, or 1 on an error."""
    parser = argparse.ArgumentParser(prog="python -m eval.speed", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--listings", type=Path, metavar="FOLDER", help="the real listing files")
    options = parser.parse_args(arguments)
    name = "listings" if options.listings else "sample"
    try:
        files = stock.real(options.listings) if options.listings else stock.sample()
        with tempfile.TemporaryDirectory() as folder:
            times = measured([file.resolve() for file in files], read(stock.set_file(name)), Path(folder) / "home")
    except AssistantError as error:
        Screen(stderr=True).line(str(error), first="eval.speed: ")
        return 1
    Console().print(tables.to_rich(table(name, times)))
    return 0


@contextmanager
def served(home: Path, *options: str, errors: IO[str] | None = None) -> Iterator[tuple[str, int]]:
    """`assistant serve` over a library, in a process of its own: its address and process id; `errors`: its log."""
    command = [*COMMAND, "serve", "--home", str(home), "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as server:
        address = re.search(r"http://\S+", server.stdout.readline() if server.stdout else "")
        if not address:
            raise stock.EvaluationError("The page could not be served.")
        try:
            yield address[0], server.pid
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=60)


def seconds(do: Callable[[], object]) -> float:
    """How many seconds `do` takes."""
    started = time.perf_counter()
    do()
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
