"""A server under load for a long time, with papers coming and going: errors, mixed conversations, growth of memory.

    python -m eval.soak [--minutes 30] [--clients 32] [--folder OUT]

Each client has a paper of its own, asks about it, and goes on about it in a conversation of its own; then it reads the
conversation back and begins another one. Beside them, papers are added and removed over HTTP all the time. An answer
that cites another client's paper and not the own one, and a conversation with a foreign turn, are mixed. Memory is that
of the server's process; its slope is fitted after the first third, in which caches fill.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import linear_regression, median, quantiles
from typing import Any

import httpx

from assistant.chain import Assistant
from assistant.core.records import Paper
from assistant.library.sample import sample_files
from assistant.show.terminal import Screen

from .load import PATIENCE, lives, megabytes
from .speed import served

PAUSE = 3.0
"""Seconds between two changes of the papers."""
SAMPLED = 1.0
"""Seconds between two samples of memory."""
FOLLOW_UPS = ("and what does it report?", "How does it work?")
FLAT = 0.10
"""Growth in an hour, as a share of what there is, up to which memory counts as flat."""


@dataclass(slots=True)
class Soaked:
    """What clients, the writer and the watch met."""

    seconds: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    mixed: list[str] = field(default_factory=list)
    missed: int = 0
    changes: int = 0
    memory: list[tuple[float, float]] = field(default_factory=list)
    tracebacks: int = 0


@dataclass(frozen=True, slots=True)
class Marked:
    """A client: its own paper, and those of all others."""

    own: str
    others: frozenset[str]

    def verdict(self, titles: Sequence[str]) -> str:
        """What an answer that cites these papers is to this client: "right", "missed" or "mixed"."""
        if self.own in titles:
            return "right"
        return "mixed" if self.others & {*titles} else "missed"


def clients_for(papers: Sequence[Paper], number: int) -> list[Marked]:
    """So many clients, each with a paper of its own. Raises `ValueError` if there are too few papers."""
    if len(papers) < number:
        raise ValueError(f"{number} clients need as many papers; there are {len(papers)}")
    step = len(papers) // number
    titles = [paper.title for paper in papers[: number * step : step]]
    return [Marked(title, frozenset(titles) - {title}) for title in titles]


async def converse(at: httpx.AsyncClient, client: Marked, soaked: Soaked) -> None:
    """Have one conversation, read it back, and delete it."""
    questions = (f"What is “{client.own}” about?", *FOLLOW_UPS)
    id_ = (await _sent(at, "POST", "/api/conversations", soaked, json={}) or {}).get("id", "")
    for question in questions:
        began = time.monotonic()
        done = await _sent(at, "POST", "/api/ask", soaked, json={"question": question, "conversation": id_})
        if done is None:
            return
        soaked.seconds.append(time.monotonic() - began)
        verdict = client.verdict(done["titles"])
        soaked.missed += verdict == "missed"
        if verdict == "mixed":
            soaked.mixed.append(f"{client.own!r} got {done['titles']!r} to {question!r}")
    kept = await _sent(at, "GET", f"/api/conversations/{id_}", soaked) or {"turns": []}
    if [turn["question"] for turn in kept["turns"]] != [*questions]:
        soaked.mixed.append(f"the conversation about {client.own!r} has other turns: {kept['turns']!r}"[:500])
    await _sent(at, "DELETE", f"/api/conversations/{id_}", soaked)


async def _sent(at: httpx.AsyncClient, method: str, path: str, soaked: Soaked, **more: Any) -> dict[str, Any] | None:
    """What a request gives; None, and counted, if it failed."""
    try:
        done = await at.request(method, path, **more)
    except httpx.HTTPError as error:
        soaked.errors[type(error).__name__] += 1
        return None
    if done.status_code >= 400:
        soaked.errors[f"{method} {path.split('/')[2]} {done.status_code}"] += 1
        return None
    value: dict[str, Any] = done.json() if done.content else {}
    return value


async def write(at: httpx.AsyncClient, end: float, soaked: Soaked) -> None:
    """Add and remove papers in turn until the end."""
    number = 0
    while time.monotonic() < end:
        number += 1
        titles = [f"Passing Paper {number}.{n}" for n in range(4)]
        rows = [{"title": title, "abstract": f"{title} measures the tides of harbour {number}."} for title in titles]
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        added = await _sent(at, "POST", "/api/papers", soaked, files={"file": (f"passing-{number}.jsonl", lines)})
        if added is not None and added["added"] != len(titles):
            soaked.errors["not added"] += 1
        await asyncio.sleep(PAUSE)
        for title in titles:
            await _sent(at, "DELETE", f"/api/papers/{title}", soaked)
        soaked.changes += 1 + len(titles)


async def soak(url: str, process: int, clients: Sequence[Marked], seconds: float) -> Soaked:
    """What everybody meets in so many seconds."""
    soaked = Soaked()
    limits = httpx.Limits(max_connections=len(clients) + 2)
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE, limits=limits) as at:
        while not await lives(at):
            await asyncio.sleep(0.2)
        await at.post("/api/ask", json={"question": FOLLOW_UPS[0]})  # what is loaded once is loaded
        end = time.monotonic() + seconds
        watching = asyncio.ensure_future(_watch(process, soaked))
        await asyncio.gather(write(at, end, soaked), *(_until(end, at, client, soaked) for client in clients))
        watching.cancel()
    return soaked


async def _until(end: float, at: httpx.AsyncClient, client: Marked, soaked: Soaked) -> None:
    while time.monotonic() < end:
        await converse(at, client, soaked)


async def _watch(process: int, soaked: Soaked) -> None:
    began = time.monotonic()
    while True:
        with suppress(FileNotFoundError):
            soaked.memory.append((time.monotonic() - began, megabytes(process)))
        await asyncio.sleep(SAMPLED)


def growth(memory: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Megabytes after the first third, and the share of them by which memory grows in an hour, by a fitted line."""
    settled = memory[len(memory) // 3 :]
    if len(settled) < 2:
        return (settled[0][1] if settled else 0.0), 0.0
    slope, _ = linear_regression(*zip(*settled, strict=True))
    middle = median(size for _, size in settled)
    return middle, slope * 3600 / middle


def is_sound(soaked: Soaked) -> bool:
    """Whether there was no error and no mixed conversation. A short run cannot tell whether memory is flat."""
    return not (soaked.errors or soaked.mixed or soaked.tracebacks) and bool(soaked.seconds)


def report(soaked: Soaked, minutes: float, clients: int) -> Iterator[str]:
    """The lines to print."""
    middle, grows = growth(soaked.memory)
    count = f"{len(soaked.seconds):,} answers to {clients} clients in {minutes:g} minutes"
    yield f"{count}; {soaked.changes:,} changes of papers"
    yield f"errors: {dict(soaked.errors) or 'none'}; tracebacks: {soaked.tracebacks}"
    yield f"mixed conversations: {len(soaked.mixed)}; answers without the own paper: {soaked.missed}"
    if len(soaked.seconds) > 1:
        *_, slowest = quantiles(soaked.seconds, n=20)
        yield f"seconds to the answer: median {median(soaked.seconds):.2f}, 95th percentile {slowest:.2f}"
    flat = "flat" if abs(grows) <= FLAT else "not flat"
    yield f"memory: {middle:.0f} MB after the first third, growing by {grows:+.1%} in an hour: {flat}"
    yield from soaked.mixed[:5]


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak, print and write; 1 if there was an error or a mixed conversation."""
    parser = argparse.ArgumentParser(prog="python -m eval.soak", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--folder", type=Path, help="where soak.json, with every sample of memory, goes")
    given = parser.parse_args(arguments)
    screen = Screen()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        home, log = Path(folder) / "home", Path(folder) / "log"
        with Assistant.open(home) as assistant:
            assistant.ingest(*sample_files())
            clients = clients_for(assistant.papers(), given.clients)
        with log.open("w") as errors, served(home, errors=errors) as (url, process):
            soaked = asyncio.run(soak(url, process, clients, given.minutes * 60))
        soaked.tracebacks = log.read_text(encoding="utf-8").count("Traceback (most recent call last)")
    for line in report(soaked, given.minutes, given.clients):
        screen.line(line)
    if given.folder:
        given.folder.mkdir(parents=True, exist_ok=True)
        values = {"minutes": given.minutes, "report": [*report(soaked, given.minutes, given.clients)]}
        text = json.dumps({**values, "memory": soaked.memory})
        (given.folder / "soak.json").write_text(text, encoding="utf-8")
    return 0 if is_sound(soaked) else 1


if __name__ == "__main__":
    sys.exit(main())
