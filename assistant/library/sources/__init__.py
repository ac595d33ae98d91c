"""A file in, papers and rejects out.

`read` never raises for what it meets in a file: whatever cannot become a paper becomes a `Reject` that
names the file, the line and the reason, and the good records beside it still come out. A file that is not a
listing is rejected whole, with one reject that says what it is.
"""

from __future__ import annotations

import codecs
from pathlib import Path

from ...core.records import Reject
from .formats import foreign_format
from .listing import EXPECTED, Listing, parse
from .sources import place_of, source_of, told_apart

MAX_BYTES = 256 * 2**20
"""Largest file read whole: a listing of about 150,000 abstracts."""


def read(path: str | Path, *, source: str = "") -> Listing:
    """The papers and rejects of one listing file; its source is the file's name unless one is given."""
    path = Path(path)
    source = source or source_of(path.name or str(path))
    try:
        problem = _unreadable(path)
        data = b"" if problem else path.read_bytes()
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}"
    problem = problem or _no_listing(data)
    if problem:
        return Listing(source, rejects=(Reject(source, 0, problem),))
    return parse(data, source)


def _unreadable(path: Path) -> str:
    if not path.exists():
        return f"there is no file {str(path)!r}"
    if path.is_dir():
        return f"{str(path)!r} is a folder; name the files in it, for example {str(path / '*.txt')!r}"
    if not path.is_file():
        return f"{str(path)!r} is not a regular file"
    size = path.stat().st_size
    return f"holds {size:,} bytes, more than {MAX_BYTES:,}; split it" if size > MAX_BYTES else ""


def _no_listing(data: bytes) -> str:
    if not data.removeprefix(codecs.BOM_UTF8).strip():
        return "the file is empty"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "is UTF-16 text; save it as UTF-8"
    if name := foreign_format(data):
        return f"is {name}, which is not read yet; only listings are: {EXPECTED}"
    if b"\0" in data:
        return f"is binary, not text (a zero byte at byte {data.index(0)})"
    return ""


__all__ = ["Listing", "place_of", "read", "told_apart"]
