"""A citation of a draft in, the papers that it may stand for out: none, the one, or several that fit equally.

A reference is text that names a paper: an entry of a list, or of a BibTeX file. It stands for a paper whose title it
has as a part of its own, or with one wrong letter. Nothing is guessed.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from ..core.bibliography import family_name
from ..core.filters import Filter
from ..core.readable import readable
from ..core.records import Paper, fold
from ..index.searchable import Index
from .marks import Mark

if TYPE_CHECKING:
    from bibtexparser.model import Field

CANDIDATES = 20
"""Papers whose titles are looked for in a reference: those that share most with it, by keywords."""
LEAST_OF_A_TITLE = 3
"""Fewest words of a title that may stand between commas, or without its subtitle; fewer are a common phrase."""
LONG = 30
"""Letters from which on a title with one wrong letter is still the same title."""
_AUTHORS = 200
"""Characters at the beginning of a reference in which its first author is named."""

_SURROUNDED = (r"""(?:^|[.,?!;"“”‘'*_(\[{)\]}\d]|[.)\d]:)\s*$""", r"""\s*(?:[.,?!;"“”’'*_()\[{}\]]|$)""")
_SET_OFF = (r"""(?:^|[.?!"“‘*_)\]}])\s*$""", r"""\s*(?:[.?!"”’*_]|$)""")
"""What stands before and after a title in a reference; the second, for titles of few words, has no commas."""
_PARTS = re.compile(r"""(?<=[.?!])\s+|["“”*_]|(?<=\))[.:,]?\s""")


def bibtex(text: str) -> dict[str, str]:
    """The references of a BibTeX file by their keys; an entry that cannot be read is left out."""
    from bibtexparser.entrypoint import parse_string

    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)
    return {entry.key: _reference(entry.fields_dict) for entry in parse_string(text).entries} if text.strip() else {}


def _reference(fields: Mapping[str, Field]) -> str:
    """A BibTeX entry as a list of references would show it."""
    values = {name.casefold(): str(field.value) for name, field in fields.items()}
    title = ": ".join(part for part in (values.get("title", ""), values.get("subtitle", "")) if part)
    return f"{values.get('author', '')} ({values.get('year') or values.get('date', '')[:4]}). “{title}”"


class References:
    """The references of one draft, by their keys, and the papers of an index."""

    def __init__(self, entries: Mapping[str, str], index: Index) -> None:
        self._index, self._library = index, index.library
        self._entries = {key: _without_braces(entry) for key, entry in entries.items()}
        self._named = cache(self._papers_named)

    def papers(self, mark: Mark) -> tuple[Paper, ...]:
        """The papers that a citation may stand for."""
        if mark.kind == "title":
            return self._named(f"“{mark.name}”")
        if mark.kind == "byline":
            author, year = mark.name.rsplit(" ", 1)
            entries = [entry for entry in self._entries.values() if _is_by(entry, author, year)]
            listed = tuple(dict.fromkeys(paper for entry in entries for paper in self._named(entry)))
            return listed if entries else self._papers_by(author, year[:4])
        if mark.name in self._entries:
            return self._named(self._entries[mark.name])
        paper = self._library.find(mark.name) if mark.kind == "key" else None
        return (paper,) if paper else ()

    def _papers_by(self, author: str, year: str) -> tuple[Paper, ...]:
        """The papers of a year whose first author has that family name."""
        ids = self._library.fitting(Filter(since=year, until=year, authors=(author,))) or ()
        papers = self._library.papers(sorted(ids))
        return tuple(paper for paper in papers if fold(family_name(paper.authors[0]).split()[-1]) == fold(author))

    def _papers_named(self, reference: str) -> tuple[Paper, ...]:
        """The papers whose titles a reference has, without those whose title is a part of another's."""
        hits = self._index.keywords.search(reference, limit=CANDIDATES)
        candidates = self._library.papers([paper_id for paper_id, _ in hits])
        for names in (_has_title, _has_main_title, _has_title_misspelt):
            if papers := [paper for paper in candidates if names(reference, readable(paper.title))]:
                whole = [one for one in papers if not any(_is_part(one.title, other.title) for other in papers)]
                return tuple(whole if names is _has_title else papers)
        return ()


def _without_braces(entry: str) -> str:
    return " ".join(re.sub(r"[{}]", "", readable(entry)).split())


def _is_by(entry: str, family: str, year: str) -> bool:
    """Whether a reference is by an author of that family name, named first, and of that year: "2024" or "2024b"."""
    first = re.split(r"\s+and\s+|\s*[;&]\s*", entry[:_AUTHORS])[0].split()[:4]
    dated = re.search(rf"\b{year}(?![\d])" if year.isdigit() else rf"\b{year}\b", entry)
    return dated is not None and fold(family) in {fold(word.strip(".,:()")) for word in first}


def _has_title(reference: str, title: str) -> bool:
    """Whether a reference has a title, set off from what is around it; spelt with or without hyphens and accents."""
    words = re.findall(r"[^\W_]+", fold(title))
    before, after = _SURROUNDED if len(words) >= LEAST_OF_A_TITLE else _SET_OFF
    text, title_in_it = fold(reference), r"[\W_]*".join(words)
    return bool(words) and any(
        re.search(before, text[: match.start()]) and re.match(after, text[match.end() :])
        for match in re.finditer(rf"(?<!\w){title_in_it}(?!\w)", text)
    )


def _is_part(title: str, other: str) -> bool:
    """Whether another title has this one as a part of its own, and is longer."""
    return _letters(title) != _letters(other) and _has_title(other, title)


def _has_main_title(reference: str, title: str) -> bool:
    """Whether a reference has a title without its subtitle."""
    main, colon, _ = title.partition(":")
    return bool(colon) and len(main.split()) >= LEAST_OF_A_TITLE and _has_title(reference, main)


def _has_title_misspelt(reference: str, title: str) -> bool:
    """Whether a part of a reference is a title but for one letter; figures must be the same."""
    from rapidfuzz.distance import Levenshtein

    wanted = _letters(title)
    return len(wanted) >= LONG and any(
        re.findall(r"\d", part) == re.findall(r"\d", wanted) and Levenshtein.distance(part, wanted, score_cutoff=1) <= 1
        for part in map(_letters, _PARTS.split(reference))
    )


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", fold(text))
