"""A name and how often it may come in, the seconds it has to wait out."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable

LONGEST = 200
"""Characters of a name that is remembered as it is; a longer one is by its hash."""
NAMES = 10_000
"""Names remembered: 4 MB at most. Of more, the one not heard of for longest starts afresh."""


class Limits:
    """How often each name came, in this process; safe in several threads at once.

    A name has a bucket of as many tokens as it may come a minute, and the bucket fills evenly: all may be used at
    once, and then one comes back every so many seconds.
    """

    def __init__(self, *, names: int = NAMES, clock: Callable[[], float] = time.monotonic) -> None:
        self._names, self._clock = names, clock
        self._missing: dict[str, tuple[float, float]] = {}  # tokens, and since when; in the order of last use
        self._lock = threading.Lock()

    def allow(self, name: str, per_minute: int) -> float:
        """0 where the name may go on, which takes a token; otherwise seconds until it may, and nothing is taken."""
        if len(name) > LONGEST:
            name = hashlib.sha256(name.encode(errors="replace")).hexdigest()
        if per_minute < 1:
            raise ValueError(f"a name may come at least once a minute, not {per_minute} times")
        each = 60 / per_minute
        with self._lock:
            now = self._clock()
            before, since = held = self._missing.pop(name, (0.0, now))
            missing = max(round(before - (now - since) / each, 6), 0.0)  # who waits as told is not late by a rounding
            wait = max(missing + 1 - per_minute, 0.0) * each
            self._missing[name] = held if wait else (missing + 1, now)
            if len(self._missing) > self._names:
                del self._missing[next(iter(self._missing))]
        return wait
