"""Papers and a filter in, the papers that pass it out: by listing and by date.

A date may lack its year, like the dates of listings ("Mar 12"). It is then compared by month and day only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..core.errors import NoSuchDays, PaperNotFound, QuestionError
from ..core.records import Paper, fold

MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
SHOWN = 8
"""Most listings that an error names."""

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


def fitting(
    papers: Iterable[Paper], listings: Mapping[str, str], *, listing: str = "", since: str = "", until: str = ""
) -> list[Paper]:
    """The papers of one listing, given by its source or label, and of the days from `since` to `until`; "" is open.

    `listings` has the label of each source. The date of a paper is when it was published or, if that is unknown, the
    dates of its listings; a paper without any passes only if both ends are open. Raises `PaperNotFound` for an unknown
    listing, `QuestionError` for something that is not a date, and `NoSuchDays` if `until` is before `since`.
    """
    sources = _sources(listing, listings) if listing.strip() else None
    earliest, latest = _end(since), _end(until)
    if earliest and latest and latest.before(earliest):
        raise NoSuchDays(f"{until!r} lies before {since!r}, so no day fits. Put the earlier one first.")
    return [
        paper
        for paper in papers
        if (sources is None or not sources.isdisjoint(paper.sources))
        and ((earliest is None and latest is None) or any(_within(d, earliest, latest) for d in _days(paper, listings)))
    ]


def _sources(listing: str, listings: Mapping[str, str]) -> set[str]:
    wanted = fold(listing)
    sources = {source for source, label in listings.items() if wanted in (fold(source), fold(label))}
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


def _days(paper: Paper, listings: Mapping[str, str]) -> list[Days]:
    published = days(paper.published)
    dates = [published] if published else [days(listings.get(source, "")) for source in paper.sources]
    return [date for date in dates if date]


def _within(some: Days, earliest: Days | None, latest: Days | None) -> bool:
    return not (earliest and some.before(earliest)) and not (latest and latest.before(some))
