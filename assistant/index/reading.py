"""A paper in, what it tells before any question is asked out: its stems, and of each sentence stems, figures and cues.

Reading takes a millisecond or two a paper, so the index keeps what was read.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from ..core.records import Paper
from ..core.text import Span, content_words, numbers, parts, sentences, stem
from .names import key, names_of

_RESULT = re.compile(
    r"\b(?:result|experiment|achiev|outperform|surpass|improv|demonstrat|show|find|found|observ|reveal|accurac|"
    r"state-of-the-art|compared|reduc|gain|faster|reach|attain|obtain|yield)",
    re.I,
)
_PROPOSAL = re.compile(
    r"\b(?:we|this (?:paper|work|article|study|report|thesis|survey)|our|here)\b.{0,60}\b(?:propos|introduc"
    r"|present|develop|"
    r"describ|design|build|built|releas|stud(?:y|ie)|investigat|explor|examin|provid|creat|collect|evaluat|analy)"
    r"|\b(?:called|named|dubbed|termed|namely)\b",
    re.I,
)
_BACKGROUND = re.compile(
    r"^(?:recent|however|although|despite|while|existing|previous|traditional|current|in recent|most|many|large"
    r"|with the|"
    r"there (?:is|are|has)|nevertheless|yet|unfortunately|typically|prior|conventional)"
    r"|\b(?:has|have) (?:been|become|shown|achieved|gained|made|emerged|revolutioni)"
    r"|\b(?:remain|challeng|limited|limitation|lack|struggle|suffer)",
    re.I,
)
_AVAILABLE = re.compile(r"https?://|github|\b(?:codes?|models?|data) (?:is|are|will be)\b.{0,40}\bavailable", re.I)
CUES = ("place", "first", "second", "last", "length", "result", "proposal", "background", "available", "own")


@dataclass(frozen=True, slots=True)
class Told:
    """What a sentence is before any question is asked: its place, stems, numbers and cues.

    cues: those of `CUES` in that order, 0 or 1 each, but `length`, in units of 30 words, and `place`, 0 for the first
    sentence to 1 for the last.
    """

    span: Span
    stems: frozenset[str]
    figures: frozenset[float]
    cues: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """The stems of a title, those of title and abstract together, and each sentence of the abstract."""

    title: frozenset[str]
    stems: frozenset[str]
    sentences: tuple[Told, ...]


def stems_of(text: str) -> frozenset[str]:
    """The stems of the content words of `text`, compounds whole and in parts."""
    return frozenset(stem(piece) for word in content_words(text) for piece in (word, *parts(word)))


def read(paper: Paper) -> Reading:
    """What a paper tells."""
    return unpacked(packed(paper))


def packed(paper: Paper) -> bytes:
    """What a paper tells, as `unpacked` takes it."""
    spans = sentences(paper.abstract)
    coined = names_of(paper)[1:]
    told = []
    for n, span in enumerate(spans):
        text = span.of(paper.abstract)
        cues = (
            n / max(1, len(spans) - 1),
            n == 0,
            n == 1,
            n == len(spans) - 1,
            min(len(text.split()), 60) / 30,
            *(bool(cue.search(text)) for cue in (_RESULT, _PROPOSAL, _BACKGROUND, _AVAILABLE)),
            bool(coined) and not {key(word) for word in text.split()}.isdisjoint(coined),
        )
        figures = {number.value for number in numbers(text) if not number.text.isalpha()}
        told.append((span.start, span.end, sorted(stems_of(text)), sorted(figures), tuple(map(float, cues))))
    return json.dumps((sorted(stems_of(paper.title)), told)).encode()


def unpacked(blob: bytes) -> Reading:
    """What `packed` packed."""
    title, told = json.loads(blob)
    every = tuple(
        Told(Span(start, end), frozenset(stems), frozenset(figures), tuple(cues))
        for start, end, stems, figures, cues in told
    )
    return Reading(frozenset(title), frozenset(title).union(*(one.stems for one in every)), every)
