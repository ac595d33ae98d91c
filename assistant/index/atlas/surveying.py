"""Papers and a vector of each in, a map of them out: where each lies, and which lie together.

The same papers give the same map: all chance is seeded, and one thread does the sums.
"""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ...core.errors import MissingExtra
from ...core.records import Paper
from ..interaction import ONE_THREAD
from .labels import labels
from .records import Atlas, Cluster, Point

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]
    Places = NDArray[np.float64]

CAREFULLY = 5000
"""Papers up to which near ones are laid near each other (t-SNE, under a minute); more are spread by PCA alone."""
DIMENSIONS = 50
"""What t-SNE sees of the vectors, by PCA: https://lvdmaaten.github.io/tsne/"""
STEPS = 500
"""As good as 1,000 on the 828 real papers: .929 of each paper's ten nearest are near it on the map."""
NEIGHBOURS = 30
FEWEST = 4
"""Fewer papers stand in a row: there is nothing to lay out."""
MOST_CLUSTERS = 16

_DRAWING = threading.Lock()
"""Of whoever draws a map: each limits the threads of scikit-learn, which are the whole process's, and resets them."""


def drawn(papers: Sequence[Paper], vectors: Mapping[str, Vectors]) -> Atlas:
    """The map of those papers that have a vector, by their ids. Raises `MissingExtra` without scikit-learn."""
    if importlib.util.find_spec("sklearn") is None:
        raise MissingExtra("web")
    import numpy as np

    held = [paper for paper in papers if paper.id in vectors]
    if not held:
        return Atlas()
    places, clusters = _surveyed(np.array([vectors[paper.id] for paper in held], np.float64))
    told = labels([f"{paper.title}\n{paper.abstract}" for paper in held], clusters)
    middles = [np.median(places[np.array(clusters) == cluster], axis=0) for cluster in range(len(told))]
    return Atlas(
        tuple(
            Point(paper.id, _short(x), _short(y), cluster)
            for paper, (x, y), cluster in zip(held, places, clusters, strict=True)
        ),
        tuple(
            Cluster(label, _short(x), _short(y), clusters.count(cluster))
            for cluster, (label, (x, y)) in enumerate(zip(told, middles, strict=True))
        ),
    )


def _surveyed(vectors: Places) -> tuple[Places, list[int]]:
    """Where each lies, and the number of its cluster; clusters are numbered from the largest on."""
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
    with _DRAWING, ONE_THREAD, threadpool_limits(limits=1):  # set once its libraries are loaded
        flat = pca.fit_transform(vectors)
        places = np.asarray(tsne.fit_transform(flat) if careful else flat, np.float64)
        found = kmeans.fit_predict(places)  # of the places, so that a label stands over its papers
    order = {cluster: place for place, cluster in enumerate(np.argsort(-np.bincount(found), kind="stable"))}
    return _fitted(places), [order[cluster] for cluster in found]


def _fitted(places: Places) -> Places:
    """The same within 0 and 1, in the same proportions."""
    import numpy as np

    low, extent = places.min(axis=0), np.ptp(places, axis=0)
    return np.asarray((places - low - extent / 2) / extent.max() + 0.5)


def _short(value: float) -> float:
    return round(float(value), 4)
