"""A file in, papers and rejects out.

Reading never raises because of a file's content: whatever cannot become a paper becomes a `Reject` with the file, the
line and the reason, and the good records beside it are still read. A file of no known format gives one reject, which
says what it is.

In reading order:

    naming     paths in, the names of sources out
    opening    a path in, its content out: archives and compressed files unpacked
    detection  the first bytes of a content in, its format out
    formats    the formats by name: a content in, its raw papers out, by one file for each:
               listing, ris, endnote, pubmed, web_of_science, bibtex, feeds, records, tables, prose, pdf
    raw        a raw paper in, a paper or a reject out
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ...core.errors import QuestionError
from ...core.records import Paper, Reject
from .formats import FORMATS, LISTING, TEXT, format_of
from .listing import Listing, parse
from .naming import one_line, place_of, source_names
from .opening import Content, Unreadable, contents, damage, files_in
from .raw import paper_of
from .tables import COLUMNS

__all__ = [
    "FORMATS",
    "SLICE",
    "Listing",
    "Manner",
    "Unreadable",
    "files_in",
    "made_manner",
    "place_of",
    "read",
    "slices",
    "source_names",
]

SLICE = 5000
"""Records that are handed on, and added, as one: all of a usual file, and a few seconds' work of a large one."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How files are read: by their `format`, "" for that of their content; `columns` name those of a table.

    `titles_only` keeps papers without an abstract.
    """

    format: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    titles_only: bool = False


def made_manner(name: str, columns: Mapping[str, str], *, titles_only: bool = False) -> Manner:
    """The manner that a user asks for. Raises `QuestionError` for a format or a field that there is not."""
    if name and name not in FORMATS:
        raise QuestionError(f"There is no format {name!r}. There are: {', '.join(FORMATS)}.")
    if unknown := [field for field in columns if field not in COLUMNS]:
        raise QuestionError(f"A paper has no {unknown[0]!r}. Columns can be named for: {', '.join(COLUMNS)}.")
    return Manner(name, columns, titles_only)


def read(path: str | Path, *, source: str = "", manner: Manner = Manner()) -> Listing:
    """The papers and rejects of one file; `source` defaults to the file's name."""
    parts = list(slices(path, source=source, manner=manner))
    papers, rejects = [p for part in parts for p in part.papers], [r for part in parts for r in part.rejects]
    return Listing(parts[0].source, tuple(papers), tuple(rejects), next((p.label for p in parts if p.label), ""))


def slices(
    path: str | Path,
    *,
    source: str = "",
    manner: Manner = Manner(),
    at: Callable[[int], None] = lambda _: None,
) -> Iterator[Listing]:
    """The same in slices of up to `SLICE` records, at least one; `at` is called with the bytes read so far."""
    path = Path(path)
    source = source or one_line(path.name or str(path))
    papers: list[Paper] = []
    rejects: list[Reject] = []
    label = ""
    for record in _records(path, source, manner, at):
        if isinstance(record, str):
            label = record
        else:
            (papers if isinstance(record, Paper) else rejects).append(record)  # type: ignore[arg-type]
        if len(papers) + len(rejects) == SLICE:
            yield Listing(source, tuple(papers), tuple(rejects), label)
            papers, rejects = [], []
    yield Listing(source, tuple(papers), tuple(rejects), label)


def _records(path: Path, source: str, manner: Manner, at: Callable[[int], None]) -> Iterator[Paper | Reject | str]:
    """The papers and rejects of a file, and its label, if it has one."""
    try:
        _check(path)
        with damage():
            for content in contents(path, at):
                yield from _of_content(content, source, manner)
    except Unreadable as error:
        yield Reject(source, 0, str(error))


def _of_content(content: Content, source: str, manner: Manner) -> Iterator[Paper | Reject | str]:
    name = f"{source}: {content.place}" if content.place else source
    count = 0
    try:
        with damage():
            form = format_of(content, manner.format, table=bool(manner.columns))
            if form is LISTING or (form is TEXT and not manner.format and not _is_prose(content)):
                listing = parse(content.utf8(), source)
                yield listing.label
                yield from listing.papers
                yield from (replace(one, source=name) for one in listing.rejects)
                return
            for one in form.raw_papers(content, manner.columns):
                count += 1
                yield paper_of(one, source, place=content.place, titles_only=manner.titles_only)
        if not count:
            yield Reject(name, 0, f"is {form.label} without any record")
    except Unreadable as error:
        yield Reject(name, 0, f"{error}{'; what comes before that was read' if count else ''}")


def _is_prose(content: Content) -> bool:
    """Whether a text of no known format has its titles and abstracts set apart by blank lines."""
    try:
        return any(TEXT.raw_papers(content, {}))
    except Unreadable:
        return False
    finally:
        content.stream.seek(0)


def _check(path: Path) -> None:
    """Raises `Unreadable` for what is no file."""
    with damage():
        if not path.exists():
            raise Unreadable(f"there is no file {str(path)!r}")
        if path.is_dir():
            raise Unreadable(f"{str(path)!r} is a folder; name the files in it, for example {str(path / '*.txt')!r}")
        if not path.is_file():
            raise Unreadable(f"{str(path)!r} is not a regular file")
