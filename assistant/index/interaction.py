"""Token vectors in, late-interaction scores out: for each word of a question, the most alike word of a text.

The question keeps its full vectors; a text keeps one bit a dimension, the sign. On the fitting questions the
signs rank as well as 8-bit values do (R@1 .92 against .91) in 48 bytes a token: 9 kB an abstract, so 100,000
papers take under 1 GB. MaxSim is that of ColBERT (https://arxiv.org/abs/2004.12832).
"""

from __future__ import annotations

import functools
import struct
import threading
from bisect import bisect_left
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from ..core.text import STOP_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from threadpoolctl import ThreadpoolController

    from .embedding import Encoding


BLOCK = 256
"""Words compared at once: as many as the processor's nearest memory takes, which halves the time."""


@dataclass(frozen=True, slots=True)
class Codes:
    """The words of a text: `bits`, d / 8 bytes a word, 1 where a dimension is positive; `starts`, where each begins."""

    bits: bytes
    starts: Sequence[int]


def pack(encoding: Encoding, text: str) -> tuple[bytes, bytes]:
    """The signs (d / 8 bytes a token) and starts (4 bytes a token) of an encoding's content words."""
    import numpy as np

    kept = content(encoding, text)
    return (
        np.packbits(encoding.tokens[kept] > 0, axis=1).tobytes(),
        encoding.spans[kept, 0].astype("<i4").tobytes(),
    )


def placed(bits: bytes, starts: bytes, *, title: int, start: int) -> Codes:
    """What `pack` packed of a passage after a title of `title` characters, with starts counted in the abstract.

    Words of the title begin below 0, and are told only of the passage that starts at 0.
    """
    found = struct.unpack(f"<{len(starts) // 4}i", starts)
    first = bisect_left(found, title + 1) if start else 0
    width = len(bits) // max(1, len(found))
    moved = start - title - 1
    return Codes(bits[first * width :], [at + moved for at in found[first:]])


def join(codes: Iterable[Codes]) -> Codes:
    """Several texts' words as one text's."""
    some = list(codes)
    return Codes(b"".join(one.bits for one in some), list(chain.from_iterable(one.starts for one in some)))


def content(encoding: Encoding, text: str) -> NDArray[np.bool_]:
    """Which tokens, (t,), belong to a word that is neither punctuation nor a stop word."""
    import numpy as np

    kept = np.zeros(len(encoding.spans), bool)
    for row, (start, end) in enumerate(encoding.spans.tolist()):
        if any(c.isalnum() for c in text[start:end]):
            kept[row] = _word_at(text, start, end).casefold() not in STOP_WORDS
    return kept


def _word_at(text: str, start: int, end: int) -> str:
    """The whole word that a word piece is part of."""
    while start > 0 and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum():
        end += 1
    return text[start:end]


def question_tokens(encoding: Encoding, text: str) -> tuple[NDArray[np.float32], list[int]]:
    """The vectors, (t, d), of a question's content words and where each starts; of all words where it has no other."""
    kept = content(encoding, text)
    if not kept.any():
        kept[:] = True
    return encoding.tokens[kept], encoding.spans[kept, 0].tolist()


def similarities(question: NDArray[np.float32], bits: bytes) -> NDArray[np.float32]:
    """(text words, question words) approximate cosines: of the question's vectors with +1 and -1 over sqrt(d)."""
    import numpy as np

    dimensions = question.shape[1]
    scaled = np.ascontiguousarray(question.T) * np.float32(2 / dimensions**0.5)
    packed = np.frombuffer(bits, np.uint8).reshape(-1, -(-dimensions // 8))
    found = np.empty((len(packed), len(question)), np.float32)
    with ONE_THREAD:
        for first in range(0, len(found), BLOCK):
            rows = slice(first, first + BLOCK)
            signs = np.unpackbits(packed[rows], axis=1, count=dimensions)
            np.matmul(signs.astype(np.float32), scaled, out=found[rows])
    found -= scaled.sum(axis=0) / 2
    return found


class OneThread:
    """While anyone is in a `with` of it, each of numpy's products is computed in the thread that asks for it.

    A second thread wins nothing in products this small, and spins between them. How many there are is a setting of the
    whole process, and this alone changes it: the first to enter sets it, the last to leave puts it back. If each put
    back what it met, the setting of one question could outlive another.
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
    """What computes numpy's products."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


def maxsim(question: NDArray[np.float32], codes: Codes) -> float:
    """The mean over the question's words of the best match in the text; 0 where either has no word."""
    if not len(question) or not codes.starts:
        return 0.0
    return float(similarities(question, codes.bits).max(axis=0).mean())
