"""A browser's cookies in, whose conversations they open out; and where people log in, the page they do it on.

Which part of a name and password is wrong is never told, and takes as long to find out either way. Tries are slowed by
where they come from, known name or not, and much later by name and altogether: from one address nobody can lock another
out, and from many nobody can guess for ever.
"""

from __future__ import annotations

import asyncio
import logging
import math
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from ...core.bounds import FORM
from ...core.errors import AccountError
from ...people.accounts import AT_ONCE, LOGIN_DAYS
from ...people.limits import Limits
from .markup import Html, joined, tag
from .sessions import Unknown, owner_of

if TYPE_CHECKING:
    from ...people.accounts import Accounts, User

LOGIN = "assistant-login"
"""The cookie of those who are logged in."""
TRIES, TRIES_AT_A_NAME = 30, 6
"""Tries a minute from one address, at all names and at one: whoever mistypes waits a little, who guesses for ever."""
TRIES_IN_ALL, TRIES_AT_A_NAME_IN_ALL = 300, 60
"""The same from all addresses together: whoever guesses from many is slowed, too."""
_PAGE = Path(__file__).with_name("own") / "login.html"
_TALK = re.compile(r"[\w-]{8,32}")

log = logging.getLogger(__name__)


class Refused(AccountError):
    """A log-in that is refused; `status` is that of the response."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Entrance:
    """Who comes in: with `accounts` its users, without any everybody, each known by their browser."""

    def __init__(self, accounts: Accounts | None) -> None:
        self._accounts = accounts
        self._limits = Limits()
        self._checking = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="log-in")

    def close(self) -> None:
        self._checking.shutdown(wait=True, cancel_futures=True)
        if self._accounts:
            self._accounts.close()

    @property
    def guarded(self) -> bool:
        """Whether one has to log in."""
        return self._accounts is not None

    def owner(self, cookies: Mapping[str, str]) -> str:
        """Whose the conversations are that these cookies open; raises `Unknown`."""
        if not self._accounts:
            return f"session:{owner_of(cookies)}"
        if user := self.user(cookies):
            return user.owner
        raise Unknown("You are logged out. Load the page again to log in.")

    def user(self, cookies: Mapping[str, str]) -> User | None:
        """The user whom these cookies belong to."""
        token = cookies.get(LOGIN, "")
        return self._accounts.logged_in(token) if self._accounts and token else None

    async def log_in(self, name: str, password: str, address: str) -> str:
        """The token for the cookie of whoever bears this name and password; raises `Refused`."""
        folded = name.strip().casefold()
        counted = {
            f"at {folded} from {address}": TRIES_AT_A_NAME,
            f"from {address}": TRIES,
            f"at {folded}": TRIES_AT_A_NAME_IN_ALL,
            "in all": TRIES_IN_ALL,
        }
        wait = next(filter(None, (self._limits.allow(one, most) for one, most in counted.items())), 0.0)
        if wait:
            log.warning("log-ins from %s are slowed down", address)
            seconds = math.ceil(wait)
            raise Refused(f"Too many attempts. Try again in {seconds} second{'s' * (seconds != 1)}.", 429)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._checking, self._checked, name, password, address)

    def _checked(self, name: str, password: str, address: str) -> str:
        if self._accounts and (user := self._accounts.user(name, password)):
            return self._accounts.log_in(user)
        known = {user.name for user in self._accounts.users()} if self._accounts else set()
        # An unknown name is not written down: now and then it is a password, typed into the wrong box.
        told = repr(name) if name.strip().casefold() in known else "an unknown name"
        log.warning("log-in as %s refused from %s", told, address)
        raise Refused("The name or the password is not right.", 401)

    def log_out(self, cookies: Mapping[str, str]) -> None:
        """Make the token of these cookies useless."""
        if self._accounts:
            self._accounts.log_out(cookies.get(LOGIN, ""))


def router(entrance: Entrance) -> APIRouter:
    """The log-in page, what its form is sent to, and the way out."""
    routes = APIRouter()

    @routes.get("/login")
    def page(request: Request, talk: str = "") -> Response:
        return _home(talk) if entrance.user(request.cookies) else _page(talk)

    @routes.post("/login")
    async def log_in(request: Request) -> Response:
        filled = await _form(request)
        if filled is None:
            return PlainTextResponse("This form is longer than any name and password.", 413)
        name, talk = filled.get("name", ""), filled.get("talk", "")
        address = request.client.host if request.client else ""
        try:
            token = await entrance.log_in(name, filled.get("password", ""), address)
        except Refused as refused:
            return _page(talk, name=name, message=str(refused), status=refused.status)
        response = _home(talk)
        response.set_cookie(
            LOGIN,
            token,
            max_age=LOGIN_DAYS * 86400,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return response

    @routes.post("/logout")
    def log_out(request: Request) -> Response:
        entrance.log_out(request.cookies)
        response = RedirectResponse("/login", 303)
        response.delete_cookie(LOGIN, httponly=True, samesite="lax", secure=request.url.scheme == "https")
        return response

    return routes


async def _form(request: Request) -> dict[str, str] | None:
    """What a form was filled in with; None where it is too long."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > FORM:
            return None
    return {name: values[-1] for name, values in parse_qs(body.decode(errors="replace")).items()}


def _home(talk: str) -> Response:
    return RedirectResponse(f"/?talk={talk}" if _TALK.fullmatch(talk) else "/", 303)


def _page(talk: str, *, name: str = "", message: str = "", status: int = 200) -> Response:
    told = tag("p", {"class": "refused", "role": "alert"}, message) if message else joined([])
    whole = _PAGE.read_text(encoding="utf-8")
    for place, content in {"told": told, "name": _quoted(name), "talk": _quoted(talk)}.items():
        whole = whole.replace(f"<!-- {place} -->", content)
    return HTMLResponse(whole, status)


def _quoted(text: str) -> Html:
    """Text that may stand in an attribute."""
    return joined([text])
