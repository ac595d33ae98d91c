"""Questions with their hits in, the models of `assistant.search.answering` fitted on them out. Called by `eval.fit`.

The models that use the reader are fitted on questions by hands that its adapted layers have not seen (`eval.adapting`),
else they would trust it too much.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant.core.logistic import Logistic
from assistant.core.records import Evidence, Hit, Read, digest
from assistant.reader import PackagedReader, answers
from assistant.search.answering import (
    decides,
    features,
    meant_features,
    page,
    preferred,
    reread,
    rivals,
    sentence_features,
)

from .claims import auroc
from .examples import Answered, fit, validated, without_gold
from .questions import Question
from .wording import shown

SPARED = 0.03
"""The share of the answerable questions that may be declined, each judged by models that never saw its paper. It counts
those whose right paper comes first: for the others a decline is better than an answer from the wrong paper."""


class KeptReader:
    """A reader that keeps what it read in a file, so that the next fit need not read it again."""

    def __init__(self, reader: PackagedReader, path: Path) -> None:
        self._reader, self._path = reader, path
        self._kept: dict[str, list[list[float]]] = json.loads(path.read_text()) if path.is_file() else {}

    def said(self, hit: Hit, question: str) -> list[Read]:
        """What the reader says of each sentence of the hit."""
        text, spans = page(hit)
        key = digest(text, question)
        if key not in self._kept:
            self._kept[key] = [list(one) for one in answers(self._reader, text, spans, question)]
        return [Read(*one) for one in self._kept[key]]

    def keep(self) -> None:
        """Write the file."""
        self._path.write_text(json.dumps(self._kept))


def by_first_look(rows: Sequence[Answered]) -> dict[str, dict[str, Any]]:
    """The gate without the reader, by its name."""
    one_paper = _of_one_paper(rows)
    absent = [_without(row) for row in one_paper if row.question.gold]
    absent = [row for row in absent if decides(row.asked, row.hits)]
    return {"answered": _gate("answered", [*one_paper, *absent])}


def with_reader(rows: Sequence[Answered], reader: KeptReader) -> dict[str, dict[str, Any]]:
    """The models that use the reader by name, of questions that it was not adapted to.

    Which paper is meant is also learnt from each answerable question as it would be read if its paper were not here.
    """
    one_paper = _of_one_paper(rows)
    absent = [row for row in map(_without, filter(_label, one_paper)) if row.hits and decides(row.asked, row.hits)]
    sentence_read = _sentence_read(one_paper, reader)
    again = [_reread(row, reader, Logistic.of(sentence_read)) for row in [*one_paper, *absent]]
    reader.keep()
    _report(one_paper, again)
    meant = _meant(again)
    gate = _gate("answered, with the reader", [_preferred(row, Logistic.of(meant)) for row in again[: len(one_paper)]])
    return {"sentence_read": sentence_read, "meant": meant, "answered_read": gate}


def _of_one_paper(rows: Sequence[Answered]) -> list[Answered]:
    return [row for row in rows if not row.public and decides(row.asked, row.hits) and not _doubtful(row)]


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


def _sentence_read(rows: Sequence[Answered], reader: KeptReader) -> dict[str, Any]:
    """The model of whether a sentence that was read answers."""
    said = [reader.said(row.hits[0], row.asked.text) for row in rows]
    return fit(
        [
            row.example(sentence_features(one, read), holds(row.question, row.hits[0], one))
            for row, reads in zip(rows, said, strict=True)
            for one, read in zip(row.hits[0].evidence, reads, strict=True)
        ],
        threshold=0.5,
    )


def _reread(row: Answered, reader: KeptReader, fitted: Logistic) -> Answered:
    """The row with what the reader says of the hits that it would read."""
    read = rivals(row.hits)
    again = [reread(hit, reader.said(hit, row.asked.text), fitted) for hit in read]
    return replace(row, hits=[*again, *row.hits[len(read) :]])


def _meant(rows: Sequence[Answered]) -> dict[str, Any]:
    """The model of which paper is meant, of the questions where the first look leaves it open."""
    doubted = [row for row in rows if len(rivals(row.hits)) > 1 and row.question.unanswerable != "unstated"]
    examples = [
        row.example(meant_features(hit), hit.paper.title in row.question.gold)
        for row in doubted
        for hit in rivals(row.hits)
        if hit.paper.title not in row.question.tolerated
    ]
    results = {id(example): probability for example, probability in validated(examples)}
    placed = iter(examples)
    before, after, number = 0, 0, 0
    for row in doubted:
        some = [next(placed) for hit in rivals(row.hits) if hit.paper.title not in row.question.tolerated]
        if any(example.label for example in some):
            number += 1
            before += some[0].label
            after += max(some, key=lambda example: results[id(example)]).label
    print(f"of {len(doubted)} in doubt, {number} with the right paper; it is first in {before}, when read in {after}")
    return fit(examples, threshold=0.5)


def _preferred(row: Answered, fitted: Logistic) -> Answered:
    """The row with the paper first that seems to answer."""
    return replace(row, hits=preferred(row.hits, fitted)) if len(rivals(row.hits)) > 1 else row


def _report(before: Sequence[Answered], after: Sequence[Answered]) -> None:
    """Print how often the first sentence is the right one, by the cheap signals and by the reader."""
    for name, rows in (("cheap signals", before), ("the reader", after)):
        first = []
        for row in filter(_label, rows):
            holding = {one.start for one in row.hits[0].evidence if holds(row.question, row.hits[0], one)}
            if holding:
                best = max(row.hits[0].evidence, key=lambda one: one.signals.answers)
                first.append(best.start in holding)
        print(f"the right sentence first among {len(first)}, by {name}: {sum(first) / len(first):.3f}")
