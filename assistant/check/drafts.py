"""A draft in, its sentences out, each checked against the abstracts of the papers that it cites."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..core.bounds import BIBLIOGRAPHY, DRAFT, SENTENCE, bounded
from ..core.drafts import CheckedCitation, CheckedSentence
from ..core.errors import QuestionError
from ..core.records import Check, Paper
from ..core.text import sentences, words
from ..index.searchable import Progress
from ..question.understanding import Asked
from ..search.retrieval import Retriever
from .checker import RIVALS, Checker
from .citations import FEWEST_WORDS
from .marks import Citing, Mark, before_the_stop, citings, without
from .prose import DraftParagraph, Manuscript
from .references import References

MOST = 2000
"""Sentences of a draft that may cite something, each a fraction of a second's work; a long survey has a thousand."""
TOO_SHORT, TOO_LONG = "too short to state anything", "too long to be a sentence"

Judged = Callable[[str, Paper], Check]
"""Checks a sentence against a paper."""


@dataclass(frozen=True, slots=True)
class CitingSentence:
    """A sentence of a draft, the line it begins in, and what it cites, each citation with the papers it may mean."""

    line: int
    text: str
    cited: tuple[tuple[Mark, tuple[Paper, ...]], ...]


def texts(draft: str | Path, bibliography: str | Path = "") -> tuple[str, str]:
    """The text of a draft and of its BibTeX file, which for a draft that is a file may be the .bib files beside it.

    Raises `QuestionError` for a file that cannot be read, and for a text that is too long or empty.
    """
    beside = sorted(draft.parent.glob("*.bib")) if isinstance(draft, Path) and not bibliography else []
    entries = "\n".join(map(_read, beside)) if beside else _read(bibliography)
    text = bounded(_read(draft), DRAFT, "draft")
    if not words(text):
        raise QuestionError("The draft has no words.")
    return text, bounded(entries, BIBLIOGRAPHY, "bibliography")


def _read(source: str | Path) -> str:
    if isinstance(source, str):
        return source
    try:
        return source.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise QuestionError(f"{str(source)!r} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise QuestionError(f"{str(source)!r} is not UTF-8 text. Save it as Markdown, LaTeX or plain text.") from error


def citing_sentences(draft: Manuscript, references: References) -> list[CitingSentence]:
    """The sentences of a draft in order. Raises `QuestionError` if more than `MOST` cite something."""
    every = [one for paragraph in draft.paragraphs for one in _of_paragraph(paragraph, draft, references)]
    if (citing := sum(bool(one.cited) for one in every)) > MOST:
        raise QuestionError(f"{citing:,} sentences of the draft cite something, more than {MOST:,}. Check it in parts.")
    return every


def _of_paragraph(paragraph: DraftParagraph, draft: Manuscript, references: References) -> Iterator[CitingSentence]:
    text = before_the_stop(paragraph.text)
    for span in sentences(text):
        sentence = span.of(text)
        papers = {mark: references.papers(mark) for place in citings(sentence) for mark in place.marks}
        places = [place for place in citings(sentence) if _cites(place, papers)]
        plain = without(sentence, places, draft.plain)
        cited = {mark: papers[mark] for place in places for mark in place.marks}
        if words(plain) or cited:
            yield CitingSentence(paragraph.line + text.count("\n", 0, span.start), plain, tuple(cited.items()))


def _cites(place: Citing, papers: Mapping[Mark, Sequence[Paper]]) -> bool:
    """Whether this is a citation, and not a quotation or anything else that only looks like one."""
    return any(mark.surely or papers[mark] for mark in place.marks)


class DraftChecker:
    """Checks the sentences of a draft: `judged` says whether a paper supports one, `retriever` finds better papers."""

    def __init__(self, judged: Judged, checker: Checker, retriever: Retriever) -> None:
        self._judged, self._checker, self._retriever = judged, checker, retriever

    def checked(self, draft: Sequence[CitingSentence], progress: Progress | None = None) -> Iterator[CheckedSentence]:
        """Each sentence, checked; `progress` is called with those that cite something."""
        total, done = sum(bool(sentence.cited) for sentence in draft), 0
        for sentence in draft:
            if progress and sentence.cited:
                progress("checking", done, total)
            yield self.check(sentence)
            done += bool(sentence.cited)

    def check(self, sentence: CitingSentence) -> CheckedSentence:
        """The sentence with a verdict for each of its citations; one that supports it is enough.

        If none does, another paper may be closer. A sentence without a paper is not searched for.
        """
        citations = tuple(self._cited(sentence.text, mark, papers) for mark, papers in sentence.cited)
        checked = CheckedSentence(sentence.line, sentence.text, citations)
        if checked.standing != "not supported":
            return checked
        papers = [papers[0] for _, papers in sentence.cited if len(papers) == 1]
        return replace(checked, closer=self._closer(sentence.text, papers))

    def _cited(self, text: str, mark: Mark, papers: Sequence[Paper]) -> CheckedCitation:
        if len(papers) != 1:
            titles = "; ".join(f"“{paper.title}”" for paper in papers)
            reason = f"several papers here fit {mark.text}: {titles}" if papers else f"no paper here for {mark.text}"
            return CheckedCitation(mark.text, reason=reason)
        paper = papers[0]
        fault = _unfit(text)
        check = Check(False, 0.0, "checked", (fault,), "", certain=True) if fault else self._judged(text, paper)
        return CheckedCitation(mark.text, paper.title, paper.id, check)

    def _closer(self, text: str, cited: Sequence[Paper]) -> CheckedCitation | None:
        """A paper that supports the sentence and is clearly closer to it than each that is cited."""
        if _unfit(text):
            return None
        papers = [hit.paper for hit in self._retriever.retrieve(Asked(text, "fact"), limit=RIVALS)]
        rivals = [self._checker.rival(text, paper, papers) for paper in cited]
        closest = rivals[0]
        if closest is None or closest in cited or None in rivals:
            return None
        check = self._checker.check(text, closest)
        return CheckedCitation("", closest.title, closest.id, check) if check.supported else None


def _unfit(text: str) -> str:
    """Why a text is not checked; "" if it is."""
    if len(text) > SENTENCE:
        return TOO_LONG
    return TOO_SHORT if len(words(text)) < FEWEST_WORDS else ""
