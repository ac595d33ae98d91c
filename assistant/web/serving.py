"""A page, a host and a port in, the page served out until it is stopped."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

import uvicorn

from ..errors import AddressError

if TYPE_CHECKING:
    from fastapi import FastAPI

PATIENCE = 3
"""Seconds that open connections are given when the server ends; each open page holds one."""


def run(served: FastAPI, listening: socket.socket, host: str, announce: Callable[[str], None]) -> None:
    """Serve the page until Ctrl-C; `announce` is told its address once it can be opened."""
    config = uvicorn.Config(
        served,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=PATIENCE,
    )
    try:
        _Server(config, lambda: announce(address(host, listening.getsockname()[1]))).run(sockets=[listening])
    except KeyboardInterrupt:
        return  # uvicorn passes Ctrl-C on when it has ended


class _Server(uvicorn.Server):
    """Tells that the page can be opened once it can be without waiting."""

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
    """A socket that listens there; `AddressError` where that cannot be."""
    try:
        family = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        return socket.create_server((host, port), family=family, backlog=256)
    except (OSError, UnicodeError) as error:  # the latter where the name of a host cannot be one
        reason = (isinstance(error, OSError) and error.strerror) or error
        raise AddressError(
            f"The page cannot be served at {host}, port {port}: {reason}. "
            "Name another port with --port (0 takes any that is free), or another host with --host."
        ) from error
