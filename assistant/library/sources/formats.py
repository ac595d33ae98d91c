"""The formats by name, and the one of a content: named by the user, or recognised by its first bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from . import arxiv, bibtex, endnote, pdf, prose, pubmed, records, ris, rss, tables, web_of_science
from .detection import detected
from .listing import EXPECTED, has_header
from .opening import Content, Unreadable
from .raw import RawPaper


@dataclass(frozen=True, slots=True)
class Format:
    """A format: its name as users give it, what it is called, and what makes raw papers of a content."""

    name: str
    label: str
    raw_papers: Callable[[Content, Mapping[str, str]], Iterator[RawPaper]]


def _arxiv(content: Content, columns: Mapping[str, str]) -> Iterator[RawPaper]:
    """The raw papers of a feed, or of the snapshot."""
    is_feed = content.head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    return (arxiv.raw_papers if is_feed else records.raw_papers_as("arxiv"))(content, columns)


LISTING = Format("listing", "a listing", prose.raw_papers)
"""`listing.parse` reads it, as a whole."""
TEXT = Format("text", "text", prose.raw_papers)
_ALL = (
    LISTING,
    Format("ris", "RIS", ris.raw_papers),
    Format("endnote", "EndNote", endnote.raw_papers),
    Format("bibtex", "BibTeX", bibtex.raw_papers),
    Format("web-of-science", "Web of Science", web_of_science.raw_papers),
    Format("pubmed", "PubMed", pubmed.raw_papers),
    Format("csl", "CSL-JSON", records.raw_papers_as("csl")),
    Format("arxiv", "arXiv", _arxiv),
    Format("rss", "RSS", rss.raw_papers),
    Format("openalex", "OpenAlex", records.raw_papers_as("openalex")),
    Format("semantic-scholar", "Semantic Scholar", records.raw_papers_as("semantic-scholar")),
    Format("json", "JSON", records.raw_papers_as("")),
    Format("csv", "CSV", tables.raw_papers),
    TEXT,
    Format("pdf", "a PDF", pdf.raw_papers),
)
FORMATS = {one.name: one for one in _ALL}
"""The formats that are read, by name."""
_DETECTED = {
    "RIS": "ris",
    "EndNote": "endnote",
    "EndNote XML": "endnote",
    "BibTeX": "bibtex",
    "Web of Science": "web-of-science",
    "PubMed text": "pubmed",
    "PubMed XML": "pubmed",
    "arXiv's Atom": "arxiv",
    "RSS": "rss",
    "JSON": "json",
    "CSV": "csv",
    "TSV": "csv",
    "PDF": "pdf",
}


def format_of(content: Content, name: str = "", *, table: bool = False) -> Format:
    """The format of a content, or that of the name; `TEXT` if it has none.

    `table`: what has no other format is a table. Raises `Unreadable` for what is not read.
    """
    if name:
        return FORMATS[name]
    if not content.head.removeprefix(b"\xef\xbb\xbf").strip():
        raise Unreadable("the file is empty")
    label = detected(content.head)
    if label in _DETECTED:
        return FORMATS[_DETECTED[label]]
    if label:
        raise Unreadable(
            f"is {label}, which is not read. Read are {', '.join(sorted(set(_DETECTED)))} and listings: {EXPECTED}"
        )
    if b"\0" in content.head and not content.head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable(f"is binary, not text (a zero byte at byte {content.head.index(0)})")
    if table:
        return FORMATS["csv"]
    return LISTING if has_header(content.head) else TEXT
