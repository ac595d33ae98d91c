"""Commands that write a whole library to a file, and read it back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from ...core.text import counted
from .shared import Home, home_of, opened, screen, settings_of

FILE = typer.Argument(metavar="FILE", show_default=False)
COUNTED = {"papers": "paper", "conversations": "conversation", "users": "user", "keys": "key"}


def export_(
    context: typer.Context,
    file: Annotated[Path, FILE],
    vectors: Annotated[
        bool, typer.Option("--with-vectors", help="Write the vectors, too: an import then embeds nothing again.")
    ] = False,
    home: Home = None,
) -> None:
    """Write papers, collections, people, conversations and all else that is stored to one file.

    The service may go on running. Only you can read the file, which has the hashes of passwords and keys. `assistant
    import` reads it.
    """
    from ...service.backup import export_to

    counts = export_to(file, home_of(context, home), vectors=vectors)
    screen().line(f"Wrote {_summary(counts)} to {str(file)!r}.")


def import_(context: typer.Context, file: Annotated[Path, FILE], home: Home = None) -> None:
    """Read a file of `assistant export` into an empty library, in SQLite or PostgreSQL.

    The file is checked before anything is changed. An import that was killed can be repeated.
    """
    from ...service.backup import import_from

    counts = import_from(file, settings_of(context, home).data_home(home or context.obj))
    out = screen()
    out.line(f"Imported {_summary(counts)}.")
    with opened(context, home) as assistant:
        with screen(stderr=True).progress() as progress:
            assistant.doctor(repair=True, progress=progress)
        state = assistant.status()
    if state.indexed_revision == state.revision:
        out.line("They can be searched now." if state.papers else "There are no papers to search.")


def _summary(counts: Mapping[str, int]) -> str:
    """What there is of each: "12 papers, 1 conversation and 2 users"."""
    parts = [counted(counts[table], name) for table, name in COUNTED.items() if counts.get(table)]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts) or "no papers and no people"
