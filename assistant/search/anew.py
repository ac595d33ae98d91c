"""A later turn in, whether it asks for other papers than those of the conversation out.

"Which papers are about orchards?" after an answer on coral reefs goes on from nothing: papers that nobody has spoken of
are probably about it, and those that were shown are probably not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..core.records import Paper, Turn
from ..question.conversation import bare, cues, earlier, numbered
from ..question.understanding import Asked
from .relevance import judged

if TYPE_CHECKING:
    from . import Search

PROBABLE, UNLIKELY = 0.6, 0.5
"""Least relevance of the best new paper, and the most that all that were shown stay below. Of 400 later turns of the
fitting talks, only three that the fitted reading takes for follow-ups begin anew; one of them wrongly ("Tested
languages?"), and two have no answer."""
POINTING = ("pointer", "group", "pair", "others", "more", "only", "against", "shorter", "joining", "nothing_own")
"""The cues of turns that go on."""


def begins_anew(question: str, turns: Sequence[Turn], search: Search, alone: Asked) -> bool:
    """Whether a turn wants a list of papers that has nothing to do with the turns before it.

    `alone`: what it asks for if it stands alone.
    """
    talk, worded = earlier(turns), cues(question)
    if bare(question) != question or numbered(question, talk) or any(worded[cue] for cue in POINTING):
        return False
    if not alone.several:
        return False
    shown = tuple(Paper(title, "").id for title in talk.seen)
    hits = judged(alone, search.retriever.retrieve(replace(alone, papers=shown)))
    of_shown = max((hit.relevance for hit in hits if hit.paper.id in shown), default=0.0)
    of_others = max((hit.relevance for hit in hits if hit.paper.id not in shown), default=0.0)
    return of_others >= PROBABLE and of_shown < UNLIKELY
