"""Passages and vectors in, nearest passages out: a collection on a Chroma server that all states of a library share.

A vector is there under the id of its passage and the key of its text, so a change of the papers sends only what is new.
What the present state does not need is marked with the time and deleted later: other processes may be at a former one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import TYPE_CHECKING

from ..core.errors import StoreError
from ..core.records import Passage
from ..core.text import counted
from .interaction import key_of
from .store import SERVER_BATCH, ChromaStore, batches

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KEPT = 600.0
"""Seconds for which a server keeps what was replaced: other processes may still ask it."""
SPARE = 10
"""Passages asked for beyond those wanted, in case that some are of another state."""
_REPLACED = "replaced"
"""Where a collection or a vector has the time, in seconds, since when it is not needed; 0 or nothing if it is."""


class SharedStore(ChromaStore):
    """The passages of one generation in a collection that has those of others, too.

    `own` gives which of some names are the generation's, or all that are; it is set before anything is read.
    """

    own: Callable[[Collection[str] | None], set[str]]

    def name_of(self, passage: Passage) -> str:
        return name_of(passage.id, key_of(passage))

    def nearest(self, vector: NDArray[np.float32], *, limit: int) -> list[tuple[str, float]]:
        nearest = nearest_of_own(partial(super().nearest, vector), self.own, limit=limit)
        return [(_passage_id(name), cosine) for name, cosine in nearest]

    def put(self, rows: Mapping[Passage, NDArray[np.float32]]) -> None:
        """Send the vectors that are not there: an earlier state or another process may have been first."""
        names = {self.name_of(passage): passage for passage in rows}
        missing = names.keys() - self.readable(names)
        super().put({passage: rows[passage] for name, passage in names.items() if name in missing})
        if lost := missing - self.readable(missing):
            raise StoreError(f"The Chroma server at {self.address.url} has not kept {counted(len(lost), 'vector')}.")

    def whole(self) -> set[str]:
        return {_passage_id(name) for name in self.readable(self.own(None))}

    def __len__(self) -> int:
        """How many of the generation's passages are there; until it is swept, also what a killed writer sent."""
        every = super().__len__()
        marked = self._marked()
        return every - len(marked.keys() - self.own(marked))

    def sweep(self, collections: str, *, passages: int, now: float) -> None:
        """Delete what was replaced `KEPT` seconds ago, and mark, at `now`, in seconds, what has been replaced since.

        That is passages that are not among the generation's `passages`, if it is in force, and the other collections
        whose names begin with `collections`.
        """
        self._sweep_collections(collections, now)
        marked = self._marked()
        own = self.own(marked)
        self._mark(own, 0.0)
        if len(self) > passages:
            self._mark({name for page in self._pages() for name in {*page} - self.own(page)} - marked.keys(), now)
        expired = [name for name, since in marked.items() if name not in own and now - since > KEPT]
        for batch in batches(expired, SERVER_BATCH):
            self._call(partial(self._collection.delete, ids=batch))

    def _sweep_collections(self, names: str, now: float) -> None:
        every = self._call(self._client.list_collections)
        for one in [one for one in every if one.name.startswith(names)]:
            replaced = (one.metadata or {}).get(_REPLACED, 0.0)
            if one.name == self._collection.name:
                if replaced:  # this embedder is in use again
                    self._call(partial(one.modify, metadata={_REPLACED: 0.0}))
            elif not replaced:
                self._call(partial(one.modify, metadata={_REPLACED: now}))
            elif now - replaced > KEPT:
                self._call(partial(self._client.delete_collection, one.name))

    def _marked(self) -> dict[str, float]:
        """The names of the vectors that are marked, and since when."""
        marked: dict[str, float] = {}
        query = partial(self._collection.get, where={_REPLACED: {"$gt": 0.0}}, include=["metadatas"])
        while len(marked) % SERVER_BATCH == 0:
            page = self._call(partial(query, limit=SERVER_BATCH, offset=len(marked)))
            if not page["ids"]:
                break
            marked |= {name: row[_REPLACED] for name, row in zip(page["ids"], page["metadatas"], strict=True)}
        return marked

    def _mark(self, names: Collection[str], since: float) -> None:
        for batch in batches(list(names), SERVER_BATCH):
            self._call(partial(self._collection.update, ids=batch, metadatas=[{_REPLACED: since}] * len(batch)))


def nearest_of_own(
    nearest: Callable[..., list[tuple[str, float]]], own: Callable[[list[str]], set[str]], *, limit: int
) -> list[tuple[str, float]]:
    """The `limit` nearest of those names that are a generation's `own`: more is asked for until there are enough."""
    asked = limit + SPARE if limit > 0 else 0
    while True:
        rows = nearest(limit=asked)
        names = own([name for name, _ in rows])
        kept = [(name, cosine) for name, cosine in rows if name in names]
        if len(kept) >= limit or len(rows) < asked:
            return kept[: max(limit, 0)]
        asked *= 2


def name_of(passage_id: str, key: str) -> str:
    """The name of a passage's vector: another text of the same passage has another one."""
    return f"{passage_id}:{key}"


def _passage_id(name: str) -> str:
    return name.rpartition(":")[0]
