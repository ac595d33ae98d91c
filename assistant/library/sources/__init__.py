"""A file in, papers and rejects out.

`read` never raises because of a file's content: whatever cannot become a paper becomes a `Reject` with the file, the
line and the reason, and the good records beside it are still read. A file that is not a listing gives one reject, which
says what it is.
"""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ...core.records import Reject
from .formats import foreign_format
from .listing import EXPECTED, Listing, parse

__all__ = ["Listing", "place_of", "read", "source_names"]

MAX_BYTES = 256 * 2**20
"""Largest file read: a listing of about 150,000 abstracts."""


def read(path: str | Path, *, source: str = "") -> Listing:
    """The papers and rejects of one listing file; `source` defaults to the file's name."""
    path = Path(path)
    source = source or _source_of(path.name or str(path))
    try:
        problem = _unreadable(path)
        data = b"" if problem else path.read_bytes()
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}"
    problem = problem or _not_a_listing(data)
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


def _not_a_listing(data: bytes) -> str:
    if not data.removeprefix(codecs.BOM_UTF8).strip():
        return "the file is empty"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "is UTF-16 text; save it as UTF-8"
    if name := foreign_format(data):
        return f"is {name}, which is not read yet; only listings are: {EXPECTED}"
    if b"\0" in data:
        return f"is binary, not text (a zero byte at byte {data.index(0)})"
    return ""


def source_names(paths: Sequence[str | Path], known: Mapping[str, str]) -> list[str]:
    """The source of each file: its name, preceded by as many folders as distinguish it from files of the same name.

    `known` gives the last path of each known source. A file that still exists keeps its source. The source of a file
    that is gone goes to the next file of its name, so that a listing may be moved.

    >>> source_names(["/march/new.txt", "/april/new.txt"], {})
    ['new.txt', 'april/new.txt']
    """
    taken = {place: source for source, place in known.items() if os.path.lexists(place)}
    for place in map(place_of, paths):
        if place not in taken:
            names = set(taken.values())
            taken[place] = next((name for name in _names(place) if name not in names), place)
    return [taken[place_of(path)] for path in paths]


def place_of(path: str | Path) -> str:
    """The absolute path of a file, with links to folders resolved, as text that can be stored."""
    try:
        absolute = Path(os.path.abspath(path))
        place = str(absolute.parent.resolve() / absolute.name)
    except (OSError, ValueError):  # the current folder was deleted, or the path has a zero byte
        place = str(path)
    return place.encode(errors="backslashreplace").decode()


def _source_of(name: str) -> str:
    """A file's name as one line of text, whatever its bytes are."""
    return " ".join(name.encode(errors="replace").decode().splitlines())


def _names(place: str) -> Iterator[str]:
    parts = Path(place).parts
    return (_source_of("/".join(parts[-count:])) for count in range(1, len(parts) + 1))
