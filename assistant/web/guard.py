"""A request in, a response out that can load nothing from elsewhere and run no script but ours."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import OrderedDict
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse

from .sessions import COOKIE, COOKIE_DAYS, is_owner, new_owner

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = {
    "default-src": "'none'",
    "script-src": "'self' 'unsafe-eval'",  # Gradio's HTML component compiles its template, which is ours, at run time
    "style-src": "'self' 'unsafe-inline'",  # Gradio sets styles on its elements
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "worker-src": "'self' blob:",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-src": "'none'",
    "object-src": "'none'",
    "frame-ancestors": "'none'",
}
"""https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Content-Security-Policy"""
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
SHUT = re.compile(
    r"/gradio_api/(?:proxy=|deep_link|runs|run-history|monitoring|dev/|call/|run/|api/|stream/|openapi|info|custom_|upload)"
    r"|/(?:proxy=|deep_link|monitoring|svelte/|openapi)"
)
"""What Gradio offers and the page does not use."""
HEARTBEAT = re.compile(r"/gradio_api/heartbeat/([^/]+)")
MOST_PAGES = 10_000
"""Open pages of which is known whose they are; the one that was silent longest is forgotten first."""
_INLINE = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.S)


class Guard:
    """ASGI middleware: every response bears the policy, and every browser that opens the page a secret of its own.

    What Gradio tells an open page, it tells whoever knows that page's session hash; here it is told one browser only.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._listeners: OrderedDict[str, str] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        answering = _Answering(connection, send)
        if SHUT.match(scope["path"]) or self._overheard(connection):
            await PlainTextResponse("Not found.", 404)(scope, receive, answering)
        else:
            await self._app(scope, receive, answering)

    def _overheard(self, connection: HTTPConnection) -> bool:
        """Whether this asks for what is told to a page that another browser opened."""
        beating = HEARTBEAT.match(connection.url.path)
        session = beating[1] if beating else connection.query_params.get("session_hash", "")
        if not session:
            return False
        owner = connection.cookies.get(COOKIE, "")
        first = self._listeners.setdefault(session, owner)
        self._listeners.move_to_end(session)
        if len(self._listeners) > MOST_PAGES:
            self._listeners.popitem(last=False)
        return first != owner


class _Answering:
    """What is sent for one request. A page is held back until it is whole, for the policy names its inline scripts."""

    def __init__(self, connection: HTTPConnection, send: Send) -> None:
        self._send, self._connection = send, connection
        self._start: Message = {}
        self._page: bytes | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif self._page is None:
            await self._send(message)
        else:
            self._page += message.get("body", b"")
            if not message.get("more_body"):
                await self._whole(self._page)

    async def _begin(self, message: Message) -> None:
        headers = MutableHeaders(scope=message)
        for name, value in HEADERS.items():
            headers[name] = value
        if headers.get("content-type", "").startswith("text/html"):
            self._start, self._page = message, b""
            headers["Cache-Control"] = "no-store"
            self._introduce(headers)
        else:
            headers["Content-Security-Policy"] = policy()
            await self._send(message)

    async def _whole(self, page: bytes) -> None:
        MutableHeaders(scope=self._start)["Content-Security-Policy"] = policy(_INLINE.findall(page))
        await self._send(self._start)
        await self._send({"type": "http.response.body", "body": page})

    def _introduce(self, headers: MutableHeaders) -> None:
        """Give a browser that has none its secret."""
        if is_owner(self._connection.cookies.get(COOKIE, "")):
            return
        cookie: SimpleCookie = SimpleCookie({COOKIE: new_owner()})
        safely = self._connection.url.scheme == "https"
        rules = {"path": "/", "max-age": COOKIE_DAYS * 86400, "httponly": True, "samesite": "Lax", "secure": safely}
        for name, value in rules.items():
            cookie[COOKIE][name] = value
        headers.append("Set-Cookie", cookie[COOKIE].OutputString())


def policy(scripts: list[bytes] | None = None) -> str:
    """The content security policy; of inline scripts it lets through only these, by their hashes."""
    hashes = (f" 'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'" for script in scripts or ())
    rules = {**POLICY, "script-src": POLICY["script-src"] + "".join(dict.fromkeys(hashes))}
    return "; ".join(f"{name} {value}" for name, value in rules.items())
