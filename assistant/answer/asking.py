"""A question, the turns before it and the papers chosen for it in, what it asks for out.

The rules read it; where they may misread it, a language model does, if there is one.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace

from ..core.records import Event, Paper, Turn
from ..question.conversation import bare, points, regarding
from ..question.understanding import Asked, fits_any_paper
from ..search import Search
from ..search.anew import begins_anew
from ..search.following import followed
from .meaning import Interpreter, in_doubt
from .replying import is_for_the_desk


def asked_for(
    question: str, turns: Sequence[Turn], chosen: Sequence[Paper], search: Search, interpreter: Interpreter | None
) -> Generator[Event, None, Asked]:
    """What the question asks for, with what it refers to spelt out: papers of earlier turns, or the chosen ones."""
    titles = [paper.title for paper in chosen]
    if chosen:
        turns = [turn for turn in turns if turn.answer.titles and {*turn.answer.titles} <= {*titles}]
    asked = replace(search.understood(question), papers=tuple(paper.id for paper in chosen) or None)
    desk = turns and is_for_the_desk(question, asked.kind, search.index)
    if turns and (desk or (not chosen and begins_anew(question, turns, search, asked))):
        turns = ()
    reading = followed(question, turns, search, asked)
    asked, alone = reading.asked, reading.meaning == "alone"
    if chosen and not alone:
        question = asked.text
    elif chosen and (fits_any_paper(question, search.index) or points(question)):
        question = regarding(titles, question)
        asked = replace(search.understood(question), papers=asked.papers)
    if chosen or bare(question) != question:  # the papers that it is about are known
        turns, alone = (), True
    if interpreter and in_doubt(asked, turns):
        yield Event("understanding the question")
        asked = interpreter.read(question, turns, asked, search, alone=alone)
    return asked
