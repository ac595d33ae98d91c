"""How an answer about one paper reads: how long it is, where the fact stands, how its sentences open.

None of it uses the product's own models or word lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assistant.core.records import Answer
from assistant.core.text import sentences

from .questions import Nugget
from .wording import shown

_CONNECTIVE = re.compile(
    r"(?:however|moreover|furthermore|additionally|in addition|therefore|thus|hence|consequently|finally|besides"
    r"|nevertheless|nonetheless|specifically|in particular|to this end|to address|to tackle|to overcome|to solve"
    r"|to alleviate|to mitigate|as a result|accordingly|meanwhile|also|then|for example|for instance|in contrast"
    r"|on the other hand|this|these|those|such|it|its|they|their)\b",
    re.I,
)
"""Openings that need the sentence before: connectives and pointers."""
_FIRST_PERSON = re.compile(r"\b(?:we|our|ours|us)\b", re.I)
_BRACKETS = re.compile(r"\[[^\]]*\]")


@dataclass(frozen=True, slots=True)
class Form:
    """What one answer looks like. `empty` are its sentences without the fact, `fact_first` whether the first has it."""

    sentences: int
    empty: int
    fact_first: bool
    dangling: int
    first_person: int


def form(answer: Answer, nuggets: Iterable[Nugget]) -> Form | None:
    """The form of an answer that shows a vital nugget; None for any other."""
    spellings = [spelling for nugget in nuggets if nugget.vital for spelling in nugget.shown_by]
    shown_in = [any(shown(spelling, text) for spelling in spellings) for text in _sentences(answer)]
    if not any(shown_in):
        return None
    texts = _sentences(answer)
    return Form(
        sentences=len(texts),
        empty=shown_in.count(False),
        fact_first=shown_in[0],
        dangling=sum(bool(_CONNECTIVE.match(text.removeprefix("[…]").lstrip())) for text in texts),
        first_person=sum(bool(_FIRST_PERSON.search(_BRACKETS.sub("", text))) for text in texts),
    )


def rates(forms: Sequence[Form]) -> dict[str, float]:
    """Means over answers: sentences each, and the shares of sentences and answers."""
    every = sum(one.sentences for one in forms) or 1
    return {
        "sentences an answer": every / max(1, len(forms)),
        "sentences without the fact": sum(one.empty for one in forms) / every,
        "fact in the first sentence": sum(one.fact_first for one in forms) / max(1, len(forms)),
        "opening on a connective or pointer": sum(one.dangling for one in forms) / every,
        "first person outside brackets": sum(one.first_person for one in forms) / every,
    }


def _sentences(answer: Answer) -> list[str]:
    return [text[span.start : span.end] for text in (claim.text for claim in answer.claims) for span in sentences(text)]
