"""Markdown, or titles and abstracts set apart by blank lines, in; raw papers out.

# A title                      A title
**Authors:** Ivy Moss
                               The abstract of the paper, which may
The abstract of the paper.     run over several lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .detection import is_field
from .listing import EXPECTED, IN_TURN, is_abstract
from .opening import Content, Unreadable
from .raw import RawPaper

TITLE_LINES = 3
"""Most lines of a title."""
_HEADING = re.compile(r"#{1,6}\s+(.*?)\s*#*$")
_LABELLED = re.compile(
    r"""[\W_]*(?P<name>authors?|venue|journal|keywords)[\W_]*[:=][\W_]*(?P<text>(?!.*(?-i:[a-z]\.\ [A-Z])).+?)[\s*_]*$
    | [\W_]*(?P<short>year|date|doi|url)[\W_]*[:=][\W_]*(?P<word>\S+?)[*_]*\s*$""",
    re.I | re.X,
)
"""A line about a paper; with a sentence in it, it is the abstract whose first line has joined it."""
_FIELDS = {"author": "authors", "date": "published", "journal": "venue"}


@dataclass(frozen=True, slots=True)
class Block:
    """Lines without a blank one between them."""

    line: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return " ".join(self.lines)

    @property
    def heading(self) -> str:
        match = _HEADING.match(self.lines[0]) if len(self.lines) == 1 else None
        return match[1] if match else ""


def raw_papers(content: Content, _: Mapping[str, str]) -> Iterator[RawPaper]:
    """The raw papers of a text. Raises `Unreadable` if titles and abstracts do not alternate in most of it."""
    paragraphs = list(_paragraphs(content.text().split("\n")))
    if not paragraphs:
        raise Unreadable("the file is empty")
    marked = sum(bool(one.heading) for one in paragraphs) > 1 or bool(paragraphs[0].heading)
    made = list(_of_sections(paragraphs) if marked else _of_pairs(paragraphs))
    whole = sum(not one.problem for one in made)
    if not whole or whole < IN_TURN * len(made) or any("```" in one.text for one in paragraphs):
        raise Unreadable(f"is not a listing, which has {EXPECTED}")
    yield from made


def _paragraphs(lines: Iterable[str]) -> Iterator[Block]:
    gathered: list[str] = []
    number = 0
    for number, raw in enumerate(lines, start=1):
        line = raw.strip().removeprefix("\ufeff")
        heading = bool(_HEADING.match(line))
        if (heading or not line) and gathered:
            yield Block(number - len(gathered), tuple(gathered))
            gathered = []
        if heading:
            yield Block(number, (line,))
        elif line:
            gathered.append(line)
    if gathered:
        yield Block(number + 1 - len(gathered), tuple(gathered))


def _of_sections(paragraphs: Iterable[Block]) -> Iterator[RawPaper]:
    """The papers of a Markdown text: under each heading one abstract, and short lines about the paper."""
    heading: Block | None = None
    under: list[Block] = []
    for paragraph in [*paragraphs, Block(0, ("# end",))]:
        if not paragraph.heading:
            under.append(paragraph)
            continue
        if under:
            yield _section(heading, under)
        heading, under = paragraph, []  # a heading with nothing under it is one of a part


def _section(heading: Block | None, under: list[Block]) -> RawPaper:
    fields: dict[str, Any] = {}
    abstracts = []
    for paragraph in under:
        matches = [_LABELLED.match(line) for line in paragraph.lines]
        for match in filter(None, matches):
            name = (match["name"] or match["short"]).casefold()
            fields[_FIELDS.get(name, name)] = match["text"] or match["word"]
        rest = " ".join(line for line, match in zip(paragraph.lines, matches, strict=True) if not match)
        abstracts += [rest] if rest else []
    line, text = (heading or under[0]).line, "\n\n".join(one.text for one in [*([heading] if heading else []), *under])
    if heading is None or len(abstracts) != 1 or not is_abstract(abstracts[0]) or is_field(abstracts[0]):
        return RawPaper(line=line, text=text, problem="is no heading with one abstract under it, and nothing else")
    several: dict[str, Any] = {
        name: re.split(r";|,(?!\s*Jr)", fields.pop(name, "")) for name in ("authors", "keywords")
    }
    return RawPaper(line=line, text=text, title=heading.heading, abstract=abstracts[0], **fields, **several)


def _of_pairs(paragraphs: list[Block]) -> Iterator[RawPaper]:
    """The papers of a text in which a title and its abstract are paragraphs."""
    title: Block | None = None
    for paragraph in paragraphs:
        whole = is_abstract(paragraph.text) and not is_field(paragraph.text)
        if title and whole:
            text = f"{title.text}\n\n{paragraph.text}"
            yield RawPaper(line=title.line, text=text, title=title.text, abstract=paragraph.text)
            title = None
        elif whole:
            yield RawPaper(line=paragraph.line, text=paragraph.text, problem="is an abstract with no title before it")
        else:
            if title:
                yield RawPaper(line=title.line, text=title.text, problem="is followed by no abstract")
            title = paragraph if len(paragraph.lines) <= TITLE_LINES and not is_field(paragraph.text) else None
            if title is None:
                yield RawPaper(line=paragraph.line, text=paragraph.text, problem="is neither a title nor an abstract")
    if title:
        yield RawPaper(line=title.line, text=title.text, problem="the file ends before this title's abstract")
