"""A private file and its schemas in, short transactions on it out: the store of conversations and accounts.

Only the file's owner can read it. One connection serves all threads of a process, one after the other: transactions
take milliseconds, and short-lived threads leave no open files behind. Processes share the file by SQLite's own locks.
Deleted data is overwritten, and its space returned to the system.

Once the file exists, nothing but SQLite may open it: a process that closes any descriptor of a file loses all its locks
on it, and another process may then delete its log. https://www.sqlite.org/howtocorrupt.html, section 2.2
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock

from .errors import DatabaseError
from .sharing import Process

PATIENCE = 30
"""Seconds to wait for the transaction of another process."""
AGAIN = 1.0
"""Seconds after which `shrink` tries again if another process was reading."""

_SETUP = (
    "pragma auto_vacuum = full",  # before the first table, or never
    "pragma journal_mode = wal",
    "pragma secure_delete = on",
    "pragma foreign_keys = on",
)


def read_only(path: Path) -> str:
    """The URI that opens a SQLite file for reading, without a log if its folder is not writable.

    https://www.sqlite.org/wal.html#read_only_databases
    """
    unlogged = not os.access(path.parent, os.W_OK) and not Path(f"{path}-wal").exists()
    return f"{path.absolute().as_uri()}?{'immutable=1' if unlogged else 'mode=ro'}"


class Database:
    """One SQLite file, open. Each of `schemas` is what a version of the file added to the previous one.

    Raises `DatabaseError` if the file cannot be used or was made by a newer program.
    """

    def __init__(self, path: Path, schemas: Sequence[str]) -> None:
        self.path = path
        self._process, self._lock = Process(), threading.RLock()
        self._later: threading.Timer | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # If several processes set up a new file at once, SQLite refuses some instead of making them wait.
            with FileLock(f"{path}.lock", timeout=PATIENCE, mode=0o600):
                _create(path)
                self._db = sqlite3.connect(path, timeout=PATIENCE, check_same_thread=False, isolation_level=None)
                try:
                    self._prepare(schemas)
                except DatabaseError:
                    self._db.close()
                    raise
        except (OSError, sqlite3.Error) as error:
            raise self._failure(error) from error

    def _prepare(self, schemas: Sequence[str]) -> None:
        for pragma in _SETUP:
            self.rows(pragma)
        with self.writing():
            version = self.rows("pragma user_version")[0][0]
            if version > len(schemas):
                raise DatabaseError(
                    f"{str(self.path)!r} is of version {version}, newer than this program's {len(schemas)}. "
                    "Update the program: pip install --upgrade paper-assistant"
                )
            for statement in ";".join(schemas[version:]).split(";"):
                self.rows(statement)
            self.rows(f"pragma user_version = {len(schemas)}")
        self.shrink()  # a process may have been killed before it could

    def _failure(self, error: Exception) -> DatabaseError:
        return DatabaseError(
            f"{str(self.path)!r} cannot be used: {error}. Make sure that the file and its folder are writable and the "
            "disk is not full, or restore the file from a copy."
        )

    def close(self) -> None:
        """Close the file. In a forked process this does nothing: the file is its parent's."""
        if self._process.is_here:
            with self._lock:
                if self._later:
                    self._later.cancel()
                    self._later = None
                self._db.close()

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows. Lone surrogates in values become "?"."""
        self._process.check()
        sound = [value.encode(errors="replace").decode() if isinstance(value, str) else value for value in values]
        with self._lock:
            try:
                return self._db.execute(statement, sound).fetchall()
            except sqlite3.Error as error:
                raise self._failure(error) from error

    def change(self, statement: str, values: Sequence[object] = ()) -> int:
        """Run one statement and return how many rows it inserted, updated or deleted, without cascades."""
        with self._lock:
            self.rows(statement, values)
            return int(self.rows("select changes()")[0][0])

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A short transaction: everything in the block is done, or nothing."""
        with self._lock:
            self.rows("begin immediate")
            try:
                yield
                self.rows("commit")
            except BaseException:
                if self._db.in_transaction:
                    self._db.rollback()
                raise

    def shrink(self) -> None:
        """Remove all deleted data from the log beside the file.

        While another process is reading it, the log has to stay. It is then emptied within `AGAIN` of the end of that,
        or when the file is next opened. Nobody waits for this.
        """
        with self._lock:
            self._later = None
            self.rows("pragma busy_timeout = 0")
            try:
                busy = self.rows("pragma wal_checkpoint(truncate)")[0][0]
            finally:
                self.rows(f"pragma busy_timeout = {PATIENCE * 1000}")
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
