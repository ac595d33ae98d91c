"""The page as it is served, and visitors without a browser."""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import APIRouter

from assistant.answer.writing import ExtractiveWriter
from assistant.chain import Assistant
from assistant.core.records import Hit, Rejection, Sentence
from assistant.doors import web
from assistant.index.holdings import Holdings
from assistant.library.papers import Library
from assistant.question.understanding import Asked

from .conftest import ROOT
from .doubles import HashEmbedder
from .papers import PAIRS, Pair, write_listing

OFTEN = web.Rules(per_minute=10_000)
"""Tests ask faster than people do."""


class HeldWriter:
    """A normal writer, but a question with "slowly" waits, `holding`, until `released`, and "crash" fails."""

    name = ExtractiveWriter.name

    def __init__(self) -> None:
        self.holding, self.released = threading.Event(), threading.Event()
        self._writer = ExtractiveWriter()

    def write(self, asked: Asked, hits: Sequence[Hit], amiss: Sequence[Rejection] = ()) -> Iterator[Sentence]:
        if "slowly" in asked.text:
            self.holding.set()
            self.released.wait(20)
        if "crash" in asked.text:
            raise RuntimeError("a secret of the machine")
        yield from self._writer.write(asked, hits, amiss)


@contextmanager
def serving(home: Path, pairs: Sequence[Pair], rules: web.Rules = OFTEN) -> Iterator[Served]:
    """The page over these papers, with an exact embedder and a writer that can be made to wait.

    A home that holds them already is served again as it is.
    """
    writer = HeldWriter()
    with Assistant(Holdings(Library(home), HashEmbedder()), writer=writer) as assistant:
        done = assistant.ingest(write_listing(home / "listing.txt", pairs))
        assert done.added + done.unchanged == len(pairs), done.rejects
        with Served(assistant, writer, rules) as page:
            yield page


def serve(home: Path, port: int) -> None:
    """Serve the page over the small corpus, until the process is killed."""
    with Assistant(Holdings(Library(home), HashEmbedder()), writer=HeldWriter()) as assistant:
        assistant.ingest(write_listing(home / "listing.txt", PAIRS))
        web.serve(assistant, port=port, rules=OFTEN)


@contextmanager
def apart(home: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """A process that serves the page, once it is up; killed at the end."""
    code = "import sys, pathlib; from tests.pages import serve; serve(pathlib.Path(sys.argv[1]), int(sys.argv[2]))"
    command = [sys.executable, "-u", "-c", code, str(home), str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert "http://" in process.stdout.readline()
            yield process
        finally:
            process.kill()


class Served:
    """The page at `url`, served inside a `with` by a thread of this process."""

    def __init__(self, assistant: Assistant, writer: HeldWriter | None = None, rules: web.Rules = OFTEN) -> None:
        self.assistant, self.writer, self._rules = assistant, writer or HeldWriter(), rules
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._made = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    async def _run(self) -> None:
        """Serve; the page is made here, because without a running loop Gradio makes some and leaves them open."""
        try:
            page = web.app(self.assistant, rules=self._rules, beside={"": _door()})
            config = uvicorn.Config(page, log_level="error", timeout_graceful_shutdown=1, ws="none")
            self._server = uvicorn.Server(config)
        finally:
            self._made.set()
        await self._server.serve(sockets=[self._listening])

    def __enter__(self) -> Served:
        self._thread.start()
        self._made.wait()
        assert hasattr(self, "_server"), "the page could not be made"
        return self

    def __exit__(self, *_: object) -> None:
        self.writer.released.set()
        self._server.should_exit = True
        self._thread.join()


def _door() -> APIRouter:
    """Another door beside the page."""
    router = APIRouter()

    @router.get("/door/knock")
    def knock() -> dict[str, str]:
        return {"who": "is there"}

    return router


class Visitor:
    """A browser without a screen: it has its cookie and sends the same requests as the page."""

    def __init__(self, client: httpx.AsyncClient, config: dict[str, Any]) -> None:
        self._client, self._config = client, config
        self._session = secrets.token_hex(8)

    @classmethod
    async def arrive(cls, url: str, filled: Mapping[str, str] | None = None) -> Visitor:
        """A visitor who opens the page, after logging in with the form `filled` if there is one."""
        client = httpx.AsyncClient(base_url=url, timeout=60)
        if filled:
            assert (await client.post("/login", data=filled)).status_code == 303
        (await client.get("/")).raise_for_status()
        return cls(client, (await client.get("/config")).json())

    async def leave(self) -> None:
        await self._client.aclose()

    def bear(self, headers: Mapping[str, str]) -> None:
        """Send these headers with every request from now on."""
        self._client.headers.update(headers)

    def forget(self) -> None:
        """Delete the cookies."""
        self._client.cookies.clear()

    async def does(
        self,
        component: str,
        event: str,
        data: Sequence[Any],
        about: Any = None,
        *,
        talk: str = "",
        afterwards: bool = False,
    ) -> list[Any]:
        """The outputs that the page gets on this event of a component, with their last values.

        `talk` is the conversation that its address names. `afterwards`: those of what the page does after the event.
        """
        asked = await self.begins(component, event, data, about, talk=talk, afterwards=afterwards)
        last: list[Any] = []
        async for message in self._messages(asked):
            if message["msg"] == "process_completed":
                assert message["success"], message
                last = message["output"].get("data", last)
        return last

    async def begins(
        self,
        component: str,
        event: str,
        data: Sequence[Any],
        about: Any = None,
        *,
        talk: str = "",
        afterwards: bool = False,
    ) -> str:
        """The same without waiting for the outputs: the id under which they will come."""
        function = self._function(component, event)
        if afterwards:
            function = next(each["id"] for each in self._config["dependencies"] if each["trigger_after"] == function)
        body = {"data": [*data], "fn_index": function, "session_hash": self._session}
        body |= {"event_data": about, "trigger_id": None}
        joined = await self._client.post("/gradio_api/queue/join", json=body, params={"talk": talk} if talk else {})
        joined.raise_for_status()
        return str(joined.json()["event_id"])

    def _function(self, component: str, event: str) -> int:
        ids = {c["props"].get("elem_id", ""): c["id"] for c in self._config["components"]}
        for function in self._config["dependencies"]:
            if [ids[component], event] in function["targets"]:
                return int(function["id"])
        raise AssertionError(f"nothing happens on {event} of {component}")

    async def _messages(self, event: str) -> AsyncIterator[dict[str, Any]]:
        async with self._client.stream("GET", f"/gradio_api/queue/data?session_hash={self._session}") as response:
            async for line in response.aiter_lines():
                if line.startswith("data:"):
                    message = json.loads(line.removeprefix("data:"))
                    if message.get("event_id") not in (event, None):  # it is of what else was begun
                        continue
                    yield message
                    if message["msg"] in ("process_completed", "close_stream"):
                        return
