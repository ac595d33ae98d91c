"""A Chroma folder in, its nearest passages out: read by Chroma's own engine, without the client on top of it.

The client only passes a read on to this engine, but takes long to import: with it a cold `assistant ask` takes 1.5
times as long, in wall-clock and processor time alike (median of nine pairs).
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ..core.errors import StoreError
from ..core.records import Passage
from ..core.sharing import native
from .store import COLLECTION, READ_BATCH, ChromaStore, Store, batches, chroma_errors, translated

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KNOWN = ("1.5.9",)
"""The versions of Chroma with this engine: unlike the client's interface, it may change without notice."""
_OWNER = ("default_tenant", "default_database")
"""The tenant and database that Chroma's client uses by default."""
_KEPT = 8
"""Collections that the engine may keep in memory; a folder has one."""
_OPENING = threading.Lock()
"""Of the next, and of how many use each."""
_OPEN: dict[Path, EngineStore] = {}
"""The stores that are open, by their folders."""


def folder(path: Path) -> Store:
    """The Chroma folder, for reading; through the client if this version's engine is not known.

    Whoever opens a folder that this process has open gets the same store: successive layers have one base, whose graph
    takes a third of a second to read at 100,000 papers.
    """
    if importlib.metadata.version("chromadb") not in KNOWN:
        return ChromaStore.folder(path)
    native().check()
    with _OPENING:
        store = _OPEN[path] = _OPEN.get(path) or EngineStore(path)
        store.users += 1
        return store


def _copied(path: Path) -> TemporaryDirectory[str]:
    """A copy of a read-only folder: Chroma writes to every folder it opens."""
    copy = TemporaryDirectory(prefix="paper-assistant-index-")
    for file in filter(Path.is_file, path.rglob("*")):
        place = Path(copy.name, file.relative_to(path))
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)
    return copy


class EngineStore:
    """A Chroma folder for reading only, until the last of its `users` closes it.

    Raises `StoreError` if it cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._path, self.users = path, 0
        native().check()
        import chromadb_rust_bindings as chroma

        self._copy = _copied(path) if path.exists() and not os.access(path, os.W_OK) else None
        path = Path(self._copy.name) if self._copy else path
        database = chroma.SqliteDBConfig(
            url=str(path / "chroma.sqlite3"),
            hash_type=chroma.MigrationHash.MD5,
            migration_mode=chroma.MigrationMode.Apply,
        )
        try:
            self._engine = chroma.Bindings(
                allow_reset=False, sqlite_db_config=database, persist_path=str(path), hnsw_cache_size=_KEPT
            )
            self._collection = str(self._engine.get_collection(COLLECTION, *_OWNER).id)
        except chroma_errors() as error:
            raise StoreError(f"The index folder {str(path)!r} cannot be opened: {error}") from error

    def nearest(self, vector: NDArray[np.float32], *, limit: int) -> list[tuple[str, float]]:
        if limit < 1:
            return []
        with translated():
            reply = self._engine.query(
                self._collection, None, [vector.tolist()], limit, None, None, ["distances"], *_OWNER
            )
        return [(i, 1.0 - d) for i, d in zip(reply.ids[0], reply.distances[0], strict=True)]

    def put(self, rows: Mapping[Passage, NDArray[np.float32]]) -> None:
        raise StoreError("This index is open for reading. Nothing was put into it.")

    def remove_papers(self, paper_ids: Sequence[str]) -> None:
        raise StoreError("This index is open for reading. Nothing was removed from it.")

    def whole(self) -> set[str]:
        with translated():
            ids = self._get(None, []).ids
            return {i for batch in batches(ids, READ_BATCH) for i in self._get(batch, ["embeddings"]).ids}

    def _get(self, ids: list[str] | None, include: list[str]) -> Any:
        return self._engine.get(self._collection, ids, None, None, 0, None, include, *_OWNER)

    def __len__(self) -> int:
        with translated():
            return int(self._engine.count(self._collection, *_OWNER))

    def close(self) -> None:
        with _OPENING:
            self.users -= 1
            if self.users > 0:
                return
            if _OPEN.get(self._path) is self:
                del _OPEN[self._path]
        del self._engine
        if self._copy:
            self._copy.cleanup()
