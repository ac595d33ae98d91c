"""A server in, the same server behind a loopback port that refuses, stalls, slows, cuts and comes back out."""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import suppress
from typing import Literal, Self

Mode = Literal["pass", "refuse", "stall", "slow", "cut"]
SLOW = 0.02
"""Seconds that each piece of what is sent takes when the network is slow."""
PIECE = 2**14
RESET = struct.pack("ii", 1, 0)
"""Closed so, a connection ends with a reset. https://man7.org/linux/man-pages/man7/socket.7.html, SO_LINGER"""


class Proxy:
    """Passes on what is sent to `port` of this machine, as `mode` says. `target`: a port, or the path of a socket.

    refuse: no connection is taken, those that there are end. cut: those that there are end at once, new ones pass.
    stall: nothing is passed on; a connection that was once stalled stays silent for good. slow: each piece waits.
    """

    def __init__(self, target: int | str) -> None:
        self._target = target
        self._mode: Mode = "pass"
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._lock = threading.Lock()  # of the pairs
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    @property
    def mode(self) -> Mode:
        """How it behaves."""
        return self._mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        before, self._mode = self._mode, mode
        if mode in ("refuse", "cut"):
            self._end()
        if mode == "cut":
            self._mode = "pass"
        if mode == "refuse" and before != "refuse":
            _close(self._listening)
        if before == "refuse" and mode != "refuse":
            self._listening = socket.create_server(("127.0.0.1", self.port), reuse_port=False)
            threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        _close(self._listening)
        self._end()

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                client, _ = listening.accept()
            except OSError:  # it was closed
                return
            try:
                server = self._connected()
            except OSError:
                _reset(client)
                continue
            with self._lock:
                self._pairs.add((client, server))
            stalled = threading.Event()
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(source, sink, stalled), daemon=True).start()

    def _connected(self) -> socket.socket:
        if isinstance(self._target, int):
            return socket.create_connection(("127.0.0.1", self._target))
        server = socket.socket(socket.AF_UNIX)
        server.connect(self._target)
        return server

    def _pump(self, source: socket.socket, sink: socket.socket, stalled: threading.Event) -> None:
        with suppress(OSError):
            while data := source.recv(PIECE):
                if self._mode == "stall":
                    stalled.set()
                if stalled.is_set():
                    continue  # swallowed: to both ends it looks as if the other one were thinking
                if self._mode == "slow":
                    time.sleep(SLOW)
                sink.sendall(data)
        _reset(source)
        _reset(sink)

    def _end(self) -> None:
        with self._lock:
            pairs, self._pairs = self._pairs, set()
        for pair in pairs:
            for end in pair:
                _reset(end)


def _reset(end: socket.socket) -> None:
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    _close(end)


def _close(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for it
    end.close()
