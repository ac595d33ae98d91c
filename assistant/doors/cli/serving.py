"""A host and a port in, the page served out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...core.errors import AssistantError
from .shared import MOST, Home, opened, screen, settings_of, with_sample

if TYPE_CHECKING:
    from ...chain import Assistant
    from ...core.settings import Settings

LOCAL = ("127.0.0.1", "::1", "localhost")
"""Names by which this machine calls itself."""


def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option("--host", metavar="NAME", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes any that is free.")] = 7860,
    auth: Annotated[bool, typer.Option("--auth", help="Only for users who log in: assistant users add NAME")] = False,
    per_minute: Annotated[
        int,
        typer.Option("--per-minute", metavar="N", min=1, max=MOST, help="Questions a minute that one person may ask."),
    ] = 30,
    sample: Annotated[bool, typer.Option("--sample", help="Take in the sample first if there are no papers.")] = False,
    home: Home = None,
) -> None:
    """Serve the page: a conversation with its evidence beside it; and beside the page what programs talk to."""
    settings = settings_of(context, home)
    create = (
        sample or (home or context.obj) is None
    )  # the page takes papers in, but a folder that is named should exist
    with opened(context, home, settings, create=create) as assistant, doors(assistant, settings) as beside:
        if sample:
            with_sample(assistant)
        from .. import web

        rules = web.Rules(
            login=auth,
            per_minute=per_minute,
            nearby=settings.keys_needed != "always",
            hosts=_hosts(host, settings.page_names),
            proxies=frozenset(settings.proxies.replace(",", " ").split()),
        )
        if auth:
            _somebody(settings.home)
        web.serve(
            assistant,
            host=host,
            port=port,
            announce=lambda address: _announce(address, host, auth=auth),
            rules=rules,
            beside=beside,
        )


@contextmanager
def doors(assistant: Assistant, settings: Settings) -> Iterator[dict[str, Any]]:
    """What stands beside the page, by the path it stands under; one line of questions and one doorkeeper for all."""
    from ...service.answering import Answering
    from ...service.doorkeeper import Doorkeeper
    from .. import api, mcp, slack

    answering = Answering(assistant)
    doorkeeper = Doorkeeper(settings.home, always=settings.keys_needed == "always")
    with closing(answering), closing(doorkeeper):
        beside = {
            "/slack": slack.router(assistant, settings, answering),
            "": api.router(assistant, answering, doorkeeper, settings),
        }
        if mcp.installed():
            beside[""].include_router(mcp.router(assistant, answering, doorkeeper))
        yield beside


def _hosts(host: str, names: str) -> frozenset[str]:
    """The names a page for this machine alone answers to; one for others is called by whatever name they know."""
    return frozenset({*LOCAL, *names.casefold().replace(",", " ").split()}) if host in LOCAL else frozenset()


def _somebody(home: Path) -> None:
    """See that there is somebody who could log in."""
    from ...people.accounts import Accounts

    with closing(Accounts(home)) as accounts:
        if not accounts.users():
            raise AssistantError("There is nobody who could log in. Add a user first: assistant users add NAME")


def _announce(address: str, host: str, *, auth: bool) -> None:
    out = screen()
    out.line(f"The page is at {address}")
    out.line("Ctrl-C ends it.")
    if host in LOCAL:
        return
    if auth:
        told = (
            "Passwords travel as they are typed: put a proxy with https before it, unless all of this network may know."
        )
    else:
        told = "It has no log-in (--auth): whoever reaches this address can ask, and read the papers."
    screen(stderr=True).line(told)


def serve_agent(context: typer.Context, home: Home = None) -> None:
    """Answer an agent over the Model Context Protocol, by the standard input and output."""
    with opened(context, home) as assistant:
        from .. import mcp

        try:
            mcp.serve(assistant)
        except ExceptionGroup as group:  # of the two that read and write
            if (failed := group.subgroup(OSError)) is None:
                raise
            raise AssistantError(f"The agent cannot be reached any more: {failed.exceptions[0]}.") from group
