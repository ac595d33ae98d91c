"""How well the sources fit the questions, with the peer's own number of sources and with the best cut-off."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

import numpy as np

from assistant.index.embedding import Embedder

from ..metrics import title_scores
from ..questions import Question
from .measure import DEPTH
from .peer import Source

Cited = Mapping[str, Sequence[str]]
"""Question -> titles, best first; none if declined."""
Similar = Callable[[str, str], float]
"""Question, title -> their cosine."""
STEPS = tuple(step / 100 for step in range(0, 91))
"""The cut-offs tried."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Means over the questions: citation F1 of the answerable, and the shares declined of either kind."""

    f1: float
    declined: float
    wrongly_declined: float


@dataclass(frozen=True, slots=True)
class CutOff:
    """At most `sources`, and none with a cosine to the question below `cosine`."""

    sources: int
    cosine: float

    def of(self, cited: Cited, similar: Similar) -> dict[str, list[str]]:
        """What is left of the sources."""
        return {
            question: [title for title in titles[: self.sources] if similar(question, title) >= self.cosine]
            for question, titles in cited.items()
        }


def quality(questions: Sequence[Question], cited: Cited) -> Quality:
    """The measures over these questions; 0 where there is no question of a kind."""
    declined: dict[bool, list[bool]] = {True: [], False: []}
    scores = []
    for question in questions:
        titles = cited[question.question]
        declined[question.unanswerable is None].append(not titles)
        scores += [score for score in title_scores(question, titles)[2:] if score is not None]
    return Quality(_mean(scores), _mean(declined[False]), _mean(declined[True]))


def best(questions: Sequence[Question], cited: Cited, similar: Similar) -> CutOff:
    """The cut-off under which the mean over all questions is highest: F1, and 1 for an unanswerable one declined."""
    return max(
        (CutOff(sources, cosine) for sources in range(1, DEPTH + 1) for cosine in STEPS),
        key=lambda one: _worth(questions, one.of(cited, similar)),
    )


def similarity(embedder: Embedder, papers: Iterable[Source], questions: Iterable[str]) -> Similar:
    """The cosine of a question and a paper's text, both by the model that all peers search with."""
    texts = {paper.title: paper.text for paper in papers}
    asked = list(dict.fromkeys(questions))
    rows = {question: row for row, question in enumerate(asked)}
    columns = {title: column for column, title in enumerate(texts)}
    left, right = (np.array([one.vector for one in embedder.encode(some)]) for some in (asked, [*texts.values()]))
    cosines = left @ right.T
    return lambda question, title: float(cosines[rows[question], columns[title]])


def _worth(questions: Sequence[Question], cited: Cited) -> float:
    return _mean(
        float(not cited[one.question]) if one.unanswerable else title_scores(one, cited[one.question])[2] or 0.0
        for one in questions
    )


def _mean(values: Iterable[float]) -> float:
    some = list(values)
    return mean(some) if some else 0.0
