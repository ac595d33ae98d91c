"""A JSONL file in, `Question`s out.

One question a line; the turns of a conversation are lines one after another with the same `conversation`.
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
"""Why a question has no answer: nothing on it here; the paper is here but does not state it; not a question
for papers; an instruction in disguise; a name no paper bears."""

Half = Literal["fit", "report"]
"""Thresholds are set on "fit"; figures are told from "report"."""

_FIELDS = (
    "id", "type", "question", "gold", "tolerated", "nuggets", "spans", "unanswerable", "conversation", "note",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Nugget:
    """A fact of the complete answer. `vital`: without it the answer is wrong. Shown by any of its spellings."""

    fact: str
    vital: bool
    paper: str
    shown_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Where an abstract supports the answer: as text, or as characters `start` to `end` and their SHA-256.

    The second form is for abstracts whose text may not be passed on.
    """

    paper: str
    text: str = ""
    start: int = 0
    end: int = 0
    sha256: str = ""

    def of(self, abstract: str) -> str | None:
        """The words meant, verbatim; None when this abstract does not hold them."""
        if self.text:
            return self.text if self.text in abstract else None
        words = abstract[self.start : self.end]
        return words if _sha256(words) == self.sha256 else None


@dataclass(frozen=True, slots=True)
class Question:
    """A question and what its answer must cite and show. `drawn_by` is the title or id that fixes its half."""

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


def read(path: str | Path) -> tuple[Question, ...]:
    """The questions of a file in order; FormatError says which line and field is wrong."""
    found: list[Question] = []
    lines: dict[str, int] = {}
    opening: dict[str, str] = {}
    for record in read_lines(path):
        question = _question(record)
        if question.id in lines:
            raise record.error("id", f"{question.id!r} is already the id of line {lines[question.id]}")
        lines[question.id] = record.line
        name = question.conversation
        if name is not None:
            if name in opening and found[-1].conversation != name:
                raise record.error("conversation", f"{name!r} was left for another question; its turns must adjoin")
            question = replace(question, drawn_by=opening.setdefault(name, drawn_by(question)))
        found.append(question)
    return tuple(found)


def drawn_by(question: Question) -> str:
    """What fixes the half: of the first turn, the first gold title, else the first tolerated one, else the id."""
    return question.drawn_by or (question.gold + question.tolerated + (question.id,))[0]


def half(question: Question) -> Half:
    """The half a question belongs to, by the parity of a hash: for good, on every machine.

    Questions about one paper fall in one half, and all turns of a conversation in that of its first.
    """
    return "report" if int(digest(fold(drawn_by(question))), 16) % 2 else "fit"


def sealed(span: Span, abstract: str) -> Span:
    """`span` without its words: as characters and their SHA-256. ValueError when the abstract lacks them."""
    words = span.of(abstract)
    if words is None:
        raise ValueError(f"the abstract of {span.paper!r} does not hold the span")
    start = abstract.index(span.text) if span.text else span.start
    return Span(span.paper, start=start, end=start + len(words), sha256=_sha256(words))


def mismatches(questions: Iterable[Question], abstracts: Mapping[str, str]) -> tuple[str, ...]:
    """Where questions and library disagree: titles not held, spans not in their abstract. One line each.

    abstracts: title -> abstract. Such questions are still asked and scored; the report says so on top.
    """
    held = {fold(title): abstract for title, abstract in abstracts.items()}
    found = []
    for question in questions:
        for title in question.gold + question.tolerated:
            if fold(title) not in held:
                found.append(f"{question.id}: the library holds no paper titled {title!r}")
        for span in question.spans:
            if fold(span.paper) in held and span.of(held[fold(span.paper)]) is None:
                found.append(f"{question.id}: the abstract of {span.paper!r} does not hold the span given for it")
    return tuple(found)


def _question(record: Record) -> Question:
    record.only(_FIELDS)
    record.optional("note")  # for people: no score depends on it
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
