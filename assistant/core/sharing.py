"""What threads and processes may share: a value that is released after its last user, and a check for forked processes.

A forked process has a copy of the memory but none of the threads. Whatever waits for one of them waits forever, and
SQLite forbids using a connection there.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from .errors import AssistantError

T = TypeVar("T")


class Process:
    """The process in which this object was made; its maker's connections, locks and threads belong to it."""

    def __init__(self) -> None:
        self._id = os.getpid()

    @property
    def is_here(self) -> bool:
        """Whether this is that process."""
        return os.getpid() == self._id

    def check(self) -> None:
        """Raise `AssistantError` in any other process."""
        if not self.is_here:
            raise AssistantError(
                "This process was forked from one that uses the assistant, and has none of its threads and "
                "connections. Start it afresh, with multiprocessing.get_context('spawn'), and open an assistant in it."
            )


@functools.cache
def native() -> Process:
    """The process that first used Chroma or onnxruntime: in a fork of it both hang, even if opened anew."""
    return Process()


class Shared(Generic[T]):
    """A value that threads may use until `close`; its last user then calls `release`."""

    def __init__(self, value: T, release: Callable[[], None], *, closed: str) -> None:
        self._value, self._release, self._message = value, release, closed
        self._process = Process()
        self._lock = threading.Lock()  # of the two below
        self._closed, self._users = False, 0

    @contextmanager
    def using(self) -> Iterator[T]:
        """The value, usable until the block ends. Raises `AssistantError` once closed, and in a forked process."""
        self._process.check()
        with self._lock:
            if self._closed:
                raise AssistantError(self._message)
            self._users += 1
        try:
            yield self._value
        finally:
            with self._lock:
                self._users -= 1
                last = self._closed and not self._users
            if last:
                self._release()

    def close(self) -> None:
        """Accept no new users. A second call, or one in a forked process, does nothing."""
        if not self._process.is_here:
            return
        with self._lock:
            idle = not self._closed and not self._users
            self._closed = True
        if idle:
            self._release()
