"""Papers in, papers out: the record of all papers, in one SQLite file.

Every index is derived from this file. The papers of a listing are added in one transaction. Vectors are stored by the
hash of their text, so nothing is embedded twice.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
import weakref
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.database import read_only
from ..core.errors import LibraryBusy, LibraryError
from ..core.records import Ingested, Paper, digest, fold

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
)
"""What each version of the file added to the previous one."""
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


class Library:
    """The papers in one folder. Any number of processes may read it, and one at a time write to it.

    `writable`: whether this process may write to the folder; if not, the library is read-only. Raises `LibraryError` if
    the folder or file cannot be used.
    """

    def __init__(self, home: str | Path) -> None:
        self.home = Path(home).expanduser()
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
        if version < SCHEMA_VERSION:
            self._db.create_function("seal", 3, seal, deterministic=True)
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

    # -- papers

    @property
    def revision(self) -> int:
        """A number that grows with every change of a paper; 0 for a library without any."""
        return int(self.rows("select coalesce(max(revision), 0) from states")[0][0])

    @property
    def state(self) -> str:
        """A random name for this revision in this copy of the record; "" for a library without any changes."""
        return self.state_at(self.revision)

    def state_at(self, revision: int) -> str:
        """The state at a revision; "" if this record was never at it. A restored copy forgets later ones."""
        return next((str(row[0]) for row in self.rows("select state from states where revision = ?", (revision,))), "")

    def put(self, papers: Iterable[Paper], *, label: str = "", place: str = "") -> Ingested:
        """Add the papers of one file, all or none. Each paper names its source; `place` is the path of the file.

        A paper is updated only if a source of it has changed its text. A repeated text, or a further source of a known
        paper, changes nothing. Of a paper that is in the file twice, the first counts.
        """
        added = updated = unchanged = 0
        with self.transaction():
            revision = self.revision + 1
            done: set[str] = set()
            for paper in papers:
                outcome = "unchanged" if paper.id in done else self._put_one(paper, revision)
                done.add(paper.id)
                added += outcome == "added"
                updated += outcome == "updated"
                unchanged += outcome == "unchanged"
                for source in paper.sources:
                    self.rows("insert or replace into listings values (?, ?, ?)", (source, label, place))
            if added or updated:
                self._enter(revision)
        return Ingested(added, updated, unchanged)

    def news(self, papers: Iterable[Paper]) -> list[Paper]:
        """The papers that `put` would add or update."""
        return [paper for paper in papers if self._outcome(paper) != "unchanged"]

    def _outcome(self, paper: Paper) -> str:
        """What `put` would do with a paper."""
        known = self.rows("select fingerprint from papers where id = ?", (paper.id,))
        if not known:
            return "added"
        rows = self.rows("select source, fingerprint from sources where paper_id = ?", (paper.id,))
        former = {fingerprint for source, fingerprint in rows if source in paper.sources}
        return "updated" if former and paper.fingerprint not in {*former, *known[0]} else "unchanged"

    def _put_one(self, paper: Paper, revision: int) -> str:
        outcome = self._outcome(paper)
        if outcome != "unchanged":
            self.rows(
                "insert into papers values (?, ?, ?, ?, ?, ?, ?) on conflict (id) do update set "
                "title = excluded.title, abstract = excluded.abstract, url = excluded.url, "
                "published = excluded.published, fingerprint = excluded.fingerprint, revision = excluded.revision",
                (paper.id, paper.title, paper.abstract, paper.url, paper.published, paper.fingerprint, revision),
            )
            self.rows("delete from removals where paper_id = ?", (paper.id,))
        for source in paper.sources:
            self.rows("insert or replace into sources values (?, ?, ?)", (paper.id, source, paper.fingerprint))
        return outcome

    def remove(self, paper_ids: Sequence[str]) -> Ingested:
        """Remove papers by id; unknown ids are skipped."""
        with self.transaction():
            revision = self.revision + 1
            removed = 0
            for paper_id in paper_ids:
                if self.rows("delete from papers where id = ? returning id", (paper_id,)):
                    self.rows("insert or replace into removals values (?, ?)", (paper_id, revision))
                    removed += 1
            if removed:
                self._enter(revision)
        return Ingested(removed=removed)

    def _enter(self, revision: int) -> None:
        """Give the new revision a random state: after a copy is restored, its number alone is given twice."""
        self.rows("insert into states values (?, ?)", (revision, secrets.token_hex(8)))

    def __len__(self) -> int:
        return int(self.rows("select count(*) from papers")[0][0])

    def papers(self, paper_ids: Iterable[str] | None = None) -> list[Paper]:
        """All papers by title, or those with `paper_ids` in that order; unknown ids are left out."""
        if paper_ids is None:
            return self._select("order by papers.title, papers.id", ())
        wanted = list(paper_ids)
        by_id: dict[str, Paper] = {}
        for first in range(0, len(wanted), 500):  # old builds of SQLite allow 999 parameters in a statement
            batch = wanted[first : first + 500]
            papers = self._select(f"where papers.id in ({','.join('?' * len(batch))})", batch)
            by_id |= {paper.id: paper for paper in papers}
        return [by_id[i] for i in wanted if i in by_id]

    def find(self, name: str) -> Paper | None:
        """The paper with that title (ignoring case, width and spacing) or id."""
        name = name.encode(errors="replace").decode()  # a command-line argument may not be valid text
        return next(iter(self.papers([digest(fold(name))]) or self.papers([name])), None)

    def changed_since(self, revision: int) -> tuple[list[Paper], list[str]]:
        """The papers added or updated since `revision`, and the ids of those removed since."""
        removed = self.rows("select paper_id from removals where revision > ?", (revision,))
        return self._select("where papers.revision > ?", (revision,)), [row[0] for row in removed]

    def _select(self, clause: str, parameters: Sequence[object]) -> list[Paper]:
        sources = "(select group_concat(source, char(10)) from sources where paper_id = papers.id)"
        query = f"select id, fingerprint, title, abstract, url, published, {sources} from papers {clause}"
        papers = []
        for paper_id, fingerprint, title, abstract, url, published, sources in self.rows(query, parameters):
            paper = Paper(title, abstract, url, published, tuple(sorted(sources.split("\n"))) if sources else ())
            texts = [isinstance(text, str) for text in (title, abstract, url, published)]
            if not all(texts) or (paper.id, paper.fingerprint) != (paper_id, fingerprint):
                raise LibraryError(
                    f"The paper {paper_id!r} in {str(self.path)!r} is not as it was stored: the file is damaged. "
                    "Restore it from a copy."
                )
            papers.append(paper)
        return papers

    def listings(self) -> dict[str, str]:
        """Each source and the label in its header, a date such as "Mar 12" or ""."""
        return dict(self.rows("select source, label from listings order by source"))

    def places(self) -> dict[str, str]:
        """Each source and the path of its file when it was last ingested; "" if that is unknown."""
        return dict(self.rows("select source, place from listings order by source"))

    def paper_ids_of(self, sources: Sequence[str]) -> set[str]:
        """The ids of the papers in any of these sources."""
        marks = ",".join("?" * len(sources))
        return {row[0] for row in self.rows(f"select paper_id from sources where source in ({marks})", sources)}


def seal(vector: bytes, tokens: bytes, spans: bytes) -> int:
    """The checksum stored with an encoding."""
    return zlib.crc32(spans, zlib.crc32(tokens, zlib.crc32(vector)))
