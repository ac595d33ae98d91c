"""The questions written over several thousand abstracts, asked in the libraries they were written for.

    python -m eval.written --abstracts FILE [--sets single several talks] [--blind] [--every N]

FILE holds the abstracts as JSON lines with `title`, `abstract`, `authors`, `year`, `venue`; they are not part of this
project, which refers to them by title. The sets are in `eval/sets`: `NAME.jsonl` is fitted on, `NAME-blind.jsonl` only
reported. `single`: questions that one paper answers, or that its abstract does not. `several`: lists, comparisons,
overviews. `talks`: conversations. `kinds`: messages of every kind, without papers.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from assistant.chain import Assistant
from assistant.core.records import Paper, fold
from assistant.reader import PackagedReader, Reader
from assistant.show.terminal import Screen

from . import stock
from .form import form, rates
from .metrics import Outcome, citation_scores
from .questions import Question, read
from .runner import outcomes
from .tables import NOTHING, Table, to_rich
from .wording import shown

SETS = ("single", "several", "talks", "single-more", "several-more")
EVERYTHING = "abstracts"
"""The library of the questions without a pool."""


def papers_of(path: Path) -> list[Paper]:
    """The papers of the file of abstracts, each title once."""
    if not path.is_file():
        raise stock.EvaluationError(
            f"There is no file {str(path)!r}. The abstracts of these questions are not part of this project."
        )
    with path.open(encoding="utf-8") as lines:
        rows = list(map(json.loads, lines))
    papers = {fold(row["title"]): Paper(row["title"], row["abstract"], sources=(_pool(row),)) for row in rows}
    return list(papers.values())


def _pool(row: Mapping[str, object]) -> str:
    return f"{row['venue']} {row['year']}"


def libraries(
    questions: Iterable[Question], papers: Sequence[Paper], cache: Path = stock.CACHE, reader: Reader | None = None
) -> Iterator[tuple[Assistant, list[Question]]]:
    """For each pool: an assistant over a library of the pool's papers alone, and the questions about it."""
    for pool, some in groupby(sorted(questions, key=lambda question: question.pool), lambda question: question.pool):
        inside = [paper for paper in papers if not pool or pool in paper.sources]
        with stock.indexed(pool.replace(" ", "-").lower() or EVERYTHING, inside, cache) as holdings:
            yield Assistant(holdings, reader=reader), list(some)


def citations(results: Iterable[Outcome]) -> Table:
    """By type of question: citations, vital facts, and whether it was answered or declined rightly."""
    by_type: dict[str, list[Outcome]] = {}
    for outcome in results:
        by_type.setdefault(outcome.question.type, []).append(outcome)
        by_type.setdefault("all", []).append(outcome)
        if outcome.question.refers:
            by_type.setdefault(f"later turn: {outcome.question.refers}", []).append(outcome)
    rows = [(name, str(len(some)), *map(_two_digits, _figures(some))) for name, some in sorted(by_type.items())]
    return Table("Citations", ("type", "n", "P", "R", "F1", "vital facts", "answered"), tuple(rows))


def _figures(some: Sequence[Outcome]) -> list[float | None]:
    scores = [score for score in map(citation_scores, some) if score[2] is not None]
    columns = [_mean([float(score[column] or 0) for score in scores]) for column in range(3)]
    vital = [_vital(outcome) for outcome in some if any(nugget.vital for nugget in outcome.question.nuggets)]
    return [*columns, _mean(vital), _mean([float(outcome.verdict == "answered") for outcome in some])]


def _vital(outcome: Outcome) -> float:
    text = outcome.answer.text if outcome.answer and outcome.answer.answered else ""
    wanted = [nugget for nugget in outcome.question.nuggets if nugget.vital]
    return sum(any(shown(s, text) for s in nugget.shown_by) for nugget in wanted) / len(wanted)


def reading(results: Iterable[Outcome]) -> Table:
    """How the answers of one paper that hold the fact read."""
    single = [outcome for outcome in results if outcome.answer and len(outcome.question.gold) == 1]
    forms = [form(outcome.answer, outcome.question.nuggets) for outcome in single if outcome.answer]
    good = [one for one in forms if one is not None]
    rows = tuple((name, _two_digits(value)) for name, value in rates(good).items())
    return Table(f"How {len(good)} answers with the fact read", ("measure", "mean"), rows)


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _two_digits(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3f}"


def questions_of(names: Iterable[str], *, blind: bool) -> list[Question]:
    """The questions of these sets, in order."""
    files = [stock.set_file(f"{name}-blind" if blind else name) for name in names]
    return [question for file in files for question in read(file)]


def main() -> None:
    """Ask the sets and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--abstracts", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", default=list(SETS[:3]), choices=SETS)
    parser.add_argument("--blind", action="store_true", help="ask the blind sets, whose figures alone are reported")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="ask every Nth question that stands alone")
    parser.add_argument("--without-reader", action="store_true", help="ask with the cheap signals alone")
    options = parser.parse_args()
    console = Screen().console
    questions = questions_of(options.sets, blind=options.blind)
    alone = [question for question in questions if not question.conversation][:: options.every]
    chosen = [*alone, *(question for question in questions if question.conversation)]
    reader = None if options.without_reader else PackagedReader()
    every = libraries(chosen, papers_of(options.abstracts), reader=reader)
    results = [outcome for assistant, some in every for outcome in outcomes(assistant, some)]
    console.print(to_rich(citations(results)))
    console.print(to_rich(reading(results)))


if __name__ == "__main__":
    main()
