"""Exact stand-ins for slow parts, with the same contract."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.core.errors import EmbedderError
from assistant.index.embedding import Encoding, unit
from assistant.index.interaction import Stored, to_store


class HashEmbedder:
    """An `Embedder` whose word vectors are hashes: texts are similar if they share words.

    `calls` has the texts of each call with any, so that tests can count what was embedded.
    """

    dimensions = 64

    def __init__(self, name: str = "hash-64") -> None:
        self.name = name
        self.calls: list[list[str]] = []

    @property
    def texts(self) -> list[str]:
        """Every text embedded so far, in order."""
        return [text for call in self.calls for text in call]

    def encode(self, texts: Sequence[str], *, questions: bool = False) -> list[Encoding]:
        if texts:  # a call without texts only loads a model
            self.calls.append(list(texts))
        return [self._encoded(text) for text in texts]

    def _encoded(self, text: str) -> Encoding:
        matches = list(re.finditer(r"\w+", text))
        tokens = np.array([word_vector(f.group()) for f in matches], np.float32).reshape(-1, self.dimensions)
        total = tokens.sum(axis=0) if matches else np.eye(1, self.dimensions, dtype=np.float32)[0]
        spans = np.array([f.span() for f in matches], np.int32).reshape(-1, 2)
        return Encoding(vector=unit(total), tokens=tokens, spans=spans)


class Scattered(HashEmbedder):
    """One that decides where many texts are encoded: they come last first, and after `fails_after` of them no more."""

    def __init__(self, *, fails_after: int | None = None) -> None:
        super().__init__()
        self._fails_after = fails_after

    def encode_each(self, texts: Sequence[str]) -> Iterator[tuple[int, Stored]]:
        for done, number in enumerate(reversed(range(len(texts)))):
            if done == self._fails_after:
                raise EmbedderError("the cluster went away")
            yield number, to_store(self, [texts[number]])[0]


@functools.cache
def word_vector(word: str) -> NDArray[np.float32]:
    """A vector (64,) of length 1 that only this word has, ignoring case."""
    digits = hashlib.shake_256(word.casefold().encode()).digest(HashEmbedder.dimensions)
    return unit(np.frombuffer(digits, np.uint8).astype(np.float32) - 127.5)
