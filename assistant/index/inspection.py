"""A library in, what is damaged in its files out, in words.

What the papers' record holds and nothing else could give back is only told. The index is looked at in `generation`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.database import read_only
from ..core.errors import LibraryError
from ..core.text import counted
from .encodings import Kept, is_sound

if TYPE_CHECKING:
    from ..library.papers import Library

AT_ONCE = 500
"""Encodings read at once, some 10 kB each."""


def damaged_files(home: Path, *folders: Path) -> list[str]:
    """What SQLite finds wrong with its files in `home` and anywhere in `folders`: a line for each that is damaged."""
    paths = sorted(home.glob("*.sqlite")) + sorted(path for folder in folders for path in folder.rglob("*.sqlite*"))
    return [f"the file {str(path)!r} is damaged: {damage}" for path in paths if (damage := _damage(path))]


def _damage(path: Path) -> str:
    """What SQLite finds wrong with a file, in its own words; "" where it finds nothing."""
    try:
        with closing(sqlite3.connect(read_only(path), uri=True, timeout=30)) as db:
            rows = db.execute("pragma integrity_check(3)").fetchall()
    except sqlite3.Error as error:
        return str(error)
    return "; ".join(line.strip() for (row,) in rows for line in str(row).splitlines() if line != "ok")


def wrong_contents(library: Library) -> list[str]:
    """What the record holds otherwise than it went in: papers, and encodings, which `let_go` makes room for."""
    faults = []
    try:
        library.papers()
        if orphans := library.rows(
            "select distinct paper_id from sources where paper_id not in (select id from papers)"
        ):
            faults.append(f"the record has lost {counted(len(orphans), 'paper')} of its listings")
        if broken := len(list(_broken(library))):
            faults.append(f"the vectors kept of {counted(broken, 'passage')} are damaged")
    except LibraryError as error:
        faults.append(str(error).rstrip("."))
    return faults


def let_go(library: Library) -> None:
    """Delete the encodings that are damaged, so that they are made anew."""
    broken = list(_broken(library))
    with library.transaction():
        for row in broken:
            library.rows("delete from encodings where rowid = ?", (row,))


def _broken(library: Library) -> Iterator[int]:
    """The rows of the encodings that are not as they were when they were kept."""
    last = 0
    query = "select rowid, seal, vector, tokens, spans from encodings where rowid > ? order by rowid limit ?"
    while rows := library.rows(query, (last, AT_ONCE)):
        for last, seal, *blobs in rows:
            encoding: Kept = (blobs[0], blobs[1], blobs[2])
            if not is_sound(seal, encoding):
                yield last
