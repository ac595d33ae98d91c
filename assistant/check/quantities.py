"""Finds the numbers of a sentence that a text does not state.

A text may state a number in other words: "two thirds" is 67%, "fewer than 500" fits 491, "Llama 3" is in "Llama3-8B".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..core.text import Number, content_words, numbers, parts, stem, words

ROUGHLY = 0.05
"""Relative distance within which two numbers are equal, for shares and if the sentence says "about"."""
BOUND = 1.6
"""Largest ratio of a number to the bound that the sentence sets: "fewer than 500" fits 491, not 12."""

_LOOSE = frozenset({"one", "half", "twice", "zero"})
"""Spelt-out numbers that often do not count anything."""
_SHARE = re.compile(
    r"\b(?P<part>\w+) (?:(?:in|out of)(?: every)? (?P<whole>\w+)|(?P<unit>thirds?|quarters?|fifths?|tenths?))\b", re.I
)
_SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_SCALED = re.compile(rf"\b([a-z]+)[ -]({'|'.join(_SCALES)})\b", re.I)
"""A spelt-out number with its scale: "seven billion"."""
_FACTOR = re.compile(r"\bfactor of\s*$", re.I)
_UNITS = {"third": 3.0, "quarter": 4.0, "fifth": 5.0, "tenth": 10.0}
_BEFORE = {
    "about": re.compile(r"\b(?:about|around|roughly|nearly|almost|some|approximately|close to)\s*$", re.I),
    "under": re.compile(r"\b(?:fewer than|less than|under|below|at most|up to|no more than|within)\s*$", re.I),
    "over": re.compile(r"\b(?:more than|over|above|at least|beyond|exceed\w*|upwards of)\s*$", re.I),
}


@dataclass(frozen=True, slots=True)
class Unstated:
    """Numbers as the sentence writes them.

    figures: those in figures.
    against: spelt-out numbers where the text counts the same things differently.
    """

    figures: tuple[str, ...]
    against: tuple[str, ...]


def unstated(sentence: str, text: str) -> Unstated:
    """The numbers of `sentence` that `text` does not state.

    >>> unstated("Six nets reach 62.4% in 3 days.", "Four nets reach 62.4 percent.")
    Unstated(figures=('3',), against=('Six',))
    """
    stated = _all(text)
    shares = [share for share in _SHARE.finditer(sentence) if _value(share) is not None]
    of_shares = {word for share in shares for word in share.groups() if word}
    strange = [n for n in _all(sentence) if n.text not in of_shares and not _is_stated(n, sentence, text, stated)]
    exact = [n for n in strange if not n.text.isalpha() or n.value > 100 or _FACTOR.search(_before(n, sentence))]
    figures = [n.text for n in exact]
    figures += [share.group() for share in shares if not _is_share_stated(share, text, stated)]
    spelt = [n for n in strange if n not in exact and n.text.casefold() not in _LOOSE]
    against = [n.text for n in spelt if _is_counted_differently(n, sentence, text, stated)]
    return Unstated(tuple(figures), tuple(against))


def _all(text: str) -> list[Number]:
    """The numbers of a text, including those at the start of a compound ("five-shot")."""
    opening = [parts(word)[0] for word in words(text) if parts(word)]
    compound = [n for word in opening if word.isalpha() for n in numbers(word)]
    scaled = [
        Number(n.value * _SCALES[match[2].casefold()], n.unit, match[1])
        for match in _SCALED.finditer(text)
        for n in numbers(match[1])
    ]
    large = {n.text for n in scaled}
    return [n for n in numbers(text) if n.text not in large] + compound + scaled


def _is_stated(wanted: Number, sentence: str, text: str, stated: list[Number]) -> bool:
    before = _before(wanted, sentence)
    for manner, cue in _BEFORE.items():
        if cue.search(before):
            return any(_fits(manner, wanted, n) for n in stated)
    return any(_is_rounded(wanted, n) for n in stated) or _is_in_name(wanted.text, sentence, text)


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


def _is_rounded(wanted: Number, stated: Number) -> bool:
    """Whether a number is the stated one, rounded to its own decimals: 62.4 is 62.43 but not 62.8."""
    written = re.search(r"[\d,]+(?:\.(\d+))?", wanted.text)
    value = float(written[0].replace(",", "")) if written else 0.0
    unit = wanted.value / value if value else 1.0
    places = len(written[1] or "") if written else 0
    return _same_unit(wanted, stated) and abs(wanted.value - stated.value) <= 0.5 * 10**-places * unit * (
        written is not None
    ) + 1e-9 * abs(stated.value)


def _same_unit(one: Number, other: Number) -> bool:
    return one.unit == other.unit or not (one.unit and other.unit)


def _is_in_name(number: str, sentence: str, text: str) -> bool:
    """Whether a number is part of a name that the text has, with or without a space or hyphen."""
    before = re.findall(rf"([A-Za-z]+)[ -]{re.escape(number)}\b", sentence)
    joined = re.sub(r"[\s-]+", "", text).casefold()
    return any(f"{name}{number}".casefold() in joined for name in before if name[0].isupper())


def _value(share: re.Match[str]) -> float | None:
    """The value of a share, .4 for "two in five" and "two fifths"; None if it is not a share."""
    part = numbers(share["part"])
    whole = numbers(share["whole"]) if share["whole"] else []
    below = whole[0].value if whole else _UNITS.get((share["unit"] or "").casefold().removesuffix("s"))
    return part[0].value / below if part and below and 0 < part[0].value < below else None


def _is_share_stated(share: re.Match[str], text: str, stated: list[Number]) -> bool:
    value = _value(share) or 0.0
    others = [_value(other) for other in _SHARE.finditer(text)]
    return any(other is not None and abs(other - value) < 1e-9 for other in others) or any(
        abs(n.value - 100 * value) <= ROUGHLY * n.value for n in stated if n.unit == "%"
    )


def _is_counted_differently(wanted: Number, sentence: str, text: str, stated: list[Number]) -> bool:
    """Whether the text gives another number of the same things: eleven collections instead of seven."""
    things = _things(wanted, sentence, 2)
    return any(
        n.value != wanted.value and n.text.casefold() not in _LOOSE and things & _things(n, text, 3) for n in stated
    )


def _things(number: Number, text: str, reach: int) -> set[str]:
    """The stems of the words after a number, those of its own compound first."""
    match = re.search(rf"(?<!\w){re.escape(number.text)}(?!\w)", text)
    after = content_words(text[match.end() :].lstrip("-")) if match else []
    return {stem(piece) for word in after[:reach] for piece in (parts(word) or [word])}
