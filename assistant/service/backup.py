"""A home in, one file out, and back: papers, people and all else that is stored, but not what is derived of it.

The file is the same for SQLite and PostgreSQL. An import goes into a home that is empty: it is checked first, and the
record of the papers comes last, with the end of the import, in one transaction. One that was killed before that can be
repeated; one that fails leaves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ..core import archive
from ..core.archive import ArchiveReader, ArchiveWriter, Chapter
from ..core.database import Database, DataHome
from ..core.errors import BackupError
from ..index.holdings import made
from ..library import file as record
from ..library import rejected
from ..library.file import ENCODINGS, IMPORTING, META
from ..library.following import store as following
from ..library.papers import Library
from ..llm import ledger
from ..people import accounts, conversations

OTHERS = (accounts.CHAPTER, conversations.CHAPTER, following.CHAPTER, rejected.CHAPTER, ledger.CHAPTER)
"""The chapters beside the record of the papers."""
CHAPTERS = (*OTHERS, record.CHAPTER)
"""What is carried. Limits and what Slack was not answered yet expire, so they are not."""


def export_to(path: Path, home: DataHome, *, vectors: bool = False) -> dict[str, int]:
    """Write all that a home has to a new file; `vectors`: also the encodings, so that nothing is embedded again.

    Each database is read as it is at one moment, while others go on writing. Returns how many rows each table
    has. Raises `BackupError`, `LibraryError`, `DatabaseError`, `OSError`.
    """
    made(home)
    counts: dict[str, int] = {}
    with archive.written(path) as writer:
        with closing(Library(home)) as library:
            counts |= _write(writer, library, record.CHAPTER, without=() if vectors else (ENCODINGS,))
        for chapter in OTHERS:
            if home.has(chapter.file):
                with closing(home.open(chapter.file, chapter.schemas)) as database:
                    counts |= _write(writer, database, chapter)
    return counts


def _write(
    writer: ArchiveWriter, database: Database, chapter: Chapter, *, without: tuple[str, ...] = ()
) -> dict[str, int]:
    counts = {}
    with database.snapshot():
        for table in chapter.tables:
            if table.name not in without:
                query = f"select {', '.join(table.columns)} from {table.name} order by {table.order}"
                counts[table.name] = writer.add(chapter.member(table), table.columns, database.each(query))
    return counts


def import_from(path: Path, home: DataHome) -> dict[str, int]:
    """Read a file that `export_to` wrote into a home that is empty, or that a killed import left.

    Returns how many rows each table now has. Raises, before anything is changed, `BackupError` if the file is damaged
    or of a newer program, or the home is not empty; `LibraryBusy`, `OSError`.
    """
    with archive.read(path) as source:
        source.check(CHAPTERS)
        with closing(Library(home, importing=True)) as library, library.writing():
            return _Import(source, home, library).run()


@dataclass
class _Import:
    """One run. `repeated`: what another one left, which was killed, is replaced."""

    source: ArchiveReader
    home: DataHome
    library: Library
    repeated: bool = False
    done: list[Chapter] = field(default_factory=list)  # those to be emptied if it fails

    def run(self) -> dict[str, int]:
        self.repeated = self.library.importing
        self._check_empty(self.library, record.CHAPTER)
        chapters = [one for one in OTHERS if self._is_wanted(one)]
        for chapter in chapters:
            with self._opened(chapter) as database:
                self._check_empty(database, chapter)
        self.done = chapters if self.repeated else []
        self.library.change(META, (IMPORTING, "1"))
        try:
            return self._filled(chapters)
        except BaseException:
            self._undo()
            raise

    def _filled(self, chapters: list[Chapter]) -> dict[str, int]:
        counts: dict[str, int] = {}
        for chapter in chapters:
            with self._opened(chapter) as database, database.transaction():
                self._check_empty(database, chapter)
                _empty(database, chapter)
                counts |= self._fill(database, chapter)
                self.done = [*self.done, chapter]
        with self.library.transaction():
            counts |= self._fill(self.library, record.CHAPTER)
            self.library.change("delete from meta where name = ?", (IMPORTING,))
        return counts

    def _is_wanted(self, chapter: Chapter) -> bool:
        """Whether a chapter is in the file, or is here and has to be empty."""
        return self.home.has(chapter.file) or any(self.source.has(chapter.member(table)) for table in chapter.tables)

    @contextmanager
    def _opened(self, chapter: Chapter) -> Iterator[Database]:
        with closing(self.home.open(chapter.file, chapter.schemas)) as database:
            yield database

    def _check_empty(self, database: Database, chapter: Chapter) -> None:
        """Raise `BackupError` if there is anything that was not left by an import."""
        for table in chapter.tables:
            left = self.repeated and database is not self.library
            if not left and database.rows(f"select 1 from {table.name} limit 1"):
                raise BackupError(
                    f"The home {str(self.home.folder)!r} is not empty: there are {table.name} in {database.place}. "
                    "Nothing was changed. Import into an empty one: name another folder with --home, or another "
                    "database with ASSISTANT_DATABASE_URL."
                )

    def _fill(self, database: Database, chapter: Chapter) -> dict[str, int]:
        counts = {}
        for table in chapter.tables:
            member = chapter.member(table)
            if self.source.has(member):
                columns, rows = self.source.columns(member), self.source.rows(member)
                database.insert(table.name, columns, rows, numbered=table.numbered)
                ((counts[table.name],),) = database.rows(f"select count(*) from {table.name}")
        return counts

    def _undo(self) -> None:
        for chapter in self.done:
            with self._opened(chapter) as database, database.transaction():
                _empty(database, chapter)
        self.library.change("delete from meta where name = ?", (IMPORTING,))


def _empty(database: Database, chapter: Chapter) -> None:
    for table in reversed(chapter.tables):
        database.change(f"delete from {table.name}")
