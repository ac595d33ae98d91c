"""targets and store: what is followed, by what name, and how far it was read."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.core.database import DataHome
from assistant.core.errors import LibraryBusy, SourceError
from assistant.core.records import Ingested
from assistant.library.following import store as store_file
from assistant.library.following.store import FollowedSources
from assistant.library.following.targets import checked, named


@pytest.fixture
def now() -> list[float]:
    return [1_000_000.0]


@pytest.fixture
def store(data_home: DataHome, now: list[float]) -> Iterator[FollowedSources]:
    sources = FollowedSources(data_home, clock=lambda: now[0])
    yield sources
    sources.close()


# -- targets


def test_targets_have_one_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert checked("arxiv", "  cat:cs.CL  AND  abs:kites ") == "cat:cs.CL AND abs:kites"
    assert checked("zotero", "groups/456") == "groups/456"
    assert checked("feed", "https://x.example/new.xml?a=b") == "https://x.example/new.xml?a=b"
    monkeypatch.chdir(tmp_path)
    assert checked("folder", ".") == str(tmp_path)


@pytest.mark.parametrize(
    ("kind", "target", "message"),
    [
        ("scholar", "kites", "no kind of source 'scholar'. There are: arxiv, openalex, zotero, folder, feed"),
        ("arxiv", "", "must be a line of 1 to 2,000 characters"),
        ("arxiv", "x" * 2001, "must be a line of 1 to 2,000 characters"),
        ("arxiv", "a\x00b", "must be a line"),
        ("openalex", "::", "has no words"),
        ("zotero", "users/me", "is no Zotero library. Write users/ or groups/ and its number"),
        ("zotero", "groups/1/../2", "is no Zotero library"),
        ("zotero", "users/١٢", "is no Zotero library"),
        ("feed", "file:///etc/passwd", "is no address of a feed"),
        ("feed", "x.example/new.xml", "is no address of a feed"),
        ("feed", "https://", "is no address of a feed"),
        ("feed", "http://[", "is no address of a feed"),
        ("feed", "https://x.example/a b", "is no address of a feed"),
        ("folder", "/no/such/folder", "There is no folder '/no/such/folder'"),
        ("folder", "~nobody-here/x", "There is no folder"),
    ],
)
def test_what_cannot_be_followed_is_refused(kind: str, target: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        checked(kind, target)


def test_sources_are_named_by_what_they_are() -> None:
    assert named("", "arxiv", "cat:cs.CL AND abs:kites", []) == "arxiv-cat-cs-cl-and-abs-kites"
    assert named("", "feed", "https://www.x.example/new.xml", []) == "feed-x-example-new-xml"
    assert named("", "folder", "/home/ivy/My Papers", []) == "folder-my-papers"
    assert named("", "arxiv", "kites", ["arxiv-kites", "arxiv-kites-2"]) == "arxiv-kites-3"
    assert len(named("", "arxiv", "kites " * 90, [])) <= 40
    assert named("My kites", "arxiv", "x", ["x"]) == "My kites"


@pytest.mark.parametrize("name", ["-x", "a/b", "a\nb", "a.txt", "x" * 61, " "])
def test_a_name_that_would_confuse_is_refused(name: str) -> None:
    with pytest.raises(SourceError, match="cannot be used"):
        named(name, "arxiv", "x", [])


def test_a_name_is_given_once() -> None:
    with pytest.raises(SourceError, match="There is a source 'kites' already"):
        named("kites", "arxiv", "x", ["kites"])


# -- the store


@pytest.mark.parametrize("data_home", ["sqlite"], indirect=True)
def test_without_a_source_there_is_no_file(store: FollowedSources, home: Path) -> None:
    assert (store.all(), store.news(0)) == ([], [])
    with pytest.raises(SourceError, match=r"Nothing is followed\. Follow a source with: assistant follow"):
        store.get("kites")
    assert not home.exists()


def test_sources_are_listed_by_name(store: FollowedSources, data_home: DataHome) -> None:
    store.add("zotero", "users/1", most=5)
    store.add("arxiv", "kites", most=7)
    assert [(one.name, one.kind, one.target, one.most, one.synced) for one in store.all()] == [
        ("arxiv-kites", "arxiv", "kites", 7, None),
        ("zotero-users-1", "zotero", "users/1", 5, None),
    ]
    if not data_home.database_url:
        assert stat.S_IMODE((data_home.folder / "followed.sqlite").stat().st_mode) == 0o600


def test_a_source_is_followed_once(store: FollowedSources) -> None:
    store.add("arxiv", "kites", most=5)
    with pytest.raises(SourceError, match="followed already, as 'arxiv-kites'"):
        store.add("arxiv", " kites ", name="other", most=5)


@pytest.mark.parametrize("most", [0, -1, 10_001])
def test_a_first_sync_is_bounded(most: int, store: FollowedSources) -> None:
    with pytest.raises(SourceError, match="takes 1 to 10,000 papers"):
        store.add("arxiv", "kites", most=most)


def test_sources_are_bounded(store: FollowedSources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_file, "MOST_SOURCES", 1)
    store.add("arxiv", "kites", most=5)
    with pytest.raises(SourceError, match="Unfollow one first"):
        store.add("arxiv", "plums", most=5)


def test_an_unknown_source_is_answered_with_the_known_ones(store: FollowedSources) -> None:
    store.add("arxiv", "kites", most=5)
    with pytest.raises(SourceError, match=r"No source 'plums' is followed\. Followed are: 'arxiv-kites'\."):
        store.remove("plums")


def test_what_a_sync_brings_adds_up_until_it_ends(store: FollowedSources) -> None:
    name = store.add("arxiv", "kites", most=5).name
    store.begin(name)
    store.advance(name, {"start": 1}, Ingested(3, 2, 1, further_rejects=4), ["p1"])
    store.begin(name)  # it was killed, and goes on
    store.advance(name, {"start": 2}, Ingested(1), ["p2", "p1"])
    one = store.get(name)
    assert (one.mark, one.synced) == ({"start": 2}, None)
    assert (one.brought.added, one.brought.updated, one.brought.unchanged, one.brought.rejected) == (4, 2, 1, 4)
    store.finish(name, fault="It broke.", remark="")
    assert (store.get(name).fault, store.get(name).synced is not None) == ("It broke.", True)
    store.begin(name)
    assert store.get(name).brought == Ingested()
    assert store.get(name).mark == {"start": 2}


def test_news_are_kept_for_a_month(store: FollowedSources, now: list[float]) -> None:
    name = store.add("arxiv", "kites", most=5).name
    store.advance(name, {}, Ingested(1), ["p1"])
    now[0] += 20 * 86_400
    store.advance(name, {}, Ingested(1), ["p2"])
    store.finish(name, fault="", remark="")
    assert store.news(0) == ["p2", "p1"]
    assert store.news(now[0]) == ["p2"]
    now[0] += 20 * 86_400
    store.finish(name, fault="", remark="")
    assert store.news(0) == ["p2"]


def test_what_is_unfollowed_leaves_nothing_even_in_the_middle_of_a_sync(store: FollowedSources) -> None:
    name = store.add("arxiv", "kites", most=5).name
    store.advance(name, {}, Ingested(1), ["p1"])
    store.remove(name)
    store.advance(name, {}, Ingested(1), ["p2"])
    store.finish(name, fault="", remark="")
    assert (store.all(), store.news(0)) == ([], [])


def test_one_sync_runs_at_a_time(store: FollowedSources, data_home: DataHome) -> None:
    with store.alone(), pytest.raises(LibraryBusy, match="being synced already"), FollowedSources(data_home).alone():
        pass
    with FollowedSources(data_home).alone():
        pass


def test_marks_of_any_text_are_kept(store: FollowedSources) -> None:
    name = store.add("arxiv", "kites", most=5).name
    mark = {"files": {"\udcff ü": ["1 2", "x"]}}
    store.advance(name, mark, Ingested(), [])
    assert json.loads(json.dumps(store.get(name).mark)) == mark
