"""The home of a library in, short transactions on its record out; the versions of its file are upgraded here.

Every index is derived from the record. Vectors are stored by the hash of their text, so nothing is embedded twice.
"""

from __future__ import annotations

import json
import os
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..core.archive import Chapter, Table
from ..core.backends import FileManner
from ..core.database import Database, DataHome
from ..core.errors import LibraryBusy, LibraryError
from ..core.records import Paper
from .browsing import day_row, days
from .identity import keys_of

FILE = "library.sqlite"
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
CHAPTER = Chapter(
    FILE,
    _SCHEMAS,
    (
        Table("papers", ("id", "title", "abstract", "url", "published", "fingerprint", "revision", "further"), "id"),
        Table("sources", ("paper_id", "source", "fingerprint", "record", "place"), "paper_id, source"),
        Table("listings", ("source", "label", "place"), "source"),
        Table("removals", ("paper_id", "revision"), "paper_id"),
        Table("states", ("revision", "state"), "revision"),
        Table("aliases", ("key", "paper_id"), "key, paper_id"),
        Table("days", ("paper_id", "year", "first", "last"), "paper_id"),
        Table("names", ("kind", "key", "name", "paper_id"), "kind, key, name, paper_id"),
        Table("collections", ("number", "owner", "key", "name", "shared", "filter"), "number", numbered=True),
        Table("collected", ("collection", "paper_id"), "collection, paper_id"),
        Table("encodings", ("key", "embedder", "vector", "tokens", "spans", "seal"), "key, embedder"),
    ),
    left_out=("meta",),  # what changed last in this copy
)
"""What a backup has of the record; `ENCODINGS` only if they are asked for."""
ENCODINGS = "encodings"
SCHEMA_VERSION = len(_SCHEMAS)
MAPPED = "pragma mmap_size = 1073741824"
"""Up to so many bytes of a file are memory-mapped, which halves the time for the reads of a question."""


def kept(table: str, key: str, *columns: str) -> str:
    """The statement that stores a row, in place of one with the same key."""
    every = [*key.split(", "), *columns]
    marks, updates = ", ".join("?" * len(every)), ", ".join(f"{name} = excluded.{name}" for name in columns)
    return f"insert into {table} ({', '.join(every)}) values ({marks}) on conflict ({key}) do update set {updates}"


META = kept("meta", "name", "value")
IMPORTING = "importing"
"""The name in `meta` of an import that is not finished."""


class LibraryFile(Database):
    """The record of one library. Any number of processes may read it, and one at a time write to it.

    `writable`: whether this process may write to the folder; if not, the library is read-only. Raises `LibraryError` if
    the folder, file or database cannot be used, and unless `importing` if an import is not finished.
    """

    def __init__(self, home: str | Path | DataHome, *, importing: bool = False) -> None:
        self.data_home = DataHome.of(home)
        self.home = self.data_home.folder
        self._opened = False
        with self._usable("opened"):
            self.home.mkdir(parents=True, exist_ok=True)
        self.writable = os.access(self.home, os.W_OK)
        functions = {"seal": seal, "keys": _keys, "days": _days}  # for the upgrades
        manner = FileManner(False, self.writable, functions, (MAPPED,), _AS_IF_NEW)
        super().__init__(self.home / FILE, _SCHEMAS, url=self.data_home.database_url, manner=manner)
        self._opened = True
        if not importing and self.importing:
            self.close()
            raise LibraryError(
                f"The import into the library at {str(self.home)!r} is not finished: it is running, or was killed. "
                "In the latter case, repeat it: assistant import FILE"
            )

    @property
    def importing(self) -> bool:
        """Whether a backup is being imported, or an import was killed: other databases may have a part of it."""
        return bool(self.rows("select 1 from meta where name = ?", (IMPORTING,)))

    def _error(self, message: str) -> LibraryError:
        return LibraryError(message)

    def _sound(self, text: str) -> str:
        """The text: a paper is stored exactly, or not at all. None has a zero, which PostgreSQL does not look up."""
        return text.replace("\0", "\N{REPLACEMENT CHARACTER}") if self.data_home.database_url else text

    def _failure(self, error: Exception) -> str:
        if self.data_home.database_url:
            return super()._failure(error)
        if not self._opened:
            return self._unusable("opened", error)
        return (
            f"The library's file {self.place} cannot be used: {error}. Make sure that it is writable and the "
            "disk has room. If `assistant doctor` says that it is damaged, restore it from a copy."
        )

    def _unusable(self, purpose: str, error: Exception | str) -> str:
        return (
            f"The library at {str(self.home)!r} cannot be {purpose}: {error}. Name another folder with --home or "
            "ASSISTANT_HOME, make sure that this one is writable and its disk has room, or restore the file from a "
            "copy."
        )

    @contextmanager
    def _usable(self, purpose: str) -> Iterator[None]:
        try:
            yield
        except shutil.Error as error:  # of each file of a folder that could not be copied; one reason will do
            raise LibraryError(self._unusable(purpose, error.args[0][0][2])) from error
        except OSError as error:
            raise LibraryError(self._unusable(purpose, error)) from error

    # -- one writer at a time

    @contextmanager
    def writing(self, *, papers: bool = True) -> Iterator[None]:
        """Hold the write lock of the home and, where several homes share a database, of its papers.

        `papers`: whether they are changed; if not, other homes may bring their indexes up to date, too, meanwhile.
        Raises `LibraryBusy`, naming who has the lock, or `LibraryError`, such as for a full disk.
        """
        from filelock import FileLock, Timeout

        lock, note = FileLock(self.home / "write.lock", is_singleton=True), self.home / "writer"
        with self._usable("written"):
            try:
                lock.acquire(timeout=0)
            except Timeout:
                raise self._busy(note.read_text().strip() if note.exists() else "") from None
            try:
                note.write_text(f"process {os.getpid()}\n")
                with self._locked(shared=not papers):
                    yield
            finally:
                note.unlink(missing_ok=True)
                lock.release()

    @contextmanager
    def _locked(self, *, shared: bool) -> Iterator[None]:
        lock = self.lock("writing", shared=shared)
        if lock and not lock.acquire():
            raise self._busy(lock.holder())
        try:
            yield
        finally:
            if lock:
                lock.release()

    def _busy(self, holder: str) -> LibraryBusy:
        return LibraryBusy(
            f"The library at {str(self.home)!r} is being written by {holder or 'another process'}. "
            "Nothing was changed. Wait until it has finished, then try again."
        )


def seal(vector: bytes, tokens: bytes, spans: bytes, *, form: int = 0) -> int:
    """The checksum stored with an encoding; it is another one for each form of the same bytes."""
    return zlib.crc32(spans, zlib.crc32(tokens, zlib.crc32(vector, form)))


def _keys(title: str, abstract: str) -> str:
    """The keys of a paper that an older program stored, as JSON."""
    return json.dumps(keys_of(Paper(title, abstract)))


def _days(published: str) -> str | None:
    """The days of a date that an older program stored, as JSON; None if it is no date."""
    date = days(published)
    return json.dumps(day_row(date)) if date else None
