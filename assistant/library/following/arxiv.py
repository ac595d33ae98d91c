"""A query in arXiv's own words in, its papers out, the last changed first, in arXiv's Atom.

The first sync takes the newest papers. Each later one reads back to a week before the newest paper it knows: a paper
keeps the date on which it was sent in, also if arXiv shows it days later.
https://info.arxiv.org/help/api/user-manual.html, https://info.arxiv.org/help/api/tou.html
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from .fetching import Fetcher, xml_of
from .followed import Followed, Page, Refused

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

ATOM, OPENSEARCH = "{http://www.w3.org/2005/Atom}", "{http://a9.com/-/spec/opensearch/1.1/}"
PAUSE = 3.0
"""Seconds between two requests, as arXiv's terms of use ask for."""
PER_PAGE = 100
OVERLAP = timedelta(days=7)
DEEPEST = 30_000
"""Most results of one query that arXiv gives."""
EMPTY_TRIES = 3
"""arXiv sometimes sends a page without the entries that it announces, and the next time with them."""


class Arxiv:
    """A `Service`: queries such as "cat:cs.CL AND abs:retrieval"."""

    def __init__(self, fetcher: Fetcher, url: str) -> None:
        self._fetcher, self._url = fetcher, url

    def pages(self, followed: Followed) -> Iterator[Page]:
        since, newest = str(followed.mark.get("since", "")), str(followed.mark.get("newest", ""))
        start, most = int(followed.mark.get("start", 0)), DEEPEST if since else min(followed.most, DEEPEST)
        oldest_wanted = _earlier(since) if since else ""
        while True:
            data, total, dates = self._page(followed.target, start, min(PER_PAGE, most - start))
            newest, start = max(newest, *dates, ""), start + len(dates)
            if start < min(total, most) and min(dates) >= oldest_wanted:
                yield Page({"since": since, "newest": newest, "start": start}, data, "arxiv")
                continue
            remark = "" if total else "Nothing matches this query."
            if total > start and not since:
                remark = f"{total:,} papers match; the newest {start:,} were taken."
            yield Page({"since": newest or since}, data if dates else b"", "arxiv", remark=remark)
            return

    def _page(self, query: str, start: int, size: int) -> tuple[bytes, int, list[str]]:
        """A feed, how many papers match in all, and when each paper of the feed was last changed."""
        parameters: dict[str, str | int] = {"search_query": query, "start": start, "max_results": size}
        parameters |= {"sortBy": "lastUpdatedDate", "sortOrder": "descending"}
        for _ in range(EMPTY_TRIES):
            fetched = self._fetcher.get(self._url, parameters, pause=PAUSE)
            feed = xml_of(fetched, "an Atom feed")
            entries = feed.findall(f"{ATOM}entry")
            _refuse_errors(feed, entries)
            total = _total(feed)
            if entries or start >= total:
                return fetched.data, total, [one.findtext(f"{ATOM}updated") or "" for one in entries]
        raise Refused(f"sent {EMPTY_TRIES} pages without the papers that they announce")


def _refuse_errors(feed: Element, entries: list[Element]) -> None:
    """Raises `Refused` for what is no feed of arXiv's API, and for the entry by which that reports an error."""
    if feed.tag != f"{ATOM}feed":
        raise Refused("sent XML that is no Atom feed")
    for entry in entries:
        if "/api/errors" in (entry.findtext(f"{ATOM}id") or ""):
            raise Refused(f"refused the query: {' '.join((entry.findtext(f'{ATOM}summary') or '').split())[:200]}")


def _total(feed: Element) -> int:
    text = (feed.findtext(f"{OPENSEARCH}totalResults") or "").strip()
    if not text.isdecimal():
        raise Refused("sent a feed that does not say how many papers match")
    return int(text)


def _earlier(date: str) -> str:
    """The time from which papers are read again, in arXiv's form: "2026-03-01T17:00:00Z"."""
    try:
        return (datetime.fromisoformat(date) - OVERLAP).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError):
        return ""
