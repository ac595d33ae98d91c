"""Fits the model `reading`, which says whether a question wants one paper or several.

    python -m eval.readings --abstracts FILE

FILE is that of `eval.written`. The wording of each question is judged by classifiers that have not seen its set; at
the end these are fitted on all sets again. The questions asked are fitting ones.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from assistant.core.records import Paper
from assistant.index.holdings import Holdings
from assistant.search import Search
from assistant.search.readings import features

from . import stock
from .examples import Example, fit, validated
from .fit import MORE
from .keeping import keep
from .kinds import EVERY, TYPES, UNANSWERABLE, encoded, everything
from .kinds import fit as fit_kinds
from .questions import Question, read
from .written import EVERYTHING, papers_of

UNSEEN = "l1"
"""The hand whose lists are asked here."""
ONE_IN = 4
"""Of the thousand questions about one paper, every so many one is asked."""
SEVERAL = ("list", "count", "overview")


def asked() -> list[Question]:
    """The questions: those about one paper that the classifiers are not fitted on, and all about several."""
    one, several = (read(stock.set_file(name)) for name in MORE)
    return [*[question for n, question in enumerate(one) if n % EVERY][::ONE_IN], *several]


def examples(questions: Sequence[Question], papers: Sequence[Paper], cache: Path = stock.CACHE) -> Iterator[Example]:
    """One row per question whose type says whether it wants one paper or several."""
    for pool, some in groupby(sorted(questions, key=lambda question: question.pool), lambda question: question.pool):
        inside = [paper for paper in papers if not pool or pool in paper.sources]
        with stock.indexed(pool.replace(" ", "-").lower() or EVERYTHING, inside, cache) as holdings:
            yield from _rows(list(some), holdings)


def _rows(questions: Sequence[Question], holdings: Holdings) -> Iterator[Example]:
    with holdings.reading() as index:
        if index is None:
            return
        search = Search(index)
        for question in questions:
            label = UNANSWERABLE.get(question.unanswerable or "", TYPES.get(question.type))
            reading = search.understood(question.question)
            hits = search.hits(reading)
            if label in ("one", *SEVERAL) and hits:
                yield Example(features(reading, hits), label != "one", question.id)


def main() -> None:
    """Fit the model, and print how often it is right on questions that it was not fitted on."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--abstracts", type=Path, required=True)
    options = parser.parse_args()
    rows = everything()
    vectors = encoded(rows)
    unseen = [n for n, row in enumerate(rows) if row.hand != UNSEEN]
    fit_kinds([rows[n] for n in unseen], vectors[unseen])
    table = list(examples(asked(), papers_of(options.abstracts)))
    judged = validated(table, balanced=True)
    right = sum((probability >= 0.5) is example.label for example, probability in judged)
    print(f"One paper or several: {right / len(judged):.3f} right of {len(judged)}, each judged without itself.")
    keep(
        "the fitting half of each set of questions and claims; the reader on `pairs` and SciFact",
        reading=fit(table, threshold=0.5, balanced=True),
    )
    fit_kinds(rows, vectors)


if __name__ == "__main__":
    main()
