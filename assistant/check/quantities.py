"""A sentence and a text in, the numbers of the sentence out that the text does not state. Pure.

A number may be stated in other words: "two thirds" is 67%, "fewer than 500" fits 491, "Llama 3" is in "Llama3-8B".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..core.text import Number, content_words, numbers, parts, stem, words

ROUGHLY = 0.05
"""Relative distance at which two numbers are one where the sentence says "about", and for shares."""
BOUND = 1.6
"""How far a number may lie beyond a bound that the sentence sets: "fewer than 500" fits 491, not 12."""

_LOOSE = frozenset({"one", "half", "twice", "zero"})
"""Spelt-out numbers that are used without counting."""
_SHARE = re.compile(
    r"\b(?P<part>\w+) (?:(?:in|out of)(?: every)? (?P<whole>\w+)|(?P<unit>thirds?|quarters?|fifths?|tenths?))\b", re.I
)
_SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_SCALED = re.compile(rf"\b([a-z]+)[ -]({'|'.join(_SCALES)})\b", re.I)
"""A number spelt out with its scale, "seven billion"."""
_FACTOR = re.compile(r"\bfactor of\s*$", re.I)
_UNITS = {"third": 3.0, "quarter": 4.0, "fifth": 5.0, "tenth": 10.0}
_BEFORE = {
    "about": re.compile(r"\b(?:about|around|roughly|nearly|almost|some|approximately|close to)\s*$", re.I),
    "under": re.compile(r"\b(?:fewer than|less than|under|below|at most|up to|no more than|within)\s*$", re.I),
    "over": re.compile(r"\b(?:more than|over|above|at least|beyond|exceed\w*|upwards of)\s*$", re.I),
}


@dataclass(frozen=True, slots=True)
class Unstated:
    """Numbers as they are written: in figures, or spelt out where something else is counted (`against`) or nothing."""

    figures: tuple[str, ...]
    against: tuple[str, ...]
    spelt: tuple[str, ...]


def unstated(sentence: str, text: str) -> Unstated:
    """The numbers of `sentence` that `text` does not state.

    >>> unstated("Six nets reach 62.4% in 3 days.", "Four nets reach 62.4 percent.")
    Unstated(figures=('3',), against=('Six',), spelt=())
    """
    held = _all(text)
    shares = [found for found in _SHARE.finditer(sentence) if _value(found) is not None]
    of_shares = {word for found in shares for word in found.groups() if word}
    strange = [n for n in _all(sentence) if n.text not in of_shares and not _said(n, sentence, text, held)]
    exact = [n for n in strange if not n.text.isalpha() or n.value > 100 or _FACTOR.search(_before(n, sentence))]
    figures = [n.text for n in exact]
    figures += [found.group() for found in shares if not _share_said(found, text, held)]
    spelt = [n for n in strange if n not in exact and n.text.casefold() not in _LOOSE]
    against = [n.text for n in spelt if _counted_otherwise(n, sentence, text, held)]
    return Unstated(tuple(figures), tuple(against), tuple(n.text for n in spelt if n.text not in against))


def _all(text: str) -> list[Number]:
    """The numbers of a text, those that open a compound ("five-shot") with them."""
    opening = [parts(word)[0] for word in words(text) if parts(word)]
    compound = [n for word in opening if word.isalpha() for n in numbers(word)]
    scaled = [
        Number(n.value * _SCALES[found[2].casefold()], n.unit, found[1])
        for found in _SCALED.finditer(text)
        for n in numbers(found[1])
    ]
    large = {n.text for n in scaled}
    return [n for n in numbers(text) if n.text not in large] + compound + scaled


def _said(wanted: Number, sentence: str, text: str, held: list[Number]) -> bool:
    before = _before(wanted, sentence)
    for manner, cue in _BEFORE.items():
        if cue.search(before):
            return any(_fits(manner, wanted, n) for n in held)
    return any(_rounded(wanted, n) for n in held) or _of_a_name(wanted.text, sentence, text)


def _before(wanted: Number, sentence: str) -> str:
    return sentence[: max(0, sentence.find(wanted.text))]


def _fits(manner: str, wanted: Number, stated: Number) -> bool:
    if not _same_unit(wanted, stated):
        return False
    if manner == "under":
        return wanted.value / BOUND <= stated.value <= wanted.value
    if manner == "over":
        return wanted.value <= stated.value <= wanted.value * BOUND
    return abs(wanted.value - stated.value) <= ROUGHLY * abs(stated.value)


def _rounded(wanted: Number, stated: Number) -> bool:
    """Whether a number is the stated one, to as many places as it has: 62.4 is 62.43 and not 62.8."""
    written = re.search(r"[\d,]+(?:\.(\d+))?", wanted.text)
    value = float(written[0].replace(",", "")) if written else 0.0
    unit = wanted.value / value if value else 1.0
    places = len(written[1] or "") if written else 0
    return _same_unit(wanted, stated) and abs(wanted.value - stated.value) <= 0.5 * 10**-places * unit * (
        written is not None
    ) + 1e-9 * abs(stated.value)


def _same_unit(one: Number, other: Number) -> bool:
    return one.unit == other.unit or not (one.unit and other.unit)


def _of_a_name(number: str, sentence: str, text: str) -> bool:
    """Whether a number belongs to a name that the text has, however it is joined."""
    before = re.findall(rf"([A-Za-z]+)[ -]{re.escape(number)}\b", sentence)
    joined = re.sub(r"[\s-]+", "", text).casefold()
    return any(f"{name}{number}".casefold() in joined for name in before if name[0].isupper())


def _value(found: re.Match[str]) -> float | None:
    """The value of "two in five" and "two fifths", .4; None for what is no share."""
    part = numbers(found["part"])
    whole = numbers(found["whole"]) if found["whole"] else []
    below = whole[0].value if whole else _UNITS.get((found["unit"] or "").casefold().removesuffix("s"))
    return part[0].value / below if part and below and 0 < part[0].value < below else None


def _share_said(found: re.Match[str], text: str, held: list[Number]) -> bool:
    value = _value(found) or 0.0
    others = [_value(other) for other in _SHARE.finditer(text)]
    return any(other is not None and abs(other - value) < 1e-9 for other in others) or any(
        abs(n.value - 100 * value) <= ROUGHLY * n.value for n in held if n.unit == "%"
    )


def _counted_otherwise(wanted: Number, sentence: str, text: str, held: list[Number]) -> bool:
    """Whether the text has another number of the same thing: "seven collections" where it has eleven."""
    things = _things(wanted, sentence, 2)
    return any(
        n.value != wanted.value and n.text.casefold() not in _LOOSE and things & _things(n, text, 3) for n in held
    )


def _things(number: Number, text: str, reach: int) -> set[str]:
    """The stems of the words after a number, of its compound first."""
    found = re.search(rf"(?<!\w){re.escape(number.text)}(?!\w)", text)
    after = content_words(text[found.end() :].lstrip("-")) if found else []
    return {stem(piece) for word in after[:reach] for piece in (parts(word) or [word])}
