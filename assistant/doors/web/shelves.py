"""Papers in, what the tab "Papers" shows of them as markup out: the search form, a list, one paper, the map.

The map is drawn here and not by a plotting library: it is light, needs no third-party script, its texts are escaped
like all others, and a click on a circle is a click like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ...core.filters import ALL, Filter
from ...core.readable import readable
from ...core.records import Paper
from ...core.text import counted
from ...index.atlas import Atlas, Cluster, Point
from ...index.holdings import MOST_MATCHES
from ...library.browsing import days
from ...library.merging import Difference
from ...show.showing import readable_paper, written
from .evidence import AbstractSpan, abstract
from .markup import OnlineLink, online, render

PAGE = 50
"""Papers listed at once."""
LIT = 2000
"""Most matching papers that the map highlights; if there are more it highlights none."""
MOST_CIRCLES = 5000
"""Circles drawn; of more papers, those whose ids come first, which favours none."""
WIDTH = 1000
MARGIN = 30
"""Of the map, in its own units."""
LETTER, LINE = 0.0115, 0.034
"""Width of a letter and height of a line of a label, as a share of the map's usual width (700 pixels)."""
NUDGES = (0.0, 0.7, -0.7, 1.4, -1.4)
"""Lines by which a label may be moved so that it does not overlap the others."""
MOST_AUTHORS = 20
"""Authors named with a whole paper; of more, the first and the last."""
LONGEST = 200
"""Characters of a title shown over its circle."""

Box = tuple[float, float, float, float]
"""The middle, width and height of a label."""
Circle = tuple[int, int, str, str]
"""The middle of a circle, and the id and title of its paper."""


@dataclass(frozen=True, slots=True)
class PaperFilter:
    """What a person is looking for: words, and the papers of a filter; and how many papers to show."""

    words: str = ""
    where: Filter = ALL
    shown: int = PAGE

    @property
    def anything(self) -> bool:
        """Whether it leaves any paper out."""
        return bool(self.words.strip() or self.where)


# -- what the templates show


@dataclass(frozen=True, slots=True)
class PaperRow:
    """A paper in a list."""

    paper: str
    title: str
    date: str = ""


@dataclass(frozen=True, slots=True)
class ListView:
    """The papers listed; `highlighted` are the ids that the map highlights, separated by spaces.

    `more` papers come next, if any; `next_shown` are shown then. `narrows`: questions can be limited to these papers.
    `saves`: they can be saved as a collection. `collection`: the one that is listed, which can be deleted.
    """

    heading: str
    rows: tuple[PaperRow, ...]
    highlighted: str
    more: int
    next_shown: int
    narrows: bool
    saves: bool
    collection: str


@dataclass(frozen=True, slots=True)
class PaperView:
    """One whole paper. `differing`: the fields in which its sources differ, each with what each source says.

    `holding` are the collections that it was put into, `others` those that it can be put into.
    """

    paper: str
    title: str
    abstract: tuple[AbstractSpan, ...]
    listings: str
    published: str
    online: tuple[OnlineLink, ...]
    removable: bool
    written: str
    differing: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    holding: tuple[str, ...]
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Label:
    """What a cluster is about, and where that is written."""

    left: str
    top: str
    size: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MapView:
    """The map: a group of circles for each cluster and the labels."""

    revision: int
    box: str
    count: int
    groups: tuple[tuple[Circle, ...], ...]
    labels: tuple[Label, ...]
    left_out: int


# -- the form and the list


def search(
    papers: Sequence[Paper],
    listings: Mapping[str, str],
    revision: object,
    collections: Sequence[tuple[str, bool]] = (),
) -> Markup:
    """The form: words and, where the papers differ in them, listings, dates, authors and venues.

    `collections` are their names, each with whether it is chosen.
    """
    choices = [(source, _listing(source, label)) for source, label in listings.items()]
    dates = {paper.published or str(paper.year or "") for paper in papers} | {*listings.values()}
    fields = {"author": any(paper.authors for paper in papers), "venue": any(paper.venue for paper in papers)}
    return render("papers.search", choices, _in_order(dates), fields, revision, collections)


def _in_order(dates: Iterable[str]) -> tuple[str, ...]:
    """The valid dates among these, each once, the earliest first."""
    known = {date: parsed for date in dates if (parsed := days(date))}
    return tuple(sorted(known, key=lambda date: (known[date].year, known[date].first, date)))


def _listing(source: str, label: str) -> str:
    return f"{label} ({source})" if label else source


def listed(papers: Sequence[Paper], filters: PaperFilter, listings: Mapping[str, str]) -> Markup:
    """The papers found, as a list of titles to open."""
    if not papers and not filters.where.collection:  # one without papers can still be deleted
        return message("No papers match." if filters.anything else "There are no papers here yet.")
    rows = tuple(
        PaperRow(paper.id, readable(paper.title), paper.byline or _date(paper, listings))
        for paper in papers[: filters.shown]
    )
    left = len(papers) - len(rows)
    highlighted = " ".join(paper.id for paper in papers) if filters.anything and len(papers) <= LIT else ""
    chosen = filters.where.collection
    view = ListView(
        *(_heading(papers, filters), rows, highlighted, min(left, PAGE), filters.shown + PAGE, bool(filters.where)),
        saves=filters.anything and not chosen,
        collection=chosen,
    )
    return render("papers.listed", view)


def _heading(papers: Sequence[Paper], filters: PaperFilter) -> str:
    if filters.words.strip() and len(papers) == MOST_MATCHES:
        return f"The {MOST_MATCHES} best matches"
    return f"{counted(len(papers), 'paper')} {'found' if filters.anything else 'here'}"


def _date(paper: Paper, listings: Mapping[str, str]) -> str:
    """The day of a paper, or the days of its listings."""
    dates = [paper.published] if paper.published else [listings.get(source, "") for source in paper.sources]
    return ", ".join(dict.fromkeys(date for date in dates if date))


def message(text: str) -> Markup:
    """A sentence in place of a list or a paper."""
    return render("papers.status", text)


# -- one paper


def opened(
    paper: Paper,
    listings: Mapping[str, str],
    differing: Sequence[Difference] = (),
    *,
    removable: bool = False,
    collections: tuple[Sequence[str], Sequence[str]] = ((), ()),
) -> Markup:
    """One whole paper, with what can be done with it; if it is `removable`, that has to be confirmed.

    `collections`: the names of those that it was put into, and of those that it can be put into.
    """
    shown = readable_paper(paper)
    names = ", ".join(_listing(source, listings.get(source, "")) for source in paper.sources)
    view = PaperView(
        *(paper.id, shown.title, abstract(shown), names, paper.published),
        *(online(shown), removable, written(paper, most=MOST_AUTHORS)),
        tuple((one.field, _said(one, listings)) for one in differing),
        holding=tuple(collections[0]),
        others=tuple(collections[1]),
    )
    return render("papers.opened", view)


def _said(difference: Difference, listings: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """What each source says, the source as listings are called."""
    return tuple((_listing(source, listings.get(source, "")), readable(said)) for source, said in difference.values)


def removed(title: str) -> Markup:
    """What is shown in place of a paper that was removed."""
    return render("papers.removed", title)


def chips(papers: Sequence[Paper], where: Filter = ALL) -> Markup | str:
    """The papers, or the filter, that the next questions are limited to; each can be taken off."""
    rows = tuple(PaperRow(paper.id, readable(paper.title)) for paper in papers)
    return render("papers.chips", rows, where.words) if rows or where else ""


# -- the map


def chart(atlas: Atlas, titles: Mapping[str, str], revision: int) -> Markup:
    """The map of the library at `revision`: a circle for each paper, a label for each cluster."""
    points = sorted(atlas.points, key=lambda point: point.paper_id)[:MOST_CIRCLES]
    if not points:
        return render("papers.no_map", revision)
    low, high = min(point.y for point in points), max(point.y for point in points)
    height = max(WIDTH * (high - low), 1.0)
    groups = tuple(
        tuple(_circle(point, titles.get(point.paper_id, ""), low) for point in points if point.cluster == cluster)
        for cluster in range(len(atlas.clusters))
    )
    box = f"{-MARGIN} {-MARGIN} {WIDTH + 2 * MARGIN} {height + 2 * MARGIN:.0f}"
    labels = _labels(atlas.clusters, low, height)
    return render("papers.map", MapView(revision, box, len(points), groups, labels, len(atlas.points) - len(points)))


def _circle(point: Point, title: str, low: float) -> Circle:
    short = title if len(title) <= LONGEST else f"{title[:LONGEST]}…"
    return round(WIDTH * point.x), round(WIDTH * (point.y - low)), point.paper_id, short


def _labels(clusters: Sequence[Cluster], low: float, height: float) -> tuple[Label, ...]:
    """What each cluster is about, the largest first; a label that would cover others is left out."""
    boxes: list[Box] = []
    labels: list[Label] = []
    for cluster in sorted(clusters, key=lambda cluster: -cluster.size):
        box = _free(cluster, boxes) if cluster.label else None
        if box is None:
            continue
        boxes.append(box)
        left = (WIDTH * box[0] + MARGIN) / (WIDTH + 2 * MARGIN)
        top = (WIDTH * (box[1] - low) + MARGIN) / (height + 2 * MARGIN)
        labels.append(Label(f"{left:.1%}", f"{top:.1%}", cluster.size, tuple(cluster.label.split(", "))))
    return tuple(labels)


def _free(cluster: Cluster, boxes: Sequence[Box]) -> Box | None:
    """Where a label covers none of the `boxes`; None where there is no room."""
    lines = cluster.label.split(", ")
    width, height = LETTER * max(map(len, lines)), LINE * len(lines)
    x = min(max(cluster.x, width / 2), 1 - width / 2)
    for nudge in NUDGES:
        y = cluster.y + nudge * LINE
        if all(abs(x - a) >= (width + w) / 2 or abs(y - b) >= (height + h) / 2 for a, b, w, h in boxes):
            return x, y, width, height
    return None
