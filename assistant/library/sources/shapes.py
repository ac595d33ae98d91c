"""An object of a database's JSON in, what it says of a paper out: one function for each database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .markup import without_html, without_latex

Values = dict[str, Any]


def shape_of(value: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Values]:
    """The shape that an object's keys show."""
    keys = value.keys()
    if "abstract_inverted_index" in keys or str(value.get("id", "")).startswith("https://openalex.org/"):
        return openalex
    if keys & {"paperId", "corpusid", "externalIds", "externalids"}:
        return semantic_scholar
    if "authors_parsed" in keys or {"journal-ref", "update_date"} <= keys:
        return arxiv
    if keys & {"container-title", "issued", "title-short", "DOI"} or any(map(_is_csl_name, value.get("author") or ())):
        return csl
    return plain


def _is_csl_name(value: object) -> bool:
    return isinstance(value, Mapping) and bool(value.keys() & {"family", "literal"})


def csl(value: Mapping[str, Any]) -> Values:
    """CSL-JSON, as Zotero and pandoc write it, and Crossref's works.

    https://docs.citationstyles.org/en/stable/specification.html#appendix-iv-variables
    """
    day = _parts(value.get("issued") or value.get("published") or {})
    return {
        "title": without_html(_text(value.get("title"))),
        "abstract": without_html(_text(value.get("abstract"))),
        "authors": [_csl_name(name) for name in _list(value.get("author"))],
        "year": day[:4],
        "published": day,
        "venue": without_html(_text(value.get("container-title")) or _text(value.get("event-title"))),
        "url": _text(value.get("URL")),
        "doi": _text(value.get("DOI")),
        "pubmed": _text(value.get("PMID")),
        "keywords": _text(value.get("keyword")).split(",") if value.get("keyword") else _texts(value.get("subject")),
        "arxiv": _text(value.get("number")) if _text(value.get("publisher")).casefold() == "arxiv" else "",
    }


def _csl_name(name: Any) -> str:
    if not isinstance(name, Mapping):
        return _text(name)
    if literal := _text(name.get("literal")) or _text(name.get("name")):
        return literal
    before = (_text(name.get(key)) for key in ("dropping-particle", "non-dropping-particle"))
    names = (_text(name.get("given")), *before, _text(name.get("family")), _text(name.get("suffix")))
    return " ".join(part for part in names if part)


def _parts(day: Any) -> str:
    """A date of CSL as "2024-03-05", as far as it goes."""
    if not isinstance(day, Mapping):
        return _text(day)
    parts = next(iter(_list(day.get("date-parts"))), None) or []
    numbers = [int(part) for part in parts if str(part).isdigit()]
    if not numbers:
        return _text(day.get("raw")) or _text(day.get("literal"))
    return "-".join([f"{numbers[0]:04}", *(f"{number:02}" for number in numbers[1:3])])


def openalex(value: Mapping[str, Any]) -> Values:
    """A work of OpenAlex: https://docs.openalex.org/api-entities/works/work-object ."""
    ids = value.get("ids") or {}
    place = (value.get("primary_location") or {}).get("source") or value.get("host_venue") or {}
    return {
        "title": without_html(_text(value.get("title") or value.get("display_name"))),
        "abstract": without_html(_uninverted(value.get("abstract_inverted_index")) or _text(value.get("abstract"))),
        "authors": [_text((one.get("author") or {}).get("display_name")) for one in _list(value.get("authorships"))],
        "year": _text(value.get("publication_year")),
        "published": _text(value.get("publication_date")),
        "venue": _text(place.get("display_name")),
        "url": _text(value.get("doi") or value.get("id")),
        "doi": _text(value.get("doi") or ids.get("doi")),
        "pubmed": _text(ids.get("pmid")),
        "keywords": [_text(one.get("display_name") or one.get("keyword")) for one in _list(value.get("keywords"))],
    }


def _uninverted(index: Any) -> str:
    """The text of an inverted index, word -> positions. Raises `ValueError` if words of it are missing."""
    if not index:
        return ""
    words = {int(position): word for word, positions in index.items() for position in positions}
    if sorted(words) != list(range(len(words))) or len(words) < sum(map(len, index.values())):
        raise ValueError("the inverted abstract lacks words, or has two at one position")
    return " ".join(words[position] for position in range(len(words)))


def semantic_scholar(value: Mapping[str, Any]) -> Values:
    """A paper of Semantic Scholar's API or data sets: https://api.semanticscholar.org/api-docs/ ."""
    ids = value.get("externalIds") or value.get("externalids") or {}
    venue = value.get("publicationVenue") or {}
    journal = value.get("journal") or {}
    return {
        "title": _text(value.get("title")),
        "abstract": _text(value.get("abstract")),
        "authors": [_text(one.get("name")) for one in _list(value.get("authors"))],
        "year": _text(value.get("year")),
        "published": _text(value.get("publicationDate") or value.get("publicationdate")),
        "venue": _text(value.get("venue") or venue.get("name") or journal.get("name")),
        "url": _text(value.get("url")),
        "doi": _text(ids.get("DOI")),
        "arxiv": _text(ids.get("ArXiv")),
        "pubmed": _text(ids.get("PubMed")),
        "semantic_scholar": _text(value.get("paperId") or value.get("corpusid") or ids.get("CorpusId")),
    }


def arxiv(value: Mapping[str, Any]) -> Values:
    """A line of arXiv's snapshot: https://www.kaggle.com/datasets/Cornell-University/arxiv ."""
    parsed = [" ".join([given, family, suffix]) for family, given, suffix, *_ in _list(value.get("authors_parsed"))]
    versions = _list(value.get("versions"))
    return {
        "title": _text(value.get("title")),
        "abstract": _text(value.get("abstract")),
        "authors": [without_latex(name) for name in parsed or _text(value.get("authors")).split(",")],
        "year": _text(versions[0].get("created")) if versions else _text(value.get("update_date")),
        "venue": _text(value.get("journal-ref")),
        "url": f"https://arxiv.org/abs/{_text(value.get('id'))}",
        "arxiv": _text(value.get("id")),
        "doi": _text(value.get("doi")),
    }


def plain(value: Mapping[str, Any]) -> Values:
    """Fields under their plain names, in any case: title, abstract, authors, year, venue, url, doi and a few others."""
    fields = {key.casefold(): one for key, one in value.items()}

    def first(*names: str) -> Any:
        return next((fields[name] for name in names if fields.get(name)), "")

    names = first("authors", "author")
    return {
        "title": _text(first("title")),
        "abstract": _text(first("abstract", "summary")),
        "authors": [_csl_name(name) for name in names] if isinstance(names, list) else _text(names).split(";"),
        "year": _text(first("year", "date", "published")),
        "published": _text(first("published", "date")),
        "venue": _text(first("venue", "journal", "booktitle")),
        "url": _text(first("url", "link")),
        "doi": _text(first("doi")),
        "arxiv": _text(first("arxiv", "arxiv_id", "arxivid")),
        "pubmed": _text(first("pubmed", "pmid", "pubmed_id")),
        "semantic_scholar": _text(first("semantic_scholar", "s2_id")),
        "keywords": _texts(first("keywords", "keyword")),
    }


SHAPES = {
    "csl": csl,
    "openalex": openalex,
    "semantic-scholar": semantic_scholar,
    "arxiv": arxiv,
}


def _text(value: Any) -> str:
    """A text, a number as text, or the first of a list. Raises `TypeError` for anything else."""
    if value is None or value == []:
        return ""
    if isinstance(value, list):
        return _text(value[0])
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError(f"{str(value)[:40]!r} where a text is expected")
    return str(value)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list | None):
        raise TypeError(f"{str(value)[:40]!r} where a list is expected")
    return value or []


def _texts(value: Any) -> list[str]:
    return [_text(one) for one in value] if isinstance(value, list) else _text(value).split(";")
