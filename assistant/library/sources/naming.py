"""Paths of files in, the names out under which their papers are known: their sources."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path


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


def one_line(name: str) -> str:
    """A file's name as one line of text, whatever its bytes are."""
    return " ".join(name.encode(errors="replace").decode().splitlines())


def _names(place: str) -> Iterator[str]:
    parts = Path(place).parts
    return (one_line("/".join(parts[-count:])) for count in range(1, len(parts) + 1))
