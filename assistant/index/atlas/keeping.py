"""An index and its library in, the map of its papers out: drawn once a state, kept in the library's folder."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.errors import EmbedderError
from ..embedding import unit
from ..encodings import kept_vectors, key_of
from .records import Atlas, Cluster, Point
from .surveying import drawn

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ...core.records import Paper
    from ...library.papers import Library
    from ..searchable import Index

FORMAT = 1
"""Raised when maps are drawn or written in another way."""
AT_ONCE = 500
"""Papers whose vectors are read at once."""


def atlas_of(library: Library, index: Index) -> Atlas:
    """The map of the papers that `index` holds; drawn now, in some seconds, where none is kept of its state.

    Raises `EmbedderError` where there are no vectors to draw it from, and `MissingExtra`.
    """
    if not index.generation.embedder:
        raise EmbedderError(
            "There is no map: it is drawn from the papers' vectors, and the index holds words alone. "
            "With the embedding model installed, make them with: assistant doctor --repair"
        )
    stamp = [FORMAT, index.generation.state, index.generation.embedder]
    path = library.home / "atlas.json"
    found = _read(path, stamp)
    if found is None:
        papers = library.papers()
        found = drawn(papers, _vectors(papers, library, index))
        _write(path, stamp, found)
    return found


def _vectors(papers: Sequence[Paper], library: Library, index: Index) -> dict[str, NDArray[np.float32]]:
    """The mean vector of each paper's passages, of length 1; papers without vectors are left out."""
    import numpy as np

    found = {}
    for first in range(0, len(papers), AT_ONCE):
        passages = index.passages_of(papers[first : first + AT_ONCE])
        keys = {paper_id: [key_of(passage) for passage in some] for paper_id, some in passages.items()}
        kept = kept_vectors(library, index.generation.embedder, [key for some in keys.values() for key in some])
        for paper_id, some in keys.items():
            if held := [kept[key] for key in some if key in kept]:
                found[paper_id] = unit(np.mean(held, axis=0))
    return found


def _read(path: Path, stamp: list[object]) -> Atlas | None:
    """The map in a file, if it is one and of that stamp."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if told["stamp"] != stamp:
            return None
        points = tuple(Point(str(i), float(x), float(y), int(cluster)) for i, x, y, cluster in told["points"])
        clusters = tuple(Cluster(str(label), float(x), float(y), int(n)) for label, x, y, n in told["clusters"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return Atlas(points, clusters)


def _write(path: Path, stamp: list[object], atlas: Atlas) -> None:
    told = {
        "stamp": stamp,
        "points": [[point.paper_id, point.x, point.y, point.cluster] for point in atlas.points],
        "clusters": [[cluster.label, cluster.x, cluster.y, cluster.size] for cluster in atlas.clusters],
    }
    fresh = path.with_name(f"atlas-{secrets.token_hex(4)}.new")  # of two processes that draw it, either may be last
    with suppress(OSError):  # on a full disk the map is shown all the same, and drawn again next time
        try:
            fresh.write_text(json.dumps(told), encoding="utf-8")
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
