"""Rejects in, rejects out: what could not be added is kept beside the library until it is mended.

The rejects of a file are those of the last time that it was read; those of a followed source add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..core.archive import Chapter, Table
from ..core.database import Database, DataHome
from ..core.records import Reject

FILE = "rejects.sqlite"
_SCHEMAS = (
    """
create table rejects (
    source text not null, name text not null, line integer not null, reason text not null, text text not null,
    title text not null);
create index rejects_by_source on rejects (source)""",
)
_COLUMNS = "source, name, line, reason, text, title"
CHAPTER = Chapter(FILE, _SCHEMAS, (Table("rejects", tuple(_COLUMNS.split(", ")), "rowid"),))
"""What a backup has of them."""


class Rejected:
    """The rejects of a library, in a file of their own, which is made with the first of them, or in its database."""

    def __init__(self, home: Path | DataHome) -> None:
        self._home = DataHome.of(home)
        self._database: Database | None = None

    def _opened(self) -> Database:
        if self._database is None:
            self._database = self._home.open(FILE, _SCHEMAS)
        return self._database

    def close(self) -> None:
        if self._database:
            self._database.close()

    def put(self, source: str, rejects: Sequence[Reject], *, anew: bool) -> None:
        """Keep the rejects of a source; with `anew`, in place of its former ones."""
        if not rejects and not self._home.has(FILE):
            return
        database = self._opened()
        with database.transaction():
            if anew:
                database.change("delete from rejects where source = ?", (source,))
            for one in rejects:
                values = (source, one.source, one.line, one.reason, one.text, one.title)
                database.change(f"insert into rejects ({_COLUMNS}) values (?, ?, ?, ?, ?, ?)", values)

    def add(self, source: str, rejects: Sequence[Reject]) -> None:
        """Keep further rejects of a source that is read bit by bit; a record that is rejected again is kept once."""
        if not rejects:
            return
        database = self._opened()
        for one in rejects:
            database.change(
                "delete from rejects where source = ? and title = ? and text = ?", (source, one.title, one.text)
            )
        self.put(source, rejects, anew=False)

    def all(self) -> list[Reject]:
        """All rejects, by source."""
        if not self._home.has(FILE):
            return []
        rows = self._opened().rows("select name, line, reason, text, title from rejects order by source, rowid")
        return [Reject(*row) for row in rows]
