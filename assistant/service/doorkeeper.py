"""Who sends a request, by key or from this machine without one, and whether it may do what it asks for."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ..core.database import DataHome
from ..core.errors import AssistantError
from ..people.accounts import PREFIX, Accounts, Key, Right
from ..people.limits import limits_of

SLOWLY = 1.0
"""Seconds before a wrong key is refused."""
WRONG = 10
"""Wrong keys a minute from one address; more are refused without the delay."""
WRONG_IN_ALL = 120
"""The same for all addresses together. A valid key is never refused for the wrong ones of others."""
FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
"""Headers that give away a proxy: behind one, everybody's address is the proxy's."""
NO_KEY = (
    "A key is needed here. Make one with: assistant keys add NAME, and send it as the header "
    "“Authorization: Bearer papers_...”."
)

log = logging.getLogger(__name__)


class NotAdmitted(AssistantError):
    """A refused request: the reason, its HTTP status, and headers that say what to do."""

    def __init__(self, status: int, reason: str, headers: Mapping[str, str]) -> None:
        super().__init__(reason)
        self.status, self.headers = status, headers


HERE = "here"
"""The owner of the conversations of programs on this machine that have no key."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request: the owner of conversations, and the key, or None for a program on this machine."""

    owner: str
    key: Key | None = None

    @property
    def collector(self) -> str:
        """Whose collections it uses: those of its key or, without one, those of the home."""
        return self.owner if self.key else ""


class Doorkeeper:
    """Lets programs in. A program on this machine needs no key unless `always`, but a key it sends must be valid."""

    def __init__(
        self,
        home: Path | DataHome,
        *,
        always: bool = False,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        home = DataHome.of(home)
        self._accounts = Accounts(home)
        self._limits, self._tries = limits_of(home, "key"), limits_of(home, "wrong-key")
        self._always, self._sleep = always, sleep

    def close(self) -> None:
        for one in (self._accounts, self._limits, self._tries):
            one.close()

    async def caller(self, address: str, headers: Mapping[str, str]) -> Caller:
        """Who sends a request from `address`; `headers` have names in lower case. Raises `NotAdmitted`.

        On this machine a token that does not look like one of our keys is ignored: some programs always send one.
        """
        scheme, _, token = headers.get("authorization", "").partition(" ")
        token = token.strip() if scheme.casefold() == "bearer" else ""
        if token.startswith(PREFIX):
            if key := await asyncio.to_thread(self._accounts.key, token):
                return Caller(key.owner, key)
            await self._refuse(address)
        if not self._always and at_this_machine(address, headers):
            return Caller(HERE)
        if token:
            await self._refuse(address)
        raise _unknown(NO_KEY)

    def admit(self, caller: Caller, right: Right, *, question: bool = False) -> None:
        """Raise `NotAdmitted` if the caller lacks a right or asks more questions a minute than its key allows."""
        if caller.key is None:
            return
        if not caller.key.may(right):
            raise NotAdmitted(
                403, "This key can ask questions but not change the papers. Make one with --rights write for that.", {}
            )
        wait = self._limits.allow(caller.owner, caller.key.per_minute) if question else 0
        if wait:
            seconds = str(math.ceil(wait))
            reason = f"This key may ask {caller.key.per_minute:,} questions a minute. Ask again in {seconds} s."
            raise NotAdmitted(429, reason, {"Retry-After": seconds})

    async def _refuse(self, address: str) -> None:
        """Refuse a wrong key: slowly, or at once after too many."""
        wait = self._tries.allow(address, WRONG) or self._tries.allow("", WRONG_IN_ALL)
        log.warning("a wrong key was sent from %s", address or "an unknown address")
        if wait:
            raise NotAdmitted(429, "Too many wrong keys were sent.", {"Retry-After": str(math.ceil(wait))})
        await self._sleep(SLOWLY)
        raise _unknown("There is no such key. It may have been removed.")


def at_this_machine(address: str, headers: Mapping[str, str]) -> bool:
    """Whether a request comes from a program on this machine.

    Requests that a proxy forwards do not count, nor do those that another site makes through a browser here: that
    site is named in `Origin` or, if its own name resolves to this machine's address, in `Host`.
    """
    host = headers.get("host", "")
    origin = headers.get("origin", "")
    return (
        _is_loopback(address)
        and not any(name in headers for name in FORWARDED)
        and _names_this_machine(host)
        and (not origin or origin.partition("://")[2] == host)
        and headers.get("sec-fetch-site", "none") in ("none", "same-origin")
    )


def _names_this_machine(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:  # brackets that do not close
        return False
    return name == "localhost" or _is_loopback(name)


def _is_loopback(address: str) -> bool:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return (mapped or ip).is_loopback


def _unknown(reason: str) -> NotAdmitted:
    return NotAdmitted(401, reason, {"WWW-Authenticate": 'Bearer realm="papers"'})
