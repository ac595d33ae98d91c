"""Stand-ins for what is slow: they keep the contract of the real thing and are exact."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.index.embedding import Encoding, unit


class HashEmbedder:
    """An `Embedder` whose word vectors are hashes: texts are alike by the words they share.

    `calls` holds the texts of each call that has any, for counting what was embedded.
    """

    dimensions = 64

    def __init__(self, name: str = "hash-64") -> None:
        self.name = name
        self.calls: list[list[str]] = []

    @property
    def texts(self) -> list[str]:
        """Every text embedded so far, in order."""
        return [text for call in self.calls for text in call]

    def encode(self, texts: Sequence[str]) -> list[Encoding]:
        if texts:  # a call of none only wakes a model
            self.calls.append(list(texts))
        return [self._encoded(text) for text in texts]

    def _encoded(self, text: str) -> Encoding:
        found = list(re.finditer(r"\w+", text))
        tokens = np.array([word_vector(f.group()) for f in found], np.float32).reshape(-1, self.dimensions)
        total = tokens.sum(axis=0) if found else np.eye(1, self.dimensions, dtype=np.float32)[0]
        spans = np.array([f.span() for f in found], np.int32).reshape(-1, 2)
        return Encoding(vector=unit(total), tokens=tokens, spans=spans)


@functools.cache
def word_vector(word: str) -> NDArray[np.float32]:
    """A unit vector, (64,), that only this word (case aside) has."""
    digits = hashlib.shake_256(word.casefold().encode()).digest(HashEmbedder.dimensions)
    return unit(np.frombuffer(digits, np.uint8).astype(np.float32) - 127.5)
