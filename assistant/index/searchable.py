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
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import IndexMismatch, LibraryError, StoreError
from ..core.records import digest
from ..core.text import counted
from ..library.papers import Library
from . import engine
from .encodings import AbsentEmbedder, Progress, encode_missing, key_of
from .generation import FORMAT, KEYWORDS, PASSAGES, Generation, Index
from .store import ChromaStore, Store

if TYPE_CHECKING:
    from .embedding import Embedder

__all__ = [
    "FORMAT",
    "Generation",
    "Index",
    "Progress",
    "current",
    "embedder_for",
    "encode_missing",
    "is_behind",
    "key_of",
    "lost_record",
    "made_by",
    "open_index",
    "update",
]

_CURE = "Make it whole: assistant doctor --repair"


def current(library: Library) -> Generation | None:
    """What the pointer file names, or None when there is no usable generation."""
    pointer = _pointer(library)
    try:
        generation = Generation(**pointer)
        usable = generation.format == FORMAT and (library.home / "index" / generation.folder).is_dir()
    except TypeError:
        return None
    return generation if usable else None


def _pointer(library: Library) -> dict[str, Any]:
    """What the pointer file says, though it be of an older format; empty where it says nothing."""
    try:
        pointer = json.loads((library.home / "index/current").read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return pointer if isinstance(pointer, dict) else {}


def made_by(library: Library) -> str:
    """The embedder that made the index, though it be of an older format; "" where none did."""
    return str(_pointer(library).get("embedder", ""))


def lost_record(library: Library) -> str:
    """What there is to say where the record of papers is empty, but the index beside it is not; "" elsewhere."""
    if library.revision or not _pointer(library).get("revision"):
        return ""
    return (
        f"The record of the papers, {str(library.path)!r}, is empty or gone, but the index beside it holds papers. "
        "Nothing was changed. Restore the file from a copy. Without a copy, begin anew with "
        "`assistant doctor --repair`, then take the listings in again."
    )


def is_behind(library: Library, *, chroma_url: str = "") -> bool:
    """Whether the generation in force is not that of the library's state, or has its vectors elsewhere."""
    generation = current(library)
    if generation is None:
        return library.revision > 0
    return generation.state != library.state or generation.vectors != _place(generation.embedder, chroma_url)


def embedder_for(library: Library, embedder: Embedder | None) -> Embedder | None:
    """The embedder with which the index can be changed; None where it holds words alone.

    Where the model that made it is not at hand, a stand-in that embeds nothing new. Raises `IndexMismatch` when
    another embedder made it, and `LibraryError` where the record is lost: to go on from an empty one would hide that.
    """
    if lost := lost_record(library):
        raise LibraryError(lost)
    former = made_by(library)
    if embedder is None:
        return AbsentEmbedder(former) if former else None
    if former and former != embedder.name:
        raise IndexMismatch(
            f"The index at {str(library.home)!r} was made by the embedder {former!r}, and now "
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
    path = library.home / "index" / generation.folder
    if missing := [name for name in (KEYWORDS, PASSAGES) if not (path / name).is_file()]:
        raise StoreError(f"The index at {str(path)!r} lacks {' and '.join(missing)}. {_CURE}")
    index = _opened(library, generation, engine.folder)
    try:
        if lost := generation.papers - len(index):
            raise StoreError(f"The index at {str(path)!r} has lost {counted(lost, 'paper')}. {_CURE}")
        if embedder and (lost := index.vectors_lost()):
            place = generation.vectors or str(path / "chroma")
            raise StoreError(f"{lost} passages have lost their vectors at {place}. {_CURE}")
    except StoreError:
        index.close()
        raise
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
    """Bring the index to the library's state; the caller holds the write lock. `anew` trusts nothing of the old.

    What is not whole is never put in force: what was copied from a damaged generation is made once more from the
    library, and if that is not whole either, `StoreError` says what is wrong with it. Raises `IndexMismatch`.
    """
    held = None if anew else current(library)
    embedder = embedder if anew else embedder_for(library, embedder)
    name = embedder.name if embedder else ""
    wanted = Generation("", library.revision, library.state, len(library), name, _place(name, chroma_url))
    if held and replace(held, folder="") == wanted:
        return
    # What changed since is known only where this record went through the state that the generation shows:
    alike = held and (held.embedder, held.vectors, held.state) == (
        name,
        wanted.vectors,
        library.state_at(held.revision),
    )
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
            return index.faults(library, changed)
    except StoreError as error:
        if base is None:
            raise
        return [str(error)]


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
