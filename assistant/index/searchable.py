"""A library in, its index out: generations are made, put in force and opened here.

A generation is filled beside the one in force, checked, and put in its place by replacing the pointer file `current`.
So readers in other processes are never disturbed, a killed writer leaves the old generation in force, and an index can
be rebuilt from the library without embedding anything.

A small change of a large library makes a layer: a generation with what changed, over the one before, its base, which is
neither copied nor changed.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import IndexMismatch, LibraryError, StoreError
from ..core.records import digest
from ..core.text import counted
from ..library.papers import Library
from . import engine
from .embedding import AbsentEmbedder
from .generation import FORMAT, KEYWORDS, PASSAGES, SHARED_FORMAT, Generation, Index
from .interaction import Progress, encode_missing
from .occupied import is_occupied
from .shared import SharedStore
from .store import NO_SERVER, ChromaAddress, ChromaStore, Store

if TYPE_CHECKING:
    from .embedding import Embedder

__all__ = [
    "NO_SERVER",
    "ChromaAddress",
    "Generation",
    "Index",
    "Progress",
    "current",
    "embedder_for",
    "encode_missing",
    "folders",
    "is_behind",
    "lost_record",
    "made_by",
    "open_index",
    "update",
]

LAYERED = 5000
"""Papers of a library from which a small change is a layer: up to here a copy takes half a second of the processor."""
SHARE = 0.05
"""Most papers that a layer changes, as a share of the library: each change copies the layer."""
_CURE = "Make it whole: assistant doctor --repair"


def current(library: Library) -> Generation | None:
    """The generation in force, or None if no usable one is."""
    pointer = _pointer(library)
    try:
        generation = Generation(**pointer)
        current_format = generation.format == _format(generation.vectors)
        usable = current_format and all(path.is_dir() for path in folders(library, generation))
    except TypeError:
        return None
    return generation if usable else None


def folders(library: Library, generation: Generation) -> list[Path]:
    """The folder of a generation and, of a layer, that of its base."""
    return [library.home / "index" / folder for folder in generation.folders]


def _format(server: str) -> int:
    """The format of the generations whose vectors are on this server, or in their own folders."""
    return SHARED_FORMAT if server else FORMAT


def _pointer(library: Library) -> dict[str, Any]:
    """The content of the pointer file, even of an older format; empty if there is none."""
    try:
        pointer = json.loads((library.home / "index/current").read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return pointer if isinstance(pointer, dict) else {}


def made_by(library: Library) -> str:
    """The name of the embedder that made the index, even one of an older format; "" if none did."""
    return str(_pointer(library).get("embedder", ""))


def lost_record(library: Library) -> str:
    """The message for an empty record of papers beside an index that has papers; "" if all is well."""
    if library.revision or not _pointer(library).get("revision"):
        return ""
    return (
        f"The record of the papers, {library.place}, is empty or gone, but the index beside it has papers. "
        "Nothing was changed. Restore the file from a copy. Without a copy, start afresh with "
        "`assistant doctor --repair`, then ingest the listings again."
    )


def is_behind(library: Library, *, chroma: ChromaAddress = NO_SERVER) -> bool:
    """Whether the generation in force shows another state of the library, or has its vectors elsewhere."""
    generation = current(library)
    if generation is None:
        return library.revision > 0
    return generation.state != library.state or _server_of(generation) != _server(generation.embedder, chroma)


def embedder_for(library: Library, embedder: Embedder | None) -> Embedder | None:
    """The embedder that may change the index; None if it has words only.

    If the model that made the index is missing, a stand-in that refuses to embed anything new. Raises `IndexMismatch`
    if another embedder made the index, and `LibraryError` if the record is lost, which an empty one would hide.
    """
    if lost := lost_record(library):
        raise LibraryError(lost)
    former = made_by(library)
    if embedder is None:
        return AbsentEmbedder(former) if former else None
    if former and former != embedder.name:
        raise IndexMismatch(
            f"The index at {str(library.home)!r} was made by the embedder {former!r}, and now "
            f"{embedder.name!r} is set. Rebuild it with `assistant doctor --repair` (the papers stay), "
            "or set the former embedder again."
        )
    return embedder


def open_index(library: Library, embedder: Embedder | None, *, chroma: ChromaAddress = NO_SERVER) -> Index | None:
    """The generation in force, open, or None if there is none. `chroma` has the token of a server.

    Raises `IndexMismatch` if another embedder made it, and `StoreError` if it is damaged or its vectors are gone.
    """
    generation = current(library)
    if generation is None:
        return None
    embedder_for(library, embedder)
    for path in folders(library, generation):
        if missing := [name for name in (KEYWORDS, PASSAGES) if not (path / name).is_file()]:
            raise StoreError(f"The index at {str(path)!r} lacks {' and '.join(missing)}. {_CURE}")
    index = _opened(library, generation, embedder, chroma, engine.folder)
    try:
        if lost := generation.papers - len(index):
            raise StoreError(f"The index at {str(index.path)!r} has lost {counted(lost, 'paper')}. {_CURE}")
        if embedder and (lost := index.vectors_lost()):
            place = generation.vectors or str(path / "chroma")  # the last of its folders: of a layer, its base
            raise StoreError(f"{lost} passages have lost their vectors at {place}. {_CURE}")
    except StoreError:
        index.close()
        raise
    return index


def _opened(
    library: Library,
    generation: Generation,
    embedder: Embedder | None,
    chroma: ChromaAddress,
    folder: Callable[[Path], Store],
) -> Index:
    """The generation, open; `folder` opens its own vectors, if no server has them and it is no layer."""
    path = library.home / "index" / generation.folder
    path.mkdir(parents=True, exist_ok=True)
    if generation.vectors:
        # A token is for the server that is set, and the generation may still be at another one.
        address = replace(_server_of(generation), token=chroma.token if chroma.url == generation.vectors else "")
        store: Store = SharedStore.server(address, collection=generation.collection)
    elif generation.base:
        store = engine.folder(path.parent / generation.base / "chroma")
    else:
        store = folder(path / "chroma")
    return Index(path, generation, store, library, embedder)


def _server(embedder: str, chroma: ChromaAddress) -> ChromaAddress:
    """The Chroma server for the vectors of an embedder, without the token; an index of words needs none."""
    return replace(chroma, token="") if embedder and chroma.url else NO_SERVER


def _server_of(generation: Generation) -> ChromaAddress:
    return ChromaAddress(generation.vectors, tenant=generation.tenant, database=generation.database)


def _place(generation: Generation) -> tuple[object, ...]:
    """Where the vectors are, and whose."""
    return generation.embedder, _server_of(generation), generation.collection


def _collections(library: Library) -> str:
    """How the names of this library's collections begin: several libraries, and copies of one, may share a server.

    All processes over one database have one name; a copy of the record elsewhere has another.
    """
    library.rows("insert into meta values ('library', ?) on conflict do nothing", (secrets.token_hex(8),))
    ((own,),) = library.rows("select value from meta where name = 'library'")
    place = library.place if library.data_home.database_url else str(library.home.resolve())
    return f"papers-{digest(own, place)}-"


def _wanted(library: Library, embedder: str, chroma: ChromaAddress) -> Generation:
    """The generation of the library's state, without its folder.

    Its collection on a server has the vectors that an embedder made of this library, in all its states.
    """
    state, at = library.state, _server(embedder, chroma)
    wanted = Generation("", library.revision, state, len(library), embedder, at.url, at.tenant, at.database)
    collection = _collections(library) + digest(embedder, str(SHARED_FORMAT)) if at.url else ""
    return replace(wanted, collection=collection, format=_format(at.url))


def update(
    library: Library,
    embedder: Embedder | None,
    *,
    chroma: ChromaAddress = NO_SERVER,
    anew: bool = False,
    progress: Progress | None = None,
) -> None:
    """Bring the index to the library's state. The caller has the write lock. `anew` rebuilds it from the library.

    No generation with faults is put in force: if a copy of the former one has any, it is rebuilt from the library, and
    if that has any, too, `StoreError` says which. Raises `IndexMismatch`.
    """
    former = None if anew else current(library)
    embedder = embedder if anew else embedder_for(library, embedder)
    name = embedder.name if embedder else ""
    wanted = _wanted(library, name, chroma)
    if former and replace(former, folder="", base="", base_revision=0) == wanted:
        return
    # What changed since is only known if this record was once in the state that the generation shows:
    shown = library.state_at(former.revision) if former else ""
    usable = former and (former.state, *_place(former)) == (shown, *_place(wanted))
    faults: list[str] = []
    for plan, start in _plans(library, wanted, former if usable else None):
        new = replace(plan, folder=f"{wanted.revision}-{secrets.token_hex(4)}")
        faults = _made(library, embedder, new, start, chroma, progress)
        if not faults:
            _point_to(library.home / "index", new)
            _sweep(library.home / "index", keep={*new.folders, *(former.folders if former else ())})
            _sweep_server(library, new, chroma)
            return
    raise StoreError(
        f"The index made from the papers is not whole: {'; '.join(faults)}. The papers are safe, and the former "
        "index, if there was one, stays in force. Make sure that the disk or the Chroma server works and has room, "
        "then run: assistant doctor --repair"
    )


def _plans(
    library: Library, wanted: Generation, former: Generation | None
) -> Iterator[tuple[Generation, Generation | None]]:
    """The generation to make, and the one that it starts from; the next one is for when it proves to have faults.

    A small change of a large library is a layer. What changed since its base was made is in the layer, so that a layer
    over a layer does not exist: the next one starts as a copy of it. Once they have become large, the base is copied.
    """
    if former:
        whole = former
        if former.base:
            whole = replace(former, folder=former.base, revision=former.base_revision, base="", base_revision=0)
        changes = sum(map(len, library.ids_since(whole.revision)))
        if len(library) >= LAYERED and changes <= SHARE * len(library):
            yield replace(wanted, base=whole.folder, base_revision=whole.revision), former
        yield wanted, whole
    yield wanted, None


def _made(
    library: Library,
    embedder: Embedder | None,
    new: Generation,
    start: Generation | None,
    chroma: ChromaAddress,
    progress: Progress | None,
) -> list[str]:
    """Make the generation `new`, from `start` if there is one; its faults, with which its folder is deleted."""
    try:
        faults = _filled(library, embedder, new, start, chroma, progress)
    except BaseException:
        shutil.rmtree(library.home / "index" / new.folder, ignore_errors=True)
        raise
    if faults:
        shutil.rmtree(library.home / "index" / new.folder, ignore_errors=True)
    return faults


def _filled(
    library: Library,
    embedder: Embedder | None,
    new: Generation,
    start: Generation | None,
    chroma: ChromaAddress,
    progress: Progress | None,
) -> list[str]:
    folder = library.home / "index"
    changed, removed = library.changed_since(start.revision) if start else ([], [])
    few = len(changed) + len(removed) < len(library) / 2  # otherwise copying saves nothing
    copied = start is not None and (few or bool(new.base))
    changed = changed if copied else library.papers()
    if embedder:
        encode_missing(library, embedder, changed, progress=progress)
    try:
        if start and copied and start.folder != new.base:
            shutil.copytree(folder / start.folder, folder / new.folder)
        with closing(_opened(library, new, embedder, chroma, ChromaStore.folder)) as index:
            index.fill(changed, removed, progress=progress)
            return index.faults_of_layer(changed) if new.base else index.faults(changed, sent=True)
    except StoreError as error:
        if start is None:
            raise
        return [str(error)]


def _point_to(folder: Path, generation: Generation) -> None:
    """Replace the pointer file in one step, so that a crash at any moment does no harm."""
    fresh = folder / "current.new"
    with fresh.open("w") as file:
        json.dump(asdict(generation), file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / "current")


def _sweep(folder: Path, *, keep: set[str]) -> None:
    """Delete the generations that nobody reads; the former one stays for readers that are about to open it."""
    for path in folder.iterdir():
        if path.is_dir() and path.name not in keep and not is_occupied(path):
            shutil.rmtree(path, ignore_errors=True)


def _sweep_server(library: Library, generation: Generation, chroma: ChromaAddress) -> None:
    """Delete what was replaced on the server a while ago. The next change does what fails here."""
    if not generation.vectors:
        return
    try:
        with closing(_opened(library, generation, None, chroma, engine.folder)) as index:
            index.sweep(_collections(library), now=time.time())
    except StoreError as error:
        logging.getLogger(__name__).warning("Replaced vectors are still on the server. %s", error)
