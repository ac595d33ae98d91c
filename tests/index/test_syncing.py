"""syncing: followed sources in, their papers added like those of files, and what each sync brought, out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.core.errors import LibraryBusy, SourceError
from assistant.core.records import Ingested
from assistant.index import syncing
from assistant.index.holdings import Holdings
from assistant.index.syncing import Syncing
from assistant.library.following import Followed, Page, Service
from assistant.library.following.arxiv import Arxiv
from assistant.library.following.folder import Folder

from ..conftest import ROOT
from ..papers import PAIRS, write_listing
from ..sites import ArxivSite, Reply, Request, ScriptedService, Time, Work, works

Sync = Callable[..., syncing.Synced]


@pytest.fixture
def sync(holdings: Holdings) -> Sync:
    """`sync(service)` syncs the source "kites" of the kind "feed" from it."""

    def run(service: Service) -> syncing.Synced:
        if not holdings.followed.all():
            holdings.followed.add("feed", "https://x.example", name="kites", most=1000)
        return Syncing(holdings, holdings.followed, {"feed": service}).run([])[0]

    return run


def page(*titles: str, mark: int = 1, abstract: str = "We fly it over the orchard and count its knots.") -> Page:
    records = [{"title": title, "abstract": abstract, "doi": f"10.5555/{title.replace(' ', '-')}"} for title in titles]
    return Page({"at": mark}, json.dumps(records).encode(), "json")


def titles(holdings: Holdings) -> list[str]:
    return [paper.title for paper in holdings.papers()]


def test_papers_are_added_under_the_name_of_their_source(holdings: Holdings, sync: Sync) -> None:
    done = sync(ScriptedService(page("Kites", "Plums"), page("Pears", mark=2)))
    assert (done.name, done.brought, done.fault) == ("kites", Ingested(added=3), "")
    assert {paper.sources for paper in holdings.papers()} == {("kites",)}
    assert sorted(done.new) == sorted(paper.id for paper in holdings.papers())
    assert holdings.followed.get("kites").mark == {"at": 2}
    assert sorted(holdings.followed.news(0)) == sorted(done.new)
    with holdings.reading() as index:
        assert index
        assert len(index.keywords) == 3


def test_syncing_twice_changes_nothing(holdings: Holdings, sync: Sync) -> None:
    sync(ScriptedService(page("Kites")))
    revision = holdings.library.revision
    done = sync(ScriptedService(page("Kites")))
    assert (done.brought, done.new) == (Ingested(unchanged=1), ())
    assert holdings.library.revision == revision


def test_the_service_is_told_what_came_before(sync: Sync) -> None:
    sync(ScriptedService(page("Kites", mark=7)))
    later = ScriptedService()
    assert sync(later).brought == Ingested()
    assert [one.mark for one in later.asked] == [{"at": 7}]


def test_a_changed_record_updates_its_paper_and_is_not_news(holdings: Holdings, sync: Sync) -> None:
    sync(ScriptedService(page("Kites")))
    done = sync(ScriptedService(page("Kites", abstract="We fly it over the sea and count its waves.")))
    assert (done.brought, done.new) == (Ingested(updated=1), ())
    assert holdings.papers()[0].abstract == "We fly it over the sea and count its waves."


def test_a_paper_that_a_file_has_already_is_completed(holdings: Holdings, sync: Sync, tmp_path: Path) -> None:
    (tmp_path / "a.ris").write_text(
        "TY  - JOUR\nTI  - Kites\nAB  - We fly it over the orchard and count its knots.\nER  - \n"
    )
    holdings.ingest([tmp_path / "a.ris"])
    done = sync(ScriptedService(page("Kites")))
    assert (done.brought, done.new) == (Ingested(updated=1), ())
    assert holdings.papers()[0].sources == ("a.ris", "kites")


def test_rejects_are_kept_with_their_reason_and_once(holdings: Holdings, sync: Sync) -> None:
    bare = Page(
        {}, b'[{"title": "Snow"}, {"title": "Kites", "abstract": "We fly it and count its many knots."}]', "json"
    )
    assert sync(ScriptedService(bare)).brought.rejected == 1
    sync(ScriptedService(page("Pears")))
    sync(ScriptedService(bare))
    assert [(one.source, one.title, one.reason) for one in holdings.rejects()] == [("kites", "Snow", "has no abstract")]


def test_what_came_before_a_fault_stays_and_the_fault_is_told(holdings: Holdings, sync: Sync) -> None:
    done = sync(ScriptedService(page("Kites"), refusal="broke off its answer"))
    assert (done.brought.added, done.fault) == (1, "The feed broke off its answer.")
    assert holdings.followed.get("kites").fault == "The feed broke off its answer."
    assert sync(ScriptedService(page("Plums"))).fault == ""
    assert titles(holdings) == ["Kites", "Plums"]


def test_a_fault_in_one_source_does_not_keep_the_next_from_its_sync(holdings: Holdings) -> None:
    for kind, target in (("feed", "https://x.example"), ("zotero", "users/1")):
        holdings.followed.add(kind, target, most=5)
    services = {"feed": ScriptedService(refusal="is down"), "zotero": ScriptedService(page("Kites"))}
    reported: list[syncing.Synced] = []
    done = Syncing(holdings, holdings.followed, services).run([], reported.append)
    assert [(one.name, one.fault) for one in done] == [("feed-x-example", "The feed is down."), ("zotero-users-1", "")]
    assert reported == done


def test_only_the_named_sources_are_synced(holdings: Holdings) -> None:
    for number in (1, 2):
        holdings.followed.add("zotero", f"users/{number}", most=5)
    service = ScriptedService(page("Kites"))
    Syncing(holdings, holdings.followed, {"zotero": service}).run(["zotero-users-2"])
    assert [one.target for one in service.asked] == ["users/2"]
    with pytest.raises(SourceError, match="No source 'x' is followed"):
        Syncing(holdings, holdings.followed, {"zotero": service}).run(["zotero-users-1", "x"])
    assert len(service.asked) == 1


def test_a_batch_is_added_at_once_and_a_sync_is_bounded(
    holdings: Holdings, sync: Sync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syncing, "BATCH", 2)
    monkeypatch.setattr(syncing, "MOST_PAGES", 4)
    done = sync(ScriptedService(*(page(f"Kite {n}", mark=n) for n in range(9))))
    assert (done.brought.added, done.remark) == (4, "There is more; the next sync goes on.")
    assert holdings.followed.get("kites").mark == {"at": 3}


def test_while_somebody_else_writes_nothing_is_lost(
    holdings: Holdings, sync: Sync, open_holdings: Callable[..., Holdings]
) -> None:
    sync(ScriptedService(page("Kites")))
    code = "import sys; from assistant.library.papers import Library\n"
    code += "with Library(sys.argv[1]).writing(): print('ready', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(holdings.library.home)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        done = sync(ScriptedService(page("Plums", mark=2)))
        other.communicate()
    assert done.fault == "The library was being written by another process. The next sync goes on."
    assert holdings.followed.get("kites").mark == {"at": 1}
    assert sync(ScriptedService(page("Plums", mark=2))).brought.added == 1


def test_two_syncs_at_once_are_one(holdings: Holdings, sync: Sync) -> None:
    class Second(ScriptedService):
        def pages(self, followed: Followed) -> Iterator[Page]:
            with pytest.raises(LibraryBusy, match="being synced already"):
                Syncing(holdings, holdings.followed, {}).run([])
            yield page("Kites")

    assert sync(Second()).brought.added == 1


def test_a_source_that_is_unfollowed_meanwhile_keeps_its_papers(holdings: Holdings, sync: Sync) -> None:
    class Left(ScriptedService):
        def pages(self, followed: Followed) -> Iterator[Page]:
            holdings.followed.remove(followed.name)
            yield page("Kites")

    assert (sync(Left()).brought, titles(holdings)) == (Ingested(), ["Kites"])


def test_the_files_of_a_folder_are_those_of_an_ingest(holdings: Holdings, tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    file = write_listing(folder / "a.txt", PAIRS[:3])
    (folder / "broken.json").write_text("{")
    holdings.followed.add("folder", str(folder), name="mine", most=1)
    run = Syncing(holdings, holdings.followed, {"folder": Folder()}).run
    done = run([])[0]
    assert (done.brought.added, done.brought.rejected, len(done.new)) == (3, 1, 3)
    assert holdings.library.places() == {"a.txt": str(file)}
    (folder / "broken.json").unlink()
    write_listing(folder / "a.txt", PAIRS[:5])
    done = run([])[0]
    assert (done.brought.added, done.brought.unchanged) == (2, 3)
    assert done.remark == "1 file is gone; the papers stay."
    file.unlink()
    run([])
    assert len(holdings.papers()) == 5


def test_a_paper_that_was_removed_does_not_come_back_by_itself(holdings: Holdings, sync: Sync, tmp_path: Path) -> None:
    sync(ScriptedService(page("Kites", "Plums")))
    holdings.remove(["Kites"])
    assert sync(ScriptedService(page("Kites", "Plums", "Pears"))).brought == Ingested(added=1, unchanged=1)
    assert titles(holdings) == ["Pears", "Plums"]
    (tmp_path / "a.json").write_bytes(page("Kites").data)
    holdings.ingest([tmp_path / "a.json"])
    sync(ScriptedService(page("Kites")))
    assert titles(holdings) == ["Kites", "Pears", "Plums"]


CHILD = """
import sys
from pathlib import Path
from assistant.index import syncing
from assistant.index.holdings import Holdings
from assistant.library.following import Fetcher
from assistant.library.following.arxiv import Arxiv
from assistant.library.papers import Library
from tests.doubles import HashEmbedder
syncing.BATCH = 1
holdings = Holdings(Library(Path(sys.argv[1])), HashEmbedder())
arxiv = Arxiv(Fetcher(sleep=lambda _: None, clock=lambda: 0.0), sys.argv[2])
syncing.Syncing(holdings, holdings.followed, {"arxiv": arxiv}).run([])
"""


def test_after_a_kill_the_next_sync_goes_on_where_it_was(open_holdings: Callable[..., Holdings], home: Path) -> None:
    with ArxivSite(works(320)) as site:
        holdings = open_holdings()
        holdings.followed.add("arxiv", "kites", most=1000)
        holdings.close()
        third, over = threading.Event(), threading.Event()
        answer = site.answer

        def stalling(request: Request) -> Reply:
            if request.query["start"] == "200" and not third.is_set():
                third.set()
                over.wait(60)
                return Reply(status=500)
            return answer(request)

        site.answer = stalling
        child = subprocess.Popen([sys.executable, "-c", CHILD, str(home), site.url], cwd=ROOT)
        assert third.wait(60)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        over.set()
        holdings = open_holdings()
        assert len(holdings.papers()) == 200
        assert holdings.followed.get("arxiv-kites").mark["start"] == 200
        site.requests.clear()
        arxiv = Arxiv(Time().fetcher(), site.url)
        done = Syncing(holdings, holdings.followed, {"arxiv": arxiv}).run([])[0]
    assert [request.query["start"] for request in site.requests] == ["200", "300"]
    assert (len(holdings.papers()), done.brought, len(done.new)) == (320, Ingested(added=320), 120)
    assert len(holdings.followed.news(0)) == 320


def test_a_kill_between_adding_and_noting_it_only_repeats_a_batch(
    holdings: Holdings, sync: Sync, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync(ScriptedService(page("Kites")))
    with monkeypatch.context() as patch:
        patch.setattr(holdings.followed, "advance", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            sync(ScriptedService(page("Plums", mark=2)))
    assert holdings.followed.get("kites").mark == {"at": 1}
    assert sync(ScriptedService(page("Plums", mark=2))).brought == Ingested(unchanged=1)
    assert titles(holdings) == ["Kites", "Plums"]


def test_a_paper_of_two_sources_is_one(holdings: Holdings, sync: Sync) -> None:
    with ArxivSite([Work(7, "2026-01-05T10:00:00Z", "Kites")]) as site:
        sync(ScriptedService(page("Kites", abstract="  We fly kite number 7 over the orchard and count its knots.")))
        holdings.followed.add("arxiv", "kites", most=5)
        done = Syncing(holdings, holdings.followed, {"arxiv": Arxiv(Time().fetcher(), site.url)}).run(["arxiv-kites"])
    assert (done[0].brought.added, titles(holdings)) == (0, ["Kites"])
    assert holdings.papers()[0].identifiers.known.keys() == {"arxiv", "doi"}
