"""Questions with their hits in; the reader's heads and the models of `assistant.search.answering` fitted on them out.

`answers` and `stated` are heads on what the reader sees of a sentence and a question: whether the sentence answers it,
and whether its abstract does. Every model that uses a head is fitted on log-odds of heads that have not seen its paper,
else it would trust the head too much. Called by `eval.fit`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.core.logistic import Logistic
from assistant.core.records import Evidence, Hit, Read, digest
from assistant.reader import PackagedReader
from assistant.search.answering import best, decides, features, premise, reread, sentence_features

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
SPARED = 0.03
"""The share of the answerable questions that may be declined, each judged by models that never saw its paper. It counts
those whose right paper comes first: for the others a decline is better than an answer from the wrong paper."""


class KeptReader:
    """A reader that keeps what it read in a file, so that the next fit need not read it again."""

    def __init__(self, reader: PackagedReader, path: Path) -> None:
        import numpy as np

        self._reader, self._path = reader, path
        self._kept: dict[str, NDArray[np.float32]] = {}
        if path.is_file():
            with np.load(path) as arrays:
                self._kept = dict(zip(arrays["pairs"].tolist(), arrays["vectors"], strict=True))

    def read(self, premise: str, sentence: str) -> NDArray[np.float32]:
        """The vector of a pair."""
        key = digest(premise, sentence)
        if key not in self._kept:
            self._kept[key] = self._reader.read(premise, sentence)
        return self._kept[key]

    def keep(self) -> None:
        """Write the file."""
        import numpy as np

        np.savez(self._path, pairs=np.array([*self._kept]), vectors=np.array([*self._kept.values()]))


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

    pairs = [(row, one) for row in rows for one in best(row.hits[0])]
    vectors = np.array([reader.read(premise(row.hits[0], one), row.asked.text) for row, one in pairs])
    reader.keep()
    holding = np.array([holds(row.question, row.hits[0], one) for row, one in pairs])
    stated = np.array([_label(row) for row, _ in pairs])
    folds = np.array([fold_of(row.group) for row, _ in pairs])
    write_heads({"answers": _head(vectors, holding), "stated": _head(vectors, stated)})
    odds = zip(_unseen(vectors, holding, folds), _unseen(vectors, stated, folds), strict=True)
    said = [Read(*values) for values in odds]
    model = fit(
        [
            row.example(sentence_features(one, read), bool(label))
            for (row, one), read, label in zip(pairs, said, holding, strict=True)
        ],
        threshold=0.5,
    )
    _report(pairs, said, Logistic.of(model))
    left = iter(said)
    return [_reread(row, left, Logistic.of(model)) for row in rows], model


def _reread(row: Answered, said: Iterator[Read], fitted: Logistic) -> Answered:
    """The row with the next of `said` as what the reader says of its best sentences."""
    again = {one.start: reread(one, next(said), fitted) for one in best(row.hits[0])}
    evidence = tuple(again.get(one.start, one) for one in row.hits[0].evidence)
    return replace(row, hits=[replace(row.hits[0], evidence=evidence), *row.hits[1:]])


def _unseen(vectors: NDArray[np.float32], labels: NDArray[np.bool_], folds: NDArray[np.int64]) -> list[float]:
    """The log-odds of each vector by a head that has not seen its fold."""
    import numpy as np

    odds = np.zeros(len(labels))
    for fold in np.unique(folds):
        head = _head(vectors[folds != fold], labels[folds != fold])
        odds[folds == fold] = vectors[folds == fold] @ np.array(head["weights"]) + head["bias"]
    values: list[float] = odds.tolist()
    return values


def _head(vectors: NDArray[np.float32], labels: NDArray[np.bool_]) -> dict[str, Any]:
    """A head in the form of `heads.json`."""
    from sklearn.linear_model import LogisticRegression

    mean, scale = vectors.mean(axis=0), vectors.std(axis=0)
    fitted = LogisticRegression(C=HEAD_PENALTY, max_iter=5000).fit((vectors - mean) / scale, labels)
    slopes = fitted.coef_[0] / scale
    bias = float(fitted.intercept_[0] - (slopes * mean).sum())
    return {"weights": slopes.round(6).tolist(), "bias": round(bias, 6)}


def _report(pairs: Sequence[tuple[Answered, Evidence]], said: Sequence[Read], fitted: Logistic) -> None:
    """Print how often the first sentence is the right one, by the cheap signals and by the reader."""
    ranked: dict[int, list[tuple[float, float, bool]]] = {}
    for (row, one), read in zip(pairs, said, strict=True):
        again = reread(one, read, fitted).signals.answers
        ranked.setdefault(id(row), []).append((one.signals.answers, again, holds(row.question, row.hits[0], one)))
    right = [some for some in ranked.values() if any(label for *_, label in some)]
    for place, name in enumerate(("cheap signals", "the reader")):
        first = sum(max(some, key=lambda one: one[place])[2] for some in right) / len(right)
        print(f"the right sentence first among {len(right)}, by {name}: {first:.3f}")
