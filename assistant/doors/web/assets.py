"""A request for a file of the page in, the file out of memory, compressed once and not for every browser again."""

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
"""Where paths to files begin that are the same for everybody."""
HASHED = "/assets/"
"""Files whose name changes with their content, so that a browser need never ask for them again."""
MOST = 200
"""Files held; a page takes about fifty."""
LARGEST = 2 * 2**20
"""Bytes of a file that is held."""
PLAIN = ("range", "if-none-match", "if-modified-since")
"""Whoever sends these wants something else than the whole file."""

BROTLI = b"gzip, deflate, br"

Key = tuple[str, bytes, bool, bool]
"""A path, what stands behind it, and whether Brotli and gzip are understood."""


class Memory:
    """ASGI middleware: the second time a file is asked for it is not read, compressed and looked up again.

    `links`, at most one, is the Link header of the page; it may be added when the page is up.
    """

    def __init__(self, app: ASGIApp, links: list[str]) -> None:
        self._app, self._links = app, links
        self._held: OrderedDict[Key, list[Message]] = OrderedDict()

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
        takes = headers.get("accept-encoding", "")
        key = (scope["path"], scope["query_string"], "br" in takes, "gzip" in takes)
        if key not in self._held:
            await self._app(scope, receive, _Keeping(self, key, send))
            return
        self._held.move_to_end(key)
        for message in self._held[key]:
            await send({**message, "headers": [*message["headers"]]} if "headers" in message else message)

    def _announcing(self, send: Send) -> Send:
        """What is sent of the page, with the files that it takes named ahead."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                for link in self._links:
                    MutableHeaders(scope=message)["Link"] = link
            await send(message)

        return sending

    def keep(self, key: Key, messages: list[Message]) -> None:
        """Hold a response; the one that was not asked for longest makes room."""
        self._held[key] = messages
        if len(self._held) > MOST:
            self._held.popitem(last=False)


class _Keeping:
    """What is sent for one file, noted as it goes out."""

    def __init__(self, memory: Memory, key: Key, send: Send) -> None:
        self._memory, self._key, self._send = memory, key, send
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
                self._memory.keep(self._key, self._messages)
        await self._send(message)


async def visited(app: ASGIApp, own: Iterable[str], kinds: Collection[str]) -> str:
    """Open the page once as a browser would, so that the first that does need not wait for what is loaded only then.

    The files it takes, `own` and those of Gradio's components of these kinds, are the value of a Link header: a browser
    that is told of them asks for all at once, instead of finding out in four turns.
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
    """The files that components of these kinds are made of, by what Gradio's own bundle says of them; else none."""
    listed = re.search(r"\.f=\[(.*?)\]", text)
    files = re.findall(r"\./([\w.-]+)", listed[1]) if listed else []
    found = []
    for kind in kinds:
        told = re.search(rf"[,{{]{kind}:\{{((?:\w+:\(\)=>.*?import\.meta\.url\),?)+)\}}", text)
        numbers = re.findall(r"__vite__mapDeps\(\[([\d,]*)\]\)", told[1]) if told else []
        found += [int(number) for some in numbers for number in some.split(",") if number]
    return list(dict.fromkeys(files[number] for number in found if number < len(files)))


def _link(path: str) -> str:
    """How a header tells of a file: Gradio's are modules and asked for as such; ours are plain scripts."""
    if path.endswith(".css"):
        return f"<{path}>; rel=preload; as=style; crossorigin"
    return f"<{path}>; rel=modulepreload" if path.startswith(HASHED) else f"<{path}>; rel=preload; as=script"


async def _got(app: ASGIApp, path: str, encodings: bytes) -> bytes:
    """What is answered there to a browser that understands these encodings."""
    body, sent = bytearray(), asyncio.Event()

    async def receive() -> Message:
        if sent.is_set():
            await asyncio.Event().wait()  # who asks again waits for the browser to leave, which this one does not
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
