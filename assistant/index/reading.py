"""A paper in, its reading out: what of it can be known before any question, such as its stems and its sentences' cues.

A reading takes a millisecond or two, so the index stores it.
"""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass

from ..core.records import Paper
from ..core.text import Span, numbers, sentences, stems_of
from .names import mentions, names_of

__all__ = ["CUES", "Reading", "SentenceReading", "is_reading_of", "packed", "read", "stems_of", "unpacked"]

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
class SentenceReading:
    """What is known of a sentence before any question: its span, stems, figures and cues.

    cues: the values of `CUES`, in that order: 0 or 1, but for `place`, from 0 for the first sentence to 1 for the last,
    and `length`, in units of 30 words.
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
    sentences: tuple[SentenceReading, ...]


def read(paper: Paper) -> Reading:
    """The reading of a paper."""
    return unpacked(packed(paper))


def packed(paper: Paper) -> bytes:
    """The reading of a paper, in the form the index stores and `unpacked` reads."""
    spans = sentences(paper.abstract)
    texts = [span.of(paper.abstract) for span in spans]
    stems = [sorted(stems_of(text)) for text in (paper.title, *texts)]
    all_numbers = [numbers(text) for text in texts]
    own = mentions(texts, frozenset(names_of(paper)[1:]))
    rows = []
    for n, (span, text) in enumerate(zip(spans, texts, strict=True)):
        cues = (
            n / max(1, len(spans) - 1),
            n == 0,
            n == 1,
            n == len(spans) - 1,
            min(len(text.split()), 60) / 30,
            *[bool(cue.search(text)) for cue in (_RESULT, _PROPOSAL, _BACKGROUND, _AVAILABLE)],
            own[n],
        )
        figures = {number.value for number in all_numbers[n] if not number.text.isalpha()}
        rows.append((span.start, span.end, stems[n + 1], sorted(figures), tuple(map(float, cues))))
    return zlib.compress(json.dumps((stems[0], rows)).encode())


def is_reading_of(paper: Paper, blob: bytes) -> bool:
    """Whether `packed` stored this of the paper as it is, even with another zlib, which may compress otherwise."""
    try:
        return unpacked(blob) == read(paper)
    except (IndexError, TypeError, ValueError):
        return False


def unpacked(blob: bytes) -> Reading:
    """The reading that `packed` stored. Raises `ValueError` for anything else."""
    try:
        title, rows = json.loads(zlib.decompress(blob))
    except zlib.error as error:
        raise ValueError(str(error)) from error
    every = tuple(
        SentenceReading(Span(start, end), frozenset(stems), frozenset(figures), tuple(cues))
        for start, end, stems, figures, cues in rows
    )
    return Reading(frozenset(title), frozenset(title).union(*(sentence.stems for sentence in every)), every)
