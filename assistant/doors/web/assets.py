"""Requests for the page's files in, files from memory out, compressed once and not for every browser again."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

KEPT = ("/assets/", "/static/", "/own/", "/theme.css")
"""Prefixes of paths to files that are the same for everyone."""
HASHED = "/assets/"
"""Prefix of files whose name changes with their content, so that browsers can cache them for ever."""
MOST = 200
"""Files in memory; a page needs about fifty."""
LARGEST = 2 * 2**20
"""Bytes of the largest file kept in memory."""
PLAIN = ("range", "if-none-match", "if-modified-since")
"""Headers by which a browser asks for something other than the whole file."""

BROTLI = b"gzip, deflate, br"

Key = tuple[str, bytes, bool, bool]
"""A path, its query, and whether the browser accepts Brotli and gzip."""


class FileCache:
    """ASGI middleware: a file that was requested before is not looked up, read and compressed again.

    `links`, at most one, is the Link header of the page; it may be added when the page is up.
    """

    def __init__(self, app: ASGIApp, links: list[str]) -> None:
        self._app, self._links = app, links
        self._responses: OrderedDict[Key, list[Message]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/":
            await self._app(scope, receive, self._announcing(send))
            return
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(KEPT):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if any(name in headers for name in PLAIN):
            await self._app(scope, receive, send)
            return
        accepted = headers.get("accept-encoding", "")
        key = (scope["path"], scope["query_string"], "br" in accepted, "gzip" in accepted)
        if key not in self._responses:
            await self._app(scope, receive, _Recorder(self, key, send))
            return
        self._responses.move_to_end(key)
        for message in self._responses[key]:
            await send({**message, "headers": [*message["headers"]]} if "headers" in message else message)

    def _announcing(self, send: Send) -> Send:
        """Sends the page with a header that lists the files it needs."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                for link in self._links:
                    MutableHeaders(scope=message)["Link"] = link
            await send(message)

        return sending

    def keep(self, key: Key, messages: list[Message]) -> None:
        """Keep a response; the one that was not requested for longest makes room."""
        self._responses[key] = messages
        if len(self._responses) > MOST:
            self._responses.popitem(last=False)


class _Recorder:
    """Sends one file and records what is sent."""

    def __init__(self, cache: FileCache, key: Key, send: Send) -> None:
        self._cache, self._key, self._send = cache, key, send
        self._messages: list[Message] = []
        self._size = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if message["status"] == 200 and self._key[0].startswith(HASHED):
                MutableHeaders(scope=message)["Cache-Control"] = "public, max-age=31536000, immutable"
            self._messages = [{**message, "headers": [*message["headers"]]}]
        else:
            self._messages.append(message)
            self._size += len(message.get("body", b""))
            whole = self._messages[0]["status"] == 200 and self._size <= LARGEST
            if whole and not message.get("more_body"):
                self._cache.keep(self._key, self._messages)
        await self._send(message)


async def visited(app: ASGIApp, own: Iterable[str], kinds: Collection[str]) -> str:
    """Open the page once as a browser would, so that the first visitor does not wait for what is loaded only then.

    Returns the value of a Link header with the files it needs: `own`, and those of Gradio's components of these kinds.
    With it a browser requests all of them at once, instead of discovering them in four round trips.
    """
    page = (await _got(app, "/", b"identity")).decode()
    entry = [name for name in re.findall(r"assets/(index-[\w-]+\.(?:js|css))", page)]
    texts = [(await _got(app, f"{HASHED}{name}", b"identity")).decode() for name in entry if name.endswith(".js")]
    first = re.findall(r"\./((?:core|Blocks)-[\w-]+\.(?:js|css))", " ".join(texts))
    texts = [(await _got(app, f"{HASHED}{name}", b"identity")).decode() for name in first if name.startswith("core")]
    names = dict.fromkeys([*entry, *first, *(name for text in texts for name in parts(text, kinds))])
    paths = [*(f"{HASHED}{name}" for name in names), *own]
    for path in paths:
        await _got(app, path, BROTLI)
    return ", ".join(_link(path) for path in paths)


def parts(text: str, kinds: Collection[str]) -> list[str]:
    """The files of components of these kinds, as Gradio's own bundle lists them; none if it does not."""
    listed = re.search(r"\.f=\[(.*?)\]", text)
    files = re.findall(r"\./([\w.-]+)", listed[1]) if listed else []
    numbers: list[int] = []
    for kind in kinds:
        entry = re.search(rf"[,{{]{kind}:\{{((?:\w+:\(\)=>.*?import\.meta\.url\),?)+)\}}", text)
        groups = re.findall(r"__vite__mapDeps\(\[([\d,]*)\]\)", entry[1]) if entry else []
        numbers += [int(number) for group in groups for number in group.split(",") if number]
    return list(dict.fromkeys(files[number] for number in numbers if number < len(files)))


def _link(path: str) -> str:
    """A file in a Link header: Gradio's are modules and have to be requested as such; ours are plain scripts."""
    if path.endswith(".css"):
        return f"<{path}>; rel=preload; as=style; crossorigin"
    return f"<{path}>; rel=modulepreload" if path.startswith(HASHED) else f"<{path}>; rel=preload; as=script"


async def _got(app: ASGIApp, path: str, encodings: bytes) -> bytes:
    """The response at that path to a browser that accepts these encodings."""
    body, sent = bytearray(), asyncio.Event()

    async def receive() -> Message:
        if sent.is_set():
            await asyncio.Event().wait()  # a second call waits for the browser to disconnect, which this one never does
        sent.set()
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        body.extend(message.get("body", b""))

    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost"), (b"accept-encoding", encodings)],
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 80),
        "state": {},
    }
    await app(scope, receive, send)
    return bytes(body)
