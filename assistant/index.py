"""The library in, a searchable generation of it out.

A generation is filled beside the one in use, checked, and put in its place by replacing the pointer file `current`.
So readers in other processes are never disturbed, a killed writer leaves the old generation in force, and the
whole can be made anew from the library without embedding anything.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from . import engine
from .encodings import AbsentEmbedder, Progress, encode_missing, key_of
from .errors import IndexMismatch, StoreError
from .generation import FORMAT, UNUSABLE, Generation, Index
from .library import Library
from .records import digest
from .store import ChromaStore, Store

if TYPE_CHECKING:
    from .embedding import Embedder

__all__ = [
    "FORMAT",
    "UNUSABLE",
    "Generation",
    "Index",
    "Progress",
    "current",
    "embedder_for",
    "encode_missing",
    "is_behind",
    "key_of",
    "open_index",
    "update",
]


def current(library: Library) -> Generation | None:
    """What the pointer file names, or None when there is no usable generation."""
    try:
        generation = Generation(**json.loads((library.home / "index/current").read_text()))
        usable = generation.format == FORMAT and (library.home / "index" / generation.folder).is_dir()
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return generation if usable else None


def is_behind(library: Library, *, chroma_url: str = "") -> bool:
    """Whether the generation in force is not that of the library's revision, or has its vectors elsewhere."""
    generation = current(library)
    if generation is None:
        return library.revision > 0
    return generation.revision != library.revision or generation.vectors != _place(generation.embedder, chroma_url)


def embedder_for(library: Library, embedder: Embedder | None) -> Embedder | None:
    """The embedder with which the index can be changed; None where it holds words alone.

    Where the model that made it is not at hand, a stand-in that embeds nothing new. Raises `IndexMismatch` when
    another embedder made it.
    """
    generation = current(library)
    made_by = generation.embedder if generation else ""
    if embedder is None:
        return AbsentEmbedder(made_by) if made_by else None
    if made_by and made_by != embedder.name:
        raise IndexMismatch(
            f"The index at {str(library.home)!r} was made by the embedder {made_by!r}, and now "
            f"{embedder.name!r} is set. Make it anew with `assistant doctor --repair` (the papers stay), "
            "or set the former embedder again."
        )
    return embedder


def open_index(library: Library, embedder: Embedder | None) -> Index | None:
    """The generation in use, or None when there is none.

    Raises `IndexMismatch` when another embedder made it, and `StoreError` when it is damaged or its vectors are gone.
    """
    generation = current(library)
    if generation is None:
        return None
    embedder_for(library, embedder)
    try:
        index = _opened(library, generation, engine.folder)
    except sqlite3.Error as error:
        raise StoreError(f"The index cannot be opened ({error}). Make it whole: assistant doctor --repair") from error
    if embedder and (lost := index.vectors_lost()):
        index.close()
        place = generation.vectors or str(index.path / "chroma")
        raise StoreError(
            f"{lost} passages have lost their vectors at {place}. Make it whole: assistant doctor --repair"
        )
    return index


def _opened(library: Library, generation: Generation, folder: Callable[[Path], Store]) -> Index:
    """The generation, its vectors held by its own `folder` unless a server has them."""
    path = library.home / "index" / generation.folder
    path.mkdir(parents=True, exist_ok=True)
    name = f"passages-{digest(str(library.home.resolve()), generation.embedder)}"
    url = generation.vectors
    store = ChromaStore.server(url, collection=name) if url else folder(path / "chroma")
    return Index(path, generation, store)


def _place(embedder: str, chroma_url: str) -> str:
    """Where the vectors of an embedder belong; an index of words alone needs no server."""
    return chroma_url if embedder else ""


def update(
    library: Library,
    embedder: Embedder | None,
    *,
    chroma_url: str = "",
    anew: bool = False,
    progress: Progress | None = None,
) -> None:
    """Bring the index to the library's revision; the caller holds the write lock. `anew` trusts nothing of the old.

    What is not whole is never put in force: what was copied from a damaged generation is made once more from the
    library, and if that is not whole either, `StoreError` says what is wrong with it. Raises `IndexMismatch`.
    """
    held = None if anew else current(library)
    embedder = embedder if anew else embedder_for(library, embedder)
    name = embedder.name if embedder else ""
    wanted = Generation("", library.revision, name, _place(name, chroma_url))
    if held and replace(held, folder="") == wanted:
        return
    alike = held and (held.embedder, held.vectors) == (wanted.embedder, wanted.vectors)
    faults: list[str] = []
    for base in (held, None) if alike else (None,):
        new = replace(wanted, folder=f"{wanted.revision}-{secrets.token_hex(4)}")
        faults = _made(library, embedder, new, base, progress)
        if not faults:
            _point_to(library.home / "index", new)
            _sweep(library.home / "index", keep={new.folder, held.folder if held else ""})
            return
    raise StoreError(
        f"The index made from the papers is not whole: {'; '.join(faults)}. The papers are safe, and the index "
        "before, if there was one, stays in force. See that the disk or the Chroma server has room and works, "
        "then run: assistant doctor --repair"
    )


def _made(
    library: Library, embedder: Embedder | None, new: Generation, base: Generation | None, progress: Progress | None
) -> list[str]:
    """Make the generation `new`, from `base` where there is one; what is wrong with it, in words.

    Its folder goes again where anything is.
    """
    try:
        faults = _filled(library, embedder, new, base, progress)
    except BaseException:
        shutil.rmtree(library.home / "index" / new.folder, ignore_errors=True)
        raise
    if faults:
        shutil.rmtree(library.home / "index" / new.folder, ignore_errors=True)
    return faults


def _filled(
    library: Library, embedder: Embedder | None, new: Generation, base: Generation | None, progress: Progress | None
) -> list[str]:
    folder = library.home / "index"
    changed, removed = library.changed_since(base.revision) if base else ([], [])
    copied = base is not None and len(changed) + len(removed) < len(library) / 2  # else a copy saves no work
    changed = changed if copied else library.papers()
    if embedder:
        encode_missing(library, embedder, changed, progress=progress)
    try:
        if base and copied:
            shutil.copytree(folder / base.folder, folder / new.folder)
        with closing(_opened(library, new, ChromaStore.folder)) as index:
            index.fill(library, changed, removed, progress=progress)
            return index.faults(library)
    except StoreError as error:
        if base is None:
            raise
        return [str(error)]
    except sqlite3.Error as error:
        return [f"its files cannot be used ({error})"]


def _point_to(folder: Path, generation: Generation) -> None:
    """Swap the pointer in one step that survives a crash at any moment."""
    fresh = folder / "current.new"
    with fresh.open("w") as file:
        json.dump(asdict(generation), file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / "current")


def _sweep(folder: Path, *, keep: set[str]) -> None:
    """Delete generations nobody opens any more; the one before is kept for readers in mid-question."""
    for path in folder.iterdir():
        if path.is_dir() and path.name not in keep:
            shutil.rmtree(path, ignore_errors=True)
