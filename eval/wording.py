"""A wording and a text in, whether it stands there out.

Two questions of their own, neither of them the product's: is a nugget's spelling shown in an answer, and are
a sentence's words and numbers in the abstract it cites?
"""

from __future__ import annotations

import functools
import re

from assistant.core.records import fold
from assistant.core.text import content_words, numbers, parts, sentences, stem, terms, words

WINDOW = 3
"""Sentences of an abstract that may support one sentence together."""
SHARE = 0.8
"""Share of a sentence's content words that such a window must hold."""

_CJK = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_LETTER = rf"[^\W{_CJK}]"
"""A character that goes on a word. CJK is written without borders: there every place is one."""
_STEM = 5
"""Letters from which a nugget's last word may go on: few words that long begin another by accident."""
_ACRONYM = 2
"""Letters from which it may take the s of a plural: "FDEs"."""
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013", "-"))
"""Models write hyphens that look alike and are not; a nugget must not hang on that."""


def shown(spelling: str, text: str) -> bool:
    """Whether `spelling` stands in `text` as words, whatever its case, width and spacing.

    Its last word may bear an ending there: any from five letters on ("uniform" by "uniformly"), a plural's from two.

    >>> shown("2x", "it is 2X as fast"), shown("2x", "it is 12x as fast"), shown("2x", "it is 1.2x as fast")
    (True, False, False)
    """
    plain = _plain(spelling)
    last = re.search(rf"(?:(?!\d)(?!_){_LETTER})*$", plain)
    length = len(last.group()) if last else 0
    ending = r"[^\W\d_]*" if length >= _STEM else "s?" if length >= _ACRONYM else ""
    return _stands(plain, _plain(text), ending)


def supported(sentence: str, abstract: str) -> bool:
    """Whether `abstract` bears `sentence` out: word for word, or nearly so within three sentences.

    Nearly so: one window of three neighbouring sentences holds at least 0.8 of the sentence's content words
    (by stem, figures apart) and every one of its figures, unit included. It reads words, not meaning: a dropped
    "not" passes.
    """
    verbatim = " ".join(sentence.split()).rstrip(".;,: ")
    if _stands(verbatim, " ".join(abstract.split())):
        return True
    figures = _figures(sentence)
    # The figures are held to account on their own; "percent" may stand as "%".
    counted = {word.casefold() for number in numbers(sentence) for word in words(number.text)}
    wanted = {word.casefold() for word in content_words(sentence)} - counted
    if not wanted:
        return False
    for stems, held in _windows(abstract):
        if figures <= held and sum(_found(word, stems) for word in wanted) / len(wanted) >= SHARE:
            return True
    return False


def _plain(text: str) -> str:
    return fold(text).translate(_DASHES)


def _stands(wording: str, text: str, ending: str = "") -> bool:
    before = rf"(?<!{_LETTER})" if re.match(_LETTER, wording[:1]) else ""
    after = rf"{ending}(?!{_LETTER})" if re.match(_LETTER, wording[-1:]) else ""
    if wording[:1].isdigit():  # "5" is no part of "1.5", of "2,5" or of "gpt-5"
        before += r"(?<!\d[.,])(?<![^\W\d_]-)"
    if wording[-1:].isdigit():  # "4" is no part of "4.5" or of "4,000"
        after += r"(?![.,]\d)"
    return bool(wording) and re.search(before + re.escape(wording) + after, text) is not None


@functools.lru_cache(maxsize=4096)
def _windows(abstract: str) -> tuple[tuple[frozenset[str], frozenset[tuple[str, str]]], ...]:
    spans = sentences(abstract)
    found = []
    for first in range(max(1, len(spans) - WINDOW + 1)):
        last = min(first + WINDOW, len(spans)) - 1
        text = abstract[spans[first].start : spans[last].end] if spans else ""
        found.append((frozenset(terms(text)), _figures(text)))
    return tuple(found)


def _figures(text: str) -> frozenset[tuple[str, str]]:
    # The word "one" is hardly ever a figure ("one of the first"), so it is not held against a sentence.
    return frozenset((f"{n.value:.6g}", n.unit) for n in numbers(text) if n.text.casefold() != "one")


def _found(word: str, stems: frozenset[str]) -> bool:
    pieces = [stem(part) for part in parts(word)]
    return stem(word) in stems or (bool(pieces) and all(piece in stems for piece in pieces))
