"""RSS in, raw papers out: 0.91 to 2.0 and 1.0, with the fields of Dublin Core and PRISM that journals add.

https://www.rssboard.org/rss-specification, https://web.resource.org/rss/1.0/spec
"""

from __future__ import annotations

import email.utils
import functools
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from .markup import without_html
from .opening import Content
from .raw import RawPaper
from .xml import elements, source_of, text_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_ANNOUNCED = re.compile(r"arXiv:\S+\s+Announce Type:\s*\S+\s+Abstract:\s*")
"""What arXiv's own feeds write before an abstract."""


def raw_papers(content: Content, _: Mapping[str, str]) -> Iterator[RawPaper]:
    """The raw papers of a feed; of its other elements none is read."""
    for number, one in elements(content, "item"):
        fields = _fields(one)
        link, published = fields.get("link", ""), _day(fields.get("date", "") or fields.get("pubDate", ""))
        yield RawPaper(
            line=number,
            text=functools.partial(source_of, one),
            title=without_html(fields.get("title", "")),
            abstract=_abstract(fields.get("encoded", "")) or _abstract(fields.get("description", "")),
            authors=_names([text_of(child) for child in one if _name(child) in ("creator", "author")]),
            year=published,
            published=published,
            venue=fields.get("publicationName", ""),
            url=link,
            arxiv=link if "arxiv.org/" in link else "",
            doi=fields.get("doi", "") or fields.get("identifier", "").removeprefix("doi:"),
        )


def _fields(item: Element) -> dict[str, str]:
    """The texts of an item by the names of their elements, without prefixes; of several with one name the first."""
    fields: dict[str, str] = {}
    for child in item:
        fields.setdefault(_name(child), text_of(child))
    return fields


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _abstract(text: str) -> str:
    """The text of a description, which may be HTML."""
    return _ANNOUNCED.sub("", without_html(text), count=1)


def _names(texts: list[str]) -> list[str]:
    """The names of the creators, of which arXiv writes all in one, "Ivy Moss, Ash Reed"."""
    together = texts[0].split(", ") if len(texts) == 1 else []
    return together if all(" " in name for name in together) and together else texts


def _day(text: str) -> str:
    """A date as "2026-03-05": from that form, or from the form of e-mails; the text itself if it has neither."""
    if re.match(r"\d{4}", text):
        return text[:10]
    try:
        return email.utils.parsedate_to_datetime(text).date().isoformat()
    except (ValueError, OverflowError):
        return text
