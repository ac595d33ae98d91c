"""Events taken on in, whether they are new out; and those that a process which was killed left unanswered.

Each process holds a lock on a file of its own as long as it lives, which no kill can leave behind.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from ...core.database import Database

KEPT = 2 * 24 * 60 * 60
"""Seconds that claims are remembered: twice as long as Slack goes on delivering an event again."""

_SCHEMAS = (
    "create table claims (id text primary key, claimed real not null) without rowid",
    """
create table unfinished (
    id text primary key, holder text not null, job text not null, claimed real not null) without rowid
""",
)


class Claims:
    """Who has taken on what, in a file that processes share. A job is whatever text its taker can go on from."""

    def __init__(self, home: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._db = Database(home / "slack.sqlite", _SCHEMAS)
        self._home, self._clock = home, clock
        self._holder = secrets.token_hex(8)
        self._lock = _locked(self._sign(self._holder))

    def close(self) -> None:
        self._sign(self._holder).unlink(missing_ok=True)
        if self._lock is not None:
            os.close(self._lock)
        self._db.close()

    def claim(self, ids: tuple[str, ...], *, id_: str = "", job: str = "") -> bool:
        """Whether all `ids` are new; from now on they are not. Then `job` is unfinished, under its own id."""
        now = self._clock()
        with self._db.writing():
            self._db.change("delete from claims where claimed < ?", (now - KEPT,))
            self._db.change("delete from unfinished where claimed < ?", (now - KEPT,))
            new = all([self._db.change("insert or ignore into claims values (?, ?)", (one, now)) for one in ids])
            if new and id_:
                values = (id_, self._holder, job, now)
                self._db.change("insert or replace into unfinished values (?, ?, ?, ?)", values)
        return new

    def note(self, id_: str, job: str) -> None:
        """How far an unfinished job is."""
        self._db.change("update unfinished set job = ? where id = ?", (job, id_))

    def finish(self, id_: str) -> None:
        """Nothing is left to be done of a job."""
        self._db.change("delete from unfinished where id = ?", (id_,))

    def left_behind(self) -> list[str]:
        """The jobs of processes that are no more; each is told to one process only, whose job it is now."""
        jobs = []
        for id_, holder, job in self._db.rows("select id, holder, job from unfinished order by claimed, id"):
            if holder == self._holder or self._lives(holder):
                continue
            taken = (self._holder, id_, holder)
            if self._db.change("update unfinished set holder = ? where id = ? and holder = ?", taken):
                jobs.append(job)
        return jobs

    def _lives(self, holder: str) -> bool:
        lock = _locked(self._sign(holder), create=False)
        if lock is not None:
            self._sign(holder).unlink(missing_ok=True)
            os.close(lock)
        return lock is None and self._sign(holder).exists()

    def _sign(self, holder: str) -> Path:
        return self._home / f"slack-{holder}.lock"


def _locked(path: Path, *, create: bool = True) -> int | None:
    """A file, locked by this process until it is closed; None where another has it, or it is not there."""
    try:
        file = os.open(path, os.O_RDWR | (os.O_CREAT if create else 0), 0o600)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    return file
