"""Questions with their hits in; the reader's heads and the models of `assistant.search.answering` fitted on them out.

`answers` and `stated` are heads on what the reader sees of an abstract and a question: whether a sentence answers it,
and whether any does. People word what a paper does not state in ways of their own, and a head could learn no more than
those. So `stated` is also fitted on answerable questions whose answer is cut out of the abstract. Every model that uses
a head is fitted on log-odds of heads that have not seen its paper, else it would trust the head too much. Called by
`eval.fit`.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.core.logistic import Logistic
from assistant.core.records import Evidence, Hit, Read, digest
from assistant.question.understanding import Asked
from assistant.reader import PackagedReader, vectors
from assistant.search.answering import decides, features, page, reread, sentence_features

from .claims import auroc
from .examples import Answered, fit, fold_of, validated, without_gold
from .keeping import write_heads
from .questions import Question
from .wording import shown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HEAD_PENALTY = 0.003
"""Inverse strength of the heads' penalty, as for the head `supports`."""
CUT = 0.3
"""What a question whose answer is cut out weighs: its abstract may say part of the answer elsewhere. `eval/README.md`
has the figures for this weight and others."""
SPARED = 0.03
"""The share of the answerable questions that may be declined, each judged by models that never saw its paper. It counts
those whose right paper comes first: for the others a decline is better than an answer from the wrong paper."""


class KeptReader:
    """A reader that keeps what it read in a file, so that the next fit need not read it again."""

    def __init__(self, reader: PackagedReader, path: Path) -> None:
        import numpy as np

        self._reader, self._path = reader, path
        self._kept: dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]] = {}
        if path.is_file():
            with np.load(path) as arrays:
                sentences = np.split(arrays["sentences"], np.cumsum(arrays["counts"])[:-1])
                self._kept = dict(
                    zip(arrays["pairs"].tolist(), zip(sentences, arrays["questions"], strict=True), strict=True)
                )

    def vectors(self, hit: Hit, asked: Asked) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """What the heads see of the hit's sentences, and of the question."""
        text, spans = page(hit)
        key = digest(text, asked.text)
        if key not in self._kept:
            self._kept[key] = vectors(self._reader.states(text, asked.text), spans)
        return self._kept[key]

    def keep(self) -> None:
        """Write the file."""
        import numpy as np

        sentences, questions = zip(*self._kept.values(), strict=True)
        np.savez(
            self._path,
            pairs=np.array([*self._kept]),
            counts=np.array([*map(len, sentences)]),
            sentences=np.concatenate(sentences),
            questions=np.array(questions),
        )


def answering(rows: Sequence[Answered], reader: KeptReader | None) -> dict[str, dict[str, Any]]:
    """The models by name; the heads are written where they belong."""
    one_paper = [row for row in rows if not row.public and decides(row.asked, row.hits) and not _doubtful(row)]
    absent = [_without(row) for row in one_paper if row.question.gold]
    absent = [row for row in absent if decides(row.asked, row.hits)]
    models = {"answered": _gate("answered", [*one_paper, *absent])}
    if reader:
        again, models["sentence_read"] = _read(one_paper, reader)
        models["answered_read"] = _gate("answered, with the reader", again)
    return models


def holds(question: Question, hit: Hit, sentence: Evidence) -> bool:
    """Whether a sentence of a right paper contains the supporting span or shows a vital nugget."""
    if hit.paper.title not in question.gold:
        return False
    spans = [span.of(hit.paper.abstract) or "" for span in question.spans if span.paper == hit.paper.title]
    wanted = [nugget for nugget in question.nuggets if nugget.vital and nugget.paper == hit.paper.title]
    contains = any(span and (span[:40] in sentence.text or sentence.text in span) for span in spans)
    return contains or any(shown(spelling, sentence.text) for nugget in wanted for spelling in nugget.shown_by)


def _doubtful(row: Answered) -> bool:
    """Whether the first hit is neither right nor one that is known not to answer."""
    first = row.hits[0].paper.title
    return first in row.question.tolerated and not row.question.unanswerable


def _without(row: Answered) -> Answered:
    """The row as it would be if its right papers were not here."""
    question = replace(row.question, gold=(), unanswerable="absent", drawn_by=row.group)
    return replace(row, question=question, hits=without_gold(row))


def _label(row: Answered) -> bool:
    return row.hits[0].paper.title in row.question.gold


def _gate(name: str, rows: Sequence[Answered]) -> dict[str, Any]:
    """The model of whether the first hit answers. Its threshold declines `SPARED` of the answerable questions."""
    examples = [row.example(features(row.asked, row.hits), _label(row)) for row in rows]
    results = {id(example): probability for example, probability in validated(examples)}
    values = [results[id(example)] for example in examples]
    right = sorted(value for value, row in zip(values, rows, strict=True) if _label(row))
    threshold = right[int(SPARED * len(right))]
    answerable = [value for value, row in zip(values, rows, strict=True) if row.question.gold]
    spared = sum(value >= threshold for value in answerable) / len(answerable)
    print(f"{name}: at {threshold:.3f} it answers {spared:.3f} of {len(answerable)} answerable, and declines")
    for reason in ("unstated", "absent", "invented"):
        some = [value for value, row in zip(values, rows, strict=True) if row.question.unanswerable == reason]
        declined = sum(value < threshold for value in some) / max(1, len(some))
        print(f"  {reason} {declined:.3f} of {len(some)}, AUROC {auroc(right, some) or 0:.3f}")
    return fit(examples, threshold=round(threshold, 3))


def _read(rows: Sequence[Answered], reader: KeptReader) -> tuple[list[Answered], dict[str, Any]]:
    """The rows with what the reader says of their first hits, and the model `sentence_read`. Writes the heads."""
    import numpy as np

    seen = [reader.vectors(row.hits[0], row.asked) for row in rows]
    without = [(row, reader.vectors(hit, row.asked)[1]) for row in rows for hit in _cut(row)]
    reader.keep()
    sentences = np.concatenate([of_sentences for of_sentences, _ in seen])
    questions = np.array([*(of_question for _, of_question in seen), *(of_question for _, of_question in without)])
    holding = np.array([holds(row.question, row.hits[0], one) for row in rows for one in row.hits[0].evidence])
    stated = np.array([*map(_label, rows), *(False for _ in without)])
    weights = np.array([*(1.0 for _ in rows), *(CUT for _ in without)])
    folds = np.array([fold_of(row.group) for row in [*rows, *(row for row, _ in without)]])
    counts = [len(row.hits[0].evidence) for row in rows]
    even = np.ones(len(sentences))
    write_heads({"answers": _head(sentences, holding, even), "stated": _head(questions, stated, weights)})
    answers = iter(_unseen(sentences, holding, even, np.repeat(folds[: len(rows)], counts)))
    of_papers = _unseen(questions, stated, weights, folds)
    said = [
        [Read(one, paper) for one in itertools.islice(answers, count)]
        for count, paper in zip(counts, of_papers, strict=False)
    ]
    labels = iter(holding)
    model = fit(
        [
            row.example(sentence_features(one, read), bool(next(labels)))
            for row, reads in zip(rows, said, strict=True)
            for one, read in zip(row.hits[0].evidence, reads, strict=True)
        ],
        threshold=0.5,
    )
    again = [
        replace(row, hits=[reread(row.hits[0], reads, Logistic.of(model)), *row.hits[1:]])
        for row, reads in zip(rows, said, strict=True)
    ]
    _report(rows, again)
    return again, model


def _cut(row: Answered) -> list[Hit]:
    """The first hit without the sentences that answer, if it has some and others."""
    hit = row.hits[0]
    left = [one for one in hit.evidence if not holds(row.question, hit, one)]
    if not left or len(left) == len(hit.evidence):
        return []
    starts = itertools.accumulate((len(one.text) + 1 for one in left), initial=0)
    evidence = tuple(replace(one, start=start) for one, start in zip(left, starts, strict=False))
    return [replace(hit, paper=replace(hit.paper, abstract=" ".join(one.text for one in left)), evidence=evidence)]


def _unseen(
    vectors: NDArray[np.float32], labels: NDArray[np.bool_], weights: NDArray[np.float64], folds: NDArray[np.int64]
) -> list[float]:
    """The log-odds of each vector by a head that has not seen its fold."""
    import numpy as np

    odds = np.zeros(len(labels))
    for fold in np.unique(folds):
        others = folds != fold
        head = _head(vectors[others], labels[others], weights[others])
        odds[~others] = vectors[~others] @ np.array(head["weights"]) + head["bias"]
    values: list[float] = odds.tolist()
    return values


def _head(vectors: NDArray[np.float32], labels: NDArray[np.bool_], weights: NDArray[np.float64]) -> dict[str, Any]:
    """A head in the form of `heads.json`."""
    from sklearn.linear_model import LogisticRegression

    mean, scale = vectors.mean(axis=0), vectors.std(axis=0) + 1e-6
    fitted = LogisticRegression(C=HEAD_PENALTY, max_iter=5000).fit((vectors - mean) / scale, labels, weights)
    slopes = (fitted.coef_[0] / scale).astype(float)
    bias = float(fitted.intercept_[0] - (slopes * mean).sum())
    return {"weights": slopes.round(6).tolist(), "bias": round(bias, 6)}


def _report(before: Sequence[Answered], after: Sequence[Answered]) -> None:
    """Print how often the first sentence is the right one, by the cheap signals and by the reader."""
    for name, rows in (("cheap signals", before), ("the reader", after)):
        first = []
        for row in rows:
            holding = {one.start for one in row.hits[0].evidence if holds(row.question, row.hits[0], one)}
            if holding:
                best = max(row.hits[0].evidence, key=lambda one: one.signals.answers)
                first.append(best.start in holding)
        print(f"the right sentence first among {len(first)}, by {name}: {sum(first) / len(first):.3f}")
