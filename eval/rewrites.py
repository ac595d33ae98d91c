"""How close our self-contained follow-ups come to those that people wrote, on public conversations.

A set is a folder with `queries.jsonl`: turns (`id`, `question`, `rewrite`, `history`, `type`), those of a conversation
one after another. `rewrite` is the turn as a person rewrote it to stand alone; `type` is "same" if nothing had to be
changed. No paper answers these questions, so all earlier turns count as declined.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.core.records import Answer, Decline, Turn
from assistant.core.text import terms
from assistant.index.embedding import BundledEmbedder, Embedder
from assistant.question.conversation import self_contained

from .jsonl import Record, read_lines
from .statistics import Interval, interval
from .tables import NOTHING, Table

CONVERSATIONS = "cast_rewrite"
MEMORY = 8
"""Earlier turns remembered, as in the product."""
TYPED, OURS, PEOPLES = "as typed", "self-contained", "rewritten by a person"


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A turn as typed, rewritten by us and by a person; `reply` is the answer to it, "" if the set has none."""

    typed: str
    ours: str
    peoples: str
    follows: bool
    reply: str = ""


def read_rewrites(folder: str | Path) -> list[Rewrite]:
    """The turns of the set in `folder`, in order; FormatError says which line and field is wrong."""
    records = list(read_lines(Path(folder) / "queries.jsonl"))
    rewrites: list[Rewrite] = []
    turns: list[Turn] = []
    for record, next_one in zip(records, [*records[1:], None], strict=True):
        history = record.records("history")
        turns = turns if history else []
        question = record.text("question")
        ours = self_contained(question, turns[-MEMORY:], lambda _: ())
        turns.append(Turn(question, Answer(question, ours, declined=Decline("absent", "Nothing here."))))
        reply = _reply(next_one.records("history")) if next_one else ""
        rewrites.append(Rewrite(question, ours, record.text("rewrite"), record.text("type") != "same", reply))
    return rewrites


def _reply(history: Sequence[Record]) -> str:
    return history[-1].text("text") if history and history[-1].text("role") == "assistant" else ""


def nearness(turns: Sequence[Rewrite], embedder: Embedder) -> dict[str, Interval | None]:
    """The measures over all turns, by name."""
    following = [turn for turn in turns if turn.follows]
    return {
        "words a person added that we added": interval(list(_shares(following, recall=True))),
        "words we added that a person added": interval(list(_shares(following, recall=False))),
        "self-contained turns we left alone": interval([float(t.ours == t.typed) for t in turns if not t.follows]),
    } | {f"MRR of the reply, {way}": interval(ranks) for way, ranks in _ranks(turns, embedder).items()}


def _shares(turns: Sequence[Rewrite], *, recall: bool) -> Iterator[float]:
    """For each turn, the share of the words that a person (or for precision, we) added which both added."""
    for turn in turns:
        typed = {*terms(turn.typed)}
        peoples, ours = {*terms(turn.peoples)} - typed, {*terms(turn.ours)} - typed - {*terms("regarding")}
        whole = peoples if recall else ours
        if whole:
            yield len(peoples & ours) / len(whole)


def _ranks(turns: Sequence[Rewrite], embedder: Embedder) -> Mapping[str, list[float]]:
    """For each wording of the follow-ups, 1 / the rank of its reply among all replies by cosine."""
    import numpy as np

    answered = [turn for turn in turns if turn.reply]
    replies = np.stack([one.vector for one in embedder.encode([turn.reply for turn in answered])]) if answered else None
    ranks: dict[str, list[float]] = {TYPED: [], OURS: [], PEOPLES: []}
    for place, turn in enumerate(answered):
        for way, question in zip(ranks, (turn.typed, turn.ours, turn.peoples), strict=True):
            if turn.follows and replies is not None:
                cosines = replies @ embedder.encode([question])[0].vector
                ranks[way].append(1 / (1 + int((cosines > cosines[place]).sum())))
    return ranks


def rewrites(folder: Path) -> dict[str, Interval | None]:
    """`nearness` of the set in `folder`, with the bundled embedder."""
    return nearness(read_rewrites(folder), BundledEmbedder())


def rewrites_table(measures: Mapping[str, Interval | None]) -> Table:
    """A line for each measure."""
    lines = tuple(
        (name, f"{one.mean:.3f}", f"{one.low:.3f} to {one.high:.3f}", str(one.count)) if one else (name, *[NOTHING] * 3)
        for name, one in measures.items()
    )
    note = "Means over turns. No paper answers any of them, so only words of earlier questions can be added."
    return Table(f"Follow-ups: {CONVERSATIONS}", ("measure", "mean", "95 % interval", "n"), lines, note)
