"""Two records in, whether they are of one paper out; and the keys by which a record is looked up.

What makes one paper:

1. An identifier in common, unless titles and abstracts both differ: some files give every chapter the DOI of its book.
2. The same title, apart from case, spacing and punctuation; or a similar title and the same beginning of the abstract.

By rule 2, records whose DOIs or arXiv numbers differ need more: similar abstracts or, if one has none, the same
authors. So a preprint and its publication are one paper, and two prefaces are two.
"""

from __future__ import annotations

import re

from ..core.bibliography import family_name
from ..core.bounds import TITLE
from ..core.readable import readable
from ..core.records import Paper, digest, fold

ALIKE = 0.5
"""Share of the words of two texts that both use, from which they count as similar. No two of the sample's 120
abstracts, some of which are by one group on one subject, share more than 0.25."""
TELLING = 12
"""Letters and digits from which a title is the same whatever stands between them: "C++" is not "C#"."""
BEGINNING = 200
"""Letters and digits at the start of an abstract that no other paper's abstract starts with."""


def keys_of(paper: Paper) -> list[str]:
    """The keys of a record; two records of one paper have at least one in common."""
    title, abstract = _squeezed(paper.title[:TITLE]), _squeezed(paper.abstract[: 2 * BEGINNING])
    keys = [f"{scheme}:{value}" for scheme, value in paper.identifiers.known.items()]
    keys += [f"title:{digest(title)}"] if len(title) >= TELLING else []
    keys += [f"abstract:{digest(abstract[:BEGINNING])}"] if len(abstract) >= BEGINNING else []
    return keys


def is_one_paper(one: Paper, other: Paper) -> bool:
    """Whether two records are of one paper."""
    alike = _alike(one.abstract, other.abstract)
    if _shares_identifier(one, other):
        return alike or _similar_title(one, other) or not (one.abstract and other.abstract)
    if not (_same_title(one, other) or (alike and _similar_title(one, other))):
        return False
    if not _differ(one, other):
        return True
    return alike if one.abstract and other.abstract else _same_authors(one, other)


def _shares_identifier(one: Paper, other: Paper) -> bool:
    return any(value and value == theirs for value, theirs in zip(one.identifiers, other.identifiers, strict=True))


def _differ(one: Paper, other: Paper) -> bool:
    """Whether a scheme gives the two different identifiers."""
    return any(a and b and a != b for a, b in zip(one.identifiers, other.identifiers, strict=True))


def _same_title(one: Paper, other: Paper) -> bool:
    squeezed = _squeezed(one.title)
    return fold(one.title) == fold(other.title) or (len(squeezed) >= TELLING and squeezed == _squeezed(other.title))


def _similar_title(one: Paper, other: Paper) -> bool:
    """Whether the titles have most words in common, and the same numbers: the second part is not the first."""
    numbers = [set(re.findall(r"\d+", paper.title)) for paper in (one, other)]
    return _same_title(one, other) or (numbers[0] == numbers[1] and _alike(one.title, other.title))


def _same_authors(one: Paper, other: Paper) -> bool:
    families = [[fold(family_name(author)) for author in paper.authors] for paper in (one, other)]
    return bool(one.authors) and families[0] == families[1]


def _alike(one: str, other: str) -> bool:
    ours, theirs = (set(re.findall(r"\w+", fold(text))) for text in (one, other))
    return bool(ours) and len(ours & theirs) >= ALIKE * len(ours | theirs)


def _squeezed(text: str) -> str:
    """The letters and digits of a text, folded, without LaTeX."""
    return "".join(filter(str.isalnum, fold(readable(text))))
