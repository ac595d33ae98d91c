"""The bytes of a listing in, its papers and rejects out.

In both known layouts a record is a title on one line and its abstract on the next line that is not blank. They differ
in the header:

    (a) header lines, a line "Subscribe", who runs the listing, a date, then records separated by blank lines
    (b) header lines, then "Subscribe" directly before the first title, then records without blank lines

A file without a header is read if titles and abstracts alternate in it. A line of a bibliographic file, such as
"AU  - Moss, Ivy", is never a title or an abstract.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ...core.records import Paper, Reject
from ...core.text import sentences
from .detection import is_field
from .raw import MAX_ABSTRACT, MAX_TITLE

EXPECTED = "each title on one line, its abstract on the next"
"""What a listing looks like, for error messages."""
IN_TURN = 0.75
"""Share of lines that must belong to a title with its abstract if there is no header."""
HEADER_LINES = 30
"""Within so many lines, "Subscribe" ends a header."""
ABSTRACT_WORDS = 40
"""A line this long is an abstract however it ends; the longest known title has 26 words."""
SENTENCE_WORDS = 15
"""A line this long that ends like a sentence is an abstract; so are two sentences."""

_GLUED = re.compile(r"Subscribe(?!(?:rs?|d|s)\b)(?=\S)")  # not a title on "Subscribers"
_DATE = re.compile(r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? \d{1,2}(?:,? \d{4})?")
_KEEPER = re.compile(r"by\s?[A-Z].{0,60}")


@dataclass(frozen=True, slots=True)
class Listing:
    """The content of a listing; `label` is the date in its header, if any ("Mar 12")."""

    source: str
    papers: tuple[Paper, ...] = ()
    rejects: tuple[Reject, ...] = ()
    label: str = ""


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str


def has_header(data: bytes) -> bool:
    """Whether the first bytes of a file have the header of a listing."""
    return _body(_lines(data, "")[0])[2]


def parse(data: bytes, source: str) -> Listing:
    """The records of one listing. Lines that are not UTF-8 are rejected one by one; what is no listing, as a whole."""
    lines, undecodable = _lines(data, source)
    body, label, headed = _body(lines)
    records = list(_records(body, source))
    papers = tuple(r for r in records if isinstance(r, Paper))
    if not headed and 2 * (len(papers) + len(undecodable)) < IN_TURN * (len(lines) + len(undecodable)):
        return Listing(source, rejects=(Reject(source, 0, f"is not a listing, which has {EXPECTED}"),))
    rejects = [*undecodable, *(r for r in records if isinstance(r, Reject))]
    if not papers and not rejects:
        rejects.append(Reject(source, 0, "holds a listing's header and no record"))
    return Listing(source, papers, tuple(sorted(rejects, key=lambda r: r.line)), label)


def _lines(data: bytes, source: str) -> tuple[list[_Line], list[Reject]]:
    lines, rejects = [], []
    for number, raw in enumerate(data.removeprefix(codecs.BOM_UTF8).splitlines(), start=1):
        try:
            text = raw.decode().strip()
        except UnicodeDecodeError as error:
            text = raw.decode(errors="replace")
            reason = f"is not UTF-8 (at byte {error.start}); save the file as UTF-8"
            rejects.append(Reject(source, number, reason, text))
            continue
        if text:
            lines.append(_Line(number, text))
    return lines, rejects


def _body(lines: list[_Line]) -> tuple[list[_Line], str, bool]:
    """The lines with records, the header's date, and whether there is a header."""
    for position, line in enumerate(lines[:HEADER_LINES]):
        if _GLUED.match(line.text):
            first = _Line(line.number, line.text.removeprefix("Subscribe"))
            return [first, *lines[position + 1 :]], "", True
        if line.text == "Subscribe":
            return *_after_subscribe(lines[position + 1 :]), True
    return lines, "", False


def _after_subscribe(lines: list[_Line]) -> tuple[list[_Line], str]:
    label = ""
    for position, line in enumerate(lines):
        if _DATE.fullmatch(line.text):
            label = line.text
        elif position > 1 or label or not _KEEPER.fullmatch(line.text):
            return lines[position:], label
    return [], label


def _records(lines: Iterable[_Line], source: str) -> Iterator[Paper | Reject]:
    title: _Line | None = None
    first: dict[str, tuple[int, Paper]] = {}
    for line in lines:
        if is_field(line.text):
            if title is not None:
                yield Reject(source, title.number, "what follows this title is no abstract", title.text)
            yield Reject(source, line.number, "is a field of a bibliographic file, no title or abstract", line.text)
            title = None
        elif title is None and is_abstract(line.text):
            yield Reject(source, line.number, "an abstract with no title before it", line.text)
        elif title is None and len(line.text) > MAX_TITLE:
            yield Reject(source, line.number, f"is longer than a title ({len(line.text):,} characters)", line.text)
        elif title is None:
            title = line
        elif len(line.text) > MAX_ABSTRACT:
            reason = f"the text after this title is longer than an abstract ({len(line.text):,} characters)"
            yield Reject(source, title.number, reason, f"{title.text}\n{line.text}")
            title = None
        elif is_abstract(line.text):
            paper = Paper(title.text, line.text, sources=(source,))
            number, before = first.setdefault(paper.id, (title.number, paper))
            yield paper if paper.abstract == before.abstract else _repeated(paper, title.number, number)
            title = None
        else:
            yield Reject(source, title.number, "what follows this title reads as a title, not an abstract", title.text)
            title = line
    if title is not None:
        yield Reject(source, title.number, "the file ends before this title's abstract", title.text)


def _repeated(paper: Paper, line: int, first: int) -> Reject:
    reason = f"the same title stands at line {first} of this file already, with another abstract"
    return Reject(paper.sources[0], line, reason, f"{paper.title}\n{paper.abstract}")


def is_abstract(line: str) -> bool:
    """Whether a line reads like an abstract: long, or prose that ends like a sentence."""
    length = len(line.split())
    if length >= ABSTRACT_WORDS:
        return True
    if not line.rstrip("\"'”’)]").endswith((".", "!", "。")):
        return False
    return length >= SENTENCE_WORDS or (length >= 6 and len(sentences(line)) > 1)
