"""Services outside the library, on loopback: what they send is scripted, what they were asked is kept.

The shapes are those of the services' public documentation; the papers are made up.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from assistant.library.following import Fetcher, Followed, Page, Refused, Service


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked: the path, the query's parameters, and the headers by their names in lower case."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent; with `cut`, the connection closes before the last bytes, which the length announces."""

    data: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int = 0


class Site:
    """A server at `url`, inside a `with`: it sends the replies in `first`, one each, then what `answer` makes."""

    def __init__(self, answer: Callable[[Request], Reply] = lambda _: Reply(status=404)) -> None:
        self.answer, self.first, self.requests = answer, deque[Reply](), list[Request]()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
                request = Request(parts.path, query, {name.lower(): value for name, value in self.headers.items()})
                site.requests.append(request)
                reply = site.first.popleft() if site.first else site.answer(request)
                self.send_response(reply.status)
                for name, value in ({"Content-Length": str(len(reply.data))} | dict(reply.headers)).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.data[: len(reply.data) - reply.cut])

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Time:
    """A clock that only sleeping moves; `slept` has how long."""

    def __init__(self) -> None:
        self.now, self.slept = 1_000.0, list[float]()

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.now += seconds

    def fetcher(self) -> Fetcher:
        return Fetcher(sleep=self.sleep, clock=lambda: self.now, now=lambda: self.now)


@dataclass(frozen=True, slots=True)
class Work:
    """A paper as a service has it."""

    number: int
    changed: str
    title: str = ""
    abstract: str = ""

    @property
    def name(self) -> str:
        return self.title or f"Kites number {self.number}"

    @property
    def text(self) -> str:
        return self.abstract or f"We fly kite number {self.number} over the orchard and count its knots."


def works(count: int, *, first: int = 1) -> list[Work]:
    """Works, the last changed first: one a day."""
    return [
        Work(n, f"2026-{1 + n // 28:02}-{1 + n % 28:02}T10:00:00Z") for n in range(first + count - 1, first - 1, -1)
    ]


# -- arXiv: https://info.arxiv.org/help/api/user-manual.html#_details_of_atom_results_returned


def arxiv_entry(work: Work) -> str:
    return f"""<entry>
    <id>http://arxiv.org/abs/2601.{work.number:05}v1</id>
    <updated>{work.changed}</updated>
    <published>{work.changed}</published>
    <title>{escape(work.name)}</title>
    <summary>  {escape(work.text)}
</summary>
    <author><name>Ivy Moss</name></author>
    <arxiv:primary_category xmlns:arxiv="http://arxiv.org/schemas/atom" term="cs.CL"/>
  </entry>"""


def arxiv_feed(entries: Sequence[str], *, total: int, start: int = 0) -> bytes:
    body = "\n  ".join(entries)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
  <title type="html">ArXiv Query</title>
  <id>http://arxiv.org/api/x</id>
  <opensearch:totalResults xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">{total}</opensearch:totalResults>
  <opensearch:startIndex xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">{start}</opensearch:startIndex>
  {body}
</feed>""".encode()


class ArxivSite(Site):
    """arXiv's API over `works`, which are sorted by their last change."""

    def __init__(self, works_: list[Work]) -> None:
        super().__init__(self._found)
        self.works = works_

    def _found(self, request: Request) -> Reply:
        start, size = int(request.query["start"]), int(request.query["max_results"])
        part = self.works[start : start + size]
        return Reply(arxiv_feed([arxiv_entry(work) for work in part], total=len(self.works), start=start))


# -- OpenAlex: https://developers.openalex.org/guides/page-through-results


def openalex_work(work: Work) -> dict[str, object]:
    words: dict[str, list[int]] = {}
    for place, word in enumerate(work.text.split()):
        words.setdefault(word, []).append(place)
    return {
        "id": f"https://openalex.org/W{work.number}",
        "doi": f"https://doi.org/10.5555/kites.{work.number}",
        "title": work.name,
        "publication_year": int(work.changed[:4]),
        "publication_date": work.changed[:10],
        "authorships": [{"author": {"display_name": "Ivy Moss"}}],
        "primary_location": {"source": {"display_name": "Journal of Kites"}},
        "abstract_inverted_index": words,
    }


class OpenAlexSite(Site):
    """OpenAlex over `works`; a cursor is the place of the next work."""

    def __init__(self, works_: list[Work]) -> None:
        super().__init__(self._found)
        self.works, self.paid = works_, True

    def _found(self, request: Request) -> Reply:
        filters = dict(part.split(":", 1) for part in request.query["filter"].split(","))
        if "from_created_date" in filters and not self.paid:
            return Reply(
                b'{"error": "Plan upgrade required", "message": "This filter needs a plan."}',
                403,
                {"Content-Type": "application/json"},
            )
        since = filters.get("from_created_date") or filters.get("from_publication_date", "")
        matches = [work for work in self.works if work.changed >= since]
        cursor, size = request.query["cursor"], int(request.query["per_page"])
        if cursor != "*" and not cursor.startswith("c"):
            return Reply(b'{"error": "Invalid cursor"}', 400, {"Content-Type": "application/json"})
        start = 0 if cursor == "*" else int(cursor[1:])
        part = matches[start : start + size]
        after = f"c{start + size}" if start + size < len(matches) else None
        meta = {"count": len(matches), "per_page": size, "page": None, "next_cursor": after}
        return Reply(json.dumps({"meta": meta, "results": [openalex_work(work) for work in part]}).encode())


# -- Zotero: https://www.zotero.org/support/dev/web_api/v3/basics


class ZoteroSite(Site):
    """A Zotero library: `items` are works by their version, `version` that of the library."""

    def __init__(self, items: dict[int, Work]) -> None:
        super().__init__(self._found)
        self.items, self.version = items, max(items, default=0)
        self.key = ""

    def _found(self, request: Request) -> Reply:
        if self.key and request.headers.get("zotero-api-key") != self.key:
            return Reply(b"Forbidden", 403, {"Content-Type": "text/plain"})
        version = {"Last-Modified-Version": str(self.version)}
        if request.headers.get("if-modified-since-version") == str(self.version):
            return Reply(status=304, headers=version)
        since, start, limit = (int(request.query[name]) for name in ("since", "start", "limit"))
        changed = [self.items[one] for one in sorted(self.items, reverse=True) if one > since]
        part = [
            {
                "id": f"1/{work.number}",
                "type": "article-journal",
                "title": work.name,
                "abstract": work.text,
                "DOI": f"10.5555/kites.{work.number}",
                "author": [{"family": "Moss", "given": "Ivy"}],
                "issued": {"date-parts": [[2026, 1, 5]]},
            }
            for work in changed[start : start + limit]
        ]
        headers = version | {"Total-Results": str(len(changed))}
        return Reply(json.dumps({"items": part}).encode(), headers=headers)


# -- feeds: https://www.rssboard.org/rss-specification


def rss(items: Sequence[Work]) -> bytes:
    body = "".join(
        f"<item><title>{escape(work.name)}</title><link>https://journal.example/{work.number}</link>"
        f"<description>{escape(f'<p>{work.text}</p>')}</description><dc:creator>Ivy Moss</dc:creator>"
        f"<pubDate>Mon, 05 Jan 2026 10:00:00 GMT</pubDate></item>"
        for work in items
    )
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>Journal of Kites</title>{body}</channel></rss>"
    ).encode()


class FeedSite(Site):
    """An RSS feed of `items`, with an ETag that names its state."""

    def __init__(self, items: list[Work]) -> None:
        super().__init__(self._sent)
        self.items, self.tagged = items, True

    def _sent(self, request: Request) -> Reply:
        data = rss(self.items)
        tag = f'"{hash(data)}"'
        if self.tagged and request.headers.get("if-none-match") == tag:
            return Reply(status=304, headers={"ETag": tag})
        return Reply(data, headers={"ETag": tag} if self.tagged else {})


# -- a service without a network


class ScriptedService:
    """A `Service`, the double of all: its pages, and why it brings no more after them."""

    def __init__(self, *pages: Page, refusal: str = "") -> None:
        self.script, self.refusal, self.asked = list(pages), refusal, list[Followed]()

    def pages(self, followed: Followed) -> Iterator[Page]:
        self.asked.append(followed)
        yield from self.script
        if self.refusal:
            raise Refused(self.refusal)


def pages_of(service: Service, followed: Followed) -> list[Page]:
    return list(service.pages(followed))
