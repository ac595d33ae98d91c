"""The record of the papers in, out what can be said of them all: counts by name, year and listing, and the last ones.

Each is one statement, so that also a large library is summed up at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from ..core.records import Paper
from .browsing import Kind
from .papers import Library


class Count(NamedTuple):
    """A name, a year or a listing, and how many papers are of it."""

    name: str
    papers: int


class Names(NamedTuple):
    """The most frequent names of a kind, how many there are in all, and how many papers have one."""

    most: Sequence[Count]
    different: int
    papers: int


def names(library: Library, kind: Kind, *, most: int) -> Names:
    """The authors or venues with the most papers, most first."""
    column = "name" if kind == "author" else "key"
    counts = library.rows(
        f"select min(name), count(distinct paper_id) as papers from names where kind = ? group by {column} "
        "order by papers desc, min(name) limit ?",
        (kind, most),
    )
    totals = library.rows(
        f"select count(distinct {column}), count(distinct paper_id) from names where kind = ?", (kind,)
    )
    return Names([Count(*row) for row in counts], *totals[0])


def years(library: Library) -> list[Count]:
    """How many papers are of each year, the first year first; papers without a year do not count."""
    rows = library.rows("select year, count(*) from days where year > 0 group by year order by year")
    return [Count(str(year), papers) for year, papers in rows]


def listings(library: Library) -> list[Count]:
    """How many papers each listing has, by its date or, without one, its file name."""
    rows = library.rows(
        "select case label when '' then listings.source else label end, count(paper_id) from listings "
        "left join sources on sources.source = listings.source group by listings.source order by listings.source"
    )
    return [Count(*row) for row in rows]


def by_date(library: Library, order: Literal["newest", "oldest"], *, limit: int) -> list[Paper]:
    """The papers published last, or first, of those with a year."""
    way = "desc" if order == "newest" else "asc"
    rows = library.rows(
        f"select paper_id from days where year > 0 order by year {way}, last {way}, paper_id limit ?", (limit,)
    )
    return library.papers(paper_id for (paper_id,) in rows)


def first_titles(library: Library, *, limit: int) -> list[str]:
    """The first titles of the alphabet."""
    return [title for (title,) in library.rows("select title from papers order by title, id limit ?", (limit,))]


def some_titles(library: Library, *, limit: int) -> list[str]:
    """Titles in an order that favours no topic and no letter."""
    return [title for (title,) in library.rows("select title from papers order by id limit ?", (limit,))]


def last_changed(library: Library, *, limit: int) -> tuple[int, list[str]]:
    """How many papers the last ingest that changed any added or updated, and the first titles of these."""
    newest = "from papers where revision = (select max(revision) from papers)"
    titles = library.rows(f"select title {newest} order by title, id limit ?", (limit,))
    return int(library.rows(f"select count(*) {newest}")[0][0]), [title for (title,) in titles]


def random_title(library: Library) -> str:
    """Any title; "" if there is none."""
    return next((title for (title,) in library.rows("select title from papers order by random() limit 1")), "")


def identified(library: Library) -> int:
    """How many papers have a DOI, or an arXiv, PubMed or Semantic Scholar number."""
    return int(library.rows("select count(*) from papers where further like '%\"identifiers\"%'")[0][0])
