"""The conditions of a question and its hits in, the hits that meet them out, and in words what was applied.

They apply to questions about several papers, and what a filter leaves out to all of them. Whether a paper meets one is
read off its title and abstract; a condition that changes nothing, because none of them says anything about it, is not
passed over in silence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ..core.records import Hit, Paper
from ..core.text import numbers, sentences, stem, stems_of, words
from ..question.conditions import Bound
from ..question.understanding import Asked

OFTEN = 2
"""Sentences that name a thing before the paper is about it; or its title does."""
NEAR = 3
"""Most words between a number and its unit ("175 billion trainable parameters")."""


def applied(asked: Asked, hits: Sequence[Hit]) -> Asked:
    """What was asked, with those of its conditions that leave papers out, and those that cannot be applied."""
    excluded = (*(asked.conditions.without if asked.several else ()), *asked.conditions.always)
    left_out = tuple(what for what in excluded if any(is_about(hit.paper, what) for hit in hits))
    bounded = asked.conditions.bounds if asked.several else ()
    bounds = [bound for bound in bounded if not any(states(hit.paper, bound) for hit in hits)]
    useless = (*(what for what in excluded if what not in left_out), *(bound.text for bound in bounds))
    return replace(asked, left_out=left_out, unapplied=useless)


def meeting(asked: Asked, hits: Sequence[Hit]) -> list[Hit]:
    """The hits that meet the conditions that can be applied; most are set by questions about several papers alone."""
    hits = [hit for hit in hits if not any(is_about(hit.paper, what) for what in asked.left_out)]
    if not asked.several:
        return hits
    bounds = [bound for bound in asked.conditions.bounds if bound.text not in asked.unapplied]
    return [
        hit
        for hit in hits
        if all(_names_any(hit.paper, what) for what in asked.conditions.both)
        and all(states(hit.paper, bound) for bound in bounds)
    ]


def conditions_in_words(asked: Asked) -> str:
    """What the answer says of the conditions; "" without any."""
    parts = []
    if asked.left_out:
        parts.append(f"Papers whose abstracts are about {_quoted(asked.left_out)} were left out.")
    if asked.unapplied:
        silent = _quoted(asked.unapplied)
        parts.append(f"Not applied, because no abstract among the best matches says anything of it: {silent}.")
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
    """Whether an abstract states a figure of that unit within the bound."""
    unit = stem(bound.unit)
    return any(
        bound.least <= number.value <= bound.most
        for number in numbers(paper.abstract)
        if unit in [stem(word) for word in words(_after(paper.abstract, number.text))[:NEAR]]
    )


def _after(text: str, number: str) -> str:
    """The words after a number, as far as they may hold its unit."""
    match = re.search(rf"(?<!\w){re.escape(number)}(?P<after>[^.;,]{{0,60}})", text)
    return match["after"] if match else ""
