"""Fits the model `breaks`, which says whether a paper is about what a question excludes.

    python -m eval.conditions --abstracts FILE

FILE is that of `eval.written`. The pairs are those of the list questions that exclude something: their right papers do
not break the condition, those named in `breaks` do. Each hand is judged by a model of the others.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from assistant.core.logistic import Logistic
from assistant.core.records import Hit, Paper
from assistant.search import Search
from assistant.search.excluding import features

from . import stock
from .claims import auroc
from .examples import Example, fit
from .keeping import keep
from .questions import Question
from .written import papers_of, questions_of

THRESHOLD = 0.5
"""The probability from which a paper is said to have been left out."""


def rows(questions: Iterable[Question], papers: Sequence[Paper], cache: Path = stock.CACHE) -> Iterator[Example]:
    """One row for each right paper, and each that breaks the condition, among the hits of each question."""
    wanted = sorted((one for one in questions if one.breaks), key=lambda one: one.pool)
    for pool, some in groupby(wanted, lambda one: one.pool):
        inside = [paper for paper in papers if pool in paper.sources]
        with stock.indexed(pool.replace(" ", "-").lower(), inside, cache) as holdings, holdings.reading() as index:
            if index is not None:
                search = Search(index)
                yield from (row for question in some for row in of_question(question, search))


def of_question(question: Question, search: Search) -> Iterator[Example]:
    """The rows of one question. Of several things that it excludes, the one counts that a paper names most."""
    asked = search.understood(question.question).as_kind("list")
    things = asked.conditions.without
    hits = search.hits(replace(asked, conditions=replace(asked.conditions, bounds=())))
    hits = [hit for hit in hits if hit.paper.title in (*question.gold, *question.breaks)]
    tables = [_table(what, hits, search) for what in things]
    for hit, *values in zip(hits, *tables, strict=True):
        if values:
            most = max(values, key=lambda one: (one["best"] + one["title"], one["alike"]))
            yield Example(most, hit.paper.title in question.breaks, question.id)


def _table(what: str, hits: Sequence[Hit], search: Search) -> list[dict[str, float]]:
    columns = features(what, hits, search.index)
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def validated(examples: Sequence[Example]) -> dict[str, float | None]:
    """For each hand the AUROC of a model that was fitted on the others."""
    hands = dict.fromkeys(_hand(example) for example in examples)
    areas = {}
    for hand in hands:
        judge = Logistic.of(fit([one for one in examples if _hand(one) != hand], threshold=THRESHOLD))
        own = [(one.label, judge.probability(one.values)) for one in examples if _hand(one) == hand]
        areas[hand] = auroc([p for label, p in own if label], [p for label, p in own if not label])
    return areas


def _hand(example: Example) -> str:
    """Who wrote the question: its id begins with that."""
    return example.group.partition("-")[0]


def main() -> None:
    """Fit the model, and print how well it tells the two apart for each hand that it was not fitted on."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--abstracts", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=stock.CACHE, help="folder of the libraries")
    options = parser.parse_args()
    questions = questions_of(("several", "several-more"), blind=False)
    examples = list(rows(questions, papers_of(options.abstracts), options.cache))
    for hand, area in validated(examples).items():
        print(f"breaks, {hand} by the other hands: AUROC {area or 0:.3f}")
    keep(breaks=fit(examples, threshold=THRESHOLD))


if __name__ == "__main__":
    main()
