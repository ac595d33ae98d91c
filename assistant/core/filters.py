"""Which papers count, as a record: what is asked of them beside what they are about."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .bounds import COLLECTION, DAY, NAMES, TITLE, bounded
from .errors import QuestionError
from .notebook import Brief


@dataclass(frozen=True, slots=True, repr=False)
class Filter(Brief):
    """The papers of some days, authors, venues, listing or collection; each field that is empty leaves out none.

    False if all are empty.

    `since` and `until` are days, as 2025-03-12, 2025-03, 2025 or Mar 12, and included. A paper has all of the `authors`
    and one of the `venues`; an author is given by the family name or more, a venue by its name or a part of it.
    `source` is a listing, by its file name or date. Papers that pass the filter `without` are left out. So are those
    found that are about one of the topics `not_about`: their titles name it, or several of their sentences do.
    `collection` is one by its name that `owner` may use; a door says who that is, and "" is the home.

    >>> Filter(since="2023", authors=("Potthast",)).words
    'since 2023, by Potthast'
    """

    since: str = ""
    until: str = ""
    authors: tuple[str, ...] = ()
    venues: tuple[str, ...] = ()
    source: str = ""
    without: Filter | None = None
    collection: str = ""
    owner: str = field(default="", repr=False)
    not_about: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("authors", "venues", "not_about"):
            given = getattr(self, name)
            names = (given,) if isinstance(given, str) else given  # one name would be taken for a tuple of letters
            object.__setattr__(self, name, tuple(text for one in names if (text := " ".join(one.split()))))

    def __bool__(self) -> bool:
        texts = (self.since, self.until, self.source, self.collection)
        return any(map(str.strip, texts)) or bool(self.authors or self.venues or self.without or self.not_about)

    def completed(self, other: Filter) -> Filter:
        """This filter; days, authors and venues are those of another where this one names none, unwanted ones included.

        >>> Filter(since="2023").completed(Filter(until="2020", venues=("ACL",))).words
        'since 2023, at ACL'
        """
        days = self if self.since or self.until else other
        names = self if self.without else other
        return replace(
            self,
            since=days.since,
            until=days.until,
            authors=self.authors or names.authors,
            venues=self.venues or names.venues,
        )

    @property
    def words(self) -> str:
        """The filter as people say it."""
        since, until = self.since.strip(), self.until.strip()
        between = f"of {since}" if since == until else f"from {since} to {until}"
        parts = [
            between if since and until else f"since {since}" if since else f"until {until}" if until else "",
            f"by {' and '.join(self.authors)}" if self.authors else "",
            f"at {' or '.join(self.venues)}" if self.venues else "",
            f"from {self.source.strip()}" if self.source.strip() else "",
            f"in the collection “{' '.join(self.collection.split())}”" if self.collection.strip() else "",
            f"not {self.without.words}" if self.without else "",
            f"not about {' or '.join(self.not_about)}" if self.not_about else "",
        ]
        return ", ".join(part for part in parts if part)

    def owned_by(self, owner: str) -> Filter:
        """The filter with its collection, and that of `without`, looked up for this owner."""
        return replace(self, owner=owner, without=self.without and self.without.owned_by(owner))


ALL = Filter()
"""The filter that every paper passes."""


@dataclass(frozen=True, slots=True, repr=False)
class Collection(Brief):
    """A named set of papers: those put in by hand, and all that pass `where` if it is one, now or when they are added.

    `papers` counts those in it now. `shared`: all users may use it. `own`: whoever asks may change it.
    """

    name: str
    papers: int = 0
    where: Filter = ALL
    shared: bool = False
    own: bool = True


def bounded_filter(where: Filter) -> Filter:
    """The filter. Raises `QuestionError` if it is longer than any that is meant."""
    bounded(where.since, DAY, "first day")
    bounded(where.until, DAY, "last day")
    bounded(where.source, TITLE, "listing's name")
    bounded(where.collection, COLLECTION, "collection's name")
    for name in (*where.authors, *where.venues, *where.not_about):
        bounded(name, TITLE, "name")
    if len(where.authors) + len(where.venues) + len(where.not_about) > NAMES:
        raise QuestionError(f"The filter has more than {NAMES} names. Leave some out.")
    if where.without:
        bounded_filter(where.without)
    return where
