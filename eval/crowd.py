"""Questions and a number of people in, how long each waits when all ask at once out.

    python -m eval.crowd [--people 20] [--home FOLDER]

`assistant serve` runs in a process of its own, and everybody asks as a browser does: a page of their own, one question,
all in the same moment. Beside it the same number of questions is asked one after the other, and the two take turns, for
seconds differ between machines and with their load, ratios much less.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
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
from .speed import COMMAND, spread
from .tables import Table

PEOPLE = 20
ROUNDS = 3
"""How often each is done; of a figure the median over the rounds counts."""
PATIENCE = 300
"""Seconds after which an answer is given up."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Seconds from the question to the first sign, which is a stage or one's place in the line, and to the answer.

    `amiss` says what was wrong with the answer, if anything: it failed, or it was not that of this question.
    """

    sign: float
    answer: float
    amiss: str = ""


class Person:
    """Somebody with the page open in a browser of their own."""

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
        """Ask, and read what the page is told until the answer is there."""
        started, sign = time.perf_counter(), 0.0
        body = {"data": [question, None], "fn_index": self._submit, "session_hash": self._session}
        (await self._client.post("/gradio_api/queue/join", json=body)).raise_for_status()
        async for message in self._told():
            if message["msg"] == "process_generating":
                sign = sign or time.perf_counter() - started
            elif message["msg"] == "process_completed":
                return Wait(sign, time.perf_counter() - started, _amiss(question, message))
        return Wait(sign, time.perf_counter() - started, "the page was told nothing")

    async def _told(self) -> AsyncIterator[dict[str, Any]]:
        async with self._client.stream("GET", f"/gradio_api/queue/data?session_hash={self._session}") as told:
            async for line in told.aiter_lines():
                if line.startswith("data:"):
                    yield json.loads(line.removeprefix("data:"))


def _amiss(question: str, message: dict[str, Any]) -> str:
    shown = str(message["output"].get("data", ""))
    if not message["success"] or 'class="failed"' in shown:
        return "it failed"
    mine = escape(question, quote=True) in shown and shown.count('class="question"') == 1
    return "" if mine else "it is not the answer to this question"


async def alone(address: str, questions: Sequence[str]) -> list[Wait]:
    """One person, one question after the other, each in a conversation of its own."""
    waits = []
    for question in questions:
        person = await Person.arrive(address)
        waits.append(await person.ask(question))
        await person.leave()
    return waits


async def together(address: str, questions: Sequence[str]) -> list[Wait]:
    """As many people as questions, all asking at once."""
    people = [await Person.arrive(address) for _ in questions]
    waits = await asyncio.gather(*(one.ask(question) for one, question in zip(people, questions, strict=True)))
    for one in people:
        await one.leave()
    return list(waits)


@contextmanager
def served(home: Path) -> Iterator[str]:
    """The address of `assistant serve` over a library, in a process of its own."""
    command = [*COMMAND, "serve", "--home", str(home), "--port", "0", "--per-minute", "100000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None or not (told := process.stdout.readline()):
            raise stock.EvaluationError("The page could not be served.")
        try:
            yield told.removeprefix("The page is at ").strip()
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=PATIENCE)


async def measured(address: str, questions: Sequence[str], people: int) -> list[tuple[list[Wait], list[Wait]]]:
    """A round each: the waits alone, and those together; every question is new."""
    await alone(address, ["What is this about?"])
    rounds = []
    for first in range(0, len(questions) - 2 * people + 1, 2 * people):
        apart = await alone(address, questions[first : first + people])
        rounds.append((apart, await together(address, questions[first + people : first + 2 * people])))
    return rounds


def table(rounds: Sequence[tuple[Sequence[Wait], Sequence[Wait]]]) -> Table:
    """The median round, and how many answers were amiss in all."""
    people = len(rounds[0][1])
    single = median(median(one.answer for one in apart) for apart, _ in rounds)

    def line(what: str, seconds: float) -> tuple[str, str, str]:
        return what, f"{seconds:.3f}", f"{seconds / single:.2f}"

    signs = [[one.sign for one in crowd] for _, crowd in rounds]
    waits = [[one.answer for one in crowd] for _, crowd in rounds]
    middle, longest = median(map(median, waits)), median(map(max, waits))
    total = median(sum(one.answer for one in apart) for apart, _ in rounds)
    rows = (
        line("one alone: the answer, median", single),
        line(f"{people} one after the other, all", total),
        line(f"{people} at once: the first sign, median", median(map(median, signs))),
        line(f"{people} at once: the first sign, longest", median(map(max, signs))),
        line(f"{people} at once: the answer, shortest", median(map(min, waits))),
        line(f"{people} at once: the answer, median", middle),
        line(f"{people} at once: the answer, longest", longest),
    )
    amiss = [one.amiss for apart, crowd in rounds for one in (*apart, *crowd) if one.amiss]
    note = (
        f"Whoever waits longest waits {longest / middle:.2f} times the median. All at once take {longest / total:.2f} "
        f"of the time of all in turn. Of {2 * people * len(rounds)} answers {len(amiss)} were amiss"
        f"{': ' + ', '.join(sorted(set(amiss))) if amiss else ''}. Medians of {len(rounds)} rounds."
    )
    return Table(f"{people} people at once", ("", "seconds", "of one alone"), rows, note)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 0, or 1 where it failed or any answer was amiss."""
    parser = argparse.ArgumentParser(prog="python -m eval.crowd", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--people", type=int, default=PEOPLE, metavar="NUMBER", help="how many ask at once")
    parser.add_argument("--home", type=Path, metavar="FOLDER", help="a library of the real listings")
    options = parser.parse_args(arguments)
    questions = read(stock.set_file("listings" if options.home else "sample"))
    wanted = [one.question for one in spread(questions, 2 * options.people * ROUNDS)]
    try:
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder) / "home"
            if options.home:
                shutil.copytree(options.home, home)  # the conversations held here are nobody's
            else:
                with stock.stocked(home, stock.sample()):
                    pass
            with served(home) as address:
                rounds = asyncio.run(measured(address, wanted, options.people))
    except (AssistantError, httpx.HTTPError) as error:
        Screen(stderr=True).line(str(error) or type(error).__name__, first="eval.crowd: ")
        return 1
    if not rounds:
        Screen(stderr=True).line("There are too few questions for so many people.", first="eval.crowd: ")
        return 1
    Console().print(tables.to_rich(table(rounds)))
    return int(any(one.amiss for apart, crowd in rounds for one in (*apart, *crowd)))


if __name__ == "__main__":
    sys.exit(main())
