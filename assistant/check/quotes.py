"""Finds a sentence, or the words it is based on, word for word in an abstract."""

from __future__ import annotations

import re

from ..core.text import Span
from .edits import unedited

_OPENS, _CLOSES = re.compile(r"(?<!\w)(?<!\d[.,])"), re.compile(r"(?![.,]?\d)(?:(?<!\w)|(?!\w))")
"""Where a quote may begin and end: not within a word or a number."""
_LEFT_OUT = re.compile(r"\[?(?:\.\.\.|…)\]?")
_FOLDED = {
    c: f"[{re.escape(alike)}]"
    for alike in (
        '"\u201c\u201d\u201e\u00ab\u00bb',
        "'\u2018\u2019\u201a`\u00b4",
        "-\u2010\u2011\u2013\u2014\u2212",
        "<\u2039\uff1c\ufe64",
        "[\u27e6\uff3b",
    )
    for c in alike
}
"""Characters that are the same in a span: forms of quotation marks, dashes and brackets."""


def find_quote(sentence: str, abstract: str) -> Span | None:
    """Where the abstract has the sentence word for word, ignoring white space and an editor's changes in brackets."""
    sentence = sentence.strip()
    if (words := unedited(sentence, abstract)) is not None:
        return words
    if not any(c.isalnum() for c in sentence) or _is_longer(sentence, abstract):
        return None
    start = abstract.find(sentence)  # a hundred times faster than building a pattern from the sentence
    if start >= 0 and _OPENS.match(abstract, start) and _CLOSES.match(abstract, start + len(sentence)):
        return Span(start, start + len(sentence))
    whole = r"\s+".join(map(re.escape, sentence.split()))
    match = re.search(f"{_OPENS.pattern}{whole}{_CLOSES.pattern}", abstract)
    return Span(*match.span()) if match else None


def find_span(span: str, abstract: str) -> Span | None:
    """Where the abstract has the span, from its first piece to its last.

    Case, spacing and the style of quotation marks and dashes do not matter, and "..." may stand for left-out words.
    """
    if _is_longer(span, abstract):
        return None
    start: int | None = None
    end = 0
    for piece in (piece for piece in _LEFT_OUT.split(span) if any(c.isalnum() for c in piece)):
        whole = r"\s+".join("".join(_FOLDED.get(c, re.escape(c)) for c in word) for word in _bare(piece).split())
        match = re.compile(rf"(?<!\w){whole}(?!\w)", re.I).search(abstract, end)
        if match is None:
            return None
        start, end = match.start() if start is None else start, match.end()
    return None if start is None else Span(start, end)


def _is_longer(text: str, abstract: str) -> bool:
    """Whether a text has more letters than the abstract has characters, which makes a slow search pointless."""
    return len("".join(text.split())) > len(abstract)


def _bare(piece: str) -> str:
    """A piece without surrounding quotation marks and punctuation."""
    return piece.strip(" \t\n\"'“”‘’.,;:")
