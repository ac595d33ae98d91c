"""What a file says of a paper in, the paper out, or the reason why there is none."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...core.bibliography import Identifiers, authors_of
from ...core.records import Paper, Reject

MAX_TITLE, MAX_ABSTRACT = 10_000, 1_000_000
"""Longest title and abstract accepted, in characters: 50 and 500 times the longest known. A few megabytes on one line
would take minutes to index."""
LEAST_ABSTRACT = 30
"""Characters of the shortest abstract: what is shorter only says that there is none."""
MAX_AUTHORS = 10_000
"""Most authors accepted; the longest known list has 5,154 (https://doi.org/10.1103/PhysRevLett.114.191803)."""
KEPT = 100_000
"""Characters kept of a record that is rejected."""
NO_ABSTRACT = "has no abstract"
"""The reason why a record is rejected that can still be kept by its title alone."""

_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)")
_DAY = re.compile(r"(?:1[5-9]|20)\d\d-\d\d(?:-\d\d)?")
_ABSENT = re.compile(r"\W*(?:no|without) (?:abstract|summary)\b.{0,25}|n/?a", re.I)
"""What databases write in place of an abstract; Scopus: "[No abstract available]"."""
_LABEL = re.compile(r"(?:abstract|summary)\s*[:.—–-]\s*", re.I)
"""The word "Abstract" before an abstract."""
_CONTROLS = re.compile(r"[\x01-\x08\x0e-\x1b\x7f\ufeff]")
"""Signs that show nothing, left by the programs that abstracts went through."""
_INITIALS = re.compile(r"([^,]*[a-zà-ÿ][^,]*) ((?:[A-ZÀ-Þ]\.[- ]?){1,5}|[A-ZÀ-Þ]{1,3})")
_BYTES = re.compile(r"[\ud800-\udfff]")
"""Bytes that the encoding of the file does not have, as they are decoded by `opening`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPaper:
    """What a file says of a paper: plain text, but not yet in the forms of records. `line` is where it starts.

    `year` and `published` may be any text with a year or a date in it, identifiers may be links. `text` is the whole
    raw as the file has it, or makes it. `problem` says why it is no paper, if its format shows that.
    """

    line: int
    text: str | Callable[[], str] = ""
    title: str = ""
    abstract: str = ""
    authors: Sequence[str] = ()
    year: str = ""
    published: str = ""
    venue: str = ""
    url: str = ""
    doi: str = ""
    arxiv: str = ""
    pubmed: str = ""
    semantic_scholar: str = ""
    keywords: Sequence[str] = ()
    problem: str = ""


def paper_of(raw: RawPaper, source: str, *, place: str = "", titles_only: bool = False) -> Paper | Reject:
    """The paper of a raw one, or its reject. `place` says where in the source it is, such as a file in an archive.

    `titles_only` keeps a paper that has no abstract.
    """
    title, abstract = _line(raw.title), _abstract(raw.abstract)
    reason = raw.problem or _problem(raw, title, abstract)
    if reason and not (titles_only and reason == NO_ABSTRACT):
        text = raw.text if isinstance(raw.text, str) else raw.text()
        text = _BYTES.sub("\ufffd", text.strip())[:KEPT]
        return Reject(f"{source}: {place}" if place else source, raw.line, reason, text, title)
    identifiers = Identifiers.of(
        doi=raw.doi, arxiv=raw.arxiv, pubmed=raw.pubmed, semantic_scholar=raw.semantic_scholar, url=raw.url
    )
    return Paper(
        title,
        abstract,
        raw.url if re.match(r"https?://\S+$", raw.url) else "",
        day[0] if (day := _DAY.match(raw.published.strip())) else "",
        (source,),
        authors=authors_of(raw.authors),
        year=int(year[0]) if (year := _YEAR.search(f"{raw.year} {raw.published}")) else None,
        venue=_line(raw.venue),
        identifiers=identifiers,
        keywords=tuple(dict.fromkeys(keyword for keyword in map(_line, raw.keywords) if keyword)),
    )


def _problem(raw: RawPaper, title: str, abstract: str) -> str:
    """Why an raw is no paper; "" if it is one."""
    texts = (title, abstract, raw.venue, *raw.authors, *raw.keywords)
    if any(map(_BYTES.search, texts)):
        return "has bytes that are no text in the encoding of the file; save the file as UTF-8"
    if any("\0" in text for text in texts):
        return "has a zero byte, so the file is damaged here"
    if not any(map(str.isalnum, title)):
        return "has no title"
    if len(title) > MAX_TITLE:
        return f"has a title of {len(title):,} characters, more than {MAX_TITLE:,}"
    if len(abstract) < LEAST_ABSTRACT:
        return NO_ABSTRACT
    if len(abstract) > MAX_ABSTRACT:
        return f"has an abstract of {len(abstract):,} characters, more than {MAX_ABSTRACT:,}"
    return f"has more than {MAX_AUTHORS:,} authors" if len(raw.authors) > MAX_AUTHORS else ""


def with_comma(name: str) -> str:
    """A family name before its initials, "Moss I." or "Moss IV", with a comma between them; others as they are."""
    match = _INITIALS.fullmatch(name.strip())
    return f"{match[1]}, {match[2]}" if match else name


def _line(text: str) -> str:
    """A text on one line, with single spaces."""
    return " ".join(_CONTROLS.sub("", text).split())


def _abstract(text: str) -> str:
    text = _line(text)
    return "" if _ABSENT.fullmatch(text) else _LABEL.sub("", text, count=1) if _LABEL.match(text) else text
