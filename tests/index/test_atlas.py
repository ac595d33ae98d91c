"""atlas: papers and their vectors in, a labelled map out."""

from __future__ import annotations

import importlib.util
import json
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.chain import Assistant
from assistant.core.errors import EmbedderError, MissingExtra
from assistant.core.records import Paper
from assistant.index import atlas
from assistant.index.atlas import Atlas, Cluster, Point, drawn, labels
from assistant.index.holdings import Holdings
from assistant.library.papers import Library

from ..doubles import HashEmbedder
from ..papers import PAIRS

Listing = Callable[..., Path]
THEMES = (
    ("pears", "We rank orchards of pears by their yield. Ranking orchards needs weak labels."),
    ("snow", "Snow is pressed by learned shovels. The shovels are trained on winter snow."),
    ("kites", "Kites remember the wind of the coast. A probe reads the wind from kites."),
)
CROWD = [Paper(f"Study {n} of {name}", f"{text} Trial {n}.") for n in range(20) for name, text in THEMES]


def around(n: int) -> list[np.ndarray]:
    """A vector for each paper of the crowd, near that of its theme."""
    noise = np.random.default_rng(0).normal(scale=0.05, size=(n, 8))
    return [np.eye(8)[place % 3] + noise[place] for place in range(n)]


VECTORS = {paper.id: vector.astype(np.float32) for paper, vector in zip(CROWD, around(len(CROWD)), strict=True)}


@pytest.fixture(scope="module")
def crowded() -> Atlas:
    return drawn(CROWD, VECTORS)


@pytest.fixture
def hashed(home: Path, listing: Listing) -> Iterator[Assistant]:
    with Assistant.open(home, embedder=HashEmbedder()) as opened:
        opened.ingest(listing())
        yield opened


# -- the map


def test_every_paper_has_its_place_within_the_map(crowded: Atlas) -> None:
    assert [point.paper_id for point in crowded.points] == [paper.id for paper in CROWD]
    assert all(0 <= value <= 1 for point in crowded.points for value in (point.x, point.y))
    assert max(*(p.x for p in crowded.points), *(p.y for p in crowded.points)) == 1
    assert len({(point.x, point.y) for point in crowded.points}) > 50


def test_similar_papers_lie_together(crowded: Atlas) -> None:
    themes = [{p.cluster for p in crowded.points[start::3]} for start in range(3)]
    assert sum(len(some) for some in themes) == len(set.union(*themes)), "a cluster holds papers of two themes"


def test_a_cluster_has_a_centre_and_a_size(crowded: Atlas) -> None:
    sizes = Counter(point.cluster for point in crowded.points)
    assert [cluster.size for cluster in crowded.clusters] == [sizes[place] for place in range(len(crowded.clusters))]
    assert [cluster.size for cluster in crowded.clusters] == sorted(sizes.values(), reverse=True)
    for place, cluster in enumerate(crowded.clusters):
        xs = [point.x for point in crowded.points if point.cluster == place]
        assert min(xs) <= cluster.x <= max(xs)


def test_a_label_names_the_theme(crowded: Atlas) -> None:
    words = {name for name, _ in THEMES}
    for point in crowded.points[:3]:
        theme = words & set(CROWD[crowded.points.index(point)].title.split())
        others = words - theme
        label = crowded.clusters[point.cluster].label
        assert not any(other in label for other in others), label


def test_the_same_papers_give_the_same_map_in_every_process(
    crowded: Atlas, python: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    code = "from tests.index.test_atlas import CROWD, VECTORS, drawn; print(drawn(CROWD, VECTORS))"
    assert python(code).stdout == f"{crowded}\n"


def test_very_many_papers_have_a_map_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atlas, "CAREFULLY", 10)
    drawing = drawn(CROWD, VECTORS)
    themes = [{p.cluster for p in drawing.points[start::3]} for start in range(3)]
    assert sum(len(some) for some in themes) == len(set.union(*themes))


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 9])
def test_a_few_papers_have_a_map_too(count: int) -> None:
    drawing = drawn(CROWD[:count], VECTORS)
    assert len(drawing.points) == count == sum(cluster.size for cluster in drawing.clusters)
    assert len({(point.x, point.y) for point in drawing.points}) == count
    assert all(0 <= value <= 1 for point in drawing.points for value in (point.x, point.y))


def test_identical_papers_stand_in_a_row() -> None:
    same = {paper.id: np.ones(8, np.float32) for paper in CROWD[:9]}
    drawing = drawn(CROWD[:9], same)
    assert [point.y for point in drawing.points] == [0.5] * 9
    assert len({point.x for point in drawing.points}) == 9


def test_papers_without_a_vector_are_left_out() -> None:
    some = {paper_id: vector for paper_id, vector in VECTORS.items() if paper_id != CROWD[0].id}
    assert [point.paper_id for point in drawn(CROWD, some).points] == [paper.id for paper in CROWD[1:]]
    assert drawn(CROWD, {}) == drawn([], VECTORS) == Atlas()


def test_without_scikit_learn_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "sklearn" else find(name))
    with pytest.raises(MissingExtra, match=r"pip install 'paper-assistant\[web\]'"):
        drawn(CROWD, VECTORS)


# -- labels


def test_a_label_has_the_words_of_its_cluster_only() -> None:
    texts = [
        "The model, it ranks pears.",
        "A model: it ranks pears.",
        "The model, it presses snow.",
        "Our model; it presses snow.",
    ]
    assert labels(texts, [0, 0, 1, 1]) == ["ranks pears", "presses snow"]


def test_a_label_has_words_not_stems() -> None:
    texts = ["Retrieval of documents", "retrieval by document", "Retrieval, documents", "Snow shovels", "Snow shovels"]
    assert labels(texts, [0, 0, 0, 1, 1])[0] in ("documents, retrieval", "retrieval, documents")


def test_a_label_keeps_the_capitals_of_names_but_not_of_titles() -> None:
    texts = ["Winter Snow for BERT", "We like winter snow. BERT does.", "Winter Snow, BERT", "Kites", "Kites", "Kites"]
    assert labels(texts, [0, 0, 0, 1, 1, 1]) == ["winter snow, BERT", "Kites"]


def test_a_part_of_a_longer_term_is_shown_whole() -> None:
    texts = ["large language models think"] * 3 + ["small language tests"] + ["snow falls"] * 4
    assert labels(texts, [0, 0, 0, 0, 1, 1, 1, 1])[0].startswith("large language models think")


def test_a_label_has_no_word_twice() -> None:
    texts = ["image-text image pairs", "image-text image pairs", "snow", "snow"]
    first = labels(texts, [0, 0, 1, 1])[0]
    assert sum("image" in term for term in first.split(", ")) == 1


def test_texts_that_share_nothing_have_no_label() -> None:
    assert labels(["pears", "snow", "3.5 of the", ""], [0, 0, 1, 1]) == ["", ""]
    assert labels([], []) == []


# -- keeping


def test_the_map_of_a_library(hashed: Assistant, home: Path) -> None:
    drawing = hashed.atlas()
    assert {point.paper_id for point in drawing.points} == {Paper(*pair).id for pair in PAIRS}
    assert hashed.atlas() == drawing
    assert [path.name for path in home.glob("atlas*")] == ["atlas.json"]


def test_it_is_drawn_once_for_each_state_of_the_library(
    hashed: Assistant, home: Path, listing: Listing, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []

    def counted(papers: list[Paper], vectors: dict[str, np.ndarray]) -> Atlas:
        made.append(len(papers))
        return drawn(papers, vectors)

    monkeypatch.setattr(atlas, "drawn", counted)
    first = hashed.atlas()
    with Assistant.open(home, embedder=HashEmbedder()) as again:
        assert again.atlas() == first
    assert made == [8]
    hashed.ingest(listing("b.txt", [("Pears at Night", "Pears glow at night. We count the glowing pears.")]))
    assert len(hashed.atlas().points) == 9
    assert made == [8, 9]


@pytest.mark.parametrize("spoilt", ["", "{}", "[]", '{"stamp": 1', '{"stamp": STAMP, "points": [1]}', "\xff"])
def test_an_invalid_stored_map_is_redrawn(hashed: Assistant, home: Path, spoilt: str) -> None:
    drawing = hashed.atlas()
    kept = json.loads((home / "atlas.json").read_text())
    (home / "atlas.json").write_text(spoilt.replace("STAMP", json.dumps(kept["stamp"])), encoding="latin-1")
    assert hashed.atlas() == drawing
    assert json.loads((home / "atlas.json").read_text()) == kept


def test_a_map_that_cannot_be_stored_is_shown_anyway(hashed: Assistant, home: Path) -> None:
    (home / "atlas.json").mkdir()
    assert len(hashed.atlas().points) == 8
    assert list(home.glob("*.new")) == []


def test_a_map_is_read_as_it_was_written(tmp_path: Path) -> None:
    drawing = Atlas((Point("a", 0.25, 1.0, 0),), (Cluster("pears, <b>", 0.25, 1.0, 1),))
    atlas._write(tmp_path / "atlas.json", [1, 2, "x"], drawing)
    assert atlas._read(tmp_path / "atlas.json", [1, 2, "x"]) == drawing
    assert atlas._read(tmp_path / "atlas.json", [1, 3, "x"]) is None


def test_a_library_without_papers_has_an_empty_map(home: Path) -> None:
    with Assistant.open(home, embedder=HashEmbedder()) as empty:
        assert empty.atlas() == Atlas()


def test_without_vectors_it_says_so(home: Path, listing: Listing) -> None:
    with Assistant(Holdings(Library(home), None)) as wordy:
        wordy.ingest(listing())
        with pytest.raises(EmbedderError, match=r"There is no map: .* assistant doctor --repair"):
            wordy.atlas()
