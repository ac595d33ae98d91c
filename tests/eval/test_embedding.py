"""The product's vectors beside those of the model as published, and what is measured of both."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from assistant.core.records import Paper
from assistant.index import searchable
from assistant.index.embedding import BundledEmbedder
from assistant.index.interaction import encode_missing
from assistant.library.papers import Library
from assistant.library.sample import sample_files
from assistant.library.sources import read
from eval import embedding
from eval.embedding import (
    EMBEDDING,
    INDEXING,
    MODEL,
    Nearness,
    PlainEmbedder,
    Stages,
    Watched,
    embedded,
    main,
    nearness,
)

from ..doubles import HashEmbedder
from ..papers import PAIRS

PAPERS = [Paper(title, abstract) for title, abstract in PAIRS]


@pytest.fixture(scope="module")
def plain() -> PlainEmbedder:
    return PlainEmbedder()


def test_vectors_are_near_those_of_products_of_floats(bundled: BundledEmbedder, plain: PlainEmbedder) -> None:
    papers = [paper for file in sample_files() for paper in read(file).papers][:8]
    texts = [text for paper in papers for text in (paper.abstract, paper.title, f"What does {paper.title} say?")]
    near = nearness(texts, bundled.encode(texts), plain.encode(texts))
    assert near.passages == 24
    assert 0.995 < near.lowest < near.mean < 1
    assert 0.97 < near.bits < 1


def test_a_library_of_products_of_floats_stays_in_use(
    bundled: BundledEmbedder, plain: PlainEmbedder, library: Library
) -> None:
    with library.writing():
        library.put(PAPERS[:3])
        searchable.update(library, plain)
        index = searchable.open_index(library, bundled)
        assert index is not None
        (kept,) = index.store.nearest(plain.encode([PAPERS[1].title])[0].vector, limit=1)
        (asked,) = index.store.nearest(bundled.encode([PAPERS[1].title])[0].vector, limit=1)
        index.close()
        assert encode_missing(library, bundled, PAPERS[:3]) == 0
    assert asked[0].startswith(PAPERS[1].id)
    assert (asked[0], asked[1]) == (kept[0], pytest.approx(kept[1], abs=0.02))


def test_both_embed_every_paper_into_a_library_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "TURN", 1)
    one, other = Watched(HashEmbedder()), Watched(HashEmbedder())
    near = embedded(PAPERS[:3], one, other, tmp_path)
    assert (near.passages, near.lowest, near.mean, near.bits) == (3, pytest.approx(1), pytest.approx(1), 1)
    assert one.stages.clock.keys() == one.stages.processor.keys() == {MODEL, EMBEDDING}
    assert one.stages.clock[EMBEDDING] > one.stages.clock[MODEL] > 0
    embedding.indexed(tmp_path / "other", PAPERS[:3], other)
    assert other.stages.clock[INDEXING] > 0
    with closing(Library(tmp_path / "one")) as library:
        assert library.rows("select count(*) from encodings where embedder = ?", (one.name,)) == [(3,)]


def test_nearness_is_that_of_the_farthest_pair_and_of_all() -> None:
    pear, kite = HashEmbedder().encode(["pear", "kite"])
    near = nearness(["pear", "plum"], [pear, kite], [pear, pear])
    cosine = float(kite.vector @ pear.vector)
    assert (near.passages, near.lowest, near.mean) == (2, pytest.approx(cosine), pytest.approx((1 + cosine) / 2))
    assert 0.5 < near.bits < 1


def test_the_tables_have_ratios_cosines_and_sizes() -> None:
    plain, product = Stages({MODEL: 10, EMBEDDING: 12}, {MODEL: 9}), Stages({MODEL: 4, INDEXING: 2}, {MODEL: 3})
    product.processor[INDEXING] = 1
    assert embedding.stage_table(20, plain, product).rows == (
        (MODEL, "2.0", "5.0", "2.50", "3.00"),
        (INDEXING, "—", "10.0", "—", "—"),
    )
    assert embedding.nearness_table(Nearness(9, 0.99, 0.995, 0.98)).rows == (("9", "0.9900", "0.9950", "0.980"),)
    assert embedding.size_table({"a": 1500, "b": 20}).rows == (("a", "1,500"), ("b", "20"), ("in all", "1,520"))


def test_the_parts_add_up_to_the_files(library: Library, tmp_path: Path) -> None:
    with library.writing():
        library.put(PAPERS)
        searchable.update(library, HashEmbedder())
    library.close()
    parts = embedding.sizes(library.home, len(PAPERS))
    files = sum(file.stat().st_size for file in library.home.rglob("*") if file.is_file())
    assert {"Chroma", "library: encodings", "passages: readings", "passages: vectors"} <= parts.keys()
    assert sum(parts.values()) * len(PAPERS) == pytest.approx(files, rel=0.2)


def test_an_abstract_takes_no_page_of_its_own(library: Library) -> None:
    with library.writing():
        library.put(Paper(f"Orchard {number}", f"{number} pears fall. " * 90) for number in range(200))
    library.close()
    assert embedding.sizes(library.home, 200)["library: papers"] < 2500


def test_a_file_without_papers_is_an_error(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (file := tmp_path / "none.jsonl").write_text("[]")
    assert main(["--abstracts", str(file)]) == 1
    assert capsys.readouterr().err.startswith(f"eval.embedding: There are no papers in {file}.")
