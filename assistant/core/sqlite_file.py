"""A SQLite file in, connections to it out; the file is brought up to date when it is opened.

Processes share the file by SQLite's own locks. If it is private, only its owner can read it, deleted data is
overwritten, and its space returned to the system.

Once the file exists, nothing but SQLite may open it: a process that closes any descriptor of a file loses all its locks
on it, and another process may then delete its log. https://www.sqlite.org/howtocorrupt.html, section 2.2
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from filelock import FileLock
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

from .backends import FileManner, Lock, NewerDatabase
from .migrating import bring_up_to_date, revisions

PAGE = 16384
"""Bytes of a page where papers and their encodings, of 3 to 9 kB, are kept. In one of 8192, most encodings take a page
for themselves; one of 32768 saves some 5 % more, but each changed page is written as a whole."""
PATIENCE = 30
"""Seconds to wait for the transaction of another process."""
AGAIN = 1.0
"""Seconds after which `shrink` tries again if another process was reading."""
IDLE = 4
"""Connections kept open for the next statement; more are opened while more threads need one."""

_PRIVATE = "pragma secure_delete = on"


def read_only(path: Path) -> str:
    """The URI that opens a SQLite file for reading, without a log if its folder is not writable.

    https://www.sqlite.org/wal.html#read_only_databases
    """
    unlogged = not os.access(path.parent, os.W_OK) and not Path(f"{path}-wal").exists()
    return f"{path.absolute().as_uri()}?{'immutable=1' if unlogged else 'mode=ro'}"


class SqliteFile:
    """The connections to one file, in a pool."""

    begin, snapshot = ("begin immediate",), ("begin",)
    errors = (SQLAlchemyError, sqlite3.Error, OSError, OverflowError)

    def __init__(self, path: Path, manner: FileManner, migrations: Path) -> None:
        self._path, self._manner, self._migrations = path, manner, migrations
        self._lock = threading.RLock()  # of the next
        self._later: threading.Timer | None = None
        self._engine = create_engine(
            "sqlite://",
            creator=self._opened,
            poolclass=QueuePool,
            pool_size=IDLE,
            max_overflow=-1,
            pool_use_lifo=True,
            isolation_level="AUTOCOMMIT",  # transactions begin and end by statements
        )

    def __str__(self) -> str:
        return repr(str(self._path))

    def _opened(self) -> sqlite3.Connection:
        uri = self._path.absolute().as_uri() if self._manner.writable else read_only(self._path)
        connection = sqlite3.connect(uri, uri=True, timeout=PATIENCE, check_same_thread=False, isolation_level=None)
        try:
            for pragma in ("pragma foreign_keys = on", *[_PRIVATE] * self._manner.private, *self._manner.pragmas):
                connection.execute(pragma)
            for name, function in self._manner.functions.items():
                connection.create_function(name, -1, function, deterministic=True)
            if not self._manner.writable:
                (version,) = connection.execute("pragma user_version").fetchone()
                connection.executescript(self._manner.as_if_new.get(version, ""))
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def connect(self) -> PoolProxiedConnection:
        return self._engine.raw_connection()

    def cursor(self, connection: PoolProxiedConnection) -> Any:
        """A cursor that reads its rows bit by bit."""
        return connection.cursor()

    def insertion(self, table: str, columns: Sequence[str], *, numbered: bool) -> str:
        """The statement that inserts a row as it is, its number included."""
        return f"insert into {table} ({', '.join(columns)}) values ({', '.join('?' * len(columns))})"

    def renumbering(self, table: str, column: str) -> str:
        """The statement after which the next number is the highest one plus one: none is needed."""
        return ""

    def spelt(self, statement: str) -> str:
        """The statement as SQLite has it: all are written for it."""
        return statement

    def sound(self, text: str) -> str:
        """The text without what cannot be stored."""
        return text.encode(errors="replace").decode()

    def prepare(self, schemas: Sequence[str]) -> None:
        """Bring the file up to date, or make it. Raises `NewerDatabase`."""
        if not self._manner.writable:
            with self._engine.connect() as connection:
                if self._version(connection) not in self._manner.as_if_new:
                    self._upgrade(connection, schemas)
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # If several processes set up a new file at once, SQLite refuses some instead of making them wait.
        with FileLock(f"{self._path}.lock", timeout=PATIENCE, mode=0o600):
            if self._manner.private:
                _create(self._path)
            with self._engine.connect() as connection:
                if self._manner.private:
                    connection.exec_driver_sql("pragma auto_vacuum = full")  # before the first table, or never
                else:
                    connection.exec_driver_sql(f"pragma page_size = {PAGE}")  # likewise
                connection.exec_driver_sql("pragma journal_mode = wal")
                self._upgrade(connection, schemas)
        if self._manner.private:
            self.shrink()  # a process may have been killed before it could

    def _version(self, connection: Connection) -> int:
        return int(connection.exec_driver_sql("pragma user_version").scalar_one())

    def _known(self, version: int, schemas: Sequence[str]) -> int:
        """The version of this program, `schemas` and later revisions counted. Raises `NewerDatabase`."""
        later = revisions(self._migrations, self._path.stem)[1:]
        if version > (known := len(schemas) + len(later)):
            raise NewerDatabase(version, known)
        return known

    def _upgrade(self, connection: Connection, schemas: Sequence[str]) -> None:
        """Run what is missing of `schemas`, which make the first revision, then the later revisions."""
        if (version := self._version(connection)) == (known := self._known(version, schemas)):
            return
        connection.exec_driver_sql("begin immediate")
        version = self._version(connection)  # another process may have upgraded it
        for statement in ";".join(schemas[version:]).split(";"):
            if statement.strip():
                connection.exec_driver_sql(statement)
        bring_up_to_date(connection, self._migrations, self._path.stem, has_first=True)
        connection.exec_driver_sql(f"pragma user_version = {known}")
        connection.exec_driver_sql("commit")

    def failure(self, error: Exception) -> str:
        """What to say of an error."""
        return (
            f"{self} cannot be used: {error}. Make sure that the file and its folder are writable and the "
            "disk is not full, or restore the file from a copy."
        )

    def lock(self, name: str, *, shared: bool, fail: Callable[[Exception], NoReturn]) -> Lock | None:
        """None: files are locked instead."""

    def close(self) -> None:
        with self._lock:
            if self._later:
                self._later.cancel()
                self._later = None
        self._engine.dispose()

    def shrink(self) -> None:
        """Empty the log beside the file.

        While another process is reading it, the log has to stay. It is then emptied within `AGAIN` of the end of that,
        or when the file is next opened. Nobody waits for this.
        """
        with self._lock, self._engine.connect() as connection:
            self._later = None
            connection.exec_driver_sql("pragma busy_timeout = 0")
            try:
                busy = connection.exec_driver_sql("pragma wal_checkpoint(truncate)").fetchall()[0][0]
            finally:
                connection.exec_driver_sql(f"pragma busy_timeout = {PATIENCE * 1000}")
            if busy:
                self._later = threading.Timer(AGAIN, self._shrink_again)
                self._later.daemon = True
                self._later.start()

    def _shrink_again(self) -> None:
        with self._lock:
            if threading.current_thread() is self._later:  # not closed or shrunk in the meantime
                self.shrink()


def _create(path: Path) -> None:
    """Make an empty file, if there is none, that only its owner can read; SQLite's other files copy its permissions."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
