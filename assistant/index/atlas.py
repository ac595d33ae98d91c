"""Papers and their vectors in, a labelled map of them out, stored beside the library.

A map takes some seconds to draw, so it is stored for each state of the library: see `atlas_of`. The same papers give
the same map: all randomness is seeded, and one thread does the sums.
"""

from __future__ import annotations

import importlib.util
import json
import math
import re
import secrets
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import EmbedderError, MissingExtra
from ..core.records import Paper
from ..core.text import STOP_WORDS, parts, stem, words
from .embedding import unit
from .interaction import ONE_THREAD, key_of, stored_vectors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..library.papers import Library
    from .searchable import Index

    Vectors = NDArray[np.float32]
    Positions = NDArray[np.float64]

FORMAT = 1
"""Raised when maps are drawn or stored in another way."""
FILE = "atlas.json"
"""The file of the map in the folder of the library."""
AT_ONCE = 500
"""Papers whose vectors are read at once."""
CAREFULLY = 5000
"""Up to so many papers are laid out by t-SNE, in under a minute; more by PCA alone."""
DIMENSIONS = 50
"""Dimensions that t-SNE gets from PCA: https://lvdmaaten.github.io/tsne/"""
STEPS = 500
"""As good as 1,000 on the 828 real papers: .929 of each paper's ten nearest are near it on the map."""
NEIGHBOURS = 30
FEWEST = 4
"""Fewer papers are drawn in a row."""
MOST_CLUSTERS = 16
TERMS = 2
"""Terms of a label: as many as a map has room for."""
LONGEST = 4
"""Words of a term."""
WORTH = (0.0, 1.0, 1.4, 1.4, 1.4)
"""The weight of a term by its number of words: two words say more than one that is as distinctive."""
WHOLE = 0.6
"""A longer term replaces its part if this share of the texts with the part have the whole."""
LEAST = 0.08
"""Share of a cluster's texts, and at least two of them, that a term of its label must be in."""
AS_USUAL = 0.25
"""A spelling with fewer capitals is preferred if it is this frequent compared with the commonest."""

Stems = tuple[str, ...]

_DRAWING = threading.Lock()
"""One map is drawn at a time: each limits scikit-learn's threads, a setting of the process, and resets it."""


@dataclass(frozen=True, slots=True)
class Point:
    """A paper's position on the map, 0 to 1 in both directions, and the number of its cluster."""

    paper_id: str
    x: float
    y: float
    cluster: int


@dataclass(frozen=True, slots=True)
class Cluster:
    """Papers that lie together: the words that distinguish them, their centre, and how many they are."""

    label: str
    x: float
    y: float
    size: int


@dataclass(frozen=True, slots=True)
class Atlas:
    """A map of papers: neighbours are alike. `points[i].cluster` is an index of `clusters`."""

    points: tuple[Point, ...] = ()
    clusters: tuple[Cluster, ...] = ()


# -- the stored map


def atlas_of(library: Library, index: Index) -> Atlas:
    """The map of the papers in `index`; drawn now, in some seconds, if none is stored for its state.

    Raises `EmbedderError` if there are no vectors to draw it from, and `MissingExtra`.
    """
    if not index.generation.embedder:
        raise EmbedderError(
            "There is no map: it is drawn from the papers' vectors, and the index has words only. "
            "With the embedding model installed, make them with: assistant doctor --repair"
        )
    atlas = stored_atlas(library, index)
    if atlas is None:
        papers = library.papers()
        atlas = drawn(papers, _vectors(papers, library, index))
        _write(library.home / FILE, _stamp(index), atlas)
    return atlas


def stored_atlas(library: Library, index: Index) -> Atlas | None:
    """The map of the papers in `index`, if it has been drawn."""
    return _read(library.home / FILE, _stamp(index))


def _stamp(index: Index) -> list[object]:
    """What a stored map shows: another stamp is of other papers or vectors."""
    return [FORMAT, index.generation.state, index.generation.embedder]


def _vectors(papers: Sequence[Paper], library: Library, index: Index) -> dict[str, NDArray[np.float32]]:
    """The mean vector of each paper's passages, of length 1; papers without vectors are left out."""
    import numpy as np

    means = {}
    for first in range(0, len(papers), AT_ONCE):
        passages = index.passages_of(papers[first : first + AT_ONCE])
        keys = {paper_id: [key_of(passage) for passage in own] for paper_id, own in passages.items()}
        vectors = stored_vectors(library, index.generation.embedder, [key for own in keys.values() for key in own])
        for paper_id, own in keys.items():
            if rows := [vectors[key] for key in own if key in vectors]:
                means[paper_id] = unit(np.mean(rows, axis=0))
    return means


def _read(path: Path, stamp: list[object]) -> Atlas | None:
    """The map in a file, if there is one with that stamp."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["stamp"] != stamp:
            return None
        points = tuple(Point(str(i), float(x), float(y), int(cluster)) for i, x, y, cluster in stored["points"])
        clusters = tuple(Cluster(str(label), float(x), float(y), int(n)) for label, x, y, n in stored["clusters"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return Atlas(points, clusters)


def _write(path: Path, stamp: list[object], atlas: Atlas) -> None:
    content = {
        "stamp": stamp,
        "points": [[point.paper_id, point.x, point.y, point.cluster] for point in atlas.points],
        "clusters": [[cluster.label, cluster.x, cluster.y, cluster.size] for cluster in atlas.clusters],
    }
    fresh = path.with_name(f"atlas-{secrets.token_hex(4)}.new")  # two processes may draw it at once
    with suppress(OSError):  # on a full disk the map is shown anyway, and drawn again next time
        try:
            fresh.write_text(json.dumps(content), encoding="utf-8")
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)


# -- drawing


def drawn(papers: Sequence[Paper], vectors: Mapping[str, Vectors]) -> Atlas:
    """The map of the papers that have a vector, given by paper id. Raises `MissingExtra` without scikit-learn."""
    if importlib.util.find_spec("sklearn") is None:
        raise MissingExtra("web")
    import numpy as np

    drawable = [paper for paper in papers if paper.id in vectors]
    if not drawable:
        return Atlas()
    positions, clusters = _laid_out(np.array([vectors[paper.id] for paper in drawable], np.float64))
    names = labels([f"{paper.title}\n{paper.abstract}" for paper in drawable], clusters)
    centres = [np.median(positions[np.array(clusters) == cluster], axis=0) for cluster in range(len(names))]
    return Atlas(
        tuple(
            Point(paper.id, _short(x), _short(y), cluster)
            for paper, (x, y), cluster in zip(drawable, positions, clusters, strict=True)
        ),
        tuple(
            Cluster(label, _short(x), _short(y), clusters.count(cluster))
            for cluster, (label, (x, y)) in enumerate(zip(names, centres, strict=True))
        ),
    )


def _laid_out(vectors: Positions) -> tuple[Positions, list[int]]:
    """The position and the cluster of each vector; the largest cluster is number 0."""
    import numpy as np

    if len(vectors) < FEWEST or np.ptp(vectors, axis=0).max() < 1e-9:
        row = (np.arange(len(vectors)) + 0.5) / len(vectors)
        return np.column_stack([row, np.full(len(vectors), 0.5)]), [0] * len(vectors)
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    careful = len(vectors) <= CAREFULLY
    pca = PCA(min(*vectors.shape, DIMENSIONS if careful else 2), svd_solver="full" if careful else "covariance_eigh")
    neighbours = min(NEIGHBOURS, (len(vectors) - 1) / 3)
    tsne = TSNE(2, perplexity=neighbours, init="pca", max_iter=STEPS, random_state=0)
    kmeans = KMeans(min(MOST_CLUSTERS, max(1, round(len(vectors) ** 0.5 / 2))), n_init=10, random_state=0)
    with _DRAWING, ONE_THREAD, threadpool_limits(limits=1):  # after its libraries are loaded
        flat = pca.fit_transform(vectors)
        positions = np.asarray(tsne.fit_transform(flat) if careful else flat, np.float64)
        numbers = kmeans.fit_predict(positions)  # not of the vectors: a label must be over its papers
    order = {cluster: rank for rank, cluster in enumerate(np.argsort(-np.bincount(numbers), kind="stable"))}
    return _fitted(positions), [order[cluster] for cluster in numbers]


def _fitted(positions: Positions) -> Positions:
    """The positions scaled to 0 to 1, in the same proportions."""
    import numpy as np

    low, extent = positions.min(axis=0), np.ptp(positions, axis=0)
    return np.asarray((positions - low - extent / 2) / extent.max() + 0.5)


def _short(value: float) -> float:
    return round(float(value), 4)


# -- labels


def labels(texts: Sequence[str], clusters: Sequence[int]) -> list[str]:
    """The label of each cluster, in order; "" for one whose texts share no term.

    Good terms are in many texts of the cluster and few others: p log(p / q), where p is the share of the cluster's
    texts and q the share of all.
    """
    spellings: dict[Stems, Counter[str]] = defaultdict(Counter)
    used = []
    for text in texts:
        terms = list(_terms(text))
        used.append({stems for stems, _ in terms})
        for stems, spelling in terms:
            spellings[stems][spelling] += 1
    everywhere = Counter(stems for own in used for stems in own)
    members: dict[int, list[set[Stems]]] = defaultdict(list)
    for own, cluster in zip(used, clusters, strict=True):
        members[cluster].append(own)
    return [
        ", ".join(_spelt(spellings[stems]) for stems in _distinctive(members[cluster], everywhere, len(texts)))
        for cluster in range(max(clusters, default=-1) + 1)
    ]


def _distinctive(members: Sequence[set[Stems]], everywhere: Mapping[Stems, int], texts: int) -> list[Stems]:
    counts = Counter(stems for own in members for stems in own)
    shares = {s: count / len(members) for s, count in counts.items() if count >= max(2, LEAST * len(members))}
    worth = {s: WORTH[len(s)] * p * math.log(p * texts / everywhere[s]) for s, p in shares.items()}
    chosen: list[Stems] = []
    taken: set[str] = set()
    for stems in sorted(worth, key=lambda s: (-worth[s], s)):
        if worth[stems] > 0 and len(chosen) < TERMS and taken.isdisjoint(_pieces(stems)):
            chosen.append(_whole(stems, counts))
            taken |= _pieces(chosen[-1])
    return chosen


def _pieces(stems: Stems) -> set[str]:
    """The words of a term, and the parts of compounds among them."""
    return {*stems, *(stem(part) for word in stems for part in parts(word))}


def _whole(stems: Stems, counts: Mapping[Stems, int]) -> Stems:
    """The longest term that most texts with this one have: "large language" becomes "large language models"."""
    longer = [
        s
        for s, n in counts.items()
        if len(s) == len(stems) + 1 and stems in (s[1:], s[:-1]) and n >= WHOLE * counts[stems]
    ]
    return _whole(max(longer, key=lambda s: (counts[s], s)), counts) if longer else stems


def _terms(text: str) -> Iterator[tuple[Stems, str]]:
    """The runs of words without stop words and punctuation, by their stems and as written."""
    for phrase in re.split(r"[.,;:()!?]\s|\s\(|\n", text):
        run: list[str] = []
        for word in words(phrase):
            if word.casefold() in STOP_WORDS or len(word) < 2 or not any(c.isalpha() for c in word):
                run = []
                continue
            run = [*run[1 - LONGEST :], word]
            for start in range(len(run)):
                yield tuple(map(stem, run[start:])), " ".join(run[start:])


def _spelt(spellings: Mapping[str, int]) -> str:
    """The spelling to show: without the capitals of titles and sentence starts, if that is usual enough."""
    usual = max(spellings.values())
    enough = [spelling for spelling, count in spellings.items() if count >= AS_USUAL * usual]
    return min(enough, key=lambda w: (sum(c.isupper() for c in w), -spellings[w], w))
