"""The conditions of a question and its hits in, the hits that meet them out, and in words what was applied.

They apply to questions about several papers, and what a filter leaves out to all of them. Whether a paper meets one is
read off its title and abstract; a condition that changes nothing, because none of them says anything about it, is not
passed over in silence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..core.logistic import model
from ..core.records import Hit, Paper
from ..core.text import numbers, sentences, stem, stems_of, words
from ..question.conditions import Bound
from ..question.understanding import Asked
from .excluding import breaking

if TYPE_CHECKING:
    from ..index.searchable import Index

LIKELY = 0.15
"""The relevance from which a paper might be in a list."""
OFTEN = 2
"""Sentences that name a thing before the paper is about it; or its title does."""
NEAR = 4
"""Most words between a number and its unit ("175 billion trainable parameters")."""
BESIDE = {"%": 1, "x": 0, "": 2}
"""How many of the words beside a bound in the question a sentence must share, if the figure counts nothing: a share, a
factor, or a bare number, by the unit of `Number`."""
MEASURES = frozenset(BESIDE)


def applied(asked: Asked, hits: Sequence[Hit], index: Index) -> tuple[Asked, list[Hit]]:
    """What was asked, with the conditions that leave papers out and those that cannot be applied; and the other hits.

    What a filter excludes is left out for certain, whatever the question wants. What a question about several papers
    excludes makes a hit as much less relevant as its paper is probably about that.
    """
    always = [what for what in asked.conditions.always if any(is_about(hit.paper, what) for hit in hits)]
    kept = [hit for hit in hits if not any(is_about(hit.paper, what) for what in always)]
    if not asked.several:
        return _stating(asked, asked.conditions.always, always, ()), kept
    kept = [hit for hit in kept if all(_names_any(hit.paper, what) for what in asked.conditions.both)]
    kept, silent = _bounded(asked.conditions.bounds, kept)
    columns = {what: breaking(what, kept, index) for what in asked.conditions.without}
    left_out = [what for what, probable in columns.items() if _leaves_out(kept, probable)]
    worst = [max(row) for row in zip(*columns.values(), strict=True)] or [0.0] * len(kept)
    weighed = [replace(hit, relevance=hit.relevance * (1 - p)) for hit, p in zip(kept, worst, strict=True)]
    applied_to = _stating(asked, (*asked.conditions.without, *asked.conditions.always), [*left_out, *always], silent)
    broken = [hit for hit, p in zip(kept, worst, strict=True) if p >= model("breaks").threshold]
    titles = tuple(hit.paper.title for hit in broken if hit.relevance >= LIKELY)
    return replace(applied_to, broken_by=titles), sorted(weighed, key=lambda hit: -hit.relevance)


def _stating(asked: Asked, excluded: Sequence[str], left_out: Sequence[str], silent: Sequence[str]) -> Asked:
    """What was asked, with what became of its conditions."""
    useless = tuple(what for what in excluded if what not in left_out)
    return replace(asked, left_out=tuple(left_out), unapplied=(*useless, *silent))


def _leaves_out(hits: Sequence[Hit], probable: Sequence[float]) -> bool:
    """Whether a thing leaves out a paper that a list would otherwise have."""
    least = model("breaks").threshold
    return any(hit.relevance >= LIKELY and p >= least for hit, p in zip(hits, probable, strict=True))


def _bounded(bounds: Sequence[Bound], hits: Sequence[Hit]) -> tuple[list[Hit], list[str]]:
    """The hits that state a figure within each bound, and the bounds that no hit says anything of."""
    silent = [bound.text for bound in bounds if not any(states(hit.paper, bound) for hit in hits)]
    usable = [bound for bound in bounds if bound.text not in silent]
    return [hit for hit in hits if all(states(hit.paper, bound) for bound in usable)], silent


def conditions_in_words(asked: Asked) -> str:
    """What the answer says of the conditions; "" without any.

    That nothing had to be left out is said of a filter. Of words it would be noise: they may mean something else.
    """
    parts = []
    if asked.left_out:
        parts.append(f"Papers whose abstracts are about {_quoted(asked.left_out)} were left out.")
    excluded = (*asked.conditions.without, *asked.conditions.always)
    if spared := [what for what in asked.unapplied if what in asked.conditions.always]:
        parts.append(f"Nothing had to be left out for {_quoted(spared)}.")
    if silent := [what for what in asked.unapplied if what not in excluded]:
        parts.append(f"Not applied, because no abstract among the best matches says anything of it: {_quoted(silent)}.")
    return " ".join(parts)


def _quoted(some: Sequence[str]) -> str:
    return " or ".join(f"“{what}”" for what in some)


def is_about(paper: Paper, what: str) -> bool:
    """Whether a paper is about something: its title names it, or several sentences do."""
    wanted = stems_of(what)
    named = [wanted <= stems_of(span.of(paper.abstract)) for span in sentences(paper.abstract)]
    return bool(wanted) and (wanted <= stems_of(paper.title) or sum(named) >= OFTEN)


def _names_any(paper: Paper, what: str) -> bool:
    return not stems_of(what).isdisjoint(stems_of(f"{paper.title} {paper.abstract}"))


def states(paper: Paper, bound: Bound) -> bool:
    """Whether an abstract states a figure within the bound, of that unit and of what the question says beside it."""
    texts = [paper.title, *(span.of(paper.abstract) for span in sentences(paper.abstract))]
    return any(_states(text, bound) for text in texts)


def _states(text: str, bound: Bound) -> bool:
    within = [number for number in numbers(text) if bound.least <= number.value <= bound.most]
    if bound.unit in MEASURES:
        beside = len(bound.beside & stems_of(text))
        return any(number.unit == bound.unit for number in within) and beside >= min(
            BESIDE[bound.unit], len(bound.beside)
        )
    unit = stem(bound.unit)
    return any(unit in [stem(word) for word in words(_after(text, number.text))[:NEAR]] for number in within)


def _after(text: str, number: str) -> str:
    """The words after a number, as far as they may hold its unit."""
    match = re.search(rf"(?<![\w.]){re.escape(number)}(?P<after>[^.;,]{{0,60}})", text)
    return match["after"] if match else ""
