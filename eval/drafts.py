"""How many true and false sentences reach the reader of a written answer.

    python -m eval.drafts [--set drafts-blind] [--half report] [--home FOLDER]

Each sentence is a language model's draft of one sentence, with the quote it rests on, and goes through all the steps
of a real draft: once as JSON, and once as prose with only a reference mark. Besides true sentences and planted faults,
some true ones come again with the mark of another source, or of a paper that was never shown. There are two sets.
`drafts` was available while the checks were written; `drafts-blind` was written later, without knowledge of the checks.
They were then improved on its fitting half, so its reporting half is the one to report.

Each sentence is counted without a judge, with a judge that knows the truth, with one that believes everything (any
judge lies between these two), and with the language model in the settings, if there is one.
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
from assistant.check.judging import Verdicts
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
"""How many of 40 faults of each kind may reach the reader. At least nine in ten true sentences should."""
OF_A_KIND = 40
SETS = ("drafts", "drafts-blind")

Form = Literal["JSON", "prose"]
Judging = Literal["nobody", "one who knows", "one who believes", "the model"]


@dataclass(frozen=True, slots=True)
class Drafted:
    """A sentence, the paper it was written from, the quote it rests on, and its kind of fault, if any."""

    id: str
    kind: str
    paper: str
    quote: str
    text: str


@dataclass(frozen=True, slots=True)
class Passed:
    """A sentence, whether it reached the reader, and the reasons if not."""

    drafted: Drafted
    through: bool
    reasons: tuple[str, ...]


def read(path: str | Path) -> tuple[Drafted, ...]:
    """The sentences of a file in order; FormatError says which line and field is wrong."""
    return tuple(_drafted(record) for record in read_lines(path))


def part(drafts: Iterable[Drafted], chosen: str) -> tuple[Drafted, ...]:
    """The drafts about papers of one half, or "all"."""
    return tuple(one for one in drafts if chosen in ("all", half_of(one.paper)))


def with_marks(drafts: Sequence[Drafted]) -> tuple[Drafted, ...]:
    """The drafts, and some true ones again with a wrong mark or that of an invented paper."""
    true = [one for one in drafts if one.kind in TRUE]
    step = max(1, len(true) // OF_A_KIND)
    marked = [
        Drafted(f"{one.id}-{kind[0]}", kind, one.paper, one.quote, one.text)
        for n, kind in enumerate(MECHANICAL)
        for one in true[n::step][:OF_A_KIND]
    ]
    return (*drafts, *marked)


class Pen:
    """A language model that writes and judges as it is set to."""

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
        judges = schema == Verdicts.schema_sent()
        return ScriptedModel(self._judged if judges else self.says).complete(messages, schema=schema, seconds=seconds)

    def _judged(self, messages: Sequence[Message]) -> str:
        pairs = messages[-1].content.count("<pair n=")
        verdicts = [{"pair": n, "reason": "", "supported": self.believes} for n in range(1, pairs + 1)]
        return json.dumps({"verdicts": verdicts})


def passed(home: Path, drafts: Iterable[Drafted], form: Form, judging: Judging = "nobody") -> Iterator[Passed]:
    """What becomes of each draft, with the library at `home`, which holds the papers.

    The question asks to compare its paper with the one nearest to the sentence, so that the prompt shows both.
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


def table(results: Sequence[Passed], form: Form, judging: Judging = "nobody") -> Table:
    """How many of each kind reached the reader."""
    lines = []
    for kind in (*TRUE, *PLANTED, *MECHANICAL):
        group = [one for one in results if one.drafted.kind == kind]
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
    """The number of the sentence's paper in the prompt, or the planted mark."""
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
    """Try every sentence in both forms and print the tables."""
    parser = argparse.ArgumentParser(description="How many written sentences, true and false, reach the reader.")
    parser.add_argument("--home", type=Path, default=stock.CACHE / "sample", help="where the sample's library is kept")
    parser.add_argument("--set", default="drafts-blind", choices=SETS, help="which set [%(default)s]")
    parser.add_argument("--half", default="report", choices=("fit", "report", "all"), help="which half [%(default)s]")
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
