"""A sentence as written in, the sentence without its marks and the marks out.

A mark is what stands for a source: `[1]`, `[1, 2]`, `[1][2]`, `[1-3]`, `【1†source】`, `(source 1)`, `[^1]`, a title
in brackets, or what looks like a citation of something that was never shown. It is handed on as it is written; what
it means is not decided here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ...core.records import fold
from ...core.text import Span

LONGEST = 1000
"""Characters of a sentence, which takes the square of them to check; what is longer counts as several sentences."""
LONGEST_RANGE = 20
"""Sources that "[1-20]" may name; a range beyond it is no mark."""
_WORD = r"(?:sources?|refs?\.?|references?|papers?|abstracts?|docs?|documents?|citations?|see)"
_NUMBER = rf"(?:{_WORD}\s*)?[#^]?(-?\d{{1,9}})"
_NUMBERS = re.compile(rf"{_NUMBER}(?:\s*(?:,|;|&|and|to|-|–|\s)\s*{_NUMBER})*", re.I)
_GROUP = re.compile(
    r"[\[【]([^\[\]【】]{1,300})[\]】]|\(([^()]{1,300})\)|(?<![¹²³⁴⁵⁶⁷⁸⁹])([¹²³⁴⁵⁶⁷⁸⁹]++)(?=[.,;]?\s*$)"
)
_CITATION = re.compile(r"et al|\b(?:19|20)\d\d[a-z]?\b|^[A-Z][\w-](?>[\w-]*?[ :,-])[\w :,-]*[\w-]$")
_AUTHOR_YEAR = re.compile(r"[A-Z][\w’'-]+(?: (?:et al\.?|and|&) ?(?:[A-Z][\w’'-]+)?)?,? (?:19|20)\d\d[a-z]?(?:;.*)?")
_SUPERSCRIPT = str.maketrans("¹²³⁴⁵⁶⁷⁸⁹", "123456789")
SHORT_NAME = 4
"""Letters of a name before a title's colon, short of which it may be any word."""


@dataclass(frozen=True, slots=True)
class Written:
    """A sentence as a model wrote it: its words, its marks as written, and the words it rests on, if it says so."""

    text: str
    marks: tuple[str, ...]
    span: str = ""


def read(sentence: str, titles: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The sentence without its marks, and these.

    >>> read("Kites fly [1, 3] and fall【2】.", ())
    ('Kites fly and fall.', ('1', '3', '2'))
    """
    found: list[str] = []

    def take(group: re.Match[str]) -> str:
        marks = _marks(group, titles)
        found.extend(marks)
        return "" if marks else group.group()

    text = _GROUP.sub(take, sentence)
    text = re.sub(r"\s+([.,;:!?])", r"\1", " ".join(text.split())) if found else " ".join(text.split())
    return text, tuple(dict.fromkeys(found))


def parts(sentence: Span) -> list[Span]:
    """The sentence, in parts that can be checked."""
    return [Span(start, min(start + LONGEST, sentence.end)) for start in range(sentence.start, sentence.end, LONGEST)]


def titled(words: str, titles: Sequence[str]) -> tuple[str, ...]:
    """The number of the source that `words` names by its title, whole or up to the colon; () for none or several."""
    wanted = fold(words.strip(" \"'“”‘’*_.,:;"))
    whole = [n for n, title in enumerate(titles, start=1) if fold(title) == wanted]
    short = [n for n, title in enumerate(titles, start=1) if fold(name_of(title)) == wanted != ""]
    found = whole or short
    return (str(found[0]),) if len(found) == 1 else ()


def mentioned(text: str, titles: Sequence[str]) -> tuple[str, ...]:
    """The numbers of the sources whose title, or the name before its colon, stands in a text."""
    folded = fold(text)
    return tuple(
        str(n)
        for n, title in enumerate(titles, start=1)
        if fold(title) in folded or (name_of(title) and re.search(rf"(?<!\w){re.escape(name_of(title))}(?!\w)", text))
    )


def name_of(title: str) -> str:
    """What stands before a title's colon, if it is long enough to be told from a word."""
    name, colon, _ = title.partition(":")
    return name.strip() if colon and len(name.strip()) >= SHORT_NAME else ""


def _marks(group: re.Match[str], titles: Sequence[str]) -> tuple[str, ...]:
    square, round_, raised = group.groups()
    if raised:
        return tuple(raised.translate(_SUPERSCRIPT))
    inner = " ".join((square or round_).split("†")[0].split())
    if _NUMBERS.fullmatch(inner) and (square or re.match(_WORD, inner, re.I)):
        return _expanded(inner)
    if named := titled(inner, titles):
        return named
    outside = (_CITATION.search(inner) and len(inner) > SHORT_NAME) if square else _AUTHOR_YEAR.fullmatch(inner)
    return (inner,) if outside else ()


def _expanded(inner: str) -> tuple[str, ...]:
    """The numbers of "1, 3-5" one by one; a range too long is its ends."""
    pieces = re.findall(r"(\d+)\s*(?:-|–|to)\s*(\d+)|(-?\d+)", inner)
    found: list[str] = []
    for first, last, alone in pieces:
        if alone:
            found.append(alone)
        elif int(first) < int(last) <= int(first) + LONGEST_RANGE:
            found += [str(n) for n in range(int(first), int(last) + 1)]
        else:
            found += [first, last]
    return tuple(found)
