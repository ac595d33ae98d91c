"""Followed sources synced beside the doors: when somebody asks for it, and every so many hours."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..core.errors import AssistantError

if TYPE_CHECKING:
    from ..chain import Assistant

LOOK = 60.0
"""Seconds between two looks at what is due: sources may be followed meanwhile, and synced by other processes."""
PATIENCE = 5.0
"""Seconds that a sync gets to end when the doors close; it may be cut off anywhere, and the next one goes on."""

log = logging.getLogger(__name__)


class _ClosingDown(Exception):
    """The sync ends at its next pause."""


class Syncer:
    """Syncs in a thread of its own, which begins when it is needed. Threads may share it. Close it in the end.

    `hours`: how long after its last sync a source is due; None: only when asked for.
    """

    def __init__(
        self,
        assistant: Assistant,
        *,
        hours: float | None = None,
        look: float = LOOK,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._assistant, self._hours, self._look, self._clock = assistant, hours, look, clock
        self._wanted, self._closing, self._running = threading.Event(), threading.Event(), threading.Event()
        self._starting = threading.Lock()  # of the thread
        self._thread: threading.Thread | None = None
        if hours is not None:
            self._start()

    @property
    def running(self) -> bool:
        """Whether a sync runs, or is about to."""
        return self._running.is_set() or self._wanted.is_set()

    def ask(self) -> None:
        """Sync all sources soon; if a sync runs, once more after it."""
        self._wanted.set()
        self._start()

    def close(self) -> None:
        self._closing.set()
        self._wanted.set()
        if self._thread:
            self._thread.join(PATIENCE)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="syncer", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while not self._closing.is_set():
            asked = self._wanted.is_set()
            self._running.set()
            self._wanted.clear()
            try:
                self._sync(self._due(everything=asked))
            except _ClosingDown:
                return
            except (AssistantError, OSError) as error:  # such as a library that another process writes to
                log.warning("The followed sources could not be synced: %s", error)
            finally:
                self._running.clear()
            self._wanted.wait(None if self._hours is None else self._look)

    def _due(self, *, everything: bool) -> list[str]:
        """The names of the sources to be synced now."""
        every = self._assistant.followed()
        if everything:
            return [one.name for one in every]
        latest = self._clock() - (self._hours or 0.0) * 3600
        return [one.name for one in every if one.synced is None or one.synced.timestamp() <= latest]

    def _sync(self, names: list[str]) -> None:
        if names:
            for one in self._assistant.sync(*names, sleep=self._pause):
                if one.fault:
                    log.warning("The source %s: %s", one.name, one.fault)

    def _pause(self, seconds: float) -> None:
        if self._closing.wait(seconds):
            raise _ClosingDown
