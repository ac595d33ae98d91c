"""A host and a port in, the page served out."""

from __future__ import annotations

from typing import Annotated

import typer

from .shared import Home, opened, screen, with_sample


def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option("--host", metavar="NAME", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes any that is free.")] = 7860,
    sample: Annotated[bool, typer.Option("--sample", help="Take in the sample first if there are no papers.")] = False,
    home: Home = None,
) -> None:
    """Serve the page: a conversation with its evidence beside it."""
    with opened(context, home) as assistant:
        if sample:
            with_sample(assistant)
        from .. import slack, web
        from ..settings import Settings

        beside = {"/slack": slack.router(assistant, Settings.from_environment(home=home or context.obj))}
        web.serve(assistant, host=host, port=port, announce=lambda address: _announce(address, host), beside=beside)


def _announce(address: str, host: str) -> None:
    out = screen()
    out.line(f"The page is at {address}")
    out.line("Ctrl-C ends it.")
    if host not in ("127.0.0.1", "::1", "localhost"):
        screen(stderr=True).line("It has no log-in: whoever reaches this address can ask, and read the papers.")
