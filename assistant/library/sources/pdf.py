"""A paper as PDF in, its title and abstract out: a guess by what its first page looks like.

The title is in the largest letters of the upper half of the page; the abstract starts at the word "Abstract" and ends
at the introduction, the keywords or the end of the page. Without either, there is a reject.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .listing import is_abstract
from .opening import Content, Unreadable
from .raw import RawPaper

if TYPE_CHECKING:
    from pypdf import PageObject

MAX_BYTES = 64 * 2**20
"""Bytes of the largest PDF read."""
_BEGINS = re.compile(r"(?:^|\n)[ \t]*(?:\d+\.?\s*)?a\s?b\s?s\s?t\s?r\s?a\s?c\s?t\b[ \t]*[:.—–-]*\s*", re.I)
_ENDS = re.compile(
    r"\n[ \t]*(?:(?:\d|i)\.?\s*)?(?:introduction|key\s?words|index terms|ccs concepts|categories and subject|"
    r"general terms|acm reference format|1\s+background)\b",
    re.I,
)
_SMALLEST_TITLE = 3
"""Fewest letters of a title."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Text on a page, the size of its letters and how high it stands."""

    text: str
    size: float
    height: float


def raw_papers(content: Content, _: Mapping[str, str]) -> Iterator[RawPaper]:
    """The one entry of a PDF."""
    data = content.stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise Unreadable(f"is a PDF of more than {MAX_BYTES:,} bytes")
    title, text = _first_page(data)
    abstract = _abstract(text)
    problem = (
        ""
        if title and abstract
        else f"is a PDF on whose first page no {'abstract' if title else 'title'} is recognised"
    )
    yield RawPaper(line=0, text=text, title=title, abstract=abstract, problem=problem)


def _first_page(data: bytes) -> tuple[str, str]:
    """The title and the text of the first page. Raises `Unreadable`."""
    import struct
    import zlib

    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("is a PDF that is locked by a password")
        page = reader.pages[0]
        pieces = _pieces(page)
        text = page.extract_text()
    except (
        *(PyPdfError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError, OSError),
        *(AssertionError, NotImplementedError, struct.error, zlib.error, MemoryError, ImportError),
    ) as error:  # whatever a damaged object makes of it
        raise Unreadable(f"is a PDF that cannot be read ({type(error).__name__}: {str(error)[:100]})") from error
    return _title(pieces), text


def _pieces(page: PageObject) -> list[Piece]:
    pieces: list[Piece] = []

    def visit(text: str, _: object, matrix: list[float], font: object, size: float) -> None:
        if text.strip():
            scale = abs(matrix[3]) or abs(matrix[1]) or 1.0
            pieces.append(Piece(" ".join(text.split()), round(size * scale, 1), matrix[5]))

    page.extract_text(visitor_text=visit)
    return pieces


def _title(pieces: list[Piece]) -> str:
    """The largest text in the upper half of the page."""
    if not pieces:
        return ""
    middle = (max(one.height for one in pieces) + min(one.height for one in pieces)) / 2
    upper = [one for one in pieces if one.height >= middle and sum(map(str.isalpha, one.text)) >= _SMALLEST_TITLE]
    if not upper:
        return ""
    largest = max(one.size for one in upper)
    lines = [one.text for one in upper if one.size >= largest - 0.2]
    title = " ".join(lines)
    return "" if is_abstract(title) or len(title.split()) > 40 else title


def _abstract(text: str) -> str:
    """The text from the word "Abstract" to the next part, with words that are broken between lines joined."""
    begin = _BEGINS.search(text)
    if not begin:
        return ""
    rest = text[begin.end() :]
    end = _ENDS.search(rest)
    abstract = re.sub(r"(?<=[a-z])-\n(?=[a-z])", "", rest[: end.start() if end else len(rest)])
    abstract = " ".join(abstract.split())
    return abstract if end and is_abstract(abstract) else ""
