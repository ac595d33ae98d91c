"""Commands that open the other doors: the page and what is served beside it, Slack, and an agent's tools."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...core.errors import AssistantError, MissingExtra
from .shared import MAX_PER_MINUTE, Home, opened, screen, settings_of, with_sample

if TYPE_CHECKING:
    from ...chain import Assistant
    from ...core.database import DataHome
    from ...core.settings import Settings
    from ...people.oidc import Provider
    from ...service.answering import Answering

LOCAL = ("127.0.0.1", "::1", "localhost")
"""Names of this machine for itself."""

PerMinute = Annotated[
    int, typer.Option("--per-minute", metavar="N", min=1, max=MAX_PER_MINUTE, help="Questions a minute for each user.")
]
Hours = Annotated[
    float | None, typer.Option("--sync", metavar="HOURS", min=0.25, max=8760, help="Sync followed sources this often.")
]


def serve(  # noqa: PLR0913 - each is an option of the command
    context: typer.Context,
    *,
    host: Annotated[str, typer.Option("--host", metavar="NAME", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 picks a free port.")] = 7860,
    auth: Annotated[bool, typer.Option("--auth", help="Require a login: assistant users add NAME")] = False,
    per_minute: PerMinute = 30,
    sync: Hours = None,
    sample: Annotated[bool, typer.Option("--sample", help="If the library is empty, add the sample papers.")] = False,
    home: Home = None,
) -> None:
    """Serve the page, and beside it the interfaces for other programs."""
    settings = settings_of(context, home)
    # The page can add papers, so it may start without a library; but a folder named here should exist.
    create = sample or (home or context.obj) is None
    with opened(context, home, settings, create=create) as assistant, doors(assistant, settings, sync=sync) as others:
        answering, beside = others
        if sample:
            with_sample(assistant)
        from .. import web

        rules = web.Rules(
            login=auth,
            provider=_provider(settings) if auth else None,
            per_minute=per_minute,
            nearby=settings.keys_needed != "always",
            hosts=_hosts(host, settings.page_names),
            proxies=frozenset(settings.proxies.replace(",", " ").split()),
        )
        if auth and not rules.provider:
            _require_users(settings.data_home())
        web.serve(
            assistant,
            host=host,
            port=port,
            announce=lambda address: _announce(address, host, auth=auth),
            rules=rules,
            beside=beside,
            answering=answering,
        )


@contextmanager
def doors(
    assistant: Assistant, settings: Settings, *, sync: float | None = None
) -> Iterator[tuple[Answering, dict[str, Any]]]:
    """The one waiting line, and the doors served beside the page, by path, which share it and one doorkeeper.

    Meanwhile followed sources are synced every `sync` hours.
    """
    from ...service.answering import Answering
    from ...service.doorkeeper import Doorkeeper
    from ...service.syncer import Syncer
    from .. import api, mcp, slack

    assistant.wake()
    answering = Answering(assistant)
    doorkeeper = Doorkeeper(settings.data_home(), always=settings.keys_needed == "always")
    with closing(answering), closing(doorkeeper), closing(Syncer(assistant, hours=sync)) as syncer:
        beside = {
            "/slack": slack.router(assistant, settings, answering),
            "": api.router(assistant, answering, doorkeeper, settings, syncer),
        }
        if mcp.installed():
            beside[""].include_router(mcp.router(assistant, answering, doorkeeper))
        yield answering, beside


def _hosts(host: str, names: str) -> frozenset[str]:
    """The Host headers a page for this machine accepts; empty, which accepts any, when other machines can reach it."""
    return frozenset({*LOCAL, *names.casefold().replace(",", " ").split()}) if host in LOCAL else frozenset()


def _provider(settings: Settings) -> Provider | None:
    """Where users may log in without a password; raises `MissingExtra`."""
    if not settings.oidc_issuer:
        return None
    if importlib.util.find_spec("authlib") is None:
        raise MissingExtra("oidc")
    from ...people.oidc import Provider

    return Provider.of(settings)


def _require_users(home: DataHome) -> None:
    from ...people.accounts import Accounts

    with closing(Accounts(home)) as accounts:
        if not accounts.users():
            raise AssistantError("There are no users yet. Add one first: assistant users add NAME")


def _announce(address: str, host: str, *, auth: bool) -> None:
    out = screen()
    out.line(f"The page is at {address}")
    out.line("Press Ctrl-C to stop.")
    if host in LOCAL:
        return
    warning = (
        "Passwords are sent unencrypted. Put an HTTPS proxy in front unless you trust everyone on this network."
        if auth
        else "There is no login: anyone who can reach this address can ask and read the papers. --auth requires one."
    )
    screen(stderr=True).line(warning)


def serve_agent(
    context: typer.Context,
    adding: Annotated[
        bool, typer.Option("--allow-adding", help="Let the agent add papers, from files on this machine, too.")
    ] = False,
    home: Home = None,
) -> None:
    """Serve an agent over MCP on standard input and output."""
    with opened(context, home, stays=True) as assistant:
        from .. import mcp

        try:
            mcp.serve(assistant, adding=adding)
        except ExceptionGroup as group:  # of the tasks that read and write
            if (failed := group.subgroup(OSError)) is None:
                raise
            raise AssistantError(f"The connection to the agent was lost: {failed.exceptions[0]}.") from group


def slack(
    context: typer.Context,
    simulated: Annotated[
        bool, typer.Option("--simulate", help="Try it at this terminal, without a workspace.")
    ] = False,
    home: Home = None,
) -> None:
    """Answer in Slack. The README explains how to set it up."""
    from .. import slack as door

    settings = settings_of(context, home)
    with opened(context, home, settings, stays=True) as assistant:
        if simulated:
            door.simulate(assistant, settings, screen())
        else:
            door.serve(assistant, settings, screen(stderr=True).line)
