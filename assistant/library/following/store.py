"""The followed sources of a library in a file of its home, which is made with the first of them.

What a sync has brought, and the mark from which it goes on, are kept together after each batch of papers is added. A
sync that was killed goes on from there; what it adds once more is there already.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from ...core.archive import Chapter, Table
from ...core.bounds import excerpt
from ...core.database import Database, DataHome
from ...core.errors import LibraryBusy, SourceError
from ...core.records import Ingested
from .followed import Followed, Mark
from .targets import checked, named

FILE = "followed.sqlite"
MOST_SOURCES = 200
"""Sources that can be followed at once."""
MOST_AT_FIRST = 10_000
"""Papers that a first sync may be asked for: more are better had as files."""
NEWS_KEPT = 30 * 86_400.0
"""Seconds for which it is known that a paper was new."""

_SCHEMAS = (
    """
create table followed (
    name text primary key, kind text not null, target text not null, most integer not null,
    mark text not null default '{}', running integer not null default 0, synced real,
    added integer not null default 0, updated integer not null default 0, unchanged integer not null default 0,
    rejected integer not null default 0, fault text not null default '', remark text not null default '',
    unique (kind, target)) without rowid;
create table news (
    name text not null references followed(name) on delete cascade, paper_id text not null, at real not null,
    primary key (name, paper_id)) without rowid;
create index news_by_time on news (at)""",
)
_COLUMNS = "name, kind, target, most, mark, synced, added, updated, unchanged, rejected, fault, remark"
CHAPTER = Chapter(
    FILE,
    _SCHEMAS,
    (
        Table("followed", (*_COLUMNS.split(", "), "running"), "name"),
        Table("news", ("name", "paper_id", "at"), "name, paper_id"),
    ),
)
"""What a backup has of them."""


class FollowedSources:
    """The followed sources. Threads and processes may share the file; `alone` lets one of them sync at a time."""

    def __init__(self, home: Path | DataHome, *, clock: Callable[[], float] = time.time) -> None:
        self._home, self._clock = DataHome.of(home), clock
        self._opening = threading.Lock()  # of the one below
        self._database: Database | None = None

    def _opened(self) -> Database:
        with self._opening:
            if self._database is None:
                self._database = self._home.open(FILE, _SCHEMAS)
            return self._database

    def close(self) -> None:
        if self._database:
            self._database.close()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Only this block syncs. Raises `LibraryBusy` if another process or thread does."""
        try:
            with FileLock(self._home.folder / f"{FILE}.sync.lock", timeout=0, mode=0o600, thread_local=False):
                yield
        except Timeout:
            raise LibraryBusy("The sources are being synced already. Wait until that is done.") from None

    # -- what is followed

    def add(self, kind: str, target: str, *, name: str = "", most: int) -> Followed:
        """Follow a source from now on. Raises `SourceError` if it cannot be, or is followed already."""
        target = checked(kind, target)
        if not 1 <= most <= MOST_AT_FIRST:
            raise SourceError(f"A first sync takes 1 to {MOST_AT_FIRST:,} papers, not {most:,}.")
        every = self.all()
        if known := [one for one in every if (one.kind, one.target) == (kind, target)]:
            raise SourceError(f"This is followed already, as {known[0].name!r}.")
        if len(every) >= MOST_SOURCES:
            raise SourceError(f"{MOST_SOURCES} sources are followed, which is the most. Unfollow one first.")
        name = named(name, kind, target, [one.name for one in every])
        values = (name, kind, target, most)
        if not self._opened().change(
            "insert into followed (name, kind, target, most) values (?, ?, ?, ?) on conflict do nothing", values
        ):
            raise SourceError("This was followed just now by another process. See: assistant follow")
        return self.get(name)

    def remove(self, name: str) -> Followed:
        """Follow a source no longer; its papers stay. Raises `SourceError` for an unknown one."""
        source = self.get(name)
        self._opened().change("delete from followed where name = ?", (name,))
        return source

    def get(self, name: str) -> Followed:
        """The source of that name. Raises `SourceError`, which names those that there are."""
        every = self.all()
        for one in every:
            if one.name == name:
                return one
        names = ", ".join(repr(one.name) for one in every)
        advice = f"Followed are: {names}." if names else "Nothing is followed. Follow a source with: assistant follow"
        raise SourceError(f"No source {excerpt(name)!r} is followed. {advice}")

    def all(self) -> list[Followed]:
        """All sources, by name."""
        if not self._home.has(FILE):
            return []
        return [_followed(*row) for row in self._opened().rows(f"select {_COLUMNS} from followed order by name")]

    # -- what a sync does

    def begin(self, name: str) -> None:
        """Count anew what a sync brings, unless the last one was killed: then it goes on."""
        self._opened().change(
            "update followed set running = 1, added = 0, updated = 0, unchanged = 0, rejected = 0 "
            "where name = ? and running = 0",
            (name,),
        )

    def advance(self, name: str, mark: Mark, done: Ingested, new: Sequence[str]) -> None:
        """Keep where the sync goes on, and what was added before that; `new` are the ids of papers."""
        database, now = self._opened(), self._clock()
        with database.transaction():
            database.change(
                "update followed set mark = ?, added = added + ?, updated = updated + ?, unchanged = unchanged + ?, "
                "rejected = rejected + ? where name = ?",
                (json.dumps(mark), done.added, done.updated, done.unchanged, done.rejected, name),
            )
            for paper_id in new:  # of a source that was unfollowed meanwhile, nothing is kept
                database.rows(
                    "insert into news select name, ?, ? from followed where name = ? on conflict do nothing",
                    (paper_id, now, name),
                )

    def finish(self, name: str, *, fault: str, remark: str) -> Ingested:
        """The sync has ended, with a `fault` early; how many papers it brought, also before it was killed."""
        database, now = self._opened(), self._clock()
        with database.transaction():
            database.change(
                "update followed set running = 0, synced = ?, fault = ?, remark = ? where name = ?",
                (now, fault, remark, name),
            )
            database.change("delete from news where at < ?", (now - NEWS_KEPT,))
        return next((one.brought for one in self.all() if one.name == name), Ingested())

    def news(self, since: float) -> list[str]:
        """The ids of the papers that sources brought since then, in seconds, the last first."""
        if not self._home.has(FILE):
            return []
        return [
            row[0] for row in self._opened().rows("select paper_id from news where at >= ? order by at desc", (since,))
        ]


def _followed(
    name: str,
    kind: str,
    target: str,
    most: int,
    mark: str,
    synced: float | None,
    *rest: int | str,
) -> Followed:
    added, updated, unchanged, rejected, fault, remark = rest
    brought = Ingested(int(added), int(updated), int(unchanged), further_rejects=int(rejected))
    when = None if synced is None else datetime.fromtimestamp(synced, UTC)
    return Followed(name, kind, target, most, json.loads(mark), when, brought, str(fault), str(remark))
