"""A browser's cookies in, the owner of its conversations out; and the log-in page, if users have to log in.

A refused log-in does not say whether the name or the password was wrong, and takes equally long either way. Attempts
are limited by address, for known and unknown names alike, and much more loosely by name and in total: nobody can lock
out someone else from one address, and nobody can guess without limit from many.
"""

from __future__ import annotations

import asyncio
import logging
import math
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from ...core.bounds import FORM
from ...core.errors import AccountError
from ...core.text import counted
from ...people.accounts import AT_ONCE, AWAY, LOGIN_DAYS, NotIdentified
from ...people.limits import Limits, RateLimits
from .markup import render
from .sessions import Unidentified, owner_of

if TYPE_CHECKING:
    from ...people.accounts import Accounts, User
    from ...people.oidc import Provider

LOGIN = "assistant-login"
"""The cookie of those who are logged in."""
STATE = "assistant-login-state"
"""The cookie of those who are at the provider: only their browser can finish what it began."""
TRIES, TRIES_AT_A_NAME = 30, 6
"""Attempts a minute from one address, at all names and at one: a typo costs a short wait, guessing takes for ever."""
TRIES_IN_ALL, TRIES_AT_A_NAME_IN_ALL = 300, 60
"""The same from all addresses together: guessing from many addresses is slowed down, too."""
_TALK = re.compile(r"[\w-]{8,32}")
LINK = re.compile(r"/answer/[\w-]{32}", re.ASCII)
"""The address of an answer that somebody made a link to."""

log = logging.getLogger(__name__)


class LoginRefused(AccountError):
    """A refused log-in; `status` is that of the response."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Entrance:
    """Who may come in: with `accounts` their users, without them everyone, each identified by their browser."""

    def __init__(
        self, accounts: Accounts | None, provider: Provider | None = None, limits: RateLimits | None = None
    ) -> None:
        self._accounts, self.provider = accounts, provider
        self._limits = limits or Limits()
        self._checking = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="log-in")

    def close(self) -> None:
        self._checking.shutdown(wait=True, cancel_futures=True)
        self._limits.close()
        if self._accounts:
            self._accounts.close()

    @property
    def guarded(self) -> bool:
        """Whether users have to log in."""
        return self._accounts is not None

    def owner(self, cookies: Mapping[str, str]) -> str:
        """The owner of the conversations that these cookies open; raises `Unidentified`."""
        if not self._accounts:
            return f"session:{owner_of(cookies)}"
        if user := self.user(cookies):
            return user.owner
        raise Unidentified("You are logged out. Reload the page to log in.")

    def user(self, cookies: Mapping[str, str]) -> User | None:
        """The user whom these cookies belong to."""
        token = cookies.get(LOGIN, "")
        return self._accounts.logged_in(token) if self._accounts and token else None

    def _wait(self, limits: Mapping[str, int]) -> float:
        """0 if every limit allows a try, which counts; otherwise the seconds until the first that does not."""
        return next(filter(None, (self._limits.allow(key, most) for key, most in limits.items())), 0.0)

    async def log_in(self, name: str, password: str, address: str) -> str:
        """The token for the cookie of the user with this name and password; raises `LoginRefused`."""
        folded = name.strip().casefold()
        limits = {
            f"at {folded} from {address}": TRIES_AT_A_NAME,
            f"from {address}": TRIES,
            f"at {folded}": TRIES_AT_A_NAME_IN_ALL,
            "in all": TRIES_IN_ALL,
        }
        wait = await asyncio.to_thread(self._wait, limits)
        if wait:
            log.warning("log-ins from %s are slowed down", address)
            raise LoginRefused(f"Too many attempts. Try again in {counted(math.ceil(wait), 'second')}.", 429)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._checking, self._checked, name, password, address)

    def begin(self, back: str, talk: str, address: str) -> tuple[str, str]:
        """Where the provider lets users log in, and the state for the cookie; raises `LoginRefused`."""
        if self._limits.allow(f"from {address}", TRIES) or self._limits.allow("in all", TRIES_IN_ALL):
            raise LoginRefused("Too many attempts. Try again in a minute.", 429)
        assert self.provider, "there is a route to it only if there is one"
        try:
            return self.provider.begin(back, talk)
        except NotIdentified as error:
            raise self._not_identified(error, address) from error

    def finish(self, answer: Mapping[str, str], state: str, address: str) -> tuple[str, str]:
        """The token for the cookie of whoever the provider identified, and their `talk`; raises `LoginRefused`."""
        assert self.provider
        assert self._accounts
        try:
            identity, talk = self.provider.finish(answer, state)
        except NotIdentified as error:
            raise self._not_identified(error, address) from error
        return self._accounts.log_in(self._accounts.identified(identity)), talk

    def _not_identified(self, error: NotIdentified, address: str) -> LoginRefused:
        log.warning("log-in through the provider refused from %s: %s", address, error.reason)
        return LoginRefused(str(error), error.status)

    def _checked(self, name: str, password: str, address: str) -> str:
        if self._accounts and (user := self._accounts.user(name, password)):
            return self._accounts.log_in(user)
        known = {user.name for user in self._accounts.users()} if self._accounts else set()
        # An unknown name is not logged: now and then it is a password, typed into the wrong box.
        logged = repr(name) if name.strip().casefold() in known else "an unknown name"
        log.warning("log-in as %s refused from %s", logged, address)
        raise LoginRefused("Wrong name or password.", 401)

    def log_out(self, cookies: Mapping[str, str]) -> None:
        """Make the token of these cookies useless."""
        if self._accounts:
            self._accounts.log_out(cookies.get(LOGIN, ""))


def router(entrance: Entrance) -> APIRouter:
    """The log-in page, what its form is sent to, and the way out."""
    routes = APIRouter()

    provided = entrance.provider is not None

    @routes.get("/login")
    def page(request: Request, talk: str = "") -> Response:
        return _home(talk) if entrance.user(request.cookies) else _page(talk, provided=provided)

    @routes.post("/login")
    async def log_in(request: Request) -> Response:
        fields = await _form(request)
        if fields is None:
            return PlainTextResponse("The form is too long.", 413)
        name, talk = fields.get("name", ""), fields.get("talk", "")
        try:
            token = await entrance.log_in(name, fields.get("password", ""), _address(request))
        except LoginRefused as refused:
            return _page(talk, name, str(refused), refused.status, provided=provided)
        return _entered(request, talk, token)

    @routes.post("/logout")
    def log_out(request: Request) -> Response:
        entrance.log_out(request.cookies)
        response = RedirectResponse("/login", 303)
        response.delete_cookie(LOGIN, httponly=True, samesite="lax", secure=request.url.scheme == "https")
        return response

    if provided:
        routes.include_router(_provider(entrance))
    return routes


def _provider(entrance: Entrance) -> APIRouter:
    """The way to the provider, and the one back."""
    routes = APIRouter()

    @routes.get("/login/provider")
    def leave(request: Request, talk: str = "") -> Response:
        back = str(request.url.replace(path="/login/provider/back", query="", fragment=""))
        try:
            where, state = entrance.begin(back, talk, _address(request))
        except LoginRefused as refused:
            return _page(talk, "", str(refused), refused.status, provided=True)
        response = RedirectResponse(where, 303)
        _keep(response, request, STATE, state, AWAY)
        return response

    @routes.get("/login/provider/back")
    def come_back(request: Request) -> Response:
        try:
            token, talk = entrance.finish(request.query_params, request.cookies.get(STATE, ""), _address(request))
            response = _entered(request, talk, token)
        except LoginRefused as refused:
            response = _page("", "", str(refused), refused.status, provided=True)
        response.delete_cookie(STATE, httponly=True, samesite="lax", secure=request.url.scheme == "https")
        return response

    return routes


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _entered(request: Request, talk: str, token: str) -> Response:
    """Where a log-in leads, with the cookie that it gives."""
    response = _home(talk)
    _keep(response, request, LOGIN, token, LOGIN_DAYS * 86400)
    return response


def _keep(response: Response, request: Request, cookie: str, value: str, seconds: int) -> None:
    safely = request.url.scheme == "https"
    response.set_cookie(cookie, value, max_age=seconds, httponly=True, samesite="lax", secure=safely)


async def _form(request: Request) -> dict[str, str] | None:
    """The fields of a form; None where it is too long."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > FORM:
            return None
    return {name: values[-1] for name, values in parse_qs(body.decode(errors="replace")).items()}


def _home(talk: str) -> Response:
    """Where a log-in leads: to a conversation, to the answer of a link ("answer/..."), or to a new conversation."""
    if LINK.fullmatch(f"/{talk}"):
        return RedirectResponse(f"/{talk}", 303)
    return RedirectResponse(f"/?talk={talk}" if _TALK.fullmatch(talk) else "/", 303)


def _page(talk: str, name: str = "", message: str = "", status: int = 200, *, provided: bool) -> Response:
    return HTMLResponse(render("login.page", talk, name, message, provided), status)
