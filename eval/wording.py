"""Whether a text shows a nugget's spelling, and whether an abstract supports a sentence by its words and numbers.

Neither uses the product's own checks.
"""

from __future__ import annotations

import functools
import re

from assistant.core.records import fold
from assistant.core.text import content_words, numbers, parts, sentences, stem, terms, words

WINDOW = 3
"""Consecutive sentences of an abstract that together may support one sentence."""
SHARE = 0.8
"""Share of a sentence's content words that such a window must contain."""

_BRACKETS = re.compile(r"\[(?:…|[Tt]he(?:ir|m|y)|[Tt]he (?:authors'?|paper))\]")
_CJK = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_LETTER = rf"[^\W{_CJK}]"
"""A character inside a word. CJK has no spaces: there every position is a word border."""
_STEM = 5
"""Letters from which a nugget's last word may have any ending: few words that long begin another by accident."""
_ACRONYM = 2
"""Letters from which it may have a plural s: "FDEs"."""
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013", "-"))
"""Models write various hyphens that look the same; a nugget must not depend on which."""


def shown(spelling: str, text: str) -> bool:
    """Whether `text` contains `spelling` as whole words, ignoring case, width and spacing.

    Its last word may have an ending: any from five letters on ("uniform", "uniformly"), a plural s from two.

    >>> shown("2x", "it is 2X as fast"), shown("2x", "it is 12x as fast"), shown("2x", "it is 1.2x as fast")
    (True, False, False)
    """
    plain = _plain(spelling)
    last = re.search(rf"(?:(?!\d)(?!_){_LETTER})*$", plain)
    length = len(last.group()) if last else 0
    ending = r"[^\W\d_]*" if length >= _STEM else "s?" if length >= _ACRONYM else ""
    return _contains(plain, _plain(text), ending)


def supported(sentence: str, abstract: str) -> bool:
    """Whether `abstract` supports `sentence`: verbatim, or nearly so within three sentences.

    Nearly so: three consecutive sentences contain at least 0.8 of the sentence's content words (by stem, without
    figures) and all its figures with their units. This compares words, not meaning: a dropped "not" passes.
    """
    sentence = _BRACKETS.sub(" ", sentence)  # the editor's words
    verbatim = " ".join(sentence.split()).rstrip(".;,: ")
    if _contains(verbatim, " ".join(abstract.split())):
        return True
    figures = _figures(sentence)
    # Figures are checked separately; "percent" may be written "%".
    counted = {word.casefold() for number in numbers(sentence) for word in words(number.text)}
    wanted = {word.casefold() for word in content_words(sentence)} - counted
    if not wanted:
        return False
    for stems, stated in _windows(abstract):
        if figures <= stated and sum(_has(word, stems) for word in wanted) / len(wanted) >= SHARE:
            return True
    return False


def _plain(text: str) -> str:
    return fold(text).translate(_DASHES)


def _contains(wording: str, text: str, ending: str = "") -> bool:
    before = rf"(?<!{_LETTER})" if re.match(_LETTER, wording[:1]) else ""
    after = rf"{ending}(?!{_LETTER})" if re.match(_LETTER, wording[-1:]) else ""
    if wording[:1].isdigit():  # "5" is not part of "1.5", "2,5" or "gpt-5"
        before += r"(?<!\d[.,])(?<![^\W\d_]-)"
    if wording[-1:].isdigit():  # "4" is not part of "4.5" or "4,000"
        after += r"(?![.,]\d)"
    return bool(wording) and re.search(before + re.escape(wording) + after, text) is not None


@functools.lru_cache(maxsize=4096)
def _windows(abstract: str) -> tuple[tuple[frozenset[str], frozenset[tuple[str, str]]], ...]:
    spans = sentences(abstract)
    windows = []
    for first in range(max(1, len(spans) - WINDOW + 1)):
        last = min(first + WINDOW, len(spans)) - 1
        text = abstract[spans[first].start : spans[last].end] if spans else ""
        windows.append((frozenset(terms(text)), _figures(text)))
    return tuple(windows)


def _figures(text: str) -> frozenset[tuple[str, str]]:
    # "one" is hardly ever a figure ("one of the first"), so it is ignored.
    return frozenset((f"{n.value:.6g}", n.unit) for n in numbers(text) if n.text.casefold() != "one")


def _has(word: str, stems: frozenset[str]) -> bool:
    pieces = [stem(part) for part in parts(word)]
    return stem(word) in stems or (bool(pieces) and all(piece in stems for piece in pieces))
