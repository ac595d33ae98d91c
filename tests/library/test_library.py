"""library: the record of papers; idempotent, one writer, many readers."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.core.bibliography import Identifiers
from assistant.core.database import DataHome
from assistant.core.errors import LibraryBusy, LibraryError
from assistant.core.records import Ingested, Paper
from assistant.index.holdings import Holdings
from assistant.library.file import _SCHEMAS, SCHEMA_VERSION
from assistant.library.merging import Difference, differences
from assistant.library.papers import Library

from ..conftest import ROOT
from ..doubles import HashEmbedder
from ..papers import PAIRS

PAPERS = [Paper(title, abstract, sources=("a.txt",)) for title, abstract in PAIRS]
PEAR = PAPERS[0]

HOLD = """
import sys
from assistant.library.merging import Difference, differences
from assistant.library.papers import Library
with Library(sys.argv[1]).writing():
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_a_new_library_is_empty(library: Library) -> None:
    assert (len(library), library.revision, library.papers(), library.listings()) == (0, 0, [], {})


def test_papers_come_back_unchanged_by_title(library: Library) -> None:
    paper = Paper("A", "b.", "https://example.org", "2025-01-01", ("x.txt",))
    assert library.put([*PAPERS, paper]) == Ingested(added=len(PAPERS) + 1)
    assert library.papers() == sorted([*PAPERS, paper], key=lambda p: p.title)


def test_the_same_papers_again_change_nothing(library: Library) -> None:
    library.put(PAPERS)
    assert library.put(PAPERS) == Ingested(unchanged=len(PAPERS))
    assert library.revision == 1


def test_an_edited_abstract_updates_only_that_paper(library: Library) -> None:
    library.put(PAPERS)
    edited = replace(PEAR, abstract="It is about apples now.")
    assert library.put([edited, *PAPERS[1:]]) == Ingested(updated=1, unchanged=len(PAPERS) - 1)
    assert library.find(PEAR.title) == edited
    assert library.changed_since(1) == ([edited], [])


def test_another_spelling_of_a_title_is_an_update(library: Library) -> None:
    library.put([PEAR])
    assert library.put([replace(PEAR, title=PEAR.title.upper())]) == Ingested(updated=1)
    assert [paper.title for paper in library.papers()] == [PEAR.title.upper()]


def test_a_paper_in_three_listings_is_one_with_three_sources(library: Library) -> None:
    for source in ("c.txt", "a.txt", "b.txt"):
        library.put([replace(PEAR, sources=(source,))])
    assert library.papers() == [replace(PEAR, sources=("a.txt", "b.txt", "c.txt"))]
    assert library.revision == 1


def test_listings_that_disagree_do_not_flip_back_and_forth(library: Library) -> None:
    other = replace(PEAR, abstract="Another listing says this.", sources=("b.txt",))
    assert library.put([PEAR]) == Ingested(added=1)
    for again in (other, PEAR, other, PEAR):
        assert library.put([again]) == Ingested(unchanged=1)
    assert library.find(PEAR.title) == replace(PEAR, sources=("a.txt", "b.txt"))
    assert library.revision == 1


def test_a_disagreeing_listing_that_is_edited_counts(library: Library) -> None:
    other = replace(PEAR, abstract="Another listing says this.", sources=("b.txt",))
    library.put([PEAR])
    library.put([other])
    edited = replace(other, abstract="And now it says that.")
    assert library.put([edited]) == Ingested(updated=1)
    assert library.put([PEAR]) == Ingested(unchanged=1)
    assert library.papers()[0].abstract == edited.abstract


def test_a_disagreeing_listing_that_later_agrees_changes_nothing(library: Library) -> None:
    library.put([PEAR])
    library.put([replace(PEAR, abstract="Another listing says this.", sources=("b.txt",))])
    assert library.put([replace(PEAR, sources=("b.txt",))]) == Ingested(unchanged=1)
    assert library.revision == 1


def test_news_are_the_papers_that_put_would_add_or_update(library: Library) -> None:
    assert library.news(PAPERS) == PAPERS
    library.put(PAPERS)
    edited = replace(PEAR, abstract="It is about apples now.")
    other = replace(PEAR, abstract="Another listing says this.", sources=("b.txt",))
    unheard = Paper("A", "b.", sources=("a.txt",))
    assert library.news([*PAPERS, other, edited, unheard]) == [edited, unheard]
    assert (library.papers(), library.revision) == (sorted(PAPERS, key=lambda p: p.title), 1)


def test_of_a_paper_twice_in_one_file_the_first_counts(library: Library) -> None:
    other = replace(PEAR, abstract="It is about apples now.")
    for counts in (Ingested(added=2, unchanged=2), Ingested(unchanged=4)):
        assert library.put([PEAR, PEAR, PAPERS[1], other]) == counts
    assert library.find(PEAR.title) == PEAR


def test_putting_nothing_changes_nothing(library: Library) -> None:
    assert library.put([]) == Ingested()
    assert library.revision == 0


def test_the_revision_grows_with_each_change_and_only_then(library: Library) -> None:
    seen = []
    for act in (
        lambda: library.put([PEAR]),
        lambda: library.put([PEAR]),
        lambda: library.put([replace(PEAR, sources=("b.txt",))]),
        lambda: library.put([replace(PEAR, abstract="New.")]),
        lambda: library.remove(["0" * 16]),
        lambda: library.remove([PEAR.id]),
        lambda: library.remove([PEAR.id]),
        lambda: library.put([PEAR]),
    ):
        act()
        seen.append(library.revision)
    assert seen == [1, 1, 1, 2, 2, 3, 3, 4]


def test_removed_papers_are_gone_with_their_sources_and_can_come_back(library: Library) -> None:
    library.put(PAPERS)
    assert library.remove([PEAR.id, "unknown", PAPERS[1].id]) == Ingested(removed=2)
    assert library.paper_ids_of(["a.txt"]) == {paper.id for paper in PAPERS[2:]}
    assert set(library.changed_since(1)[1]) == {PEAR.id, PAPERS[1].id}
    assert library.put([PEAR]) == Ingested(added=1)
    assert library.changed_since(1) == ([PEAR], [PAPERS[1].id])


def test_put_is_all_or_nothing(library: Library) -> None:
    def broken() -> Iterator[Paper]:
        yield PEAR
        raise RuntimeError("the file went away")

    with pytest.raises(RuntimeError, match="the file went away"):
        library.put(broken())
    unstorable = replace(PAPERS[1], abstract="\ud800")
    with pytest.raises(UnicodeEncodeError):
        library.put([PEAR, unstorable])
    assert (library.papers(), library.revision, library.listings()) == ([], 0, {})
    assert library.put([PEAR]) == Ingested(added=1)


@pytest.mark.parametrize("name", [PEAR.title, f"  {PEAR.title.upper()} ", PEAR.id], ids=["title", "folded", "id"])
def test_a_paper_is_found_by_title_or_id(library: Library, name: str) -> None:
    library.put(PAPERS)
    assert library.find(name) == PEAR


@pytest.mark.parametrize("name", ["", "PearRank", "\udcff"], ids=["empty", "part-of-a-title", "not-text"])
def test_an_unknown_name_finds_no_paper(library: Library, name: str) -> None:
    library.put(PAPERS)
    assert library.find(name) is None


def test_papers_by_id_come_in_the_order_of_the_ids(library: Library) -> None:
    many = [Paper(f"Paper {n}", f"Abstract {n}.") for n in range(1203)]
    library.put(many)
    wanted = [many[n].id for n in (1202, 0, 700)]
    assert library.papers(["unknown", *wanted]) == [many[1202], many[0], many[700]]
    assert library.papers(paper.id for paper in many) == many
    assert library.papers([]) == []


def test_listings_keep_their_labels_and_papers(library: Library) -> None:
    library.put([PEAR], label="Mar 11")
    library.put([replace(PAPERS[1], sources=("b.txt",))])
    assert library.listings() == {"a.txt": "Mar 11", "b.txt": ""}
    assert library.paper_ids_of(["a.txt"]) == {PEAR.id}
    assert library.paper_ids_of(["a.txt", "b.txt"]) == {PEAR.id, PAPERS[1].id}
    assert library.paper_ids_of([]) == set()


def test_the_place_of_a_listing_is_its_last_path(library: Library) -> None:
    library.put([PEAR], place="/march/a.txt")
    library.put([replace(PAPERS[1], sources=("b.txt",))])
    assert library.places() == {"a.txt": "/march/a.txt", "b.txt": ""}
    library.put([PEAR], place="/april/a.txt")
    assert library.places()["a.txt"] == "/april/a.txt"


def test_a_library_of_an_older_program_is_upgraded(open_library: Callable[..., Library], home: Path) -> None:
    home.mkdir()
    database = sqlite3.connect(home / "library.sqlite")
    database.executescript(f"{_SCHEMAS[0]}; insert into listings values ('a.txt', 'Mar 11'); pragma user_version = 1")
    database.close()
    library = open_library()
    assert (library.listings(), library.places()) == ({"a.txt": "Mar 11"}, {"a.txt": ""})
    assert library.put([PEAR], label="Mar 12", place="/a.txt") == Ingested(added=1)


OLD = Path(__file__).with_name("version-3.sqlite")
"""The file of a library that the program of version 3 made of five papers, `HashEmbedder` having embedded them. Of the
first paper a second listing says something else, which was not kept."""


@pytest.fixture
def old_home(home: Path) -> Path:
    home.mkdir()
    shutil.copyfile(OLD, home / "library.sqlite")
    return home


def unchanged(library: Library) -> bool:
    papers = {paper.title: paper for paper in library.papers()}
    listings = {"march.txt": PAIRS[:4], "april.txt": [PAIRS[0], PAIRS[4]]}
    return library.revision == 2 and papers == {
        title: Paper(
            title, abstract, sources=tuple(sorted(one for one, own in listings.items() if (title, abstract) in own))
        )
        for pair in PAIRS[:5]
        for title, abstract in [pair]
    }


def test_a_library_of_version_3_is_upgraded_and_nothing_is_embedded_again(
    old_home: Path, open_holdings: Callable[..., Holdings], embedder: HashEmbedder
) -> None:
    holdings = open_holdings(old_home)
    assert unchanged(holdings.library)
    assert holdings.index() is not None
    assert (holdings.doctor(), embedder.calls) == ([], [])
    respelt = Paper("pearrank - ranking orchards by weak supervision", "", authors=("Ivy Moss",), sources=("c.bib",))
    assert holdings.library.put([respelt]) == Ingested(updated=1)
    assert holdings.library.papers([PEAR.id])[0].authors == ("Ivy Moss",)


def test_a_read_only_library_of_version_3_is_read_as_it_is(
    old_home: Path, open_library: Callable[..., Library], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (old_home / "library.sqlite").read_bytes()
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    library = open_library(old_home)
    assert unchanged(library)
    assert library.records(library.papers([PEAR.id])[0]) == [replace(PEAR, sources=("march.txt",))]
    assert library.changed_since(1)[0][0].title == PAIRS[4][0]
    assert (old_home / "library.sqlite").read_bytes() == before


# -- what several sources say of one paper

BARE = Paper("Pears of the North", "", authors=("Ivy Moss",), sources=("a.bib",))
RICH = Paper(
    *("Pears of the North", "They are small.", "https://example.org", "2024-05-01", ("b.ris",)),
    authors=("Ivy Moss", "Ash Reed"),
    year=2024,
    venue="Orchards",
    identifiers=Identifiers(doi="10.1234/5"),
    keywords=("pears",),
)


def test_all_that_is_known_of_a_paper_comes_back(library: Library) -> None:
    library.put([RICH])
    assert library.papers() == [RICH]
    assert library.changed_since(0) == ([RICH], [])


def test_a_paper_known_by_its_title_alone_is_completed_by_a_richer_source(library: Library) -> None:
    library.put([BARE])
    assert library.put([RICH]) == Ingested(updated=1)
    assert library.papers() == [replace(RICH, authors=("Ivy Moss",), sources=("a.bib", "b.ris"))]
    assert library.put([BARE]) == library.put([RICH]) == Ingested(unchanged=1)
    assert library.revision == 2


def test_every_source_keeps_what_it_said(library: Library) -> None:
    for record in (BARE, RICH):
        library.put([record])
    (paper,) = library.papers()
    assert library.records(paper) == [BARE, RICH]
    assert differences(library.records(paper)) == [
        Difference("authors", (("a.bib", "Ivy Moss"), ("b.ris", "Ivy Moss; Ash Reed")))
    ]


def test_what_a_source_says_anew_counts_most(library: Library) -> None:
    for record in (BARE, RICH, replace(RICH, authors=("Ivy Moss", "Ash Reed", "Plato"))):
        library.put([record])
    assert library.papers()[0].authors == ("Ivy Moss", "Ash Reed", "Plato")
    assert [record.sources for record in library.records(library.papers()[0])] == [("b.ris",), ("a.bib",)]


def test_a_paper_whose_title_was_changed_keeps_its_id(library: Library) -> None:
    library.put([RICH])
    assert library.put([replace(RICH, title="The Pears of Northern Orchards")]) == Ingested(updated=1)
    (paper,) = library.papers()
    assert (paper.title, paper.id) == ("The Pears of Northern Orchards", RICH.id)
    assert library.find("the pears of northern orchards") == library.find(RICH.title) == paper
    assert library.put([RICH]) == Ingested(updated=1)
    assert library.papers() == [RICH]


def test_papers_with_one_title_and_different_identifiers_are_two(library: Library) -> None:
    prefaces = [Paper("Preface", "", identifiers=Identifiers(doi=f"10.1234/{n}"), sources=("a.bib",)) for n in (1, 2)]
    assert library.put(prefaces) == Ingested(added=2)
    assert len({paper.id for paper in library.papers()}) == 2
    assert library.put(prefaces) == library.put(prefaces[::-1]) == Ingested(unchanged=2)
    assert library.remove([paper.id for paper in library.papers()]) == Ingested(removed=2)


def test_news_are_papers_as_they_will_be(library: Library) -> None:
    library.put([BARE])
    assert library.news([RICH]) == [replace(RICH, authors=("Ivy Moss",), sources=("a.bib", "b.ris"))]


def test_what_is_damaged_in_a_record_is_reported(library: Library) -> None:
    library.put([RICH])
    for damage in ("[]", "{", '{"year": 2025}', '{"colour": "green"}'):
        library.rows("update papers set further = ?", (damage,))
        with pytest.raises(LibraryError, match=r"is not as it was stored: the file is damaged\."):
            library.papers()


PAPER = st.builds(
    Paper,
    title=st.sampled_from(["A", "B", "C", "a ", "Δ"]),
    abstract=st.sampled_from(["One.", "Two."]),
    sources=st.sampled_from([("x",), ("y",)]),
)


@given(st.lists(PAPER, max_size=8))
@settings(max_examples=40)
def test_ingesting_twice_changes_nothing(papers: list[Paper]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        library = Library(folder)
        files = [[paper for paper in papers if paper.sources == (source,)] for source in ("x", "y")]
        first = [library.put(file) for file in files]
        before = (library.papers(), library.revision)
        again = [library.put(file) for file in files]
        assert (library.papers(), library.revision) == before
        assert sum(one.added for one in first) == len(library) == len({paper.id for paper in papers})
        assert [(one.added, one.updated, one.removed) for one in again] == [(0, 0, 0)] * 2
        library.close()


# -- many readers, one writer


def test_other_connections_see_new_papers_at_once(open_library: Callable[..., Library]) -> None:
    writer, reader = open_library(), open_library()
    writer.put([PEAR])
    assert reader.papers() == [PEAR]


def test_a_reader_never_sees_half_a_transaction(open_library: Callable[..., Library]) -> None:
    library, seen = open_library(), []

    def half() -> Iterator[Paper]:
        yield PEAR
        reader = threading.Thread(target=lambda: seen.append(len(library)))
        reader.start()
        reader.join()
        yield PAPERS[1]

    library.put(half())
    assert (seen, len(library)) == ([0], 2)


def test_a_second_writer_is_refused_with_the_id_of_the_first(library: Library) -> None:
    command = [sys.executable, "-c", HOLD, str(library.home)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout and holder.stdout.readline() == "held\n"
        with (
            pytest.raises(LibraryBusy, match=rf"is being written by process {holder.pid}\. Nothing was changed\."),
            library.writing(),
        ):
            pytest.fail("two processes write at once")
        holder.communicate("\n")
    with library.writing():
        assert (library.home / "writer").exists()
    assert not (library.home / "writer").exists()


def test_a_second_thread_is_refused(open_library: Callable[..., Library]) -> None:
    first, second, met = open_library(), open_library(), []

    def write() -> None:
        try:
            with second.writing():
                met.append("written")
        except LibraryBusy:
            met.append("busy")

    with first.writing():
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
    assert met == ["busy"]


def test_a_killed_writer_leaves_no_lock(library: Library) -> None:
    command = [sys.executable, "-c", HOLD, str(library.home)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout and holder.stdout.readline() == "held\n"
        holder.kill()
    with library.writing():
        assert library.put([PEAR]) == Ingested(added=1)


def test_many_processes_may_open_a_new_library_at_once(home: Path) -> None:
    code = "import sys; from assistant.library.papers import Library; Library(sys.argv[1]).close(); print('open')"
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(home)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(6)
    ]
    assert [process.communicate() for process in started] == [(b"open\n", b"")] * 6


# -- what cannot be opened


def test_a_home_that_is_a_file_is_refused_with_the_cure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LibraryError, match=r"cannot be opened: .*Name another folder with --home or ASSISTANT_HOME"):
        Library(tmp_path / "file")


def test_a_file_that_is_no_database_is_refused_with_the_cure(home: Path) -> None:
    home.mkdir()
    (home / "library.sqlite").write_bytes(b"not a database " * 100)
    with pytest.raises(LibraryError, match=r"file is not a database\. .*restore the file from a copy"):
        Library(home)


def test_a_library_of_a_newer_program_is_refused(open_library: Callable[..., Library], home: Path) -> None:
    open_library().close()
    database = sqlite3.connect(home / "library.sqlite")
    database.execute(f"pragma user_version = {SCHEMA_VERSION + 1}")
    database.close()
    with pytest.raises(LibraryError, match=rf"is of version {SCHEMA_VERSION + 1}, newer than this program's"):
        Library(home)


def test_a_home_with_a_tilde_is_the_users(tmp_path: Path, open_library: Callable[..., Library]) -> None:
    assert open_library(Path("~/papers")).home == tmp_path / "home" / "papers"


def test_short_lived_threads_leave_no_file_open(library: Library) -> None:
    def opened() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    library.put(PAPERS)
    before, counts = opened(), list[int]()
    for _ in range(600):
        thread = threading.Thread(target=lambda: counts.append(len(library)))
        thread.start()
        thread.join()
    assert counts == [len(PAPERS)] * 600
    assert opened() - before < 300, "it was two for each thread"


def test_a_title_too_short_for_a_key_names_a_paper_in_both_databases(data_home: DataHome) -> None:
    with closing(Library(data_home)) as library:
        paper = Paper("Dated", "It has a day.")
        assert library.put([paper]).added == 1
        assert library.find("dated") == paper
