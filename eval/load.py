"""How the server copes with many clients: errors, mixed-up answers, speed and memory.

    python -m eval.load [--home FOLDER] [--clients 32] [--seconds 120]

Each client repeats its own questions in its own conversation, and compares every answer with the one that Python gave.
The yardstick is `ask` itself, called in the same run by as many threads as the server has. The results are ratios to
it, because questions a second depend on the machine and its load. Without a folder it uses the sample.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

import httpx
from rich.console import Console

from assistant.chain import Assistant
from assistant.library.sample import sample_files
from assistant.service.answering import AT_ONCE

from .speed import served

DIRECT = 20
"""Seconds of calling `ask` directly."""
PATIENCE = 120
"""Seconds to wait for an answer."""


@dataclass(frozen=True, slots=True)
class Script:
    """What one client asks, a question and a follow-up, and what Python answered."""

    questions: tuple[str, ...]
    answers: tuple[str, ...]


@dataclass(slots=True)
class Seen:
    """What the clients experienced."""

    seconds: list[float] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)
    memory: list[float] = field(default_factory=list)
    elapsed: float = 0.0
    worked: float = 0.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Questions a second, and the processor seconds for each."""

    rate: float
    work: float


def scripts_for(assistant: Assistant, clients: int) -> list[Script]:
    """Questions for each client, about a paper of its own."""
    papers = assistant.papers()
    step = max(len(papers) // clients, 1)
    scripts = []
    for paper in (papers * clients)[: clients * step : step]:
        chat = assistant.conversation()
        questions = (f"What is “{paper.title}” about?", "and what does it report?")
        scripts.append(Script(questions, tuple(chat.ask(question).text for question in questions)))
    return scripts


def directly(assistant: Assistant, some: Sequence[Script], seconds: float) -> Pace:
    """The pace of `ask`, called directly by as many threads as the server has."""
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


def megabytes(process: int) -> float:
    """The resident memory of a process (Linux)."""
    size = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text(encoding="utf-8"))
    return int(size[1]) / 1024 if size else 0.0


def processor(process: int) -> float:
    """The processor seconds a process has used (Linux)."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def client(at: httpx.AsyncClient, script: Script, end: float, seen: Seen) -> None:
    """Converse until the end."""
    while time.monotonic() < end:
        await converse(at, script, seen)


async def converse(at: httpx.AsyncClient, script: Script, seen: Seen) -> None:
    """Have one conversation, and compare every answer with Python's."""
    id_ = (await at.post("/api/conversations", json={})).json()["id"]
    for question, expected in zip(script.questions, script.answers, strict=True):
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


async def under(url: str, process: int, some: Sequence[Script], seconds: float) -> Seen:
    """What all clients experience in that many seconds."""
    seen = Seen()
    limits = httpx.Limits(max_connections=len(some))
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE, limits=limits) as at:
        while not await lives(at):
            await asyncio.sleep(0.2)
        await at.post("/api/ask", json={"question": some[0].questions[0]})
        begun, worked = time.monotonic(), processor(process)
        watching = asyncio.ensure_future(_watch(process, seen))
        await asyncio.gather(*(client(at, script, begun + seconds, seen) for script in some))
        watching.cancel()
        seen.elapsed, seen.worked = time.monotonic() - begun, processor(process) - worked
    return seen


async def lives(at: httpx.AsyncClient) -> bool:
    """Whether a server can answer."""
    try:
        return (await at.get("/readyz")).status_code == 200
    except httpx.ConnectError:
        return False


async def _watch(process: int, seen: Seen) -> None:
    while True:
        seen.memory.append(megabytes(process))
        await asyncio.sleep(1)


def report(seen: Seen, direct: Pace) -> Iterator[str]:
    """The lines to print."""
    count = len(seen.seconds)
    here = Pace(count / seen.elapsed, seen.worked / count)
    *_, slowest = quantiles(seen.seconds, n=20)
    quarter = max(len(seen.memory) // 4, 1)
    early, late = median(seen.memory[quarter : 2 * quarter] or seen.memory), median(seen.memory[-quarter:])
    yield f"{count:,} questions in {seen.elapsed:.0f} s; faults: {dict(seen.wrong) or 'none'}"
    yield f"questions a second: {here.rate:.1f}; directly {direct.rate:.1f}; ratio {here.rate / direct.rate:.2f}"
    yield f"processor seconds each: {here.work:.3f}; directly {direct.work:.3f}; ratio {here.work / direct.work:.2f}"
    yield f"seconds to the answer: median {median(seen.seconds):.2f}, 95th percentile {slowest:.2f}"
    yield f"memory: {early:.0f} MB in the second quarter, {late:.0f} MB in the last; ratio {late / early:.2f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m eval.load", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--home", type=Path, help="a library; the server saves conversations in it while it runs")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=120)
    options = parser.parse_args()
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        home = options.home or Path(folder) / "home"
        with Assistant.open(home) as assistant:
            if options.home is None:
                assistant.ingest(*sample_files())
            some = scripts_for(assistant, options.clients)
            direct = directly(assistant, some, DIRECT)
        with served(home) as (url, process):
            seen = asyncio.run(under(url, process, some, options.seconds))
        for line in report(seen, direct):
            console.print(line, soft_wrap=True)


if __name__ == "__main__":
    main()
