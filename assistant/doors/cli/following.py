"""Commands that follow sources, bring them up to date and say what was new."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...core.readable import readable
from .shared import NOT_SYNCED, Home, opened, screen

if TYPE_CHECKING:
    from ...chain import Assistant
    from ...index.syncing import Synced
    from ...library.following import Followed
    from ...service.news import News
    from ...show.terminal import Screen

KIND = "arxiv, openalex, zotero, folder or feed. Without it, what is followed is listed."
TARGET = "A query, users/123 or groups/456, a folder, or the address of a feed."
MOST = "How many papers the first sync takes at most: of arXiv the newest, of OpenAlex the best or newest."


def follow(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="KIND", help=KIND, show_default=False)] = "",
    target: Annotated[str, typer.Argument(metavar="TARGET", help=TARGET, show_default=False)] = "",
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What to call it; otherwise it is named.")] = "",
    most: Annotated[int, typer.Option("--most", metavar="N", help=MOST)] = 1000,
    home: Home = None,
) -> None:
    """Follow a source of papers, or list those that are followed. `assistant sync` adds their papers.

    arxiv "cat:cs.CL AND abs:retrieval", openalex "dense retrieval", zotero groups/456, folder ~/papers, feed
    https://example.org/new.xml
    """
    out = screen()
    if kind and not target:
        raise typer.BadParameter("Say what to follow.", param_hint="TARGET")
    with opened(context, home, create=bool(kind)) as assistant:
        if kind:
            followed = assistant.follow(kind, target, name=name, most=most)
            out.line(f"Following {followed.name}. Its papers are added by: assistant sync")
            return
        every = assistant.followed()
    for followed in every:
        out.line(f"{followed.name}: {followed.kind} {followed.target}", rest="  ")
        out.line(_last(followed), first="  ", rest="  ")
    if not every:
        out.line("Nothing is followed. See: assistant follow --help")


def unfollow(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of a source.", show_default=False)],
    home: Home = None,
) -> None:
    """Follow a source no longer. Its papers stay."""
    with opened(context, home) as assistant:
        assistant.unfollow(name)
    screen().line(f"{name} is no longer followed. Its papers stay.")


def sync(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Sources; all if none is named.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    home: Home = None,
) -> None:
    """Add what is new at the sources that are followed, and say what of it is on what you asked last week."""
    out = screen()
    with opened(context, home) as assistant:
        done = assistant.sync(*names or (), report=lambda one: None if as_json else _report(out, one))
        news = _news(assistant, done)
    if as_json:
        typer.echo(json.dumps(_values(done, news), ensure_ascii=False, indent=2))
    elif done:
        _tell(out, news)
    else:
        out.line("Nothing is followed. See: assistant follow --help")
    if any(one.fault for one in done):
        raise typer.Exit(NOT_SYNCED)


def _last(followed: Followed) -> str:
    """When a source was last synced, and what that brought."""
    if followed.synced is None:
        return "Not synced yet."
    when = followed.synced.astimezone().strftime("%Y-%m-%d %H:%M")
    return " ".join(filter(None, (f"Synced {when}: {_counts(followed)}.", followed.remark, followed.fault)))


def _counts(one: Followed | Synced) -> str:
    """What a sync brought, in words: "3 added, 1 updated"."""
    done = one.brought
    counts = {"added": done.added, "updated": done.updated, "rejected": done.rejected}
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "nothing new"


def _report(out: Screen, one: Synced) -> None:
    out.line(" ".join(filter(None, (f"{one.name}: {_counts(one)}.", one.remark, one.fault))), rest="  ")


def _news(assistant: Assistant, done: list[Synced]) -> News:
    """What is new, by the questions that programs on this machine asked: those of the page are its visitors' own."""
    from ...people.conversations import FILE, Conversations
    from ...service.doorkeeper import HERE
    from ...service.news import News, news_of

    new = [paper_id for one in done for paper_id in one.new]
    if not new or not assistant.data_home.has(FILE):
        return News(tuple(new))
    with closing(Conversations(assistant.data_home)) as conversations:
        return news_of(assistant, conversations, HERE, new)


def _tell(out: Screen, news: News) -> None:
    out.line(f"{news.summary}{':' if news.asked else '.'}")
    for asked in news.asked:
        out.line(asked.question, first="- ", rest="  ")
        for title in asked.titles:
            out.line(readable(title), first="  ", rest="    ")


def _values(done: list[Synced], news: News) -> dict[str, Any]:
    sources = [
        {
            "name": one.name,
            "added": one.brought.added,
            "updated": one.brought.updated,
            "unchanged": one.brought.unchanged,
            "rejected": one.brought.rejected,
            "remark": one.remark,
            "fault": one.fault,
        }
        for one in done
    ]
    asked = [{"question": one.question, "titles": one.titles} for one in news.asked]
    return {"sources": sources, "new": list(news.new), "asked": asked}
