"""A question and the papers to cite in; out whether their best sentences say yes or no to it, and which sentence does.

Only a question for yes or no, or one that takes something for granted, is read, and only against a few sentences. Where
these say neither clearly there is no verdict.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ..core.errors import ReaderError
from ..core.records import Decline, Evidence, Hit, Rejection, Sentence, Verdict, fold
from ..question.stating import Stated, stated
from ..question.understanding import Asked
from ..reader import Reader, leanings, threshold
from .editing import edited
from .writing import ExtractiveWriter, Writer, choose

KINDS = ("fact", "figure", "summary")
"""Kinds of question that get a verdict: lists, counts and comparisons have no single answer."""
MOST_SENTENCES = 3
"""Sentences read of each cited paper, the most likely to answer first. They contain the deciding one for 87 % of the
fitting questions with a verdict."""
OPPOSITE = "The abstract says the opposite:"
"""Before the sentence that denies what a question takes for granted."""
AGAINST = "it opens with the opposite of what the abstract says"

_SAYS = re.compile(r"(?P<yes>yes)\b|(?P<no>no)(?=[,.:;!–—])", re.I)
"""How a written sentence opens that says yes or no itself."""


@dataclass(frozen=True, slots=True)
class Opening:
    """How an answer begins: with the verdict or the lead, and the sentences that decide it, quoted."""

    sentences: tuple[Sentence, ...]
    verdict: Verdict = ""
    lead: str = ""


class OpeningWriter:
    """Quotes the opening, then passes on what another writer writes, without the sentences already quoted."""

    def __init__(self, opening: Opening, writer: Writer) -> None:
        self._opening, self._writer = opening, writer

    @property
    def name(self) -> str:
        return self._writer.name

    def write(
        self, asked: Asked, hits: Sequence[Hit], failed: Sequence[Rejection] = ()
    ) -> Iterator[Sentence | Decline]:
        """The opening and the sentences, each paper under its title once. Raises `LLMError` as the writer does."""
        if failed:
            yield from self._writer.write(asked, hits, failed)
            return
        yield from self._opening.sentences
        quoted = {fold(sentence.text) for sentence in self._opening.sentences}
        shown = title = self._opening.sentences[-1].heading
        for sentence in self._writer.write(asked, hits):
            if isinstance(sentence, Decline):
                yield sentence
                continue
            if self.name == ExtractiveWriter.name and not sentence.heading:
                continue  # the opening is the first of two sentences
            title = sentence.heading or title
            if fold(sentence.text) not in quoted:
                yield replace(sentence, heading="" if title == shown else title)
                shown = title


@dataclass(frozen=True, slots=True)
class _Read:
    """A sentence, and how probably it affirms and denies the statement."""

    hit: Hit
    evidence: Evidence
    affirms: float
    denies: float


def opening_of(asked: Asked, hits: Sequence[Hit], reader: Reader | None) -> Opening | None:
    """The verdict on a question, or the correction of what it takes for granted; None without clear evidence."""
    statement = stated(asked.text) if asked.kind in KINDS and not asked.foreign else None
    if reader is None or statement is None:
        return None
    try:
        return _together([_weighed(statement, _read(reader, hit, statement)) for hit in choose(asked, hits)])
    except ReaderError:  # a missing or altered file, which the reader has logged
        return None


def opened(writer: Writer, opening: Opening | None) -> Writer:
    """The writer, behind the opening if there is one."""
    return OpeningWriter(opening, writer) if opening else writer


def opposes(sentence: Sentence, verdict: Verdict) -> bool:
    """Whether a written sentence opens with the opposite of the verdict."""
    says = _SAYS.match(sentence.text)
    return says is not None and verdict in ("yes", "no") and says.lastgroup != verdict


def _read(reader: Reader, hit: Hit, statement: Stated) -> list[_Read]:
    """The sentences of a paper that most likely answer, as read."""
    likely = sorted(hit.evidence, key=lambda one: -one.signals.answers)[:MOST_SENTENCES]
    return [_Read(hit, one, *leanings(reader, one.text, statement.text)) for one in likely]


def _weighed(statement: Stated, read: Sequence[_Read]) -> Opening | None:
    """What one paper says, by its clearest sentence, if that reaches the fitted threshold."""
    yes, no = max(read, key=lambda one: one.affirms), max(read, key=lambda one: one.denies)
    if yes.affirms >= no.denies:
        clear = statement.asked and yes.affirms >= threshold("affirms")
        return Opening((_quoted(yes),), "yes") if clear else None
    if statement.asked:
        return Opening((_quoted(no),), "no") if no.denies >= threshold("denies") else None
    return Opening((_quoted(no),), lead=OPPOSITE) if no.denies >= threshold("contradicts") else None


def _together(papers: Sequence[Opening | None]) -> Opening | None:
    """What the cited papers say together: nothing unless each of them is clear; "partly" if they disagree.

    A question about no paper in particular cites several, and a single sentence of one of them does not decide it.
    """
    clear = [paper for paper in papers if paper is not None]
    if not clear or len(clear) < len(papers):
        return None
    verdicts = {paper.verdict for paper in clear}
    sentences = tuple(sentence for paper in clear for sentence in paper.sentences)
    return Opening(sentences, clear[0].verdict if len(verdicts) == 1 else "partly", clear[0].lead)


def _quoted(read: _Read) -> Sentence:
    """The sentence, edited to stand alone, under the title of its paper."""
    text = edited(read.hit.paper, read.hit.evidence)[read.evidence.start]
    return Sentence(text, (read.hit.paper.id,), heading=read.hit.paper.title)
