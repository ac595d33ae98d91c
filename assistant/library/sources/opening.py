"""A path in, its content out: files, compressed files, archives, folders and standard input, as they are read.

Nothing is read whole that need not be. What a compressed file unpacks to is bounded, so that a small file cannot fill
the memory or keep the program busy for hours.
"""

from __future__ import annotations

import codecs
import gzip
import io
import os
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

HEAD = 256 * 2**10
"""Bytes by which a format is recognised."""
MAX_WHOLE = 256 * 2**20
"""Bytes of the largest file that has to be read as a whole: a listing of about 150,000 abstracts."""
MAX_LINE = 16 * 2**20
"""Characters of the longest line: ten times the longest abstract accepted."""
MAX_FILES = 100_000
"""Most files in an archive or folder."""
RATIO, FREE = 200, 64 * 2**20
"""How many times its size a compressed file may unpack to, and bytes that it always may; text shrinks to a tenth."""
SAMPLED = 16 * 2**20
"""Bytes by which the encoding is recognised."""

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ZIP, _GZIP = (b"PK\x03\x04", b"PK\x05\x06"), b"\x1f\x8b"
_SURE = re.compile(rb"[\xc3-\xf4][\x80-\xbf]|[\xc2][\xa0-\xbf]")


class Unreadable(Exception):
    """Why a file, or what is left of it, cannot be read, as the end of a sentence about it."""


@dataclass(frozen=True, slots=True)
class Content:
    """What is to be read: a stream at its start, its first bytes, and where in its source it is ("" if it is all)."""

    stream: BinaryIO
    head: bytes
    place: str = ""

    def whole(self) -> bytes:
        """All bytes. Raises `Unreadable` if these are too many."""
        data = self.stream.read(MAX_WHOLE + 1)
        if len(data) > MAX_WHOLE:
            raise Unreadable(f"holds more than {MAX_WHOLE:,} bytes; split it")
        return data

    def utf8(self) -> bytes:
        """All bytes, in UTF-8 if a mark says that they are in UTF-16. Raises `Unreadable` if these are too many."""
        data = self.whole()
        return data.decode("utf-16").encode() if data.startswith(_UTF16) else data

    def text(self) -> str:
        """All of a text, with plain line ends; bytes that are no text become lone surrogates."""
        data = self.whole()
        text = data.decode(encoding_of(io.BytesIO(data)), "strict" if data.startswith(_UTF16) else "surrogateescape")
        return "\n".join(text.splitlines()) if "\r" in text else text

    def lines(self) -> Iterator[str]:
        """The lines of a text in any encoding, with plain line ends; bytes that are no text become lone surrogates."""
        text = io.TextIOWrapper(_Unclosed(self.stream), encoding=encoding_of(self.stream), errors="surrogateescape")
        for number, line in enumerate(iter(lambda: text.readline(MAX_LINE), ""), start=1):
            if len(line) == MAX_LINE:
                raise Unreadable(f"has a line of more than {MAX_LINE:,} characters, line {number:,}")
            yield line


class _Unclosed(io.BufferedReader):
    """A stream that stays open when the wrapper around it is collected."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__(stream, 2**18)  # type: ignore[arg-type]

    def close(self) -> None:
        self.detach()


def encoding_of(stream: BinaryIO) -> str:
    """The encoding of the text in a stream, which is at its start and will be again.

    Text without a mark is UTF-8 unless it has bytes above 127 and none of them is part of a character in UTF-8: then
    it is cp1252, the Latin-1 of Windows.
    """
    sample = stream.read(SAMPLED)
    stream.seek(0)
    if sample.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if sample.startswith(_UTF16):
        return "utf-16"
    if sample.isascii() or _SURE.search(sample):
        return "utf-8"
    return "cp1252"


def decoded(data: bytes) -> str:
    """The text of a few bytes, whatever they are."""
    return data.decode(encoding_of(io.BytesIO(data)), errors="replace")


def files_in(path: Path) -> list[Path]:
    """The files of a folder and of its folders, in order, without hidden ones; a file is itself."""
    if not path.is_dir():
        return [path]
    every = (Path(folder) / name for folder, _, names in os.walk(path) for name in names)
    files = sorted(file for file in every if not any(part.startswith(".") for part in file.relative_to(path).parts))
    if len(files) > MAX_FILES:
        raise Unreadable(f"is a folder of {len(files):,} files, more than {MAX_FILES:,}; name fewer")
    return files


def contents(path: Path, at: Callable[[int], None] = lambda _: None) -> Iterator[Content]:
    """The contents of a file: one, or of an archive those of its files. `at` is called with the bytes read so far.

    Raises `Unreadable`, also later, while what was given is read.
    """
    with damage(), path.open("rb") as file:
        counting = _Counting(file, at)
        head = file.read(HEAD)
        file.seek(0)
        if head.startswith(_ZIP):
            yield from _members(counting, path.stat().st_size)
        elif head.startswith(_GZIP):
            limit = max(FREE, RATIO * path.stat().st_size)
            yield _content(_Unpacked(gzip.GzipFile(fileobj=counting), limit))
        else:
            yield Content(io.BufferedReader(counting, 2**18), head)


@contextmanager
def damage() -> Iterator[None]:
    """Translate the errors of the system and of compressed files."""
    import zlib

    try:
        yield
    except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        locked = "password" in str(error)
        raise Unreadable("is locked by a password" if locked else f"is a damaged archive ({error})") from error
    except UnicodeError as error:
        raise Unreadable(f"is not the text in {error.args[0]} that its beginning announces") from error
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror or error}") from error


def _content(stream: io.RawIOBase, place: str = "") -> Content:
    """What a compressed file unpacks to. It is unpacked once before it is read, for its checksum stands at its end."""
    buffered = io.BufferedReader(stream, 2**18)
    head = buffered.read(HEAD)
    while buffered.read(2**20):
        pass
    buffered.seek(0)
    return Content(buffered, head, place)


def _members(file: _Counting, size: int) -> Iterator[Content]:
    """The contents of the files of a zip archive; folders, and what macOS adds, are left out."""
    with zipfile.ZipFile(io.BufferedReader(file)) as archive:
        members = [one for one in archive.infolist() if not one.is_dir() and not one.filename.startswith("__MACOSX/")]
        if len(members) > MAX_FILES:
            raise Unreadable(f"is an archive of {len(members):,} files, more than {MAX_FILES:,}")
        allowance = max(FREE, RATIO * size)
        for member in members:
            with archive.open(member) as stream:
                bounded = _Unpacked(stream, allowance)
                yield _content(bounded, member.filename.encode(errors="replace").decode())
            allowance -= bounded.most


class _Counting(io.RawIOBase):
    """A file that tells how far it has been read."""

    def __init__(self, file: BinaryIO, at: Callable[[int], None]) -> None:
        self._file, self._at = file, at

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        size = self._file.readinto(buffer)  # type: ignore[attr-defined]
        self._at(self._file.tell())
        return int(size)


class _Unpacked(io.RawIOBase):
    """What a compressed file unpacks to. Raises `Unreadable` beyond `limit` bytes."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile, limit: int) -> None:
        self._stream, self._limit = stream, limit
        self.most = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        size = int(self._stream.readinto(buffer))  # type: ignore[union-attr]
        self.most = max(self.most, self._stream.tell())
        if self.most > self._limit:
            raise Unreadable(f"unpacks to more than {self._limit:,} bytes, which no collection of papers does")
        return size
