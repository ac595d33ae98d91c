"""The folder of a library in, short transactions on its file out; its versions are upgraded here.

Every index is derived from this file. Vectors are stored by the hash of their text, so nothing is embedded twice.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import weakref
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.database import DataHome
from ..core.errors import LibraryBusy, LibraryError
from ..core.records import Paper
from .browsing import day_row, days
from .identity import keys_of

if TYPE_CHECKING:
    from filelock import FileLock

_SCHEMAS = (
    """
create table if not exists meta (name text primary key, value text not null) without rowid;
create table if not exists papers (
    id text primary key, title text not null, abstract text not null, url text not null,
    published text not null, fingerprint text not null, revision integer not null) without rowid;
create table if not exists sources (
    paper_id text not null references papers(id) on delete cascade, source text not null,
    fingerprint text not null, primary key (paper_id, source)) without rowid;
create index if not exists sources_by_source on sources (source, paper_id);
create table if not exists listings (source text primary key, label text not null) without rowid;
create table if not exists removals (paper_id text primary key, revision integer not null) without rowid;
create table if not exists encodings (
    key text not null, embedder text not null, vector blob not null, tokens blob not null, spans blob not null,
    primary key (key, embedder));
""",
    "alter table listings add column place text not null default ''",
    """
create table states (revision integer primary key, state text not null);
insert into states select value, lower(hex(randomblob(8))) from meta where name = 'revision';
alter table encodings add column seal integer not null default 0;
update encodings set seal = seal(vector, tokens, spans)""",
    """
alter table papers add column further text not null default '';
alter table sources add column record text not null default '';
alter table sources add column place integer not null default 0;
create table aliases (
    key text not null, paper_id text not null references papers(id) on delete cascade,
    primary key (key, paper_id)) without rowid;
create index aliases_by_paper on aliases (paper_id);
insert or ignore into aliases select json_each.value, papers.id from papers, json_each(keys(title, abstract))""",
    """
create table days (
    paper_id text primary key references papers(id) on delete cascade,
    year integer not null, first integer not null, last integer not null) without rowid;
create table names (
    kind text not null, key text not null, name text not null,
    paper_id text not null references papers(id) on delete cascade,
    primary key (kind, key, name, paper_id)) without rowid;
create index names_by_paper on names (paper_id);
insert into days select id, json_extract(days, '$[0]'), json_extract(days, '$[1]'), json_extract(days, '$[2]')
    from (select id, days(published) as days from papers) where days is not null""",
    """
create table collections (
    number integer primary key, owner text not null, key text not null, name text not null,
    shared integer not null, filter text not null, unique (owner, key));
create table collected (
    collection integer not null references collections(number) on delete cascade,
    paper_id text not null references papers(id) on delete cascade, primary key (collection, paper_id)) without rowid;
create index collected_by_paper on collected (paper_id);
create index days_by_year on days (year, last, first);
create index papers_by_revision on papers (revision)""",
)
"""What each version of the file added to the previous one.

`further`: what is known of a paper beyond its other columns, as JSON. `record`: what a source says of it, as JSON; ""
if that is what the paper says or, by an older program, was not kept. `place`: how much that counts, 0 for the most.
`days`: those of a paper that has a date, as 100 times the month plus the day, and its year or 0. `names`: its authors
and venue, by the key that `browsing` gives them. `collections`: by a hash of their owner, "" for the home, and their
folded name; `filter` is JSON, "" without one. `collected`: the papers put in by hand.
`papers_by_revision`: all ids, without the texts between them.
"""
_NO_COLLECTIONS = """
create temp table collections (
    number integer, owner text, key text, name text, shared integer, filter text);
create temp table collected (collection integer, paper_id text)"""
_AS_IF_NEW = {
    5: _NO_COLLECTIONS,
    3: f"""{_NO_COLLECTIONS};
create temp view papers as select *, '' as further from main.papers;
create temp view sources as select *, '' as record, 0 as place from main.sources;
create temp table aliases (key text, paper_id text);
create temp table days (paper_id text, year integer, first integer, last integer);
create temp table names (kind text, key text, name text, paper_id text);
insert into days select id, json_extract(days, '$[0]'), json_extract(days, '$[1]'), json_extract(days, '$[2]')
    from (select id, days(published) as days from papers) where days is not null""",
}
"""For a connection that cannot upgrade the file, by its version: what is read from it as if it were upgraded."""
SCHEMA_VERSION = len(_SCHEMAS)
MAPPED = "pragma mmap_size = 1073741824"
"""Up to so many bytes of a file are memory-mapped, which halves the time for the reads of a question."""


class _Connection(sqlite3.Connection):
    """A connection that is closed once its thread has ended and nothing refers to it."""

    def __del__(self) -> None:
        with suppress(sqlite3.ProgrammingError):  # it was never opened
            self.close()


@contextmanager
def _usable(home: Path, purpose: str) -> Iterator[None]:
    """Translate errors of the system or SQLite to `LibraryError`."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise LibraryError(
            f"The library at {str(home)!r} cannot be {purpose}: {error}. Name another folder with --home or "
            "ASSISTANT_HOME, make sure that this one is writable and its disk has room, or restore the file from a "
            "copy."
        ) from error


class LibraryFile:
    """The file of one library. Any number of processes may read it, and one at a time write to it.

    `writable`: whether this process may write to the folder; if not, the library is read-only. Raises `LibraryError` if
    the folder or file cannot be used.
    """

    def __init__(self, home: str | Path | DataHome) -> None:
        self.data_home = DataHome.of(home)
        self.home = self.data_home.folder
        self.path = self.home / "library.sqlite"
        with _usable(self.home, "opened"):
            self.home.mkdir(parents=True, exist_ok=True)
            self.writable = os.access(self.home, os.W_OK)
            self._local = threading.local()
            self._opened: weakref.WeakSet[_Connection] = weakref.WeakSet()
            self._prepare()

    @property
    def _db(self) -> sqlite3.Connection:
        """This thread's own connection: no thread sees the unfinished transaction of another."""
        if not hasattr(self._local, "connection"):
            from ..core.sqlite_file import read_only

            db = sqlite3.connect(
                self.path.absolute().as_uri() if self.writable else read_only(self.path),
                uri=True,
                timeout=30,
                check_same_thread=False,
                isolation_level=None,
                factory=_Connection,
            )
            db.execute("pragma foreign_keys = on")
            db.execute(MAPPED)
            for name, function in (("seal", seal), ("keys", _keys), ("days", _days)):  # for the upgrades
                db.create_function(name, -1, function, deterministic=True)
            if not self.writable:
                db.executescript(_AS_IF_NEW.get(db.execute("pragma user_version").fetchone()[0], ""))
            self._opened.add(db)
            self._local.connection = db
        connection: sqlite3.Connection = self._local.connection
        return connection

    def _prepare(self) -> None:
        if self.writable and self._db.execute("pragma journal_mode").fetchone()[0] != "wal":
            self._db.execute("pragma journal_mode = wal")
        version = self._db.execute("pragma user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise LibraryError(
                f"The library {str(self.path)!r} is of version {version}, newer than this program's "
                f"{SCHEMA_VERSION}. Update the program: pip install --upgrade paper-assistant"
            )
        if version < SCHEMA_VERSION and (self.writable or version not in _AS_IF_NEW):
            with self.transaction():
                version = self._db.execute("pragma user_version").fetchone()[0]  # another process may have upgraded it
                for statement in ";".join(_SCHEMAS[version:]).split(";"):
                    self._db.execute(statement)
                self._db.execute(f"pragma user_version = {SCHEMA_VERSION}")

    def close(self) -> None:
        for connection in list(self._opened):
            connection.close()

    # -- one writer at a time

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the write lock. Raises `LibraryBusy`, naming who has it, or `LibraryError`, such as for a full disk."""
        from filelock import Timeout

        lock, note = self._lock(), self.home / "writer"
        with _usable(self.home, "written"):
            try:
                lock.acquire(timeout=0)
            except Timeout:
                holder = note.read_text().strip() if note.exists() else ""
                raise LibraryBusy(
                    f"The library at {str(self.home)!r} is being written by {holder or 'another process'}. "
                    "Nothing was changed. Wait until it has finished, then try again."
                ) from None
            try:
                note.write_text(f"process {os.getpid()}\n")
                yield
            finally:
                note.unlink(missing_ok=True)
                lock.release()

    def _lock(self) -> FileLock:
        from filelock import FileLock

        return FileLock(self.home / "write.lock", is_singleton=True)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything in the block is done as one, or not at all."""
        self.rows("begin immediate")
        try:
            yield
            self.rows("commit")
        except BaseException:
            if self._db.in_transaction:  # some errors end the transaction
                self.rows("rollback")
            raise

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows. Raises `LibraryError`, never an error of SQLite's."""
        try:
            return self._db.execute(statement, values).fetchall()
        except (sqlite3.Error, OverflowError) as error:
            raise LibraryError(
                f"The library's file {str(self.path)!r} cannot be used: {error}. Make sure that it is writable and the "
                "disk has room. If `assistant doctor` says that it is damaged, restore it from a copy."
            ) from error


def seal(vector: bytes, tokens: bytes, spans: bytes) -> int:
    """The checksum stored with an encoding."""
    return zlib.crc32(spans, zlib.crc32(tokens, zlib.crc32(vector)))


def _keys(title: str, abstract: str) -> str:
    """The keys of a paper that an older program stored, as JSON."""
    return json.dumps(keys_of(Paper(title, abstract)))


def _days(published: str) -> str | None:
    """The days of a date that an older program stored, as JSON; None if it is no date."""
    date = days(published)
    return json.dumps(day_row(date)) if date else None
