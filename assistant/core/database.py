"""A home and its schemas in, short transactions out: what is stored, in SQLite files of the home or in PostgreSQL.

Everything above runs the same statements on both: with `?` for values, in the SQL that both know. Where they differ,
`sqlite_file` and `postgres` say how. SQLAlchemy has the connections of both.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Self

from .backends import DatabaseBackend, FileManner, Lock, NewerDatabase
from .errors import AssistantError, DatabaseError
from .sharing import Process

if TYPE_CHECKING:
    from sqlalchemy.pool import PoolProxiedConnection


FEW = 500
"""Rows that `each` and `insert` have in memory."""
MIGRATIONS = Path(__file__).parent / "migrations"
"""The revisions of what is stored, run by alembic. Each chapter, named like its file, is a branch of them."""


@dataclass(frozen=True, slots=True)
class DataHome:
    """Where everything is stored: in files of a folder or, if there is a `database_url`, in that database.

    Indexes are in the folder in any case: they are derived from what is stored.
    """

    folder: Path
    database_url: str = field(default="", repr=False)  # it may have a password

    @classmethod
    def of(cls, home: str | Path | Self) -> Self:
        """The home that a folder or another home names."""
        return home if isinstance(home, cls) else cls(Path(str(home)).expanduser())

    def has(self, file: str) -> bool:
        """Whether there is anything to read: the file, which its first entry makes, or a database."""
        return bool(self.database_url) or (self.folder / file).exists()

    def open(self, file: str, schemas: Sequence[str]) -> Database:
        """The database whose SQLite file has that name."""
        return Database(self.folder / file, schemas, url=self.database_url)


class Database:
    """One SQLite file or, with a `url`, a chapter of a PostgreSQL database of the file's name, open.

    Each of `schemas` is what a version of the file added to the previous one. Threads may share it: each statement or
    transaction has a connection to itself. Raises `DatabaseError` if it cannot be used or was made by a newer program.
    """

    def __init__(
        self,
        path: Path,
        schemas: Sequence[str],
        *,
        url: str = "",
        manner: FileManner = FileManner(),
        migrations: Path = MIGRATIONS,
    ) -> None:
        self.path = path
        self._process, self._closed = Process(), False
        self._writing = threading.RLock()  # writers of this process wait here, not for a connection
        self._own = threading.local()  # the connection of this thread's transaction
        self._backend = _backend(path, url, manner, migrations)
        try:
            self._backend.prepare(schemas)
        except NewerDatabase as error:
            self._backend.close()
            raise self._error(f"{self.place} {error}") from None
        except self._backend.errors as error:
            self._backend.close()
            self._fail(error)

    @property
    def place(self) -> str:
        """The file or the database, as errors name it."""
        return str(self._backend)

    def _error(self, message: str) -> AssistantError:
        return DatabaseError(message)

    def _sound(self, text: str) -> str:
        """A text without what cannot be stored."""
        return self._backend.sound(text)

    def _storable(self, value: object) -> object:
        return self._sound(value) if isinstance(value, str) else value

    def _failure(self, error: Exception) -> str:
        """What to say of an error."""
        return self._backend.failure(error)

    def _fail(self, error: Exception) -> NoReturn:
        cause = getattr(error, "orig", None)  # what SQLAlchemy wraps
        raise self._error(self._failure(cause if isinstance(cause, Exception) else error)) from error

    def close(self) -> None:
        """Close all connections. In a forked process this does nothing: they are its parent's."""
        if self._process.is_here and not self._closed:
            self._closed = True
            self._backend.close()

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows. Lone surrogates in values become "?"."""
        return self._run(statement, values)[0]

    def change(self, statement: str, values: Sequence[object] = ()) -> int:
        """Run one statement and return how many rows it inserted, updated or deleted, without cascades."""
        if hasattr(self._own, "connection"):
            return self._run(statement, values)[1]
        with self.transaction():
            return self._run(statement, values)[1]

    def _run(self, statement: str, values: Sequence[object]) -> tuple[list[tuple[Any, ...]], int]:
        sound = tuple(map(self._storable, values))
        with self._connection() as connection:
            try:  # by the driver itself: with a result of SQLAlchemy's, a statement takes ten times as long
                cursor = connection.cursor()
                cursor.execute(self._backend.spelt(statement), sound)
                return list(cursor.fetchall()) if cursor.description else [], cursor.rowcount
            except self._backend.errors as error:
                self._fail(error)

    @contextmanager
    def _connection(self) -> Iterator[PoolProxiedConnection]:
        """The connection of this thread's transaction, else one from the pool."""
        if hasattr(self._own, "connection"):
            yield self._own.connection
            return
        connection = self._connected()
        try:
            yield connection
        finally:
            connection.close()

    def _connected(self) -> PoolProxiedConnection:
        self._process.check()
        if self._closed:
            self._fail(RuntimeError("Cannot operate on a closed database"))
        try:
            return self._backend.connect()
        except self._backend.errors as error:
            self._fail(error)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """A short transaction: everything in the block is done, or nothing. One runs at a time, in all processes."""
        if hasattr(self._own, "connection"):
            raise RuntimeError("a transaction cannot begin within another")
        with self._writing, self._connection() as connection:
            self._own.connection = connection
            try:
                for statement in self._backend.begin:
                    self._run(statement, ())
                yield
                self._run("commit", ())
            finally:  # without a commit, the connection is rolled back when it goes back to the pool
                del self._own.connection

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """What the database has now: `each` reads it in the block, whatever others write meanwhile."""
        with self._connection() as connection:
            self._own.connection = connection
            try:
                for statement in self._backend.snapshot:
                    self._run(statement, ())
                yield
            finally:
                del self._own.connection

    def each(self, statement: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a statement in a `snapshot`, a few at a time in memory."""
        with self._connection() as connection:
            try:
                with closing(self._backend.cursor(connection)) as cursor:
                    cursor.execute(self._backend.spelt(statement))
                    while rows := cursor.fetchmany(FEW):
                        yield from rows
            except self._backend.errors as error:
                self._fail(error)

    def insert(
        self, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, numbered: bool = False
    ) -> None:
        """Insert rows in a transaction. `numbered`: the first column is a number that the database would give."""
        statement = self._backend.spelt(self._backend.insertion(table, columns, numbered=numbered))
        remaining = iter(rows)
        with self._connection() as connection:
            while batch := [tuple(map(self._storable, row)) for row in islice(remaining, FEW)]:
                try:
                    connection.cursor().executemany(statement, batch)
                except self._backend.errors as error:
                    self._fail(error)
        if numbered and (renumbering := self._backend.renumbering(table, columns[0])):
            self.rows(renumbering)

    def lock(self, name: str, *, shared: bool = False) -> Lock | None:
        """A lock that other processes respect as long as this one lives; None for SQLite, where files are locked."""
        return self._backend.lock(name, shared=shared, fail=self._fail)

    def shrink(self) -> None:
        """Remove all deleted data from the log beside a SQLite file. Nobody waits for this."""
        try:
            self._backend.shrink()
        except self._backend.errors as error:
            self._fail(error)


def _backend(path: Path, url: str, manner: FileManner, migrations: Path) -> DatabaseBackend:
    if url:
        from .postgres import PostgresChapter

        return PostgresChapter(url, path.stem, migrations)
    from .sqlite_file import SqliteFile

    return SqliteFile(path, manner, migrations)
