"""index: a generation is filled beside the one in force, checked and put in its place."""

from __future__ import annotations

import errno
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.core.errors import EmbedderError, IndexMismatch, StoreError
from assistant.core.records import Paper
from assistant.index import generation, tables
from assistant.index.engine import EngineStore
from assistant.index.generation import FORMAT
from assistant.index.interaction import encoded_text
from assistant.index.reading import Reading, read
from assistant.index.searchable import Index, current, is_behind, open_index, update
from assistant.index.store import ChromaAddress, ChromaStore
from assistant.library.chunking import passages
from assistant.library.papers import Library

from ..doubles import HashEmbedder, word_vector
from ..papers import PAIRS

pytestmark = pytest.mark.usefixtures("layers")

PAPERS = [Paper(title, abstract, sources=("a.txt",)) for title, abstract in PAIRS]
PEAR, LEDGER = PAPERS[0], PAPERS[5]


@pytest.fixture
def filled(library: Library, embedder: HashEmbedder) -> Library:
    library.put(PAPERS)
    update(library, embedder)
    return library


@pytest.fixture
def opened(filled: Library, embedder: HashEmbedder) -> Iterator[Index]:
    index = open_index(filled, embedder)
    assert index is not None
    yield index
    index.close()


def generations(library: Library) -> set[str]:
    return {path.name for path in (library.home / "index").iterdir() if path.is_dir()}


def faults(library: Library, embedder: HashEmbedder | None) -> list[str]:
    index = open_index(library, embedder)
    assert index is not None
    try:
        return index.faults()
    finally:
        index.close()


def without_vectors(folder: Path, paper: Paper) -> None:
    with closing(ChromaStore.folder(folder)) as store:
        store.remove_papers([paper.id])


def run_sql(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(statement)


def test_without_papers_there_is_no_index(library: Library, embedder: HashEmbedder) -> None:
    assert current(library) is None
    assert open_index(library, embedder) is None


def test_a_fresh_index_is_whole_and_shows_the_revision(filled: Library, embedder: HashEmbedder) -> None:
    generation = current(filled)
    assert generation is not None
    assert (generation.revision, generation.embedder) == (1, "hash-64")
    assert faults(filled, embedder) == []


def test_an_update_without_a_change_makes_nothing(filled: Library, embedder: HashEmbedder) -> None:
    before, calls = generations(filled), len(embedder.calls)
    update(filled, embedder)
    assert (generations(filled), len(embedder.calls)) == (before, calls)


def test_passages_come_back_unchanged(opened: Index) -> None:
    unknown = Paper("Unknown", "It came a moment ago.")
    result = opened.passages_of([LEDGER, PEAR, unknown])
    assert result == {paper.id: passages(paper) for paper in (LEDGER, PEAR, unknown)}
    assert len(result[LEDGER.id]) == 4
    assert opened.passages_of([]) == {}


def test_every_passage_can_be_found_by_its_vector(opened: Index, embedder: HashEmbedder) -> None:
    for passage in (p for paper in PAPERS for p in passages(paper)):
        vector = embedder.encode([encoded_text(passage)])[0].vector
        assert opened.store.nearest(vector, limit=1) == [(passage.id, pytest.approx(1, abs=1e-5))]


def test_codes_are_placed_in_the_abstract(opened: Index, filled: Library) -> None:
    result = opened.features_of([LEDGER, PEAR])
    for paper in (LEDGER, PEAR):
        starts = result[paper.id].codes.starts
        words = [paper.abstract[start:].split()[0] for start in starts if start >= 0]
        assert list(starts) == sorted(starts)
        assert sum(start < 0 for start in starts) == {LEDGER: 2, PEAR: 5}[paper]  # the content words of its title
        assert all(word[0].isalnum() for word in words)
    ledger = result[LEDGER.id].codes
    at = LEDGER.abstract.rindex("gardener")
    row = list(ledger.starts).index(at)
    assert ledger.bits[8 * row : 8 * row + 8] == np.packbits(word_vector("gardener") > 0).tobytes()


def test_a_paper_that_is_not_indexed_has_no_words_and_no_vector(opened: Index, filled: Library) -> None:
    unknown = Paper("Unknown", "x")
    result = opened.features_of([unknown])[unknown.id]
    assert (result.codes.starts, result.vector.size) == ([], 0)
    assert opened.features_of([]) == {}


def test_the_vector_of_a_paper_is_the_mean_of_its_passages(
    opened: Index, filled: Library, embedder: HashEmbedder
) -> None:
    mean = np.mean([one.vector for one in embedder.encode([encoded_text(p) for p in passages(LEDGER)])], axis=0)
    np.testing.assert_allclose(opened.features_of([LEDGER])[LEDGER.id].vector, mean / np.linalg.norm(mean), atol=1e-3)


def readings(index: Index, papers: Sequence[Paper]) -> list[Reading]:
    return [features.reading for features in index.features_of(papers).values()]


def test_readings_are_stored(opened: Index, filled: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation, "read", None)
    assert readings(opened, [LEDGER, PEAR]) == [read(LEDGER), read(PEAR)]


def test_a_changed_paper_is_read_again(opened: Index, filled: Library) -> None:
    """Papers are in the library before the index is up to date: their old reading would cut sentences anywhere."""
    for before in ([], [PEAR]):  # whether or not it is at hand as it was
        readings(opened, before)
        for paper in (replace(PEAR, abstract="It is about comets now."), Paper("Unknown", "It is about kites.")):
            assert readings(opened, [LEDGER, paper]) == [read(LEDGER), read(paper)]


def test_features_are_cached(opened: Index, filled: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation, "CACHED", 2)
    first = opened.features_of([LEDGER])[LEDGER.id]
    opened.features_of([PEAR])
    assert opened.features_of([LEDGER])[LEDGER.id] is first
    opened.features_of([PAPERS[1]])  # the least recently used of three is dropped
    monkeypatch.setattr(opened, "_fetched", lambda papers: {p.id: p.title for p in papers})
    assert opened.features_of([LEDGER, PEAR]) == {LEDGER.id: first, PEAR.id: PEAR.title}


def test_names_and_the_papers_that_have_them(opened: Index) -> None:
    assert opened.bearers(["pearrank", "gammamod", "zyzzyva"]) == {"pearrank": [PEAR.id], "gammamod": [PAPERS[1].id]}
    assert {"pearrank", "vila2", "r2ag", "ragnarök"} <= set(opened.known_names(shortest=4, longest=8))
    assert opened.known_names(shortest=4, longest=4) == ["r2ag"]
    assert len(opened.bearers([*map(str, range(1200)), "pearrank"])) == 1
    assert opened.bearers([]) == {}


# -- changes


def test_a_word_is_written_by_the_papers_that_have_it_in_that_form(opened: Index) -> None:
    assert opened.writes("orchards", least=1)
    assert not opened.writes("orchards", least=2)  # the other one has "orchard"
    assert not opened.writes("orcharding", least=1)
    assert not opened.writes("glacier", least=1)


def test_a_small_change_is_made_in_a_copy(
    filled: Library, embedder: HashEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    put: list[str] = []
    original = Index.put

    def watched(index: Index, papers: Sequence[Paper]) -> None:
        put.extend(paper.title for paper in papers)
        original(index, papers)

    monkeypatch.setattr(Index, "put", watched)
    filled.put([replace(PEAR, abstract="It is about comets now.")])
    update(filled, embedder)
    assert put == [PEAR.title]
    assert faults(filled, embedder) == []


def test_an_edit_is_shown_and_what_it_replaced_is_gone(filled: Library, embedder: HashEmbedder) -> None:
    filled.put([replace(LEDGER, abstract="We propose CometRank. It is about comets now.")])
    update(filled, embedder)
    index = open_index(filled, embedder)
    assert index is not None
    assert LEDGER.id in dict(index.keywords.search("comets", limit=9))
    assert LEDGER.id not in dict(index.keywords.search("gardener", limit=9))
    assert {i for i in index.store.whole() if i.startswith(LEDGER.id)} == {f"{LEDGER.id}:0"}
    assert index.bearers(["cometrank"]) == {"cometrank": [LEDGER.id]}
    index.close()


def test_a_removed_paper_vanishes_from_every_index(filled: Library, embedder: HashEmbedder) -> None:
    filled.remove([PEAR.id])
    update(filled, embedder)
    index = open_index(filled, embedder)
    assert index is not None
    assert PEAR.id not in index.keywords.ids()
    assert not [i for i in index.store.whole() if i.startswith(PEAR.id)]
    assert index.bearers(["pearrank"]) == {}
    assert index.faults() == []
    index.close()


def test_removing_all_papers_leaves_a_whole_index(filled: Library, embedder: HashEmbedder) -> None:
    filled.remove([paper.id for paper in PAPERS])
    update(filled, embedder)
    assert faults(filled, embedder) == []


def test_readers_keep_what_they_opened(opened: Index, filled: Library, embedder: HashEmbedder) -> None:
    filled.remove([PEAR.id])
    update(filled, embedder)
    assert PEAR.id in opened.keywords.ids()
    assert len(opened.store.nearest(word_vector("pear"), limit=3)) == 3


def test_the_former_generation_is_kept_and_older_ones_are_deleted(filled: Library, embedder: HashEmbedder) -> None:
    made = [current(filled)]
    for number in range(3):
        filled.put([replace(PEAR, abstract=f"Abstract number {number}.")])
        update(filled, embedder)
        made.append(current(filled))
    assert generations(filled) == {folder for one in made[-2:] if one for folder in one.folders}


def test_a_generation_stays_as_long_as_it_is_read_however_many_follow(
    filled: Library, embedder: HashEmbedder, layers: bool
) -> None:
    first = current(filled)
    assert first is not None
    reader = open_index(filled, embedder)
    assert reader is not None
    with closing(reader):
        for number in range(3):
            filled.put([replace(PEAR, abstract=f"Abstract number {number}.")])
            update(filled, embedder)
        assert first.folder in generations(filled)
        assert EngineStore(reader.path / "chroma").nearest(word_vector("pear"), limit=3)  # a connection opened late
    filled.put([replace(PEAR, abstract="The last one.")])
    update(filled, embedder)
    assert (first.folder in generations(filled)) == layers  # as their base
    assert len(generations(filled)) == 2 + layers


def test_a_file_system_without_locks_keeps_the_former_generation_only(
    filled: Library, embedder: HashEmbedder, opened: Index, monkeypatch: pytest.MonkeyPatch, layers: bool
) -> None:
    def without_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("assistant.index.occupied.fcntl.flock", without_locks)
    for number in range(3):
        filled.put([replace(PEAR, abstract=f"Abstract number {number}.")])
        update(filled, embedder)
    assert len(generations(filled)) == 2 + layers


def test_a_fill_that_fails_leaves_the_old_generation_in_force(
    filled: Library, embedder: HashEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = current(filled)
    filled.put([replace(PEAR, abstract="It is about comets now.")])

    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Index, "put", fail)
        with pytest.raises(OSError, match="the disk is full"):
            update(filled, embedder)
    assert current(filled) == before
    update(filled, embedder)
    assert faults(filled, embedder) == []
    assert len(generations(filled)) == 2


def spoil(monkeypatch: pytest.MonkeyPatch, *, times: int) -> list[bool]:
    """Make the first `times` fills of an index leave out a paper; the returned list grows by one with each fill."""
    fills: list[bool] = []
    original = Index.fill

    def fill(index: Index, changed: Sequence[Paper], removed: Sequence[str], **rest: Any) -> None:
        original(index, changed, removed, **rest)
        fills.append(True)
        if len(fills) <= times:
            index.keywords.remove([LEDGER.id])

    monkeypatch.setattr(Index, "fill", fill)
    return fills


def test_a_copy_with_faults_is_deleted_and_the_index_rebuilt(
    filled: Library, embedder: HashEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    fills = spoil(monkeypatch, times=1)
    filled.put([replace(PEAR, abstract="It is about comets now.")])
    update(filled, embedder)
    assert len(fills) == 2
    assert faults(filled, embedder) == []
    assert len(generations(filled)) == 2


@pytest.mark.parametrize("anew", [False, True])
def test_a_generation_with_faults_is_never_put_in_force(
    filled: Library, embedder: HashEmbedder, monkeypatch: pytest.MonkeyPatch, anew: bool
) -> None:
    before, folders = current(filled), generations(filled)
    filled.put([replace(PEAR, abstract="It is about comets now.")])
    with monkeypatch.context() as patch:
        spoil(patch, times=9)
        with pytest.raises(StoreError, match=r"not whole: the keyword index lacks 1 and has 0 too many\."):
            update(filled, embedder, anew=anew)
    assert (current(filled), generations(filled)) == (before, folders)
    update(filled, embedder)
    assert faults(filled, embedder) == []


def test_a_full_disk_is_a_store_error(filled: Library, embedder: HashEmbedder, monkeypatch: pytest.MonkeyPatch) -> None:
    before = current(filled)
    filled.put([replace(PEAR, abstract="It is about comets now. " * 9000)])
    monkeypatch.setattr(tables, "_SCHEMA", f"{tables._SCHEMA}; pragma max_page_count = 9")
    with pytest.raises(StoreError, match=r"passage table cannot be used \(database or disk is full\)"):
        update(filled, embedder)
    assert current(filled) == before


# -- the pointer file


@pytest.mark.parametrize(
    "pointer",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"garbage", id="garbage"),
        pytest.param(b"\xff\xfe\x00", id="not-text"),
        pytest.param(b"[]", id="a-list"),
        pytest.param(b"null", id="null"),
        pytest.param(b'{"folder": "x"}', id="fields-missing"),
        pytest.param(b'{"folder": "x", "revision": 1, "embedder": "hash-64", "colour": 1}', id="fields-unknown"),
        pytest.param(
            b'{"folder": "gone", "revision": 1, "embedder": "hash-64", "format": %d}' % FORMAT, id="folder-gone"
        ),
        pytest.param(
            b'{"folder": 7, "revision": 1, "embedder": "hash-64", "format": %d}' % FORMAT, id="folder-a-number"
        ),
    ],
)
def test_an_invalid_pointer_names_no_generation(filled: Library, embedder: HashEmbedder, pointer: bytes) -> None:
    (filled.home / "index" / "current").write_bytes(pointer)
    assert current(filled) is None
    calls = len(embedder.calls)
    update(filled, embedder)
    assert faults(filled, embedder) == []
    assert len(embedder.calls) == calls


def test_a_generation_of_another_format_is_rebuilt_without_embedding(filled: Library, embedder: HashEmbedder) -> None:
    before = current(filled)
    assert before is not None
    (filled.home / "index" / before.folder / "keywords.sqlite").write_bytes(b"of another layout" * 500)
    pointer = filled.home / "index" / "current"
    pointer.write_text(json.dumps(json.loads(pointer.read_text()) | {"format": FORMAT - 1}))
    assert current(filled) is None
    embedder.calls.clear()
    update(filled, embedder)
    assert faults(filled, embedder) == []
    assert embedder.calls == []


# -- embedders


def test_progress_is_reported_up_to_the_end(library: Library, embedder: HashEmbedder) -> None:
    seen: list[tuple[str, int, int]] = []
    library.put(PAPERS)
    update(library, embedder, progress=lambda *step: seen.append(step))
    assert seen == [("embedding", 0, 11), ("embedding", 11, 11), ("indexing", 0, 8), ("indexing", 8, 8)]


def test_another_embedder_is_refused_with_the_cure(filled: Library) -> None:
    with pytest.raises(
        IndexMismatch, match=r"made by the embedder 'hash-64', and now 'other' is set\. .*doctor --repair"
    ):
        open_index(filled, HashEmbedder("other"))


def test_another_embedder_does_not_replace_the_index_unasked(filled: Library) -> None:
    other, before = HashEmbedder("other"), current(filled)
    filled.remove([PEAR.id])
    with pytest.raises(IndexMismatch, match=r"made by the embedder 'hash-64', and now 'other' is set"):
        update(filled, other)
    assert (current(filled), other.calls) == (before, [])
    update(filled, other, anew=True)
    assert faults(filled, other) == []


def test_without_the_embedder_the_vectors_stay_and_nothing_new_goes_in(filled: Library, embedder: HashEmbedder) -> None:
    filled.remove([PEAR.id])
    update(filled, None)
    assert faults(filled, embedder) == []
    before = current(filled)
    assert before is not None and before.embedder == "hash-64"
    filled.put([replace(LEDGER, abstract="It is about comets now.")])
    with pytest.raises(EmbedderError, match=r"the embedder 'hash-64', which is missing, .*doctor --repair"):
        update(filled, None)
    assert current(filled) == before


def test_an_index_of_words_gets_vectors_once_there_is_an_embedder(library: Library, embedder: HashEmbedder) -> None:
    library.put(PAPERS)
    update(library, None)
    update(library, embedder)
    assert len(embedder.texts) == 11
    assert faults(library, embedder) == []


def test_without_an_embedder_words_are_indexed(library: Library) -> None:
    library.put(PAPERS)
    update(library, None)
    index = open_index(library, None)
    assert index is not None
    assert index.keywords.search("pearrank", limit=1)[0][0] == PEAR.id
    assert (index.store.whole(), index.faults()) == (set(), [])
    assert index.features_of([PEAR])[PEAR.id].codes.starts == []
    index.close()


def test_an_index_with_vectors_serves_without_an_embedder(filled: Library) -> None:
    assert faults(filled, None) == []


# -- faults


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        pytest.param(
            lambda i: i.keywords.remove([PEAR.id]), "the keyword index lacks 1 and has 0 too many", id="keyword-gone"
        ),
        pytest.param(
            lambda i: i.keywords.put([Paper("X", "y")]),
            "the keyword index lacks 0 and has 1 too many",
            id="keyword-left",
        ),
        pytest.param(
            lambda i: run_sql(i.path / "keywords.sqlite", "delete from postings where term = 1"),
            "the keyword index has lost words or misplaced them",
            id="words-lost",
        ),
        pytest.param(
            lambda i: without_vectors(i.path / "chroma", LEDGER),
            "the vector store lacks 4 and has 0 too many",
            id="vectors-gone",
        ),
    ],
)
def test_faults_are_described(opened: Index, filled: Library, spoil: Callable[[Index], object], fault: str) -> None:
    spoil(opened)
    assert opened.faults() == [fault]


@pytest.mark.parametrize("name", ["keywords.sqlite", "passages.sqlite"])
def test_a_damaged_index_is_an_error_with_the_cure(filled: Library, embedder: HashEmbedder, name: str) -> None:
    generation = current(filled)
    assert generation is not None
    (filled.home / "index" / generation.folder / name).write_bytes(b"not a database" * 500)
    with pytest.raises(
        StoreError, match=r"cannot be (used|opened) \(file is not a database\)\. Make it whole: .* --repair"
    ):
        open_index(filled, embedder)


def test_a_damaged_copy_is_rebuilt(filled: Library, embedder: HashEmbedder) -> None:
    generation = current(filled)
    assert generation is not None
    (filled.home / "index" / generation.folder / "keywords.sqlite").write_bytes(b"not a database" * 500)
    filled.put([replace(PEAR, abstract="It is about comets now.")])
    update(filled, embedder)
    assert faults(filled, embedder) == []


# -- a Chroma server


def test_a_server_holds_the_vectors_of_a_home(library: Library, embedder: HashEmbedder, chroma_server: str) -> None:
    library.put(PAPERS)
    update(library, embedder, chroma=ChromaAddress(chroma_server))
    library.put([replace(LEDGER, abstract="It is short now.")])
    library.remove([PEAR.id])
    update(library, embedder, chroma=ChromaAddress(chroma_server))
    index = open_index(library, embedder)
    assert index is not None
    assert index.faults() == []
    assert not list(library.home.rglob("chroma.sqlite3"))
    index.close()


def test_homes_do_not_share_a_servers_vectors(
    open_library: Callable[..., Library], embedder: HashEmbedder, chroma_server: str, tmp_path: Path
) -> None:
    one, two = open_library(tmp_path / "one"), open_library(tmp_path / "two")
    one.put(PAPERS[:2])
    two.put(PAPERS[2:4])
    for library in (one, two):
        update(library, embedder, chroma=ChromaAddress(chroma_server))
    for library in (one, two):
        index = open_index(library, embedder)
        assert index is not None
        assert {i.split(":")[0] for i in index.store.whole()} == {paper.id for paper in library.papers()}
        index.close()


def test_leftover_vectors_on_a_server_are_deleted(
    open_library: Callable[..., Library], embedder: HashEmbedder, chroma_server: str, home: Path
) -> None:
    """The library's folder was deleted and begun again; the server's collection was not."""
    library = open_library()
    library.put(PAPERS)
    update(library, embedder, chroma=ChromaAddress(chroma_server))
    library.close()
    shutil.rmtree(home)
    again = open_library()
    again.put(PAPERS[:2])
    update(again, embedder, chroma=ChromaAddress(chroma_server))
    index = open_index(again, embedder)
    assert index is not None
    assert index.faults() == []
    index.close()


def test_vectors_follow_the_setting_without_embedding(
    filled: Library, embedder: HashEmbedder, chroma_server: str
) -> None:
    embedder.calls.clear()
    for url in (chroma_server, ""):
        assert is_behind(filled, chroma=ChromaAddress(url))
        update(filled, embedder, chroma=ChromaAddress(url))
        assert not is_behind(filled, chroma=ChromaAddress(url))
        generation = current(filled)
        assert generation is not None and generation.vectors == url
        assert bool(list((filled.home / "index" / generation.folder).rglob("chroma.sqlite3"))) is (url == "")
        assert faults(filled, embedder) == []
    assert embedder.calls == []


def test_an_index_of_words_needs_no_server(library: Library) -> None:
    library.put(PAPERS)
    update(library, None, chroma=ChromaAddress("http://127.0.0.1:9"))
    assert not is_behind(library, chroma=ChromaAddress("http://127.0.0.1:9"))
    assert faults(library, None) == []


def test_vectors_lost_on_a_server_are_an_error_with_the_cure(
    library: Library, embedder: HashEmbedder, chroma_server: str
) -> None:
    library.put(PAPERS)
    update(library, embedder, chroma=ChromaAddress(chroma_server))
    index = open_index(library, embedder)
    assert index is not None
    index.store.remove_papers([LEDGER.id])
    index.close()
    with pytest.raises(StoreError, match=rf"4 passages have lost their vectors at {chroma_server}\. .*doctor --repair"):
        open_index(library, embedder)
    update(library, embedder, chroma=ChromaAddress(chroma_server), anew=True)
    assert faults(library, embedder) == []


def test_a_missing_server_is_a_store_error_and_nothing_is_lost(library: Library, embedder: HashEmbedder) -> None:
    library.put(PAPERS)
    with pytest.raises(StoreError, match="No Chroma server answers"):
        update(library, embedder, chroma=ChromaAddress("http://127.0.0.1:9"))
    assert current(library) is None
    update(library, embedder)
    assert faults(library, embedder) == []


def test_the_store_is_a_folder_unless_a_server_is_named(opened: Index) -> None:
    assert isinstance(opened.store, EngineStore)
    assert (opened.path / "chroma" / "chroma.sqlite3").exists()
