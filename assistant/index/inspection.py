"""A library in, what is damaged in its files out, in words.

Damaged papers can only be reported: nothing else has them. The index is inspected in `generation`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import LibraryError
from ..core.text import counted
from .interaction import as_stored

if TYPE_CHECKING:
    from ..library.papers import Library

AT_ONCE = 500
"""Encodings read at once, some 10 kB each."""


def damaged_files(home: Path, *folders: Path) -> list[str]:
    """What SQLite finds wrong with its files in `home` and anywhere in `folders`, a line per damaged file."""
    paths = sorted(home.glob("*.sqlite")) + sorted(path for folder in folders for path in folder.rglob("*.sqlite*"))
    return [f"the file {str(path)!r} is damaged: {damage}" for path in paths if (damage := _damage(path))]


def _damage(path: Path) -> str:
    """What SQLite says is wrong with a file; "" if nothing is."""
    from ..core.sqlite_file import read_only

    try:
        with closing(sqlite3.connect(read_only(path), uri=True, timeout=30)) as db:
            rows = db.execute("pragma integrity_check(3)").fetchall()
    except sqlite3.Error as error:
        return str(error)
    return "; ".join(line.strip() for (row,) in rows for line in str(row).splitlines() if line != "ok")


def damaged_contents(library: Library) -> list[str]:
    """Papers and encodings in the record that are not as they were stored, in words."""
    faults = []
    try:
        library.papers()
        if orphans := library.rows(
            "select distinct paper_id from sources where paper_id not in (select id from papers)"
        ):
            faults.append(f"the record has lost {counted(len(orphans), 'paper')} of its listings")
        if damaged := len(list(_damaged(library))):
            faults.append(f"the vectors kept of {counted(damaged, 'passage')} are damaged")
    except LibraryError as error:
        faults.append(str(error).rstrip("."))
    return faults


def delete_damaged(library: Library) -> None:
    """Delete damaged encodings, so that they are computed again."""
    damaged = list(_damaged(library))
    with library.transaction():
        for key in damaged:
            library.rows("delete from encodings where key = ? and embedder = ?", key)


def _damaged(library: Library) -> Iterator[tuple[str, str]]:
    """The key and embedder of each encoding that is not as it was stored."""
    last = ("", "")
    query = (
        "select key, embedder, seal, vector, tokens, spans from encodings where (key, embedder) > (?, ?) "
        "order by key, embedder limit ?"
    )
    while rows := library.rows(query, (*last, AT_ONCE)):
        for key, embedder, checksum, vector, tokens, spans in rows:
            last = (key, embedder)
            if as_stored(checksum, (vector, tokens, spans)) is None:
                yield last
