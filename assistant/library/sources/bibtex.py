"""BibTeX and BibLaTeX in, raw papers out.

`bibtexparser` reads each entry, given alone with the `@string`s before it: so a brace that is missing in one cannot
swallow the next. Its second version is chosen over `pybtex`, whose parser stops at the first fault or goes on in the
middle of an entry.
"""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from .markup import without_html, without_latex
from .opening import Content
from .raw import RawPaper

if TYPE_CHECKING:
    from bibtexparser.model import Entry

MAX_LINES = 50_000
"""Most lines of an entry."""
_STARTS = re.compile(r"\s*@\s*([A-Za-z]+)\s*(?:[{(]|$)")
_OTHERS = frozenset({"comment", "preamble", "string"})
_UNSET = re.compile(r"[\w.:+/-]*")
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()


def raw_papers(content: Content, _: Mapping[str, str]) -> Iterator[RawPaper]:
    """The raw papers of a .bib file."""
    strings = ""
    for line, text in _pieces(content.lines()):
        start = _STARTS.match(text)
        if start and start[1].casefold() == "string":
            strings += text
        elif start and start[1].casefold() not in _OTHERS:
            yield from _raw_papers(line, text, strings)


def _pieces(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The text from each line that starts with "@" to the next, and the number of its first line."""
    gathered: list[str] = []
    start = 1
    for number, line in enumerate(lines, start=1):
        if _STARTS.match(line) or len(gathered) == MAX_LINES:
            yield start, "".join(gathered)
            gathered, start = [], number
        gathered.append(line)
    yield start, "".join(gathered)


def _raw_papers(line: int, text: str, strings: str) -> Iterator[RawPaper]:
    """The raw papers in such a piece, usually one."""
    blocks = _parsed(strings + text)
    if not blocks:
        reason = "is no whole BibTeX entry: a brace, a quotation mark or a comma is missing"
        yield RawPaper(line=line, text=text, problem=reason)
    for block in blocks:
        fields = {field.key.casefold(): field for field in block.fields}
        loose = next(
            (f.key for f in fields.values() if f.enclosing == "no-enclosing" and not _UNSET.fullmatch(f.value)), ""
        )
        values = {name: _value(field.value) for name, field in fields.items()}
        yield _raw_paper(line, text, values, f"has no comma after its field {loose!r}" if loose else "")


def _value(value: object) -> str:
    return value if isinstance(value, str) else str(value)


def _raw_paper(line: int, text: str, fields: Mapping[str, str], problem: str) -> RawPaper:
    def plain(*names: str) -> str:
        return without_html(without_latex(next((fields[name] for name in names if fields.get(name)), "")))

    archive = plain("archiveprefix", "eprinttype").casefold()
    number = plain("eprint") if archive in ("", "arxiv") else ""
    return RawPaper(
        line=line,
        text=text,
        problem=problem,
        title=": ".join(part for part in (plain("title"), plain("subtitle")) if part),
        abstract=plain("abstract", "annote" if "mendeley" in fields.get("annote", "") else "abstract"),
        authors=[*_names(fields.get("author", "") or fields.get("editor", ""))],
        year=plain("year", "date"),
        published=plain("date") or _month(plain("year"), plain("month")),
        venue=plain("journal", "journaltitle", "booktitle", "school", "howpublished"),
        url=fields.get("url", "").replace("\\", "").strip("{}"),
        doi=fields.get("doi", "").replace("\\", "").strip("{}"),
        arxiv=number,
        pubmed=plain("pmid"),
        keywords=re.split(r"[,;]", plain("keywords", "mendeley-tags")),
    )


def _month(year: str, month: str) -> str:
    """A year and a month as a date: "2024-03"; "" if either is not known. BibTeX writes months as mar, March or 3."""
    number = _MONTHS.index(month[:3].casefold()) + 1 if month[:3].casefold() in _MONTHS else 0
    number = number or (int(month) if re.fullmatch(r"0?[1-9]|1[0-2]", month) else 0)
    return f"{year}-{number:02}" if number and re.fullmatch(r"\d{4}", year) else ""


def _names(text: str) -> Iterator[str]:
    """The authors, as "Given von Family Jr"; a name in braces is one name, such as that of a group."""
    from bibtexparser.middlewares.names import (
        InvalidNameError,
        parse_single_name_into_parts,
        split_multiple_persons_names,
    )

    for name in split_multiple_persons_names(" ".join(text.split())):
        if name.startswith("{") and name.endswith("}") and name.count("{") == 1:
            yield without_latex(name)
            continue
        try:
            parts = parse_single_name_into_parts(name)
        except InvalidNameError:
            yield without_latex(name)
        else:
            yield without_latex(" ".join([*parts.first, *parts.von, *parts.last, *parts.jr]))


@functools.cache
def _library() -> None:
    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)  # what it cannot read is rejected, with the reason


def _parsed(text: str) -> list[Entry]:
    """The entries of a text; none if one of them is damaged."""
    from bibtexparser.entrypoint import parse_string

    _library()
    library = parse_string(text)
    return [] if library.failed_blocks else library.entries
