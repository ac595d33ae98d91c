"""A reader and a pair of texts in, how probably the first supports the second, or answers it, out.

The heads on the packaged model's vectors are fitted on pairs and questions that we wrote (`eval/reader.py`,
`eval/adapting.py`) and kept in `heads.json`. A model with labels of its own says entailment itself, and cannot say what
answers a question.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..core.records import Read
from ..core.text import Span
from ..core.tracing import step
from .folder import FolderReader
from .packaged import PackagedReader, States

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PACKAGED, NONE = "packaged", "none"
"""What ASSISTANT_READER may say besides a folder."""
DENIAL = "It is not true that {}"


class Reader(Protocol):
    """The seam: what a model says of a pair, as numbers; a head turns them into a probability."""

    @property
    def name(self) -> str: ...

    @property
    def entailment(self) -> int | None:
        """Which number is the probability of entailment; None for a vector, which the fitted head reads."""
        ...

    def read(self, premise: str, sentence: str) -> NDArray[np.float32]:
        """A vector or the probabilities of labels. Raises `ReaderError`."""
        ...

    def states(self, text: str, question: str) -> States | None:
        """The states of a text and a question read together; None if the model shows none. Raises `ReaderError`."""
        ...

    def wake(self) -> None:
        """Begin to load, without waiting for it."""
        ...


class DoubleReader:
    """A reader for tests: probabilities of "not supported" and "supported" by the pair, `default` for any other."""

    name = "double"
    entailment: int | None = 1

    def __init__(self, answers: Mapping[tuple[str, str], float] | None = None, *, default: float = 0.5) -> None:
        self._answers, self._default = dict(answers or {}), default
        self.pairs: list[tuple[str, str]] = []
        """What was read so far."""
        self.wakes = 0

    def read(self, premise: str, sentence: str) -> NDArray[np.float32]:
        import numpy as np

        self.pairs.append((premise, sentence))
        supported = self._answers.get((premise, sentence), self._default)
        return np.array([1 - supported, supported], np.float32)

    def states(self, text: str, question: str) -> None:
        """None, as of any model with labels."""

    def wake(self) -> None:
        """Count the calls."""
        self.wakes += 1


def chosen(setting: str, *, threads: int) -> Reader | None:
    """The reader that ASSISTANT_READER names: `packaged`, `none` or a folder. `ReaderError` if it is missing."""
    if setting == NONE:
        return None
    return PackagedReader(threads=threads) if setting == PACKAGED else FolderReader(Path(setting), threads=threads)


def supports(reader: Reader, premise: str, sentence: str) -> float:
    """The log-odds that the premise supports the sentence. Raises `ReaderError`."""
    with step("read") as reading:
        reading.tell({"model": reader.name, "pairs": 1})
        read = reader.read(premise, sentence)
    if reader.entailment is not None:
        probability = min(1 - 1e-6, max(1e-6, float(read[reader.entailment])))
        return math.log(probability / (1 - probability))
    weights, bias = _head("supports")
    return float(read @ weights) + bias


def answers(reader: Reader, text: str, sentences: Sequence[Span], question: str) -> list[Read]:
    """What the model says of each sentence of a text; [] if it cannot say. Raises `ReaderError`."""
    with step("read") as reading:
        reading.tell({"model": reader.name, "sentences": len(sentences)})
        states = reader.states(text, question)
    if states is None:
        return []
    odds, of_pair = vectors(states, sentences)
    weights, bias = _head("stated")
    stated = float(of_pair @ weights) + bias
    return [Read(one, stated) for one in odds.tolist()]


def vectors(states: States, sentences: Sequence[Span]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The log-odds of each sentence (n,) that it answers, and what the head `stated` sees of the pair (1154,).

    A sentence is seen as the mean of its states, and as their mean weighted by attention; one beyond what the model
    reads has the lowest odds. Text and question are seen as the state of both, the mean and the maximum of the states
    of the question, and the maximum and the sum of the odds.
    """
    import numpy as np

    starts, ends = states.spans.T
    weights, bias = _head("answers")
    attention, _ = _head("attends")
    odds = np.full(len(sentences), np.nan, np.float32)
    for place, one in enumerate(sentences):
        own = states.text[(ends > starts) & (ends > one.start) & (starts < one.end)]
        if len(own):
            heed = np.exp(own @ attention - (own @ attention).max())
            odds[place] = np.concatenate([own.mean(axis=0), heed @ own / heed.sum()]) @ weights + bias
    read = odds[~np.isnan(odds)] if len(odds) and not np.isnan(odds).all() else np.zeros(1, np.float32)
    most = read.max()
    seen = [states.both, states.question.mean(axis=0), states.question.max(axis=0)]
    of_pair = np.concatenate([*seen, [most, most + np.log(np.exp(read - most).sum())]])
    return np.nan_to_num(odds, nan=float(read.min())), of_pair.astype(np.float32)


def leanings(reader: Reader, sentence: str, statement: str) -> tuple[float, float]:
    """The probabilities that the sentence affirms the statement, and that it denies it. Raises `ReaderError`.

    Statement and denial are both read: what one pair alone says of a contradiction is unreliable.
    """
    import numpy as np

    with step("read") as reading:
        reading.tell({"model": reader.name, "pairs": 2})
        both = [reader.read(sentence, text) for text in (statement, DENIAL.format(statement))]
    if reader.entailment is not None:
        affirmed, denied = (float(read[reader.entailment]) for read in both)
        return affirmed * (1 - denied), denied * (1 - affirmed)
    vector = np.concatenate(both)
    affirms, denies = (float(vector @ weights) + bias for weights, bias in map(_head, ("affirms", "denies")))
    return _probability(affirms), _probability(denies)


def threshold(head: str) -> float:
    """The fitted probability above which a sentence "affirms", "denies", or "contradicts" what is taken for granted."""
    return float(_stored()[head]["threshold"])


def _probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, log_odds))))


@functools.cache
def _head(name: str) -> tuple[NDArray[np.float32], float]:
    """The weights and the bias of a head."""
    import numpy as np

    head = _stored()[name]
    return np.array(head["weights"], np.float32), float(head["bias"])


@functools.cache
def _stored() -> Mapping[str, Any]:
    """The fitted heads by name."""
    heads: Mapping[str, Any] = json.loads((resources.files(__package__) / "heads.json").read_text())
    return heads
