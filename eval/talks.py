"""Fits and reports how a turn of a conversation is read.

    python -m eval.talks fit|report --abstracts FILE [--listings FOLDER]

`fit` writes the preference `turns` into `assistant/core/models.json`: weights for each meaning of a turn, fitted so
that the readings it prefers cite the right papers. `report` holds out a tenth of the conversations at a time, replays
these with a model fitted on the rest, and prints the citation F1 of the later turns by how they refer to earlier ones.
The conversations are those of `eval/sets/talks.jsonl`, and the fitting half of our own; FILE holds the abstracts (see
`eval.written`), FOLDER the real listings.
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from assistant.answer.writing import choose
from assistant.core.logistic import Preference
from assistant.core.records import Answer, Citation, Claim, Hit, Turn, digest
from assistant.index.holdings import Holdings
from assistant.library.sources import read as papers_in
from assistant.question.conversation import earlier
from assistant.search import Search
from assistant.search.declining import decline
from assistant.search.following import MEANINGS, Meaning, TurnReading, features, look, probable, readings
from assistant.show.terminal import Screen

from . import stock
from .keeping import keep
from .metrics import Outcome, citation_scores
from .questions import Question, half, read
from .tables import Table, to_rich
from .written import papers_of

FOLDS = 10
MEANT: Mapping[str, tuple[Meaning, ...]] = {
    **dict.fromkeys(("it", "name-part", "why", "shorter", "unanswered"), ("same", "earlier")),
    "ordinal": ("numbered",),
    "both": ("each",),
    "compare": ("against", "each"),
    "others": ("others", "other list"),
    "more": ("same", "others", "other list"),
    "narrow": ("topic", "list"),
    "swap": ("alone", "topic", "earlier"),
    "new": ("alone",),
}
"""What a turn that refers in this way may mean. Other readings cite the right papers by chance, and count half."""
HALF, MOSTLY = 0.5, 0.9
PENALTY = 3.0
"""Weight of the squared weights against the log-likelihood of a turn."""


@dataclass(frozen=True, slots=True)
class LaterTurn:
    """A later turn: what the model sees of it, and the citation F1 of each of its readings."""

    question: Question
    values: Mapping[str, float]
    scores: Mapping[Meaning, float]

    @property
    def gains(self) -> dict[Meaning, float]:
        """How good each reading is: what it cites, and whether the turn can mean it."""
        meant = MEANT.get(self.question.refers or "", ())
        if not self.question.refers:
            return dict(self.scores)
        return {m: MOSTLY * f1 + 1 - MOSTLY if m in meant else HALF * f1 for m, f1 in self.scores.items()}


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation and the papers it is about."""

    questions: tuple[Question, ...]
    search: Search

    @property
    def fold(self) -> int:
        return int(digest(self.questions[0].conversation or ""), 16) % FOLDS


def answered(question: str, reading: TurnReading, search: Search) -> Turn:
    """The turn with the papers that an answer to this reading would cite."""
    hits = search.hits(reading.asked)
    declined = decline(reading.asked, hits)
    claims = () if declined else tuple(map(_claim, choose(reading.asked, hits)))
    asked = reading.asked
    return Turn(question, Answer(question, asked.text, claims, hits=tuple(hits), declined=declined, kind=asked.kind))


def _claim(hit: Hit) -> Claim:
    return Claim(hit.passage.text, (Citation(hit.passage, hit.passage.text, 1.0, "quoted"),))


def rows(talk: Talk) -> Iterator[LaterTurn]:
    """The later turns of a conversation, each after the best readings of those before it."""
    first = talk.questions[0].question
    turns = [answered(first, TurnReading("alone", lambda: talk.search.understood(first)), talk.search)]
    for question in talk.questions[1:]:
        before = earlier(turns)
        looks = look(question.question, before, talk.search)
        every = readings(question.question, before, looks, talk.search)
        tried = {one.meaning: answered(question.question, one, talk.search) for one in every}
        scores = {meaning: score(question, turn) for meaning, turn in tried.items()}
        row = LaterTurn(question, features(question.question, before, looks), scores)
        yield row
        turns.append(tried[max(row.gains, key=row.gains.__getitem__)])


def score(question: Question, turn: Turn) -> float:
    """The citation F1 of a turn; what its paper does not say is asked about the right paper all the same."""
    about = replace(question, gold=question.gold or question.tolerated, unanswerable=None)
    if not question.gold:
        about = replace(about, tolerated=())
    return citation_scores(Outcome(about, turn.answer))[2] or 0.0 if about.gold else 0.0


def fit(some: Sequence[LaterTurn]) -> dict[str, Any]:
    """The model in the form of `assistant/core/models.json`.

    It maximises the log of the F1 to expect of a turn, less the penalty.
    """
    import numpy as np
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    some = [row for row in some if max(row.gains.values()) > 0]
    names = list(some[0].values)
    values = np.array([[row.values[name] for name in names] for row in some])
    mean, scale = values.mean(axis=0), values.std(axis=0)
    scale[scale < 1e-5] = 1.0  # a constant signal says nothing
    inputs = np.hstack([np.ones((len(some), 1)), (values - mean) / scale])
    gains = np.array([[row.gains.get(meaning, 0.0) for meaning in MEANINGS] for row in some])
    possible = np.array([[meaning in row.scores for meaning in MEANINGS] for row in some])

    def loss(flat: Any) -> Any:
        weights = flat.reshape(len(MEANINGS), -1)
        logits = np.where(possible, inputs @ weights.T, -1e9)
        chances = np.exp(logits - logits.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        right = chances * gains
        expected = right.sum(axis=1, keepdims=True)
        slope = (chances - right / expected).T @ inputs
        penalised = weights.copy()
        penalised[:, 0] *= 0.1
        size = (penalised * weights).sum()
        return PENALTY * size - np.log(expected).sum(), (slope + 2 * PENALTY * penalised).ravel()

    start = np.zeros(len(MEANINGS) * inputs.shape[1])
    best = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 2000}).x.reshape(len(MEANINGS), -1)
    return {
        "features": names,
        "mean": mean.round(5).tolist(),
        "scale": scale.round(5).tolist(),
        "weights": {meaning: row[1:].round(3).tolist() for meaning, row in zip(MEANINGS, best, strict=True)},
        "bias": {meaning: round(float(row[0]), 3) for meaning, row in zip(MEANINGS, best, strict=True)},
        "examples": len(some),
        "questions": len({row.question.conversation for row in some}),
    }


def replayed(talk: Talk, chosen: Preference) -> Iterator[tuple[Question, str, float]]:
    """Each later turn with its reading by `chosen` and its F1, after the turns as they were really read."""
    turns: list[Turn] = []
    for question in talk.questions:
        reading = TurnReading("alone", functools.partial(talk.search.understood, question.question))
        if turns:
            before = earlier(turns)
            looks = look(question.question, before, talk.search)
            every = readings(question.question, before, looks, talk.search)
            reading = probable(every, features(question.question, before, looks), chosen)
        turns.append(answered(question.question, reading, talk.search))
        if len(turns) > 1:
            yield question, reading.meaning, score(question, turns[-1])


def report(talks: Sequence[Talk]) -> Table:
    """The cross-validated F1 of the later turns, by how they refer to earlier ones."""
    known = {talk.questions[0].conversation: list(rows(talk)) for talk in talks}
    scores: dict[str, list[tuple[float, float]]] = {}
    for fold in range(FOLDS):
        others = [row for talk in talks if talk.fold != fold for row in known[talk.questions[0].conversation]]
        chosen = Preference.of(fit(others))
        for talk in (talk for talk in talks if talk.fold == fold):
            best = [max(row.scores.values()) for row in known[talk.questions[0].conversation]]
            for (question, _, f1), most in zip(replayed(talk, chosen), best, strict=True):
                names = [question.refers or "our own sets"]
                names += ["all but unanswered"] if question.gold and question.refers else []
                for name in names:
                    scores.setdefault(name, []).append((f1, most))
    lines = [
        (name, str(len(some)), *(f"{sum(column) / len(some):.3f}" for column in zip(*some, strict=True)))
        for name, some in sorted(scores.items())
    ]
    return Table("Later turns, cross-validated", ("refers", "n", "F1", "best reading"), tuple(lines))


def talks_of(abstracts: Path, opened: ExitStack) -> list[Talk]:
    """The conversations, each with the papers of its pool; the libraries stay open as long as `opened`."""
    papers = papers_of(abstracts)
    every = sorted(read(stock.set_file("talks")), key=lambda question: question.pool)
    talks: list[Talk] = []
    for pool, of_pool in groupby(every, lambda question: question.pool):
        inside = [paper for paper in papers if pool in paper.sources]
        home = stock.indexed(pool.replace(" ", "-").lower(), inside, stock.CACHE)
        talks += _talks(of_pool, opened.enter_context(home), opened)
    return talks


def own_talks(listings: Path | None, opened: ExitStack) -> list[Talk]:
    """Our own conversations of the fitting half: about the sample, and about the listings if they are here."""
    talks: list[Talk] = []
    for name, files in (("sample", stock.sample()), *([("listings", stock.real(listings))] if listings else [])):
        papers = {paper.id: paper for file in files for paper in papers_in(file).papers}
        questions = [q for q in read(stock.set_file(name)) if q.conversation and half(q) == "fit"]
        home = stock.indexed(f"talks-{name}", list(papers.values()), stock.CACHE)
        talks += _talks(questions, opened.enter_context(home), opened)
    return talks


def _talks(questions: Iterable[Question], home: Holdings, opened: ExitStack) -> Iterator[Talk]:
    index = opened.enter_context(home.reading())
    together: dict[str, list[Question]] = {}
    for question in questions:
        together.setdefault(question.conversation or "", []).append(question)
    if index is not None:
        yield from (Talk(tuple(some), Search(index)) for some in together.values())


def main() -> None:
    """Fit, or print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("fit", "report"))
    parser.add_argument("--abstracts", type=Path, required=True)
    parser.add_argument("--listings", type=Path, help="folder of the real listing files; without it the sample is used")
    options = parser.parse_args()
    with ExitStack() as opened:
        talks = [*talks_of(options.abstracts, opened), *own_talks(options.listings, opened)]
        if options.what == "report":
            Screen().console.print(to_rich(report(talks)))
        else:
            keep(turns=fit([row for talk in talks for row in rows(talk)]))


if __name__ == "__main__":
    main()
