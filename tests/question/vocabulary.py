"""The names and words of the test papers, as `understand` needs them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from assistant.core.records import Paper
from assistant.core.text import words
from assistant.index.keywords import KeywordIndex
from assistant.index.names import names_of

from ..papers import PAIRS


class PaperWords:
    """The `Vocabulary` of a few papers, in memory."""

    def __init__(self, papers: Iterable[Paper]) -> None:
        self._papers = papers = list(papers)
        self._keywords = KeywordIndex(":memory:")
        self._keywords.put(papers)
        self._bearers: dict[str, list[str]] = {}
        for paper in papers:
            for name in names_of(paper):
                self._bearers.setdefault(name, []).append(paper.id)

    def __len__(self) -> int:
        return len(self._keywords)

    def bearers(self, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
        return {name: self._bearers[name] for name in names if name in self._bearers}

    def known_names(self, *, shortest: int, longest: int) -> Sequence[str]:
        return [name for name in sorted(self._bearers) if shortest <= len(name) <= longest]

    def document_counts(self, stems: Iterable[str]) -> Mapping[str, int]:
        return self._keywords.document_counts(stems)

    def stems(self, start: str, *, shortest: int, longest: int, least: int) -> Sequence[str]:
        return self._keywords.stems(start, shortest=shortest, longest=longest, least=least)

    def writes(self, word: str, *, least: int) -> bool:
        return sum(word in words(f"{one.title} {one.abstract}".casefold()) for one in self._papers) >= least

    def is_word(self, word: str) -> bool:
        return word in ORDINARY

    def vector_of(self, question: str, *, embedder: str) -> Sequence[float]:
        return ()

    def holders(self, word: str, *, limit: int) -> Sequence[str]:
        return [paper_id for paper_id, _ in self._keywords.search(word, limit=limit, whole=True)]


ORDINARY = frozenset("quest string patent remote".split())
"""Words of the language, whatever the papers call themselves."""
_PAPERS = [Paper(*pair) for pair in PAIRS]
TITLES = {paper.id: paper.title for paper in _PAPERS}
WORDS = PaperWords(_PAPERS)
