"""The parts of the pipeline, each of which can be switched off inside a `with`.

The product has no switches for this, so each part is replaced at the seam where the next one calls it. A model fitted
with a part is not refitted without it: its weights for that part are set to 0, as if the signal were average.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any
from unittest.mock import patch

from assistant import search
from assistant.answer import asking
from assistant.core.logistic import Logistic, model
from assistant.core.records import Hit
from assistant.question.understanding import Asked, understand
from assistant.search import declining, evidence, relevance, retrieval
from assistant.search.following import TurnReading
from assistant.search.retrieval import Retriever

LATE = (
    "maxsim",
    "weakest",
    "pair",
    "maxsim_gap",
    "similarity",
    "focus",
    "similarity_gap",
    "focus_gap",
    "before",
    "after",
)
"""The signals of late interaction."""
EVEN = 0.5
"""The relevance of the first hit without a model: enough to be cited, too little to be certain."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part: its name, what happens without it, and how to switch it off."""

    name: str
    instead: str
    off: Callable[[], AbstractContextManager[object]]


def without_list(name: str) -> AbstractContextManager[object]:
    """No candidates and no scores from one of the retriever's lists."""
    lists: Callable[..., dict[str, dict[str, float]]] = Retriever._lists

    def without(*arguments: Any) -> dict[str, dict[str, float]]:
        return lists(*arguments) | {name: {}}

    return patch.object(Retriever, "_lists", without)


@contextmanager
def without_vectors() -> Iterator[None]:
    """No passage vectors: not in the lists, the score or the models."""
    with without_list("cosine"), patch.object(retrieval, "cosines_of", lambda *_: {}), forgetting(("cosine",)):
        yield


@contextmanager
def without_late_interaction() -> Iterator[None]:
    """No comparison of words by their vectors, for papers or sentences."""
    with patch.object(retrieval, "compare", lambda *_: {}), forgetting(LATE):
        yield


@contextmanager
def forgetting(names: Sequence[str]) -> Iterator[None]:
    """The models with weight 0 for these features."""

    def without(name: str) -> Logistic:
        fitted = model(name)
        pairs = zip(fitted.features, fitted.weights, strict=True)
        return replace(fitted, weights=tuple(0.0 if feature in names else weight for feature, weight in pairs))

    with replaced("model", without, relevance, evidence, declining):
        yield


@contextmanager
def replaced(name: str, value: object, *rooms: ModuleType) -> Iterator[None]:
    """Replace a name in several modules."""
    with ExitStack() as stack:
        for room in rooms:
            stack.enter_context(patch.object(room, name, value))
        yield


def without_names() -> AbstractContextManager[object]:
    """No paper is found or preferred because the question names it. The kind of question stays the same."""

    def nameless(*arguments: Any) -> Asked:
        return replace(understand(*arguments), named=())

    return patch.object(search, "understand", nameless)


@contextmanager
def without_second_step() -> Iterator[None]:
    """No search for papers that the question or its first hit leads to."""
    with (
        patch.object(search, "leads", lambda *_: []),
        patch.object(search, "with_mentioned", lambda _asked, hits, *_: hits),
    ):
        yield


def as_asked(_question: str, _turns: object, _search: object, alone: Asked) -> TurnReading:
    """A follow-up as typed."""
    return TurnReading("alone", lambda: alone)


@contextmanager
def without_gates(*gates: str) -> Iterator[None]:
    """These gates of `declining` let everything through."""
    with ExitStack() as stack:
        for gate in gates:
            stack.enter_context(patch.object(declining, gate, lambda *_: None))
        yield


@dataclass(frozen=True, slots=True)
class Alike:
    """Replaces the sentence model: the more similar a sentence is to the question, the better it answers."""

    def probabilities(self, columns: Mapping[str, Sequence[float]]) -> list[float]:
        return [max(0.0, similarity) for similarity in columns["similarity"]]


def first_alone(_: Asked, hits: Sequence[Hit]) -> list[Hit]:
    """Replaces the relevance models: only the retriever's first hit is relevant."""
    return [replace(hit, relevance=EVEN if place == 0 else 0.0) for place, hit in enumerate(hits)]


@contextmanager
def without_relevance() -> Iterator[None]:
    """The retriever's order, and only the first paper."""
    with patch.object(search, "judged", first_alone), forgetting(("relevance",)):
        yield


PARTS = (
    Part("nothing", "the product as it is", nullcontext),
    Part("BM25", "no keyword list", lambda: without_list("bm25")),
    Part("vectors", "no list of nearest passages, no cosine", without_vectors),
    Part("late interaction", "no token vectors, for papers or sentences", without_late_interaction),
    Part("names", "no paper is looked up by name", without_names),
    Part("follow-ups", "each turn is asked as typed", lambda: patch.object(asking, "followed", as_asked)),
    Part("second step", "no paper is reached through another", without_second_step),
    Part("gate: invented", "unknown names are ignored", lambda: without_gates("_invented")),
    Part("gate: unstated", "missing facts are ignored", lambda: without_gates("_unstated")),
    Part("gate: absent", "the topic is assumed to be here", lambda: without_gates("_absent")),
    Part("all three gates", "", lambda: without_gates("_invented", "_unstated", "_absent")),
    Part(
        "sentence model",
        "sentences by late interaction only",
        lambda: patch.object(evidence, "model", lambda _: Alike()),
    ),
    Part("relevance models", "only the first paper by fused score", without_relevance),
)
"""Every part that can be switched off; the first is the whole pipeline."""
