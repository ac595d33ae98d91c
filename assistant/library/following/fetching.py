"""An address in, the bytes behind it out: politely, within bounds, or refused in words.

A pause lies between two requests to one host. What may pass by itself is tried again, after the time that the service
asks for. Nothing that is cut short, too large, or sent from where nobody asked is handed on.
"""

from __future__ import annotations

import email.utils
import functools
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from ..sources.opening import Unreadable
from ..sources.xml import root_of
from .followed import Refused

if TYPE_CHECKING:
    import ssl
    from xml.etree.ElementTree import Element

    import httpx

MOST_BYTES = 32 * 2**20
"""Bytes of the largest response that is read: a hundred records are one or two million."""
SECONDS, SILENCE = 180.0, 30.0
"""Time for a whole response, and for each of its parts."""
TRIES = 4
LONGEST_WAIT = 120.0
"""Seconds that a sync waits before it tries again; if a service asks for more, the next sync tries."""
REDIRECTS = 5
AGAIN = (408, 425, 429, 500, 502, 503, 504)
"""Statuses that may pass by themselves."""
_MOVED = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A response: its status, 200 or 304, its headers by their names in lower case, and its bytes."""

    status: int
    headers: Mapping[str, str]
    data: bytes

    @property
    def unchanged(self) -> bool:
        return self.status == HTTPStatus.NOT_MODIFIED


class Fetcher:
    """Fetches for one sync. `sleep` may raise, which ends the sync."""

    def __init__(
        self,
        *,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._sleep, self._clock, self._now = sleep, clock, now
        self._not_before: dict[str, float] = {}  # by host, on the clock

    def get(
        self,
        url: str,
        parameters: Mapping[str, str | int] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        secret: Mapping[str, str] | None = None,
        pause: float = 1.0,
    ) -> Fetched:
        """The response of an address. `secret` headers go to its host alone; `pause` is in seconds.

        Raises `Refused` if there is none that can be used.
        """
        import httpx

        address = _address(url, parameters or {})
        for attempt in range(1, TRIES + 1):
            wait = max(pause, 1.0) * 2**attempt
            try:
                response = self._fetched(address, dict(headers or {}), dict(secret or {}), pause)
            except httpx.InvalidURL as error:
                raise Refused(f"redirects to an address that cannot be read ({error})") from error
            except httpx.TransportError as error:
                reason = _unheard(error)
            else:
                if response.status in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED):
                    return response
                reason = f"answered with {_named(response.status)}{_said(response)}"
                if response.status not in AGAIN:
                    raise Refused(reason, status=response.status)
                wait = max(wait, self._asked_for(response.headers.get("retry-after", "")))
            if wait > LONGEST_WAIT:
                raise Refused(f"{reason} and asked to be left alone for {_duration(wait)}; sync again after that")
            if attempt < TRIES:
                self._sleep(wait)
        raise Refused(f"{reason}, {TRIES} times in a row")

    def _fetched(self, address: str, headers: dict[str, str], secret: dict[str, str], pause: float) -> Fetched:
        """The response after all redirects. Raises what httpx raises, and `Refused`."""
        import httpx

        began, host = self._clock(), urlsplit(address).netloc
        for _ in range(REDIRECTS + 1):
            here = urlsplit(address)
            self._await_turn(here.netloc)
            sent = headers | (secret if here.netloc == host else {})
            # Without encryption there are no certificates, and loading those of the system takes a while.
            verified = self._certificates if here.scheme == "https" else False
            try:
                with (
                    httpx.Client(headers=_own_headers(), timeout=SILENCE, verify=verified) as client,
                    client.stream("GET", address, headers=sent) as response,
                ):
                    self._turn_taken(here.netloc, pause, response.headers.get("backoff", ""))
                    if response.status_code not in _MOVED:
                        return Fetched(response.status_code, dict(response.headers), self._read(response, began))
                    address = _redirected(address, response.headers.get("location", ""))
            finally:
                self._turn_taken(here.netloc, pause)
        raise Refused(f"redirects more than {REDIRECTS} times")

    @functools.cached_property
    def _certificates(self) -> ssl.SSLContext:
        import httpx

        return httpx.create_ssl_context()

    def _read(self, response: httpx.Response, began: float) -> bytes:
        """The bytes of a response. Raises `Refused` for too many, too slow, or compressed ones."""
        encoding = response.headers.get("content-encoding", "identity")
        if encoding != "identity":  # it could unpack to a thousand times the bytes read
            raise Refused(f"compresses its answer ({encoding[:20]}), although it was asked not to")
        data = bytearray()
        for piece in response.iter_raw(2**16):
            data += piece
            if len(data) > MOST_BYTES:
                raise Refused(f"sends more than the {MOST_BYTES:,} bytes that an answer may have")
            if self._clock() - began > SECONDS:
                raise Refused(f"took more than {SECONDS:.0f} seconds to answer")
        return bytes(data)

    # -- turns

    def _await_turn(self, host: str) -> None:
        wait = self._not_before.get(host, 0.0) - self._clock()
        if wait > LONGEST_WAIT:
            raise Refused(f"asked to be left alone for {_duration(wait)}; sync again after that")
        if wait > 0:
            self._sleep(wait)

    def _turn_taken(self, host: str, pause: float, backoff: str = "") -> None:
        """Note when the host may be asked again; Zotero asks for longer pauses with the header Backoff."""
        wait = max(pause, float(backoff) if backoff.isdecimal() else 0.0)
        self._not_before[host] = max(self._not_before.get(host, 0.0), self._clock() + wait)

    def _asked_for(self, retry_after: str) -> float:
        """The seconds of a Retry-After header, which has them or a date; 0 without one.

        https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
        """
        if retry_after.strip().isdecimal():
            return float(retry_after)
        try:
            return max(0.0, email.utils.parsedate_to_datetime(retry_after).timestamp() - self._now())
        except (ValueError, OverflowError):
            return 0.0


def xml_of(fetched: Fetched, what: str) -> Element:
    """The root of a response that should be XML, `what` in words. Raises `Refused`."""
    try:
        return root_of(fetched.data)
    except Unreadable as error:
        raise Refused(f"sent {_kind(fetched.data)} that {error}, where {what} was expected") from error


def json_of(fetched: Fetched, what: str) -> dict[str, Any]:
    """The object of a response that should be JSON, `what` in words. Raises `Refused`."""
    try:
        value = json.loads(fetched.data)
    except (ValueError, RecursionError) as error:
        reason = "is nested too deeply" if isinstance(error, RecursionError) else f"is not JSON ({error})"
        raise Refused(f"sent {_kind(fetched.data)} that {reason}, where {what} was expected") from error
    if not isinstance(value, dict):
        raise Refused(f"sent JSON that is no object, where {what} was expected")
    return value


def _address(url: str, parameters: Mapping[str, str | int]) -> str:
    """The address with further parameters. Raises `Refused`."""
    import httpx

    try:
        address = httpx.URL(url)
        return str(address.copy_merge_params(parameters) if parameters else address)
    except httpx.InvalidURL as error:
        raise Refused(f"has an address that cannot be read ({error})") from error


def _own_headers() -> dict[str, str]:
    """Who asks. What is compressed could unpack to a thousand times the bytes read."""
    from ... import __version__

    return {"User-Agent": f"paper-assistant/{__version__}", "Accept-Encoding": "identity"}


def _redirected(address: str, location: str) -> str:
    """Where a redirect leads. Raises `Refused` if it leaves the web, or its encryption."""
    target = urljoin(address, location)
    before, after = urlsplit(address), urlsplit(target)
    if not location or after.scheme not in ("http", "https") or not after.hostname:
        raise Refused("redirects to nowhere on the web")
    if (before.scheme, after.scheme) == ("https", "http"):
        raise Refused(f"redirects to an address without encryption, at {after.hostname}")
    return target


def _named(status: int) -> str:
    """A status and its name: "status 404 (Not Found)"."""
    try:
        return f"status {status} ({HTTPStatus(status).phrase})"
    except ValueError:
        return f"status {status}"


def _said(response: Fetched) -> str:
    """A service's own words about why it refuses, if they are brief and no web page."""
    kind, text = response.headers.get("content-type", ""), response.data[:2000].decode(errors="replace")
    if kind.startswith("application/json"):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return ""
        text = str(value.get("message") or value.get("error") or "") if isinstance(value, dict) else ""
    elif not kind.startswith("text/plain"):
        return ""
    return f": {' '.join(text.split())[:200]}" if text.strip() else ""


def _kind(data: bytes) -> str:
    return "a web page" if data.lstrip()[:100].lower().startswith((b"<!doctype html", b"<html")) else "something"


def _unheard(error: httpx.TransportError) -> str:
    import httpx

    if isinstance(error, httpx.TimeoutException):
        return "did not answer in time"
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError):
        return "broke off its answer"
    if isinstance(error, httpx.UnsupportedProtocol):
        return "has an address that is not on the web"
    return "cannot be reached"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"
