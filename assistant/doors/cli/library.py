"""Commands that add, list, remove and check papers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ...core.readable import readable
from ...core.text import counted
from .shared import (
    DAMAGED,
    REJECTED,
    Authors,
    Home,
    Since,
    Source,
    Until,
    Venues,
    filter_of,
    ingested,
    opened,
    screen,
    text_of,
)

Form = Literal["text", "bibtex", "ris", "csl"]
"""How papers are listed."""


def ingest(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Listing files.", show_default=False)],
    home: Home = None,
) -> None:
    """Add papers from listing files. Adding the same files again changes nothing."""
    out = screen()
    with opened(context, home, create=True) as assistant:
        done = ingested(assistant, paths)
        total = assistant.status().papers
    out.line(
        f"Added {done.added:,}, updated {done.updated:,}, unchanged {done.unchanged:,}, "
        f"rejected {len(done.rejects):,}. The library holds {counted(total, 'paper')}."
    )
    if done.rejects:
        out.line("\nRejected:")
        out.rejects(done.rejects)
        raise typer.Exit(REJECTED)


def papers(  # noqa: PLR0913 - each is an option of the command
    context: typer.Context,
    words: Annotated[list[str] | None, typer.Argument(metavar="[WORDS]", help="Search words; best first.")] = None,
    *,
    since: Since = "",
    until: Until = "",
    author: Authors = None,
    venue: Venues = None,
    source: Source = "",
    form: Annotated[Form, typer.Option("--as", help="How to list them.")] = "text",
    home: Home = None,
) -> None:
    """List the papers in the library: a title a line, or entries for a reference manager."""
    where = filter_of(since, until, author, venue, source)
    with opened(context, home) as assistant:
        matches = assistant.papers(text_of(words or []), where=where)
        status = assistant.status()
    if form == "text":
        out = screen()
        for paper in matches:
            out.line(readable(paper.label), rest="    ")
    else:
        from ...show import references

        written = {"bibtex": references.as_bibtex, "ris": references.as_ris, "csl": references.as_csl}[form]
        typer.echo(written(matches), nl=False)
    if not matches:
        no_match = "No paper matches." if where else "No paper contains these words."
        empty = f"There are no papers in {status.home} yet. Add listing files with: assistant ingest PATH..."
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
