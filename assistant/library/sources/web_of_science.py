"""Web of Science's plain text in, raw papers out.

https://images.webofknowledge.com/images/help/WOS/hs_wos_fieldtags.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from .markup import without_html
from .opening import Content
from .raw import RawPaper
from .tagged import Tags, records

TAGS = Tags(
    re.compile(r"([A-Z][A-Z0-9])(?:\s|$)"),
    "PT",
    "ER",
    outside=frozenset({"FN", "VR", "EF"}),
    once=frozenset({"PT", "TI", "AB", "UT"}),
    broken=re.compile(r"(?! {3}).*\S"),
)


def raw_papers(content: Content, _: Mapping[str, str]) -> Iterator[RawPaper]:
    """The raw papers of a file "savedrecs.txt"."""
    for record in records(content.lines(), TAGS):
        yield RawPaper(
            line=record.line,
            text=record.text,
            problem=record.problem,
            title=without_html(record.joined("TI")),
            abstract=without_html(record.joined("AB")),
            authors=record.all("AF", "AU"),
            year=record.one("PY"),
            venue=record.joined("SO"),
            doi=record.one("DI"),
            pubmed=record.one("PM"),
            keywords=record.joined("DE").split(";"),
        )
