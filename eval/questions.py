"""The questions of a JSONL file, one a line.

The turns of a conversation are consecutive lines with the same `conversation`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from assistant.core.records import digest, fold

from .jsonl import Record, read_lines

Unanswerable = Literal["absent", "unstated", "off-corpus", "injection", "invented"]
"""Why a question has no answer: the topic is not here; the paper is here but does not say it; the question is not about
papers; it is an instruction in disguise; it contains a name that no paper has."""

Half = Literal["fit", "report"]
"""Thresholds are set on "fit", figures are reported on "report"."""

_FIELDS = (
    "id", "type", "question", "gold", "tolerated", "nuggets", "spans", "unanswerable", "conversation", "note", "pool",
    "alone", "refers", "breaks",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Nugget:
    """A fact of the complete answer, shown by any of its spellings. Without a vital one the answer is wrong."""

    fact: str
    vital: bool
    paper: str
    shown_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """The part of an abstract that supports the answer: its text, or its `start` and `end` and SHA-256.

    The second form is for abstracts that may not be redistributed.
    """

    paper: str
    text: str = ""
    start: int = 0
    end: int = 0
    sha256: str = ""

    def of(self, abstract: str) -> str | None:
        """The words of the span, verbatim; None if this abstract does not contain them."""
        if self.text:
            return self.text if self.text in abstract else None
        words = abstract[self.start : self.end]
        return words if _sha256(words) == self.sha256 else None


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and what its answer must cite and say. `drawn_by` is the title or id that decides its half.

    `pool` names the papers that its right ones are complete among ("NAACL 2022"; "": all of the set). Of a later turn,
    `refers` says how it takes up the earlier ones ("it", "ordinal", "narrow" ...) and `alone` is the turn spelt out.
    `breaks` names papers on the topic that do not meet the question's condition.
    """

    id: str
    type: str
    question: str
    gold: tuple[str, ...] = ()
    tolerated: tuple[str, ...] = ()
    nuggets: tuple[Nugget, ...] = ()
    spans: tuple[Span, ...] = ()
    unanswerable: Unanswerable | None = None
    conversation: str | None = None
    drawn_by: str = ""
    pool: str = ""
    alone: str = ""
    refers: str = ""
    breaks: tuple[str, ...] = ()


def read(path: str | Path) -> tuple[Question, ...]:
    """The questions of a file in order; FormatError says which line and field is wrong."""
    questions: list[Question] = []
    lines: dict[str, int] = {}
    opening: dict[str, str] = {}
    for record in read_lines(path):
        question = _question(record)
        if question.id in lines:
            raise record.error("id", f"{question.id!r} is already the id of line {lines[question.id]}")
        lines[question.id] = record.line
        name = question.conversation
        if name is not None:
            if name in opening and questions[-1].conversation != name:
                raise record.error("conversation", f"the turns of {name!r} must be consecutive lines")
            question = replace(question, drawn_by=opening.setdefault(name, drawn_by(question)))
        questions.append(question)
    return tuple(questions)


def drawn_by(question: Question) -> str:
    """What decides the half: the first gold title, else the first tolerated one, else the id, of the first turn."""
    return question.drawn_by or (question.gold + question.tolerated + (question.id,))[0]


def half(question: Question) -> Half:
    """The half of a question, by the parity of a hash, so it never changes.

    Questions about one paper are in the same half, and so are all turns of a conversation.
    """
    return "report" if int(digest(fold(drawn_by(question))), 16) % 2 else "fit"


def sealed(span: Span, abstract: str) -> Span:
    """The span without its words, as positions and SHA-256. ValueError if the abstract does not contain it."""
    words = span.of(abstract)
    if words is None:
        raise ValueError(f"the abstract of {span.paper!r} does not contain the span")
    start = abstract.index(span.text) if span.text else span.start
    return Span(span.paper, start=start, end=start + len(words), sha256=_sha256(words))


def mismatches(questions: Iterable[Question], abstracts: Mapping[str, str]) -> tuple[str, ...]:
    """A line for each title that is not in the library, and each span that is not in its abstract.

    abstracts: title -> abstract. Such questions are still asked and scored; the report lists them at the top.
    """
    by_title = {fold(title): abstract for title, abstract in abstracts.items()}
    problems = []
    for question in questions:
        for title in question.gold + question.tolerated:
            if fold(title) not in by_title:
                problems.append(f"{question.id}: the library has no paper titled {title!r}")
        for span in question.spans:
            if fold(span.paper) in by_title and span.of(by_title[fold(span.paper)]) is None:
                problems.append(f"{question.id}: the abstract of {span.paper!r} does not contain the span")
    return tuple(problems)


def _question(record: Record) -> Question:
    record.only(_FIELDS)
    record.optional("note")  # for people; no score depends on it
    unanswerable = _unanswerable(record)
    question = Question(
        id=record.text("id"),
        type=record.text("type"),
        question=record.text("question"),
        gold=record.texts("gold"),
        tolerated=record.texts("tolerated"),
        nuggets=tuple(_nugget(part) for part in record.records("nuggets")),
        spans=tuple(_span(part) for part in record.records("spans")),
        unanswerable=unanswerable,
        conversation=record.optional("conversation"),
        pool=record.optional("pool") or "",
        alone=record.optional("alone") or "",
        refers=record.optional("refers") or "",
        breaks=record.texts("breaks"),
    )
    _consistent(record, question)
    return question


def _unanswerable(record: Record) -> Unanswerable | None:
    kind = record.optional("unanswerable")
    kinds: tuple[Unanswerable, ...] = get_args(Unanswerable)
    for known in kinds:
        if kind == known:
            return known
    if kind is not None:
        raise record.error("unanswerable", f"must be null or one of {', '.join(kinds)}, is {kind!r}")
    if record.text("type") == "unanswerable":
        raise record.error("unanswerable", f"a question of type 'unanswerable' needs a kind: {', '.join(kinds)}")
    return None


def _consistent(record: Record, question: Question) -> None:
    if question.unanswerable and question.gold:
        raise record.error("gold", "an unanswerable question has no gold title; put the paper in 'tolerated'")
    if question.unanswerable and question.nuggets:
        raise record.error("nuggets", "an unanswerable question has no nuggets")
    if not question.unanswerable and not question.gold:
        raise record.error("gold", "an answerable question needs at least one title, or an 'unanswerable' kind")
    for field, titles in (("gold", question.gold), ("tolerated", question.tolerated)):
        twice = _twice(titles)
        if twice:
            raise record.error(field, f"names {twice!r} twice")
    both = {fold(title) for title in question.gold} & {fold(title) for title in question.tolerated}
    if both:
        raise record.error("tolerated", f"names a gold title again: {both.pop()!r}")
    known = {fold(title) for title in question.gold + question.tolerated}
    for position, nugget in enumerate(question.nuggets):
        if fold(nugget.paper) not in known:
            raise record.error(f"nuggets[{position}].paper", "is neither a gold nor a tolerated title")


def _nugget(record: Record) -> Nugget:
    record.only(("fact", "vital", "paper", "shown_by"))
    spellings = record.texts("shown_by")
    if not spellings:
        raise record.error("shown_by", "needs at least one spelling")
    return Nugget(record.text("fact"), record.flag("vital"), record.text("paper"), spellings)


def _span(record: Record) -> Span:
    if "text" in record.values:
        record.only(("paper", "text"))
        return Span(record.text("paper"), text=record.text("text"))
    record.only(("paper", "start", "end", "sha256"))
    span = Span(
        record.text("paper"), start=record.whole("start"), end=record.whole("end"), sha256=record.text("sha256").lower()
    )
    if span.end <= span.start:
        raise record.error("end", f"must lie after start ({span.start}), is {span.end}")
    if re.fullmatch("[0-9a-f]{64}", span.sha256) is None:
        raise record.error("sha256", "must be 64 hexadecimal digits: the SHA-256 of the span's UTF-8 text")
    return span


def _sha256(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()


def _twice(titles: Sequence[str]) -> str:
    folded = [fold(title) for title in titles]
    return next((title for title, key in zip(titles, folded, strict=True) if folded.count(key) > 1), "")
