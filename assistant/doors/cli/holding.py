"""Commands about the papers in, what is held out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...core.readable import readable
from ...core.text import counted
from .shared import FAULTY, REJECTED, Home, ingested, opened, screen, text_of


def ingest(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Listing files.", show_default=False)],
    home: Home = None,
) -> None:
    """Take in listing files. The same files a second time change nothing."""
    out = screen()
    with opened(context, home, create=True) as assistant:
        done = ingested(assistant, paths)
        held = assistant.status().papers
    out.line(
        f"Added {done.added:,}, updated {done.updated:,}, unchanged {done.unchanged:,}, "
        f"rejected {len(done.rejects):,}. The library holds {counted(held, 'paper')}."
    )
    if done.rejects:
        out.line("\nRejected:")
        out.rejects(done.rejects)
        raise typer.Exit(REJECTED)


def papers(
    context: typer.Context,
    words: Annotated[list[str] | None, typer.Argument(metavar="[WORDS]", help="What to find; best first.")] = None,
    listing: Annotated[str, typer.Option(metavar="NAME", help="Of this listing only: its file or its date.")] = "",
    since: Annotated[str, typer.Option(metavar="DATE", help="Of this day or later: 2025-03-12, 2025-03, Mar 12.")] = "",
    until: Annotated[str, typer.Option(metavar="DATE", help="Of this day or earlier.")] = "",
    home: Home = None,
) -> None:
    """List the titles held, one a line."""
    with opened(context, home) as assistant:
        found = assistant.papers(text_of(words or []), listing=listing, since=since, until=until)
        held = assistant.status()
    out = screen()
    for paper in found:
        out.line(readable(paper.title), rest="    ")
    if not found:
        fits = "No paper here fits that." if listing or since or until else "No paper has these words."
        empty = f"There are no papers in {held.home} yet. Add listing files with: assistant ingest PATH..."
        screen(stderr=True).line(fits if held.papers else empty)


def remove(
    context: typer.Context,
    titles: Annotated[list[str], typer.Argument(metavar="TITLE...", help="Titles or ids.", show_default=False)],
    home: Home = None,
) -> None:
    """Forget papers; nothing is removed if one of them is not here."""
    with opened(context, home) as assistant:
        done = assistant.remove(*titles)
        held = assistant.status().papers
    screen().line(f"Removed {counted(done.removed, 'paper')}. The library holds {counted(held, 'paper')}.")


def status(context: typer.Context, home: Home = None) -> None:
    """Say what is held, whether it is searchable, and what a language model took."""
    with opened(context, home) as assistant:
        found, spending = assistant.status(), assistant.spending()
    screen().status(found, spending)


def doctor(
    context: typer.Context,
    repair: Annotated[bool, typer.Option("--repair", help="Make the index anew from the papers.")] = False,
    home: Home = None,
) -> None:
    """Look for damage to the papers and the index, and repair the index."""
    out = screen()
    with opened(context, home) as assistant:
        with screen(stderr=True).progress() as progress:
            faults = assistant.doctor(repair=repair, progress=progress)
        left = assistant.doctor() if repair and faults else faults
        held = assistant.status().papers
    for fault in faults:
        out.line(fault[0].upper() + fault[1:] + ".", first="- ", rest="  ")
    if left:
        out.line("This could not be repaired." if repair else "Repair it with: assistant doctor --repair")
        raise typer.Exit(FAULTY)
    out.line(f"{'Repaired' if faults else 'Nothing is wrong'}. The library holds {counted(held, 'paper')}.")
