"""A filter in, the ids of the papers that pass it out; a paper in, the rows by which filters reach it.

A date may lack its year, like the dates of listings ("Mar 12"). It is then compared by month and day only. The date of
a paper is when it was published or, if that is unknown, the dates of its listings.
"""

from __future__ import annotations

import difflib
import functools
import json
import operator
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from ..core.bibliography import family_name
from ..core.bounds import excerpt
from ..core.errors import CollectionNotFound, LibraryError, NoSuchDays, PaperNotFound, QuestionError
from ..core.filters import ALL, Filter
from ..core.records import Paper, digest, fold
from .paper_ids import PaperIds

Kind = Literal["author", "venue"]
Rows = Callable[[str, Sequence[object]], Sequence[tuple[Any, ...]]]
"""Runs a statement on the file of a library and gives its rows."""

MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
SHOWN = 8
"""Most listings that an error names."""

_PLAIN = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "\u0131": "i", "ð": "d", "þ": "th"})
"""Letters that Unicode does not take apart."""
_NUMBERS = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2})(?:[T ].*)?)?)?")
_WORDS = re.compile(rf"({'|'.join(MONTHS)})[a-z]*\.? (\d{{1,2}})(?:,? (\d{{4}}))?", re.I)


@dataclass(frozen=True, slots=True)
class Days:
    """The days that a date means, from `first` to `last`, as (month, day); `year` is 0 if it has none."""

    year: int
    first: tuple[int, int]
    last: tuple[int, int]

    def before(self, other: Days) -> bool:
        """Whether all of these days are before all of the others."""
        if self.year and other.year and self.year != other.year:
            return self.year < other.year
        return self.last < other.first


def days(text: str) -> Days | None:
    """The days that "2025-03-12", "2025-03", "2025", "Mar 12" or "March 12, 2025" means; None for anything else.

    >>> days("Mar 12")
    Days(year=0, first=(3, 12), last=(3, 12))
    """
    text = " ".join(text.split())
    if match := _NUMBERS.fullmatch(text):
        year, month, day = (int(part or 0) for part in match.groups())
    elif match := _WORDS.fullmatch(text):
        year, month, day = int(match[3] or 0), MONTHS.index(match[1].casefold()) + 1, int(match[2])
    else:
        return None
    if month > 12 or day > 31 or (match.re is _WORDS and not day):
        return None
    return Days(year, (month or 1, day or 1), (month or 12, day or 31))


# -- what filters reach a paper by


def days_of(paper: Paper) -> Days | None:
    """When a paper was published; its year alone if the date in `published` is of another one."""
    date = days(paper.published)
    if date and paper.year and not date.year:
        return replace(date, year=paper.year)
    return date if date and paper.year in (None, date.year) else days(f"{paper.year:04}") if paper.year else None


def names_of(paper: Paper) -> list[tuple[Kind, str, str]]:
    """The kind, key and name of each author and of the venue."""
    named: list[tuple[Kind, str]] = [*(("author", author) for author in paper.authors), ("venue", paper.venue)]
    return [(kind, key, name) for kind, name in named if (key := _key(kind, name))]


def name_words(name: str) -> list[str]:
    """The words of a name in small letters of English: `"M. Żółw-Reed"` -> `["m", "zolw", "reed"]`."""
    letters = unicodedata.normalize("NFKD", fold(name)).translate(_PLAIN)
    return re.findall(r"\w+", "".join(letter for letter in letters if not unicodedata.combining(letter)))


def is_author(wanted: str, author: str) -> bool:
    """Whether a name means an author: the family names are the same, and the given names may be, from the first on.

    >>> [is_author(name, "Christopher D. Manning") for name in ("Manning", "C. Manning", "Chris Manning", "D. Manning")]
    [True, True, True, False]
    """
    family = name_words(family_name(author))
    words = name_words(wanted)
    if not words or words[-len(family) :] != family[-len(words) :]:
        return False
    first, *others = words[: -len(family)] or [""]
    given = iter(name_words(author)[: -len(family)])
    return not first or (
        _may_be(first, next(given, "?")) and all(any(_may_be(word, other) for other in given) for word in others)
    )


def _may_be(word: str, other: str) -> bool:
    """Whether two given names may be of one person: one begins the other."""
    return word.startswith(other) or other.startswith(word)


def is_venue(wanted: str, venue: str) -> bool:
    """Whether a name is a venue's, or a part of it in whole words."""
    return bool(words := " ".join(name_words(wanted))) and f" {words} " in f" {' '.join(name_words(venue))} "


# -- filters


def fitting(where: Filter, rows: Rows) -> PaperIds | None:
    """The ids of the papers that pass a filter; None if all do. `rows` reads the file of the library.

    Raises `PaperNotFound` for an unknown listing, `CollectionNotFound`, `QuestionError` for something that is not a
    date, and `NoSuchDays` if `until` is before `since`. An author or venue that no paper has is passed by none.
    """
    listings: dict[str, str] = dict(rows("select source, label from listings order by source", ()))
    parts = [
        *([_of_days(where, listings, rows)] if where.since.strip() or where.until.strip() else []),
        *([of_sources(_sources(where.source, listings), rows)] if where.source.strip() else []),
        *([in_collection(where.collection, where.owner, rows)] if where.collection.strip() else []),
        *(_named("author", meant("author", author, rows), rows) for author in where.authors),
        *(
            [_named("venue", [v for one in where.venues for v in meant("venue", one, rows)], rows)]
            if where.venues
            else []
        ),
    ]
    left_out = fitting(where.without, rows) if where.without else None
    if left_out is not None:
        parts = [(parts or [_ids("id from papers", (), rows)])[0] - left_out, *parts[1:]]
    return functools.reduce(operator.and_, parts) if parts else None


def _ids(query: str, values: Sequence[object], rows: Rows) -> PaperIds:
    return _united([joined(query, values, rows)])


def _united(joined_ids: Iterable[str]) -> PaperIds:
    try:
        return PaperIds(joined_ids)
    except ValueError as error:
        raise LibraryError(
            f"The record of the papers has an id that is not one ({error}): its file is damaged. Restore a copy."
        ) from error


def joined(query: str, values: Sequence[object], rows: Rows) -> str:
    """The ids of a query such as "id from papers", one after the other: far faster than a row for each."""
    column, _, source = query.partition(" ")
    ((ids,),) = rows(f"select group_concat({column}, '') {source}", values)
    return ids or ""


# -- collections


def hidden(owner: str) -> str:
    """What the file has of an owner: a hash, or "" for the home."""
    return digest(owner) if owner else ""


def packed_filter(where: Filter) -> str:
    """A filter as JSON; "" for the one that all papers pass."""
    return json.dumps(asdict(where), ensure_ascii=False) if where else ""


def unpacked_filter(text: str) -> Filter:
    """What `packed_filter` made JSON of."""
    values = json.loads(text) if text else {}
    without = values.pop("without", None)
    return Filter(**values, without=Filter(**without) if without else None) if values else ALL


def in_collection(name: str, owner: str, rows: Rows) -> PaperIds:
    """The ids of the papers in the collection of that name: the owner's, the home's, or a shared one.

    Raises `CollectionNotFound`, which names the closest.
    """
    usable = rows(
        "select number, key, filter, name from collections where owner in (?, '') or shared = 1 "
        "order by owner != ?, owner != '', number",
        (hidden(owner), hidden(owner)),
    )
    for number, key, text, _ in usable:
        if key == fold(name):
            return members(number, unpacked_filter(text), rows)
    names = {key: shown for _, key, _, shown in usable}
    close = difflib.get_close_matches(fold(name), names, n=3, cutoff=0.5)
    there = f"There are: {', '.join(sorted(names.values())[:SHOWN])}." if names else "There are none yet."
    hint = f"The closest: {', '.join(names[key] for key in close)}." if close else there
    raise CollectionNotFound(f"There is no collection {excerpt(name)!r}. {hint}")


def members(number: int, where: Filter, rows: Rows) -> PaperIds:
    """The ids of the papers put into a collection by hand, and of those that pass its filter if it has one."""
    by_hand = _ids("paper_id from collected where collection = ?", (number,), rows)
    passing = PaperIds()
    with suppress(PaperNotFound, NoSuchDays):  # its listing is gone with its papers, or no day fits
        passing = (fitting(where, rows) if where else None) or passing
    return by_hand | passing


_VENUES = """
with recursive venues(key) as (
    select min(key) from names where kind = 'venue'
    union all
    select (select min(key) from names where kind = 'venue' and key > venues.key) from venues where key is not null)
select (select min(name) from names where kind = 'venue' and names.key = venues.key)
    from venues where key is not null"""
"""Each venue once, by as many look-ups as there are venues: papers are far more."""


def meant(kind: Kind, name: str, rows: Rows) -> list[str]:
    """The authors or venues here that a name means, as they are written; of a venue written in several ways, one way.

    A venue of exactly that name is the only one meant.

    >>> meant("venue", "ACL", lambda *_: [("ACL",), ("Findings of ACL",)])
    ['ACL']
    """
    words = name_words(name)
    if not words:
        return []
    if kind == "author":
        named = rows("select distinct name from names where kind = ? and key = ? order by name", (kind, words[-1]))
        return [author for (author,) in named if is_author(name, author)]
    venues = [venue for (venue,) in rows(_VENUES, ())]
    return [one for one in venues if name_words(one) == words] or [one for one in venues if is_venue(name, one)]


def _named(kind: Kind, wanted: Sequence[str], rows: Rows) -> PaperIds:
    """The ids of the papers with any of the authors or venues that these names mean."""
    query = "paper_id from names where kind = ? and key = ? and (? = 'venue' or name = ?)"
    named = {name for one in wanted for name in meant(kind, one, rows)}
    parts = (_ids(query, (kind, _key(kind, name), kind, name), rows) for name in named)
    return functools.reduce(operator.or_, parts, PaperIds())


def _key(kind: Kind, name: str) -> str:
    """What a name is looked up by: of an author, the last word of the family name."""
    words = name_words(family_name(name) if kind == "author" else name)
    return " ".join(words[-1:] if kind == "author" else words)


def of_sources(sources: Sequence[str], rows: Rows) -> PaperIds:
    """The ids of the papers in any of these sources."""
    marks = ",".join("?" * len(sources))
    return _ids(f"paper_id from sources where source in ({marks})", sources, rows)


def _of_days(where: Filter, listings: Mapping[str, str], rows: Rows) -> PaperIds:
    """The ids of the papers published within the days, or undated and in a listing of them.

    Of no known year, they pass only a filter that names none.
    """
    earliest, latest = _end(where.since), _end(where.until)
    if earliest and latest and latest.before(earliest):
        raise NoSuchDays(f"{where.until!r} lies before {where.since!r}, so no day fits. Put the earlier one first.")
    with_year, without = [] if earliest and earliest.year else ["year > 0"], ["year = 0"]
    values, day_values = list[int](), list[int]()
    for end, column, sign in ((earliest, "last", ">="), (latest, "first", "<=")):
        if end:
            day = _number(end.first if end is earliest else end.last)
            with_year.append(f"(year, {column}) {sign} (?, ?)" if end.year else f"{column} {sign} ?")
            without.append(f"{column} {sign} ?")
            values += [end.year, day] if end.year else [day]
            day_values.append(day)
    of_a_year = any(end and end.year for end in (earliest, latest))
    queries = ((with_year, values),) if of_a_year else ((with_year, values), (without, day_values))
    ids = _united(joined(f"paper_id from days where {' and '.join(some)}", own, rows) for some, own in queries)
    labels = ((source, date) for source, label in listings.items() if (date := days(label)))
    dated = [source for source, date in labels if (date.year or not of_a_year) and _within(date, earliest, latest)]
    undated = of_sources(dated, rows)
    return ids | (undated - _ids("paper_id from days", (), rows)) if undated else ids


def _number(day: tuple[int, int]) -> int:
    """A month and a day as one number that grows with them."""
    return 100 * day[0] + day[1]


def day_row(date: Days) -> tuple[int, int, int]:
    """The year, first and last day as the file has them."""
    return date.year, _number(date.first), _number(date.last)


def _sources(listing: str, listings: Mapping[str, str]) -> list[str]:
    wanted = fold(listing)
    sources = [source for source, label in listings.items() if wanted in (fold(source), fold(label))]
    if not sources:
        some = [f"{source} ({label})" if label else source for source, label in listings.items()]
        more = f" and {len(some) - SHOWN} more" if len(some) > SHOWN else ""
        there = f"There are: {', '.join(some[:SHOWN])}{more}." if some else "There are none yet."
        raise PaperNotFound(f"No listing here is called {listing!r}. {there}")
    return sources


def _end(text: str) -> Days | None:
    end = days(text)
    if text.strip() and end is None:
        raise QuestionError(f"{text!r} is no date. Write it as 2025-03-12, 2025-03, 2025 or Mar 12.")
    return end


def _within(some: Days, earliest: Days | None, latest: Days | None) -> bool:
    return not (earliest and some.before(earliest)) and not (latest and latest.before(some))
