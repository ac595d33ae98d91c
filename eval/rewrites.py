"""Public conversations in, how near our follow-ups come to what people made of them out.

A set is a folder with `queries.jsonl`: turns (`id`, `question`, `rewrite`, `history`, `type`), those of a conversation
one after another. `rewrite` is the turn as a person put it to stand alone, `type` is "same" where nothing had to be
done. No paper answers these questions, so every turn before is one that was declined.
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
"""Turns that are remembered, as in the product."""
TYPED, OURS, PEOPLES = "as typed", "self-contained", "rewritten by a person"


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A turn as typed, by us and by a person; `reply` is what was answered to it, "" where that is not told."""

    typed: str
    ours: str
    peoples: str
    follows: bool
    reply: str = ""


def read_rewrites(folder: str | Path) -> list[Rewrite]:
    """The turns of the set in `folder`, in order; FormatError says which line and field is wrong."""
    records = list(read_lines(Path(folder) / "queries.jsonl"))
    found: list[Rewrite] = []
    turns: list[Turn] = []
    for record, next_one in zip(records, [*records[1:], None], strict=True):
        said = record.records("history")
        turns = turns if said else []
        question = record.text("question")
        ours = self_contained(question, turns[-MEMORY:], lambda _: ())
        turns.append(Turn(question, Answer(question, ours, declined=Decline("absent", "Nothing here."))))
        reply = _reply(next_one.records("history")) if next_one else ""
        found.append(Rewrite(question, ours, record.text("rewrite"), record.text("type") != "same", reply))
    return found


def _reply(history: Sequence[Record]) -> str:
    return history[-1].text("text") if history and history[-1].text("role") == "assistant" else ""


def nearness(turns: Sequence[Rewrite], embedder: Embedder) -> dict[str, Interval | None]:
    """What is told of all the turns: see the table."""
    following = [turn for turn in turns if turn.follows]
    return {
        "words a person added that we add": interval(list(_shares(following, found=True))),
        "words we add that a person added": interval(list(_shares(following, found=False))),
        "turns left alone that need nothing": interval([float(t.ours == t.typed) for t in turns if not t.follows]),
    } | {f"MRR of the reply, {way}": interval(ranks) for way, ranks in _ranks(turns, embedder).items()}


def _shares(turns: Sequence[Rewrite], *, found: bool) -> Iterator[float]:
    """Of each turn to which there was something to add, or to which we did, the share that both added."""
    for turn in turns:
        typed = {*terms(turn.typed)}
        peoples, ours = {*terms(turn.peoples)} - typed, {*terms(turn.ours)} - typed - {*terms("regarding")}
        whole = peoples if found else ours
        if whole:
            yield len(peoples & ours) / len(whole)


def _ranks(turns: Sequence[Rewrite], embedder: Embedder) -> Mapping[str, list[float]]:
    """For each wording of the follow-ups, 1 / the rank by cosine of the reply among all replies."""
    import numpy as np

    told = [turn for turn in turns if turn.reply]
    replies = np.stack([one.vector for one in embedder.encode([turn.reply for turn in told])]) if told else None
    found: dict[str, list[float]] = {TYPED: [], OURS: [], PEOPLES: []}
    for place, turn in enumerate(told):
        for way, question in zip(found, (turn.typed, turn.ours, turn.peoples), strict=True):
            if turn.follows and replies is not None:
                cosines = replies @ embedder.encode([question])[0].vector
                found[way].append(1 / (1 + int((cosines > cosines[place]).sum())))
    return found


def rewrites(folder: Path) -> dict[str, Interval | None]:
    """`nearness` of the set in `folder`, by the bundled embedder."""
    return nearness(read_rewrites(folder), BundledEmbedder())


def rewrites_table(found: Mapping[str, Interval | None]) -> Table:
    """One line a measure."""
    lines = tuple(
        (name, f"{one.mean:.3f}", f"{one.low:.3f} to {one.high:.3f}", str(one.count)) if one else (name, *[NOTHING] * 3)
        for name, one in found.items()
    )
    note = (
        "Means over turns. No paper is found for any of them, so only the words of the questions before can be added."
    )
    return Table(f"Follow-ups: {CONVERSATIONS}", ("measure", "mean", "95 % interval", "n"), lines, note)
