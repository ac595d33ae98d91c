"""Which of the ways to read a question its hits bear out, and which two papers a comparison is of.

Wording proposes: `Asked.readings`. Here the evidence decides: one paper that stands out, many that are alike, or none.
"""

from __future__ import annotations

import heapq
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from ..core.logistic import model
from ..core.records import Hit
from ..core.text import content_words
from ..question.understanding import ASIDE, FOR_THE_DESK, Asked
from .relevance import probabilities
from .retrieval import SURELY

Alone = Callable[[str, Asked], Hit | None]
"""The best hit of a part of a question, or None."""

_PARTING = re.compile(
    r"[.?!;](?= )| ->|,? (?:and|or|vs\.?|versus|with|to|from|than|against|between)(?= )|[,:](?= )", re.I
)
"""What may stand between two steps of a question, or between two things that are compared."""
CLEAR = 0.65
"""How probable an instruction must be by its wording for no evidence to count."""
LEAST = 0.02
"""What is added to either probability, so that no wording alone is decisive."""
FAMILIAR, SPREAD = 0.9, 0.12
"""How near the nearest question that the desk answers must be for the wording to be believed, and how far below that
it is believed e times less. A reply that comes no nearer than 0.6 is not given."""
SAYS_ALL = 0.5
"""The least probability that a paper is meant which has all words of a question."""
MOST_PARTINGS = 4
"""Most places where a comparison is tried to be parted: each takes two searches."""


def chosen(asked: Asked, hits: Sequence[Hit], nearness: float = FAMILIAR) -> Asked:
    """The reading that is most probable after its hits were seen.

    Only what the hits tell apart is chosen anew: the papers or something else, and one paper or several. A clear
    instruction stays one, however many papers it speaks of. `nearness` is that of the nearest question about the
    library or the assistant that has a reply: "How do I restore a reef?" is worded like one, but is near to none.
    """
    if asked.kind == "instruction" and asked.prior >= CLEAR:
        return asked
    if not hits:
        return replace(asked, kind="fact") if asked.limited and asked.kind in ASIDE else asked
    aside = 0.0 if asked.limited else _aside(asked, nearness)
    says_all = hits[0].signals.coverage == 1  # in a library of a few papers that counts more than relevance
    meant = max(hits[0].relevance, SAYS_ALL if says_all else 0.0)
    if aside * (1 - meant) > (1 - aside) * meant:
        return _likeliest(asked, [one for one in asked.readings if one.kind in ASIDE])
    of_papers = [one for one in asked.readings if one.kind not in ASIDE] or [replace(asked, kind="fact")]
    several = model("reading")
    wants_several = several.probability(features(asked, hits)) >= several.threshold
    return _likeliest(asked, [one for one in of_papers if one.several is wants_several] or of_papers)


def _aside(asked: Asked, nearness: float) -> float:
    """How probable it is before its hits are seen that a question asks nothing of the papers."""
    familiar = math.exp(min(0.0, (nearness - FAMILIAR) / SPREAD))
    return sum(
        one.prior * (familiar if one.kind in FOR_THE_DESK else 1.0) for one in asked.readings if one.kind in ASIDE
    )


def _likeliest(asked: Asked, readings: Sequence[Asked]) -> Asked:
    return max(readings, key=lambda one: one.prior, default=asked)


def features(asked: Asked, hits: Sequence[Hit]) -> dict[str, float]:
    """What tells one paper from several: the wording, and whether one hit stands out or many are alike."""
    one, several = probabilities(hits, "single"), probabilities(hits, "several")
    first, second = heapq.nlargest(2, [*one, 0.0])
    wording = [sum(reading.prior for reading in asked.readings if reading.several is many) for many in (True, False)]
    return {
        "wording": math.log((wording[0] + LEAST) / (wording[1] + LEAST)),
        "first": first,
        "second": second,
        "mass": math.log1p(sum(several)),
        "alike": sum(p > max(several) / 2 for p in several) / len(several),
        "named": float(any(hit.signals.named == SURELY for hit in hits)),
    }


def sides(asked: Asked, alone: Alone) -> list[str]:
    """The ids of the two papers of a comparison or of two steps; [] if both are named, or if it cannot be parted.

    It is parted wherever its wording allows, and each side is searched for by itself: the parting counts whose less
    probable side is the most probable.
    """
    named = {name.paper_ids: name for name in asked.named if name.exact}
    if len(named) > 1:
        return []
    best: tuple[float, list[str]] = (0.0, [])
    for left, right in partings(asked.text)[:MOST_PARTINGS]:
        pair = [paper for side in (left, right) if (paper := _paper(side, asked, alone))]
        if len({paper_id for paper_id, _ in pair}) == 2:
            best = max(best, (min(sure for _, sure in pair), [paper_id for paper_id, _ in pair]))
    return best[1]


def _paper(side: str, asked: Asked, alone: Alone) -> tuple[str, float] | None:
    """The id of the paper that a side is about, and how probably; None if there is none."""
    for name in asked.named:
        if name.exact and name.text in side:
            return name.paper_ids[0], 1.0
    hit = alone(side, asked)
    return (hit.paper.id, hit.relevance) if hit else None


def partings(text: str) -> list[tuple[str, str]]:
    """The two sides of each place where a text can be parted.

    >>> partings("Compare apples with pears")
    [('Compare apples', 'pears')]
    """
    pairs = [(text[: match.start()], text[match.end() :].strip()) for match in _PARTING.finditer(text)]
    return [pair for pair in pairs if all(map(content_words, pair))]
