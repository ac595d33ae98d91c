"""The claims of an answer in, its text out: prose, or a list with an item per paper, with reference numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

_CODE = re.compile(r"`([^`\n]+)`")


class Shown(Protocol):
    """What is shown of a claim: its text, the title it is under, and the titles it cites."""

    @property
    def text(self) -> str: ...

    @property
    def heading(self) -> str: ...

    @property
    def titles(self) -> Sequence[str]: ...


def prose(
    lead: str, opening: str, sections: Iterable[tuple[str, Sequence[Shown]]], numbers: Mapping[str, int], remark: str
) -> str:
    """The lead, the verdict, the claims, each section with its list below its name, and the remark."""
    bodies = [_body(section, _items(claims, numbers)) for section, claims in sections]
    if opening and bodies:
        alone = len(bodies) == 1 and "\n" not in bodies[0]
        bodies = [f"{opening} {bodies[0]}"] if alone else [opening, *bodies]
    return "\n\n".join(part for part in (lead, *bodies, remark) if part)


def coded(reply: str) -> list[tuple[str, bool]]:
    """A reply about the library or the assistant in pieces, each with whether it is code, which `...` encloses.

    >>> coded("Use `assistant ingest`.")
    [('Use ', False), ('assistant ingest', True), ('.', False)]
    """
    return [(piece, n % 2 == 1) for n, piece in enumerate(_CODE.split(reply)) if piece]


def unnumbered(text: str) -> str:
    """Text whose own "[3]" cannot be mistaken for a reference number."""
    return re.sub(r"\[(\d+)\]", r"(\1)", text)


def _body(section: str, items: list[str]) -> str:
    if not section and len(items) == 1:
        return items[0]
    listed = "\n".join(f"- {item}" for item in items)
    return f"{unnumbered(section)}:\n{listed}" if section else listed


def _items(claims: Iterable[Shown], numbers: Mapping[str, int]) -> list[str]:
    """A text for each claim with a heading, together with those that follow it without one."""
    items: list[str] = []
    for claim in claims:
        if claim.heading or not items:
            items.append(_shown(claim, numbers))
        else:
            items[-1] += f" {_shown(claim, numbers)}"
    return items


def _shown(claim: Shown, numbers: Mapping[str, int]) -> str:
    marks = "".join(f"[{n}]" for n in sorted({numbers[title] for title in claim.titles}))
    heading = f"{claim.heading}: " if claim.heading else ""
    return f"{unnumbered(heading + claim.text)} {marks}"
