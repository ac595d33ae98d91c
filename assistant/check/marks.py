r"""A sentence of a draft in, its citations and the sentence without them out.

The forms: [@key; @other] and @key of Pandoc, \cite{key} of LaTeX, [1, 3-5], [^1], (Potthast et al., 2024), Potthast and
Stein (2024), and a title in quotation marks or emphasised.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ..core.text import Span

MOST_OF_A_RANGE = 50
"""Most numbers that a range such as [3-9] stands for; a longer one is no citation."""
THE_PAPER = "the paper"
"""What stands in a sentence in place of a citation that is a part of its grammar: "[1] shows that ..."."""

# Every repetition has a bound or a sign that ends it, so that a draft of any content is read in linear time.
_NAME = r"(?<!\w)(?:[a-z]{1,4}\s){0,2}[A-Z](?=\w*[a-z])[\w'’-]{1,40}"
_OTHERS = rf"(?:\s+et\s+al\.?|(?:,\s+{_NAME}){{0,9}},?\s+(?:and|&|\\&)\s+{_NAME})"
_YEAR = r"(?:19|20)\d\d[a-z]?"
_NUMBERS = r"\d{1,3}(?:\s*[-–,;]\s*\d{1,3})*"
_MARK = re.compile(
    rf"""(?P<keys>\[(?:[^\[\]]*?[\s;-])?@[\w{{][^\[\]]*\])
    | (?P<latex>\\(?!nocite)[A-Za-z]*[cC]ite[A-Za-z]*\*?\s*(?:\[[^\[\]]*\]\s*){{0,2}}\{{(?P<inside>[^{{}}]+)\}})
    | \[(?P<note>\^[^\]\s]+)\](?!:)
    | \[(?P<numbers>{_NUMBERS})(?:,\s*(?:pp?|ch|chap|sec|fig)\.[^\[\]]*)?\](?![(:])
    | (?<![\w@./\\])@(?P<key>\{{[^{{}}]+\}}|\w(?:[\w:.\#$%&+?<>~/-]*\w)?)(?:\s*\[[^\[\]@]*\])?
    | \((?P<bylines>[^()]*?{_NAME}(?:{_OTHERS})?,?\s+{_YEAR}[^()]*)\)
    | (?P<author>{_NAME})(?P<others>{_OTHERS})?(?:['’]s)?\s+\((?P<year>{_YEAR})\)
    | (?:"(?P<a>[^"\n]{{4,300}})"|“(?P<b>[^“”]{{4,300}})”|‘(?P<c>[^‘’]{{4,300}})’|(?<!\w)'(?P<d>[^'\n]{{4,300}})'(?!\w)
        |``(?P<e>[^`']{{4,300}})''|(?<![*\w])\*(?P<f>[^*\n]{{4,300}})\*(?![*\w])|\\(?:emph|textit)\{{(?P<g>[^{{}}]{{4,300}})\}})""",
    re.X,
)
_PANDOC_KEY = re.compile(r"(?<![\w@.])@(\{[^{}]+\}|\w(?:[\w:.#$%&+?<>~/-]*\w)?)")
_BYLINE = re.compile(rf"(?:^|\s)(?P<author>{_NAME})(?P<others>{_OTHERS})?,?\s+(?P<year>{_YEAR})")
_TRAILING = re.compile(
    r"([.!?])([^\S\n]*\n?[^\S\n]*)((?:(?:\[\^?\d[^\[\]]*\]|\[[^\[\]]*@\w[^\[\]]*\]|\\[A-Za-z]*cite[a-z]*\{[^{}]+\})[^\S\n]*)+)"
    r"(?=\s*(?:[\"“(*\\]?[A-Z]|\Z))"
)
_IN_TEXT = re.compile(r"\\(?:[Tt]ext|foot)?[cC]ite(?:t|author|al[tp])\b|\\[Tt]extcite")
"""The commands of LaTeX that print the authors' names into the sentence."""
_GOVERNED = re.compile(r"(?:^|\s)(?:as|by|from|following|in|like|of|see|than|to|with)\s*$", re.I)
"""A word before a citation that needs an object: "as shown in [1]"."""
_REMAINS = re.compile(r"\(\s*\)|\[\s*\]|\[\^[^\]\s]+\]")
"""What is left of citations, and the marks of notes that cite nothing."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One citation: as it is shown, what it names a paper by, and that name, such as a key or a number.

    `surely` is False for what may be something else: a quotation, or a place and a year.
    """

    text: str
    kind: Literal["key", "listed", "byline", "title"]
    name: str
    surely: bool = True


@dataclass(frozen=True, slots=True)
class Citing:
    """A place in a sentence that cites; `spoken` if it is a part of the sentence's grammar by its form."""

    span: Span
    marks: tuple[Mark, ...]
    spoken: bool = False


def before_the_stop(text: str) -> str:
    """A text whose citations stand in the sentences they belong to: "It works. [1] We" is "It works [1]. We".

    Nothing changes its length, so that lines can still be counted.
    """
    return _TRAILING.sub(lambda match: f"{match[2]}{match[3].rstrip()}{match[1]}{_spaces(match[3])}", text)


def _spaces(text: str) -> str:
    return text[len(text.rstrip()) :]


def citings(sentence: str) -> list[Citing]:
    """The places that cite, in order."""
    return [
        Citing(Span(*match.span()), marks, _is_spoken(match))
        for match in _MARK.finditer(sentence)
        if (marks := tuple(_marks(match)))
    ]


def _is_spoken(match: re.Match[str]) -> bool:
    return bool(match["key"] or match["author"] or (match["latex"] and _IN_TEXT.match(match["latex"])))


def _marks(match: re.Match[str]) -> Iterator[Mark]:
    if match["keys"]:
        keys = [key.strip("{}") for key in _PANDOC_KEY.findall(match["keys"])]
        yield from (Mark(f"[@{key}]", "key", key) for key in keys)
    elif match["latex"]:
        keys = [key.strip() for key in match["inside"].split(",") if key.strip()]
        yield from (Mark(rf"\cite{{{key}}}", "key", key) for key in keys)
    elif match["note"]:
        yield Mark(match[0], "listed", match["note"], surely=False)
    elif match["numbers"]:
        yield from (Mark(f"[{number}]", "listed", str(number)) for number in _numbers(match["numbers"]))
    elif match["key"]:
        yield Mark(f"@{match['key']}", "key", match["key"].strip("{}"))
    elif match["bylines"]:
        parts = (_BYLINE.search(part) for part in match["bylines"].split(";"))
        yield from (_byline(part, surely=True) for part in parts if part)
    elif match["author"]:
        yield _byline(match, surely=bool(match["others"]))
    else:
        title = next(match[group] for group in "abcdefg" if match[group])
        yield Mark(f"“{' '.join(title.split())}”", "title", title.strip(" ,."), surely=False)


def _byline(match: re.Match[str], *, surely: bool) -> Mark:
    shown = " ".join(f"{match['author']}{match['others'] or ''}".split())
    return Mark(f"({shown}, {match['year']})", "byline", f"{match['author'].split()[-1]} {match['year']}", surely)


def _numbers(text: str) -> list[int]:
    """The numbers of "1, 3-5": 1, 3, 4 and 5."""
    numbers: list[int] = []
    for part in re.split(r"[,;]", text):
        ends = [int(end) for end in re.split(r"[-–]", part) if end.strip()]
        if ends and 0 <= ends[-1] - ends[0] <= MOST_OF_A_RANGE:
            numbers += range(ends[0], ends[-1] + 1)
    return list(dict.fromkeys(numbers))


def without(sentence: str, places: Sequence[Citing], plain: Callable[[str], str]) -> str:
    """The sentence without these citations; where its grammar needs one, "the paper" stands instead.

    `plain` removes the markup of what is left.
    """
    pieces: list[str] = []
    start, opens = 0, True
    for place in places:
        before, after = sentence[start : place.span.start], sentence[place.span.end : place.span.end + 2]
        opens = opens and not before.strip()
        needed = place.spoken or _GOVERNED.search(before) or (opens and after.lstrip()[:1].islower())
        kept = (THE_PAPER.capitalize() if opens else THE_PAPER) if needed else ""
        pieces += [before if kept else before.rstrip(" \t~"), kept]
        opens = opens and not kept
        start = place.span.end
    text = _REMAINS.sub("", "".join([*pieces, sentence[start:]]))
    return re.sub(r"\s+(?=[.,;:!?)])", "", plain(text))
