"""Labelled rows in, a logistic model of the package out: over named, standardised signals, with an L2 penalty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from assistant.core.logistic import Logistic
from assistant.core.records import Hit, digest
from assistant.question.understanding import Asked
from assistant.search.relevance import judged
from assistant.search.retrieval import fused

from .questions import Question, drawn_by

PENALTY = 0.3
"""Inverse strength of the L2 penalty (scikit-learn's C); flat between .03 and 1 in ten-fold validation by question."""
APART = 3.0
"""How weakly the bias of the public questions is penalised: as a signal of this scale."""
FOLDS = 10


@dataclass(frozen=True, slots=True)
class Example:
    """One row to fit on: named values, their label, their question's paper, and whether that question is public."""

    values: Mapping[str, float]
    label: bool
    group: str
    public: bool = False
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Answered:
    """A fitting question, how it was understood, its hits, and what it weighs. `public`: it is from a public set."""

    question: Question
    asked: Asked
    hits: Sequence[Hit]
    public: bool = False
    weight: float = 1.0

    @property
    def group(self) -> str:
        """What keeps the questions about one paper in one fold."""
        return drawn_by(self.question)

    def example(self, values: Mapping[str, float], label: bool) -> Example:
        """A row to fit on about this question."""
        return Example(values, label, self.group, self.public, self.weight)


def fit(
    examples: Sequence[Example], *, threshold: float, penalty: float = PENALTY, balanced: bool = False
) -> dict[str, Any]:
    """The model in the form of `assistant/core/models.json`.

    threshold: where the product cuts. balanced: give both labels the same total weight. Public questions are worded
    more like their papers, so they have a bias of their own, which is dropped: only the weights are learnt from both.
    """
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    names = list(examples[0].values)
    values = np.array([[example.values[name] for name in names] for example in examples])
    labels = np.array([example.label for example in examples])
    mean, scale = values.mean(axis=0), values.std(axis=0)
    scale[scale < 1e-5] = 1.0  # a constant signal says nothing
    public = np.array([[APART * example.public] for example in examples])
    fitted = LogisticRegression(C=penalty, max_iter=5000, class_weight="balanced" if balanced else None).fit(
        np.hstack([(values - mean) / scale, public]), labels, sample_weight=[example.weight for example in examples]
    )
    return {
        "features": names,
        "mean": mean.round(5).tolist(),
        "scale": scale.round(5).tolist(),
        "weights": fitted.coef_[0][:-1].round(4).tolist(),
        "bias": round(float(fitted.intercept_[0]), 4),
        "threshold": threshold,
        "examples": len(examples),
        "questions": len({example.group for example in examples}),
    }


def validated(examples: Sequence[Example], **options: Any) -> list[tuple[Example, float]]:
    """Each example with its probability by a model fitted on the other folds; a paper is in one fold."""
    results = []
    for fold in range(FOLDS):
        one = Logistic.of(fit([e for e in examples if fold_of(e.group) != fold], threshold=0.0, **options))
        results += [(e, one.probability(e.values)) for e in examples if fold_of(e.group) == fold]
    return results


def without_gold(row: Answered) -> list[Hit]:
    """The hits as they would be without the right papers."""
    wanted = {*row.question.gold, *row.question.tolerated}
    others = [hit for hit in row.hits if hit.paper.title not in wanted]
    if not others:
        return []
    scores = fused([hit.signals for hit in others])
    return judged(row.asked, [replace(hit, score=score) for hit, score in zip(others, scores, strict=True)])


def fold_of(group: str) -> int:
    """The fold of a group."""
    return int(digest(group), 16) % FOLDS
