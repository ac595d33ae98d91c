"""A request in, a response out that can load nothing from elsewhere and run no script but ours."""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from ...core.bounds import ID
from ...people.limits import Limits
from .sessions import COOKIE, COOKIE_DAYS, is_owner, new_owner

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from .entrance import Entrance

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
    "Referrer-Policy": "same-origin",  # under "no-referrer" a form's `Origin` is null, and not to be told from others'
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
JOIN = "/gradio_api/queue/join"
"""Where the page's events are sent."""
USED = re.compile(
    r"(?:GET|HEAD) /(?:config|theme\.css|favicon\.ico|robots\.txt|(?:assets|static)/.+)?"
    r"|GET /gradio_api/(?:app_id|heartbeat/[^/]+|queue/data)"
    rf"|POST (?:{JOIN}|/gradio_api/(?:cancel|reset))"
)
"""The methods and paths of Gradio's that the page uses; whatever else Gradio offers, now or later, is shut."""
OPEN = re.compile(r"/(?:login|logout|healthz|own/(?:login\.css|icon\.svg)|favicon\.ico)")
"""What everybody may see where one has to log in."""
SIGNED = "/slack"
"""The door whose callers sign what they send, and reach this machine by whatever name a tunnel gives it."""
HEARTBEAT = re.compile(r"/gradio_api/heartbeat/([^/]+)")
READING = ("GET", "HEAD")
"""Methods by which nothing is changed."""
EVENTS, EVENTS_AT_AN_ADDRESS = 300, 6000
"""Events, uploads and forms a minute, of one browser and of all at one address: a quick typist's search makes 150."""
MOST_PAGES = 10_000
"""Open pages of which is known whose they are; the one that was silent longest is forgotten first."""
_NAMED = re.compile(r"[\[\]]|:\d*$")
"""What stands around the name in a Host header: the brackets of an IPv6 address, the port."""
_INLINE = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.S)


class Guard:
    """ASGI middleware: every response bears the policy, and every browser that opens the page a secret of its own.

    What Gradio tells an open page, it tells whoever knows that page's session hash; here it is told one browser only.
    `hosts` are the names it answers to, all where there are none; `beside` the paths of doors with locks of their own.
    """

    def __init__(self, app: ASGIApp, entrance: Entrance, hosts: Iterable[str], beside: Iterable[str]) -> None:
        self._app = app
        self._entrance, self._hosts, self._beside = entrance, frozenset(hosts), tuple(beside)
        self._limits = Limits()
        self._listeners: OrderedDict[str, str] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":  # the page uses none, and what is below looks at requests
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        answering = _Answering(connection, send)
        await (self._instead(connection) or self._app)(scope, receive, answering)

    def _instead(self, connection: HTTPConnection) -> Response | None:
        """What is answered to a request that may not come in."""
        path = connection.scope["path"]  # not that of `url`, into which a caller can write by the Host header
        within = f"{path}/".startswith
        if within(f"{SIGNED}/"):
            return None
        if self._hosts and _NAMED.sub("", connection.headers.get("host", "")).casefold() not in self._hosts:
            told = "This page does not go by that name. If it should, set ASSISTANT_PAGE_NAMES to it."
            return PlainTextResponse(told, 421)
        if any(within(f"{door}/") for door in self._beside):
            return None
        return self._stranger(connection) or self._flooding(connection) or self._overheard(connection)

    def _stranger(self, connection: HTTPConnection) -> Response | None:
        """What is answered to another site's page, and to who has to log in first."""
        path, method = connection.scope["path"], connection.scope["method"]
        if method not in READING and _of_another_site(connection.headers):
            return PlainTextResponse("Only this page may send that.", 403)
        if not self._entrance.guarded or OPEN.fullmatch(path) or self._entrance.user(connection.cookies):
            return None
        if path != "/":
            return PlainTextResponse("Log in first.", 401)
        talk = connection.query_params.get("talk", "")
        return RedirectResponse(f"/login?{urlencode({'talk': talk})}" if talk else "/login", 303)

    def _flooding(self, connection: HTTPConnection) -> Response | None:
        """What is answered to who sends more than anybody does by hand, in one browser or in many at one address."""
        if connection.scope["method"] in READING:
            return None
        address = connection.client.host if connection.client else ""
        wait = self._limits.allow(f"address {address}", EVENTS_AT_AN_ADDRESS)
        if is_owner(owner := connection.cookies.get(COOKIE, "")):
            wait = wait or self._limits.allow(f"browser {owner}", EVENTS)
        if not wait:
            return None
        return PlainTextResponse("Too many requests. Wait a moment.", 429, {"Retry-After": str(math.ceil(wait))})

    def _overheard(self, connection: HTTPConnection) -> Response | None:
        """What is answered to who asks for what is told to a page that another browser opened."""
        beating = HEARTBEAT.match(connection.scope["path"])
        session = beating[1] if beating else connection.query_params.get("session_hash", "")
        if not session:
            return None
        if len(session) > ID:
            return PlainTextResponse("Not found.", 404)
        owner = connection.cookies.get(COOKIE, "")[:ID]
        first = self._listeners.setdefault(session, owner)
        self._listeners.move_to_end(session)
        if len(self._listeners) > MOST_PAGES:
            self._listeners.popitem(last=False)
        return PlainTextResponse("Not found.", 404) if first != owner else None


def _of_another_site(headers: Mapping[str, str]) -> bool:
    """Whether another site's page has a browser send this; one that does not say by `Sec-Fetch-Site` does by `Origin`.

    https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
    """
    if site := headers.get("sec-fetch-site"):
        return site not in ("same-origin", "none")
    origin = headers.get("origin", "")
    return bool(origin) and origin.partition("://")[2] != headers.get("host", "")


class Used:
    """ASGI application: of Gradio's, mounted at "/", what the page uses."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        used = scope["type"] == "http" and USED.fullmatch(f"{scope['method']} {scope['path']}")
        await (self._app if used else PlainTextResponse("Not found.", 404))(scope, receive, send)


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
