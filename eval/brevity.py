"""How many sentences an answer about one paper should quote: `python -m eval.brevity --abstracts FILE`.

Tries the shares of `assistant.answer.quoting` on the fitting questions whose paper comes first, and prints for each how
many sentences the answers have and how many show the fact. Wanted are the most facts in at most `SENTENCES`.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.chain import Assistant
from assistant.reader import PackagedReader
from assistant.show.terminal import Screen

from . import stock
from .questions import Question
from .tables import Table, to_rich
from .wording import shown
from .written import EVERYTHING, papers_of, questions_of

SECONDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
UNSURES = (0.0, 0.1, 0.2, 0.3, 0.4)
SENTENCES = 1.4
"""Sentences that an answer with the fact may have on average."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """The sentences of the right paper, likeliest first: their probabilities, and whether each shows the fact."""

    answers: tuple[float, ...]
    shows: tuple[bool, ...]

    def quoted(self, second: float, unsure: float) -> int:
        """How many are quoted with these shares."""
        most = 3 if self.answers[0] < unsure else 2
        return sum(one >= second * self.answers[0] for one in self.answers[:most])


@dataclass(frozen=True, slots=True)
class Trial:
    """What two shares give: the share of answers with the fact and, of these, the sentences and where the fact is."""

    second: float
    unsure: float
    vital: float
    sentences: float
    first: float


def ranked(questions: Iterable[Question], assistant: Assistant) -> list[Ranked]:
    """The sentences for each question whose paper comes first, if one of them shows the fact."""
    rows = []
    for question in questions:
        hits = assistant.search(question.question)
        if not question.nuggets or not hits or hits[0].paper.title not in question.gold:
            continue
        best = sorted(hits[0].evidence, key=lambda one: -one.signals.answers)
        wanted = [spelling for nugget in question.nuggets if nugget.vital for spelling in nugget.shown_by]
        shows = tuple(any(shown(spelling, one.text) for spelling in wanted) for one in best)
        if any(shows):
            rows.append(Ranked(tuple(one.signals.answers for one in best), shows))
    return rows


def trial(rows: Sequence[Ranked], second: float, unsure: float) -> Trial:
    """The figures for two shares."""
    quoted = [(row, row.quoted(second, unsure)) for row in rows]
    good = [(row, number) for row, number in quoted if any(row.shows[:number])]
    return Trial(
        second,
        unsure,
        len(good) / max(1, len(rows)),
        sum(number for _, number in good) / max(1, len(good)),
        sum(row.shows[0] for row, _ in good) / max(1, len(good)),
    )


def trials(rows: Sequence[Ranked]) -> list[Trial]:
    """Every trial that is short enough, the one with the most facts first."""
    every = (trial(rows, *shares) for shares in itertools.product(SECONDS, UNSURES))
    short = [one for one in every if one.sentences <= SENTENCES]
    return sorted(short, key=lambda one: (-one.vital, one.sentences))


def main() -> None:
    """Print the best trials."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--abstracts", type=Path, required=True)
    options = parser.parse_args()
    questions = [question for question in questions_of(["single-more"], blind=False) if not question.unanswerable]
    with stock.indexed(EVERYTHING, papers_of(options.abstracts), stock.CACHE) as holdings:
        rows = ranked(questions, Assistant(holdings, reader=PackagedReader()))
    columns = ("SECOND", "UNSURE", "facts shown", "sentences", "fact first")
    cells = ((one.second, one.unsure, one.vital, one.sentences, one.first) for one in trials(rows)[:10])
    table = Table(f"{len(rows)} questions", columns, tuple(tuple(f"{value:.3f}" for value in row) for row in cells))
    Screen().console.print(to_rich(table))


if __name__ == "__main__":
    main()
