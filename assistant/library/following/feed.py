"""The address of an Atom or RSS feed in, its new entries out, in the same format.

A server that knows when its feed changed is asked for changes only. An entry is new if the last sync did not see it as
it is now, so that a paper that was removed here does not come back while its entry is still there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...core.records import digest
from .fetching import Fetched, Fetcher, xml_of
from .followed import Followed, Page, Refused

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

FORMATS = {"feed": "arxiv", "entry": "arxiv", "rss": "rss", "RDF": "rss"}
"""The format of a document by its root: Atom is read as arXiv's."""
ENTRIES = ("entry", "item")


class Feed:
    """A `Service`: addresses of feeds."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    def pages(self, followed: Followed) -> Iterator[Page]:
        known = {str(one) for one in followed.mark.get("known", ())}
        asked = {"If-None-Match": followed.mark.get("etag"), "If-Modified-Since": followed.mark.get("modified")}
        fetched = self._fetcher.get(
            followed.target, headers={name: str(value) for name, value in asked.items() if value}
        )
        if fetched.unchanged:
            return
        root = xml_of(fetched, "a feed")
        name = root.tag.rpartition("}")[2]
        if name not in FORMATS:
            raise Refused(f"sent XML that is no feed: its root is {name[:40]!r}")
        marks, new = _reduced(root, known)
        yield Page(
            {**_validators(fetched), "known": marks},
            _document(root) if new else b"",
            FORMATS[name],
            remark="" if marks else "The feed has no entries.",
        )


def _reduced(root: Element, known: set[str]) -> tuple[list[str], int]:
    """Take the known entries out of a document; the marks of all entries, and how many are left."""
    from xml.etree.ElementTree import tostring

    marks, left = list[str](), 0
    for parent in list(root.iter()):
        for entry in [child for child in parent if child.tag.rpartition("}")[2] in ENTRIES]:
            marks.append(mark := digest(tostring(entry, "unicode").strip()))
            left += mark not in known
            if mark in known:
                parent.remove(entry)
    return marks, left


def _document(root: Element) -> bytes:
    from xml.etree.ElementTree import tostring

    data: bytes = tostring(root, "utf-8", xml_declaration=True)
    return data


def _validators(fetched: Fetched) -> dict[str, str]:
    """By what the server knows this state of the feed. https://www.rfc-editor.org/rfc/rfc9110#section-13.1 ."""
    names = {"etag": "etag", "modified": "last-modified"}
    return {ours: fetched.headers[name][:500] for ours, name in names.items() if name in fetched.headers}
