"""A private file and its schemas in, short transactions on it out: what conversations and accounts are kept in.

The file is readable by its user alone. One connection serves all threads of a process, one after the other: what is
done with it takes milliseconds, and threads that come and go leave no open file behind. Processes share the file
by SQLite's own locks. What is deleted is overwritten, and its room given back.

Once the file is there, nothing but SQLite may open it: a process that closes any descriptor of a file loses all its
locks on it, and then another process deletes the log under it. https://www.sqlite.org/howtocorrupt.html, section 2.2
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
"""Seconds that a process waits for another's transaction."""
AGAIN = 1.0
"""Seconds after which `shrink` tries again where somebody was reading."""

_SETUP = (
    "pragma auto_vacuum = full",  # before the first table, or never
    "pragma journal_mode = wal",
    "pragma secure_delete = on",
    "pragma foreign_keys = on",
)


def read_only(path: Path) -> str:
    """The URI of a SQLite file that is only to be read; in a folder that cannot be written, without a log of its own.

    https://www.sqlite.org/wal.html#read_only_databases
    """
    unlogged = not os.access(path.parent, os.W_OK) and not Path(f"{path}-wal").exists()
    return f"{path.absolute().as_uri()}?{'immutable=1' if unlogged else 'mode=ro'}"


class Database:
    """One SQLite file, open; `schemas` holds what each version of it added to the one before.

    Raises `DatabaseError` wherever the file cannot be used, or was made by a newer program.
    """

    def __init__(self, path: Path, schemas: Sequence[str]) -> None:
        self.path = path
        self._process, self._lock = Process(), threading.RLock()
        self._later: threading.Timer | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Of several that set a new file up at once, SQLite refuses some instead of letting them wait.
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
            f"{str(self.path)!r} cannot be used: {error}. See that the file and its folder can be written and the "
            "disk is not full, or restore the file from a copy."
        )

    def close(self) -> None:
        """Let go of the file. In a forked process nothing is done: the file is its parent's."""
        if self._process.is_here:
            with self._lock:
                if self._later:
                    self._later.cancel()
                    self._later = None
                self._db.close()

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Carry out one statement; the rows it gives. Halves of surrogate pairs are no characters and become "?"."""
        self._process.check()
        sound = [value.encode(errors="replace").decode() if isinstance(value, str) else value for value in values]
        with self._lock:
            try:
                return self._db.execute(statement, sound).fetchall()
            except sqlite3.Error as error:
                raise self._failure(error) from error

    def change(self, statement: str, values: Sequence[object] = ()) -> int:
        """Carry out one statement; how many rows it inserted, updated or deleted, cascades left out."""
        with self._lock:
            self.rows(statement, values)
            return int(self.rows("select changes()")[0][0])

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the file for one short transaction: all of it is done when the block ends, or none."""
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
        """Let nothing of what was deleted stay in the log beside the file.

        While another process is reading what stood there, it has to stay: then the log is emptied within `AGAIN` of
        the end of that, or when the file is next opened. Nobody waits for it.
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
            if threading.current_thread() is self._later:  # neither closed nor shrunk meanwhile
                self.shrink()


def _create(path: Path) -> None:
    """Make an empty file that its user alone can read, unless there is one; SQLite gives its others the same rights."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
