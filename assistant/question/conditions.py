"""A question in, the conditions that it sets on the papers it wants out, recognised by their form.

What a condition names is taken from the question as it stands; whether a paper meets it is for the search to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..core.text import content_words, numbers

_EXCEPT = re.compile(
    r"[,;(]? *\b(?:(?:but|and) not|not(?= (?:about|on|for|in|with)\b)|without|except(?:ing)?(?: for)?|excluding"
    r"|other than|apart from|aside from|leaving out|minus) +(?:(?:about|on|for|in|with|using|those|the|any) +)*"
    r"(?P<what>[^,;:?!.()]+)",
    re.I,
)
_BOTH = re.compile(r"\bboth (?P<one>[^,;:?!.()]+?) and (?P<other>[^,;:?!.()]+)", re.I)
_BOUND = re.compile(
    r"\b(?P<sense>(?:fewer|less|smaller|more|larger|bigger) than|under|below|over|above|up to|at (?:most|least)"
    r"|no (?:more|fewer|less) than) +(?P<number>[\w.,]+(?: (?:hundred|thousand|million|billion|trillion))?)"
    r" *(?P<unit>[^\W\d_]{3,})?",
    re.I,
)
_BELOW = ("fewer", "less", "under", "below", "at most", "no more", "up to", "smaller")


@dataclass(frozen=True, slots=True)
class Bound:
    """A figure that the papers have to state: from `least` to `most` of a unit ("parameters")."""

    text: str
    unit: str
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Conditions:
    """What the papers must not be about, what they must all be about, and the figures they must state.

    `exclusions`: what is excluded as written, which is no part of the topic. `always`: what they must not be about
    even if the question wants only one; it comes from a filter.
    """

    without: tuple[str, ...] = ()
    both: tuple[str, ...] = ()
    bounds: tuple[Bound, ...] = ()
    exclusions: tuple[str, ...] = ()
    always: tuple[str, ...] = ()


NO_CONDITIONS = Conditions()


def conditions_of(question: str) -> Conditions:
    """The conditions of a question.

    >>> conditions_of("papers on summarization but not dialogue").without
    ('dialogue',)
    """
    excluded = [match for match in _EXCEPT.finditer(question) if content_words(match["what"])]
    both = _BOTH.search(question)
    bounds = [bound for match in _BOUND.finditer(question) if (bound := _bound(match))]
    return Conditions(
        without=tuple(match["what"].strip() for match in excluded),
        both=(both["one"], both["other"].strip()) if both else (),
        bounds=tuple(bounds),
        exclusions=tuple(match.group() for match in excluded),
    )


def _bound(match: re.Match[str]) -> Bound | None:
    """The bound that a match states; None without a number or a unit."""
    stated = numbers(match["number"])
    if not stated or not match["unit"]:
        return None
    value = stated[0].value
    below = match["sense"].casefold().startswith(_BELOW)
    return Bound(match.group(), match["unit"], 0.0 if below else value, value if below else float("inf"))
