"""Commands that make, change, list and delete collections of papers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ...core.text import counted
from .shared import Authors, Home, Since, Source, Until, Venues, filter_of, opened, screen, text_of

if TYPE_CHECKING:
    from ...core.filters import Collection

Name = Annotated[str, typer.Argument(metavar="NAME", help="The collection's name.", show_default=False)]
Titles = Annotated[list[str], typer.Argument(metavar="TITLE...", help="Titles or ids.", show_default=False)]

collections = typer.Typer(help="Name sets of papers, to ask about with --collection NAME.", no_args_is_help=True)


@collections.command("create")
def create_collection(  # noqa: PLR0913 - each is an option of the command
    context: typer.Context,
    name: Name,
    titles: Annotated[
        list[str] | None, typer.Argument(metavar="[TITLE...]", help="Titles or ids.", show_default=False)
    ] = None,
    *,
    since: Since = "",
    until: Until = "",
    author: Authors = None,
    venue: Venues = None,
    source: Source = "",
    home: Home = None,
) -> None:
    """Make a collection of the papers named, and of all that pass a filter.

    Papers that are added to the library later and pass the filter are in it, too.
    """
    where = filter_of(since, until, author, venue, source)
    with opened(context, home) as assistant:
        made = assistant.collections.create(text_of([name]), *map(_text, titles or ()), where=where)
    _report(made)


@collections.command("add")
def add_to_collection(context: typer.Context, name: Name, titles: Titles, home: Home = None) -> None:
    """Put papers into a collection."""
    with opened(context, home) as assistant:
        _report(assistant.collections.add(text_of([name]), *map(_text, titles)))


@collections.command("remove")
def remove_from_collection(context: typer.Context, name: Name, titles: Titles, home: Home = None) -> None:
    """Take papers out of a collection; they stay in the library."""
    with opened(context, home) as assistant:
        _report(assistant.collections.remove(text_of([name]), *map(_text, titles)))


@collections.command("delete")
def delete_collection(context: typer.Context, name: Name, home: Home = None) -> None:
    """Delete a collection; its papers stay in the library."""
    with opened(context, home) as assistant:
        assistant.collections.delete(text_of([name]))
    screen().line(f"Deleted the collection {text_of([name])}. Its papers are still in the library.")


@collections.command("list")
def list_collections(context: typer.Context, home: Home = None) -> None:
    """List all collections, one a line."""
    with opened(context, home) as assistant:
        every = assistant.collections.listed()
    for one in every:
        _report(one)
    if not every:
        screen(stderr=True).line("There are no collections yet. Make one with: assistant collections create NAME")


def _text(title: str) -> str:
    return text_of([title])


def _report(collection: Collection) -> None:
    living = f", all that fit: {collection.where.words}" if collection.where else ""
    screen().line(f"{collection.name}: {counted(collection.papers, 'paper')}{living}", rest="    ")
