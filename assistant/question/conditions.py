"""A question in, the conditions that it sets on the papers it wants out: what they must not be about, and figures.

A small closed class of English words opens a condition ("without", "other than", "neither ... nor", "at least"). The
words only propose: what a condition names is taken from the question as it stands, and whether a paper meets it is for
the search to say.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from ..core.text import STOP_WORDS, Number, content_words, numbers, stem

_TOKEN = re.compile(r"\d[\d.,]*\d|[^\W_]+(?:[-'’/][^\W_]+)*|[^\w\s]")
"""A figure, a word, or a mark."""
_EXCEPT = tuple(
    tuple(cue.split())
    for cue in (
        "other than|else than|apart from|aside from|leaving out|leave out|leaves out|instead of|rather than"
        "|outside of|with the exception of|free of|except for|except|excepting|excluding|exclude|excludes|without|w/o"
        "|besides|outside|minus|beyond|skip|skipping|ignoring|neither|nor|not|no|nothing|never|cannot"
    ).split("|")
)
"""What opens an exclusion; so does any word that ends in "n't"."""
_NO_EXCLUSION = frozenset("only just necessarily matter yet longer one more less fewer sure later doubt".split())
"""After "not" or "no" these exclude nothing."""
_ENDS = frozenset(
    "but because while although though whereas which who whom whose what how why please plz thanks".split()
)
"""Words that open another clause, where an exclusion ends."""
_MARKS = frozenset(",;:?!.()[]–—")
_SAYING = frozenset("show shows showing prove proves argue argues claim claims find finds say says why whether".split())
"""After these, "not" is part of what the papers say."""
_GENERAL = frozenset(
    """anything those ones one stuff method approach system technique study studies model-based based work paper
    article research thing kind sort type way need needs needed require required requiring rely relies relying involve
    involves involving contain containing make made making take taking work works working train trained training do
    done apply applied applying focus focused focusing target targeted propose proposing publish want simply purely
    additional additionally extra part whatsoever case also available employ employed base exist""".split()
)
"""Words that name nothing by themselves; an exclusion of nothing else goes on."""
_BELOW = ("fewer than", "less than", "lower than", "smaller than", "under", "below", "up to", "at most", "no more than",
          "<", "≤", "sub", "beneath", "within")  # fmt: skip
_ABOVE = ("more than", "greater than", "larger than", "bigger than", "higher than", "over", "above", "beyond",
          "at least", "no less than", "no fewer than", "not less than", "upwards of", "exceeding", ">",
          "≥")  # fmt: skip
_OR_BELOW, _OR_ABOVE = frozenset("less fewer below under lower".split()), frozenset("more above higher greater".split())
_PERCENT = frozenset(("%", "percent", "percentage"))
_TIMES = frozenset(("x", "×", "times", "fold"))
_FRACTIONS = {"half": 50.0, "third": 33.3, "quarter": 25.0, "thousand": 1e3, "million": 1e6, "billion": 1e9, "one": 1.0}
_AROUND = 4
"""Most words between a figure and what it counts or measures."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A figure that the papers have to state: from `least` to `most`.

    `unit`: what it counts ("parameters"), "%", "x", or "". `beside`: the stems of the words around it in the question,
    which say what a figure of such a unit measures ("success rate").
    """

    text: str
    unit: str
    least: float
    most: float
    beside: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Conditions:
    """What the papers must not be about, what they must all be about, and the figures they must state.

    `without`: the things, one by one. `exclusions`: the words of the question that exclude them, which are no part of
    the topic. `always`: what they must not be about even if the question wants only one; it comes from a filter.
    """

    without: tuple[str, ...] = ()
    both: tuple[str, ...] = ()
    bounds: tuple[Bound, ...] = ()
    exclusions: tuple[str, ...] = ()
    always: tuple[str, ...] = ()


NO_CONDITIONS = Conditions()


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int

    @property
    def folded(self) -> str:
        return self.text.casefold().replace("’", "'")


def conditions_of(question: str) -> Conditions:
    """The conditions of a question.

    >>> conditions_of("reading, except on SQuAD and bAbI").without
    ('SQuAD', 'bAbI')
    """
    tokens = [_Token(match.group(), *match.span()) for match in _TOKEN.finditer(question)]
    bounds = list(_bounds(question, tokens))
    figures = [place for place, _ in bounds]
    without: list[str] = []
    exclusions: list[str] = []
    for start, first, end in _excluded(tokens):
        if any(start < place < end for place in figures):
            continue  # "not more than 5 languages" bounds a figure
        parts = _conjuncts(question, tokens[first:end])
        if parts:
            without += parts
            exclusions.append(question[tokens[start].start : tokens[end - 1].end])
    return Conditions(
        without=tuple(dict.fromkeys(without)),
        both=_both(question, tokens),
        bounds=tuple(bound for _, bound in bounds),
        exclusions=tuple(exclusions),
    )


# -- what is excluded


def _excluded(tokens: Sequence[_Token]) -> Iterator[tuple[int, int, int]]:
    """Where each exclusion starts, where what it excludes starts, and where it ends."""
    place = 0
    while place < len(tokens):
        opening = _opening(tokens, place)
        if not opening:
            place += 1
            continue
        end = _end(tokens, place + opening)
        if end > place + opening:
            yield place, place + opening, end
        place = max(end, place + opening)


def _opening(tokens: Sequence[_Token], place: int) -> int:
    """How many tokens at a place open an exclusion; 0 if none do."""
    word = tokens[place].folded
    if word in ("not", "no", "cannot") or word.endswith("n't"):
        said = {token.folded for token in tokens[max(0, place - 6) : place]}
        after = tokens[place + 1].folded if place + 1 < len(tokens) else ""
        return 0 if after in _NO_EXCLUSION or said & _SAYING else 1
    for cue in _EXCEPT:
        if tuple(token.folded for token in tokens[place : place + len(cue)]) == cue:
            return len(cue)
    return 0


def _end(tokens: Sequence[_Token], first: int) -> int:
    """Where what is excluded ends: at a mark, a new clause, or the next exclusion."""
    named = False
    for place in range(first, len(tokens)):
        word = tokens[place].folded
        ends = (
            word in _MARKS or word in _ENDS or (word == "that" and named) or (place > first and _opening(tokens, place))
        )
        if ends and (named or word in _MARKS):
            return place
        named = named or _names(word)
    return len(tokens)


def _names(word: str) -> bool:
    return word[0].isalnum() and word not in STOP_WORDS and word not in _GENERAL


def _conjuncts(question: str, tokens: Sequence[_Token]) -> list[str]:
    """The things that are excluded, each as written, without the general words around it.

    "SQuAD and bAbI" are two. "question answering and reading comprehension" too: either is excluded.
    """
    parts: list[list[_Token]] = [[]]
    for token in tokens:
        if token.folded in ("and", "or", "&", "/", ","):
            parts.append([])
        else:
            parts[-1].append(token)
    texts = []
    for part in parts:
        named = [place for place, token in enumerate(part) if _names(token.folded)]
        if not named:
            continue
        text = question[part[named[0]].start : part[named[-1]].end]
        if content_words(text):
            texts.append(text)
    return texts


def _both(question: str, tokens: Sequence[_Token]) -> tuple[str, ...]:
    """The two things that all papers must be about: "both X and Y"."""
    words = [token.folded for token in tokens]
    if "both" not in words or "and" not in words[words.index("both") :]:
        return ()
    both = words.index("both")
    parting = words.index("and", both)
    rest = list(takewhile(lambda token: token.folded not in _MARKS, tokens[parting + 1 :]))
    if parting == both + 1 or not rest:
        return ()
    sides = (tokens[both + 1 : parting], rest)
    return tuple(question[side[0].start : side[-1].end] for side in sides)


# -- figures


def _bounds(question: str, tokens: Sequence[_Token]) -> Iterator[tuple[int, Bound]]:
    """The figures that the papers have to state, each with the place of its number."""
    for place in range(len(tokens)):
        value, length = _value(question, tokens, place)
        if value is None:
            continue
        sense, start, end = _sense(tokens, place, place + length)
        if not sense:
            continue
        unit, last = _unit(tokens, end, value)
        around = [one.folded for one in (*tokens[max(0, start - _AROUND) : start], *tokens[end : end + _AROUND])]
        beside = frozenset(stem(word) for word in around if _names(word) and word not in _TIMES)
        scale = 1.0
        if unit in _FRACTIONS:
            scale, unit = _FRACTIONS[unit], "%"
        number = value.value * scale
        least, most = (number, math.inf) if sense > 0 else (0.0, number)
        if unit or beside:
            yield place, Bound(question[tokens[start].start : tokens[last - 1].end], unit, least, most, beside)


def _value(question: str, tokens: Sequence[_Token], place: int) -> tuple[Number | None, int]:
    """The number that begins at a place, and how many tokens it has."""
    token = tokens[place]
    following = tokens[place + 1] if place + 1 < len(tokens) else None
    if following and following.folded in ("hundred", "thousand", "million", "billion", "trillion"):
        small = numbers(token.text)
        scale = {"hundred": 100.0, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
        if small or token.folded in ("a", "one"):
            value = (small[0].value if small else 1.0) * scale[following.folded]
            return Number(value, "", f"{token.text} {following.text}"), 2
    stated = numbers(token.text)
    if stated and (token.text[0].isdigit() or stated[0].text.casefold() == token.folded):
        return stated[0], 1
    return None, 0


def _sense(tokens: Sequence[_Token], start: int, end: int) -> tuple[int, int, int]:
    """Whether a number is the least (1), the most (-1) or neither (0), and where the bound starts and ends."""
    for length in range(min(3, start), 0, -1):
        before = " ".join(token.folded for token in tokens[max(0, start - length) : start])
        if before in _ABOVE or before in _BELOW:
            return (1 if before in _ABOVE else -1), start - length, end
    rest = [token.folded for token in tokens[end : end + 4]]
    if rest[:1] == ["+"]:
        return 1, start, end + 1
    for skipped in (0, 1):
        if rest[skipped : skipped + 1] == ["or"] and len(rest) > skipped + 1:
            if rest[skipped + 1] in _OR_ABOVE:
                return 1, start, end + (0 if skipped else 2)
            if rest[skipped + 1] in _OR_BELOW:
                return -1, start, end + (0 if skipped else 2)
    return 0, start, end


def _unit(tokens: Sequence[_Token], place: int, value: Number) -> tuple[str, int]:
    """What a number counts or measures, and where it ends."""
    if value.unit:
        return value.unit, place
    for end in range(place, min(place + _AROUND, len(tokens))):
        word = tokens[end].folded
        if word in _PERCENT:
            return "%", end + 1
        if word in _TIMES:
            return "x", end + 1
        if _names(word):
            return word, end + 1
        if word in _MARKS:
            break
    return "", place
