"""CSV and TSV in, raw papers out, by the names of columns in Zotero, Scopus, Web of Science, Embase and others.

A table says nothing about where its records end but quotation marks and numbers of cells. So a row with another number
of cells than the header is rejected, and after a quotation mark too many or too few nothing more is read: what follows
may be the inside of a cell.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from .opening import Content, Unreadable, decoded
from .raw import RawPaper, with_comma

COLUMNS: dict[str, tuple[str, ...]] = {
    "title": ("title", "article title", "document title", "primary title", "ti", "t1", "paper title", "name of paper"),
    "abstract": ("abstract", "abstract note", "ab", "summary", "abstracts", "n2"),
    "authors": (
        *(
            "author full names",
            "authors",
            "author",
            "author names",
            "author(s)",
            "af",
            "au",
            "first authors",
            "creators",
        ),
    ),
    "year": ("publication year", "year", "py", "pub year", "year published", "pub. year", "y1"),
    "published": ("date", "publication date", "date published", "published", "published date"),
    "venue": (
        *("publication title", "source title", "journal", "venue", "journal/book", "so", "source", "conference title"),
        *("journal name", "conference name", "secondary title", "booktitle", "publication"),
    ),
    "url": ("url", "link", "full text link", "urls", "article url"),
    "doi": ("doi", "doi link", "di", "digital object identifier"),
    "arxiv": ("arxiv", "arxiv id", "arxiv_id"),
    "pubmed": ("pubmed id", "pmid", "pm", "medline pmid", "pubmed"),
    "semantic_scholar": ("semantic_scholar", "paperid", "corpus id"),
    "keywords": ("author keywords", "keywords", "manual tags", "de", "tags", "keyword", "index keywords"),
}
"""The fields of an entry and the names of columns that have them, in small letters; the first that is there counts."""
LONGEST_CELL = 2**20 + 2**16
"""Characters of the longest cell: more than the longest abstract accepted."""
_LISTED = re.compile(r"""'([^']+)'|"([^"]+)\"""")
_WITH_ID = re.compile(r"\s*\(\d{6,}\)")
"""The number of an author in Scopus's "Author full names"."""


def raw_papers(content: Content, columns: Mapping[str, str]) -> Iterator[RawPaper]:
    """The raw papers of a table; `columns` gives for a field the name of the column that has it."""
    csv.field_size_limit(LONGEST_CELL)
    rows = (row for row in _rows(content) if any(map(str.strip, row[1])))
    _, header, names = next(rows, (1, [], ""))
    places = _places(header, columns)
    for line, row, text in rows:
        if len(row) != len(header):
            reason = f"has {len(row)} cells, the header {len(header)}"
            yield RawPaper(line=line, text=names + text, problem=reason)
            continue
        fields: dict[str, Any] = {name: row[place].strip() for name, place in places.items()}
        yield RawPaper(
            line=line,
            text=text,
            **{
                **fields,
                "authors": _people(fields.get("authors", "")),
                "keywords": _several(fields.get("keywords", "")),
            },
        )


def _rows(content: Content) -> Iterator[tuple[int, list[str], str]]:
    """Each row: the number of its first line, its cells, and its text. Raises `Unreadable` where quotes are damaged."""
    delimiter = _delimiter(content.head)
    text: list[str] = []

    def remembered(lines: Iterable[str]) -> Iterator[str]:
        for line in lines:
            text.append(line)
            yield line

    quoting: Literal[0, 3] = csv.QUOTE_NONE if delimiter == "\t" and _unquoted(content.head) else csv.QUOTE_MINIMAL
    reader = csv.reader(
        remembered(content.lines()), delimiter=delimiter, strict=True, quoting=quoting, skipinitialspace=True
    )
    while True:
        start = reader.line_num + 1
        text.clear()
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Unreadable(
                f"has damaged quotation marks or a cell without end in or after line {start:,} ({error})"
            ) from error
        whole = "".join(text)
        if quoting != csv.QUOTE_NONE and (
            whole.count('"') % 2 or (not whole.endswith("\n") and '"' in whole and not _closed(whole))
        ):
            raise Unreadable(f"has a quotation mark too many or too few in line {start:,}")
        yield start, row, whole


def _closed(text: str) -> bool:
    return text.count('"') % 2 == 0


def _delimiter(head: bytes) -> str:
    """The sign between the cells: a tab if the header has one, or what stands more often in it."""
    text = decoded(head).replace("\0", "")
    first = next((line for line in text.splitlines() if line.strip("\ufeff \t")), "")
    return "\t" if "\t" in first.strip() else max(";,", key=first.count)


def _unquoted(head: bytes) -> bool:
    """Whether no cell starts with a quotation mark and ends with one: marks are then those of the texts."""
    return not re.search(rb'(?:^|\t) *"[^"\t]*"(?:\t|\r?$)', head, re.M)


def _places(header: Sequence[str], columns: Mapping[str, str]) -> dict[str, int]:
    """The place of the column of each field. Raises `Unreadable` without one of titles, or for an unknown column."""
    names = [" ".join(name.strip().strip("\ufeff").split()).casefold() for name in header]
    places = {
        field: next(names.index(name) for name in known if name in names)
        for field, known in COLUMNS.items()
        if any(name in names for name in known)
    }
    for field, column in columns.items():
        if column.casefold() not in names:
            raise Unreadable(f"has no column {column!r}; it has {', '.join(map(repr, header))}")
        places[field] = names.index(column.casefold())
    if "title" not in places:
        given = ", ".join(repr(name) for name in header[:20])
        raise Unreadable(f"is a table without a column of titles; it has {given}. Name it with --columns title=NAME")
    return places


def _people(text: str) -> list[str]:
    """The authors in a cell: separated by semicolons or, in Scopus's short form, "Moss I., Çelik Ö.", by commas.

    A single name with one comma, "Moss, Ivy", is one author.
    """
    text = _WITH_ID.sub("", text)
    if text.startswith("[") and text.endswith("]"):  # a list of Python's, as pandas writes it
        return [one or two for one, two in _LISTED.findall(text)]
    if ";" in text or "|" in text:
        return [with_comma(name) for name in re.split(r"[;|]", text)]
    parts = [part.strip() for part in text.split(",")]
    if len(parts) == 3 and re.fullmatch(r"(?:jr|sr)\.?|i{2,3}|iv", parts[1], re.I):
        return [text]
    if len(parts) > 2 or (len(parts) == 2 and all(" " in part for part in parts)):
        return [with_comma(part) for part in parts]
    return [text]


def _several(text: str) -> list[str]:
    return re.split(r"[;|]" if ";" in text or "|" in text else ",", text)
