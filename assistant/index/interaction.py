"""Papers in; the vectors and codes of their passages out, stored in the library, and how similar texts are by them.

Encodings are stored by the hash of their text. So a paper that comes back, a rebuilt index or an edited passage costs
no more than what is new in it.

Late interaction: for each word of a question, the most similar word of a text. The question keeps its full vectors; a
text keeps one bit per dimension, the sign. On the fitting questions the signs rank as well as 8-bit values (R@1 .92
against .91) in 48 bytes a token: 9 kB an abstract, so 100,000 papers take under 1 GB. MaxSim is that of ColBERT
(https://arxiv.org/abs/2004.12832).
"""

from __future__ import annotations

import functools
import threading
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import accumulate, chain, islice, pairwise
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from ..core.errors import LibraryError
from ..core.records import Paper, Passage, digest
from ..core.text import STOP_WORDS
from ..library.chunking import passages
from ..library.file import kept, seal
from ..library.papers import Library
from .embedding import unit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from threadpoolctl import ThreadpoolController

    from .embedding import Embedder, Encoding

ENCODE_BATCH = 16
"""Passages encoded between two commits: a kill loses at most their work, about half a second a core."""
BLOCK = 256
"""Words compared at once: as many as fit in the processor's nearest cache, which halves the time."""

Progress = Callable[[str, int, int], None]
"""Called with the name of a stage, how much of it is done and how much there is to do."""
Stored = tuple[bytes, bytes, bytes]
"""An encoding as stored: its vector (d float16), the signs of its words' vectors and where each word starts."""
FORM = 1
"""The form in which an encoding is stored. Its seal tells: form 0 has float32, and 4 bytes for each start."""


@runtime_checkable
class Spread(Protocol):
    """The seam for many texts: an embedder that has it decides where they are encoded; others do so in this process."""

    def encode_each(self, texts: Sequence[str]) -> Iterator[tuple[int, Stored]]:
        """The number of each text, counted from 0, and its encoding, as soon as it is done and in any order."""
        ...


@dataclass(frozen=True, slots=True)
class Codes:
    """The words of a text: `bits`, d / 8 bytes a word, 1 where a dimension is positive; `starts`, where each begins."""

    bits: bytes
    starts: Sequence[int]


# -- encodings in the library


def encoded_text(passage: Passage) -> str:
    """The text that is embedded for a passage: its paper's title, a line break, its own text."""
    return f"{passage.title}\n{passage.text}"


def key_of(passage: Passage) -> str:
    """The key under which a passage's encoding is stored."""
    return digest(encoded_text(passage))


def encode_missing(
    library: Library, embedder: Embedder, papers: Iterable[Paper], *, progress: Progress | None = None
) -> int:
    """Embed the passages of `papers` that were never embedded, committing on the way; returns how many."""
    texts = {key_of(p): encoded_text(p) for paper in papers for p in passages(paper)}
    known = {key for (key,) in _rows(library, "key", list(texts), embedder.name)}
    missing = [key for key in texts if key not in known]
    encodings = encode_each(embedder, [texts[key] for key in missing])
    for first in range(0, len(missing), ENCODE_BATCH):
        if progress:
            progress("embedding", first, len(missing))
        rows = {missing[number]: encoding for number, encoding in islice(encodings, ENCODE_BATCH)}
        store(library, rows, embedder.name)
    if progress and missing:
        progress("embedding", len(missing), len(missing))
    return len(missing)


def encode_each(embedder: Embedder, texts: Sequence[str]) -> Iterator[tuple[int, Stored]]:
    """The number and the encoding of each text, as the embedder spreads them, or else in this process."""
    return embedder.encode_each(texts) if isinstance(embedder, Spread) else encode_here(embedder, texts)


def encode_here(embedder: Embedder, texts: Sequence[str]) -> Iterator[tuple[int, Stored]]:
    """The same in this process and in order, `ENCODE_BATCH` texts at a time."""
    for first in range(0, len(texts), ENCODE_BATCH):
        yield from enumerate(to_store(embedder, texts[first : first + ENCODE_BATCH]), first)


def to_store(embedder: Embedder, texts: Sequence[str]) -> list[Stored]:
    """The encodings of some texts as they are stored."""
    encodings = zip(texts, embedder.encode(texts), strict=True)
    return [(vector_bytes(encoding.vector), *pack(encoding, text)) for text, encoding in encodings]


def vector_bytes(vector: NDArray[np.float32]) -> bytes:
    """A vector, (d,), as it is stored."""
    return vector.astype("<f2").tobytes()


_ENCODING = kept("encodings", "key, embedder", "vector", "tokens", "spans", "seal")


def store(library: Library, encodings: Mapping[str, Stored], embedder: str) -> None:
    """Store encodings by key, as those of that embedder; they are committed before it returns."""
    with library.transaction():
        for key, encoding in encodings.items():
            values = (key, embedder, *encoding, seal(*encoding, form=FORM))
            library.rows(_ENCODING, values)


def stored(library: Library, keys: Sequence[str], embedder: str) -> dict[str, Stored]:
    """The stored encodings of that embedder by key; unknown keys are left out.

    Raises `LibraryError` if an encoding has changed since it was stored.
    """
    encodings: dict[str, Stored] = {}
    for key, checksum, *blobs in _rows(library, "key, seal, vector, tokens, spans", keys, embedder):
        encoding = as_stored(checksum, (blobs[0], blobs[1], blobs[2]))
        if encoding is None:
            raise LibraryError(
                f"Vectors stored in {library.place} are damaged; the papers may not be. "
                "Make them anew: assistant doctor --repair"
            )
        encodings[key] = encoding
    return encodings


def stored_vectors(library: Library, embedder: str, keys: Sequence[str]) -> dict[str, NDArray[np.float32]]:
    """The vectors of the encodings that `stored` gives."""
    return {key: vector_of(encoding) for key, encoding in stored(library, keys, embedder).items()}


def vector_of(encoding: Stored) -> NDArray[np.float32]:
    """The vector, (d,), of a stored encoding."""
    import numpy as np

    return np.frombuffer(encoding[0], "<f2").astype(np.float32)


def as_stored(checksum: object, blobs: Stored) -> Stored | None:
    """The encoding, brought into today's form; None if it is not as it was stored."""
    if not all([isinstance(blob, bytes) for blob in blobs]):
        return None
    if seal(*blobs, form=FORM) == checksum:
        return blobs
    return _renewed(*blobs) if seal(*blobs) == checksum else None


def _renewed(vector: bytes, tokens: bytes, spans: bytes) -> Stored:
    """An encoding of form 0 in today's."""
    import numpy as np

    starts = np.frombuffer(spans, "<i4").tolist()
    return np.frombuffer(vector, "<f4").astype("<f2").tobytes(), tokens, gaps_between(starts)


def _rows(library: Library, columns: str, keys: Sequence[str], embedder: str) -> Iterator[tuple[Any, ...]]:
    for first in range(0, len(keys), 500):  # old builds of SQLite allow 999 parameters in a statement
        batch = keys[first : first + 500]
        marks = ",".join("?" * len(batch))
        query = f"select {columns} from encodings where embedder = ? and key in ({marks})"
        yield from library.rows(query, (embedder, *batch))


def centre(vectors: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """The mean direction (d,) of some vectors, of length 1; (0,) if there are none."""
    import numpy as np

    return unit(np.sum(vectors, axis=0)) if vectors else np.zeros(0, np.float32)


# -- the codes of a text


def pack(encoding: Encoding, text: str) -> tuple[bytes, bytes]:
    """The signs (d / 8 bytes a token) and starts (about a byte a token) of an encoding's content words."""
    import numpy as np

    rows = content(encoding, text)
    return np.packbits(encoding.tokens[rows] > 0, axis=1).tobytes(), gaps_between(encoding.spans[rows, 0].tolist())


def gaps_between(starts: Sequence[int]) -> bytes:
    """How far each start is from the one before: a byte, after a 255 for each 255 in it."""
    gaps = [start - before for before, start in pairwise([0, *starts])]
    return b"".join([b"\xff" * (gap // 255) + bytes([gap % 255]) for gap in gaps])


def placed(bits: bytes, gaps: bytes, *, title: int, start: int) -> Codes:
    """The codes that `pack` made of a passage, with starts counted from the start of the abstract.

    `title` is the length of the title before the passage. Words of the title start below 0, and only the passage that
    starts at 0 gives them.
    """
    starts = [at for at, gap in zip(accumulate(gaps), gaps, strict=True) if gap < 255]
    first = bisect_left(starts, title + 1) if start else 0
    width = len(bits) // max(1, len(starts))
    shift = start - title - 1
    return Codes(bits[first * width :], [at + shift for at in starts[first:]])


def join(codes: Iterable[Codes]) -> Codes:
    """The codes of several texts as those of one text."""
    parts = list(codes)
    return Codes(b"".join([part.bits for part in parts]), list(chain.from_iterable([part.starts for part in parts])))


def content(encoding: Encoding, text: str) -> NDArray[np.bool_]:
    """Which tokens, (t,), are part of a word that is not a stop word; punctuation is not."""
    import numpy as np

    rows = np.zeros(len(encoding.spans), bool)
    for row, (start, end) in enumerate(encoding.spans.tolist()):
        if any(map(str.isalnum, text[start:end])):
            rows[row] = _word_at(text, start, end).casefold() not in STOP_WORDS
    return rows


def _word_at(text: str, start: int, end: int) -> str:
    """The whole word that a word piece is part of."""
    while start > 0 and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum():
        end += 1
    return text[start:end]


# -- comparing


def question_tokens(encoding: Encoding, text: str) -> tuple[NDArray[np.float32], list[int]]:
    """The vectors, (t, d), of a question's content words and where each starts; of all words if it has no others."""
    rows = content(encoding, text)
    if not rows.any():
        rows[:] = True
    return encoding.tokens[rows], encoding.spans[rows, 0].tolist()


def similarities(question: NDArray[np.float32], bits: bytes) -> NDArray[np.float32]:
    """(text words, question words) approximate cosines: of the question's vectors with +1 and -1 over sqrt(d)."""
    import numpy as np

    dimensions = question.shape[1]
    scaled = np.ascontiguousarray(question.T) * np.float32(2 / dimensions**0.5)
    packed = np.frombuffer(bits, np.uint8).reshape(-1, -(-dimensions // 8))
    cosines = np.empty((len(packed), len(question)), np.float32)
    with ONE_THREAD:
        for first in range(0, len(cosines), BLOCK):
            rows = slice(first, first + BLOCK)
            signs = np.unpackbits(packed[rows], axis=1, count=dimensions)
            np.matmul(signs.astype(np.float32), scaled, out=cosines[rows])
    cosines -= scaled.sum(axis=0) / 2
    return cosines


def maxsim(question: NDArray[np.float32], codes: Codes) -> float:
    """The mean over the question's words of the best match in the text; 0 if either has no words."""
    if not len(question) or not codes.starts:
        return 0.0
    return float(similarities(question, codes.bits).max(axis=0).mean())


class OneThread:
    """As long as anyone is in a `with` of it, each of numpy's products is computed in the thread that calls it.

    A second thread gains nothing in products this small, and spins between them. The number of threads is a setting of
    the whole process that nothing else changes: the first to enter sets it and the last to leave restores it. If each
    restored what it had met, the setting of one question could outlive another.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._limit = ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._limit.enter_context(_products().limit(limits=1))
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._limit.close()


ONE_THREAD = OneThread()


@functools.cache
def _products() -> ThreadpoolController:
    """The libraries that compute numpy's products."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")
