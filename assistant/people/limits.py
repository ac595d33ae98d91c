"""Rate limits: a token bucket for each name, and the seconds until it may ask again.

They hold for one process or, where processes share a database, for all of them.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from typing import Protocol

from ..core.database import DataHome

LONGEST = 200
"""Characters of a name that is remembered as it is; a longer one is remembered by its hash."""
NAMES = 10_000
"""Names remembered by a process, at most 4 MB. Beyond that, the least recently used one is forgotten."""
FULL = 60.0
"""Seconds after which every bucket is full again."""

Bucket = tuple[float, float]
"""How many tokens are missing, and at what time."""


class RateLimits(Protocol):
    """Token buckets; safe in several threads at once.

    A bucket has as many tokens as its name may ask questions a minute, and fills evenly: all may be used at once, and
    then one returns every so many seconds.
    """

    def allow(self, name: str, per_minute: int) -> float:
        """0 if the name may ask now, which takes a token; otherwise the seconds until it may."""
        ...

    def close(self) -> None: ...


def limits_of(home: DataHome, purpose: str) -> RateLimits:
    """The limits for a purpose: those of the database, if there is one, else those of this process."""
    return SharedLimits(home, purpose) if home.database_url else Limits()


class Limits:
    """The token buckets of this process."""

    def __init__(self, *, names: int = NAMES, clock: Callable[[], float] = time.monotonic) -> None:
        self._names, self._clock = names, clock
        self._missing: dict[str, Bucket] = {}  # in order of last use
        self._lock = threading.Lock()

    def close(self) -> None:
        """Nothing is open."""

    def allow(self, name: str, per_minute: int) -> float:
        """0 if the name may ask now, which takes a token; otherwise the seconds until it may."""
        name = _short(name)
        with self._lock:
            now = self._clock()
            wait, self._missing[name] = _drawn(self._missing.pop(name, (0.0, now)), now, per_minute)
            if len(self._missing) > self._names:
                del self._missing[next(iter(self._missing))]
        return wait


class SharedLimits:
    """The token buckets for one purpose in a database, by the clocks of the machines that share it."""

    def __init__(self, home: DataHome, purpose: str, *, clock: Callable[[], float] = time.time) -> None:
        self._database, self._purpose, self._clock = home.open("limits.sqlite", ()), purpose, clock

    def close(self) -> None:
        self._database.close()

    def allow(self, name: str, per_minute: int) -> float:
        """0 if the name may ask now, which takes a token; otherwise the seconds until it may."""
        key = f"{self._purpose} {_short(name)}"
        with self._database.transaction():
            now = self._clock()
            self._database.change("delete from buckets where since < ?", (now - FULL,))
            rows = self._database.rows("select missing, since from buckets where name = ?", (key,))
            wait, bucket = _drawn(rows[0] if rows else (0.0, now), now, per_minute)
            self._database.change(
                "insert into buckets values (?, ?, ?) on conflict (name) do update set missing = excluded.missing, "
                "since = excluded.since",
                (key, *bucket),
            )
        return wait


def _short(name: str) -> str:
    return hashlib.sha256(name.encode(errors="replace")).hexdigest() if len(name) > LONGEST else name


def _drawn(bucket: Bucket, now: float, per_minute: int) -> tuple[float, Bucket]:
    """The seconds to wait, and the bucket after a token was taken from it if that is 0."""
    if per_minute < 1:
        raise ValueError(f"the limit must be at least once a minute, not {per_minute} times")
    before, since = bucket
    each = 60 / per_minute
    filled = max(now - since, 0.0) / each
    missing = max(round(before - filled, 6), 0.0)  # rounded, so that waiting exactly as long as required is enough
    wait = max(missing + 1 - per_minute, 0.0) * each
    return wait, bucket if wait else (missing + 1, now)
