"""RIS in, raw papers out, as Zotero, EndNote, Mendeley, databases and publishers write it.

https://en.wikipedia.org/wiki/RIS_(file_format)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from .markup import without_html
from .opening import Content, decoded
from .raw import RawPaper, with_comma
from .tagged import Tags, records

_ONCE = frozenset({"TY", "TI", "T1", "AB", "N2", "DO"})
_BROKEN = re.compile(r"\s*[A-Z0-9]{1,2}\s{0,2}-(?:\s|$)")
WIDE = Tags(re.compile(r"\s*([A-Z][A-Z0-9])  -(?:\s|$)"), "TY", "ER", once=_ONCE, broken=_BROKEN)
NARROW = Tags(re.compile(r"\s*([A-Z][A-Z0-9]) -(?:\s|$)"), "TY", "ER", once=_ONCE, broken=_BROKEN)
"""With the two spaces of the standard, and with the one that some programs write."""


def raw_papers(content: Content, _: Mapping[str, str]) -> Iterator[RawPaper]:
    """The raw papers of a RIS file."""
    narrow = re.search(r"(?m)^\s*TY -", decoded(content.head))
    for record in records(content.lines(), NARROW if narrow else WIDE):
        titles = record.all("TI", "T1", "CT", "BT")
        yield RawPaper(
            line=record.line,
            text=record.text,
            problem=record.problem,
            title=without_html(" ".join(titles)),
            abstract=without_html(record.joined("AB", "N2")),
            authors=[with_comma(name) for name in record.all("AU", "A1")],
            year=record.one("PY", "Y1", "DA"),
            published=record.one("DA", "PY", "Y1").replace("/", "-").strip("-"),
            venue=without_html(record.one("JF", "JO", "T2", "C3", "BT", "JA", "J2")),
            url=record.one("UR", "L3", "LK"),
            doi=record.one("DO", "M3") if record.one("M3").startswith("10.") else record.one("DO"),
            pubmed=record.one("AN") if "pubmed" in record.one("DB", "DP").casefold() else "",
            keywords=record.all("KW"),
        )
