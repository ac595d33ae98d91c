"""The vectors of a base and the table of a layer in, the layer's nearest passages out.

The base has a graph of its vectors, which is never changed: what the layer leaves out is skipped, and its own vectors
are compared one by one.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from ..core.records import Passage
from .shared import nearest_of_own
from .store import Store
from .tables import PassageTable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class LayeredStore:
    """The passages of a layer. They change with its table, and are read once it no longer does."""

    def __init__(self, base: Store, table: PassageTable) -> None:
        self._base, self._table = base, table

    @functools.cached_property
    def _gone(self) -> set[str]:
        return self._table.gone()

    @functools.cached_property
    def _own(self) -> tuple[list[str], NDArray[np.float32]]:
        return self._table.own_vectors()

    def _kept(self, passage_ids: Sequence[str]) -> set[str]:
        """Those of the base's passages that the layer has, too."""
        return {i for i in passage_ids if i.partition(":")[0] not in self._gone}

    def nearest(self, vector: NDArray[np.float32], *, limit: int) -> list[tuple[str, float]]:
        nearest = nearest_of_own(partial(self._base.nearest, vector), self._kept, limit=limit)
        ids, vectors = self._own
        if ids:
            nearest += zip(ids, (vectors @ vector).tolist(), strict=True)
        return sorted(nearest, key=lambda item: (-item[1], item[0]))[: max(limit, 0)]

    def put(self, rows: Mapping[Passage, NDArray[np.float32]]) -> None:
        self._changed()

    def remove_papers(self, paper_ids: Sequence[str]) -> None:
        self._changed()

    def _changed(self) -> None:
        for name in ("_gone", "_own"):
            self.__dict__.pop(name, None)

    def whole(self) -> set[str]:
        return self._kept([*self._base.whole()]) | {*self._own[0]}

    def __len__(self) -> int:
        return len(self._base) - self._table.gone_passages() + len(self._own[0])

    def close(self) -> None:
        self._base.close()
