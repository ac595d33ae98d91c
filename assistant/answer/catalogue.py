"""The papers in, in words out what the library has: counts, and titles that say where the rest is listed.

Every number and title is read off the library when it is asked for.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from ..core.records import Paper
from ..core.text import STOP_WORDS, counted, words
from ..index.atlas import stored_atlas
from ..index.searchable import Index
from ..library import figures
from ..library.browsing import Kind, days

SHOWN = 10
"""Most names, years or titles in a reply."""
TITLES_READ = 2000
"""Titles that frequent phrases are looked for in."""
ASK = "Ask about a topic, a method or a paper by name, or ask for a list or a comparison."
ALL_ELSEWHERE = "`assistant papers` lists all of them, and so does the page under Papers."


def introduction(index: Index) -> str:
    """What the assistant does, and with how many papers."""
    return f"{work(len(index))} I know nothing beyond the abstracts."


def work(papers: int) -> str:
    """What the assistant does with so many papers, and how to begin."""
    size = counted(papers, "paper")
    return (
        f"I answer questions about {size}, using only titles and abstracts, and cite a paper for every sentence. {ASK}"
    )


def size(index: Index) -> str:
    """How many papers and files there are, of which years and venues."""
    library = index.library
    some, known = figures.years(library), figures.names(library, "venue", most=3).most
    span = f" They are from {_span(some)}." if some else ""
    most = f" The most frequent venues are {_counts(known)}." if known else ""
    return f"The library has {_size(index)}.{span}{most} {listings(index)}"


def titles(index: Index) -> str:
    """The first titles."""
    first = figures.first_titles(index.library, limit=SHOWN)
    rest = f" The first {len(first)} by title are:" if len(first) < len(index) else ""
    return _listed(f"The library has {_size(index)}.{rest}", first, ALL_ELSEWHERE if rest else "")


def newest(index: Index) -> str:
    """The papers published last or, if none has a year, the newest of the dated listings."""
    papers = figures.by_date(index.library, "newest", limit=SHOWN)
    if papers:
        return _listed("The papers published last are:", map(_dated, papers))
    dates = {label: date for label in index.library.listings().values() if (date := days(label))}
    if not dates:
        return f"No paper and no listing here has a date. {last_added(index)}"
    label = max(dates, key=lambda one: (dates[one].year, dates[one].first))
    return f"The newest listing is of {label}. Ask for its papers: papers from {label}."


def oldest(index: Index) -> str:
    """The papers published first."""
    papers = figures.by_date(index.library, "oldest", limit=SHOWN)
    if not papers:
        return f"{_none('year')} {listings(index)}"
    return _listed("The papers published first are:", map(_dated, papers))


def last_added(index: Index) -> str:
    """The papers of the last change: when they came in is not recorded."""
    number, some = figures.last_changed(index.library, limit=SHOWN)
    shown = f", the first {len(some)} of which are:" if number > len(some) else ":"
    opening = f"When a paper was added is not recorded. The last change added or updated {counted(number, 'paper')}"
    return _listed(f"{opening}{shown}", some)


def years(index: Index) -> str:
    """How many papers are of each year, the latest years if there are many."""
    counts = figures.years(index.library)
    if not counts:
        return f"{_none('year')} {listings(index)}"
    dated, shown = sum(one.papers for one in counts), counts[-2 * SHOWN :]
    before = sum(one.papers for one in counts[: -2 * SHOWN])
    earlier = f" {counted(before, 'paper')} are older." if before else ""
    largest = max(counts, key=lambda one: one.papers)
    opening = f"Of {_size(index)}, {dated:,} have a year, from {_span(counts)}"
    return f"{opening}; most are of {largest.name}. By year: {_counts(shown)}.{earlier}"


def venues(index: Index) -> str:
    """The venues with the most papers."""
    return _names(index, "venue", "The library knows a paper's venue only where its file names it.")


def authors(index: Index) -> str:
    """The authors with the most papers."""
    return _names(index, "author", "Ask for the papers by an author to list them.")


def topics(index: Index) -> str:
    """The topics of the map if it has been drawn, else phrases that many titles share."""
    atlas = stored_atlas(index.library, index)
    if atlas and atlas.clusters:
        clusters = sorted(atlas.clusters, key=lambda one: -one.size)
        named = _counts(figures.Count(one.label, one.size) for one in clusters if one.label)
        return f"The map of the papers sorts {_size(index)} into these topics: {named}. It is on the page under Papers."
    some = figures.some_titles(index.library, limit=TITLES_READ)
    phrases = _phrases(some)
    if not phrases:
        return f"The library has {_size(index)}, and their titles share no phrase. {ALL_ELSEWHERE}"
    shared = f"These phrases are the most frequent in {counted(len(some), 'title')}: {_counts(phrases)}."
    return f"{shared} The page has a map of the topics under Papers."


def listings(index: Index) -> str:
    """The files that papers came from, with the number of papers of each."""
    counts = sorted(figures.listings(index.library), key=lambda one: -one.papers)
    more = f" and {len(counts) - SHOWN} more, which `assistant status` lists" if len(counts) > SHOWN else ""
    return f"The papers come from {counted(len(counts), 'file')}: {_counts(counts[:SHOWN])}{more}."


def any_paper(index: Index) -> str:
    """A paper by chance."""
    return f"“{figures.random_title(index.library)}” is one of {_size(index)}. Ask what it is about."


def identified(index: Index) -> str:
    """How many papers have an identifier."""
    number = figures.identified(index.library)
    return f"Of {_size(index)}, {number:,} have a DOI, or an arXiv, PubMed or Semantic Scholar number."


COUNTS: Mapping[str, Callable[[Index], str]] = {
    "introduction": introduction,
    "size": size,
    "titles": titles,
    "newest": newest,
    "oldest": oldest,
    "added": last_added,
    "years": years,
    "venues": venues,
    "authors": authors,
    "topics": topics,
    "listings": listings,
    "any_paper": any_paper,
    "identified": identified,
}
"""What `counts` in `replies.toml` names."""


# -- parts


def _size(index: Index) -> str:
    return counted(len(index), "paper")


def _names(index: Index, kind: Kind, hint: str) -> str:
    some = figures.names(index.library, kind, most=SHOWN)
    if not some.most:
        return f"{_none(kind)} {listings(index)}"
    which = f"the first of {some.different:,}" if some.different > len(some.most) else "all of them"
    opening = f"Of {_size(index)}, {some.papers:,} name their {kind}{'s' * (kind == 'author')}"
    return f"{opening}. By number of papers, {which}: {_counts(some.most)}. {hint}"


def _none(what: str) -> str:
    return f"No paper here names its {what}."


def _counts(some: Iterable[figures.Count]) -> str:
    return ", ".join(f"{one.name} ({one.papers:,})" for one in some)


def _span(counts: Sequence[figures.Count]) -> str:
    first, last = counts[0].name, counts[-1].name
    return first if first == last else f"{first} to {last}"


def _dated(paper: Paper) -> str:
    return f"{paper.title} ({paper.published or paper.year})"


def _listed(opening: str, items: Iterable[str], closing: str = "") -> str:
    return "\n".join([opening, *(f"- {item}" for item in items), *([closing] if closing else [])])


def _phrases(some_titles: Sequence[str]) -> list[figures.Count]:
    """The pairs of neighbouring words in the most titles, at least two, as usually written."""
    spellings: dict[str, Counter[str]] = {}
    for title in some_titles:
        pairs = {
            f"{a} {b}"
            for a, b in itertools.pairwise(words(title))
            if STOP_WORDS.isdisjoint((a.casefold(), b.casefold()))
        }
        for pair in pairs:
            spellings.setdefault(pair.casefold(), Counter())[pair] += 1
    counts = [figures.Count(max(some, key=some.__getitem__), some.total()) for some in spellings.values()]
    return sorted((one for one in counts if one.papers > 1), key=lambda one: (-one.papers, one.name))[:SHOWN]
