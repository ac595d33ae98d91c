"""Ratings turned into cases for an evaluation, in the format that eval/README.md describes.

An answer rated good makes a complete case: its gold is the titles cited, or the reason for declining. An answer rated
bad makes a case that `assistant eval` refuses until somebody adds the titles that a right answer cites.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..core.records import Answer, digest
from .conversations import KeptTurn

UNFINISHED = "needs-gold"
"""The type of a case without gold."""


@dataclass(frozen=True, slots=True)
class Cases:
    """Cases as in a question file, one object a line: those ready to be asked, and those that still need gold."""

    ready: tuple[dict[str, Any], ...]
    unfinished: tuple[dict[str, Any], ...]


def cases(rated: Iterable[tuple[str, KeptTurn]]) -> Cases:
    """One case for each answer. If an answer has several ratings, a single bad one makes it need gold.

    rated: rated turns with the ids of their conversations. Neither the ids nor the people appear in a case.
    """
    turns: dict[tuple[str, int], list[KeptTurn]] = {}
    for id_, kept in rated:
        turns.setdefault((id_, kept.number), []).append(kept)
    ready, unfinished = [], []
    for turn, ratings in turns.items():
        answer = ratings[0].turn.answer
        good = all(kept.thumb is not None and kept.thumb.good for kept in ratings)
        case = {"id": f"feedback-{digest(*map(str, turn))}"} | _case(answer, good) | {"note": _note(ratings)}
        if case["type"] == UNFINISHED:
            unfinished.append(case)
        else:
            ready.append(case)
    return Cases(tuple(ready), tuple(unfinished))


def _case(answer: Answer, good: bool) -> dict[str, Any]:
    """The question and its right answer. A follow-up is asked as the self-contained question it was understood as."""
    asked = {"question": answer.query}
    if good and answer.declined and answer.declined.kind != "empty":
        asked_about = answer.declined.nearest[:1] if answer.declined.kind == "unstated" else ()
        return {"type": "unanswerable", **asked, "tolerated": list(asked_about), "unanswerable": answer.declined.kind}
    if good and answer.titles:
        return {"type": answer.kind, **asked, "gold": list(answer.titles)}
    return {"type": UNFINISHED, **asked, "gold": []}


def _note(ratings: Sequence[KeptTurn]) -> str:
    """For whoever reads the case: the question as typed if it differs, the titles cited, and the comments."""
    turn = ratings[0].turn
    parts = [f"Asked as: {turn.question}"] if turn.question != turn.answer.query else []
    uncited = "About the library or the assistant." if turn.answer.message else "Declined."
    parts += [f"Cited: {'; '.join(turn.answer.titles)}" if turn.answer.titles else uncited]
    for kept in ratings:
        if kept.thumb:
            comment = " ".join(kept.thumb.comment.split())
            parts.append(f"Thumb {'up' if kept.thumb.good else 'down'}{': ' + comment if comment else '.'}")
    return " | ".join(parts)
