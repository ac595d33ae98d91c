"""holdings: ingest, remove, count and repair; many processes, kills and damage included."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from unittest.mock import Mock

import pytest

from assistant.core.errors import EmbedderError, IndexMismatch, LibraryBusy, LibraryError, PaperNotFound, StoreError
from assistant.core.filters import Filter
from assistant.core.records import Ingested, Paper
from assistant.index import interaction
from assistant.index import searchable as indexing
from assistant.index import store as storing
from assistant.index.embedding import Encoding
from assistant.index.holdings import Holdings
from assistant.index.interaction import encoded_text
from assistant.index.searchable import current
from assistant.index.store import ChromaAddress
from assistant.library.chunking import passages
from assistant.library.papers import Library
from assistant.search import Search

from .. import kill_ingest
from ..conftest import ROOT
from ..doubles import HashEmbedder
from ..papers import PAIRS, Pair, write_listing

pytestmark = pytest.mark.usefixtures("layers")

Listing = Callable[..., Path]
Open = Callable[..., Holdings]
PEAR_TITLE = PAIRS[0][0]
LEDGER_TITLE = PAIRS[5][0]
COUNT = len(PAIRS)


def edited(title: str, abstract: str) -> list[Pair]:
    return [(t, abstract if t == title else a) for t, a in PAIRS]


def keyword_ids(holdings: Holdings, words: str) -> list[str]:
    return [paper.title for paper in holdings.papers(words)]


# -- ingest


def test_an_empty_library_says_so(holdings: Holdings) -> None:
    status = holdings.status()
    assert (status.papers, status.revision, status.indexed_revision, status.listings) == (0, 0, 0, {})
    assert (holdings.papers(), holdings.papers("pear"), holdings.index(), holdings.doctor()) == ([], [], None, [])


def test_a_paper_without_an_abstract_is_listed_and_never_quoted(holdings: Holdings) -> None:
    holdings.library.put([Paper(*PAIRS[0]), Paper("Quokka Networks", ""), Paper("Quokka Models", " ")])
    index = holdings.index()
    assert index is not None
    assert holdings.doctor() == []
    assert sorted(keyword_ids(holdings, "quokka")) == ["Quokka Models", "Quokka Networks"]
    search = Search(index)
    for question in ("What are Quokka Networks?", "Which papers study quokka models?"):
        assert {hit.paper.title for hit in search.hits(search.understood(question))} <= {PEAR_TITLE}


def test_papers_of_a_listing_are_stored_and_found(holdings: Holdings, listing: Listing) -> None:
    assert holdings.ingest([listing("mar.txt")]) == Ingested(added=COUNT)
    assert [paper.title for paper in holdings.papers()] == sorted(title for title, _ in PAIRS)
    assert keyword_ids(holdings, "shovels for snow")[0] == "Snow Compression with Learned Shovels"
    status = holdings.status()
    assert (status.papers, status.revision, status.indexed_revision) == (COUNT, 1, 1)
    assert (status.listings, status.embedder, status.notice) == ({"mar.txt": "Mar 11"}, "hash-64", "")
    assert holdings.doctor() == []


def test_papers_are_found_within_a_listing_and_its_days(holdings: Holdings, listing: Listing) -> None:
    holdings.ingest([listing("mar.txt", PAIRS[:4]), listing("apr.txt", PAIRS[4:], date="Apr 2")])
    later = sorted(title for title, _ in PAIRS[4:])
    assert [paper.title for paper in holdings.papers(where=Filter(source="apr.txt"))] == later
    assert [paper.title for paper in holdings.papers(where=Filter(since="Mar 12"))] == later
    matches = holdings.papers("orchard pears", where=Filter(source="Apr 2"))
    assert [paper.title for paper in matches] == ["A Ledger of the Orchard"]
    assert holdings.papers("orchard pears", where=Filter(until="Mar 1")) == []
    with pytest.raises(PaperNotFound, match=r"No listing here is called 'may\.txt'"):
        holdings.papers("umbrellas", where=Filter(source="may.txt"))


def test_a_search_within_a_listing_reaches_past_the_papers_found_first(
    holdings: Holdings, listing: Listing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.index.holdings.MOST_MATCHES", 1)
    holdings.ingest([listing("mar.txt", PAIRS[:1]), listing("apr.txt", PAIRS[1:], date="Apr 2")])
    assert keyword_ids(holdings, "orchard pears yield") == [PAIRS[0][0]]
    assert [p.title for p in holdings.papers("orchard pears yield", where=Filter(source="apr.txt"))] == [
        "A Ledger of the Orchard"
    ]


@pytest.mark.parametrize("layout", ["spaced", "glued"])
def test_the_same_file_again_changes_nothing(
    holdings: Holdings, listing: Listing, embedder: HashEmbedder, layout: str
) -> None:
    path = listing(layout=layout)
    holdings.ingest([path])
    before = (holdings.status(), current(holdings.library), holdings.papers(), len(embedder.calls))
    assert holdings.ingest([path]) == Ingested(unchanged=COUNT)
    assert holdings.ingest([path, path]) == Ingested(unchanged=2 * COUNT)
    assert (holdings.status(), current(holdings.library), holdings.papers(), len(embedder.calls)) == before


def test_known_papers_are_not_split_again(
    holdings: Holdings, listing: Listing, monkeypatch: pytest.MonkeyPatch
) -> None:
    holdings.ingest([listing()])
    cut: list[str] = []
    monkeypatch.setattr(interaction, "passages", lambda paper: cut.append(paper.title) or passages(paper))
    assert holdings.ingest([listing(), listing("b.txt")]) == Ingested(unchanged=2 * COUNT)
    assert cut == []
    holdings.ingest([listing(pairs=edited(PEAR_TITLE, "It is about comets now. They fly."))])
    assert set(cut) == {PEAR_TITLE}


def test_one_edited_abstract_updates_one_paper_and_embeds_only_what_changed(
    holdings: Holdings, listing: Listing, embedder: HashEmbedder
) -> None:
    holdings.ingest([listing()])
    embedder.calls.clear()
    abstract = PAIRS[5][1].replace("105 grams", "9 stone")
    assert holdings.ingest([listing(pairs=edited(LEDGER_TITLE, abstract))]) == Ingested(updated=1, unchanged=COUNT - 1)
    assert embedder.texts == [encoded_text(passages(Paper(LEDGER_TITLE, abstract))[-1])]
    assert keyword_ids(holdings, "stone") == [LEDGER_TITLE]
    assert holdings.paper(LEDGER_TITLE).abstract == abstract
    assert holdings.status().revision == 2
    assert holdings.doctor() == []


def test_a_paper_in_three_listings_is_one_paper_with_three_sources(
    holdings: Holdings, listing: Listing, embedder: HashEmbedder
) -> None:
    paths = [
        listing(f"{name}.txt", PAIRS[:1], layout=layout)
        for name, layout in (("a", "spaced"), ("b", "glued"), ("c", "spaced"))
    ]
    assert holdings.ingest(paths) == Ingested(added=1, unchanged=2)
    assert holdings.paper(PEAR_TITLE).sources == ("a.txt", "b.txt", "c.txt")
    assert len(embedder.texts) == 1


def test_listings_that_disagree_do_not_flip(holdings: Holdings, listing: Listing, embedder: HashEmbedder) -> None:
    one = listing("one.txt", PAIRS[:1])
    two = listing("two.txt", [(PEAR_TITLE, "Another listing says something else. It is about comets.")])
    assert holdings.ingest([one, two]) == Ingested(added=1, unchanged=1)
    before, calls = current(holdings.library), len(embedder.calls)
    for paths in ([two, one], [two], [one], [one, two]):
        assert holdings.ingest(paths) == Ingested(unchanged=len(paths))
    assert holdings.papers()[0].abstract == PAIRS[0][1]
    assert (current(holdings.library), len(embedder.calls)) == (before, calls)


def test_a_title_twice_in_a_file_is_counted_or_rejected(holdings: Holdings, listing: Listing) -> None:
    twice = listing(pairs=[PAIRS[0], PAIRS[1], PAIRS[0], (PEAR_TITLE.upper(), "It is about comets now. They fly.")])
    report = holdings.ingest([twice])
    assert (report.added, report.updated, report.unchanged) == (2, 0, 1)
    (reject,) = report.rejects
    assert (reject.source, reject.line) == ("a.txt", 23)
    assert reject.reason == "the same title stands at line 11 of this file already, with another abstract"
    assert holdings.paper(PEAR_TITLE).abstract == PAIRS[0][1]
    assert holdings.ingest([twice]) == Ingested(unchanged=3, rejects=(reject,))
    assert holdings.status().revision == 1


def test_files_of_the_same_name_in_two_folders_are_two_listings(
    holdings: Holdings, tmp_path: Path, embedder: HashEmbedder
) -> None:
    march = write_listing(tmp_path / "march" / "new.txt", PAIRS[:2], date="Mar 11")
    april = write_listing(tmp_path / "april" / "new.txt", edited(PEAR_TITLE, "It is about comets now. They fly."))
    assert holdings.ingest([march]) == Ingested(added=2)
    assert holdings.ingest([april]) == Ingested(added=COUNT - 2, unchanged=2)
    before, calls = (holdings.status(), holdings.papers()), len(embedder.calls)
    for paths in ([march], [april], [april, march], [march, april]):
        assert holdings.ingest(paths).unchanged == sum({march: 2, april: COUNT}[path] for path in paths)
    assert (holdings.status(), holdings.papers(), len(embedder.calls)) == (*before, calls)
    assert holdings.status().listings.keys() == {"new.txt", "april/new.txt"}
    assert holdings.paper(PEAR_TITLE).sources == ("april/new.txt", "new.txt")
    assert holdings.paper(PEAR_TITLE).abstract == PAIRS[0][1]


def test_a_file_that_was_moved_is_the_same_listing(holdings: Holdings, tmp_path: Path) -> None:
    path = write_listing(tmp_path / "march" / "new.txt", PAIRS)
    holdings.ingest([path])
    path.unlink()
    moved = write_listing(tmp_path / "kept" / "new.txt", edited(PEAR_TITLE, "It is about comets now. They fly."))
    assert holdings.ingest([moved]) == Ingested(updated=1, unchanged=COUNT - 1)
    assert holdings.status().listings.keys() == {"new.txt"}


def test_good_files_are_added_beside_bad_ones(holdings: Holdings, listing: Listing, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    (tmp_path / "binary.txt").write_bytes(b"\0\1")
    lonely = listing("lonely.txt", [*PAIRS[1:2], ("Lonely Title", "Soon")])
    report = holdings.ingest(
        [
            tmp_path / "empty.txt",
            listing("good.txt", PAIRS[:1]),
            tmp_path / "none.txt",
            lonely,
            tmp_path / "binary.txt",
        ]
    )
    assert (report.added, report.updated, report.unchanged) == (2, 0, 0)
    assert [(reject.source, reject.line) for reject in report.rejects] == [
        ("empty.txt", 0),
        ("none.txt", 0),
        ("lonely.txt", 15),
        ("lonely.txt", 17),
        ("binary.txt", 0),
    ]
    assert all(reject.reason for reject in report.rejects)
    assert holdings.doctor() == []


def test_ingesting_nothing_is_no_error(holdings: Holdings, tmp_path: Path) -> None:
    assert holdings.ingest([]) == Ingested()
    assert holdings.ingest([tmp_path / "none.txt"]).added == 0
    assert (holdings.status().revision, holdings.doctor()) == (0, [])


def test_an_embedder_that_fails_leaves_the_library_as_it_was(open_holdings: Open, listing: Listing) -> None:
    class Failing(HashEmbedder):
        def encode(self, texts: Sequence[str], *, questions: bool = False) -> list[Encoding]:
            raise RuntimeError("the model went away")

    holdings = open_holdings(embedder=Failing())
    with pytest.raises(RuntimeError, match="the model went away"):
        holdings.ingest([listing()])
    assert (holdings.status().papers, holdings.status().revision) == (0, 0)


# -- remove and find


def test_removed_papers_vanish_from_every_index(holdings: Holdings, listing: Listing) -> None:
    holdings.ingest([listing()])
    gone = holdings.paper(PEAR_TITLE)
    assert holdings.remove([PEAR_TITLE.lower(), LEDGER_TITLE]) == Ingested(removed=2)
    index = holdings.index()
    assert index is not None
    assert (len(holdings.papers()), len(index.keywords)) == (COUNT - 2, COUNT - 2)
    assert not [i for i in index.store.whole() if i.startswith(gone.id)]
    assert (index.bearers(["pearrank"]), keyword_ids(holdings, "OrchardBench")) == ({}, [])
    assert holdings.doctor() == []


def test_a_removed_paper_comes_back_without_embedding(
    holdings: Holdings, listing: Listing, embedder: HashEmbedder
) -> None:
    holdings.ingest([listing()])
    holdings.remove([PEAR_TITLE])
    embedder.calls.clear()
    assert holdings.ingest([listing()]) == Ingested(added=1, unchanged=COUNT - 1)
    assert embedder.calls == []
    assert keyword_ids(holdings, "OrchardBench") == [PEAR_TITLE]


def test_nothing_is_removed_when_one_title_is_unknown(holdings: Holdings, listing: Listing) -> None:
    holdings.ingest([listing()])
    with pytest.raises(
        PaperNotFound, match=r"No paper here is called 'Do Kites Forget\?'\. Closest: .*Do Kites Remember"
    ):
        holdings.remove([PEAR_TITLE, "Do Kites Forget?"])
    assert (len(holdings.papers()), holdings.status().revision) == (COUNT, 1)


def test_a_title_unlike_any_has_no_closest(holdings: Holdings) -> None:
    with pytest.raises(PaperNotFound, match=r"No paper here is called 'zyzzyva'\.$"):
        holdings.paper("zyzzyva")


# -- many processes

INGEST = """
import sys
import threading
from assistant.index.holdings import Holdings
from assistant.library.papers import Library
from tests.doubles import HashEmbedder

class Waiting(HashEmbedder):
    def encode(self, texts, *, questions=False):
        print("encoding", flush=True)
        sys.stdin.readline()
        return super().encode(texts, questions=questions)

holdings = Holdings(Library(sys.argv[1]), Waiting())
print(holdings.ingest([sys.argv[2]]).added, flush=True)
holdings.close()
"""

SHOW = """
import sys
import threading
from assistant.index.holdings import Holdings
from assistant.library.papers import Library
from tests.doubles import HashEmbedder
holdings = Holdings(Library(sys.argv[1]), HashEmbedder())
for line in sys.stdin:
    print("|".join(paper.title for paper in holdings.papers(line)), flush=True)
holdings.close()
"""


def process(code: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def say(other: subprocess.Popen[str], line: str) -> str:
    assert other.stdin and other.stdout
    other.stdin.write(line + "\n")
    other.stdin.flush()
    return other.stdout.readline().rstrip("\n")


def test_a_second_process_that_ingests_meanwhile_is_told_who_does(
    open_holdings: Open, listing: Listing, home: Path
) -> None:
    holdings = open_holdings()
    holdings.ingest([listing("first.txt", PAIRS[:1])])
    with process(INGEST, home, listing("second.txt", PAIRS[1:3])) as other:
        assert other.stdout and other.stdout.readline() == "encoding\n"
        acts: list[Callable[[], object]] = [
            lambda: holdings.ingest([listing("third.txt", PAIRS[3:4])]),
            lambda: holdings.remove([PEAR_TITLE]),
        ]
        for act in acts:
            with pytest.raises(LibraryBusy, match=rf"process {other.pid}\. Nothing was changed"):
                act()
        assert keyword_ids(holdings, "pearrank") == [PEAR_TITLE]  # reading goes on
        assert say(other, "go on") == "2"
    assert holdings.ingest([listing("third.txt", PAIRS[3:4])]) == Ingested(added=1)
    assert len(holdings.papers()) == 4
    assert holdings.doctor() == []


def test_readers_see_new_papers_at_once(open_holdings: Open, listing: Listing, home: Path) -> None:
    writer, reader = open_holdings(), open_holdings()
    writer.ingest([listing("first.txt", PAIRS[:1])])
    with process(SHOW, home) as other:
        assert keyword_ids(reader, "pears kite") == [PEAR_TITLE]
        assert say(other, "pears kite") == PEAR_TITLE
        writer.ingest([listing("second.txt", PAIRS[6:7])])
        assert set(keyword_ids(reader, "pears kite")) == {PEAR_TITLE, PAIRS[6][0]}
        assert set(say(other, "pears kite").split("|")) == {PEAR_TITLE, PAIRS[6][0]}
        writer.remove([PEAR_TITLE])
        assert say(other, "pears kite") == PAIRS[6][0]
        other.communicate()
    assert keyword_ids(reader, "pears kite") == [PAIRS[6][0]]


def test_a_reader_survives_many_generations(open_holdings: Open, listing: Listing) -> None:
    writer, reader = open_holdings(), open_holdings()
    for number in range(5):
        writer.ingest([listing(pairs=edited(PEAR_TITLE, f"It is about comet number {number}. There are others."))])
        index = reader.index()
        assert index is not None
        assert keyword_ids(reader, "comet") == [PEAR_TITLE]
        assert len(index.store.nearest(HashEmbedder().encode(["comet"])[0].vector, limit=3)) == 3


def test_a_lagging_index_is_updated_by_the_next_reader(
    open_holdings: Open, listing: Listing, embedder: HashEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a kill between the commit of the papers and the swap of the index."""
    writer = open_holdings()
    writer.ingest([listing("first.txt", PAIRS[:4])])
    with monkeypatch.context() as patch:
        patch.setattr(indexing, "update", lambda *_, **__: None)
        writer.ingest([listing("second.txt", PAIRS[4:])])
    assert writer.status().indexed_revision < writer.status().revision
    calls = len(embedder.calls)
    reader = open_holdings()
    assert reader.doctor() == ["the index shows revision 1, the library is at 2"]
    assert keyword_ids(reader, "shovels") == ["Snow Compression with Learned Shovels"]
    assert (reader.doctor(), len(embedder.calls)) == ([], calls)


def test_a_lagging_index_is_used_while_another_process_writes(
    open_holdings: Open, listing: Listing, home: Path
) -> None:
    holdings = open_holdings()
    holdings.ingest([listing("first.txt", PAIRS[:1])])
    with process(INGEST, home, listing("second.txt", PAIRS[6:7])) as other:
        assert other.stdout and other.stdout.readline() == "encoding\n"
        holdings.library.put([Paper("Comets", "They fly.")])  # the lock is the caller's business: here it is left out
        assert keyword_ids(holdings, "pears") == [PEAR_TITLE]
        assert say(other, "go on") in ("encoding", "1")
        other.communicate("go on\n" * 5)
    assert keyword_ids(holdings, "comets") == ["Comets"]


# -- embedders


def test_another_embedder_is_refused_with_the_cure_which_works(open_holdings: Open, listing: Listing) -> None:
    open_holdings().ingest([listing()])
    other = HashEmbedder("other")
    holdings = open_holdings(embedder=other)
    with pytest.raises(
        IndexMismatch, match=r"made by the embedder 'hash-64', and now 'other' is set\. .*doctor --repair"
    ):
        holdings.papers("pear")
    assert len(holdings.papers()) == COUNT
    assert holdings.doctor(repair=True) == ["the index was made by the embedder 'hash-64', not 'other'"]
    assert (holdings.doctor(), keyword_ids(holdings, "shovels")[0]) == ([], PAIRS[7][0])
    assert len(other.texts) == 11


def test_another_embedder_changes_nothing_unasked(open_holdings: Open, listing: Listing) -> None:
    open_holdings().ingest([listing("first.txt", PAIRS[:4])])
    other = HashEmbedder("other")
    holdings = open_holdings(embedder=other)
    acts: list[Callable[[], object]] = [
        lambda: holdings.ingest([listing("second.txt", PAIRS[4:])]),
        lambda: holdings.remove([PEAR_TITLE]),
    ]
    before = (holdings.status(), current(holdings.library))
    for act in acts:
        with pytest.raises(IndexMismatch, match=r"made by the embedder 'hash-64', and now 'other' is set"):
            act()
    assert (holdings.status(), current(holdings.library), other.calls) == (*before, [])


def test_without_the_embedder_of_an_index_its_vectors_stay(
    open_holdings: Open, listing: Listing, embedder: HashEmbedder
) -> None:
    path = listing("first.txt", PAIRS[:4])
    open_holdings().ingest([path])
    holdings = open_holdings(embedder=None)
    assert holdings.ingest([path]) == Ingested(unchanged=4)
    before = (holdings.status(), current(holdings.library))
    with pytest.raises(EmbedderError, match=r"the embedder 'hash-64', which is missing, .*doctor --repair"):
        holdings.ingest([listing("second.txt", PAIRS[4:])])
    assert (holdings.status(), current(holdings.library)) == before
    assert holdings.remove([PEAR_TITLE]) == Ingested(removed=1)
    embedder.calls.clear()
    again = open_holdings()
    assert (again.doctor(), embedder.calls) == ([], [])


def test_searching_by_words_only_can_be_chosen_and_left_again(
    open_holdings: Open, listing: Listing, embedder: HashEmbedder
) -> None:
    open_holdings().ingest([listing()])
    alone = open_holdings(embedder=None)
    assert alone.doctor(repair=True) == ["the index was made by the embedder 'hash-64', not 'none'"]
    assert (alone.doctor(), alone.status().notice) == ([], "")
    embedder.calls.clear()
    again = open_holdings()
    assert again.status().notice.startswith("The index has words only.")
    again.doctor(repair=True)
    assert (again.doctor(), again.status().notice, embedder.calls) == ([], "", [])


def test_going_back_to_an_embedder_embeds_nothing(
    open_holdings: Open, listing: Listing, embedder: HashEmbedder
) -> None:
    open_holdings().ingest([listing()])
    open_holdings(embedder=HashEmbedder("other")).doctor(repair=True)
    embedder.calls.clear()
    holdings = open_holdings()
    holdings.doctor(repair=True)
    assert (holdings.doctor(), embedder.calls) == ([], [])


def test_without_an_embedder_words_are_searched(open_holdings: Open, listing: Listing) -> None:
    holdings = open_holdings(embedder=None)
    assert holdings.ingest([listing()]) == Ingested(added=COUNT)
    assert keyword_ids(holdings, "shovels") == [PAIRS[7][0]]
    assert (holdings.status().embedder, holdings.doctor()) == ("", [])
    assert holdings.ingest([listing()]) == Ingested(unchanged=COUNT)


# -- a server named later


def test_a_server_named_later_gets_the_vectors_at_the_next_question(
    open_holdings: Open, listing: Listing, embedder: HashEmbedder, chroma_server: str
) -> None:
    open_holdings().ingest([listing()])
    vector = embedder.encode(["shovels"])[0].vector
    embedder.calls.clear()
    for url in (chroma_server, ""):
        holdings = open_holdings(chroma=ChromaAddress(url))
        index = holdings.index()
        assert index is not None
        assert (index.generation.vectors, len(index.store.nearest(vector, limit=99))) == (url, 11)
        assert holdings.doctor() == []
    assert embedder.calls == []


def test_vectors_do_not_move_while_another_process_writes(
    open_holdings: Open, listing: Listing, home: Path, chroma_server: str
) -> None:
    open_holdings().ingest([listing("first.txt", PAIRS[:1])])
    holdings = open_holdings(chroma=ChromaAddress(chroma_server))
    with process(INGEST, home, listing("second.txt", PAIRS[6:7])) as other:
        assert other.stdout and other.stdout.readline() == "encoding\n"
        index = holdings.index()
        assert index is not None
        assert (index.generation.vectors, len(index.store)) == ("", 1)
        other.communicate("go on\n" * 5)
    index = holdings.index()
    assert index is not None
    assert (index.generation.vectors, len(index.store)) == (chroma_server, 2)


# -- damage


def generation_folder(holdings: Holdings) -> Path:
    generation = current(holdings.library)
    assert generation is not None
    return holdings.library.home / "index" / generation.folder


def delete_chroma(folder: Path) -> None:
    shutil.rmtree(folder / "chroma")


def truncate_pickle(folder: Path) -> None:
    (path,) = (folder / "chroma").rglob("index_metadata.pickle")
    path.write_bytes(path.read_bytes()[:40])


def delete_vectors(folder: Path) -> None:
    for path in (folder / "chroma").rglob("*.bin"):
        path.write_bytes(b"")


DAMAGES = [
    pytest.param(delete_chroma, id="chroma-folder-deleted"),
    pytest.param(truncate_pickle, id="pickle-truncated"),
    pytest.param(delete_vectors, id="vectors-emptied"),
    pytest.param(lambda f: (f / "chroma" / "chroma.sqlite3").write_bytes(b"garbage" * 900), id="chroma-garbage"),
    pytest.param(lambda f: (f / "keywords.sqlite").unlink(), id="keywords-deleted"),
    pytest.param(lambda f: (f / "keywords.sqlite").write_bytes(b"garbage" * 900), id="keywords-garbage"),
    pytest.param(lambda f: (f / "passages.sqlite").unlink(), id="passages-deleted"),
    pytest.param(lambda f: (f / "passages.sqlite").write_bytes(b"garbage" * 900), id="passages-garbage"),
    pytest.param(lambda f: (f.parent / "current").write_text("garbage"), id="pointer-garbage"),
    pytest.param(lambda f: (f.parent / "current").unlink(), id="pointer-deleted"),
    pytest.param(shutil.rmtree, id="generation-deleted"),
    pytest.param(lambda f: shutil.rmtree(f.parent), id="index-deleted"),
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_found_and_repaired_without_embedding(
    open_holdings: Open,
    listing: Listing,
    embedder: HashEmbedder,
    damage: Callable[[Path], object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # So that even a few vectors are written to the files of the nearest-neighbour graph:
    monkeypatch.setattr(storing, "_SPACE", {"hnsw": {"space": "cosine", "batch_size": 4, "sync_threshold": 5}})
    writer = open_holdings()
    writer.ingest([listing()])
    folder = generation_folder(writer)
    writer.close()
    damage(folder)
    embedder.calls.clear()
    holdings = open_holdings()
    assert len(holdings.doctor(repair=True)) >= 1
    assert holdings.doctor() == []
    assert keyword_ids(holdings, "shovels")[0] == PAIRS[7][0]
    index = holdings.index()
    assert index is not None
    assert len(index.store.whole()) == 11
    assert embedder.calls == []


@pytest.mark.parametrize("damage", DAMAGES)
def test_an_ingest_over_damage_makes_the_index_whole(
    open_holdings: Open, listing: Listing, damage: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "_SPACE", {"hnsw": {"space": "cosine", "batch_size": 4, "sync_threshold": 5}})
    writer = open_holdings()
    writer.ingest([listing("first.txt", PAIRS[:7])])
    folder = generation_folder(writer)
    writer.close()
    damage(folder)
    holdings = open_holdings()
    assert holdings.ingest([listing("second.txt", PAIRS[7:])]) == Ingested(added=1)
    assert holdings.doctor() == []


def test_a_repair_while_another_writes_is_refused(open_holdings: Open, listing: Listing, home: Path) -> None:
    holdings = open_holdings()
    holdings.ingest([listing("first.txt", PAIRS[:1])])
    generation_folder(holdings).joinpath("keywords.sqlite").unlink()
    holdings.close()
    again = open_holdings()
    with process(INGEST, home, listing("second.txt", PAIRS[6:7])) as other:
        assert other.stdout and other.stdout.readline() == "encoding\n"
        with pytest.raises(LibraryBusy, match=rf"process {other.pid}"):
            again.doctor(repair=True)
        say(other, "go on")


def test_a_question_during_the_first_indexing_is_refused(open_holdings: Open, listing: Listing, home: Path) -> None:
    holdings = open_holdings()
    holdings.ingest([listing("first.txt", PAIRS[:1])])
    shutil.rmtree(home / "index")
    with process(INGEST, home, listing("second.txt", PAIRS[6:7])) as other:
        assert other.stdout and other.stdout.readline() == "encoding\n"
        with pytest.raises(LibraryBusy, match=rf"process {other.pid}\. .*try again"):
            holdings.index()
        other.communicate("go on\n" * 5)
    assert holdings.doctor() == []


def test_nothing_acknowledged_is_lost_to_kills(capsys: pytest.CaptureFixture[str], layers: bool) -> None:
    assert kill_ingest.main(["--times", "3", *["--layers"] * layers]) == 0
    assert capsys.readouterr().out.count("| whole |") == 3


class SlowToWake(HashEmbedder):
    """Loads until it is allowed to end."""

    def __init__(self) -> None:
        super().__init__()
        self.asked_for, self.may_end = threading.Event(), threading.Event()

    def encode(self, texts: Sequence[str], *, questions: bool = False) -> list[Encoding]:
        self.asked_for.set()
        assert self.may_end.wait(20)
        return super().encode(texts, questions=questions)


@pytest.fixture
def waking(home: Path, holdings: Holdings, listing: Listing) -> Iterator[tuple[Holdings, SlowToWake]]:
    holdings.ingest([listing()])
    embedder = SlowToWake()
    yield Holdings(Library(home), embedder), embedder
    embedder.may_end.set()


def test_closing_waits_until_the_model_is_loaded(waking: tuple[Holdings, SlowToWake]) -> None:
    """It loads in a thread of its own; left behind, it would read an environment that others change."""
    opened, embedder = waking
    with opened.reading():
        assert embedder.asked_for.wait(20)
    closing = threading.Thread(target=opened.close)
    closing.start()
    closing.join(0.2)  # time enough to close, were there nothing to wait for
    assert closing.is_alive()
    embedder.may_end.set()
    closing.join(20)
    assert not closing.is_alive()


def test_a_search_by_words_does_not_load_the_model(waking: tuple[Holdings, SlowToWake]) -> None:
    opened, embedder = waking
    assert keyword_ids(opened, "shovels for snow")[0] == "Snow Compression with Learned Shovels"
    opened.close()
    assert not embedder.asked_for.is_set()


def test_an_index_that_is_being_read_is_closed_by_its_last_reader(
    open_holdings: Open, listing: Listing, monkeypatch: pytest.MonkeyPatch
) -> None:
    holdings = open_holdings()
    holdings.ingest([listing()])
    with holdings.reading() as index:
        assert index is not None
        holdings.close()
        assert index.keywords.search("shovels", limit=1)
    with pytest.raises(StoreError, match="closed database"):
        index.keywords.search("shovels", limit=1)


def test_an_open_index_keeps_the_embedder_that_made_it(open_holdings: Open, listing: Listing) -> None:
    open_holdings().ingest([listing()])
    former, wanted = HashEmbedder(), HashEmbedder("other")
    holdings = Holdings(open_holdings().library, wanted, former=former)
    with holdings.reading() as index:
        assert index is not None
        open_holdings(embedder=wanted).doctor(repair=True)
        assert (holdings.embedder, index.embedder) == (wanted, former)
    holdings.close()


def test_an_ingest_waits_while_a_question_of_ours_catches_up(
    home: Path, listing: Listing, monkeypatch: pytest.MonkeyPatch
) -> None:
    holdings = Holdings(Library(home), HashEmbedder())
    holdings.library.put([Paper("Late", "We propose Late. It lags.", sources=("x.txt",))])
    catching_up, go_on = threading.Event(), threading.Event()
    update = holdings._update

    def slowly() -> None:
        catching_up.set()
        assert go_on.wait(20)
        update()

    monkeypatch.setattr(holdings, "_update", slowly)
    asking = threading.Thread(target=holdings.index)
    asking.start()
    assert catching_up.wait(20)
    monkeypatch.setattr(holdings, "_update", update)
    done: list[int] = []
    taking_in = threading.Thread(target=lambda: done.append(holdings.ingest([listing()]).added))
    taking_in.start()
    taking_in.join(0.5)  # time enough to be refused, were it not made to wait
    go_on.set()
    asking.join(20)
    taking_in.join(20)
    assert done == [len(PAIRS)]
    assert holdings.doctor() == []


def test_on_a_full_disk_the_former_index_answers_until_there_is_room(
    holdings: Holdings,
    listing: Listing,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    holdings.ingest([listing(pairs=PAIRS[:6])])
    holdings.ingest([listing(pairs=PAIRS[:7])])
    former = current(holdings.library)
    full = shutil.Error([("a", "b", "[Errno 28] No space left on device: 'a' -> 'b'"), ("c", "d", "[Errno 28] too")])
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copytree", Mock(side_effect=full))
        with pytest.raises(
            LibraryError, match=r"cannot be written: \[Errno 28\] No space left on device: 'a' -> 'b'\. "
        ):
            holdings.ingest([listing()])
        assert [paper.title for paper in holdings.papers("kite")] == [PAIRS[6][0]]
        assert holdings.papers("shovels") == []
        assert current(holdings.library) == former
    assert [record.levelname for record in caplog.records] == ["WARNING"], "it is not tried again at once"
    monkeypatch.setattr("assistant.index.holdings.RETRY", 0.0)
    assert [paper.title for paper in holdings.papers("shovels")] == [PAIRS[7][0]]
    assert holdings.doctor() == []
