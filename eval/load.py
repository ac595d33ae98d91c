"""A library and a number of clients in, how the server holds under them out: errors, mixed answers, speed and memory.

    python -m eval.load [--home FOLDER] [--clients 32] [--seconds 120]

Each client asks its own questions in its own conversation, time after time, and holds every answer against the one that
Python gave. The yardstick is `ask` itself, called by as many threads as the server has, in the same run: questions a
second differ between machines and with their load, their ratio much less. Without a folder the sample is asked about.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

import httpx
from rich.console import Console

from assistant.chain import Assistant
from assistant.library.sample import sample_files
from assistant.service.answering import AT_ONCE

COMMAND = [sys.executable, "-c", "from assistant.doors.cli import main; main()", "serve", "--port", "0", "--home"]
DIRECT = 20
"""Seconds for which `ask` is called directly."""
PATIENCE = 120
"""Seconds that a client waits for an answer."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one client asks, a question and one that refers to it, and what Python answered."""

    questions: tuple[str, ...]
    answers: tuple[str, ...]


@dataclass(slots=True)
class Seen:
    """What the clients met."""

    seconds: list[float] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)
    memory: list[float] = field(default_factory=list)
    elapsed: float = 0.0
    worked: float = 0.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Questions a second, and the seconds of processor time that each took."""

    rate: float
    work: float


def parts(assistant: Assistant, clients: int) -> list[Part]:
    """Questions about a paper of its own for each client."""
    papers = assistant.papers()
    step = max(len(papers) // clients, 1)
    made = []
    for paper in (papers * clients)[: clients * step : step]:
        chat = assistant.conversation()
        questions = (f"What is “{paper.title}” about?", "and what does it report?")
        made.append(Part(questions, tuple(chat.ask(question).text for question in questions)))
    return made


def directly(assistant: Assistant, some: Sequence[Part], seconds: float) -> Pace:
    """How `ask` answers, called by as many threads as the server has."""
    end = time.monotonic() + seconds

    def ask(first: int) -> int:
        count = 0
        while time.monotonic() < end:
            chat = assistant.conversation()
            for question in some[(first + count) % len(some)].questions:
                chat.ask(question)
                count += 1
        return count

    begun, worked = time.monotonic(), time.process_time()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = sum(pool.map(ask, range(AT_ONCE)))
    return Pace(asked / (time.monotonic() - begun), (time.process_time() - worked) / asked)


@contextmanager
def served(home: Path) -> Iterator[tuple[str, int]]:
    """`assistant serve` over a library: its address and process."""
    with subprocess.Popen([*COMMAND, str(home)], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            found = re.search(r"http://\S+", process.stdout.readline())
            if not found:
                raise SystemExit("The server did not start.")
            yield found[0], process.pid
        finally:
            process.terminate()


def megabytes(process: int) -> float:
    """What a process holds in memory (Linux)."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text(encoding="utf-8"))
    return int(found[1]) / 1024 if found else 0.0


def processor(process: int) -> float:
    """The seconds of processor time that a process has taken (Linux)."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def client(at: httpx.AsyncClient, part: Part, end: float, seen: Seen) -> None:
    """Converse until the end."""
    while time.monotonic() < end:
        await converse(at, part, seen)


async def converse(at: httpx.AsyncClient, part: Part, seen: Seen) -> None:
    """Have one conversation, and hold every answer against Python's."""
    id_ = (await at.post("/api/conversations", json={})).json()["id"]
    for question, expected in zip(part.questions, part.answers, strict=True):
        begun = time.monotonic()
        try:
            done = await at.post("/api/ask", json={"question": question, "conversation": id_})
        except httpx.HTTPError as error:
            seen.wrong[type(error).__name__] += 1
            continue
        seen.seconds.append(time.monotonic() - begun)
        if done.status_code != 200:
            seen.wrong[str(done.status_code)] += 1
        elif done.json()["text"] != expected:
            seen.wrong["another answer"] += 1
    await at.delete(f"/api/conversations/{id_}")


async def under(url: str, process: int, some: Sequence[Part], seconds: float) -> Seen:
    """What all clients met in that time."""
    seen = Seen()
    limits = httpx.Limits(max_connections=len(some))
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE, limits=limits) as at:
        while not await _lives(at):
            await asyncio.sleep(0.2)
        await at.post("/api/ask", json={"question": some[0].questions[0]})
        begun, worked = time.monotonic(), processor(process)
        watching = asyncio.ensure_future(_watch(process, seen))
        await asyncio.gather(*(client(at, part, begun + seconds, seen) for part in some))
        watching.cancel()
        seen.elapsed, seen.worked = time.monotonic() - begun, processor(process) - worked
    return seen


async def _lives(at: httpx.AsyncClient) -> bool:
    try:
        return (await at.get("/readyz")).status_code == 200
    except httpx.ConnectError:
        return False


async def _watch(process: int, seen: Seen) -> None:
    while True:
        seen.memory.append(megabytes(process))
        await asyncio.sleep(1)


def report(seen: Seen, direct: Pace) -> Iterator[str]:
    """What is printed."""
    count = len(seen.seconds)
    here = Pace(count / seen.elapsed, seen.worked / count)
    *_, slowest = quantiles(seen.seconds, n=20)
    quarter = max(len(seen.memory) // 4, 1)
    early, late = median(seen.memory[quarter : 2 * quarter] or seen.memory), median(seen.memory[-quarter:])
    yield f"{count:,} questions in {seen.elapsed:.0f} s; went wrong: {dict(seen.wrong) or 'none'}"
    yield f"a second: {here.rate:.1f}; directly {direct.rate:.1f}; ratio {here.rate / direct.rate:.2f}"
    yield f"processor seconds each: {here.work:.3f}; directly {direct.work:.3f}; ratio {here.work / direct.work:.2f}"
    yield f"seconds until answered: median {median(seen.seconds):.2f}, 95th percentile {slowest:.2f}"
    yield f"memory: {early:.0f} MB in the second quarter, {late:.0f} MB in the last; ratio {late / early:.2f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m eval.load", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--home", type=Path, help="a library; the server keeps conversations in it while it runs")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=120)
    given = parser.parse_args()
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        home = given.home or Path(folder) / "home"
        with Assistant.open(home) as assistant:
            if given.home is None:
                assistant.ingest(*sample_files())
            some = parts(assistant, given.clients)
            direct = directly(assistant, some, DIRECT)
        with served(home) as (url, process):
            seen = asyncio.run(under(url, process, some, given.seconds))
        for line in report(seen, direct):
            console.print(line, soft_wrap=True)


if __name__ == "__main__":
    main()
