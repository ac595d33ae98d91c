"""Names and identifiers as a file writes them in, the forms that records keep and people read out.

An author is kept as it is shown, "Given Family"; an identifier in its shortest form, so that equal ones are equal
texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import NamedTuple, Self
from urllib.parse import quote

from .notebook import Brief

_DOI = re.compile(r"10\.\d{4,9}/\S+")
"""https://www.crossref.org/blog/dois-and-matching-regular-expressions/"""
_ARXIV = re.compile(r"(?<![\w.])(\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})(?:v\d+)?(?![\d.]*\d)", re.I)
"""https://info.arxiv.org/help/arxiv_identifier.html"""
_PUBMED = re.compile(
    r"(?:PMID:?\s*|https?://(?:www\.)?(?:pubmed\.ncbi|ncbi)\.nlm\.nih\.gov/(?:pubmed/)?)?(\d{1,8})/?", re.I
)
_SEMANTIC_SCHOLAR = re.compile(r"(?:.*/)?(?:([0-9a-f]{40})|(?:CorpusID:)?(\d+))", re.I)
_OF_ARXIV = "10.48550/arxiv."
"""The beginning of the DOIs that arXiv gives: they name a preprint, not what was published."""

_NOBODY = re.compile(r"(?:and\s+)?(?:et\.? al\.?|others)", re.I)
_LATER = re.compile(r",?\s+(?:(?:et\.? al|and others)\b.*)$", re.I)
_SUFFIX = re.compile(r"(?:jr|sr)\.?|I{2,3}|IV", re.I)
_PARTICLES = frozenset(
    "af al bin da dal de del della den der di do dos du el ibn la le ten ter van vom von zu zum zur".split()
)
"""Words that begin a family name even if they have a capital: "Luc Van Gool"."""
_GROUPS = frozenset(
    """alliance association centre center collaboration collective committee community consortium council foundation
    group initiative institute investigators laboratory network organization project society team workshop""".split()
)
"""Words that end the name of a group."""


@dataclass(frozen=True, slots=True, repr=False)
class Identifiers(Brief):
    """What a paper is called elsewhere; "" where that is unknown. False if all of them are.

    `doi` is in lower case, `arxiv` without its version, `pubmed` a number, and `semantic_scholar` the hash of the paper
    there, or the number of its corpus. `Identifiers.of` brings texts into these forms.
    """

    doi: str = ""
    arxiv: str = ""
    pubmed: str = ""
    semantic_scholar: str = ""

    @classmethod
    def of(cls, *, doi: str = "", arxiv: str = "", pubmed: str = "", semantic_scholar: str = "", url: str = "") -> Self:
        """The identifiers in texts and in a paper's address, which may be links; what is none is left out.

        The DOI of an arXiv preprint is its arXiv number.

        >>> Identifiers.of(doi="https://doi.org/10.18653/V1/2024.x.1", url="https://arxiv.org/abs/2401.01234v2")
        Identifiers(doi='10.18653/v1/2024.x.1', arxiv='2401.01234')
        """
        doi = _doi(doi) or (_doi(url) if "doi.org/" in url else "")
        if doi.startswith(_OF_ARXIV):
            doi, arxiv = "", arxiv or doi.removeprefix(_OF_ARXIV)
        host = re.match(r"(?:https?://)?(?:www\.)?([\w.-]+)", url.strip(), re.I)
        site = host[1].casefold() if host else ""
        return cls(
            doi,
            _arxiv(arxiv) or (_arxiv(url) if site.endswith("arxiv.org") else ""),
            _whole(_PUBMED, pubmed) or (_whole(_PUBMED, url) if site.endswith("nih.gov") else ""),
            _whole(_SEMANTIC_SCHOLAR, semantic_scholar)
            or (_whole(_SEMANTIC_SCHOLAR, url) if site.endswith("semanticscholar.org") else ""),
        )

    def __bool__(self) -> bool:
        return any(self)

    def __iter__(self) -> Iterator[str]:
        return (getattr(self, field.name) for field in fields(self))

    @property
    def known(self) -> dict[str, str]:
        """Those that are known, by the name of their scheme."""
        return {field.name: value for field, value in zip(fields(self), self, strict=True) if value}

    @property
    def links(self) -> dict[str, str]:
        """Where each of them leads, by the name that people know it by."""
        all_links = {
            "DOI": self.doi and f"https://doi.org/{_in_an_address(self.doi)}",
            "arXiv": self.arxiv and f"https://arxiv.org/abs/{self.arxiv}",
            "PubMed": self.pubmed and f"https://pubmed.ncbi.nlm.nih.gov/{self.pubmed}/",
            "Semantic Scholar": self._at_semantic_scholar,
        }
        return {name: link for name, link in all_links.items() if link}

    @property
    def _at_semantic_scholar(self) -> str:
        """The paper's page there, which also leads on from a DOI or a number of arXiv or PubMed."""
        if self.semantic_scholar and not self.semantic_scholar.isdigit():
            return f"https://www.semanticscholar.org/paper/{self.semantic_scholar}"
        ids = {"CorpusID": self.semantic_scholar, "DOI": self.doi, "arXiv": self.arxiv, "PMID": self.pubmed}
        known = (f"{scheme}:{_in_an_address(value)}" for scheme, value in ids.items() if value)
        return next((f"https://api.semanticscholar.org/{one}" for one in known), "")


UNIDENTIFIED = Identifiers()


def _in_an_address(identifier: str) -> str:
    return quote(identifier, safe="/:;().")


def _doi(text: str) -> str:
    match = _DOI.search(text)
    return match[0].rstrip(".,;").casefold() if match else ""


def _arxiv(text: str) -> str:
    match = _ARXIV.search(text.removesuffix(".pdf"))
    return re.sub(r"\.[a-z]{2}(?=/)", "", match[1].casefold()) if match else ""


def _whole(pattern: re.Pattern[str], text: str) -> str:
    """The first group that matched, if the whole text does."""
    match = pattern.fullmatch(text.strip())
    return next(group for group in match.groups() if group).casefold() if match else ""


def authors_of(names: Iterable[str]) -> tuple[str, ...]:
    """The authors that a file names, in their order, each once; "et al." and "others" are nobody.

    >>> authors_of(["Potthast, Martin", "Stein, Benno", "others"])
    ('Martin Potthast', 'Benno Stein')
    """
    return tuple(dict.fromkeys(name for name in map(_displayed, names) if name))


def _displayed(name: str) -> str:
    """A name as "Given Family"; "" for nobody.

    https://www.bibtex.com/f/author-field/ has the forms with commas: "Family, Given" and "Family, Jr., Given".
    """
    name = _LATER.sub("", " ".join(name.split())).strip(" ,;*†‡")
    if _NOBODY.fullmatch(name) or not any(letter.isalpha() for letter in name):
        return ""
    family, *rest = [part for part in map(str.strip, name.split(",")) if part]
    if len(rest) == 2 and _SUFFIX.fullmatch(rest[0]):
        rest.reverse()
    given, suffixes = ([], rest) if rest and _SUFFIX.fullmatch(rest[0]) else (rest[:1], rest[1:])
    return " ".join([*given, family, *suffixes])


class NameParts(NamedTuple):
    """The parts of an author's name; "" where one is missing. The particles belong to the family name."""

    given: str
    family: str
    suffix: str


def parts_of(author: str) -> NameParts:
    """The parts of a name; that of a group, such as "ATLAS Collaboration", is a family name as a whole.

    >>> parts_of("Laurens van der Maaten"), parts_of("Sammy Davis Jr.")  # doctest: +NORMALIZE_WHITESPACE
    (NameParts(given='Laurens', family='van der Maaten', suffix=''),
     NameParts(given='Sammy', family='Davis', suffix='Jr.'))
    """
    words = author.split()
    if words and words[-1].casefold() in _GROUPS:
        return NameParts("", " ".join(words), "")
    last = len(words)
    while last > 1 and _SUFFIX.fullmatch(words[last - 1]):
        last -= 1
    first = next((place for place, word in enumerate(words[: last - 1]) if _is_particle(word, place)), last - 1)
    given, family, suffix = words[: max(0, first)], words[max(0, first) : last], words[last:]
    return NameParts(" ".join(given), " ".join(family), " ".join(suffix))


def family_name(author: str) -> str:
    """The family name of an author, with what belongs to it in front.

    >>> [family_name(name) for name in ("Laurens van der Maaten", "Plato", "Sammy Davis Jr.")]
    ['van der Maaten', 'Plato', 'Davis']
    """
    return parts_of(author).family


def _is_particle(word: str, place: int) -> bool:
    """Whether a family name begins with this word: it has a small letter, or is a known one that is no first name."""
    return word[:1].islower() or (place > 0 and word.casefold() in _PARTICLES)


def byline(authors: Iterable[str], year: int | None) -> str:
    """How a text refers to a paper: "Potthast et al., 2024", "Potthast and Stein, 2024", "Potthast", "2024" or "".

    >>> byline(("Martin Potthast", "Benno Stein", "Matthias Hagen"), 2024)
    'Potthast et al., 2024'
    """
    families = [family_name(author) for author in authors]
    if len(families) > 2:
        families = [f"{families[0]} et al."]
    return ", ".join(part for part in (" and ".join(families), str(year or "")) if part)


def labelled(title: str, byline: str) -> str:
    """A title in a list: "Title (Potthast et al., 2024)"."""
    return f"{title} ({byline})" if byline else title
