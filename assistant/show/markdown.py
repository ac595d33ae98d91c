"""An answer or a saved conversation in, Markdown out; nothing a paper, a person or a model wrote becomes markup."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from urllib.parse import quote

from ..core.notebook import escaped, escaped_reply
from ..core.records import Answer, Claim, Source
from ..core.text import clean
from ..people.conversations import KeptConversation, KeptTurn
from .showing import entry, readable_answer

_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_SOURCE = re.compile(r"^\\?\[\d+\\?\] \*\*(.+?)\*\*(?: \([^\n]*\))?(?: <[^<>]*>)?$", re.M)
_ADDRESS = re.compile(r"https?://[^\s<>\\]+")
_MARK = re.compile(r"\[([0-9]{1,4})\]")
ANYWHERE = "https://scholar.google.com/scholar?q="
"""Searches for a paper without an address by its title; opened only when a person clicks the link."""


def of_answer(answer: Answer) -> str:
    """The answer, then its numbered sources, each with its quotes; for a decline, the nearest titles."""
    answer = readable_answer(answer)
    parts = [_body(answer)]
    if answer.sources:
        parts.append("\n\n".join(_source(source, entry(answer, source)) for source in answer.sources))
    if answer.declined and answer.declined.nearest:
        parts.append("\n".join(["Nearest:", "", *(f"- {escaped(title)}" for title in answer.declined.nearest)]))
    return "\n\n".join(parts) + "\n"


def marks(answer: Answer) -> list[tuple[int, int, int]]:
    """Where `of_answer` cites: the start and end of each reference number in characters, and the number."""
    matches = ((mark.start(), mark.end(), int(mark[1])) for mark in _MARK.finditer(_body(readable_answer(answer))))
    return [(start, end, number) for start, end, number in matches if 1 <= number <= len(answer.titles)]


def address(title: str, url: str) -> str:
    """Where a paper can be read online: its own address or, if it has none, a search for its title."""
    return url if _ADDRESS.fullmatch(url) else ANYWHERE + quote(f'"{clean(title)}"', safe="")


def of_conversation(kept: KeptConversation, turns: Iterable[KeptTurn]) -> str:
    """The whole conversation: its title, then each question as a heading over its answer."""
    sections = [f"# {escaped(kept.title)}\n"]
    for kept_turn in turns:
        asked = f"*{kept_turn.asked:%Y-%m-%d %H:%M} UTC*"
        sections.append(f"## {escaped(kept_turn.turn.question)}\n\n{asked}\n\n{of_answer(kept_turn.turn.answer)}")
    return "\n".join(sections)


def titles_in(markdown: str) -> list[str]:
    """The titles that an answer cites, as shown in the Markdown that `of_answer` made of it."""
    return [_ESCAPED.sub(r"\g<1>", title) for title in _SOURCE.findall(markdown)]


def _body(answer: Answer) -> str:
    """The text above the sources; a comparison as a table."""
    if answer.kind == "compare" and answer.sections and answer.sections[0][0]:
        parts = (escaped(answer.lead), _table(answer), escaped(answer.remark))
        return "\n\n".join(part for part in parts if part)
    shown = escaped_reply if answer.message and not answer.declined else escaped
    body = "\n".join(_paragraph(line, shown) for line in answer.text.splitlines())
    for claim in (claim for claim in answer.claims if claim.asked_for):
        body = body.replace(escaped(claim.text), _stressed(claim))
    return body


def _cell(answer: Answer, claims: Iterable[Claim]) -> str:
    """Sentences with their reference numbers."""
    return " ".join(f"{_stressed(claim)} [{answer.numbers[claim.citations[0].passage.title]}]" for claim in claims)


def _stressed(claim: Claim) -> str:
    """A sentence in which what was asked for is bold."""
    text, asked_for = escaped(claim.text), escaped(claim.asked_for)
    return text.replace(asked_for, f"**{asked_for}**", 1) if asked_for else text


def _table(answer: Answer) -> str:
    """A row for each aspect, a column for each paper."""
    rows = [["", *map(escaped, answer.titles)], ["---"] * (1 + len(answer.titles))]
    for section, claims in answer.sections:
        cells = [[claim for claim in claims if claim.citations[0].passage.title == title] for title in answer.titles]
        rows.append([escaped(section), *(_cell(answer, cell) for cell in cells)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _paragraph(line: str, shown: Callable[[str], str]) -> str:
    return f"- {shown(line.removeprefix('- '))}" if line.startswith("- ") else shown(line)


def _source(source: Source, called: str) -> str:
    """A source under its number in the text, what it is `called`, and its quotes."""
    address = f" <{source.url}>" if _ADDRESS.fullmatch(source.url) else ""
    quotes = "".join(f"\n> {escaped(quote)}\n>" for quote in source.quotes).removesuffix("\n>")
    byline = escaped(called.removeprefix(source.title))
    byline = f" {byline}" if byline else ""
    return f"[{source.number}] **{escaped(source.title)}**{byline}{address}\n{quotes}"
