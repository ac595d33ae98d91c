"""A file of a generation in, a connection to it out; of a layer, to the same file of its base as well.

A layer has what is new or changed since its base was made, and which papers of the base are gone. For each of its
tables there is a view of the same name that reads both as one. What writes names the layer's own table: `main.papers`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..core.errors import StoreError


def connected(path: str | Path, schema: str, *, base: Path | None, views: str) -> sqlite3.Connection:
    """All threads share the connection, which SQLite locks: an index in force is never written to."""
    db = sqlite3.connect(path, timeout=30, check_same_thread=False, isolation_level=None, uri=True)
    try:
        db.executescript(schema)
        if base:
            db.execute("attach ? as base", (f"{base.absolute().as_uri()}?mode=ro",))
            db.executescript(views)
    except sqlite3.Error:
        db.close()
        raise
    return db


@contextmanager
def usable(part: str) -> Iterator[None]:
    """Translate the errors of reading a damaged part of the index to `StoreError`."""
    try:
        yield
    except (sqlite3.Error, IndexError, KeyError, TypeError, ValueError) as error:
        raise StoreError(f"The {part} cannot be used ({error}). Make it whole: assistant doctor --repair") from error
