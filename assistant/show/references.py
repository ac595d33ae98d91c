"""Papers in, entries for a reference manager out: BibTeX, RIS or CSL-JSON. `styles` has references for people.

What is not known of a paper is left out. Titles and names are foreign text: in BibTeX their special characters are
escaped, but not those of formulas.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from ..core.bibliography import parts_of
from ..core.readable import readable
from ..core.records import Paper
from ..core.text import clean, content_words

Place = Literal["meeting", "journal", "nowhere"]

_MATHS = re.compile(r"(\$[^$\n]{1,80}\$)")
_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    **{mark: f"\\{mark}" for mark in "&%$#_"},
}
_MEETING = re.compile(r"\b(?:proceedings|proc|conference|workshop|symposium|meeting|findings|congress)\b", re.I)
_PREPRINTS = re.compile(r"\b(?:arxiv|corr|biorxiv|medrxiv|preprints?|ssrn)\b", re.I)
_ADDRESS = re.compile(r"https?://[^\s{}\\]+")
_YEAR = re.compile(r"\d{4}")
_BIBTEX: dict[Place, tuple[str, str]] = {
    "meeting": ("inproceedings", "booktitle"),
    "journal": ("article", "journal"),
    "nowhere": ("misc", "howpublished"),
}
"""The type of an entry, and the field with the venue."""
_RIS: dict[Place, str] = {"meeting": "CONF", "journal": "JOUR", "nowhere": "GEN"}
_CSL: dict[Place, str] = {"meeting": "paper-conference", "journal": "article-journal", "nowhere": "article"}
"""An "article" is a preprint there; what is nowhere and no preprint is a "document"."""


def as_bibtex(papers: Sequence[Paper]) -> str:
    """An entry for each paper: https://www.bibtex.com/e/entry-types/ ."""
    keys = _keys(papers)
    return "\n\n".join(_entry(key, paper) for key, paper in zip(keys, papers, strict=True)) + "\n" * bool(papers)


def as_ris(papers: Sequence[Paper]) -> str:
    """A record for each paper: https://en.wikipedia.org/wiki/RIS_(file_format) ."""
    return "\n".join(map(_record, papers))


def as_csl(papers: Sequence[Paper]) -> str:
    """The papers as CSL-JSON: https://docs.citationstyles.org/en/stable/specification.html#appendix-iv-variables ."""
    items = csl_items(papers)
    return json.dumps(items, ensure_ascii=False, indent=2) + "\n" if items else ""


def csl_items(papers: Sequence[Paper]) -> list[dict[str, Any]]:
    """The papers as the values of CSL-JSON, each with an `id` of its own."""
    return [_item(key, paper) for key, paper in zip(_keys(papers), papers, strict=True)]


def _place(paper: Paper) -> Place:
    """The kind of a venue, by its name: that of a meeting says so, or is an abbreviation, with or without a year."""
    venue = paper.venue.strip()
    if not venue or _PREPRINTS.search(venue):
        return "nowhere"
    first = re.split(r"[\W\d]+", venue)[0]
    return "meeting" if _MEETING.search(venue) or (len(first) > 2 and sum(map(str.isupper, first)) > 2) else "journal"


def _is_preprint(paper: Paper) -> bool:
    return bool(paper.identifiers.arxiv or _PREPRINTS.search(paper.venue))


def _year(paper: Paper) -> str:
    date = _YEAR.match(paper.published)
    return str(paper.year) if paper.year else date[0] if date else ""


def _url(paper: Paper) -> str:
    return paper.url if _ADDRESS.fullmatch(paper.url) else ""


def _any_url(paper: Paper) -> str:
    """Its own address or, if it has none, that of its first identifier."""
    return _url(paper) or next(iter(paper.identifiers.links.values()), "")


# -- BibTeX


def _entry(key: str, paper: Paper) -> str:
    kind, container = _BIBTEX[_place(paper)]
    ids = paper.identifiers
    fields = {
        "title": f"{{{_latex(paper.title)}}}",  # double braces keep its capitals in every style
        "author": " and ".join(_author(author) for author in paper.authors),
        container: _latex(paper.venue) if kind != "misc" else "",
        "year": _year(paper),
        "doi": ids.doi if re.fullmatch(r"[^\s{}\\]*", ids.doi) else "",
        "eprint": ids.arxiv,
        "archiveprefix": "arXiv" if ids.arxiv else "",
        "url": _url(paper),
    }
    lines = (f"  {name} = {{{value}}}" for name, value in fields.items() if value)
    return f"@{kind}{{{key},\n" + ",\n".join(lines) + "\n}"


def _author(author: str) -> str:
    """A name whose parts BibTeX cannot mistake; a name of one part is braced, as that of a group is."""
    name = parts_of(author)
    if not name.given:
        return f"{{{_latex(author)}}}"
    return ", ".join(_latex(part) for part in (name.family, name.suffix, name.given) if part)


def _latex(text: str) -> str:
    """Readable text with LaTeX's special characters escaped; balanced `$...$` is kept as a formula."""
    parts = _MATHS.split(" ".join(clean(text).split()))
    return "".join(
        part if index % 2 and part.count("{") == part.count("}") else _escaped(readable(part))
        for index, part in enumerate(parts)
    )


def _escaped(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in text)


def _keys(papers: Iterable[Paper]) -> list[str]:
    """A key for each paper: the first two words of its title, and the start of its id, which makes it unique."""
    return ["-".join([*_ascii(paper.title)[:2], paper.id[:6]]) for paper in papers]


def _ascii(title: str) -> list[str]:
    """The content words of a title in letters that BibTeX allows in a key."""
    folded = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return [re.sub(r"\W", "", word) for word in content_words(folded)]


# -- RIS and CSL-JSON


def _record(paper: Paper) -> str:
    ids = paper.identifiers
    names = map(parts_of, paper.authors)
    authors = (", ".join(part for part in (name.family, name.given, name.suffix) if part) for name in names)
    fields = [
        ("TY", _RIS[_place(paper)]),
        ("TI", readable(paper.title)),
        *(("AU", author) for author in authors),
        ("PY", _year(paper)),
        ("T2", readable(paper.venue)),
        ("DO", ids.doi),
        ("AN", f"arXiv:{ids.arxiv}" if ids.arxiv else ""),
        ("UR", _any_url(paper)),
        *(("KW", keyword) for keyword in paper.keywords),
    ]
    lines = [f"{tag}  - {' '.join(clean(value).split())}" for tag, value in fields if value]
    return "\n".join([*lines, "ER  - ", ""])


def _item(key: str, paper: Paper) -> dict[str, Any]:
    ids, year = paper.identifiers, _year(paper)
    values = {
        "id": key,
        "type": "document" if _place(paper) == "nowhere" and not _is_preprint(paper) else _CSL[_place(paper)],
        "title": readable(paper.title),
        "author": [_csl_name(author) for author in paper.authors],
        "issued": {"date-parts": [[int(year)]]} if year else None,
        "container-title": readable(paper.venue),
        "DOI": ids.doi,
        "PMID": ids.pubmed,
        "number": f"arXiv:{ids.arxiv}" if ids.arxiv else "",
        "URL": _url(paper) if ids.doi else _any_url(paper),
    }
    return {name: value for name, value in values.items() if value}


def _csl_name(author: str) -> dict[str, str]:
    name = parts_of(author)
    if not name.given:
        return {"literal": author}
    return {part: value for part, value in name._asdict().items() if value}
