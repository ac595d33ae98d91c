"""The services: what was synced last in, the pages that are new out, over servers that speak their shapes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assistant.library.following import Page, Refused
from assistant.library.following.arxiv import Arxiv
from assistant.library.following.feed import Feed
from assistant.library.following.folder import Folder
from assistant.library.following.followed import Followed
from assistant.library.following.openalex import OpenAlex
from assistant.library.following.zotero import Zotero
from assistant.library.sources import Manner, read

from ..sites import (
    ArxivSite,
    FeedSite,
    OpenAlexSite,
    Reply,
    ScriptedService,
    Time,
    Work,
    ZoteroSite,
    arxiv_feed,
    pages_of,
    rss,
    works,
)

QUERY = "cat:cs.CL AND abs:kites"


def followed(kind: str, target: str, mark: Any = None, *, most: int = 1000) -> Followed:
    return Followed("kites", kind, target, most, mark or {})


def titles(page: Page, tmp_path: Path) -> list[str]:
    """The titles that the existing readers find in a page."""
    path = tmp_path / "page"
    path.write_bytes(page.data)
    listing = read(path, manner=Manner(page.format))
    assert listing.rejects == ()
    return [paper.title for paper in listing.papers]


@pytest.fixture
def time() -> Time:
    return Time()


# -- arXiv


@pytest.fixture
def arxiv() -> Iterator[ArxivSite]:
    with ArxivSite(works(250)) as site:
        yield site


def of_arxiv(site: ArxivSite, time: Time, mark: Any = None, *, most: int = 1000) -> list[Page]:
    return pages_of(Arxiv(time.fetcher(), f"{site.url}/api/query"), followed("arxiv", QUERY, mark, most=most))


def test_arxiv_is_paged_from_the_newest_at_its_own_pace(arxiv: ArxivSite, time: Time, tmp_path: Path) -> None:
    pages = of_arxiv(arxiv, time)
    assert [len(titles(page, tmp_path)) for page in pages] == [100, 100, 50]
    assert titles(pages[0], tmp_path)[0] == "Kites number 250"
    newest = arxiv.works[0].changed
    assert [page.mark for page in pages] == [
        {"since": "", "newest": newest, "start": 100},
        {"since": "", "newest": newest, "start": 200},
        {"since": newest},
    ]
    assert time.slept == [3.0, 3.0]
    asked = arxiv.requests[1].query
    assert asked == {
        "search_query": QUERY,
        "start": "100",
        "max_results": "100",
        "sortBy": "lastUpdatedDate",
        "sortOrder": "descending",
    }


def test_the_first_sync_of_arxiv_takes_the_newest_only(arxiv: ArxivSite, time: Time, tmp_path: Path) -> None:
    pages = of_arxiv(arxiv, time, most=120)
    assert [len(titles(page, tmp_path)) for page in pages] == [100, 20]
    assert pages[-1].remark == "250 papers match; the newest 120 were taken."
    assert pages[-1].mark == {"since": arxiv.works[0].changed}


def test_arxiv_goes_on_from_the_page_it_came_to(arxiv: ArxivSite, time: Time) -> None:
    whole = of_arxiv(arxiv, time)
    arxiv.works.insert(0, Work(999, "2027-01-01T10:00:00Z"))  # meanwhile
    rest = of_arxiv(arxiv, time, whole[0].mark)
    assert [int(request.query["start"]) for request in arxiv.requests[3:]] == [100, 200]
    assert rest[-1].mark == {"since": whole[-1].mark["since"]}  # so the new paper is read by the next sync
    assert "2601.00999" in of_arxiv(arxiv, time, rest[-1].mark)[0].data.decode()


def test_a_later_sync_of_arxiv_reads_back_a_week(arxiv: ArxivSite, time: Time, tmp_path: Path) -> None:
    arxiv.works = works(345)
    pages = of_arxiv(arxiv, time, {"since": works(250)[0].changed}, most=1)
    assert [len(titles(page, tmp_path)) for page in pages] == [100, 100]  # 95 new ones, and seven days of old ones
    assert pages[-1].mark == {"since": arxiv.works[0].changed}
    assert pages[-1].remark == ""


def test_a_query_without_matches_is_told(arxiv: ArxivSite, time: Time) -> None:
    arxiv.works = []
    assert of_arxiv(arxiv, time) == [Page({"since": ""}, b"", "arxiv", remark="Nothing matches this query.")]


def test_a_page_that_arxiv_sends_empty_is_asked_for_again(arxiv: ArxivSite, time: Time, tmp_path: Path) -> None:
    arxiv.first.append(Reply(arxiv_feed([], total=250)))
    assert len(titles(of_arxiv(arxiv, time)[0], tmp_path)) == 100
    arxiv.first += [Reply(arxiv_feed([], total=250))] * 3
    with pytest.raises(Refused, match="3 pages without the papers that they announce"):
        of_arxiv(arxiv, time)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            arxiv_feed(
                ["<entry><id>http://arxiv.org/api/errors#q</id><summary>malformed query</summary></entry>"], total=1
            ),
            "refused the query: malformed query",
        ),
        (b"<rss/>", "sent XML that is no Atom feed"),
        (b'<feed xmlns="http://www.w3.org/2005/Atom"/>', "does not say how many papers match"),
        (b"<!DOCTYPE html><html><body>Rate exceeded.<br></html>", "sent a web page"),
        (arxiv_feed([], total=1)[:-9], "damaged XML"),
    ],
)
def test_what_is_no_page_of_arxiv_is_refused(data: bytes, message: str, arxiv: ArxivSite, time: Time) -> None:
    arxiv.first.append(Reply(data))
    with pytest.raises(Refused, match=message):
        of_arxiv(arxiv, time)


# -- OpenAlex


@pytest.fixture
def openalex() -> Iterator[OpenAlexSite]:
    with OpenAlexSite(works(250)) as site:
        yield site


def of_openalex(
    site: OpenAlexSite, time: Time, mark: Any = None, *, most: int = 1000, key: str = "", target: str = "kites"
) -> list[Page]:
    service = OpenAlex(time.fetcher(), f"{site.url}/works", key=key, today=lambda: date(2026, 9, 1))
    return pages_of(service, followed("openalex", target, mark, most=most))


def test_openalex_is_paged_by_cursor(openalex: OpenAlexSite, time: Time, tmp_path: Path) -> None:
    pages = of_openalex(openalex, time)
    assert [len(titles(page, tmp_path)) for page in pages] == [100, 100, 50]
    assert [page.mark.get("cursor") for page in pages] == ["c100", "c200", None]
    assert pages[-1].mark == {"since": "2026-09-01"}
    first = openalex.requests[0].query
    assert (first["search"], first["filter"], first["cursor"]) == ("kites", "has_abstract:true", "*")
    assert {"api_key", "sort"}.isdisjoint(first)


def test_filters_of_openalex_are_passed_on_and_the_newest_come_first(openalex: OpenAlexSite, time: Time) -> None:
    of_openalex(openalex, time, target="topics.id:T1,language:en", key="k")
    first = openalex.requests[0].query
    assert first["filter"] == "topics.id:T1,language:en,has_abstract:true"
    assert (first["sort"], first["api_key"], "search" in first) == ("publication_date:desc", "k", False)


def test_the_first_sync_of_openalex_is_bounded(openalex: OpenAlexSite, time: Time) -> None:
    pages = of_openalex(openalex, time, most=100)
    assert [page.remark for page in pages] == ["250 works match; the first 100 were taken."]
    assert pages[0].mark == {"since": "2026-09-01"}


def test_a_later_sync_of_openalex_asks_for_what_was_published_of_late(openalex: OpenAlexSite, time: Time) -> None:
    pages = of_openalex(openalex, time, {"since": "2026-08-30"}, most=1)
    assert openalex.requests[0].query["filter"] == "has_abstract:true,from_publication_date:2026-07-01"
    assert [page.mark for page in pages] == [{"since": "2026-09-01"}]


def test_with_a_paid_plan_openalex_says_what_was_added(openalex: OpenAlexSite, time: Time) -> None:
    of_openalex(openalex, time, {"since": "2026-08-30"}, key="k")
    assert openalex.requests[0].query["filter"] == "has_abstract:true,from_created_date:2026-08-29"
    openalex.paid = False
    of_openalex(openalex, time, {"since": "2026-08-30"}, key="k")
    assert [request.query["filter"].split(",")[1] for request in openalex.requests[1:]] == [
        "from_created_date:2026-08-29",
        "from_publication_date:2026-07-01",
    ]


def test_openalex_goes_on_from_its_cursor_or_anew_if_that_is_forgotten(openalex: OpenAlexSite, time: Time) -> None:
    mark = {"begun": "2026-08-31", "cursor": "c200", "taken": 200, "by": "from_publication_date"}
    assert [page.mark for page in of_openalex(openalex, time, mark)] == [{"since": "2026-08-31"}]
    assert len(of_openalex(openalex, time, mark | {"cursor": "old"})) == 3
    assert [request.query["cursor"] for request in openalex.requests] == ["c200", "old", "*", "c100", "c200"]


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply(b"{}"), "no list of works"),
        (Reply(b'{"results": {}, "meta": null}'), "no list of works"),
        (Reply(b'{"results": [], "meta": {"next_cursor": 7}}'), "no list of works"),
        (Reply(b'{"results": ['), "is not JSON"),
        (Reply(b'{"message": "Invalid filter."}', 400, {"Content-Type": "application/json"}), "Invalid filter"),
    ],
)
def test_what_is_no_page_of_openalex_is_refused(reply: Reply, message: str, openalex: OpenAlexSite, time: Time) -> None:
    openalex.answer = lambda _: reply
    with pytest.raises(Refused, match=message):
        of_openalex(openalex, time)
    assert len(openalex.requests) == 1


# -- Zotero


@pytest.fixture
def zotero() -> Iterator[ZoteroSite]:
    with ZoteroSite({n: Work(n, "") for n in range(1, 251)}) as site:
        yield site


def of_zotero(site: ZoteroSite, time: Time, mark: Any = None, *, key: str = "") -> list[Page]:
    return pages_of(Zotero(time.fetcher(), site.url, key=key), followed("zotero", "groups/456", mark))


def test_zotero_is_paged_and_remembered_by_its_version(zotero: ZoteroSite, time: Time, tmp_path: Path) -> None:
    pages = of_zotero(zotero, time)
    assert [len(titles(page, tmp_path)) for page in pages] == [100, 100, 50]
    assert [page.mark for page in pages] == [
        {"since": 0, "version": 250, "start": 100},
        {"since": 0, "version": 250, "start": 200},
        {"since": 250},
    ]
    first = zotero.requests[0]
    assert (first.path, first.headers["zotero-api-version"]) == ("/groups/456/items", "3")
    assert (first.query["format"], first.query["itemType"]) == ("csljson", "-attachment || note || annotation")
    assert {"zotero-api-key", "if-modified-since-version"}.isdisjoint(first.headers)


def test_an_unchanged_zotero_library_is_one_request(zotero: ZoteroSite, time: Time) -> None:
    assert of_zotero(zotero, time, {"since": 250}) == []
    assert zotero.requests[0].headers["if-modified-since-version"] == "250"


def test_only_what_changed_in_zotero_is_read(zotero: ZoteroSite, time: Time, tmp_path: Path) -> None:
    zotero.items |= {251: Work(7, "", "A kite renamed")}
    zotero.version = 252  # something was deleted
    (page,) = of_zotero(zotero, time, {"since": 250})
    assert (titles(page, tmp_path), page.mark) == (["A kite renamed"], {"since": 252})
    zotero.version = 253
    assert of_zotero(zotero, time, {"since": 252}) == [Page({"since": 253}, b"", "csl")]


def test_a_library_that_changes_meanwhile_is_read_anew(zotero: ZoteroSite, time: Time) -> None:
    mark = {"since": 0, "version": 249, "start": 100}
    pages = of_zotero(zotero, time, mark)
    assert [request.query["start"] for request in zotero.requests] == ["100", "0", "100", "200"]
    assert pages[-1].mark == {"since": 250}


def test_a_library_that_never_rests_is_left_for_later(zotero: ZoteroSite, time: Time) -> None:
    def restless(request: Any) -> Reply:
        zotero.version += 1
        return ZoteroSite._found(zotero, request)

    zotero.answer = restless
    with pytest.raises(Refused, match="changed again and again while it was read"):
        of_zotero(zotero, time)


def test_a_private_library_needs_its_key(zotero: ZoteroSite, time: Time) -> None:
    zotero.key = "secret"
    with pytest.raises(Refused, match=r"status 403 \(Forbidden\): Forbidden"):
        of_zotero(zotero, time)
    assert len(of_zotero(zotero, time, key="secret")) == 3


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply(b'{"items": []}'), "without its version or its length"),
        (Reply(b"[]", headers={"Last-Modified-Version": "1", "Total-Results": "1"}), "no object"),
        (Reply(b"{}", headers={"Last-Modified-Version": "1", "Total-Results": "1"}), "without its version"),
        (Reply(b'{"items": [', headers={"Last-Modified-Version": "1", "Total-Results": "1"}), "is not JSON"),
    ],
)
def test_what_is_no_page_of_zotero_is_refused(reply: Reply, message: str, zotero: ZoteroSite, time: Time) -> None:
    zotero.answer = lambda _: reply
    with pytest.raises(Refused, match=message):
        of_zotero(zotero, time)


# -- feeds


@pytest.fixture
def feed() -> Iterator[FeedSite]:
    with FeedSite(works(3)) as site:
        yield site


def of_feed(site: FeedSite, time: Time, mark: Any = None) -> list[Page]:
    return pages_of(Feed(time.fetcher()), followed("feed", f"{site.url}/new.xml", mark))


def test_a_feed_is_asked_for_changes_only(feed: FeedSite, time: Time, tmp_path: Path) -> None:
    (page,) = of_feed(feed, time)
    assert titles(page, tmp_path) == ["Kites number 3", "Kites number 2", "Kites number 1"]
    assert of_feed(feed, time, page.mark) == []
    assert feed.requests[1].headers["if-none-match"] == page.mark["etag"]


@pytest.mark.parametrize("tagged", [True, False])
def test_only_new_and_changed_entries_of_a_feed_are_handed_on(
    tagged: bool, feed: FeedSite, time: Time, tmp_path: Path
) -> None:
    feed.tagged = tagged
    (before,) = of_feed(feed, time)
    feed.items = [Work(4, ""), *feed.items[:2], Work(1, "", abstract="We fly the first kite again, with more knots.")]
    (page,) = of_feed(feed, time, before.mark)
    assert titles(page, tmp_path) == ["Kites number 4", "Kites number 1"]


def test_a_feed_without_tags_that_stayed_the_same_brings_nothing(feed: FeedSite, time: Time) -> None:
    feed.tagged = False
    (page,) = of_feed(feed, time)
    assert [one.data for one in of_feed(feed, time, page.mark)] == [b""]


def test_the_date_of_a_feed_is_sent_back(feed: FeedSite, time: Time) -> None:
    day = "Mon, 05 Jan 2026 10:00:00 GMT"
    feed.first.append(Reply(rss(feed.items), headers={"Last-Modified": day}))
    (page,) = of_feed(feed, time)
    of_feed(feed, time, page.mark)
    assert feed.requests[1].headers["if-modified-since"] == day


def test_an_atom_feed_keeps_its_format_when_known_entries_are_left_out(time: Time, tmp_path: Path) -> None:
    entries = [
        f'<entry><id>tag:x,{n}</id><link href="https://x.example/{n}"/>'
        f'<title type="html">Kite &lt;i&gt;{n}&lt;/i&gt;</title>'
        f'<summary type="html">&lt;p&gt;We fly it over the orchard, {n} times.&lt;/p&gt;</summary></entry>'
        for n in (1, 2)
    ]
    with FeedSite([]) as site:
        site.first += [Reply(arxiv_feed(entries[:1], total=1)), Reply(arxiv_feed(entries, total=2))]
        (first,) = of_feed(site, time)
        (second,) = of_feed(site, time, first.mark)
    (tmp_path / "page").write_bytes(second.data)
    (paper,) = read(tmp_path / "page", manner=Manner(second.format)).papers
    assert (paper.title, paper.abstract) == ("Kite 2", "We fly it over the orchard, 2 times.")
    assert paper.url == "https://x.example/2"


def test_a_feed_without_entries_is_told(feed: FeedSite, time: Time) -> None:
    feed.items = []
    assert [(page.data, page.remark) for page in of_feed(feed, time)] == [(b"", "The feed has no entries.")]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<opml/>", "no feed: its root is 'opml'"),
        (b"<!doctype html><html><body>Gone<br></body></html>", "sent a web page"),
        (rss(works(2))[:-30], "damaged XML"),
        (b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><rss>&a;</rss>', "entities of its own"),
    ],
)
def test_what_is_no_feed_is_refused(data: bytes, message: str, feed: FeedSite, time: Time) -> None:
    feed.first.append(Reply(data))
    with pytest.raises(Refused, match=message):
        of_feed(feed, time)


# -- folders


def of_folder(folder: Path, mark: Any = None) -> list[Page]:
    return pages_of(Folder(), followed("folder", str(folder), mark))


def names(page: Page) -> list[str]:
    return [file.name for file in page.files]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "papers"
    (made / "deep").mkdir(parents=True)
    for name in ("a.bib", "deep/b.ris", ".hidden"):
        (made / name).write_text(name)
    return made


def test_new_files_are_read_where_they_are(folder: Path) -> None:
    (page,) = of_folder(folder)
    assert page.files == (folder / "a.bib", folder / "deep/b.ris")
    assert of_folder(folder, page.mark) == []


def test_a_file_counts_as_changed_by_its_content(folder: Path) -> None:
    (page,) = of_folder(folder)
    (folder / "a.bib").write_text("A.bib")
    os.utime(folder / "deep/b.ris", (1, 1))
    (folder / "c.csv").write_text("c")
    (second,) = of_folder(folder, page.mark)
    assert names(second) == ["a.bib", "c.csv"]
    assert of_folder(folder, second.mark) == []


def test_a_file_with_the_same_size_and_time_is_not_read_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (page,) = of_folder(folder)
    monkeypatch.setattr(Path, "open", lambda *_: pytest.fail("it was read"))
    assert of_folder(folder, page.mark) == []


def test_a_deleted_file_is_told_and_forgotten(folder: Path) -> None:
    (page,) = of_folder(folder)
    (folder / "a.bib").unlink()
    (second,) = of_folder(folder, page.mark)
    assert (names(second), second.remark) == ([], "1 file is gone; the papers stay.")
    assert of_folder(folder, second.mark) == []


def test_a_folder_that_is_gone_is_refused(folder: Path) -> None:
    with pytest.raises(Refused, match="is not there, or is no folder; is its disk connected"):
        of_folder(folder / "nowhere")


def test_a_file_that_cannot_be_read_does_not_hide_the_others(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Path.open

    def guarded(path: Path, *arguments: Any, **named: Any) -> Any:
        if path.name == "a.bib":
            raise PermissionError(13, "Permission denied")
        return opened(path, *arguments, **named)

    monkeypatch.setattr(Path, "open", guarded)
    (page,) = of_folder(folder)
    assert names(page) == ["a.bib", "b.ris"]
    assert page.mark["files"]["a.bib"] == ["", "Permission denied"]


def test_the_double_is_a_service_like_the_others() -> None:
    service, one = ScriptedService(Page({"n": 1}), refusal="is closed"), followed("feed", "x")
    given = service.pages(one)
    assert next(given) == Page({"n": 1})
    with pytest.raises(Refused, match="is closed"):
        next(given)
