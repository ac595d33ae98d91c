"""An atlas and the titles of its papers in, the map as markup out: a circle a paper, a label a cluster.

It is drawn here, and not by a plotting library: it is light, needs no script of anybody else's, every text in it is
escaped as all others are, and a click on a circle is a click like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...index.atlas import Atlas, Cluster, Point
from .markup import Attributes, Html, joined, tag

MOST = 5000
"""Circles drawn; of more papers, those whose ids come first, which favours none."""
WIDTH = 1000
MARGIN = 30
"""Of the drawing, in its own units."""
LETTER, LINE = 0.0115, 0.034
"""Width of a letter and height of a line of a label, against the map as wide as it commonly is (700 pixels)."""
NUDGES = (0.0, 0.7, -0.7, 1.4, -1.4)
"""Lines by which a label may be moved to stand free of the others."""
LONGEST = 200
"""Characters of a title shown over its circle."""


def chart(atlas: Atlas, titles: Mapping[str, str], revision: int) -> Html:
    """The map of the library at `revision`."""
    points = _drawn(atlas.points)
    if not points:
        return tag("p", {"class": "quiet", "data-revision": revision}, "There are no papers to draw a map of.")
    low, height = min(p.y for p in points), _height(points)
    groups = (
        tag(
            "g",
            {"style": f"--cluster: {place}"},
            *(_circle(p, titles.get(p.paper_id, ""), low) for p in points if p.cluster == place),
        )
        for place in range(len(atlas.clusters))
    )
    drawing = {
        "viewBox": f"{-MARGIN} {-MARGIN} {WIDTH + 2 * MARGIN} {height + 2 * MARGIN:.0f}",
        "role": "img",
        "aria-label": f"Map of {len(points):,} papers; those that are alike lie together",
    }
    left_out = len(atlas.points) - len(points)
    more = [tag("p", {"class": "quiet"}, f"{left_out:,} more papers are not drawn.")] if left_out else []
    return tag(
        "div",
        {"class": "chart", "data-revision": revision},
        tag("div", {"class": "drawing"}, tag("svg", drawing, *groups), _labels(atlas.clusters, low, height)),
        *more,
    )


def _drawn(points: Sequence[Point]) -> list[Point]:
    return sorted(points, key=lambda point: point.paper_id)[:MOST]


def _height(points: Sequence[Point]) -> float:
    return max(WIDTH * (max(p.y for p in points) - min(p.y for p in points)), 1.0)


def _circle(point: Point, title: str, low: float) -> Html:
    where: Attributes = {
        "cx": round(WIDTH * point.x),
        "cy": round(WIDTH * (point.y - low)),
        "r": 5,
        "data-paper": point.paper_id,
    }
    return tag("circle", where, tag("title", {}, title if len(title) <= LONGEST else f"{title[:LONGEST]}…"))


def _labels(clusters: Sequence[Cluster], low: float, height: float) -> Html:
    """What each cluster is about, the largest first; one that would cover others is left out."""
    placed: list[tuple[float, float, float, float]] = []
    items = []
    for cluster in sorted(clusters, key=lambda cluster: -cluster.size):
        box = _free(cluster, placed) if cluster.label else None
        if box is None:
            continue
        placed.append(box)
        x, y = (
            (WIDTH * box[0] + MARGIN) / (WIDTH + 2 * MARGIN),
            (WIDTH * (box[1] - low) + MARGIN) / (height + 2 * MARGIN),
        )
        where = {"style": f"left: {x:.1%}; top: {y:.1%}", "title": f"{cluster.size:,} papers"}
        lines = joined(tag("span", {}, term) for term in cluster.label.split(", "))
        items.append(tag("li", where, lines))
    return tag("ul", {"class": "labels", "aria-label": "What its regions are about"}, *items)


def _free(
    cluster: Cluster, placed: Sequence[tuple[float, float, float, float]]
) -> tuple[float, float, float, float] | None:
    """The middle, width and height of a label that covers none of those `placed`; None where there is no room."""
    lines = cluster.label.split(", ")
    width, height = LETTER * max(map(len, lines)), LINE * len(lines)
    x = min(max(cluster.x, width / 2), 1 - width / 2)
    for nudge in NUDGES:
        y = cluster.y + nudge * LINE
        if all(abs(x - a) >= (width + w) / 2 or abs(y - b) >= (height + h) / 2 for a, b, w, h in placed):
            return x, y, width, height
    return None
