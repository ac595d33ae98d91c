"""Tables in, one file out, and back: a zip with a member for each table, and a manifest with their hashes.

A member has a JSON array on each line, a row; bytes are `{"base64": "..."}`. Both ways, a few rows at a time are in
memory. The file is complete or not there: it is written under another name, which its last step changes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from .errors import BackupError

FORMAT = 1
"""Raised when the rows or the manifest change their form. What reads the file goes on reading all earlier formats."""
PRODUCT, MANIFEST = "paper-assistant", "manifest.json"
LONGEST = 2**28
"""Bytes of a line that is still read: PostgreSQL and SQLite store up to a gigabyte, but no abstract is as long."""


@dataclass(frozen=True, slots=True)
class Table:
    """What is carried of a table, in the order of `order`.

    numbered: the first column is a number that the database gives, and that other tables refer to.
    """

    name: str
    columns: tuple[str, ...]
    order: str
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Chapter:
    """What is carried of the database whose SQLite file is `file`: a table comes after those that it refers to.

    left_out: its tables that are not carried, since they are derived or expire.
    """

    file: str
    schemas: Sequence[str]
    tables: tuple[Table, ...]
    left_out: tuple[str, ...] = ()

    def member(self, table: Table) -> str:
        """The name of a table in the file."""
        return f"{self.file.removesuffix('.sqlite')}/{table.name}.jsonl"


class ArchiveWriter:
    """A file that is being written."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._members: dict[str, dict[str, Any]] = {}

    def add(self, member: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
        """Write the rows of a table; returns how many there are."""
        digest, count = hashlib.sha256(), 0
        with self._archive.open(member, "w", force_zip64=True) as file:
            for row in rows:
                line = json.dumps([_packed(value) for value in row]).encode() + b"\n"
                digest.update(line)
                file.write(line)
                count += 1
        self._members[member] = {"columns": [*columns], "rows": count, "sha256": digest.hexdigest()}
        return count

    def finish(self) -> None:
        """Write the manifest."""
        made = {"version": version(PRODUCT), "made": datetime.now(UTC).isoformat(timespec="seconds")}
        manifest = {"format": FORMAT, "product": PRODUCT, **made, "tables": self._members}
        self._archive.writestr(MANIFEST, json.dumps(manifest, indent=1))


@contextmanager
def written(path: Path) -> Iterator[ArchiveWriter]:
    """A new file, which only its owner can read. It gets its name when the block ends without an error.

    Raises `BackupError` if there is such a file, `OSError` if it cannot be written.
    """
    if path.exists():
        raise BackupError(f"There is a file {str(path)!r} already, and it stays as it is. Name another one.")
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                writer = ArchiveWriter(archive)
                yield writer
                writer.finish()
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


class ArchiveReader:
    """A file, open. Raises `BackupError` if it is damaged or of a newer program."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self._path = path
        try:
            self._archive = zipfile.ZipFile(file)
            manifest = json.loads(self._archive.read(MANIFEST))
            format_, self.version = manifest["format"], str(manifest["version"])
            if manifest["product"] != PRODUCT or not isinstance(format_, int) or format_ < 1:
                raise ValueError("it is no export of this program")
            if format_ > FORMAT:
                raise self._newer()
            self._members: dict[str, dict[str, Any]] = dict(manifest["tables"])
        except (*_DAMAGE, OSError) as error:
            raise self._damaged(error) from error

    def has(self, member: str) -> bool:
        """Whether there is such a table."""
        return member in self._members

    def columns(self, member: str) -> tuple[str, ...]:
        """The columns of a table."""
        return tuple(self._members[member]["columns"])

    def check(self, chapters: Sequence[Chapter]) -> None:
        """Read all of it: each table is one of `chapters`, and as it was written."""
        known = {chapter.member(table): table.columns for chapter in chapters for table in chapter.tables}
        try:
            for member in self._members:
                if not {*self.columns(member)} <= {*known.get(member, ())}:
                    raise self._newer()
        except (KeyError, TypeError) as error:
            raise self._damaged(error) from error
        for member in self._members:
            for _ in self.rows(member):
                pass

    def rows(self, member: str) -> Iterator[list[Any]]:
        """The rows of a table. Raises, after the last one, if they are not those that were written."""
        digest, count = hashlib.sha256(), 0
        try:
            width = len(self.columns(member))
            with self._archive.open(member) as file:
                while line := file.readline(LONGEST):
                    digest.update(line)
                    count += 1
                    row = [_unpacked(value) for value in json.loads(line)]
                    if len(row) != width:
                        raise ValueError(f"{member} has a row of {len(row)} values")
                    yield row
            if (count, digest.hexdigest()) != (self._members[member]["rows"], self._members[member]["sha256"]):
                raise ValueError(f"{member} is not as it was written")
        except (*_DAMAGE, OSError) as error:
            raise self._damaged(error) from error

    def _newer(self) -> BackupError:
        return BackupError(
            f"The file {str(self._path)!r} was written by {PRODUCT} {self.version}, and this program is too old to "
            "read it. Nothing was changed. Update the program: pip install --upgrade paper-assistant"
        )

    def _damaged(self, error: Exception) -> BackupError:
        return BackupError(
            f"The file {str(self._path)!r} is damaged, or no export of a library: {_reason(error)}. Nothing was "
            "changed. Use another copy of it."
        )


@contextmanager
def read(path: Path) -> Iterator[ArchiveReader]:
    """The file, open until the block ends. Raises `BackupError`, and `OSError` if there is no such file."""
    with path.open("rb") as file:
        yield ArchiveReader(path, file)


_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, TypeError, ValueError, NotImplementedError, RuntimeError)
"""What zipfile and json raise for a file that is not as it was written."""


def _reason(error: Exception) -> str:
    with suppress(IndexError):
        return str(error.args[0]).rstrip(".")
    return type(error).__name__


def _packed(value: object) -> object:
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def _unpacked(value: Any) -> Any:
    return base64.b64decode(value["base64"], validate=True) if isinstance(value, dict) else value
