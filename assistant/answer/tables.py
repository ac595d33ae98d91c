"""The papers of a comparison in, what is asked of each out, or a table: a row for each aspect, a cell for each paper.

"Which of A and B is faster?" asks for something; "Compare A and B." does not. Then the rows are what most abstracts
state: what is done, on which data, and what comes of it. A sentence is in one cell only, and a cell is empty if the
abstract does not state that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from ..check.edits import DATA
from ..core.records import Evidence, Hit, Paper, Sentence
from ..core.text import content_words
from ..question.understanding import Asked
from .editing import depends, edited, introducing
from .quoting import quoted

Worth = Callable[[Paper, Evidence], float]
"""How clearly a sentence of a paper states an aspect."""
STATED = 0.5
"""Lowest worth of a sentence for an aspect: one cue for it, and none against."""

_COMPARING = re.compile(
    r"\b(?:compar\w*|contrast\w*|differ\w*|distinguish\w*|similarit\w*|versus|vs|each|two|between|relate)\b", re.I
)
"""Words that only say that a comparison is wanted."""
_DATA = re.compile(rf"\b{DATA}s?\b|\bcorpora\b|\btrained on\b|\bevaluated on\b|\bexperiments on\b", re.I)


def compared(asked: Asked, hits: Sequence[Hit]) -> Iterator[Sentence]:
    """What the question asks of each paper; if it asks for nothing but a comparison, in full, the rows of aspects."""
    if asked.brief or content_words(_COMPARING.sub(" ", asked.focus)):
        yield from (sentence for hit in hits for sentence in quoted(asked, hit, fewest=2).sentences)
    else:
        yield from _aspects(hits)


def _aspects(hits: Sequence[Hit]) -> Iterator[Sentence]:
    """The cells row by row, each under the title of its paper; a row has at least two."""
    texts = {hit.paper.id: edited(hit.paper, hit.evidence) for hit in hits}
    free = {hit.paper.id: list(hit.evidence) for hit in hits}
    for aspect, worth in _ASPECTS.items():
        row = [(hit, _best(hit.paper, free[hit.paper.id], worth, texts[hit.paper.id])) for hit in hits]
        cells = [(hit, best) for hit, best in row if best is not None]
        if len(cells) < min(2, len(hits)):
            continue
        for hit, best in cells:
            free[hit.paper.id].remove(best)
            text = texts[hit.paper.id][best.start]
            yield Sentence(text, (hit.paper.id,), hit.paper.title, section=aspect)


def _best(paper: Paper, sentences: Sequence[Evidence], worth: Worth, texts: dict[int, str]) -> Evidence | None:
    """The sentence that most clearly states an aspect and stands alone, if there is one."""
    alone = [one for one in sentences if not depends(texts[one.start])]
    best = max(alone, key=lambda one: (worth(paper, one), one.signals.answers), default=None)
    return best if best is not None and worth(paper, best) >= STATED else None


def _approach(paper: Paper, sentence: Evidence) -> float:
    signals = sentence.signals
    said = max(signals.proposal, float(introducing(paper, sentence.text)))
    return said + 0.5 * signals.own - signals.background - signals.available - 0.4 * signals.place


def _data(_: Paper, sentence: Evidence) -> float:
    signals = sentence.signals
    return bool(_DATA.search(sentence.text)) + 0.3 * signals.figure - signals.background - signals.available


def _result(_: Paper, sentence: Evidence) -> float:
    signals = sentence.signals
    return signals.result + 0.5 * signals.figure + 0.3 * signals.place - signals.background - signals.available


_ASPECTS: dict[str, Worth] = {"Approach": _approach, "Result": _result, "Data": _data}
"""How clearly a sentence states each aspect, by its cues."""
