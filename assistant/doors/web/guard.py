"""Requests in, refused or let through; responses can load nothing from other sites and run no scripts but ours."""

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
from .entrance import LINK
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
    "Referrer-Policy": "same-origin",  # under "no-referrer" a form's `Origin` is null, as from other sites
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
JOIN = "/gradio_api/queue/join"
"""Where the page's events are sent."""
USED_ROUTES = re.compile(
    r"(?:GET|HEAD) /(?:config|theme\.css|favicon\.ico|robots\.txt|(?:assets|static)/.+)?"
    r"|GET /gradio_api/(?:app_id|heartbeat/[^/]+|queue/data)"
    rf"|POST (?:{JOIN}|/gradio_api/(?:cancel|reset))"
)
"""The methods and paths of Gradio's that the page uses; everything else it offers, now or later, is blocked."""
OPEN = re.compile(r"/(?:login(?:/provider(?:/back)?)?|logout|healthz|own/(?:login\.css|icon\.svg)|favicon\.ico)")
"""What can be seen without logging in."""
SIGNED = "/slack"
"""The door whose callers sign their requests; they may reach this machine through a tunnel, under any name."""
HEARTBEAT = re.compile(r"/gradio_api/heartbeat/([^/]+)")
READING = ("GET", "HEAD")
"""Methods that change nothing."""
EVENTS, EVENTS_AT_AN_ADDRESS = 300, 6000
"""Events, uploads and forms a minute, from one browser and one address: searching while typing fast makes 150."""
MOST_PAGES = 10_000
"""Open pages whose browser is remembered; the one that was inactive for longest is forgotten first."""
_NAMED = re.compile(r"[\[\]]|:\d*$")
"""What surrounds the name in a Host header: the brackets of an IPv6 address, the port."""
_INLINE = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.S)


class Guard:
    """ASGI middleware: every response has the policy, and every browser that opens the page gets a secret of its own.

    Gradio sends a page's updates to anyone who knows its session hash; here only one browser gets them.
    `hosts` are the names the page answers to, empty: all; `beside` the paths of doors that check callers themselves.
    """

    def __init__(self, app: ASGIApp, entrance: Entrance, hosts: Iterable[str], beside: Iterable[str]) -> None:
        self._app = app
        self._entrance, self._hosts, self._beside = entrance, frozenset(hosts), tuple(beside)
        self._limits = Limits()
        self._listeners: OrderedDict[str, str] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":  # the page uses none, and the checks below are for requests
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        response = _GuardedResponse(connection, send)
        await (self._refused(connection) or self._app)(scope, receive, response)

    def _refused(self, connection: HTTPConnection) -> Response | None:
        """The response to a request that is refused."""
        path = connection.scope["path"]  # not that of `url`, which a caller can change by the Host header
        within = f"{path}/".startswith
        if within(f"{SIGNED}/"):
            return None
        if self._hosts and _NAMED.sub("", connection.headers.get("host", "")).casefold() not in self._hosts:
            reason = "This page is not served under that host name. To allow it, add it to ASSISTANT_PAGE_NAMES."
            return PlainTextResponse(reason, 421)
        if any(within(f"{door}/") for door in self._beside):
            return None
        return self._stranger(connection) or self._flooding(connection) or self._overheard(connection)

    def _stranger(self, connection: HTTPConnection) -> Response | None:
        """The response to pages of other sites, and to callers who have to log in first."""
        path, method = connection.scope["path"], connection.scope["method"]
        if method not in READING and _of_another_site(connection.headers):
            return PlainTextResponse("Requests from other sites are not accepted.", 403)
        if not self._entrance.guarded or OPEN.fullmatch(path) or self._entrance.user(connection.cookies):
            return None
        if method in READING and LINK.fullmatch(path):
            return RedirectResponse(f"/login?{urlencode({'talk': path.removeprefix('/')})}", 303)
        if path != "/":
            return PlainTextResponse("Log in first.", 401)
        talk = connection.query_params.get("talk", "")
        return RedirectResponse(f"/login?{urlencode({'talk': talk})}" if talk else "/login", 303)

    def _flooding(self, connection: HTTPConnection) -> Response | None:
        """The response to more requests than anyone sends by hand, from one browser or from one address."""
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
        """The response to a request for the updates of a page that another browser opened."""
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
    """Whether a page of another site made the browser send this; without `Sec-Fetch-Site`, `Origin` tells.

    https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
    """
    if site := headers.get("sec-fetch-site"):
        return site not in ("same-origin", "none")
    origin = headers.get("origin", "")
    return bool(origin) and origin.partition("://")[2] != headers.get("host", "")


class UsedRoutes:
    """ASGI application: only those of Gradio's routes that the page uses."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        used = scope["type"] == "http" and USED_ROUTES.fullmatch(f"{scope['method']} {scope['path']}")
        await (self._app if used else PlainTextResponse("Not found.", 404))(scope, receive, send)


class _GuardedResponse:
    """Adds headers to a response. A page is sent only when it is complete, for the policy lists its inline scripts."""

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
        """Give the browser a secret if it has none."""
        if is_owner(self._connection.cookies.get(COOKIE, "")):
            return
        cookie: SimpleCookie = SimpleCookie({COOKIE: new_owner()})
        safely = self._connection.url.scheme == "https"
        rules = {"path": "/", "max-age": COOKIE_DAYS * 86400, "httponly": True, "samesite": "Lax", "secure": safely}
        for name, value in rules.items():
            cookie[COOKIE][name] = value
        headers.append("Set-Cookie", cookie[COOKIE].OutputString())


def policy(scripts: list[bytes] | None = None) -> str:
    """The content security policy; it allows only these inline scripts, by their hashes."""
    hashes = (f" 'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'" for script in scripts or ())
    rules = {**POLICY, "script-src": POLICY["script-src"] + "".join(dict.fromkeys(hashes))}
    return "; ".join(f"{name} {value}" for name, value in rules.items())
