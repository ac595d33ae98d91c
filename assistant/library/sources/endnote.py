"""EndNote's tags (.enw, also from Google Scholar) and its XML in, raw papers out.

https://support.clarivate.com/Endnote/s/article/EndNote-Import-Formats
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping

from .markup import without_html
from .opening import Content
from .raw import RawPaper
from .tagged import Tags, records
from .xml import elements, source_of, text_of, texts

TAGS = Tags(
    re.compile(r"(%[0-9A-Z@!?&*+<>^~=()\[\]$])(?:\s|$)"),
    "%0",
    once=frozenset({"%0", "%T", "%X"}),
    broken=re.compile("%"),
)


def raw_papers(content: Content, _: Mapping[str, str]) -> Iterator[RawPaper]:
    """The raw papers of a file of either kind."""
    if content.head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        yield from _of_xml(content)
        return
    for record in records(content.lines(), TAGS):
        yield RawPaper(
            line=record.line,
            text=record.text,
            problem=record.problem,
            title=without_html(record.joined("%T")),
            abstract=without_html(record.joined("%X")),
            authors=record.all("%A"),
            year=record.one("%D", "%8"),
            venue=record.joined("%J", "%B"),
            url=record.one("%U"),
            doi=record.one("%R"),
            keywords=record.all("%K"),
        )


def _of_xml(content: Content) -> Iterator[RawPaper]:
    for number, one in elements(content, "record"):
        yield RawPaper(
            line=number,
            text=functools.partial(source_of, one),
            title=text_of(one.find("./titles/title")),
            abstract=without_html(text_of(one.find("./abstract"))),
            authors=texts(one.findall("./contributors/authors/author")),
            year=text_of(one.find("./dates/year")),
            venue=text_of(one.find("./periodical/full-title")) or text_of(one.find("./titles/secondary-title")),
            url=next(iter(texts(one.findall("./urls/related-urls/url"))), ""),
            doi=text_of(one.find("./electronic-resource-num")),
            keywords=texts(one.findall("./keywords/keyword")),
        )
