"""A user's or a group's Zotero library in, the items that changed out, in CSL-JSON.

Every Zotero library has a version, which grows with each change: it is all that a sync has to remember. Attachments
and notes are not asked for. An item that is deleted there stays here.
https://www.zotero.org/support/dev/web_api/v3/syncing
"""

from __future__ import annotations

from collections.abc import Iterator

from .fetching import Fetcher, json_of
from .followed import Followed, Page, Refused

PAUSE = 1.0
"""Seconds between two requests; Zotero asks for longer pauses itself."""
PER_PAGE = 100
RESTARTS = 3
"""How often a sync begins anew because somebody changes the library meanwhile."""


class Zotero:
    """A `Service`: libraries such as "users/123" and "groups/456"; a private one needs a key."""

    def __init__(self, fetcher: Fetcher, url: str, *, key: str = "") -> None:
        self._fetcher, self._url = fetcher, url
        self._secret = {"Zotero-API-Key": key} if key else {}

    def pages(self, followed: Followed) -> Iterator[Page]:
        since = int(followed.mark.get("since", 0))
        start, version = int(followed.mark.get("start", 0)), int(followed.mark.get("version", 0))
        restarts = 0
        while True:
            page = self._page(followed.target, since, start)
            if page is None:
                return
            data, now, count, total = page
            if start and now != version:
                start, restarts = 0, restarts + 1
                if restarts > RESTARTS:
                    raise Refused("was changed again and again while it was read; sync again later")
                continue
            start, version = start + PER_PAGE, now
            last = start >= total
            mark = {"since": now} if last else {"since": since, "version": version, "start": start}
            yield Page(mark, data if count else b"", "csl")
            if last:
                return

    def _page(self, library: str, since: int, start: int) -> tuple[bytes, int, int, int] | None:
        """A page, the version of the library, how many items the page has, and how many there are; None: no change."""
        parameters: dict[str, str | int] = {"format": "csljson", "itemType": "-attachment || note || annotation"}
        parameters |= {"sort": "dateModified", "direction": "desc", "since": since, "limit": PER_PAGE, "start": start}
        headers = {"Zotero-API-Version": "3"} | ({"If-Modified-Since-Version": str(since)} if since else {})
        url = f"{self._url}/{library}/items"
        fetched = self._fetcher.get(url, parameters, headers=headers, secret=self._secret, pause=PAUSE)
        if fetched.unchanged:
            return None
        items = json_of(fetched, "a list of items").get("items")
        version, total = (fetched.headers.get(name, "") for name in ("last-modified-version", "total-results"))
        if not isinstance(items, list) or not version.isdecimal() or not total.isdecimal():
            raise Refused("sent a list of items without its version or its length")
        return fetched.data, int(version), len(items), int(total)
