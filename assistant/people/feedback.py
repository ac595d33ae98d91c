"""Kept turns and their thumbs in, cases for an evaluation out, in the format that eval/README.md describes.

What was found good becomes a case as it stands: the titles cited are its gold, or the reason to decline is. What
was found bad becomes a case that still needs somebody to say which papers a right answer cites; `assistant eval`
refuses it until then.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..core.records import Answer, digest
from .conversations import KeptTurn

UNFINISHED = "needs-gold"
"""The type of a case whose gold is not known yet."""


@dataclass(frozen=True, slots=True)
class Cases:
    """Cases as they stand in a question file, one object a line: ready to be asked, and those that need gold."""

    ready: tuple[dict[str, Any], ...]
    unfinished: tuple[dict[str, Any], ...]


def cases(rated: Iterable[tuple[str, KeptTurn]]) -> Cases:
    """One case an answer. Of several thumbs for the same answer one down is enough for it to need gold.

    `rated` gives the id of a conversation with each turn; neither ids nor people are told.
    """
    turns: dict[tuple[str, int], list[KeptTurn]] = {}
    for id_, kept in rated:
        turns.setdefault((id_, kept.number), []).append(kept)
    ready, unfinished = [], []
    for place, given in turns.items():
        answer = given[0].turn.answer
        good = all(kept.thumb is not None and kept.thumb.good for kept in given)
        case = {"id": f"feedback-{digest(*map(str, place))}"} | _case(answer, good) | {"note": _note(given)}
        if case["type"] == UNFINISHED:
            unfinished.append(case)
        else:
            ready.append(case)
    return Cases(tuple(ready), tuple(unfinished))


def _case(answer: Answer, good: bool) -> dict[str, Any]:
    """What is asked and what a right answer is; a follow-up is asked as the self-contained question it stood for."""
    asked = {"question": answer.query}
    if good and answer.declined and answer.declined.kind != "empty":
        meant = answer.declined.nearest[:1] if answer.declined.kind == "unstated" else ()
        return {"type": "unanswerable", **asked, "tolerated": list(meant), "unanswerable": answer.declined.kind}
    if good and answer.answered:
        return {"type": answer.kind, **asked, "gold": list(answer.titles)}
    return {"type": UNFINISHED, **asked, "gold": []}


def _note(given: Iterable[KeptTurn]) -> str:
    """For whoever reads the case: the question as typed where it differs, what was cited, and the comments."""
    given = list(given)
    turn = given[0].turn
    told = [f"Asked as: {turn.question}"] if turn.question != turn.answer.query else []
    told += [f"Cited: {'; '.join(turn.answer.titles)}" if turn.answer.titles else "Declined."]
    for kept in given:
        if kept.thumb:
            comment = " ".join(kept.thumb.comment.split())
            told.append(f"Thumb {'up' if kept.thumb.good else 'down'}{': ' + comment if comment else '.'}")
    return " | ".join(told)
