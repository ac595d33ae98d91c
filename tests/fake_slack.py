"""As much of Slack's Web API as the bot uses, on a loopback port."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import urlencode

import httpx
from aiohttp import web

from assistant.doors.slack.http import SIGNATURE, TIMESTAMP, signature

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
BOT, TEAM = "U0BOT", "T0ONE"
SCOPES = "app_mentions:read,chat:write,commands,im:history,channels:history"


class FakeSlack:
    """Records every call; `refuse` has responses to give first, by method."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.refuse: dict[str, list[tuple[int, dict[str, Any], dict[str, str]]]] = {}
        self.scopes = SCOPES
        self.installed: dict[str, Any] = {"team": "One", "team_id": TEAM}
        self.sockets: list[web.WebSocketResponse] = []
        self.acknowledged: list[str] = []
        self._changed = asyncio.Condition()

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/api/{method}", self._call)
        app.router.add_post("/respond", self._respond)
        app.router.add_get("/socket", self._socket)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.api = f"{self.url}/api/"
        return self

    async def __aexit__(self, *_: object) -> None:
        for socket in self.sockets:
            await socket.close()
        await self._runner.cleanup()

    async def _call(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        json_ = request.content_type == "application/json"
        given: dict[str, Any] = await request.json() if json_ else dict(await request.post())
        given |= {name: json.loads(given[name]) for name in ("blocks", "view") if isinstance(given.get(name), str)}
        if self.refuse.get(method):
            status, body, headers = self.refuse[method].pop(0)
            return web.json_response(body, status=status, headers=headers)
        await self._record(method, given)
        ts = f"900.{len(self.calls)}"
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        answers: dict[str, dict[str, Any]] = {
            "auth.test": {**self.installed, "user_id": BOT, "bot_id": "B0", "token": token},
            "apps.connections.open": {"url": f"{self.url.replace('http', 'ws')}/socket"},
        }
        body = {"ok": True, "ts": ts, "channel": given.get("channel", "")} | answers.get(method, {})
        return web.json_response(body, headers={"X-OAuth-Scopes": self.scopes})

    async def _respond(self, request: web.Request) -> web.Response:
        await self._record("respond", await request.json())
        return web.Response(text="ok")

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello"})
        self.sockets.append(socket)
        await self._notify()
        async for message in socket:
            if message.type == web.WSMsgType.TEXT and message.data.startswith("{"):
                self.acknowledged.append(json.loads(message.data)["envelope_id"])
                await self._notify()
        return socket

    async def _record(self, method: str, given: dict[str, Any]) -> None:
        self.calls.append((method, given))
        await self._notify()

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def made(self, method: str) -> list[dict[str, Any]]:
        return [given for name, given in self.calls if name == method]

    async def until(self, method: str, number: int = 1) -> dict[str, Any]:
        """The n-th call of a method, once it is made."""
        async with asyncio.timeout(60), self._changed:
            await self._changed.wait_for(lambda: len(self.made(method)) >= number)
        return self.made(method)[number - 1]

    async def connected(self) -> web.WebSocketResponse:
        async with asyncio.timeout(60), self._changed:
            await self._changed.wait_for(lambda: bool(self.sockets))
        return self.sockets[0]


async def settled() -> None:
    """Wait until everything that bolt or the bot began is done."""
    async with asyncio.timeout(60):
        while pending := [task for task in asyncio.all_tasks() if _of_bolt(task)]:
            await asyncio.wait(pending)


def _of_bolt(task: asyncio.Task[Any]) -> bool:
    code = getattr(task.get_coro(), "cr_code", None)
    return "slack_bolt" in getattr(code, "co_filename", "") or getattr(code, "co_name", "") == "resume"


def event(number: int, text: str = f"<@{BOT}> What does PearRank learn from?", **more: Any) -> dict[str, Any]:
    """The body of an event, by default a mention in a channel; more of it, and `kind`, by name."""
    kind = more.pop("kind", "app_mention")
    inner = {"type": kind, "user": "U1", "text": text, "ts": f"{number}.5", "channel": "C1", "event_ts": f"{number}.5"}
    return {
        "type": "event_callback",
        "team_id": TEAM,
        "api_app_id": "A1",
        "event_id": f"Ev{number}",
        "event_time": number,
        "authorizations": [{"team_id": TEAM, "user_id": BOT, "is_bot": True, "enterprise_id": None}],
        "event": {**inner, **more},
    }


def headers(body: bytes, *, at: float | None = None, secret: str = SECRET) -> dict[str, str]:
    timestamp = str(int(time.time() if at is None else at))
    return {TIMESTAMP: timestamp, SIGNATURE: signature(secret, timestamp, body)}


async def post(client: httpx.AsyncClient, path: str, body: Mapping[str, Any], *, form: bool = False) -> httpx.Response:
    """A signed request, of JSON or a form."""
    content = urlencode(body).encode() if form else json.dumps(body).encode()
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    return await client.post(path, content=content, headers={**headers(content), "content-type": kind})
