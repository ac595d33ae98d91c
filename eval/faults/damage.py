"""Files of a home cut, deleted and overwritten: segments of the index, pages of a database, the pointer file."""

from __future__ import annotations

import random
import shutil
import time
from pathlib import Path

from .outcomes import Outcome
from .scene import TURNS, Judge, Place, Scene, checkpointed, lost_turns

BLOCK = 4096
"""Bytes of what is overwritten at once."""
RECORDS = ("library.sqlite", "conversations.sqlite")
"""What nothing else has: it is restored from a copy, if a copy was made."""


def cut(scene: Scene, chance: random.Random, number: int) -> Outcome:
    """A file that is shorter than it was, or empty, or gone."""
    place, path, began = _target(scene, chance, f"cut-{number}")
    data = path.read_bytes()
    length = chance.choice([0, chance.randrange(len(data)), chance.randrange(len(data)), -1])
    if length < 0:
        path.unlink()
        what = f"{_named(place, path)} deleted"
    else:
        path.write_bytes(data[:length])
        what = f"{_named(place, path)} cut from {len(data):,} to {length:,} bytes"
    return _judged(scene, chance, place, ("file cut or deleted", number, what), began)


def page(scene: Scene, chance: random.Random, number: int) -> Outcome:
    """A few pages of a file overwritten, as a failing disk does it: by zeros, by chance, by another page."""
    place, path, began = _target(scene, chance, f"page-{number}")
    data, pages = path.read_bytes(), chance.choice([1, 1, 4])
    way = chance.choice(["zeros", "random bytes", "another page"])
    for _ in range(pages):
        at, other = (chance.randrange(-(-len(data) // BLOCK)) * BLOCK for _ in range(2))
        size = len(data[at : at + BLOCK])
        made = {
            "zeros": bytes(size),
            "random bytes": chance.randbytes(size),
            "another page": data[other : other + size],
        }
        data = data[:at] + made[way].ljust(size, b"\0") + data[at + size :]
    path.write_bytes(data)
    what = f"{way} over {pages} of the pages of {_named(place, path)}"
    return _judged(scene, chance, place, ("page damaged", number, what), began)


def _target(scene: Scene, chance: random.Random, name: str) -> tuple[Place, Path, float]:
    """A copy of the home, and a file of it that is not empty: each kind of file as likely as any other."""
    began = time.perf_counter()
    place = scene.copy(name)
    checkpointed(place.folder)
    for record in RECORDS:
        shutil.copy(place.folder / record, place.folder.parent / record)
    files = [place.folder / record for record in RECORDS]
    files += sorted(path for path in (place.folder / "index").rglob("*") if path.is_file() and path.stat().st_size)
    return place, chance.choice(files), began


def _named(place: Place, path: Path) -> str:
    """A file's name within the home, without the random names of generations."""
    return path.name if path.parent.name != "index" else f"index/{path.name}"


def _judged(scene: Scene, chance: random.Random, place: Place, what: tuple[str, int, str], began: float) -> Outcome:
    copies = {record: place.folder.parent / record for record in RECORDS}
    judge = Judge(scene, place, scene.known(chance), scene.states[:1], copies)
    outcome = judge.outcome(*what, began)
    return outcome if not (lost := lost_turns(place, TURNS)) else judge.with_problems(outcome, lost)


KINDS = {"cut": cut, "page": page}
