"""Something that threads share in, the same out until it is closed; it is released once nobody uses it any more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from .errors import AssistantError
from .processes import Process

T = TypeVar("T")


class Shared(Generic[T]):
    """What is shared, until `close`; then nobody new may use it, and `release` is called when the last user is done."""

    def __init__(self, value: T, release: Callable[[], None], *, closed: str) -> None:
        self._value, self._release, self._message = value, release, closed
        self._process = Process()
        self._lock = threading.Lock()  # of the two below
        self._closed, self._users = False, 0

    @contextmanager
    def using(self) -> Iterator[T]:
        """What is shared, usable until the block ends; raises `AssistantError` once closed, and in a forked process."""
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
        """Let nobody new use it. A second time, or in a forked process, this changes nothing."""
        if not self._process.is_here:
            return
        with self._lock:
            idle = not self._closed and not self._users
            self._closed = True
        if idle:
            self._release()
