"""Slack's Socket Mode in, answers out: a connection that we open, so that no public address is needed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import aiohttp
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_sdk.errors import SlackApiError

from ...core.errors import SettingsError
from ...core.settings import Settings
from .app import Slack
from .desk import Desk


async def run(desk: Desk, settings: Settings, told: Callable[[str], None], address: str) -> None:
    """Answer until cancelled; `told` gets what is fit to be shown at start."""
    slack = Slack(desk, settings, address)
    names = await slack.check()
    handler = AsyncSocketModeHandler(slack.app, settings.slack_app_token)
    try:
        await handler.connect_async()
    except SlackApiError as error:
        await handler.close_async()
        reason = error.response.get("error", "no reason given")
        raise SettingsError(
            f"Slack does not take ASSISTANT_SLACK_APP_TOKEN ({reason}). Make a token that begins with xapp- and has "
            "the scope connections:write, on the page Basic Information of your Slack app."
        ) from error
    except (OSError, aiohttp.ClientError) as error:
        await handler.close_async()
        raise SettingsError(f"Slack cannot be reached ({error}). Is there a network?") from error
    told(f"Answering in {', '.join(names)}. Mention the app, write to it directly, or type /papers. Ctrl-C ends it.")
    going_on = asyncio.create_task(slack.go_on())
    try:
        await asyncio.Event().wait()
    finally:
        going_on.cancel()
        await handler.close_async()
