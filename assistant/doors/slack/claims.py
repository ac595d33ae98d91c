"""Messages taken on: each once, however often it is delivered, and none lost when a process is killed.

Each process holds a lock of its own as long as it lives, which no kill can leave behind: on a file or, if several
machines share a database, in it.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ...core.database import DataHome

if TYPE_CHECKING:
    from ...core.backends import Lock

KEPT = 2 * 24 * 60 * 60
"""Seconds that claims are remembered: twice as long as Slack keeps redelivering an event."""

_SCHEMAS = (
    "create table claims (id text primary key, claimed real not null) without rowid",
    """
create table unfinished (
    id text primary key, holder text not null, job text not null, claimed real not null) without rowid
""",
)


_CLAIM = "insert into claims values (?, ?) on conflict do nothing"


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """What somebody wrote and where; `id` is the same when the message is delivered again."""

    text: str
    user: str
    thread: str
    team: str
    channel: str = ""
    id: str = ""

    @property
    def owner(self) -> str:
        """The owner of the conversation: the thread, shared by all who write in it."""
        return f"slack:{self.team}:{self.channel}:{self.thread}"


@dataclass(frozen=True, slots=True)
class Job:
    """A message to answer: in which thread, and where its placeholder is once it is posted.

    `reply_to` is the address for the answer to a command, "" for answers that are messages.
    """

    message: IncomingMessage
    thread: str | None
    placed: str = ""
    reply_to: str = ""

    def as_text(self) -> str:
        """The job as text to keep."""
        return json.dumps(asdict(self))

    @classmethod
    def of_text(cls, text: str) -> Self:
        """The job that was kept."""
        values: dict[str, Any] = json.loads(text)
        return cls(**{**values, "message": IncomingMessage(**values["message"])})


class Claims:
    """Which process has taken on which job, known to all processes. A job is text to them."""

    def __init__(self, home: Path | DataHome, *, clock: Callable[[], float] = time.time) -> None:
        self._home, self._clock = DataHome.of(home), clock
        self._db = self._home.open("slack.sqlite", _SCHEMAS)
        self._holder = secrets.token_hex(8)
        self._lock = self._lock_of(self._holder)
        self._lock.acquire()

    def close(self) -> None:
        self._lock.release()
        self._db.close()

    def claim(self, ids: tuple[str, ...], *, id_: str = "", job: str = "") -> bool:
        """Claim `ids`; returns whether all of them were new. If so, `job` is unfinished under the id `id_`."""
        now = self._clock()
        self._lock.acquire()  # again, if its connection was lost
        with self._db.transaction():
            self._db.change("delete from claims where claimed < ?", (now - KEPT,))
            self._db.change("delete from unfinished where claimed < ?", (now - KEPT,))
            new = all([self._db.change(_CLAIM, (name, now)) for name in ids])
            if new and id_:
                values = (id_, self._holder, job, now)
                self._db.change("delete from unfinished where id = ?", (id_,))
                self._db.change("insert into unfinished values (?, ?, ?, ?)", values)
        return new

    def note(self, id_: str, job: str) -> None:
        """Replace the text of an unfinished job."""
        self._db.change("update unfinished set job = ? where id = ?", (job, id_))

    def finish(self, id_: str) -> None:
        """Mark a job as done."""
        self._db.change("delete from unfinished where id = ?", (id_,))

    def left_behind(self) -> list[str]:
        """The unfinished jobs of dead processes; each is handed to one process only, which takes it over."""
        jobs = []
        for id_, holder, job in self._db.rows("select id, holder, job from unfinished order by claimed, id"):
            if holder == self._holder or self._is_alive(holder):
                continue
            taken = (self._holder, id_, holder)
            if self._db.change("update unfinished set holder = ? where id = ? and holder = ?", taken):
                jobs.append(job)
        return jobs

    def _is_alive(self, holder: str) -> bool:
        lock = self._lock_of(holder, create=False)
        dead = lock.acquire()
        if dead:
            lock.release()
        return not dead

    def _lock_of(self, holder: str, *, create: bool = True) -> Lock:
        file = self._home.folder / f"slack-{holder}.lock"
        return self._db.lock(holder) or _FileLock(file, create=create)


class _FileLock:
    """A file that is locked as long as its process lives, and removed after it; without it, nobody has the lock."""

    def __init__(self, path: Path, *, create: bool) -> None:
        self._path, self._create = path, create
        self._file: int | None = None

    def acquire(self) -> bool:
        """Whether this process has the lock now; also if there is no file, and none is to be made."""
        if self._file is not None:
            return True
        try:
            file = os.open(self._path, os.O_RDWR | (os.O_CREAT if self._create else 0), 0o600)
        except FileNotFoundError:
            return True
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._file = file
        return True

    def holder(self) -> str:
        """Nobody's name: a file does not say who locked it."""
        return ""

    def release(self) -> None:
        """Remove the file, and with it the lock."""
        if self._file is not None:
            self._path.unlink(missing_ok=True)
            os.close(self._file)
            self._file = None
