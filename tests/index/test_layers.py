"""layers: a small change of a large library is kept over its base, and reads as if the index had been made anew."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.core.errors import StoreError
from assistant.core.records import Paper
from assistant.core.text import stems_of
from assistant.index import keywords as keyword_index
from assistant.index.holdings import Holdings
from assistant.index.interaction import encoded_text
from assistant.index.keywords import KeywordIndex
from assistant.index.searchable import Generation, Index, current, is_behind, open_index, update
from assistant.index.store import ChromaAddress
from assistant.library.chunking import passages
from assistant.library.paper_ids import PaperIds
from assistant.library.papers import Library

from ..conftest import ROOT
from ..doubles import HashEmbedder
from ..papers import LONG, PAIRS

WORDS = "pear pears orchard retrieval-augmented GPT-4 3.5 it's kite Kites naïve 梨 of the".split()
made = st.builds(
    lambda title, abstract: Paper(" ".join(title), " ".join(abstract)),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=2),
    st.lists(st.sampled_from(WORDS), max_size=9),
)
changes = st.lists(st.tuples(st.lists(made, max_size=5), st.sets(st.integers(0, 9))), min_size=2, max_size=5)


def paper(title: str, abstract: str) -> Paper:
    return Paper(title, abstract, sources=("a.txt",))


PAPERS = [paper(*pair) for pair in PAIRS]


@pytest.fixture(autouse=True)
def from_the_first_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.index.searchable.LAYERED", 0)
    monkeypatch.setattr("assistant.index.searchable.SHARE", 99.0)


def in_force(library: Library) -> Generation:
    generation = current(library)
    assert generation is not None
    return generation


def generations(library: Library) -> set[str]:
    return {path.name for path in (library.home / "index").iterdir() if path.is_dir()}


def opened(library: Library, embedder: HashEmbedder | None) -> Index:
    index = open_index(library, embedder)
    assert index is not None
    return index


# -- keywords


def layers_of(folder: Path, changes: list[tuple[list[Paper], set[int]]]) -> Iterator[tuple[KeywordIndex, list[Paper]]]:
    """After each change the index and its papers: the first makes the base, each other one a layer over it."""
    indexed: dict[str, Paper] = {}
    for number, (papers, gone) in enumerate(changes):
        path, base = folder / f"{number}.sqlite", folder / "0.sqlite" if number else None
        if number > 1:
            shutil.copy(folder / f"{number - 1}.sqlite", path)
        with closing(KeywordIndex(path, base=base)) as index:
            index.put(papers)
            indexed |= {paper.id: paper for paper in papers}
            removed = [paper_id for at, paper_id in enumerate(sorted(indexed)) if at in gone]
            index.remove(removed)
            indexed = {paper_id: paper for paper_id, paper in indexed.items() if paper_id not in removed}
            yield index, [*indexed.values()]


@pytest.mark.parametrize("block", [2, 4096], ids="rows-in-blocks-of-{}".format)
@settings(max_examples=60)
@given(changes, st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join))
def test_scores_equal_those_of_a_fresh_index(
    block: int, changes: list[tuple[list[Paper], set[int]]], question: str
) -> None:
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(keyword_index, "BLOCK", block)
        for index, papers in layers_of(Path(folder), changes):
            with closing(KeywordIndex(":memory:")) as fresh:
                fresh.put(papers)
                ids = {paper.id for paper in papers}
                assert (index.ids(), len(index), index.whole(), index.misread(papers)) == (ids, len(ids), True, 0)
                assert index.search(question, limit=99) == fresh.search(question, limit=99)
                some = PaperIds([*ids][:3])
                assert index.search(question, limit=9, within=some) == fresh.search(question, limit=9, within=some)
                every = stems_of(" ".join(WORDS))
                assert index.document_counts(every) == fresh.document_counts(every)
                for least in (0, 1, 2):
                    begun = [sorted(one.stems("", shortest=1, longest=99, least=least)) for one in (index, fresh)]
                    assert begun[0] == begun[1]


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("delete from main.unused", id="counts-gone"),
        pytest.param("delete from main.gone where row = (select max(row) from gone)", id="a-paper-comes-back"),
        pytest.param(
            "delete from main.postings where term = (select min(term) from main.postings)", id="postings-gone"
        ),
        pytest.param("delete from main.contents", id="contents-gone"),
        pytest.param("delete from main.papers", id="papers-gone"),
        pytest.param("delete from main.lengths", id="lengths-gone"),
        pytest.param("replace into main.lengths values (0, zeroblob(8192))", id="lengths-zeroed"),
    ],
)
def test_damage_of_a_layer_is_noticed(tmp_path: Path, statement: str) -> None:
    papers = [Paper(*pair) for pair in PAIRS]
    for index, _ in layers_of(tmp_path, [(papers, set()), ([Paper(PAIRS[0][0], "Comets.")], {1, 2})]):
        assert index.whole() and index.whole(own=True)
    with closing(KeywordIndex(tmp_path / "1.sqlite", base=tmp_path / "0.sqlite")) as index:
        index._db.execute(statement)
        assert not index.whole()
        assert not index.whole(own=True)


# -- the whole index


def step(library: Library, chance: random.Random, former: dict[str, Paper]) -> None:
    """Add, change, remove or bring back some papers."""
    titles = [f"Kite {chance.randrange(12)}: {chance.choice(WORDS)} {chance.randrange(3)}" for _ in range(2)]
    long = f"We propose Kite{chance.randrange(99)}. {LONG if chance.random() < 0.2 else ''}"
    papers = library.papers()
    match chance.randrange(4):
        case 0:
            library.put([Paper(one, f"{long} {chance.choice(WORDS)}", sources=("a.txt",)) for one in titles])
        case 1 if papers:
            library.put([replace(chance.choice(papers), abstract=f"{long} It was edited. {chance.choice(WORDS)}")])
        case 2 if papers:
            gone = chance.sample(papers, min(2, len(papers)))
            former |= {paper.id: paper for paper in gone}
            library.remove([paper.id for paper in gone])
        case _ if former:
            library.put([former.pop(chance.choice([*former]))])


def assert_alike(index: Index, fresh: Index, embedder: HashEmbedder) -> None:
    """Both give the same of everything that a question asks for."""
    papers = index.library.papers()
    for question in ("kites retrieval-augmented", "gardener pear", "edited kite 3.5", "comets"):
        assert index.keywords.search(question, limit=9) == fresh.keywords.search(question, limit=9)
        vector = embedder.encode([question])[0].vector
        every = [dict(one.store.nearest(vector, limit=99)) for one in (index, fresh)]
        assert every[0] == pytest.approx(every[1], abs=1e-3)
        few = [[cosine for _, cosine in one.store.nearest(vector, limit=3)] for one in (index, fresh)]
        assert few[0] == pytest.approx(few[1], abs=1e-3)
        ids = PaperIds(paper.id for paper in papers[::2])
        few = [[cosine for _, cosine in one.nearest_of(ids, vector, limit=9)] for one in (index, fresh)]
        assert few[0] == pytest.approx(few[1], abs=1e-5)
    names = [one.known_names(shortest=1, longest=99) for one in (index, fresh)]
    assert names[0] == names[1]
    assert index.bearers(names[0]) == fresh.bearers(names[0])
    stems = stems_of(" ".join(f"{paper.title} {paper.abstract}" for paper in papers))
    assert index.document_counts(stems) == fresh.document_counts(stems)
    assert index.passages_of(papers) == {paper.id: passages(paper) for paper in papers}
    assert (index.store.whole(), len(index.store)) == (fresh.store.whole(), len(fresh.store))
    features = [one.features_of(papers) for one in (index, fresh)]
    assert {i: one.reading for i, one in features[0].items()} == {i: one.reading for i, one in features[1].items()}


@pytest.mark.parametrize("seed", range(4))
def test_after_any_history_an_index_reads_like_a_fresh_one(
    open_library: Callable[..., Library], tmp_path: Path, embedder: HashEmbedder, seed: int
) -> None:
    chance, former = random.Random(seed), dict[str, Paper]()
    library, layered = open_library(), 0
    library.put([Paper(*pair, sources=("b.txt",)) for pair in PAIRS])
    update(library, embedder)
    for number in range(10):
        step(library, chance, former)
        update(library, embedder)
        layered += bool(in_force(library).base)
        other = open_library(tmp_path / f"fresh-{number}")
        other.put(library.papers())
        update(other, embedder)
        with closing(opened(library, embedder)) as index, closing(opened(other, embedder)) as fresh:
            assert index.faults(library.papers()) == []
            assert_alike(index, fresh, embedder)
    assert layered > 7


def test_with_words_alone_there_are_layers_too(library: Library) -> None:
    library.put(PAPERS)
    update(library, None)
    library.put([paper("Comets", "They fly by night.")])
    update(library, None)
    assert in_force(library).base
    with closing(opened(library, None)) as index:
        assert (index.faults(library.papers()), len(index)) == ([], 9)


def test_a_layer_sends_a_server_only_what_is_new(library: Library, embedder: HashEmbedder, chroma_server: str) -> None:
    library.put(PAPERS)
    address = ChromaAddress(chroma_server)
    update(library, embedder, chroma=address)
    library.put([paper(PAIRS[0][0], "It is about comets now."), paper("Comets", "They fly by night.")])
    library.remove([PAPERS[1].id])
    update(library, embedder, chroma=address)
    assert in_force(library).base
    with closing(opened(library, embedder)) as index:
        assert index.faults(library.papers()) == []
        vector = embedder.encode([encoded_text(passages(paper("Comets", "They fly by night."))[0])])[0].vector
        assert index.store.nearest(vector, limit=1)[0][0] == f"{Paper('Comets', '').id}:0"


# -- when


def test_a_small_library_has_no_layers(
    library: Library, embedder: HashEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.index.searchable.LAYERED", 10)
    for number, pair in enumerate([*PAIRS, ("Comets", "They fly."), ("Ice", "It melts."), ("Rain", "It falls.")], 1):
        library.put([paper(*pair)])
        update(library, embedder)
        assert bool(in_force(library).base) == (number >= 10)


def test_a_layer_that_has_become_large_is_merged_with_its_base(
    library: Library, embedder: HashEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.index.searchable.SHARE", 0.25)
    library.put(PAPERS)
    update(library, embedder)
    bases = []
    for number in range(8):
        library.put([paper(f"Comet {number}", "It flies by night.")])
        if number == 1:
            library.remove([PAPERS[1].id])
        update(library, embedder)
        bases.append(in_force(library).base)
        with closing(opened(library, embedder)) as index:
            assert index.faults(library.papers()) == []
    assert [bool(base) for base in bases] == [True, False, True, True, True, False, True, True]
    assert len({*bases} - {""}) == 3
    assert len(generations(library)) == 3  # the last two, and their base


def test_a_change_reads_neither_the_library_nor_the_base_whole(
    library: Library, embedder: HashEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.put(PAPERS)
    update(library, embedder)
    base = library.home / "index" / in_force(library).folder
    before = {path: path.read_bytes() for path in base.glob("*.sqlite")}  # Chroma writes to a folder that it reads
    library.put([paper("Comets", "They fly by night.")])
    asked: list[str] = []
    rows = library.rows
    monkeypatch.setattr(library, "rows", lambda query, *values: asked.append(query) or rows(query, *values))
    monkeypatch.setattr("assistant.index.store.ChromaStore.folder", None)
    update(library, embedder)
    assert not [query for query in asked if "from papers" in query and "where" not in query and "count" not in query]
    assert {path: path.read_bytes() for path in base.glob("*.sqlite")} == before
    assert {path.name for path in (base.parent / in_force(library).folder).iterdir()} == {
        "keywords.sqlite",
        "passages.sqlite",
    }


def test_the_pointer_of_an_index_without_layers_is_still_read(library: Library, embedder: HashEmbedder) -> None:
    library.put(PAPERS)
    update(library, embedder)
    before, pointer = in_force(library), library.home / "index/current"
    former = {name: value for name, value in json.loads(pointer.read_text()).items() if not name.startswith("base")}
    pointer.write_text(json.dumps(former))
    assert (in_force(library), is_behind(library)) == (before, False)


# -- faults, damage and other processes


def spoiling(monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Index], object]) -> None:
    """Spoil each layer once it is filled."""
    original = Index.fill

    def fill(index: Index, *changes: object, **rest: object) -> None:
        original(index, *changes, **rest)  # type: ignore[arg-type]
        if index.generation.base:
            spoil(index)

    monkeypatch.setattr(Index, "fill", fill)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda index: index.keywords.remove([PAPERS[3].id]), id="keywords-gone"),
        pytest.param(lambda index: index.keywords.put([paper("Ice", "It melts.")]), id="keywords-too-many"),
        pytest.param(lambda index: index._table.remove([PAPERS[3].id]), id="passages-gone"),
        pytest.param(lambda index: index._table.select("delete from main.vectors"), id="vectors-gone"),
        pytest.param(lambda index: index._table.select("update main.names set name = 'ice'"), id="names-wrong"),
        pytest.param(lambda index: index._table.select("delete from main.gone"), id="shown-twice"),
    ],
)
def test_a_layer_with_faults_is_not_put_in_force(
    library: Library, embedder: HashEmbedder, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Index], object]
) -> None:
    library.put(PAPERS)
    update(library, embedder)
    library.put([paper(PAIRS[0][0], "We propose CometRank. It is about comets now.")])
    spoiling(monkeypatch, spoil)
    update(library, embedder)
    assert in_force(library).base == ""
    assert len(generations(library)) == 2
    with closing(opened(library, embedder)) as index:
        assert index.faults(library.papers()) == []


LOST = {
    "keywords": lambda base: (base / "keywords.sqlite").unlink(),
    "passages": lambda base: (base / "passages.sqlite").write_bytes(b"garbage" * 900),
    "empty": lambda base: (base / "keywords.sqlite").write_bytes(b""),
    "vectors": lambda base: shutil.rmtree(base / "chroma"),
    "all": shutil.rmtree,
}


@pytest.mark.parametrize("then", ["ask", "change"])
@pytest.mark.parametrize("lose", LOST.values(), ids=LOST)
def test_a_damaged_base_is_mended_from_the_papers(
    open_holdings: Callable[..., Holdings], library: Library, lose: Callable[[Path], object], then: str
) -> None:
    library.put(PAPERS)
    holdings = open_holdings()
    holdings.index()
    library.put([paper("Comets", "They fly by night.")])
    holdings.index()
    holdings.close()
    base = library.home / "index" / in_force(library).base
    assert base.name
    lose(base)
    holdings = open_holdings()
    assert holdings.doctor() != []
    if then == "change":
        library.put([paper("Ice", "It melts.")])
    with holdings.reading() as index:
        assert index is not None and len(index) == len(library)
        assert index.store.nearest(HashEmbedder().encode(["Comets"])[0].vector, limit=2)
    assert holdings.doctor() == []
    assert in_force(library).base in ("", base.name)


READER = """
import sys
from pathlib import Path
from assistant.index.searchable import open_index
from assistant.library.papers import Library
from tests.doubles import HashEmbedder, word_vector
index = open_index(Library(sys.argv[1]), HashEmbedder())
print(len(index), index.generation.base, flush=True)
input()
print(len(index.store.nearest(word_vector("pear"), limit=5)), len(index.keywords.search("comets", limit=9)))
"""


def test_another_process_keeps_the_base_that_it_reads(
    library: Library, embedder: HashEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.put(PAPERS)
    update(library, embedder)
    library.put([paper("Comets", "They fly by night.")])
    update(library, embedder)
    first = in_force(library)
    command = [sys.executable, "-c", READER, str(library.home)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline().split() == ["9", first.base]
        monkeypatch.setattr("assistant.index.searchable.SHARE", 0.0)
        for number in range(3):
            library.put([paper("Ice", f"It melts at {number}.")])
            update(library, embedder)
        assert {first.folder, first.base} <= generations(library)
        output, _ = reader.communicate("\n")
    assert output == "5 1\n"
    library.put([paper("Ice", "It melts.")])
    update(library, embedder)
    assert len(generations(library)) == 2
    assert not {first.folder, first.base} & generations(library)


def test_a_layer_that_cannot_be_made_leaves_the_former_one_in_force(
    library: Library, embedder: HashEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.put(PAPERS)
    update(library, embedder)
    library.put([paper("Comets", "They fly by night.")])
    update(library, embedder)
    before, folders = in_force(library), generations(library)
    library.put([paper("Ice", "It melts.")])
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Index, "faults_of_layer", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
        update(library, embedder)
    assert (in_force(library), generations(library)) == (before, folders)
    update(library, embedder)
    with closing(opened(library, embedder)) as index:
        assert (index.faults(library.papers()), len(index)) == ([], 10)


def test_reading_a_layer_without_its_base_names_the_cure(library: Library, embedder: HashEmbedder) -> None:
    library.put(PAPERS)
    update(library, embedder)
    library.put([paper("Comets", "They fly by night.")])
    update(library, embedder)
    (library.home / "index" / in_force(library).base / "passages.sqlite").unlink()
    with pytest.raises(StoreError, match=r"lacks passages\.sqlite\. Make it whole: assistant doctor --repair"):
        open_index(library, embedder)
