"""A message in, Block Kit blocks out: Slack, what speaks its dialect, and a terminal that looks like it.

`reply` is the pure heart, an answer in and blocks out. `router` is the door over HTTP, `serve` the one over Socket
Mode, `simulate` the one at a terminal.
"""

from __future__ import annotations

import asyncio
import importlib.util
from typing import TYPE_CHECKING

from ...core.errors import MissingExtra, SettingsError
from .blocks import evidence, reply, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import APIRouter

    from ...chain import Assistant
    from ...core.settings import Settings
    from ...show.terminal import Screen

__all__ = ["evidence", "reply", "router", "serve", "shown", "simulate"]

SLACK = "https://slack.com/api/"


def router(assistant: Assistant, settings: Settings, *, address: str = SLACK) -> APIRouter:
    """Routes for an app to include under `/slack`: what the settings have a secret for, and nothing else.

    Raises `MissingExtra`, and when the app starts `SettingsError` for a token that Slack does not take.
    """
    _needed("web", "fastapi")
    if settings.slack_bot_token:
        _needed("slack", "slack_bolt", "aiohttp")
    from .http import routes

    return routes(assistant, settings, address)


def serve(assistant: Assistant, settings: Settings, told: Callable[[str], None], *, address: str = SLACK) -> None:
    """Answer in Slack over Socket Mode, which needs no public address, until Ctrl-C.

    Raises `MissingExtra`, and `SettingsError` where a token is missing or Slack does not take it.
    """
    for name, where in (("slack_bot_token", "OAuth & Permissions"), ("slack_app_token", "Basic Information")):
        if not getattr(settings, name):
            raise SettingsError(
                f"ASSISTANT_{name.upper()} is not set. Copy the token from your Slack app's page, under {where}; the "
                "README, under Slack, says how to make one. Without a workspace: assistant slack --simulate"
            )
    _needed("slack", "slack_bolt", "aiohttp")
    from .desk import Desk
    from .sockets import run

    with Desk(assistant, settings) as desk:
        asyncio.run(run(desk, settings, told, address))


def simulate(assistant: Assistant, settings: Settings, screen: Screen) -> None:
    """Converse at a terminal as Slack would; nothing of it is kept."""
    from .simulator import Simulator

    with Simulator(assistant, settings, screen) as simulator:
        simulator.run()


def _needed(extra: str, *packages: str) -> None:
    if not all(importlib.util.find_spec(package) for package in packages):
        raise MissingExtra(extra)
