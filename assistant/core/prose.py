"""The claims of an answer in, its text out: prose, or a list with an item per paper, with reference numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .records import Answer, Claim


def prose(answer: Answer) -> str:
    """The text of an answer: lead, verdict, claims and remark. Each section has its list below its name."""
    if answer.declined is not None:
        return _unnumbered(answer.declined.message)
    bodies = [_body(section, _items(claims, answer.numbers)) for section, claims in answer.sections]
    if answer.opening and bodies:
        alone = len(bodies) == 1 and "\n" not in bodies[0]
        bodies = [f"{answer.opening} {bodies[0]}"] if alone else [answer.opening, *bodies]
    return "\n\n".join(part for part in (answer.lead, *bodies, answer.remark) if part)


def _body(section: str, items: list[str]) -> str:
    if not section and len(items) == 1:
        return items[0]
    listed = "\n".join(f"- {item}" for item in items)
    return f"{_unnumbered(section)}:\n{listed}" if section else listed


def _items(claims: Iterable[Claim], numbers: Mapping[str, int]) -> list[str]:
    """A text for each claim with a heading, together with those that follow it without one."""
    items: list[str] = []
    for claim in claims:
        if claim.heading or not items:
            items.append(_shown(claim, numbers))
        else:
            items[-1] += f" {_shown(claim, numbers)}"
    return items


def _shown(claim: Claim, numbers: Mapping[str, int]) -> str:
    marks = "".join(f"[{n}]" for n in sorted({numbers[c.passage.title] for c in claim.citations}))
    heading = f"{claim.heading}: " if claim.heading else ""
    return f"{_unnumbered(heading + claim.text)} {marks}"


def _unnumbered(text: str) -> str:
    """Text whose own "[3]" cannot be mistaken for a reference number."""
    return re.sub(r"\[(\d+)\]", r"(\1)", text)
