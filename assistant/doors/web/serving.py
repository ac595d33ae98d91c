"""A page, a host and a port in, the page served there until it is stopped, however many or slow its clients are."""

from __future__ import annotations

import asyncio
import resource
import socket
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from ...core.bounds import CONNECTIONS, HEAD, HEAD_WAIT
from ...core.errors import AddressError

if TYPE_CHECKING:
    from fastapi import FastAPI
    from uvicorn.server import ServerState

PATIENCE = 3
"""Seconds that open connections get when the server stops; each open page has one."""
OWN_FILES = 256
"""File descriptors reserved for the library, its index and the conversations."""


def run(
    served: FastAPI,
    listening: socket.socket,
    host: str,
    announce: Callable[[str], None],
    *,
    proxies: Collection[str] = (),
) -> None:
    """Serve the page until Ctrl-C; `announce` is called with its address once it can be opened."""
    config = configured(served, proxies=proxies, connections=_room(CONNECTIONS))
    try:
        _Server(config, lambda: announce(address(host, listening.getsockname()[1]))).run(sockets=[listening])
    except KeyboardInterrupt:
        return  # uvicorn raises this again once it has stopped


def configured(
    served: FastAPI, *, proxies: Collection[str] = (), connections: int = CONNECTIONS, wait: float = HEAD_WAIT
) -> uvicorn.Config:
    """How the page is served: `connections` at once, each closed after `wait` seconds without the head of a request.

    Only `proxies`, addresses and networks, are trusted to say where a request comes from.
    """

    class Bounded(Connection):
        most, patience = connections, wait

    return uvicorn.Config(
        served,
        http=Bounded,
        ws="none",
        log_config=None,  # the process has its own
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=[*proxies],
        h11_max_incomplete_event_size=HEAD,
        timeout_graceful_shutdown=PATIENCE,
    )


class Connection(H11Protocol):
    """A connection that makes room for others while it waits for a request or the rest of one.

    uvicorn has a timeout for idle connections only, and its `limit_concurrency` refuses whoever comes last: a thousand
    half-sent requests would keep everyone else out. Here a new connection replaces the one that has waited longest.
    Lives on the event loop.
    """

    most = CONNECTIONS
    patience = HEAD_WAIT

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,  # the name that uvicorn gives it
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def free(self) -> bool:
        """Whether no request is being read or answered on it."""
        return self.cycle is None or self.cycle.response_complete

    @property
    def waiting(self) -> bool:
        """Whether it waits for the client: for a request, or for the rest of one."""
        return self.free or self.cycle.more_body

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._wait()
        if len(self.connections) > self.most // 2:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self.free:
            self._stop_waiting()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.free:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _make_room(self) -> None:
        """Close the connection that has waited longest if there are too many, in all or from this address."""
        everyone = [each for each in self.connections if isinstance(each, Connection)]
        neighbours = [each for each in everyone if self._address == each._address]
        if len(neighbours) > self.most // 2:
            _longest_waiting(neighbours).transport.abort()
        elif len(everyone) > self.most:
            _longest_waiting(everyone).transport.abort()

    @property
    def _address(self) -> str:
        return self.client[0] if self.client else ""

    def _wait(self) -> None:
        self._stop_waiting()
        self._since = self.loop.time()
        self._timer = self.loop.call_later(self.patience, self._give_up)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        if self.transport.get_write_buffer_size():  # the last response is still on its way to a slow reader
            self._timer = self.loop.call_later(self.patience, self._give_up)
        else:
            self.transport.abort()


def _longest_waiting(connections: Collection[Connection]) -> Connection:
    """The one that has waited longest: the new one if all others are being answered."""
    return min((each for each in connections if each.waiting), key=lambda each: each._since)


def _room(wanted: int) -> int:
    """How many connections the file descriptors allow, up to `wanted`; raises the soft limit if it has to."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted + OWN_FILES if hard == resource.RLIM_INFINITY else min(wanted + OWN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return max(most - OWN_FILES, most // 2)


class _Server(uvicorn.Server):
    """Calls `ready` once the page can be opened without waiting."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def address(host: str, port: int) -> str:
    """What to type into a browser on this machine."""
    name = {"0.0.0.0": "localhost", "::": "localhost", "": "localhost"}.get(host, host)
    return f"http://{f'[{name}]' if ':' in name else name}:{port}"


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens there; raises `AddressError`."""
    try:
        family = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        return socket.create_server((host, port), family=family, backlog=256)
    except (OSError, UnicodeError) as error:  # the latter for an impossible host name
        reason = (isinstance(error, OSError) and error.strerror) or error
        raise AddressError(
            f"The page cannot be served at {host}, port {port}: {reason}. "
            "Choose another port with --port (0 picks a free one), or another host with --host."
        ) from error
