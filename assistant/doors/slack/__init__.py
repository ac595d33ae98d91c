"""Answers in Slack, in what speaks its dialect, and in a terminal that imitates it.

In reading order: `blocks` (an answer as Block Kit), `claims` (each message taken on once, and none lost), `responder`
(a message in, its answer out), then the doors over it: `placeholder` and `app` (Slack), `http`, `simulator`.
"""

from __future__ import annotations

import asyncio
import importlib.util
from contextlib import closing
from typing import TYPE_CHECKING

from ...core.errors import MissingExtra, SettingsError
from .blocks import evidence, reply, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import APIRouter

    from ...chain import Assistant
    from ...core.settings import Settings
    from ...service.answering import Answering
    from ...show.terminal import Screen

__all__ = ["evidence", "reply", "router", "serve", "shown", "simulate"]

SLACK = "https://slack.com/api/"


def router(
    assistant: Assistant, settings: Settings, answering: Answering | None = None, *, address: str = SLACK
) -> APIRouter:
    """Routes for an app to include under `/slack`: those that the settings have a secret for.

    Questions wait in the line of `answering`, or in one of their own. Raises `MissingExtra`, and when the app starts
    `SettingsError` for a token that Slack rejects.
    """
    _require("web", "fastapi")
    if settings.slack_bot_token:
        _require("slack", "slack_bolt", "aiohttp")
    from .http import routes

    return routes(assistant, settings, answering, address)


def serve(assistant: Assistant, settings: Settings, announce: Callable[[str], None], *, address: str = SLACK) -> None:
    """Answer in Slack over Socket Mode, which needs no public address, until Ctrl-C.

    Raises `MissingExtra`, and `SettingsError` for a token that is missing or that Slack rejects.
    """
    for name, page in (("slack_bot_token", "OAuth & Permissions"), ("slack_app_token", "Basic Information")):
        if not getattr(settings, name):
            raise SettingsError(
                f"ASSISTANT_{name.upper()} is not set. Copy the token from your Slack app's page, under {page}; the "
                "README, under Slack, says how to create one. Without a workspace: assistant slack --simulate"
            )
    _require("slack", "slack_bolt", "aiohttp")
    from ...service.answering import Answering
    from .app import serve_socket
    from .responder import Responder

    with closing(Answering(assistant)) as answering, Responder(assistant, answering, settings) as responder:
        asyncio.run(serve_socket(responder, settings, announce, address))


def simulate(assistant: Assistant, settings: Settings, screen: Screen) -> None:
    """Converse in a terminal as in Slack; nothing is kept."""
    from .simulator import Simulator

    with Simulator(assistant, settings, screen) as simulator:
        simulator.run()


def _require(extra: str, *packages: str) -> None:
    if not all(importlib.util.find_spec(package) for package in packages):
        raise MissingExtra(extra)
