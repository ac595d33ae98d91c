"""The conditions of a question and its hits in, the hits that meet them out, and in words what was applied.

They apply to questions about several papers. Whether a paper meets one is read off its title and abstract; a condition
that none of them says anything about is not applied, and the answer says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..core.records import Hit, Paper
from ..core.text import numbers, sentences, stem, stems_of, words
from ..question.conditions import Bound
from ..question.understanding import Asked

OFTEN = 2
"""Sentences that name a thing before the paper is about it; or its title does."""
NEAR = 3
"""Most words between a number and its unit ("175 billion trainable parameters")."""


def meeting(asked: Asked, hits: Sequence[Hit]) -> list[Hit]:
    """The hits that meet the conditions, which only a question about several papers sets."""
    if not asked.several:
        return [*hits]
    conditions = asked.conditions
    bounds = [bound for bound in conditions.bounds if bound.text not in asked.unapplied]
    good = [
        hit
        for hit in hits
        if not any(is_about(hit.paper, what) for what in conditions.without)
        and all(_names_any(hit.paper, what) for what in conditions.both)
        and all(_states(hit.paper, bound) is not False for bound in bounds)
    ]
    return good


def unapplied(asked: Asked, hits: Sequence[Hit]) -> tuple[str, ...]:
    """The conditions that cannot be applied: no hit states such a figure."""
    bounds = asked.conditions.bounds if asked.several else ()
    return tuple(bound.text for bound in bounds if all(_states(hit.paper, bound) is None for hit in hits))


def conditions_in_words(asked: Asked) -> str:
    """What the answer says of the conditions; "" without any."""
    if not asked.several:
        return ""
    parts = []
    if asked.conditions.without:
        listed = " or ".join(f"“{what}”" for what in asked.conditions.without)
        parts.append(f"Papers whose abstracts are about {listed} were left out.")
    if asked.unapplied:
        listed = " and ".join(f"“{what}”" for what in asked.unapplied)
        parts.append(f"No abstract here states such a figure, so {listed} was not applied.")
    return " ".join(parts)


def is_about(paper: Paper, what: str) -> bool:
    """Whether a paper is about something: its title names it, or several sentences do."""
    wanted = stems_of(what)
    named = [wanted <= stems_of(span.of(paper.abstract)) for span in sentences(paper.abstract)]
    return bool(wanted) and (wanted <= stems_of(paper.title) or sum(named) >= OFTEN)


def _names_any(paper: Paper, what: str) -> bool:
    return not stems_of(what).isdisjoint(stems_of(f"{paper.title} {paper.abstract}"))


def _states(paper: Paper, bound: Bound) -> bool | None:
    """Whether a paper states a figure within the bound; None if it states none with that unit."""
    unit = stem(bound.unit)
    values = [
        number.value
        for number in numbers(paper.abstract)
        if unit in [stem(word) for word in words(_after(paper.abstract, number.text))[:NEAR]]
    ]
    return any(bound.least <= value <= bound.most for value in values) if values else None


def _after(text: str, number: str) -> str:
    """The words after a number, as far as they may hold its unit."""
    match = re.search(rf"(?<!\w){re.escape(number)}(?P<after>[^.;,]{{0,60}})", text)
    return match["after"] if match else ""
