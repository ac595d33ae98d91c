"""Paths in, the names of their listings out, no two files under one name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path


def told_apart(paths: Sequence[str | Path], held: Mapping[str, str]) -> list[str]:
    """The source of each file: its name, with as many folders before it as tell it from other files of that name.

    `held` says where the file of each source was last. A file that is still there keeps its source; one that is gone
    leaves it to the next file of its name, so that a file that was moved is the same listing.

    >>> told_apart(["/march/new.txt", "/april/new.txt"], {})
    ['new.txt', 'april/new.txt']
    """
    taken = {place: source for source, place in held.items() if os.path.lexists(place)}
    for place in map(place_of, paths):
        if place not in taken:
            names = set(taken.values())
            taken[place] = next((name for name in _names(place) if name not in names), place)
    return [taken[place_of(path)] for path in paths]


def place_of(path: str | Path) -> str:
    """The path of a file from the root, through no link to a folder, as text that can be kept."""
    try:
        absolute = Path(os.path.abspath(path))
        told = str(absolute.parent.resolve() / absolute.name)
    except (OSError, ValueError):  # the present folder was deleted; no path holds a zero byte
        told = str(path)
    return told.encode(errors="backslashreplace").decode()


def source_of(name: str) -> str:
    """A file's name as one line of text, whatever bytes it is made of."""
    return " ".join(name.encode(errors="replace").decode().splitlines())


def _names(place: str) -> Iterator[str]:
    parts = Path(place).parts
    return (source_of("/".join(parts[-count:])) for count in range(1, len(parts) + 1))
