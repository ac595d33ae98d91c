"""A question in, the statement out whose truth it asks about or takes for granted.

"Does X need Y?" asks whether "X need Y" is true; "Why does X need Y?" takes it for granted. The auxiliary is left out
instead of moved to where a statement would have it: an entailment model tells yes from no by such a statement (AUROC
.79 on the fitting questions), and less well by the question as it stands (.65).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_AUXILIARY = (
    r"(?:am|is|are|was|were|do|does|did|has|have|had|can|could|will|would|shall|should|may|might|must)"
    r"(?:n['’]t|not)?\b"
)
"""The closed class of words that open a question for yes or no."""
_OPENS = re.compile(rf"(?:^|[,:;–—-] )(?:(?:and|but|so|or|then) )?(?P<auxiliary>{_AUXILIARY})", re.I)
_ASKS_ELSE = re.compile(rf"\b(?:how|why|what|which|who|whose|whom)\b|\b(?:when|where) {_AUXILIARY}", re.I)
"""An interrogative: before the auxiliary it asks for more than yes or no; after "can you" it is what is meant."""
_OF_US = re.compile(rf"(?:{_AUXILIARY}) you\b", re.I)
_CHOICE = re.compile(r"\bor\b", re.I)
_TAKES_FOR_GRANTED = re.compile(rf"^(?:.*[,:;–—-] )?(?:why|how come|(?:by )?how much)\b(?: {_AUXILIARY})?", re.I)


@dataclass(frozen=True, slots=True)
class Stated:
    """A statement, and whether the question asks if it is true (`asked`) or takes it for granted."""

    text: str
    asked: bool


def stated(question: str) -> Stated | None:
    """What the question asks the truth of, or takes for granted; None for all other questions.

    >>> stated("Does SpeechT5 need labelled speech?")
    Stated(text='SpeechT5 need labelled speech', asked=True)
    >>> stated("Why is SpeechT5 slower than T5?")
    Stated(text='SpeechT5 slower than T5', asked=False)
    >>> stated("What does SpeechT5 need?")
    """
    question = question.rstrip(" ?!.")
    openings = list(_OPENS.finditer(question))
    if len(openings) == 1 and _wants_yes_or_no(question, openings[0]):
        start, end = openings[0].span("auxiliary")
        return Stated(" ".join((question[:start] + question[end:]).split()), asked=True)
    presuming = _TAKES_FOR_GRANTED.match(question)
    if presuming and question[presuming.end() :].strip():
        return Stated(question[presuming.end() :].strip(), asked=False)
    return None


def _wants_yes_or_no(question: str, opening: re.Match[str]) -> bool:
    """Whether nothing but yes or no is asked for: neither a choice of two nor, by "can you say why", a reason."""
    start = opening.start("auxiliary")
    if _CHOICE.search(question, start) or _ASKS_ELSE.search(question, 0, start):
        return False
    return not (_OF_US.match(question, start) and _ASKS_ELSE.search(question, start))
