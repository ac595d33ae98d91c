"""How long each of several people waits when all ask the page at once.

    python -m eval.crowd [--people 20] [--home FOLDER]

`assistant serve` runs in its own process. Everyone asks as a browser does: each opens a page, and all ask one question
at the same moment. In turn with that, one person asks the same number of questions one after the other. The results
are ratios of the two, because seconds depend on the machine and its load.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from rich.console import Console

from assistant.core.errors import AssistantError
from assistant.show.terminal import Screen

from . import stock, tables
from .questions import read
from .speed import served, spread
from .tables import Table

PEOPLE = 20
ROUNDS = 3
"""How often each is measured; every figure is the median over the rounds."""
PATIENCE = 300
"""Seconds to wait for an answer."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Seconds from the question to the first sign of progress (a stage, or a place in the queue) and to the answer.

    `fault` says what was wrong with the answer, if anything: it failed, or it belonged to another question.
    """

    sign: float
    answer: float
    fault: str = ""


class Person:
    """Somebody with the page open in their own browser."""

    def __init__(self, client: httpx.AsyncClient, submit: int) -> None:
        self._client, self._submit = client, submit
        self._session = secrets.token_hex(8)

    @classmethod
    async def arrive(cls, address: str) -> Person:
        client = httpx.AsyncClient(base_url=address, timeout=PATIENCE)
        (await client.get("/")).raise_for_status()
        config = (await client.get("/config")).json()
        ids = {one["props"].get("elem_id"): one["id"] for one in config["components"]}
        wanted = [ids["question"], "submit"]
        return cls(client, next(one["id"] for one in config["dependencies"] if wanted in one["targets"]))

    async def leave(self) -> None:
        await self._client.aclose()

    async def ask(self, question: str) -> Wait:
        """Ask, and read the events for the page until the answer arrives."""
        started, sign = time.perf_counter(), 0.0
        body = {"data": [question, None], "fn_index": self._submit, "session_hash": self._session}
        (await self._client.post("/gradio_api/queue/join", json=body)).raise_for_status()
        async for message in self._events():
            if message["msg"] == "process_generating":
                sign = sign or time.perf_counter() - started
            elif message["msg"] == "process_completed":
                return Wait(sign, time.perf_counter() - started, _fault(question, message))
        return Wait(sign, time.perf_counter() - started, "no answer arrived")

    async def _events(self) -> AsyncIterator[dict[str, Any]]:
        async with self._client.stream("GET", f"/gradio_api/queue/data?session_hash={self._session}") as response:
            async for line in response.aiter_lines():
                if line.startswith("data:"):
                    yield json.loads(line.removeprefix("data:"))


def _fault(question: str, message: dict[str, Any]) -> str:
    shown = str(message["output"].get("data", ""))
    if not message["success"] or 'class="failed"' in shown:
        return "it failed"
    mine = escape(question, quote=True) in shown and shown.count('class="question"') == 1
    return "" if mine else "it answers another question"


async def alone(address: str, questions: Sequence[str]) -> list[Wait]:
    """One person asks one question after the other, each in a new conversation."""
    waits = []
    for question in questions:
        person = await Person.arrive(address)
        waits.append(await person.ask(question))
        await person.leave()
    return waits


async def together(address: str, questions: Sequence[str]) -> list[Wait]:
    """One person for each question; all ask at once."""
    people = [await Person.arrive(address) for _ in questions]
    waits = await asyncio.gather(*(one.ask(question) for one, question in zip(people, questions, strict=True)))
    for one in people:
        await one.leave()
    return list(waits)


async def measured(address: str, questions: Sequence[str], people: int) -> list[tuple[list[Wait], list[Wait]]]:
    """For each round the waits alone and together. No question is asked twice."""
    await alone(address, ["What is this about?"])
    rounds = []
    for first in range(0, len(questions) - 2 * people + 1, 2 * people):
        apart = await alone(address, questions[first : first + people])
        rounds.append((apart, await together(address, questions[first + people : first + 2 * people])))
    return rounds


def table(rounds: Sequence[tuple[Sequence[Wait], Sequence[Wait]]]) -> Table:
    """The medians over the rounds, and the number of faults in all."""
    people = len(rounds[0][1])
    single = median(median(one.answer for one in apart) for apart, _ in rounds)

    def line(what: str, seconds: float) -> tuple[str, str, str]:
        return what, f"{seconds:.3f}", f"{seconds / single:.2f}"

    signs = [[one.sign for one in crowd] for _, crowd in rounds]
    waits = [[one.answer for one in crowd] for _, crowd in rounds]
    middle, longest = median(map(median, waits)), median(map(max, waits))
    total = median(sum(one.answer for one in apart) for apart, _ in rounds)
    rows = (
        line("alone: the answer, median", single),
        line(f"{people} one after the other, all", total),
        line(f"{people} at once: the first sign, median", median(map(median, signs))),
        line(f"{people} at once: the first sign, longest", median(map(max, signs))),
        line(f"{people} at once: the answer, shortest", median(map(min, waits))),
        line(f"{people} at once: the answer, median", middle),
        line(f"{people} at once: the answer, longest", longest),
    )
    faults = [one.fault for apart, crowd in rounds for one in (*apart, *crowd) if one.fault]
    note = (
        f"The longest wait is {longest / middle:.2f} times the median. All at once take {longest / total:.2f} times as "
        f"long as all in turn. {len(faults)} of {2 * people * len(rounds)} answers had a fault"
        f"{': ' + ', '.join(sorted(set(faults))) if faults else ''}. Medians of {len(rounds)} rounds."
    )
    return Table(f"{people} people at once", ("", "seconds", "ratio to alone"), rows, note)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 0, or 1 on an error or a faulty answer."""
    parser = argparse.ArgumentParser(prog="python -m eval.crowd", description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--people", type=int, default=PEOPLE, metavar="NUMBER", help="how many people ask at once [%(default)s]"
    )
    parser.add_argument("--home", type=Path, metavar="FOLDER", help="a library of the real listings")
    options = parser.parse_args(arguments)
    questions = read(stock.set_file("listings" if options.home else "sample"))
    wanted = [one.question for one in spread(questions, 2 * options.people * ROUNDS)]
    try:
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder) / "home"
            if options.home:
                shutil.copytree(options.home, home)  # a copy, because conversations are saved in it
            else:
                with stock.stocked(home, stock.sample()):
                    pass
            with served(home, "--per-minute", "100000") as (address, _):
                rounds = asyncio.run(measured(address, wanted, options.people))
    except (AssistantError, httpx.HTTPError) as error:
        Screen(stderr=True).line(str(error) or type(error).__name__, first="eval.crowd: ")
        return 1
    if not rounds:
        Screen(stderr=True).line("There are too few questions for that many people.", first="eval.crowd: ")
        return 1
    Console().print(tables.to_rich(table(rounds)))
    return int(any(one.fault for apart, crowd in rounds for one in (*apart, *crowd)))


if __name__ == "__main__":
    sys.exit(main())
