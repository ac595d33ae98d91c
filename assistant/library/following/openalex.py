"""Words, or filters in OpenAlex's own words, in, the works that match out, in OpenAlex's JSON.

Works without an abstract are not asked for. The first sync takes the best matches for words, and the newest for
filters. Later ones ask for what OpenAlex added since; without a paid plan it does not say, and they ask for what was
published up to two months before the last sync.
https://developers.openalex.org/guides/page-through-results
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from typing import Any

from .fetching import Fetched, Fetcher, json_of
from .followed import Followed, Page, Refused

PAUSE = 0.2
"""Seconds between two requests; OpenAlex allows a hundred a second."""
PER_PAGE = 100
OVERLAP = timedelta(days=60)
"""Before the last sync: how late a work is known to OpenAlex after it was published."""
ADDED, PUBLISHED = "from_created_date", "from_publication_date"
FIELDS = (
    "id,doi,ids,title,display_name,publication_year,publication_date,primary_location,authorships,keywords,"
    "abstract_inverted_index"
)
"""What is asked for of each work: a fifth of what there is."""


class OpenAlex:
    """A `Service`: words to search for, or filters such as "topics.id:T10028,publication_year:>2023"."""

    def __init__(
        self,
        fetcher: Fetcher,
        url: str,
        *,
        key: str = "",
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
    ) -> None:
        self._fetcher, self._url, self._key, self._today = fetcher, url, key, today

    def pages(self, followed: Followed) -> Iterator[Page]:
        mark: dict[str, Any] = {"begun": self._today().isoformat(), "cursor": "*", "taken": 0} | dict(followed.mark)
        since, most = str(mark.get("since", "")), followed.most
        mark["by"] = mark.get("by") or (ADDED if self._key else PUBLISHED)
        while True:
            fetched, works, after = self._page(followed.target, mark)
            total, mark = _total(fetched), mark | {"cursor": after, "taken": int(mark["taken"]) + len(works)}
            if works and after and (since or mark["taken"] < most):
                yield Page(dict(mark), fetched.data, "openalex")
                continue
            remark = "" if total or since else "Nothing matches."
            if total > mark["taken"] and not since:
                remark = f"{total:,} works match; the first {mark['taken']:,} were taken."
            yield Page({"since": mark["begun"]}, fetched.data if works else b"", "openalex", remark=remark)
            return

    def _page(self, target: str, mark: dict[str, Any]) -> tuple[Fetched, list[Any], str | None]:
        """A page of works and the cursor of the next; `mark` changes if it is refused.

        A cursor that a former sync left may be forgotten by now: all is then read again. And only a paid plan may ask
        when a work was added.
        """
        try:
            fetched = self._fetcher.get(self._url, self._parameters(target, mark), pause=PAUSE)
        except Refused as refused:
            if not 400 <= refused.status < 500 or refused.status == HTTPStatus.TOO_MANY_REQUESTS:
                raise
            if mark["cursor"] != "*":
                mark |= {"cursor": "*", "taken": 0}
            elif mark["by"] == ADDED and "since" in mark:
                mark |= {"by": PUBLISHED}
            else:
                raise
            return self._page(target, mark)
        value = json_of(fetched, "a list of works")
        works, after = value.get("results"), (value.get("meta") or {}).get("next_cursor")
        if not isinstance(works, list) or not isinstance(after, str | None):
            raise Refused("sent JSON that is no list of works")
        return fetched, works, after

    def _parameters(self, target: str, mark: Mapping[str, Any]) -> dict[str, str | int]:
        filters, words = (target, "") if ":" in target else ("", target)
        parts = [part for part in (filters, "has_abstract:true", self._since(mark)) if part]
        parameters: dict[str, str | int] = {"filter": ",".join(parts), "select": FIELDS, "per_page": PER_PAGE}
        parameters |= {"search": words} if words else {"sort": "publication_date:desc"}
        parameters |= {"api_key": self._key} if self._key else {}
        return parameters | {"cursor": str(mark["cursor"])}

    @staticmethod
    def _since(mark: Mapping[str, Any]) -> str:
        """The filter for what is new since the last sync."""
        try:
            last = date.fromisoformat(str(mark.get("since", "")))
        except ValueError:
            return ""
        first = last - (OVERLAP if mark["by"] == PUBLISHED else timedelta(days=1))
        return f"{mark['by']}:{first.isoformat()}"


def _total(fetched: Fetched) -> int:
    count = (json_of(fetched, "a list of works").get("meta") or {}).get("count")
    return count if isinstance(count, int) else 0
