"""Papers in, papers out: the record of what we hold, in one SQLite file.

Every index is derived from this file. A file's papers go in as one transaction; vectors are kept by the
hash of the text they were made from, so nothing is embedded twice.
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
"""What each version of the file added to the one before."""
SCHEMA_VERSION = len(_SCHEMAS)
MAPPED = "pragma mmap_size = 1073741824"
"""Bytes of a file read where the system keeps them, without a copy: half the time for what one question reads."""


class _Connection(sqlite3.Connection):
    """One that is closed when its thread has ended, and nothing refers to it any more."""

    def __del__(self) -> None:
        with suppress(sqlite3.ProgrammingError):  # it could not be opened
            self.close()


@contextmanager
def _usable(home: Path, purpose: str) -> Iterator[None]:
    """Have what the system or SQLite says against using the folder said as a `LibraryError`."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise LibraryError(
            f"The library at {str(home)!r} cannot be {purpose}: {error}. Name another folder with --home or "
            "ASSISTANT_HOME, see that this one can be written and its disk has room, or restore the file from a copy."
        ) from error


class Library:
    """The papers held under one folder; safe to open from many processes, written by one at a time.

    `writable`: whether this process may change the folder; else the library is only read. Raises `LibraryError` when
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
        """This thread's own connection, until it ends: a reader never sees another thread's half-done transaction."""
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
                version = self._db.execute("pragma user_version").fetchone()[0]  # another process may have been first
                for statement in ";".join(_SCHEMAS[version:]).split(";"):
                    self._db.execute(statement)
                self._db.execute(f"pragma user_version = {SCHEMA_VERSION}")

    def close(self) -> None:
        for connection in list(self._opened):
            connection.close()

    # -- one writer at a time

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the library's write lock. Raises `LibraryBusy`, naming who holds it, or `LibraryError`: a full disk."""
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
        """What is done until the block ends is done as one, or not at all."""
        self.rows("begin immediate")
        try:
            yield
            self.rows("commit")
        except BaseException:
            if self._db.in_transaction:  # some errors have ended it already
                self.rows("rollback")
            raise

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Carry out one statement; the rows it gives. Raises `LibraryError`, never an error of SQLite's."""
        try:
            return self._db.execute(statement, values).fetchall()
        except (sqlite3.Error, OverflowError) as error:
            raise LibraryError(
                f"The library's file {str(self.path)!r} cannot be used: {error}. See that it can be written and the "
                "disk has room. If `assistant doctor` says that it is damaged, restore it from a copy."
            ) from error

    # -- papers

    @property
    def revision(self) -> int:
        """A number that grows with every change of a paper; 0 for a library never written."""
        return int(self.rows("select coalesce(max(revision), 0) from states")[0][0])

    @property
    def state(self) -> str:
        """What this revision alone is called, in this copy of the record alone; "" for a library never written."""
        return self.state_at(self.revision)

    def state_at(self, revision: int) -> str:
        """The state of a revision of this record; "" where it has none. A copy put back forgets what came after it."""
        return next((str(row[0]) for row in self.rows("select state from states where revision = ?", (revision,))), "")

    def put(self, papers: Iterable[Paper], *, label: str = "", place: str = "") -> Ingested:
        """Take in the papers of one file, all or none. Each paper names its source; the file is at `place`.

        A source that says of a paper what it said before changes nothing, and neither does a further source of a
        known paper; a source that now says something else updates the paper. Of one paper twice in a file the
        first counts.
        """
        added = updated = unchanged = 0
        with self.transaction():
            revision = self.revision + 1
            met: set[str] = set()
            for paper in papers:
                outcome = "unchanged" if paper.id in met else self._put_one(paper, revision)
                met.add(paper.id)
                added += outcome == "added"
                updated += outcome == "updated"
                unchanged += outcome == "unchanged"
                for source in paper.sources:
                    self.rows("insert or replace into listings values (?, ?, ?)", (source, label, place))
            if added or updated:
                self._enter(revision)
        return Ingested(added, updated, unchanged)

    def news(self, papers: Iterable[Paper]) -> list[Paper]:
        """Those of `papers` that `put` would add, or take as an update."""
        return [paper for paper in papers if self._outcome(paper) != "unchanged"]

    def _outcome(self, paper: Paper) -> str:
        """What `put` makes of a paper."""
        known = self.rows("select fingerprint from papers where id = ?", (paper.id,))
        if not known:
            return "added"
        rows = self.rows("select source, fingerprint from sources where paper_id = ?", (paper.id,))
        said = {fingerprint for source, fingerprint in rows if source in paper.sources}
        return "updated" if said and paper.fingerprint not in {*said, *known[0]} else "unchanged"

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
        """Forget papers by id; ids not held are passed over."""
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
        """Give what was just changed a state of its own: a number alone comes twice where a copy was put back."""
        self.rows("insert into states values (?, ?)", (revision, secrets.token_hex(8)))

    def __len__(self) -> int:
        return int(self.rows("select count(*) from papers")[0][0])

    def papers(self, paper_ids: Iterable[str] | None = None) -> list[Paper]:
        """All papers by title, or those of `paper_ids` in that order; unknown ids are left out."""
        if paper_ids is None:
            return self._select("order by papers.title, papers.id", ())
        wanted = list(paper_ids)
        found: dict[str, Paper] = {}
        for first in range(0, len(wanted), 500):  # SQLite's bound on parameters of a statement is 999 in old builds
            some = wanted[first : first + 500]
            found |= {p.id: p for p in self._select(f"where papers.id in ({','.join('?' * len(some))})", some)}
        return [found[i] for i in wanted if i in found]

    def find(self, name: str) -> Paper | None:
        """The paper of that title (case, width and spacing aside) or id."""
        name = name.encode(errors="replace").decode()  # arguments of a command may hold what is no text
        return next(iter(self.papers([digest(fold(name))]) or self.papers([name])), None)

    def changed_since(self, revision: int) -> tuple[list[Paper], list[str]]:
        """Papers put since `revision`, and the ids of those removed since."""
        removed = self.rows("select paper_id from removals where revision > ?", (revision,))
        return self._select("where papers.revision > ?", (revision,)), [row[0] for row in removed]

    def _select(self, clause: str, parameters: Sequence[object]) -> list[Paper]:
        sources = "(select group_concat(source, char(10)) from sources where paper_id = papers.id)"
        query = f"select id, fingerprint, title, abstract, url, published, {sources} from papers {clause}"
        return [self._sound(*row) for row in self.rows(query, parameters)]

    def _sound(self, paper_id: str, fingerprint: str, *columns: Any) -> Paper:
        """The paper of a row; `LibraryError` where it is not as it went in."""
        title, abstract, url, published, sources = columns
        if all(isinstance(text, str) for text in columns[:-1]):
            paper = Paper(title, abstract, url, published, tuple(sorted(sources.split("\n"))) if sources else ())
            if (paper.id, paper.fingerprint) == (paper_id, fingerprint):
                return paper
        raise LibraryError(
            f"The paper {paper_id!r} in {str(self.path)!r} is not as it went in: the file is damaged. "
            "Restore it from a copy."
        )

    def listings(self) -> dict[str, str]:
        """Each source and the label (a date such as "Mar 12", or "") its header bears."""
        return dict(self.rows("select source, label from listings order by source"))

    def places(self) -> dict[str, str]:
        """Each source and the file it stands for, as its path when it was last taken in; "" where that is not known."""
        return dict(self.rows("select source, place from listings order by source"))

    def paper_ids_of(self, sources: Sequence[str]) -> set[str]:
        """The ids of the papers that any of these sources carries."""
        marks = ",".join("?" * len(sources))
        return {row[0] for row in self.rows(f"select paper_id from sources where source in ({marks})", sources)}


def seal(vector: bytes, tokens: bytes, spans: bytes) -> int:
    """The checksum that is kept with an encoding."""
    return zlib.crc32(spans, zlib.crc32(tokens, zlib.crc32(vector)))
