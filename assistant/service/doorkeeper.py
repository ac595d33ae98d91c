"""A request's address and headers in, who it is and what it may out: by a key, or from this machine without one."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ..core.errors import AssistantError
from ..people.accounts import PREFIX, Accounts, Key, Right
from ..people.limits import Limits

SLOWLY = 1.0
"""Seconds that a wrong key waits for its refusal."""
WRONG = 10
"""Wrong keys a minute that an address may try; more are refused at once."""
WRONG_IN_ALL = 120
"""The same for all addresses together. A right key is never refused for the wrong ones of others."""
FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
"""Headers by which a proxy shows itself: behind one, everybody's address is the proxy's."""
NO_KEY = (
    "A key is needed here. Make one with: assistant keys add NAME, and send it as the header "
    "“Authorization: Bearer papers_...”."
)

log = logging.getLogger(__name__)


class Refused(AssistantError):
    """A request that is not let in: why, the HTTP status that says so, and headers that tell what to do."""

    def __init__(self, status: int, reason: str, headers: Mapping[str, str]) -> None:
        super().__init__(reason)
        self.status, self.headers = status, headers


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the owner of conversations, and the key, or None for a program of this machine."""

    owner: str
    key: Key | None = None


class Doorkeeper:
    """Lets programs in. A program of this machine needs no key, unless `always` is set; a key it sends is looked at."""

    def __init__(
        self, home: Path, *, always: bool = False, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._accounts, self._limits, self._tries = Accounts(home), Limits(), Limits()
        self._always, self._sleep = always, sleep

    def close(self) -> None:
        self._accounts.close()

    async def caller(self, address: str, headers: Mapping[str, str]) -> Caller:
        """Who sends a request from `address`; `headers` have names in lower case. Raises `Refused`.

        What is sent as a key and does not look like one of ours is none: some programs cannot send nothing.
        """
        scheme, _, token = headers.get("authorization", "").partition(" ")
        token = token.strip() if scheme.casefold() == "bearer" else ""
        if token.startswith(PREFIX):
            if key := await asyncio.to_thread(self._accounts.key, token):
                return Caller(key.owner, key)
            await self._wrong(address)
        if not self._always and at_this_machine(address, headers):
            return Caller("here")
        if token:
            await self._wrong(address)
        raise _unknown(NO_KEY)

    def admit(self, caller: Caller, right: Right, *, question: bool = False) -> None:
        """Raise `Refused` where the caller lacks a right, or asks more questions a minute than its key may."""
        if caller.key is None:
            return
        if not caller.key.may(right):
            raise Refused(
                403, "This key may ask, and not change the papers. It takes one made with --rights write.", {}
            )
        wait = self._limits.allow(caller.owner, caller.key.per_minute) if question else 0
        if wait:
            seconds = str(int(-(-wait // 1)))
            told = f"This key may ask {caller.key.per_minute:,} questions a minute. Ask again in {seconds} s."
            raise Refused(429, told, {"Retry-After": seconds})

    async def _wrong(self, address: str) -> None:
        wait = self._tries.allow(address, WRONG) or self._tries.allow("", WRONG_IN_ALL)
        log.warning("a wrong key was sent from %s", address or "an unknown address")
        if wait:
            raise Refused(429, "Too many wrong keys were sent.", {"Retry-After": str(int(-(-wait // 1)))})
        await self._sleep(SLOWLY)
        raise _unknown("There is no such key. It may have been removed.")


def at_this_machine(address: str, headers: Mapping[str, str]) -> bool:
    """Whether a request comes from a program of this machine.

    It does not where a proxy says that it hands it on, nor where a page of another site has a browser here send it:
    that page stands in `Origin` or, where it has given its own name this machine's address, in `Host`.
    """
    host = headers.get("host", "")
    origin = headers.get("origin", "")
    return (
        _loopback(address)
        and not any(name in headers for name in FORWARDED)
        and _named_here(host)
        and (not origin or origin.partition("://")[2] == host)
        and headers.get("sec-fetch-site", "none") in ("none", "same-origin")
    )


def _named_here(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:  # brackets that do not close
        return False
    return name == "localhost" or _loopback(name)


def _loopback(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_loopback


def _unknown(reason: str) -> Refused:
    return Refused(401, reason, {"WWW-Authenticate": 'Bearer realm="papers"'})
