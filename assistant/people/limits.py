"""Rate limits: a token bucket for each name, and the seconds until it may ask again."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable

LONGEST = 200
"""Characters of a name that is remembered as it is; a longer one is remembered by its hash."""
NAMES = 10_000
"""Names remembered, at most 4 MB. Beyond that, the least recently used one is forgotten."""


class Limits:
    """The token buckets of this process; safe in several threads at once.

    A bucket has as many tokens as its name may ask questions a minute, and fills evenly: all may be used at once, and
    then one returns every so many seconds.
    """

    def __init__(self, *, names: int = NAMES, clock: Callable[[], float] = time.monotonic) -> None:
        self._names, self._clock = names, clock
        self._missing: dict[str, tuple[float, float]] = {}  # tokens missing, and at what time; in order of last use
        self._lock = threading.Lock()

    def allow(self, name: str, per_minute: int) -> float:
        """0 if the name may ask now, which takes a token; otherwise the seconds until it may."""
        if len(name) > LONGEST:
            name = hashlib.sha256(name.encode(errors="replace")).hexdigest()
        if per_minute < 1:
            raise ValueError(f"the limit must be at least once a minute, not {per_minute} times")
        each = 60 / per_minute
        with self._lock:
            now = self._clock()
            before, since = bucket = self._missing.pop(name, (0.0, now))
            missing = max(
                round(before - (now - since) / each, 6), 0.0
            )  # rounded, so that waiting exactly as long as required is enough
            wait = max(missing + 1 - per_minute, 0.0) * each
            self._missing[name] = bucket if wait else (missing + 1, now)
            if len(self._missing) > self._names:
                del self._missing[next(iter(self._missing))]
        return wait
