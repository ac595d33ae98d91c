"""Sentences true and false in, how many of each reach the reader of a written answer out.

    python -m eval.drafts [--set drafts-blind] [--half report] [--home FOLDER]

Each sentence is what a language model wrote, with the words it names as its ground: a draft with one sentence, put
through everything that a real one goes through. It is written as JSON, and once more as prose with a mark alone. To
the true sentences and the planted faults come the same true ones with the mark of another source, and with that of a
paper that was never shown. There are two sets. `drafts` was at hand while the checks were written; `drafts-blind` came
after, written without knowledge of them. They were then bettered on its fitting half, so its reporting half counts.

They are counted without a judge, with one that knows the truth and one that believes everything, between which every
judge of the same sentences lies, and with the language model that the settings name, if they name one.
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console

from assistant.chain import Assistant
from assistant.core.settings import Settings
from assistant.llm import Message, Reply, Schema, ScriptedModel
from assistant.llm.scripted import Line

from . import stock, tables
from .claims import half_of
from .jsonl import Record, read_lines
from .tables import Table

TRUE = ("close", "free")
PLANTED = ("number", "entity", "negation")
MECHANICAL = ("wrong mark", "invented paper")
MOST_THROUGH = {"number": 2, "entity": 6, "negation": 10, "wrong mark": 0, "invented paper": 0}
"""Of 40 faults each, how many may reach the reader; of true sentences at least nine in ten are to."""
OF_A_KIND = 40
SETS = ("drafts", "drafts-blind")

Form = Literal["JSON", "prose"]
Judging = Literal["nobody", "one who knows", "one who believes", "the model"]


@dataclass(frozen=True, slots=True)
class Drafted:
    """A sentence, the paper it is written from, the words of it that it rests on, and what is wrong with it, if so."""

    id: str
    kind: str
    paper: str
    quote: str
    text: str


@dataclass(frozen=True, slots=True)
class Passed:
    """A sentence and whether it reached the reader; `reasons` are why not."""

    drafted: Drafted
    through: bool
    reasons: tuple[str, ...]


def read(path: str | Path) -> tuple[Drafted, ...]:
    """The sentences of a file in order; FormatError says which line and field is wrong."""
    return tuple(_drafted(record) for record in read_lines(path))


def part(drafts: Iterable[Drafted], chosen: str) -> tuple[Drafted, ...]:
    """Those about papers of one half, or "all"."""
    return tuple(one for one in drafts if chosen in ("all", half_of(one.paper)))


def with_marks(drafts: Sequence[Drafted]) -> tuple[Drafted, ...]:
    """The drafts, and of their true ones some with a wrong mark and some with that of an invented paper."""
    true = [one for one in drafts if one.kind in TRUE]
    step = max(1, len(true) // OF_A_KIND)
    marked = [
        Drafted(f"{one.id}-{kind[0]}", kind, one.paper, one.quote, one.text)
        for n, kind in enumerate(MECHANICAL)
        for one in true[n::step][:OF_A_KIND]
    ]
    return (*drafts, *marked)


class Pen:
    """A language model that writes what it is told to write next, and judges as it is told."""

    def __init__(self, judging: Judging) -> None:
        self.name = f"pen, judged by {judging}"
        self.says: Line = ""
        self.believes = True

    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: Schema | None = None,
        seconds: float = 60.0,
        temperature: float = 0.0,
    ) -> Reply:
        judges = schema is not None and schema["title"] == "verdicts"
        return ScriptedModel(self._judged if judges else self.says).complete(messages, schema=schema, seconds=seconds)

    def _judged(self, messages: Sequence[Message]) -> str:
        pairs = messages[-1].content.count("<pair n=")
        told = [{"pair": n, "reason": "", "supported": self.believes} for n in range(1, pairs + 1)]
        return json.dumps({"verdicts": told})


def passed(home: Path, drafts: Iterable[Drafted], form: Form, judging: Judging = "nobody") -> Iterator[Passed]:
    """What becomes of each, in the library at `home`, which holds the papers.

    Asked is to compare its paper with the one that comes nearest to the sentence, so that both are shown.
    """
    pen = Pen(judging)
    with Assistant.open(settings=_settings(home, judging), llm=pen) as assistant:
        for one in drafts:
            pen.says = _reply(one, form)
            pen.believes = judging == "one who believes" or one.kind in TRUE
            other = next(hit.paper.title for hit in assistant.search(one.text) if hit.paper.title != one.paper)
            answer = assistant.ask(f"Compare “{one.paper}” with “{other}”.")
            through = answer.written_by == pen.name and any(claim.text == one.text for claim in answer.claims)
            yield Passed(one, through, tuple(r.reason for r in answer.rejections if r.sentence == one.text))


def _settings(home: Path, judging: Judging) -> Settings:
    named = Settings.from_environment(home=home)
    rate = "never" if judging == "nobody" else "undecided" if named.judge == "never" else named.judge
    served = (named.judge_model or named.model) if judging == "the model" else ""
    return named.model_copy(update={"judge": rate, "judge_model": served, "model_cache": False})


def table(found: Sequence[Passed], form: Form, judging: Judging = "nobody") -> Table:
    """How many of each kind reached the reader."""
    lines = []
    for kind in (*TRUE, *PLANTED, *MECHANICAL):
        group = [one for one in found if one.drafted.kind == kind]
        most = "" if kind in TRUE else f"{MOST_THROUGH[kind] / OF_A_KIND:.0%}"
        lines.append((kind, str(sum(one.through for one in group)), str(len(group)), most))
    heading = f"What reaches the reader, written as {form}, judged by {judging}"
    return Table(heading, ("kind", "through", "of", "at most"), tuple(lines))


def _reply(one: Drafted, form: Form) -> Callable[[Sequence[Message]], str]:
    def reply(messages: Sequence[Message]) -> str:
        mark: int | str = _mark(one, messages[-1].content)
        if form == "prose":
            return f"{one.text.rstrip('.')} [{mark}]."
        return json.dumps({"answered": True, "sentences": [{"source": mark, "quote": one.quote, "text": one.text}]})

    return reply


def _mark(one: Drafted, prompt: str) -> int | str:
    """The number under which the prompt shows the sentence's paper, or the mark that is planted."""
    titles = [part.split("\n", 2)[1] for part in prompt.split("<source n=")[1:]]
    own = titles.index(one.paper) + 1
    if one.kind == "invented paper":
        return len(titles) + 6
    if one.kind == "wrong mark":
        return next((n for n in range(1, len(titles) + 1) if n != own), len(titles) + 1)
    return own


def _drafted(record: Record) -> Drafted:
    record.only(("id", "kind", "paper", "quote", "text"))
    kind = record.text("kind")
    if kind not in (*TRUE, *PLANTED):
        raise record.error("kind", f"must be one of {', '.join((*TRUE, *PLANTED))}, is {kind!r}")
    return Drafted(record.text("id"), kind, record.text("paper"), record.text("quote"), record.text("text"))


def main() -> None:
    """Put every sentence through, in both forms, and print the tables."""
    parser = argparse.ArgumentParser(description="How many written sentences, true and false, reach the reader.")
    parser.add_argument("--home", type=Path, default=stock.CACHE / "sample", help="where the sample's library is kept")
    parser.add_argument("--set", default="drafts-blind", choices=SETS, help="which sentences")
    parser.add_argument("--half", default="report", choices=("fit", "report", "all"), help="which half of them")
    options = parser.parse_args()
    home = options.home
    with stock.stocked(home, stock.sample()):
        pass
    drafts = part(with_marks(read(stock.set_file(options.set))), options.half)
    forms: tuple[Form, ...] = ("JSON", "prose")
    judges: tuple[Judging, ...] = ("nobody", "one who knows", "one who believes")
    if Settings.from_environment().model_url:
        judges = (*judges, "the model")
    for form, judging in itertools.product(forms, judges):
        Console().print(tables.to_rich(table(list(passed(home, drafts, form, judging)), form, judging)))


if __name__ == "__main__":
    main()
