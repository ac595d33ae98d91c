"""A question about the library or the assistant in, what it is told out.

`replies.toml` has the replies, each under questions that it answers. The reply whose question is nearest is given: by
the bundled embedder's vectors or, without it, by shared words, where rare ones count more.
"""

from __future__ import annotations

import functools
import math
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

from ..core.text import stems, words
from ..index.searchable import Index
from ..question.kinds import Kind, embedder
from ..question.understanding import FOR_THE_DESK
from .catalogue import COUNTS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SCALE = 500.0
"""What the vectors are multiplied by to be stored as whole numbers."""
WORDS = 0.5
"""What shared words count beside the likeness of two vectors."""
OF_ITS_KIND = 0.25
"""What it counts that an entry is about what the question's wording is about: the library, or the assistant."""
BY_WORDS = 2.0
"""What shared words count without the embedder."""
NEAR, CLEARLY = 0.6, 1.0
"""Least likeness of a question to that of its reply; and of a turn that goes on from nothing said before."""
UNKNOWN = (
    "The manual does not say. `assistant --help` lists the commands, docs/reference/settings.md the settings, and "
    "docs/how-to has a page for each task."
)


@dataclass(frozen=True, slots=True)
class DeskEntry:
    """Questions about the library or the assistant, and their reply, or the name of what is counted for it."""

    kind: str
    questions: tuple[str, ...]
    reply: str = ""
    counts: str = ""

    def said(self, index: Index) -> str:
        """The reply as it is true of this library."""
        return COUNTS[self.counts](index) if self.counts else self.reply


def reply(question: str, kind: Kind, index: Index) -> str:
    """What is said to a question about the library or the assistant; without a reply, where to look instead."""
    near, entry = _nearest(question, kind, index)
    if near >= NEAR:
        return entry.said(index)
    return COUNTS["size"](index) if kind == "library" else UNKNOWN


def is_for_the_desk(question: str, kind: Kind, index: Index) -> bool:
    """Whether a turn of that kind goes on from nothing said before: a reply is very near to it."""
    return kind in FOR_THE_DESK and nearness(question, kind, index) >= CLEARLY


def nearness(question: str, kind: Kind, index: Index) -> float:
    """How near the question of the nearest entry is, from 0 to about 1.5."""
    return _nearest(question, kind, index)[0]


def _nearest(question: str, kind: Kind, index: Index) -> tuple[float, DeskEntry]:
    """How near the nearest entry is, and the entry."""
    likeness = _by_words(question)
    if vector := index.vector_of(question, embedder=embedder()):
        meant = (vectors() @ vector).tolist()
        likeness = [one + WORDS * other for one, other in zip(meant, likeness, strict=True)]
    else:
        likeness = [BY_WORDS * one for one in likeness]
    near = [
        (one + OF_ITS_KIND * (entry.kind == kind), one, entry)
        for one, (_, entry) in zip(likeness, asked(), strict=True)
    ]
    _, likest, entry = max(near, key=lambda one: one[0])
    return likest, entry


@functools.cache
def entries() -> tuple[DeskEntry, ...]:
    """The entries of `replies.toml`."""
    stored = tomllib.loads((resources.files(__package__) / "replies.toml").read_text(encoding="utf-8"))
    return tuple(
        DeskEntry(kind, tuple(one["questions"]), one.get("reply", ""), one.get("counts", ""))
        for kind in FOR_THE_DESK
        for one in stored[kind]
    )


@functools.cache
def asked() -> tuple[tuple[str, DeskEntry], ...]:
    """Each question of each entry."""
    return tuple((question, entry) for entry in entries() for question in entry.questions)


@functools.cache
def vectors() -> NDArray[np.float32]:
    """The vector of each question of each entry, a row each, as `python -m eval.replies` stored them."""
    import numpy as np

    with (resources.files(__package__) / "replies.npy").open("rb") as file:
        stored = np.load(file, allow_pickle=False)
    return stored.astype(np.float32) / SCALE  # type: ignore[no-any-return]


def _by_words(question: str) -> Sequence[float]:
    """The cosine of the words of a question and of each other, weighted by rarity."""
    rarity, own = _rarity(), frozenset(stems(words(question)))
    return [_cosine(own, frozenset(stems(words(other))), rarity) for other, _ in asked()]


@functools.cache
def _rarity() -> Mapping[str, float]:
    """How rare each stem is among the questions of the entries."""
    counts = Counter(one for question, _ in asked() for one in set(stems(words(question))))
    return {one: math.log(1 + len(asked()) / count) for one, count in counts.items()}


def _cosine(some: frozenset[str], others: frozenset[str], rarity: Mapping[str, float]) -> float:
    def length(stemmed: frozenset[str]) -> float:
        return math.sqrt(sum(rarity.get(one, 1.0) ** 2 for one in stemmed)) or 1.0

    return sum(rarity[one] ** 2 for one in some & others) / (length(some) * length(others))
