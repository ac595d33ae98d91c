"""Commands that add, list, remove and check papers."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from ...core.readable import readable
from ...core.text import counted
from .shared import (
    DAMAGED,
    REJECTED,
    Authors,
    Home,
    InCollection,
    ListForm,
    Since,
    Source,
    Until,
    Venues,
    Without,
    filter_of,
    opened,
    screen,
    text_of,
)

SHOWN = 100
"""Rejects shown after an ingest; the rest are counted."""
PATHS = "Files, archives or folders; - reads standard input."
FORMAT = "Read the files as this format, whatever their content looks like."
COLUMNS = "The column of a table that has a field: title=Name. May be repeated."


def ingest(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help=PATHS, show_default=False)],
    format_: Annotated[str, typer.Option("--format", metavar="NAME", help=FORMAT)] = "",
    columns: Annotated[list[str] | None, typer.Option(metavar="FIELD=COLUMN", help=COLUMNS)] = None,
    titles_only: Annotated[bool, typer.Option("--titles-only", help="Keep papers without an abstract, too.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing; count what would be.")] = False,
    home: Home = None,
) -> None:
    """Add papers from files: RIS, BibTeX, CSV, PubMed, JSON, PDF and others. Adding them again changes nothing."""
    out = screen()
    with opened(context, home, create=True) as assistant, _files(paths) as files:
        with screen(stderr=True).progress() as progress:
            done = assistant.ingest(
                *files,
                format=format_,
                columns=_columns(columns or []),
                titles_only=titles_only,
                dry_run=dry_run,
                progress=progress,
            )
        total = assistant.status().papers
    would = "Nothing was changed. This would be: " if dry_run else ""
    out.line(
        f"{would}{'added' if would else 'Added'} {done.added:,}, updated {done.updated:,}, unchanged "
        f"{done.unchanged:,}, rejected {done.rejected:,}. The library holds {counted(total, 'paper')}."
    )
    if done.rejects:
        out.line("\nRejected:")
        out.rejects(done.rejects[:SHOWN])
        if done.rejected > SHOWN:
            out.line(f"And {done.rejected - SHOWN:,} more. See all of them with: assistant rejects", first="  ")
        raise typer.Exit(REJECTED)


@contextmanager
def _files(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """The paths, with a copy of standard input in place of "-"."""
    with TemporaryDirectory(prefix="papers-") as folder:
        copy = Path(folder) / "standard input"
        if Path("-") in paths:
            with copy.open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file)
        yield [copy if path == Path("-") else path for path in paths]


def _columns(pairs: Sequence[str]) -> dict[str, str]:
    """The column of each field that is named. Raises `typer.BadParameter`."""
    if wrong := [pair for pair in pairs if not all(pair.partition("="))]:
        raise typer.BadParameter(f"{wrong[0]!r} is no FIELD=COLUMN, such as title=Name", param_hint="--columns")
    return {field.strip(): column.strip() for field, _, column in (pair.partition("=") for pair in pairs)}


def rejects(
    context: typer.Context,
    export: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write them to this file, to be mended and ingested.")
    ] = None,
    home: Home = None,
) -> None:
    """List the records that could not be added, until a file that has them whole is ingested.

    The exported file has a JSON object on each line. Write a title and an abstract into those that lack them, then
    ingest the file.
    """
    from ...library.mending import to_be_mended

    with opened(context, home) as assistant:
        every = assistant.rejects()
    out = screen()
    if export is not None:
        export.write_text(to_be_mended(every), encoding="utf-8")
        out.line(f"Wrote {counted(len(every), 'reject')} to {str(export)!r}.")
    elif every:
        out.rejects(every)
    else:
        out.line("No record is rejected.")


def papers(  # noqa: PLR0913 - each is an option of the command
    context: typer.Context,
    words: Annotated[list[str] | None, typer.Argument(metavar="[WORDS]", help="Search words; best first.")] = None,
    *,
    since: Since = "",
    until: Until = "",
    author: Authors = None,
    venue: Venues = None,
    source: Source = "",
    collection: InCollection = "",
    without: Without = None,
    form: Annotated[
        ListForm,
        typer.Option("--format", "--as", help="As titles, references of a style, or entries for a reference manager."),
    ] = "text",
    home: Home = None,
) -> None:
    """List the papers in the library: a title a line, as references, or for a reference manager."""
    where = filter_of(since, until, author, venue, source, collection, without)
    with opened(context, home) as assistant:
        matches = assistant.papers(text_of(words or []), where=where)
        status = assistant.status()
    if form == "text":
        out = screen()
        for paper in matches:
            out.line(readable(paper.label), rest="    ")
    else:
        from ...show.styles import references

        typer.echo(references(matches, form), nl=False)
    if not matches:
        no_match = "No paper matches." if where else "No paper contains these words."
        empty = f"There are no papers in {status.home} yet. Add papers with: assistant ingest PATH..."
        screen(stderr=True).line(no_match if status.papers else empty)


def remove(
    context: typer.Context,
    titles: Annotated[list[str], typer.Argument(metavar="TITLE...", help="Titles or ids.", show_default=False)],
    home: Home = None,
) -> None:
    """Remove papers. If one of them is not in the library, none is removed."""
    with opened(context, home) as assistant:
        done = assistant.remove(*titles)
        total = assistant.status().papers
    screen().line(f"Removed {counted(done.removed, 'paper')}. The library holds {counted(total, 'paper')}.")


def status(context: typer.Context, home: Home = None) -> None:
    """Show the library's contents, its index and the model's usage."""
    with opened(context, home) as assistant:
        state, spending = assistant.status(), assistant.spending()
    screen().status(state, spending)


def doctor(
    context: typer.Context,
    repair: Annotated[bool, typer.Option("--repair", help="Rebuild the index from the papers.")] = False,
    home: Home = None,
) -> None:
    """Look for damage to papers and index, and repair the index."""
    out = screen()
    with opened(context, home) as assistant:
        with screen(stderr=True).progress() as progress:
            faults = assistant.doctor(repair=repair, progress=progress)
        left = assistant.doctor() if repair and faults else faults
        total = assistant.status().papers
    for fault in faults:
        out.line(fault[0].upper() + fault[1:] + ".", first="- ", rest="  ")
    if left:
        out.line("This could not be repaired." if repair else "Repair it with: assistant doctor --repair")
        raise typer.Exit(DAMAGED)
    out.line(f"{'Repaired' if faults else 'Nothing is wrong'}. The library holds {counted(total, 'paper')}.")
