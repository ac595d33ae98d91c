"""Fits and reports how a turn of a conversation is read.

    python -m eval.talks fit|report --abstracts FILE [--listings FOLDER]

`fit` writes the preference `turns` into `assistant/core/models.json`: for each meaning of a turn, weights of how the
turn is worded and of what the reading would cite, fitted so that the readings it prefers cite the right papers.
`report` holds out a tenth of the conversations at a time, replays these with a model fitted on the rest, and prints the
citation F1 of the later turns by how they refer to earlier ones; with --hands, it holds out each set of conversations
by another hand instead. The conversations are those of `eval/sets/talks.jsonl`, and the fitting half of our own; FILE
holds the abstracts (see `eval.written`), FOLDER the real listings.
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from assistant.answer.writing import choose
from assistant.core.logistic import Preference
from assistant.core.records import Answer, Citation, Claim, Paper, Passage, Turn, digest
from assistant.index.holdings import Holdings
from assistant.library.sources import read as papers_in
from assistant.question.conversation import earlier, regarding
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
    **dict.fromkeys(("it", "name-part", "why", "shorter", "ordinal", "unanswered"), ("paper",)),
    "both": ("each",),
    "compare": ("against", "each"),
    "others": ("others", "other list"),
    "more": ("paper", "others", "other list"),
    "narrow": ("narrowed", "list", "topic", "paper"),
    "swap": ("alone", "topic", "paper", "instead"),
    "new": ("alone",),
}
"""What a turn that refers in this way may mean. Other readings cite the right papers by chance."""
BY_CHANCE = 0.8
"""What it is worth to cite the right papers by chance."""
PENALTY, PENALTY_APART = 1.0, 4.0
"""How much a squared weight counts against the log-likelihood of the turns: any weight, and what one meaning adds to a
weight that all share."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A reading of a later turn: what it means, what the model sees of it, and its citation F1."""

    meaning: Meaning
    values: Mapping[str, float]
    f1: float


@dataclass(frozen=True, slots=True)
class LaterTurn:
    """A later turn and its readings."""

    question: Question
    tried: Sequence[Tried]

    @property
    def gains(self) -> list[float]:
        """How good each reading is: what it cites, and whether the turn can mean it."""
        meant = MEANT.get(self.question.refers, MEANINGS)
        return [one.f1 if one.meaning in meant else BY_CHANCE * one.f1 for one in self.tried]


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation and the papers it is about."""

    questions: tuple[Question, ...]
    search: Search

    @property
    def fold(self) -> str:
        """What it is held out with."""
        return str(int(digest(self.questions[0].conversation or ""), 16) % FOLDS)

    @property
    def hand(self) -> str:
        """Who wrote it."""
        return (self.questions[0].conversation or "").partition("-")[0]


def answered(question: str, reading: TurnReading, search: Search) -> Turn:
    """The turn with the papers that an answer to this reading would cite: those that it is about, or the right hits."""
    if reading.about:
        passages = (Passage(Paper(title, "").id, title, title, 0) for title in reading.about)
        query = regarding(reading.about, question)
        return Turn(question, Answer(question, query, tuple(map(_claim, passages)), kind="compare"))
    hits = search.hits(reading.asked)
    declined = decline(reading.asked, hits)
    claims = () if declined else tuple(_claim(hit.passage) for hit in choose(reading.asked, hits))
    asked = reading.asked
    return Turn(question, Answer(question, asked.text, claims, hits=tuple(hits), declined=declined, kind=asked.kind))


def _claim(passage: Passage) -> Claim:
    return Claim(passage.text, (Citation(passage, passage.text, 1.0, "quoted"),))


def rightly(turn: Turn, question: Question) -> Turn:
    """The turn as it should have been answered: it cites the right papers, in the order of the question's."""
    titles = question.gold or question.tolerated
    if not titles:
        return turn
    kind = "compare" if question.type == "compare" else "list" if len(titles) > 1 else turn.answer.kind
    claims = tuple(_claim(Passage(Paper(title, "").id, title, title, 0)) for title in titles)
    return replace(turn, answer=replace(turn.answer, claims=claims, declined=None, kind=kind))


def rows(talk: Talk) -> Iterator[LaterTurn]:
    """The later turns of a conversation, after the best answers before them, and again after the right ones."""
    yield from _rows(talk, lambda turn, _: turn)
    yield from _rows(talk, rightly)


def _rows(talk: Talk, as_answered: Callable[[Turn, Question], Turn]) -> Iterator[LaterTurn]:
    """The later turns of a conversation, each after the best readings of those before it."""
    first = talk.questions[0].question
    alone = TurnReading("alone", lambda: talk.search.understood(first))
    turns = [as_answered(answered(first, alone, talk.search), talk.questions[0])]
    for question in talk.questions[1:]:
        before = earlier(turns)
        looks = look(question.question, before, talk.search, talk.search.understood(question.question))
        every = readings(question.question, before, looks, talk.search)
        values = features(question.question, before, looks, every)
        after = [answered(question.question, one, talk.search) for one in every]
        scores = (score(question, turn) for turn in after)
        tried = zip(every, values, scores, strict=True)
        row = LaterTurn(question, [Tried(one.meaning, seen, f1) for one, seen, f1 in tried])
        yield row
        turns.append(as_answered(after[row.gains.index(max(row.gains))], question))


def score(question: Question, turn: Turn) -> float:
    """The citation F1 of a turn; what its paper does not say is asked about the right paper all the same."""
    about = replace(question, gold=question.gold or question.tolerated, unanswerable=None)
    if not question.gold:
        about = replace(about, tolerated=())
    return citation_scores(Outcome(about, turn.answer))[2] or 0.0 if about.gold else 0.0


def fit(some: Sequence[LaterTurn]) -> dict[str, Any]:
    """The model in the form of `assistant/core/models.json`.

    It maximises the log of the F1 to expect of a turn, less the penalties. What is the same for all readings of a turn
    has a weight for each meaning; what tells these readings apart has a shared one, and what a meaning adds to it.
    """
    import numpy as np
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    some = [row for row in some if max(row.gains) > 0]
    names = list(some[0].tried[0].values)
    values = np.array([[one.values[name] for name in names] for row in some for one in row.tried])
    mean, scale = values.mean(axis=0), values.std(axis=0)
    scale[scale < 1e-5] = 1.0  # a constant signal says nothing
    starts = np.cumsum([0, *(len(row.tried) for row in some)])[:-1]
    turn = np.repeat(np.arange(len(some)), [len(row.tried) for row in some])
    same = (np.maximum.reduceat(values, starts) == np.minimum.reduceat(values, starts)).all(axis=0)
    wording = np.hstack([np.ones((len(some), 1)), ((values - mean) / scale)[starts][:, same]])
    cited = ((values - mean) / scale)[:, ~same]
    meaning = np.array([MEANINGS.index(one.meaning) for row in some for one in row.tried])
    means = np.eye(len(MEANINGS))[meaning]
    gains = np.array([gain for row in some for gain in row.gains])
    wide, of_cited = wording.shape[1], cited.shape[1]
    ends = np.cumsum([len(MEANINGS) * wide, of_cited])
    penalty = np.repeat([PENALTY, PENALTY_APART], [ends[1], len(MEANINGS) * of_cited])
    penalty[: ends[0] : wide] *= 0.1  # the bias of a meaning

    def parts(flat: Any) -> Any:
        of_wording, shared, apart = np.split(flat, ends)
        return of_wording.reshape(-1, wide), shared + apart.reshape(-1, of_cited)

    def loss(flat: Any) -> Any:
        of_wording, weights = parts(flat)
        logits = (wording @ of_wording.T)[turn, meaning] + (cited * weights[meaning]).sum(axis=1)
        chances = np.exp(logits - np.maximum.reduceat(logits, starts)[turn])
        chances /= np.add.reduceat(chances, starts)[turn]
        expected = np.add.reduceat(chances * gains, starts)
        slope = chances - chances * gains / expected[turn]
        apart = means.T @ (cited * slope[:, None])
        by_meaning = np.add.reduceat(means * slope[:, None], starts).T @ wording
        slopes = np.concatenate([by_meaning.ravel(), apart.sum(axis=0), apart.ravel()])
        return penalty @ flat**2 - np.log(expected).sum(), slopes + 2 * penalty * flat

    best = minimize(loss, np.zeros(len(penalty)), jac=True, method="L-BFGS-B", options={"maxiter": 2000}).x
    of_wording, of_reading = parts(best)
    weights = np.zeros((len(MEANINGS), len(names)))
    weights[:, same], weights[:, ~same] = of_wording[:, 1:], of_reading
    return {
        "features": names,
        "mean": mean.round(5).tolist(),
        "scale": scale.round(5).tolist(),
        "weights": {meaning: row.round(3).tolist() for meaning, row in zip(MEANINGS, weights, strict=True)},
        "bias": {meaning: round(float(row[0]), 3) for meaning, row in zip(MEANINGS, of_wording, strict=True)},
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
            looks = look(question.question, before, talk.search, talk.search.understood(question.question))
            every = readings(question.question, before, looks, talk.search)
            reading = probable(every, features(question.question, before, looks, every), chosen)
        turns.append(answered(question.question, reading, talk.search))
        if len(turns) > 1:
            yield question, reading.meaning, score(question, turns[-1])


def report(talks: Sequence[Talk], held_out: Callable[[Talk], str]) -> Table:
    """The cross-validated F1 of the later turns, by how they refer to earlier ones."""
    known = {talk.questions[0].conversation: list(rows(talk)) for talk in talks}
    scores: dict[str, list[tuple[float, float]]] = {}
    for fold in sorted(set(map(held_out, talks))):
        others = [row for talk in talks if held_out(talk) != fold for row in known[talk.questions[0].conversation]]
        chosen = Preference.of(fit(others))
        for talk in (talk for talk in talks if held_out(talk) == fold):
            best = [max(one.f1 for one in row.tried) for row in known[talk.questions[0].conversation]]
            for (question, _, f1), most in zip(replayed(talk, chosen), best, strict=False):  # the first time of two
                names = [question.refers or "our own sets"]
                names += ["all but unanswered", f"all by {talk.hand}"] if question.gold and question.refers else []
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
    parser.add_argument("--hands", action="store_true", help="hold out all conversations by one hand at a time")
    parser.add_argument("--listings", type=Path, help="folder of the real listing files; without it the sample is used")
    options = parser.parse_args()
    with ExitStack() as opened:
        talks = [*talks_of(options.abstracts, opened), *own_talks(options.listings, opened)]
        if options.what == "report":
            Screen().console.print(
                to_rich(report(talks, (lambda talk: talk.hand) if options.hands else (lambda talk: talk.fold)))
            )
        else:
            keep(turns=fit([row for talk in talks for row in rows(talk)]))


if __name__ == "__main__":
    main()
