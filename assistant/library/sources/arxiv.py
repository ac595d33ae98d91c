"""arXiv's Atom feeds in, raw papers out; its snapshot of JSON lines is read by `records`.

https://info.arxiv.org/help/api/user-manual.html#_details_of_atom_results_returned
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from .markup import without_html
from .opening import Content
from .raw import RawPaper
from .xml import elements, source_of, text_of, texts

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def raw_papers(content: Content, _: Mapping[str, str]) -> Iterator[RawPaper]:
    """The raw papers of a feed: of arXiv's API, or of any other whose entries have summaries."""
    for number, one in elements(content, "entry"):
        link = _link(one)
        published = text_of(one.find("./published"))[:10]
        yield RawPaper(
            line=number,
            text=functools.partial(source_of, one),
            title=_plain(one.find("./title")),
            abstract=_plain(one.find("./summary")) or _plain(one.find("./content")),
            authors=texts(one.findall("./author/name")),
            year=published,
            published=published,
            venue=text_of(one.find("./journal_ref")),
            url=link,
            arxiv=link if "arxiv.org/" in link else "",
            doi=text_of(one.find("./doi")),
        )


def _link(entry: Element) -> str:
    """The address of an entry: its id, which need not be one outside arXiv, or its link."""
    name = text_of(entry.find("./id"))
    links = (one.get("href", "") for one in entry.findall("./link") if one.get("rel", "alternate") == "alternate")
    return name if name.startswith("http") else next(links, name)


def _plain(element: Element | None) -> str:
    """The text of an element that may hold HTML."""
    text = text_of(element)
    return without_html(text) if element is not None and element.get("type") == "html" else text
