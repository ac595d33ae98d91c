"""A question's hits in, the sources of a prompt out: fenced as data, cut at sentences to a budget of tokens.

What stands in the middle of a long prompt is read least (https://arxiv.org/abs/2307.03172), so the best hit comes
first and the second best last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..core.records import Evidence, Hit
from ..core.tokens import count_tokens
from ..llm.prompts import fenced, harmless

CUT = "[...]"
"""Stands where sentences of an abstract were left out."""
FENCE_TOKENS = 20
"""What the fences around one source take, about."""
AT_LEAST = 2
"""Sentences of each source that go in before any source goes in whole."""


@dataclass(frozen=True, slots=True)
class Briefing:
    """The text of the sources, and the hits in the order they are shown: source 1 is `shown[0]`."""

    text: str
    shown: tuple[Hit, ...]


def brief(hits: Sequence[Hit], *, budget: int) -> Briefing:
    """The sources within `budget` tokens, of `hits` best first; a hit that has no room is left out."""
    kept = {place: told for place, told in enumerate(_kept(hits, budget)) if told}
    order = [*list(kept)[:1], *list(kept)[2:], *list(kept)[1:2]]
    shown = [_source(number, hits[place], kept[place]) for number, place in enumerate(order, start=1)]
    return Briefing("\n\n".join(shown), tuple(hits[place] for place in order))


def _kept(hits: Sequence[Hit], budget: int) -> list[set[int]]:
    """For each hit, the places of the sentences that go in.

    First the best of every hit, so that none is missing; then the rest of the best hit, of the next, and so on.
    """
    ranked = [_by_worth(hit.evidence) for hit in hits]
    wanted = [(n, place) for n, places in enumerate(ranked) for place in places[:AT_LEAST]]
    wanted += [(n, place) for n, places in enumerate(ranked) for place in places[AT_LEAST:]]
    kept: list[set[int]] = [set() for _ in hits]
    left = budget
    for n, place in wanted:
        opening = 0 if kept[n] else FENCE_TOKENS + count_tokens(harmless(hits[n].paper.title))
        cost = opening + 2 + count_tokens(harmless(hits[n].evidence[place].text))
        if cost <= left:
            kept[n].add(place)
            left -= cost
    return kept


def _by_worth(evidence: Sequence[Evidence]) -> list[int]:
    return sorted(range(len(evidence)), key=lambda place: -evidence[place].signals.answers)


def _source(number: int, hit: Hit, places: set[int]) -> str:
    pieces, last = [hit.paper.title + "\n"], -1
    for place in sorted(places):
        pieces += [CUT] * (place != last + 1)
        pieces.append(hit.evidence[place].text)
        last = place
    pieces += [CUT] * (last != len(hit.evidence) - 1)
    return fenced("source", " ".join(pieces).replace("\n ", "\n"), number=number)
