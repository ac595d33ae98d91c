"""A scripted language model server on loopback, which sends correct replies and broken ones."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from assistant.llm import Message

Step = Callable[["Handler"], None]
"""What the server does with one request."""


def chunk(text: str | None, reason: str | None = None, **more: Any) -> dict[str, Any]:
    """One chunk of a streamed reply, as the interface is published."""
    delta = {} if text is None else {"role": "assistant", "content": text}
    choices = [{"index": 0, "delta": delta, "finish_reason": reason, "logprobs": None}]
    return {**_head(), "choices": choices, **more}


def spent(prompt: int, completion: int) -> dict[str, Any]:
    """The chunk without choices that ends a stream if usage was requested."""
    usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    return {**_head(), "choices": [], "usage": usage}


def _head() -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_790_000_000, "model": "scripted"}


def stream(*chunks: dict[str, Any], done: bool = True) -> bytes:
    """Chunks as server-sent events."""
    events = [f"data: {json.dumps(one)}\n\n" for one in chunks] + ["data: [DONE]\n\n"] * done
    return "".join(events).encode()


def reply(text: str, *, piece: int = 5, reason: str | None = "stop", usage: bool = True) -> bytes:
    """A complete reply as server-sent events."""
    parts = [chunk(text[start : start + piece]) for start in range(0, len(text), piece)]
    return stream(*parts, chunk(None, reason), *([spent(11, 7)] if usage else []))


def says(text: str, *, piece: int = 5, reason: str | None = "stop", usage: bool = True) -> Step:
    """Reply with a text."""
    return sends(reply(text, piece=piece, reason=reason, usage=usage))


def replies(text: Callable[[Sequence[Message]], str], *, piece: int = 5, cut: int | None = None) -> Step:
    """Reply with a text made from the prompt; with `cut`, break off after that many bytes."""

    def step(handler: Handler) -> None:
        asked = handler.server.script.asked[-1]["messages"]
        body = reply(text([Message(one["role"], one["content"]) for one in asked]), piece=piece)
        (sends(body) if cut is None else breaks(body[:cut]))(handler)

    return step


def sends(body: bytes, *, kind: str = "text/event-stream", status: int = 200) -> Step:
    """Send these bytes and close."""

    def step(handler: Handler) -> None:
        handler.head(status, kind)
        handler.write(body)

    return step


def refuses(status: int, message: str, *, code: str | None = None, headers: Mapping[str, str] | None = None) -> Step:
    """Answer with an error of this status."""
    body = {"error": {"message": message, "type": "error", "param": None, "code": code}}

    def step(handler: Handler) -> None:
        handler.head(status, "application/json", headers or {})
        handler.write(json.dumps(body).encode())

    return step


def breaks(body: bytes) -> Step:
    """Send these bytes, then reset the connection."""

    def step(handler: Handler) -> None:
        handler.head(200, "text/event-stream", {"Transfer-Encoding": "chunked"})
        if body:
            handler.write(b"%x\r\n%b\r\n" % (len(body), body))
        linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        handler.connection.close()

    return step


def waits(body: bytes = b"", *, headers: bool = True) -> Step:
    """Send these bytes, then nothing, until the client has gone (or the server closes)."""

    def step(handler: Handler) -> None:
        if headers:
            handler.head(200, "text/event-stream")
            handler.write(body)
        handler.server.script.wait_for_the_client_to_go(handler.connection)

    return step


def floods(opening: bytes, piece: bytes, *, times: int, status: int = 200) -> Step:
    """Send an opening, then a piece that many times, or until the client has gone."""

    def step(handler: Handler) -> None:
        handler.head(status, "text/event-stream" if status == 200 else "application/json")
        handler.write(opening)
        for _ in range(times):
            handler.write(piece)
            handler.server.script.sent += len(piece)

    return step


def redirects(url: str, status: int = 307) -> Step:
    """Redirect the client to another address."""

    def step(handler: Handler) -> None:
        handler.head(status, "text/plain", {"Location": url})

    return step


def drips(byte: bytes = b" ") -> Step:
    """Send one byte at a time, forever."""

    def step(handler: Handler) -> None:
        handler.head(200, "text/event-stream")
        while not handler.server.script.over.wait(0.01):
            handler.write(byte)

    return step


class ModelServer:
    """Up inside a `with`; takes one step of the script a request, and the last one for all that come after.

    `asked` holds the bodies of the requests, `keys` what authorised them, `sent` the bytes of a flood; `gone` is set
    when a client hung up.
    """

    def __init__(self, *steps: Step, models: Sequence[str] = ("scripted",)) -> None:
        self.steps, self.models = list(steps), list(models)
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.sent = 0
        self.gone, self.over = threading.Event(), threading.Event()
        self._server = _Server(self)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> ModelServer:
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def take(self) -> Step:
        return self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]

    def wait_for_the_client_to_go(self, connection: socket.socket) -> None:
        connection.settimeout(0.02)
        while not self.over.is_set():
            try:
                if not connection.recv(1):
                    self.gone.set()
                    return
            except TimeoutError:
                continue
            except OSError:
                self.gone.set()
                return


class _Server(ThreadingHTTPServer):
    def __init__(self, script: ModelServer) -> None:
        self.script = script
        super().__init__(("127.0.0.1", 0), Handler)

    def handle_error(self, *_: object) -> None:
        self.script.gone.set()  # the client hung up while it was being written to


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.head(200, "application/json")
        listed = [
            {"id": name, "object": "model", "created": 0, "owned_by": "test"} for name in self.server.script.models
        ]
        self.write(json.dumps({"object": "list", "data": listed}).encode())

    def do_POST(self) -> None:
        script = self.server.script
        script.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        script.keys.append(self.headers.get("Authorization", ""))
        script.take()(self)

    def head(self, status: int, kind: str, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Connection": "close", **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()

    def write(self, body: bytes) -> None:
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Nothing: a test's output is its own."""
