"""How soon the first checked sentence of a written answer can be read, as ratios to the model's first token.

    python -m eval.first [--home FOLDER] [--questions N]

It uses the model in the settings, or else a double that writes at an even pace. A sentence is shown once it is complete
and checked, so after the model's first token and before its last.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.console import Console

from assistant.chain import Assistant
from assistant.core.errors import LLMError
from assistant.core.settings import Settings
from assistant.core.text import sentences
from assistant.core.tokens import count_tokens
from assistant.llm import LLM, Message, Reply, Schema, configured
from assistant.llm.model import SECONDS

from . import stock, tables
from .questions import read
from .speed import spread
from .tables import NOTHING, Table

PACE = 50.0
"""Tokens a second of the double, like a small model on a laptop."""
SENTENCES = 3


@dataclass(frozen=True, slots=True)
class Moments:
    """Seconds from the question to the model's first token, the first checked sentence and the last token."""

    token: float
    sentence: float
    last: float


class Paced:
    """A double that quotes the first source of its prompt, a word at a time."""

    name = f"a double at {PACE:g} tokens a second"

    def __init__(self, pace: float = PACE) -> None:
        self._pause = 1 / pace

    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: Schema | None = None,
        seconds: float = SECONDS,
        temperature: float = 0.0,
    ) -> Reply:
        reply, over = Reply(messages, seconds=seconds), threading.Event()
        reply.on_close(over.set)
        threading.Thread(target=self._say, args=(reply, over, _quoted(messages[-1].content)), daemon=True).start()
        return reply

    def _say(self, reply: Reply, over: threading.Event, text: str) -> None:
        for word in text.split(" "):
            if over.wait(self._pause * count_tokens(f" {word}")):
                break
            reply.put(f"{word} ")
        reply.put(None)


class Noted:
    """A model that notes the time of each piece it writes."""

    def __init__(self, llm: LLM) -> None:
        self._llm = llm
        self.tokens: list[float] = []

    @property
    def name(self) -> str:
        return self._llm.name

    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: Schema | None = None,
        seconds: float = SECONDS,
        temperature: float = 0.0,
    ) -> Reply:
        reply = self._llm.complete(messages, schema=schema, seconds=seconds, temperature=temperature)
        noted = Reply(messages, seconds=seconds)
        noted.on_close(reply.close)
        threading.Thread(target=self._hand_on, args=(reply, noted), daemon=True).start()
        return noted

    def _hand_on(self, reply: Reply, noted: Reply) -> None:
        try:
            for piece in reply:
                self.tokens.append(time.perf_counter())
                noted.put(piece)
            noted.put(None)
        except LLMError as error:
            noted.put(error)


def timed(assistant: Assistant, noted: Noted, questions: Sequence[str]) -> Iterator[Moments]:
    """The moments of each question whose answer the model wrote."""
    for question in questions:
        noted.tokens.clear()
        started, first = time.perf_counter(), 0.0
        for event in assistant.stream(question):
            if event.claim and not first:
                first = time.perf_counter()
            if event.answer and event.answer.written_by == noted.name and first and not event.answer.remark:
                yield Moments(noted.tokens[0] - started, first - started, noted.tokens[-1] - started)


def table(name: str, answers: Sequence[Moments], asked: int) -> Table:
    """Medians over the answers, in seconds and as ratios to the first token."""
    rows = []
    for what in ("token", "sentence", "last"):
        values = [getattr(one, what) for one in answers]
        ratios = [getattr(one, what) / one.token for one in answers]
        rows.append((NAMES[what], *(f"{median(some):.2f}" if some else NOTHING for some in (values, ratios))))
    note = f"Medians of {len(answers)} answers that the model wrote, of {asked} questions."
    return Table(f"How soon {name} can be read", ("from the question to", "seconds", "ratio"), tuple(rows), note)


NAMES = {
    "token": "the model's first token",
    "sentence": "the first checked sentence",
    "last": "the model's last token",
}


def _quoted(prompt: str) -> str:
    """A draft of the first sentences of the first source, as JSON."""
    source = prompt.partition('<source n="1">\n')[2].partition("</source>")[0].partition("\n")[2]
    quotes = [span.of(source) for span in sentences(source)][:SENTENCES]
    drafts = [{"source": 1, "quote": text, "text": text} for text in quotes]
    return json.dumps({"answered": True, "sentences": drafts})


def main() -> None:
    """Ask, and print the table."""
    parser = argparse.ArgumentParser(description="How soon the first checked sentence can be read.")
    parser.add_argument("--home", type=Path, default=stock.CACHE / "sample", help="where the sample's library is kept")
    parser.add_argument("--questions", type=int, default=20, help="how many to ask [%(default)s]")
    options = parser.parse_args()
    with stock.stocked(options.home, stock.sample()):
        pass
    settings = Settings.from_environment(home=options.home)
    noted = Noted(configured(settings) or Paced())
    asked = [one.question for one in spread(read(stock.set_file("sample")), options.questions)]
    with Assistant.open(settings=settings, llm=noted) as assistant:
        answers = list(timed(assistant, noted, asked))
    Console().print(tables.to_rich(table(noted.name, answers, len(asked))))


if __name__ == "__main__":
    main()
