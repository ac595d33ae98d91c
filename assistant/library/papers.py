"""Papers in, papers out: what each source says of them, and the one paper that this makes.

The papers of a file are added in one transaction.
"""

from __future__ import annotations

import functools
import operator
import secrets
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from ..core.database import DataHome
from ..core.errors import LibraryError
from ..core.filters import Filter
from ..core.records import Ingested, Paper, digest, fold
from .browsing import Kind, day_row, days_of, fitting, joined, meant, names_of, of_sources
from .file import META, LibraryFile, kept
from .identity import is_one_paper, keys_of
from .merging import further, merged, packed, record_of, unpacked
from .paper_ids import PaperIds, ids_of, numbers_of


@dataclass(frozen=True, slots=True)
class _Change:
    """A paper as it will be, what each source says of it, and as it was (None: it is new)."""

    paper: Paper
    records: dict[str, Paper]
    known: Paper | None

    @property
    def outcome(self) -> str:
        if self.known is None:
            return "added"
        return "unchanged" if self.known.fingerprint == self.paper.fingerprint else "updated"


PASSING = 8
"""Filters whose papers are kept in memory."""

_PAPER = kept("papers", "id", "title", "abstract", "url", "published", "fingerprint", "revision", "further")
_SOURCE = kept("sources", "paper_id, source", "fingerprint", "record", "place")
_LISTING = kept("listings", "source", "label", "place")
_REMOVAL = kept("removals", "paper_id", "revision")


class Library(LibraryFile):
    """The papers in one folder."""

    def __init__(self, home: str | Path | DataHome, *, importing: bool = False) -> None:
        super().__init__(home, importing=importing)
        self._passing: dict[tuple[object, ...], PaperIds | None] = {}  # any thread fills it, with the same values

    @property
    def revision(self) -> int:
        """A number that grows with every change of a paper; 0 for a library without any."""
        return int(self.rows("select coalesce(max(revision), 0) from states")[0][0])

    @property
    def state(self) -> str:
        """A random name for this revision in this copy of the record; "" for a library without any changes."""
        return self.state_at(self.revision)

    def state_at(self, revision: int) -> str:
        """The state at a revision; "" if this record was never at it. A restored copy forgets later ones."""
        return next((str(row[0]) for row in self.rows("select state from states where revision = ?", (revision,))), "")

    def put(self, papers: Iterable[Paper], *, label: str = "", place: str = "") -> Ingested:
        """Add the papers of one file, all or none. Each paper names its source; `place` is the path of the file.

        A paper is updated if a source of it has changed what it says, or a further source says what was not known. Of a
        paper that is in the file twice, the first counts. `identity` has what makes one paper of two records.
        """
        counts = Counter[str]()
        with self.transaction():
            revision = self.revision + 1
            done: set[str] = set()
            for record in papers:
                change = self._change(record)
                again = change.paper.id in done
                if not again:
                    self._apply(change, revision)
                done.add(change.paper.id)
                counts["unchanged" if again else change.outcome] += 1
                for source in record.sources:
                    self.rows(_LISTING, (source, label, place))
            if counts["added"] or counts["updated"]:
                self._enter(revision)
            self.rows(META, ("listed", secrets.token_hex(8)))
        return Ingested(counts["added"], counts["updated"], counts["unchanged"])

    def news(self, papers: Iterable[Paper]) -> list[Paper]:
        """The papers that `put` would add or update, as they would then be."""
        return [change.paper for change in map(self._change, papers) if change.outcome != "unchanged"]

    def records(self, paper: Paper) -> list[Paper]:
        """What each source says of a paper, the one that counts most first.

        A source that an older program read is left out if it says something else, which was not kept.
        """
        return [said for _, said in self._stored(paper).values() if said]

    def _stored(self, paper: Paper) -> dict[str, tuple[str, Paper | None]]:
        """The fingerprint and the content of each record of a paper, by source; None if it was not kept."""
        query = "select source, fingerprint, record from sources where paper_id = ? order by place, source"
        return {
            source: (mark, record_of(paper, source) if mark == paper.fingerprint else _record(text, source))
            for source, mark, text in self.rows(query, (paper.id,))
        }

    def _change(self, record: Paper) -> _Change:
        """What putting a record changes: what an edited one says counts most from then on; a new one, least."""
        known = self._known(record)
        stored = self._stored(known) if known else {}
        records = {source: said for source, (_, said) in stored.items() if said}
        if known and not records:
            records = {"": record_of(known, "")}  # it came without a source
        for source in record.sources or ("",):
            said = {source: record_of(record, source)}
            edited = source in stored and stored[source][0] != record.fingerprint
            records = {**said, **records, **said} if edited else {**records, **({} if source in records else said)}
        paper = merged([*records.values()])
        if known:
            paper = paper if paper.id == known.id else replace(paper, identity=known.identity or fold(known.title))
        elif self.papers([paper.id]):
            paper = replace(paper, identity=" ".join([fold(paper.title), *keys_of(paper)]))
        return _Change(paper, records, known)

    def _known(self, record: Paper) -> Paper | None:
        """The paper here that a record is of."""
        ids = dict.fromkeys([record.id, *self._bearing(keys_of(record))])
        return next((paper for paper in self.papers(ids) if is_one_paper(record, paper)), None)

    def _bearing(self, keys: Sequence[str]) -> list[str]:
        """The ids of the papers with any of these keys."""
        if not keys:
            return []  # PostgreSQL has no empty list
        query = f"select distinct paper_id from aliases where key in ({','.join('?' * len(keys))}) order by paper_id"
        return [row[0] for row in self.rows(query, keys)]

    def _apply(self, change: _Change, revision: int) -> None:
        paper = change.paper
        if change.outcome != "unchanged":
            texts = (paper.id, paper.title, paper.abstract, paper.url, paper.published, paper.fingerprint)
            self.rows(_PAPER, (*texts, revision, further(paper)))
            self.rows("delete from removals where paper_id = ?", (paper.id,))
            self._list(paper)
        for place, (source, said) in enumerate(change.records.items()):
            if source:
                text = "" if said.fingerprint == paper.fingerprint else packed(said)
                self.rows(_SOURCE, (paper.id, source, said.fingerprint, text, place))
            for key in keys_of(said):
                self.rows("insert into aliases values (?, ?) on conflict do nothing", (key, paper.id))

    def _list(self, paper: Paper) -> None:
        """Make a paper known by its days, authors and venue."""
        for table in ("days", "names"):
            self.rows(f"delete from {table} where paper_id = ?", (paper.id,))
        if date := days_of(paper):
            self.rows("insert into days values (?, ?, ?, ?)", (paper.id, *day_row(date)))
        for row in names_of(paper):
            self.rows("insert into names values (?, ?, ?, ?) on conflict do nothing", (*row, paper.id))

    def remove(self, paper_ids: Sequence[str]) -> Ingested:
        """Remove papers by id; unknown ids are skipped."""
        with self.transaction():
            revision = self.revision + 1
            removed = 0
            for paper_id in paper_ids:
                if self.rows("delete from papers where id = ? returning id", (paper_id,)):
                    self.rows(_REMOVAL, (paper_id, revision))
                    removed += 1
            if removed:
                self._enter(revision)
        return Ingested(removed=removed)

    def removed(self) -> frozenset[str]:
        """The ids of the papers that were removed and have not been added again."""
        return frozenset(row[0] for row in self.rows("select paper_id from removals"))

    def _enter(self, revision: int) -> None:
        """Give the new revision a random state: after a copy is restored, its number alone is given twice."""
        self.rows("insert into states values (?, ?)", (revision, secrets.token_hex(8)))

    def __len__(self) -> int:
        return int(self.rows("select count(*) from papers")[0][0])

    def papers(self, paper_ids: Iterable[str] | None = None) -> list[Paper]:
        """All papers by title, or those with `paper_ids` in that order; unknown ids are left out."""
        if paper_ids is None:
            return self._select("order by papers.title, papers.id", ())
        wanted = list(paper_ids)
        by_id: dict[str, Paper] = {}
        for first in range(0, len(wanted), 500):  # old builds of SQLite allow 999 parameters in a statement
            batch = wanted[first : first + 500]
            papers = self._select(f"where papers.id in ({','.join('?' * len(batch))})", batch)
            by_id |= {paper.id: paper for paper in papers}
        return [by_id[i] for i in wanted if i in by_id]

    def find(self, name: str) -> Paper | None:
        """The paper with that title (ignoring case, width, spacing and punctuation) or id.

        A title that only one of its sources gives, or gave, will do.
        """
        name = name.encode(errors="replace").decode()  # a command-line argument may not be valid text
        ids = [digest(fold(name)), name, *self._bearing(keys_of(Paper(name, "")))]
        return next(iter(self.papers(dict.fromkeys(ids))), None)

    def changed_since(self, revision: int) -> tuple[list[Paper], list[str]]:
        """The papers added or updated since `revision`, and the ids of those removed since."""
        _, removed = self.ids_since(revision)
        return self._select("where papers.revision > ?", (revision,)), [*removed]

    def ids_since(self, revision: int) -> tuple[set[str], set[str]]:
        """The ids of the papers added or updated since `revision`, and of those removed since."""
        changed = self.rows("select id from papers where revision > ?", (revision,))
        removed = self.rows("select paper_id from removals where revision > ?", (revision,))
        return {row[0] for row in changed}, {row[0] for row in removed}

    def _select(self, clause: str, parameters: Sequence[object]) -> list[Paper]:
        sources = "(select group_concat(source, '\n') from sources where paper_id = papers.id)"
        query = f"select id, fingerprint, title, abstract, url, published, further, {sources} from papers {clause}"
        return [self._paper(*row) for row in self.rows(query, parameters)]

    def _paper(self, paper_id: str, fingerprint: str, *texts: Any) -> Paper:
        """The paper of a row. Raises `LibraryError` if it is not as it was stored."""
        *old, more, sources = texts
        try:
            if not all(isinstance(text, str) for text in old):
                raise TypeError("a text is no text")
            paper = Paper(*old, **unpacked(more))
            if (paper.id, paper.fingerprint) == (paper_id, fingerprint):
                return replace(paper, sources=tuple(sorted(sources.split("\n")))) if sources else paper
        except (TypeError, ValueError):
            pass
        raise LibraryError(
            f"The paper {paper_id!r} in {self.place} is not as it was stored: the file is damaged. "
            "Restore it from a copy."
        )

    def listings(self) -> dict[str, str]:
        """Each source and the label in its header, a date such as "Mar 12" or ""."""
        return dict(self.rows("select source, label from listings order by source"))

    def places(self) -> dict[str, str]:
        """Each source and the path of its file when it was last ingested; "" if that is unknown."""
        return dict(self.rows("select source, place from listings order by source"))

    def fitting(self, where: Filter) -> PaperIds | None:
        """The ids of the papers that pass a filter; None if all do. Raises as `browsing.fitting` does."""
        return fitting(where, self.rows)

    def passing(self, filters: tuple[Filter, ...]) -> PaperIds | None:
        """The ids of the papers that pass all of the filters; None if all do. Raises as `fitting` does.

        While nothing changes, the same filters give the same set, so that what is made of it can be kept, too.
        """
        changed = self.rows("select value from meta where name in ('listed', 'collected') order by name")
        key = (self.state, *changed, filters)
        if key not in self._passing:
            sets = [ids for one in filters if (ids := self.fitting(one)) is not None]
            if len(self._passing) >= PASSING:
                self._passing.clear()
            self._passing[key] = functools.reduce(operator.and_, sets) if sets else None
        return self._passing[key]

    def meant(self, kind: Kind, name: str) -> list[str]:
        """The authors or venues here that a name means, as they are written."""
        return meant(kind, name, self.rows)

    @property
    def dated(self) -> bool:
        """Whether any paper has a date of its own."""
        return bool(self.rows("select 1 from days limit 1"))

    def of_whole_years(self, paper_ids: Collection[str], *, years: Collection[str]) -> int:
        """How many of these papers are of these years, but of no known month."""
        whole = self.rows("select paper_id, year from days where first = 101 and last = 1231")
        return sum(paper_id in paper_ids and str(year) in years for paper_id, year in whole)

    def newest(self, paper_ids: PaperIds, *, limit: int) -> list[str]:
        """The last published of these papers, the newest first; those without a date come last."""
        newest_first = "select paper_id from days order by year desc, last desc, first desc, paper_id desc"
        all_dated = numbers_of(joined(f"paper_id from ({newest_first}) as newest", (), self.rows))
        dated = ids_of(all_dated[paper_ids.holds(all_dated)][:limit])
        return dated if len(dated) == limit else [*dated, *islice(paper_ids - PaperIds(dated), limit - len(dated))]

    def paper_ids_of(self, sources: Sequence[str]) -> PaperIds:
        """The ids of the papers in any of these sources."""
        return of_sources(sources, self.rows)


def _record(text: str, source: str) -> Paper | None:
    return replace(Paper(**unpacked(text)), sources=(source,)) if text else None
