"""Names of collections and titles of papers in, collections out: made, changed, listed and deleted.

A collection is in the file of the library, so that a paper that is removed leaves it in the same transaction.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING

from ..core.bounds import COLLECTED, COLLECTION, COLLECTIONS, bounded
from ..core.errors import CollectionError, NoSuchDays, QuestionError
from ..core.filters import ALL, Collection, Filter, bounded_filter
from ..core.records import fold
from ..core.text import clean
from ..library.browsing import fitting, hidden, in_collection, members, packed_filter, unpacked_filter
from ..library.file import META

if TYPE_CHECKING:
    from ..library.papers import Library
    from .holdings import Holdings

NOBODY = 0
"""The number of no collection: without papers put in by hand."""


class Collections:
    """The collections that one owner may use: the owner's own, those of the home, and shared ones; "" is the home.

    Papers are named by title or id. Only the owner's own can be changed. Raises `CollectionNotFound`, `PaperNotFound`,
    `QuestionError`.
    """

    def __init__(self, using: Callable[[], AbstractContextManager[Holdings]], owner: str = "") -> None:
        self._using, self._owner = using, owner

    def of(self, owner: str) -> Collections:
        """Those that another owner may use."""
        return Collections(self._using, owner)

    def listed(self) -> list[Collection]:
        """All of them by name, the owner's own before others of that name."""
        query = (
            "select number, owner, name, shared, filter from collections where owner in (?, '') or shared = 1 "
            "order by key, owner != ?, number"
        )
        me = hidden(self._owner)
        with self._using() as holdings:
            rows = holdings.library.rows
            return [
                Collection(name, len(members(number, where, rows)), where, bool(shared), owner == me)
                for number, owner, name, shared, text in rows(query, (me, me))
                for where in [unpacked_filter(text)]
            ]

    def names(self, *, own: bool = False) -> list[str]:
        """Their names, each once; `own`: of those that the owner may change."""
        query = (
            "select name from collections where owner = ? or (not ? and (owner = '' or shared = 1)) "
            "order by key, number"
        )
        with self._using() as holdings:
            rows = holdings.library.rows(query, (hidden(self._owner), own))
        return list({fold(name): name for (name,) in rows}.values())

    def holding(self, title: str) -> list[str]:
        """The names of the owner's own collections that a paper was put into by hand."""
        query = (
            "select name from collections join collected on collection = number where owner = ? and paper_id = ? "
            "order by key"
        )
        with self._using() as holdings:
            rows = holdings.library.rows(query, (hidden(self._owner), holdings.paper(title).id))
        return [name for (name,) in rows]

    def get(self, name: str) -> Collection:
        """The collection of that name."""
        with self._using() as holdings:
            in_collection(name, self._owner, holdings.library.rows)
        return next(one for one in self.listed() if fold(one.name) == fold(name))

    def create(self, name: str, *papers: str, where: Filter = ALL, shared: bool = False) -> Collection:
        """A new collection of these papers, and of all that pass a filter, those added later included.

        `shared`: all users may use it. Raises `QuestionError` if there is one of that name, or too many.
        """
        name, where = _named(name), _saved(where)
        with self._using() as holdings:
            ids = [holdings.paper(title).id for title in papers]
            library = holdings.library
            with suppress(NoSuchDays):  # no paper fits it
                fitting(where, library.rows)  # raises if it names a listing or day that is none
            with library.transaction():
                own = [row[0] for row in library.rows(_OWN, (hidden(self._owner),))]
                if fold(name) in own:
                    raise CollectionError(f"There is a collection {name!r} already. Choose another name, or delete it.")
                if len(own) >= COLLECTIONS:
                    raise CollectionError(f"There are {COLLECTIONS} collections already. Delete one first.")
                values = (hidden(self._owner), fold(name), name, int(shared), packed_filter(where))
                insert = "insert into collections (owner, key, name, shared, filter) values (?, ?, ?, ?, ?)"
                library.rows(insert, values)
                self._put(library, name, ids)
        return self.get(name)

    def add(self, name: str, *papers: str) -> Collection:
        """The collection with more papers; those that are in it already change nothing."""
        with self._using() as holdings:
            ids = [holdings.paper(title).id for title in papers]
            with holdings.library.transaction():
                self._put(holdings.library, name, ids)
        return self.get(name)

    def remove(self, name: str, *papers: str) -> Collection:
        """The collection without papers that were put in by hand; one that passes its filter cannot be taken out."""
        with self._using() as holdings:
            chosen, library = [holdings.paper(title) for title in papers], holdings.library
            with library.transaction():
                number, where = self._own(library, name)
                passing = members(NOBODY, where, library.rows)
                for paper in chosen:
                    if paper.id in passing:
                        raise CollectionError(
                            f"{paper.title!r} passes the filter of this collection ({where.words}), so it stays in it. "
                            "Make another collection, or another filter."
                        )
                    library.rows("delete from collected where collection = ? and paper_id = ?", (number, paper.id))
                _note(library)
        return self.get(name)

    def delete(self, name: str) -> None:
        """Delete the collection; its papers stay in the library."""
        with self._using() as holdings, holdings.library.transaction():
            number, _ = self._own(holdings.library, name)
            holdings.library.rows("delete from collections where number = ?", (number,))
            _note(holdings.library)

    def delete_all(self) -> int:
        """Delete the owner's own collections, and return how many there were."""
        with self._using() as holdings, holdings.library.transaction():
            query = "delete from collections where owner = ? returning number"
            deleted = holdings.library.rows(query, (hidden(self._owner),))
            _note(holdings.library)
        return len(deleted)

    def _put(self, library: Library, name: str, paper_ids: list[str]) -> None:
        number, _ = self._own(library, name)
        for paper_id in paper_ids:
            library.rows("insert into collected values (?, ?) on conflict do nothing", (number, paper_id))
        count = library.rows("select count(*) from collected where collection = ?", (number,))[0][0]
        if count > COLLECTED:
            raise CollectionError(f"A collection takes {COLLECTED:,} papers at most. Make it of a filter instead.")
        _note(library)

    def _own(self, library: Library, name: str) -> tuple[int, Filter]:
        """The number and the filter of the owner's own collection of that name."""
        query = "select number, filter from collections where owner = ? and key = ?"
        if rows := library.rows(query, (hidden(self._owner), fold(name))):
            return rows[0][0], unpacked_filter(rows[0][1])
        in_collection(name, self._owner, library.rows)  # raises if there is none at all
        raise CollectionError(f"The collection {name!r} is not yours to change. You can ask questions about it.")


_OWN = "select key from collections where owner = ?"


def _named(name: str) -> str:
    name = " ".join(clean(name).split())
    if not any(map(str.isalnum, name)):
        raise QuestionError("A collection needs a name with a letter or a digit.")
    return bounded(name, COLLECTION, "collection's name")


def _saved(where: Filter) -> Filter:
    if where.collection.strip() or (where.without and where.without.collection.strip()):
        raise CollectionError("A collection cannot be made of another one. Give a filter without a collection.")
    return bounded_filter(where).owned_by("")


def _note(library: Library) -> None:
    """Let every process know that what is in a collection has changed."""
    library.rows(META, ("collected", secrets.token_hex(8)))
