"""Followed sources and news in, what the tab "Papers" shows of them as markup out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ...core.readable import readable
from ...library.following import Followed
from ...library.following.targets import shown as shown_target
from ...service.news import News
from .markup import render
from .shelves import PaperRow


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A followed source: what is followed, when it was last synced and what that brought, and why that ended early."""

    name: str
    what: str
    last: str
    fault: str


@dataclass(frozen=True, slots=True)
class TopicRows:
    """A question that the visitor asked, and new papers on it."""

    question: str
    rows: tuple[PaperRow, ...]


@dataclass(frozen=True, slots=True)
class SourcesView:
    """All followed sources, how many of them have a fault, and what is new."""

    heading: str
    topics: tuple[TopicRows, ...]
    sources: tuple[SourceRow, ...]
    faulty: int


def shown(every: Sequence[Followed], news: News) -> Markup:
    """The news of the week, and the followed sources below it."""
    topics = tuple(
        TopicRows(one.question, tuple(PaperRow(paper.id, readable(paper.title)) for paper in one.papers))
        for one in news.asked
    )
    heading = f"{news.summary}{':' if topics else ' this week.'}"
    rows = tuple(
        SourceRow(one.name, f"{one.kind} {shown_target(one.kind, one.target)}", _last(one), one.fault) for one in every
    )
    return render("papers.followed", SourcesView(heading, topics, rows, sum(bool(one.fault) for one in every)))


def _last(one: Followed) -> str:
    if one.synced is None:
        return "Not synced yet."
    counts = {"added": one.brought.added, "updated": one.brought.updated, "rejected": one.brought.rejected}
    brought = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "nothing new"
    return f"Synced {one.synced:%Y-%m-%d %H:%M} UTC: {brought}. {one.remark}".strip()
