"""arXiv's Atom feeds in, raw papers out; its snapshot of JSON lines is read by `records`.

https://info.arxiv.org/help/api/user-manual.html#_details_of_atom_results_returned
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping

from .opening import Content
from .raw import RawPaper
from .xml import elements, source_of, text_of, texts


def raw_papers(content: Content, _: Mapping[str, str]) -> Iterator[RawPaper]:
    """The raw papers of a feed: of arXiv's API, or of any other whose entries have summaries."""
    for number, one in elements(content, "entry"):
        link = text_of(one.find("./id"))
        published = text_of(one.find("./published"))[:10]
        yield RawPaper(
            line=number,
            text=functools.partial(source_of, one),
            title=text_of(one.find("./title")),
            abstract=text_of(one.find("./summary")),
            authors=texts(one.findall("./author/name")),
            year=published,
            published=published,
            venue=text_of(one.find("./journal_ref")),
            url=link,
            arxiv=link if "arxiv.org/" in link else "",
            doi=text_of(one.find("./doi")),
        )
