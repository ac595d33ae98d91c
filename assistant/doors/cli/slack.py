"""The command for Slack in, answers in its threads, or at a terminal that looks like it, out."""

from __future__ import annotations

from typing import Annotated

import typer

from .shared import Home, opened, screen, settings_of


def slack(
    context: typer.Context,
    simulated: Annotated[bool, typer.Option("--simulate", help="Converse here as Slack would: no workspace.")] = False,
    home: Home = None,
) -> None:
    """Answer in Slack; the README says how to set it up."""
    from .. import slack as door

    settings = settings_of(context, home)
    with opened(context, home, settings) as assistant:
        if simulated:
            door.simulate(assistant, settings, screen())
        else:
            door.serve(assistant, settings, screen(stderr=True).line)
