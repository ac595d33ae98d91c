"""Papers in, their encodings kept in the library out: what was embedded once is never embedded again.

An encoding is kept by the hash of the text it was made from, so a paper that comes back, an index that is made anew
and an edit of one passage cost no more than what is new in them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..core.errors import EmbedderError, LibraryError
from ..core.records import Paper, Passage, digest
from ..library.chunking import passages
from ..library.papers import Library, seal
from .embedding import unit
from .interaction import pack

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .embedding import Embedder, Encoding

ENCODE_BATCH = 16
"""Passages encoded between two commits of their vectors: what a kill costs, about half a second."""

Kept = tuple[bytes, bytes, bytes]
"""An encoding as it is kept: its vector (d float32), the signs of its words' vectors and where each word starts."""

Progress = Callable[[str, int, int], None]
"""Called with a stage, how much of it is done and how much there is."""


class AbsentEmbedder:
    """Stands in for the model that made an index and is not at hand: its encodings serve on, new ones it refuses."""

    dimensions = 0

    def __init__(self, name: str) -> None:
        self.name = name

    def encode(self, texts: Sequence[str]) -> list[Encoding]:
        raise EmbedderError(
            f"The index was made by the embedder {self.name!r}, which is not at hand, so nothing new can be put into "
            "it. Nothing was changed. Install the model again, or go on by words alone: assistant doctor --repair"
        )


def encoded_text(passage: Passage) -> str:
    """What is embedded of a passage: its paper's title, a line break, its text."""
    return f"{passage.title}\n{passage.text}"


def key_of(passage: Passage) -> str:
    """The name a passage's encoding is kept under."""
    return digest(encoded_text(passage))


def encode_missing(
    library: Library, embedder: Embedder, papers: Iterable[Paper], *, progress: Progress | None = None
) -> int:
    """Embed what of `papers` was never embedded, committing as it goes; the number of passages embedded."""
    texts = {key_of(p): encoded_text(p) for paper in papers for p in passages(paper)}
    known = {key for (key,) in _rows(library, "key", list(texts), embedder.name)}
    missing = [key for key in texts if key not in known]
    for first in range(0, len(missing), ENCODE_BATCH):
        if progress:
            progress("embedding", first, len(missing))
        some = missing[first : first + ENCODE_BATCH]
        encodings = embedder.encode([texts[key] for key in some])
        rows = {
            key: (e.vector.astype("<f4").tobytes(), *pack(e, texts[key]))
            for key, e in zip(some, encodings, strict=True)
        }
        keep(library, rows, embedder.name)
    if progress and missing:
        progress("embedding", len(missing), len(missing))
    return len(missing)


def keep(library: Library, encodings: Mapping[str, Kept], embedder: str) -> None:
    """Keep encodings by key, as that embedder's; committed before it returns."""
    with library.transaction():
        for key, kept in encodings.items():
            values = (key, embedder, *kept, seal(*kept))
            library.rows("insert or replace into encodings values (?, ?, ?, ?, ?, ?)", values)


def kept(library: Library, keys: Sequence[str], embedder: str) -> dict[str, Kept]:
    """The encodings kept under `keys` for the embedder of that name; keys not held are left out.

    Raises `LibraryError` where one is not as it was when it was kept.
    """
    found: dict[str, Kept] = {}
    for key, sealed, *blobs in _rows(library, "key, seal, vector, tokens, spans", keys, embedder):
        found[key] = (blobs[0], blobs[1], blobs[2])
        if not is_sound(sealed, found[key]):
            raise LibraryError(
                f"The vectors kept in {str(library.path)!r} are damaged; the papers need not be. "
                "Make them anew: assistant doctor --repair"
            )
    return found


def kept_vectors(library: Library, embedder: str, keys: Sequence[str]) -> dict[str, NDArray[np.float32]]:
    """The vectors of the encodings that `kept` gives."""
    return {key: vector_of(encoding) for key, encoding in kept(library, keys, embedder).items()}


def vector_of(encoding: Kept) -> NDArray[np.float32]:
    """The vector, (d,), of an encoding as it is kept."""
    import numpy as np

    return np.frombuffer(encoding[0], "<f4")


def is_sound(sealed: object, blobs: Kept) -> bool:
    """Whether an encoding is as it was when it was kept."""
    return all(isinstance(blob, bytes) for blob in blobs) and seal(*blobs) == sealed


def _rows(library: Library, columns: str, keys: Sequence[str], embedder: str) -> Iterator[tuple[Any, ...]]:
    for first in range(0, len(keys), 500):  # SQLite's bound on parameters of a statement is 999 in old builds
        some = keys[first : first + 500]
        marks = ",".join("?" * len(some))
        query = f"select {columns} from encodings where embedder = ? and key in ({marks})"
        yield from library.rows(query, (embedder, *some))


def centre(vectors: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """The mean direction of some vectors (d,), scaled to length 1; (0,) of none."""
    import numpy as np

    return unit(np.sum(vectors, axis=0)) if vectors else np.zeros(0, np.float32)
