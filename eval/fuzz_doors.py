"""Absurd questions, bodies, Slack events, agents' calls and files in; tracebacks and slow replies out, counted.

    python -m eval.fuzz_doors [--times 10000] [--seed 1] [--folder OUT]

All doors of a server are open over the sample, in this process, so that an error that any thread logs is counted, too.
No reply may be an internal error, and none may take more than two seconds. The median is the yardstick of the slowest.
It needs a checkout: the Slack that events come from is that of the tests.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from fastapi import FastAPI

from assistant.chain import Assistant
from assistant.core.errors import AssistantError
from assistant.core.settings import Settings
from assistant.doors import api, mcp, slack
from assistant.library.sample import sample_files
from assistant.service.answering import Answering
from assistant.service.doorkeeper import Doorkeeper
from assistant.show.terminal import Screen
from tests.fake_slack import SECRET, FakeSlack, event, headers, settled

from . import stock
from .absurd import Absurd
from .questions import read
from .tables import Table, to_markdown, to_rich

MOST = 2.0
"""Seconds that a reply may take."""
FILES = stock.ROOT / "tests/library/exports"
AGENTS = {"accept": "application/json, text/event-stream", "content-type": "application/json"}


@dataclass(frozen=True, slots=True)
class Sent:
    """One request: through which door, the status of its reply (0: none), its seconds, and the traceback it left."""

    door: str
    what: str
    status: int
    seconds: float
    traceback: str = ""


class Watch(logging.Handler):
    """What threads and background tasks log with a traceback, unless it is an error meant for people."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and not isinstance(record.exc_info[1], AssistantError):
            self.seen.append(logging.Formatter().formatException(record.exc_info)[-1500:])


@dataclass(slots=True)
class Doors:
    """The application, and how an absurd request is sent through each of its doors."""

    client: httpx.AsyncClient
    absurd: Absurd
    chance: random.Random
    described: dict[str, Any]
    tools: list[dict[str, Any]] = field(default_factory=list)
    count: int = 0

    async def question(self) -> tuple[str, httpx.Response]:
        """`POST /api/ask`, with a question."""
        text = self.absurd.text()
        body = json.dumps({"question": text}).encode()
        return repr(text), await self.client.post(
            "/api/ask", content=body, headers={"content-type": "application/json"}
        )

    async def request(self) -> tuple[str, httpx.Response]:
        """Any route that is described, with parameters and a body that nearly fit."""
        path, methods = self.chance.choice(sorted(self.described["paths"].items()))
        method, operation = self.chance.choice(sorted(methods.items()))
        schemas = self.described["components"]["schemas"]
        query: dict[str, Any] = {}
        for parameter in operation.get("parameters", ()):
            value = self.absurd.value(parameter["schema"], schemas)
            if parameter["in"] == "path":
                path = path.replace(f"{{{parameter['name']}}}", _quoted(value) or "x")
            elif parameter["in"] == "query":
                query[parameter["name"]] = _plain(value)
        content = operation.get("requestBody", {}).get("content", {})
        sent: dict[str, Any] = {}
        if "application/json" in content:
            value = self.absurd.value(content["application/json"]["schema"], schemas)
            sent = {"content": self.absurd.body(value), "headers": {"content-type": "application/json"}}
        reply = await self.client.request(method.upper(), path.replace("{name:path}", "x"), params=query, **sent)
        return f"{method} {path} {query} {sent.get('content', b'')!r}"[:400], reply

    async def slack(self) -> tuple[str, httpx.Response]:
        """A signed event, command or button of Slack."""
        self.count += 1
        made = self.absurd.event(event(self.count, f"<@U0BOT> {self.absurd.text()}", user=f"U{self.count}"))
        body = self.absurd.body(made)
        signed = {**headers(body), "content-type": "application/json"}
        return repr(body[:300]), await self.client.post("/slack/events", content=body, headers=signed)

    async def agent(self) -> tuple[str, httpx.Response]:
        """A call of a tool over MCP."""
        if not self.tools:
            listed = await self._called("tools/list", {})
            self.tools = json.loads(listed.text.partition("data: ")[2] or listed.text)["result"]["tools"]
        tool = self.chance.choice(self.tools)
        schema = tool["inputSchema"]
        arguments = self.absurd.value(schema, schema.get("$defs", {}))
        reply = await self._called("tools/call", {"name": tool["name"], "arguments": arguments})
        return f"{tool['name']} {arguments!r}"[:400], reply

    async def _called(self, method: str, parameters: dict[str, Any]) -> httpx.Response:
        call = {"jsonrpc": "2.0", "id": self.count, "method": method, "params": parameters}
        content = self.absurd.body(call) if method == "tools/call" else json.dumps(call).encode()
        return await self.client.post("/mcp", content=content, headers=AGENTS)

    async def file(self) -> tuple[str, httpx.Response]:
        """A damaged file of papers, read as it would be added."""
        name, data = self.absurd.file(sorted(FILES.iterdir()))
        reply = await self.client.post("/api/papers", params={"dry_run": "true"}, files={"file": (name, data)})
        return f"{name}, {len(data)} bytes", reply

    def all(self) -> dict[str, Callable[[], Awaitable[tuple[str, httpx.Response]]]]:
        """The doors by name."""
        return {
            "questions": self.question,
            "HTTP requests": self.request,
            "Slack events": self.slack,
            "agents' calls": self.agent,
            "files": self.file,
        }


def _plain(value: Any) -> Any:
    return value if isinstance(value, list) and not any(isinstance(one, list | dict) for one in value) else _text(value)


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode(errors="replace").decode()


def _quoted(value: Any) -> str:
    from urllib.parse import quote

    return quote(_text(value)[:2000], safe="")


@asynccontextmanager
async def opened(assistant: Assistant, chance: random.Random, questions: Sequence[str]) -> AsyncIterator[Doors]:
    """All doors over an assistant."""
    home = assistant.status().home
    async with AsyncExitStack() as stack:
        fake = await stack.enter_async_context(FakeSlack())
        answering = stack.enter_context(closing(Answering(assistant)))
        doorkeeper = stack.enter_context(closing(Doorkeeper(home)))
        settings = Settings(home=home, slack_bot_token="xoxb-1", slack_signing_secret=SECRET)
        described = api.application(assistant, answering, doorkeeper, settings).openapi()
        app = FastAPI()
        app.include_router(slack.router(assistant, settings, answering, address=fake.api), prefix="/slack")
        app.include_router(mcp.router(assistant, answering, doorkeeper))
        app.include_router(api.router(assistant, answering, doorkeeper, settings))
        await stack.enter_async_context(app.router.lifespan_context(app))
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 5000))
        client = httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=600)
        yield Doors(await stack.enter_async_context(client), Absurd(chance, questions), chance, described)
        await settled()


async def sent(assistant: Assistant, questions: Sequence[str], times: int, seed: int) -> list[Sent]:
    """So many requests, one after the other, through the doors in turn."""
    watch, every = Watch(), list[Sent]()
    logging.getLogger().addHandler(watch)
    try:
        async with opened(assistant, random.Random(seed), questions) as doors:
            ways = list(doors.all().items())
            await doors.question()  # what is loaded once is loaded
            for number in range(times):
                name, send = ways[number % len(ways)]
                every.append(await _one(name, send, watch))
    finally:
        logging.getLogger().removeHandler(watch)
    return every


async def _one(name: str, send: Callable[[], Awaitable[tuple[str, httpx.Response]]], watch: Watch) -> Sent:
    began, traceback, what, status = time.perf_counter(), "", "", 0
    try:
        what, reply = await send()
        status = reply.status_code
    except Exception as error:  # what an application raises, its server would log
        traceback = f"{type(error).__name__}: {error}"
    seconds = time.perf_counter() - began
    traceback = "\n".join(filter(None, [traceback, *watch.seen]))
    watch.seen.clear()
    return Sent(name, what, status, seconds, traceback)


def table(every: Sequence[Sent]) -> Table:
    """The counts by door."""
    names = list(dict.fromkeys(one.door for one in every))
    lines = [_line(name, [one for one in every if one.door == name]) for name in names]
    columns = ("through", "sent", "answered", "refused", "internal errors", "over 2 s", "slowest / median")
    note = "Answered: a status below 400. Refused: from 400, with a reason. The median is that of the same door."
    return Table(f"{len(every):,} absurd requests", columns, (*lines, _line("all", every)), note)


def _line(name: str, some: Sequence[Sent]) -> tuple[str, ...]:
    seconds = [one.seconds for one in some]
    classes = Counter(is_fault(one) or ("answered" if one.status < 400 else "refused") for one in some)
    counts = (len(some), classes["answered"], classes["refused"], classes["internal error"])
    return (name, *map(str, counts), str(sum(one > MOST for one in seconds)), f"{max(seconds) / median(seconds):.0f}")


def is_fault(one: Sent) -> str:
    """Whether a request left an internal error: "internal error", or ""."""
    return "internal error" if one.traceback or one.status in (0, 500) else ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Send, print and write; 1 if there was an internal error or a slow reply."""
    parser = argparse.ArgumentParser(prog="python -m eval.fuzz_doors", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--times", type=int, default=10_000, help="requests in all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where fuzz.json, with all that is at fault, and fuzz.md go")
    given = parser.parse_args(arguments)
    screen, questions = Screen(), [one.question for one in read(stock.set_file("sample"))]
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder, Assistant.open(Path(folder) / "home") as assistant:
        assistant.ingest(*sample_files())
        every = asyncio.run(sent(assistant, questions, given.times, given.seed))
    bad = [one for one in every if is_fault(one) or one.seconds > MOST]
    screen.console.print(to_rich(table(every)))
    for one in bad[:20]:
        screen.line(f"{one.door}, {one.status}, {one.seconds:.2f} s: {one.what} {one.traceback}")
    if given.folder:
        given.folder.mkdir(parents=True, exist_ok=True)
        faults = json.dumps([asdict(one) for one in bad], indent=1)
        (given.folder / "fuzz.json").write_text(faults, encoding="utf-8")
        (given.folder / "fuzz.md").write_text(to_markdown(table(every)), encoding="utf-8")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
