"""Words in, papers ranked by BM25 out: an inverted index of titles and abstracts in one SQLite file.

A question reads only the postings of its terms, and a paper changes only those of its own. Every process sees what
another has committed. The scores equal those of SQLite's FTS5, which takes fifty times as long to rank 100,000 papers:
see `eval/keywords.py`.
"""

from __future__ import annotations

import functools
import json
import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.records import Paper
from ..core.text import stems, terms, words
from ..library.paper_ids import PaperIds, numbers_of
from .connecting import connected, usable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TITLE_WEIGHT = 1.5
"""Weight of a title word against an abstract word; flat between 1 and 3 on the fitting questions."""
K1, B = 1.2, 0.75
"""Saturation of repeated words and penalty for long papers, as in FTS5."""
NO_RARITY = 1e-6
"""Inverse document frequency of a term that at least half of the papers have, as in FTS5."""
BLOCK = 4096
"""Rows whose postings of a term share a blob: more make adding slower, fewer make searching slower."""

_SCHEMA = """
create table if not exists papers (row integer primary key, id text unique not null);
create table if not exists contents (row integer primary key, terms blob not null);
create table if not exists terms (number integer primary key, term text unique not null);
create table if not exists postings (term integer, block integer, papers blob, primary key (term, block)) without rowid;
create table if not exists lengths (block integer primary key, rows blob);
"""
"""Blobs are arrays of unsigned integers. `contents`: the numbers of a paper's terms, 4 bytes each. `postings`: for each
paper with the term its row times 256 plus twice the term's frequency, 4 bytes each, enough for 16 million rows.
`lengths`: for each row the number of the paper's words plus one, or 0 if there is no paper, 2 bytes each."""
_VIEWS = """
create table if not exists gone (row integer primary key);
create table if not exists unused (term integer primary key, papers integer not null);
create temp view papers as select * from base.papers where row not in (select row from main.gone)
    union all select * from main.papers;
create temp view contents as select * from base.contents union all select * from main.contents;
create temp view terms as select * from base.terms union all select * from main.terms;
create temp view postings as select * from base.postings union all select * from main.postings;
create temp view lengths as select * from base.lengths where block not in (select block from main.lengths)
    union all select * from main.lengths;
"""
"""`gone`: rows of the base whose papers the layer has changed or removed; `unused`: how many of these have a term. What
they contain is still there, with a length of 0. The layer's rows and terms go on after those of the base, its rows in a
block of their own."""


_UNUSED = "insert into unused values (?, 1) on conflict (term) do update set papers = papers + 1"


class KeywordIndex:
    """A BM25 index in one file, or in that of a layer and that of its `base`. One process writes to it; any read it.

    Every method raises `StoreError` if the file is damaged.
    """

    def __init__(self, path: str | Path, *, base: Path | None = None) -> None:
        self._layered = base is not None
        self._within: tuple[PaperIds, NDArray[np.bool_]] | None = None
        with usable("keyword index"):
            self._db = connected(path, _SCHEMA, base=base, views=_VIEWS)
            (last,) = self._db.execute("select max(row) from base.papers").fetchone() if base else (None,)
            self._first = 1 if last is None else (last // BLOCK + 1) * BLOCK

    def close(self) -> None:
        self._db.close()

    def __len__(self) -> int:
        return self._count

    @functools.cached_property
    def _count(self) -> int:
        """The number of papers, which SQLite counts one by one: 5 ms of 100,000."""
        with usable("keyword index"):
            return int(self._db.execute("select count(*) from papers").fetchone()[0])

    def ids(self) -> set[str]:
        with usable("keyword index"):
            return {row[0] for row in self._db.execute("select id from papers")}

    def own(self) -> set[str]:
        """The ids of the papers that a layer has itself."""
        with usable("keyword index"):
            return {row[0] for row in self._db.execute("select id from main.papers")}

    def gone(self) -> set[str]:
        """The ids of the base's papers that a layer leaves out."""
        with usable("keyword index"):
            return {
                row[0] for row in self._db.execute("select id from base.papers where row in (select row from gone)")
            }

    def whole(self, *, own: bool = False) -> bool:
        """Whether exactly the papers here, or a layer's `own`, have lengths, and exactly their terms postings."""
        import numpy as np

        def read(query: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
            """For each integer of a column of blobs the number of its blob's row, and the integer itself."""
            table = self._db.execute(query).fetchall()
            numbers = np.repeat([number for number, _ in table], [len(blob) // 4 for _, blob in table])
            return numbers.astype(np.int64), np.frombuffer(b"".join(b for _, b in table), np.uint32).astype(np.int64)

        try:
            scope = "main." if own else ""
            rows, contents = read(f"select row, terms from {scope}contents")
            terms, postings = read(f"select term, papers from {scope}postings")
            blocks = b"".join(blob for (blob,) in self._db.execute("select rows from lengths order by block"))
            measured = np.frombuffer(blocks, np.uint16).nonzero()[0].tolist()
            return measured == [row for (row,) in self._db.execute("select row from papers order by row")] and (
                np.array_equal(np.sort(contents << 24 | rows), np.sort(terms << 24 | postings >> 8))
                and self._unused_is_right()
            )
        except (TypeError, ValueError, OverflowError):  # a blob that is not an array, or a number that is out of range
            return False

    def _unused_is_right(self) -> bool:
        if not self._layered:
            return True
        gone = self._db.execute("select terms from base.contents where row in (select row from gone)")
        counts = Counter(number for (blob,) in gone for number in array("I", blob))
        return counts == dict(self._db.execute("select term, papers from unused"))

    def misread(self, papers: Iterable[Paper], *, own: bool = False) -> int:
        """How many of `papers`, which are a layer's `own`, are indexed by other terms, or another length."""
        import numpy as np

        with usable("keyword index"):
            scope = "main." if own else ""
            rows = dict(self._db.execute(f"select id, row from {scope}papers").fetchall())
            table = self._db.execute(f"select term, papers from {scope}postings").fetchall()
            numbers = np.repeat([number for number, _ in table], [len(blob) // 4 for _, blob in table])
            postings = np.frombuffer(b"".join(blob for _, blob in table), np.uint32)
            order = np.argsort(postings >> 8, kind="stable")
            numbers, postings = numbers[order], postings[order]
            bounds = np.searchsorted(postings >> 8, np.arange(max(rows.values(), default=0) + 2, dtype=np.uint32))
            blocks = self._db.execute("select block, rows from lengths").fetchall()
            lengths = {block: array("H", blob) for block, blob in blocks}
            used = "where number in (select term from main.postings)" if own else ""
            terms = dict(self._db.execute(f"select number, term from terms {used}").fetchall())
            wrong = 0
            for paper in papers:
                row = rows[paper.id]
                place = slice(bounds[row], bounds[row + 1])
                counts = {
                    terms[n]: p & 255 for n, p in zip(numbers[place].tolist(), postings[place].tolist(), strict=True)
                }
                wrong += (counts, lengths[row // BLOCK][row % BLOCK]) != _counted(paper)
        return wrong

    def put(self, papers: Iterable[Paper]) -> None:
        """Index papers, all or none; each replaces its earlier version."""
        fresh = {paper.id: _counted(paper) for paper in papers}
        with self._changing():
            self._drop(fresh)
            numbers = self._numbers({term for counts, _ in fresh.values() for term in counts})
            postings: dict[tuple[int, int], array[int]] = defaultdict(lambda: array("I"))
            (last,) = self._db.execute("select max(row) from main.papers").fetchone()
            first = self._first if last is None else last + 1
            for row, (paper_id, (counts, length)) in enumerate(fresh.items(), first):
                own = {numbers[term]: row << 8 | count for term, count in counts.items()}
                self._db.execute("insert into main.papers values (?, ?)", (row, paper_id))
                self._db.execute("insert into main.contents values (?, ?)", (row, array("I", own)))
                self._set_length(row, length)
                for number, posting in own.items():
                    postings[number, row // BLOCK].append(posting)
            for place, added in sorted(postings.items()):
                self._set_postings(place, self._postings(place) + added)

    def remove(self, paper_ids: Iterable[str]) -> None:
        with self._changing():
            self._drop(paper_ids)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        try:
            with usable("keyword index"), self._db:  # which commits, or rolls back
                self._db.execute("begin immediate")
                yield
        finally:
            self._within = None
            for known in ("_rows", "_count"):
                self.__dict__.pop(known, None)

    def _drop(self, paper_ids: Iterable[str]) -> None:
        gone: dict[tuple[int, int], set[int]] = defaultdict(set)
        for paper_id in paper_ids:
            for (row,) in self._db.execute("select row from papers where id = ?", (paper_id,)).fetchall():
                ((blob,),) = self._db.execute("select terms from contents where row = ?", (row,))
                own = array("I", blob)
                self._set_length(row, 0)
                if row < self._first:
                    self._db.execute("insert into gone values (?)", (row,))
                    self._db.executemany(_UNUSED, [(number,) for number in own])
                    continue
                self._db.execute("delete from main.papers where row = ?", (row,))
                self._db.execute("delete from main.contents where row = ?", (row,))
                for number in own:
                    gone[number, row // BLOCK].add(row)
        for place, rows in gone.items():
            self._set_postings(place, array("I", [p for p in self._postings(place) if p >> 8 not in rows]))

    def _numbers(self, some: Iterable[str]) -> dict[str, int]:
        """The number of each term; new terms get one."""
        wanted = set(some)
        known = self._known(wanted)
        last = self._db.execute("select number from terms order by number desc limit 1").fetchone()
        fresh = {term: number for number, term in enumerate(sorted(wanted - known.keys()), (last or (0,))[0] + 1)}
        self._db.executemany("insert into main.terms values (?, ?)", [(n, term) for term, n in fresh.items()])
        return known | fresh

    def _known(self, some: Iterable[str]) -> dict[str, int]:
        """The number of each term that is known."""
        query = "select term, number from terms where term in (select value from json_each(?))"
        return dict(self._db.execute(query, (json.dumps([*some]),)))

    def _users(self, numbers: Iterable[int]) -> Counter[int]:
        """How many papers have each term, by its number."""
        listed, users = json.dumps([*numbers]), Counter[int]()
        some = "term in (select value from json_each(?))"
        for number, papers in self._db.execute(
            f"select term, length(papers) / 4 from postings where {some}", (listed,)
        ):
            users[number] += papers
        if self._layered:
            users.subtract(dict(self._db.execute(f"select term, papers from unused where {some}", (listed,))))
        return users

    def _postings(self, place: tuple[int, int]) -> array[int]:
        stored = self._db.execute("select papers from postings where term = ? and block = ?", place).fetchone()
        return array("I", stored[0] if stored else b"")

    def _set_postings(self, place: tuple[int, int], postings: array[int]) -> None:
        if postings:
            self._db.execute("replace into main.postings values (?, ?, ?)", (*place, postings))
        else:
            self._db.execute("delete from main.postings where term = ? and block = ?", place)

    def _set_length(self, row: int, length: int) -> None:
        block, place = divmod(row, BLOCK)
        stored = self._db.execute("select rows from lengths where block = ?", (block,)).fetchone()
        lengths = array("H", stored[0] if stored else bytes(2 * BLOCK))
        lengths[place] = length
        self._db.execute("replace into main.lengths values (?, ?)", (block, lengths))

    def search(
        self, question: str, *, limit: int, whole: bool = False, within: PaperIds | None = None
    ) -> list[tuple[str, float]]:
        """The `limit` best papers as (id, BM25 score > 0), best first; [] if no word is known.

        With `whole`, compounds are not also searched for by their parts. `within`: the ids of the papers to rank.
        """
        wanted = list(dict.fromkeys(map(_plain, stems(words(question))) if whole else index_terms(question)))
        if not wanted or limit < 1:
            return []
        import numpy as np

        with usable("keyword index"):
            scores = self._scores(wanted)
            if within is not None and len(scores):
                scores = self._only(scores, within)
            (rows,) = scores.nonzero()
            if len(rows) > limit:
                rows = rows[
                    scores[rows] >= np.partition(scores[rows], -limit)[-limit]
                ]  # and all ties for the last place
            query = "select id, row from papers where row in (select value from json_each(?))"
            best = [(i, float(scores[row])) for i, row in self._db.execute(query, (json.dumps(rows.tolist()),))]
        return sorted(best, key=lambda item: (-item[1], item[0]))[:limit]

    def _only(self, scores: NDArray[np.float64], paper_ids: PaperIds) -> NDArray[np.float64]:
        """The scores, 0 for all other papers. Which rows these leave is kept: a question looks more than once."""
        import numpy as np

        last = self._within
        if last is None or last[0] is not paper_ids:
            ids, rows = self._rows
            kept = np.zeros(len(scores), bool)
            kept[rows[paper_ids.holds(ids)]] = True
            last = self._within = (paper_ids, kept)
        return np.where(last[1], scores, 0)

    @functools.cached_property
    def _rows(self) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """The id of each paper as a number, in order, and its row; only read once the index no longer changes."""
        import numpy as np

        ((ids,),) = self._db.execute("select group_concat(id, '') from (select row, id from papers order by row)")
        lengths = b"".join(blob for (blob,) in self._db.execute("select rows from lengths order by block"))
        numbers = numbers_of(ids or "")
        order = np.argsort(numbers)
        return numbers[order], np.frombuffer(lengths, np.uint16).nonzero()[0][order]

    def _scores(self, wanted: Sequence[str]) -> NDArray[np.float64]:
        """The BM25 score of each row; an empty array if no term is known."""
        import numpy as np

        numbers = self._known(wanted)
        read: dict[int | None, list[tuple[int, bytes]]] = defaultdict(list)
        query = (  # one statement, so that lengths and postings are of one moment
            "select null, block, rows from lengths union all "
            "select term, block, papers from postings where term in (select value from json_each(?))"
        )
        for number, block, blob in self._db.execute(query, (json.dumps([*numbers.values()]),)):
            read[number].append((block, blob))
        own = [numbers[term] for term in wanted if term in numbers and numbers[term] in read]
        known = [b"".join(blob for _, blob in read[number]) for number in own]
        stored = np.frombuffer(b"".join(blob for _, blob in sorted(read[None])), np.uint16)
        all_postings = [np.frombuffer(blob, np.uint32) for blob in known]
        if self._layered:
            all_postings = [postings[stored[postings >> 8] > 0] for postings in all_postings]
        if not any(map(len, all_postings)):
            return np.zeros(0)
        lengths = stored.astype(np.float64) - 1
        count, total = np.count_nonzero(lengths >= 0), lengths.sum(where=lengths > 0)
        if not total:
            raise ValueError("the lengths of the papers are lost")
        norms = K1 * (1 - B + B * lengths.clip(0) / (total / count))
        scores = np.zeros(len(lengths))
        for postings in all_postings:
            rows, frequency, users = postings >> 8, (postings & 255) / 2, len(postings)
            rarity = math.log((count - users + 0.5) / (users + 0.5))
            scores[rows] += max(rarity, NO_RARITY) * (frequency * (K1 + 1) / (frequency + norms[rows]))
        return scores

    def document_counts(self, stems: Iterable[str]) -> dict[str, int]:
        """How many papers have each stem."""
        wanted = {stem: _plain(stem) for stem in stems}
        with usable("keyword index"):
            numbers = self._known(wanted.values())
            users = self._users(numbers.values())
        return {stem: users[numbers[term]] if term in numbers else 0 for stem, term in wanted.items()}

    def stems(self, start: str, *, shortest: int, longest: int, least: int) -> list[str]:
        """The stems of `shortest` to `longest` letters that begin with `start` and are in at least `least` papers."""
        query = (
            "select number, term from terms where term >= ? and term < ? and length(term) between ? and ? "
            "order by number"
        )
        with usable("keyword index"):
            terms = dict(self._db.execute(query, (start, start + "\U0010ffff", shortest, longest)).fetchall())
            users = self._users(terms)
        return [term for number, term in terms.items() if users[number] >= max(least, 1)]

    def rarity(self, stems: Iterable[str]) -> dict[str, float]:
        """The inverse document frequency of each stem: ln(1 + (N - n + 0.5) / (n + 0.5)), as in BM25."""
        papers = len(self)
        return {stem: math.log(1 + (papers - n + 0.5) / (n + 0.5)) for stem, n in self.document_counts(stems).items()}


def _counted(paper: Paper) -> tuple[dict[str, int], int]:
    """What is indexed of a paper: twice the weighted frequency of each term, up to 255, and its length plus one."""
    title, abstract = index_terms(paper.title), index_terms(paper.abstract)
    halves = Counter(abstract * 2 + title * int(TITLE_WEIGHT * 2))
    return {term: min(count, 255) for term, count in halves.items()}, min(1 + len(title) + len(abstract), 65535)


def index_terms(text: str) -> list[str]:
    """The terms of `text`, their apostrophes removed."""
    return _plain(" ".join(terms(text))).split()


def _plain(term: str) -> str:
    return term.replace("'", "").replace("’", "")
