"""The signals of a match: how the sentences of a paper, and the paper as a whole, match a question."""

from __future__ import annotations

from dataclasses import dataclass

from .notebook import Brief


@dataclass(frozen=True, slots=True, repr=False)
class SentenceSignals(Brief):
    """How a sentence of an abstract matches the question, and what kind of sentence it is.

    `similarity` is the late interaction with the whole question, `focus` that with its words that are no names;
    `coverage` and `focus_coverage` are the shares of their rare words that the sentence uses. Each `_gap` is the
    difference from the best sentence of the abstract, 0 or less. `place` to `own` are the cues of `index.reading`.
    `figure`: the sentence has a number that the question does not state; `figure_wanted`: and the question asks for
    one. `before` and `after`: the similarity of its neighbours. `answers` is the probability that it holds the answer,
    if its paper does.
    """

    similarity: float = 0.0
    focus: float = 0.0
    coverage: float = 0.0
    focus_coverage: float = 0.0
    similarity_gap: float = 0.0
    focus_gap: float = 0.0
    coverage_gap: float = 0.0
    focus_coverage_gap: float = 0.0
    place: float = 0.0
    first: float = 0.0
    second: float = 0.0
    last: float = 0.0
    length: float = 0.0
    result: float = 0.0
    proposal: float = 0.0
    background: float = 0.0
    available: float = 0.0
    own: float = 0.0
    figure: float = 0.0
    figure_wanted: float = 0.0
    before: float = 0.0
    after: float = 0.0
    answers: float = 0.0


@dataclass(frozen=True, slots=True, repr=False)
class PaperSignals(Brief):
    """How a paper as a whole matches the question; 0 where there is no match.

    `coverage` and `focus_coverage`: the share of the rare words of the question, and of those that are no names, that
    the paper uses. `title`: the share of the title's words that the question uses. `maxsim`: late interaction with the
    question; `weighted`: the same, rare words weighing more; `weakest`: with its worst matched word that is no name;
    `pair`: of the two best neighbouring sentences. `named`: how surely the question names the paper. `bm25`, `cosine`:
    the scores of keyword and vector search. `bridge`: 1 if the paper was reached through another one. `company`: how
    alike it is to the candidates that match best.
    """

    coverage: float = 0.0
    focus_coverage: float = 0.0
    title: float = 0.0
    maxsim: float = 0.0
    weakest: float = 0.0
    pair: float = 0.0
    named: float = 0.0
    bm25: float = 0.0
    cosine: float = 0.0
    bridge: float = 0.0
    weighted: float = 0.0
    company: float = 0.0
