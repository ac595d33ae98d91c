"""collections: named sets of papers, by hand and by a filter, of an owner or of the home."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from assistant.chain import Assistant
from assistant.core.bounds import COLLECTION
from assistant.core.errors import CollectionNotFound, LibraryError, PaperNotFound, QuestionError
from assistant.core.filters import Collection, Filter
from assistant.core.records import Paper
from assistant.index import collections as module
from assistant.library.file import _SCHEMAS

from ..doubles import HashEmbedder
from ..papers import PAIRS

PAPERS = [
    Paper(title, abstract, sources=("a.txt",), authors=("Ivy Moss",) if number % 2 else (), year=2018 + number)
    for number, (title, abstract) in enumerate(PAIRS)
]
PEAR, MOD, STORMS = PAPERS[:3]
MOSS = {paper.title for paper in PAPERS[1::2]}


@pytest.fixture
def assistant(home: Path, embedder: HashEmbedder) -> Assistant:
    one = Assistant.open(home, embedder=embedder)
    one._holdings.library.put(PAPERS)
    return one


def titles(assistant: Assistant, name: str, *, since: str = "") -> set[str]:
    return {paper.title for paper in assistant.papers(since=since, collection=name)}


def test_papers_are_put_in_and_taken_out_by_hand(assistant: Assistant) -> None:
    made = assistant.collections.create(" audio  codecs ", PEAR.title, STORMS.id)
    assert made == Collection("audio codecs", 2)
    assert titles(assistant, "Audio Codecs") == {PEAR.title, STORMS.title}
    assert assistant.collections.add("audio codecs", MOD.title, PEAR.title).papers == 3
    assert assistant.collections.remove("AUDIO CODECS", PEAR.title).papers == 2
    assert assistant.collections.remove("audio codecs", PEAR.title).papers == 2
    assert titles(assistant, "audio codecs") == {MOD.title, STORMS.title}
    assert {paper.title for paper in assistant.papers(collection="audio codecs")} == {MOD.title, STORMS.title}


def test_a_filter_is_living(assistant: Assistant) -> None:
    assistant.collections.create("moss", where=Filter(authors=("Moss",)))
    assert titles(assistant, "moss") == MOSS
    late = Paper("Late Pears", "They are late.", sources=("b.txt",), authors=("Ivy Moss",))
    assistant._holdings.library.put([late])
    assert titles(assistant, "moss") == MOSS | {late.title}
    with pytest.raises(QuestionError, match=r"'Late Pears' passes the filter of this collection \(by Moss\)"):
        assistant.collections.remove("moss", late.title)
    assert assistant.collections.add("moss", PEAR.title).papers == len(MOSS) + 2


def test_a_source_makes_a_collection_and_may_go(assistant: Assistant) -> None:
    assistant.collections.create("first", where=Filter(source="a.txt"))
    assert len(titles(assistant, "first")) == len(PAPERS)
    assistant._holdings.library.rows("delete from listings")
    assert titles(assistant, "first") == set()
    with pytest.raises(PaperNotFound, match="No listing here"):
        assistant.collections.create("second", where=Filter(source="c.txt"))
    assert assistant.collections.names() == ["first"]


def test_it_combines_with_filters_in_and_beside_the_question(assistant: Assistant) -> None:
    assistant.collections.create("few", *(paper.id for paper in PAPERS[:4]))
    assert titles(assistant, "few", since="2020") == {STORMS.title, PAPERS[3].title}
    answer = assistant.ask("Which papers are by Moss?", collection="few")
    assert answer.filtered == "2 papers by Moss, in the collection “few”"
    assert {hit.paper.title for hit in answer.hits} == {MOD.title, PAPERS[3].title}
    without = Filter(without=Filter(collection="few"))
    assert {paper.title for paper in assistant.papers(where=without)} == {paper.title for paper in PAPERS[4:]}
    chat = assistant.conversation()
    asked = chat.ask("Which papers are there?", where=Filter(collection="few"))
    assert len(asked.hits) == 4


def test_what_changes_is_seen_at_once_by_a_search_that_keeps_filters(assistant: Assistant) -> None:
    assistant.collections.create("few", PEAR.id)
    where = Filter(collection="few")
    assert [hit.paper.title for hit in assistant.search("Which papers are there?", where=where)] == [PEAR.title]
    assistant.collections.add("few", MOD.id)
    assert len(assistant.search("Which papers are there?", where=where)) == 2
    assistant.collections.remove("few", PEAR.id, MOD.id)
    assert assistant.ask("Which papers are there?", where=where).text.startswith("There are no papers here in the coll")


def test_a_paper_that_is_removed_leaves_its_collections_and_an_update_does_not(assistant: Assistant) -> None:
    assistant.collections.create("few", PEAR.id, MOD.id)
    assistant._holdings.library.put([replace(PEAR, abstract="It is about apples now.")])
    assert titles(assistant, "few") == {PEAR.title, MOD.title}
    assistant.remove(PEAR.title)
    assistant._holdings.library.put([PEAR])
    assert titles(assistant, "few") == {MOD.title}


def test_owners_see_their_own_the_home_s_and_shared_ones(assistant: Assistant) -> None:
    ann, bob, home = assistant.collections.of("user:ann"), assistant.collections.of("user:bob"), assistant.collections
    ann.create("mine", PEAR.id)
    ann.create("ours", MOD.id, shared=True)
    home.create("house", STORMS.id)
    bob.create("Mine", STORMS.id, MOD.id)
    assert [(one.name, one.papers, one.own) for one in ann.listed()] == [
        ("house", 1, False),
        ("mine", 1, True),
        ("ours", 1, True),
    ]
    assert bob.names() == ["house", "Mine", "ours"]
    assert bob.names(own=True) == ["Mine"]
    assert bob.get("mine").papers == 2
    assert home.names() == ["house", "ours"]
    where = Filter(collection="mine")
    assert [paper.title for paper in assistant.papers(where=where.owned_by("user:ann"))] == [PEAR.title]
    with pytest.raises(CollectionNotFound, match="There is no collection 'mine'"):
        assistant.papers(where=where)
    for change in (lambda: bob.add("ours", PEAR.id), lambda: bob.delete("house"), lambda: home.remove("ours", MOD.id)):
        with pytest.raises(QuestionError, match="is not yours to change"):
            change()
    assert (ann.delete_all(), ann.names()) == (2, ["house"])
    assert bob.names() == ["house", "Mine"]


def test_an_owner_is_not_stored_in_the_open(assistant: Assistant, home: Path) -> None:
    assistant.collections.of("user:5f2c0a9b").create("mine")
    assistant.close()
    assert b"5f2c0a9b" not in (home / "library.sqlite").read_bytes()


def test_an_unknown_name_is_refused_with_the_nearest(assistant: Assistant) -> None:
    with pytest.raises(CollectionNotFound, match=r"There is no collection 'codecs'\. There are none yet\."):
        assistant.ask("Which papers are there?", collection="codecs")
    assistant.collections.create("codecs")
    assistant.collections.create("speech")
    with pytest.raises(CollectionNotFound, match=r"no collection 'codex'\. The closest: codecs\."):
        assistant.papers(collection="codex")
    with pytest.raises(CollectionNotFound, match=r"no collection 'z'\. There are: codecs, speech\."):
        assistant.collections.add("z", PEAR.id)
    with pytest.raises(CollectionNotFound, match="no collection 'z'"):
        assistant.collections.delete("z")


def test_a_deleted_collection_is_gone_and_its_papers_stay(assistant: Assistant) -> None:
    assistant.collections.create("few", PEAR.id)
    assistant.collections.delete("few")
    assert assistant.collections.listed() == []
    assert assistant.paper(PEAR.title)
    assert assistant._holdings.library.rows("select * from collected") == []


@pytest.mark.parametrize(
    ("name", "message"),
    [("", "needs a name"), (" \x1b[31m… ", "needs a name"), ("x" * (COLLECTION + 1), "collection's name has 81")],
)
def test_names_have_limits(assistant: Assistant, name: str, message: str) -> None:
    with pytest.raises(QuestionError, match=message):
        assistant.collections.create(name)


def test_what_cannot_be_made_is_refused_and_changes_nothing(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = assistant.collections
    own.create("few", PEAR.id)
    with pytest.raises(QuestionError, match="There is a collection 'FEW' already"):
        own.create("FEW")
    with pytest.raises(PaperNotFound, match="No paper here is called 'Nothing'"):
        own.create("more", PEAR.id, "Nothing")
    with pytest.raises(PaperNotFound, match="'Nothing'"):
        own.add("few", MOD.id, "Nothing")
    with pytest.raises(QuestionError, match="cannot be made of another one"):
        own.create("more", where=Filter(collection="few"))
    with pytest.raises(QuestionError, match="cannot be made of another one"):
        own.create("more", where=Filter(without=Filter(collection="few")))
    with pytest.raises(QuestionError, match="is no date"):
        own.create("more", where=Filter(since="soon"))
    monkeypatch.setattr(module, "COLLECTED", 2)
    with pytest.raises(QuestionError, match="takes 2 papers at most"):
        own.add("few", MOD.id, STORMS.id)
    monkeypatch.setattr(module, "COLLECTIONS", 1)
    with pytest.raises(QuestionError, match="There are 1 collections already"):
        own.create("more")
    assert [(one.name, one.papers) for one in own.listed()] == [("few", 1)]
    assert own.get("few") == Collection("few", 1)


def test_threads_add_at_the_same_time(assistant: Assistant) -> None:
    assistant.collections.create("few")
    threads = [Thread(target=assistant.collections.add, args=("few", paper.id)) for paper in PAPERS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert assistant.collections.get("few").papers == len(PAPERS)


def test_a_library_of_the_version_before_has_none_and_is_upgraded(home: Path, embedder: HashEmbedder) -> None:
    with Assistant.open(home, embedder=embedder) as assistant:
        assistant._holdings.library.put(PAPERS)
    with sqlite3.connect(home / "library.sqlite") as database:
        version = f"pragma user_version = {len(_SCHEMAS) - 1}"
        database.executescript(
            f"drop table collected; drop table collections; drop index days_by_year; drop index papers_by_revision; "
            f"{version}"
        )
    database.close()
    with Assistant.open(home, embedder=embedder) as assistant:
        assert assistant.collections.listed() == []
        assert assistant.collections.create("few", PEAR.id).papers == 1


def test_a_read_only_library_can_be_asked_in_a_collection_and_not_changed(
    home: Path, embedder: HashEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Assistant.open(home, embedder=embedder) as assistant:
        assistant._holdings.library.put(PAPERS)
        assistant.collections.create("few", PEAR.id)
        assistant.search("pears")
    monkeypatch.setattr("os.access", lambda *_: False)
    with Assistant.open(home, embedder=embedder) as assistant:
        assert titles(assistant, "few") == {PEAR.title}
        with pytest.raises(LibraryError, match="Make sure that it is writable"):
            assistant.collections.add("few", MOD.id)


def test_a_kill_loses_nothing_that_was_acknowledged(
    home: Path, assistant: Assistant, python: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    assistant.close()
    code = f"""
import os, sys
from assistant.chain import Assistant
from tests.doubles import HashEmbedder
assistant = Assistant.open(sys.argv[1], embedder=HashEmbedder())
assistant.collections.create("few", {PEAR.id!r})
library = assistant._holdings.library
with library.transaction():
    library.rows("delete from collections")
    os.kill(os.getpid(), 9)
"""
    assert python(code, home).returncode == -9
    with Assistant.open(home, embedder=HashEmbedder()) as again:
        assert titles(again, "few") == {PEAR.title}
