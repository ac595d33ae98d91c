"""Words in, BM25-ranked papers out: an SQLite FTS5 table over titles and abstracts.

FTS5 was taken over bm25s because it is changed in place, is at once fresh in every process and needs no
memory of its own; `eval/keywords.py` holds the two against each other.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from .records import Paper
from .text import stem, terms, words

TITLE_WEIGHT = 1.5
"""Weight of a title word against an abstract word; flat between 1 and 3 on the fitting questions."""


class KeywordIndex:
    """A BM25 index in one file. One process changes it, any number read it."""

    def __init__(self, path: str | Path) -> None:
        self._db = sqlite3.connect(path, timeout=30, check_same_thread=False, isolation_level=None)
        # Terms come stemmed from text.terms; the tokenizer must only keep each one whole.
        self._db.executescript(
            "create virtual table if not exists papers using fts5(id unindexed, title, abstract, "
            "tokenize = \"unicode61 remove_diacritics 0 tokenchars '-.+/'\");"
            "create virtual table if not exists vocabulary using fts5vocab(papers, row);"
            "create table if not exists rows (id text primary key, row integer not null) without rowid;"
        )

    def close(self) -> None:
        self._db.close()

    def __len__(self) -> int:
        return int(self._db.execute("select count(*) from rows").fetchone()[0])

    def ids(self) -> set[str]:
        return {row[0] for row in self._db.execute("select id from rows")}

    def put(self, papers: Iterable[Paper]) -> None:
        """Index papers, each in place of an earlier version of itself; all or none."""
        self._db.execute("begin immediate")
        for paper in papers:
            self._drop(paper.id)
            row = self._db.execute(
                "insert into papers (id, title, abstract) values (?, ?, ?)",
                (paper.id, " ".join(index_terms(paper.title)), " ".join(index_terms(paper.abstract))),
            ).lastrowid
            self._db.execute("insert into rows values (?, ?)", (paper.id, row))
        self._db.execute("commit")

    def remove(self, paper_ids: Iterable[str]) -> None:
        self._db.execute("begin immediate")
        for paper_id in paper_ids:
            self._drop(paper_id)
        self._db.execute("commit")

    def _drop(self, paper_id: str) -> None:
        row = self._db.execute("select row from rows where id = ?", (paper_id,)).fetchone()
        if row:
            self._db.execute("delete from papers where rowid = ?", row)
            self._db.execute("delete from rows where id = ?", (paper_id,))

    def search(self, question: str, *, limit: int, whole: bool = False) -> list[tuple[str, float]]:
        """The `limit` best papers as (id, BM25 score > 0), best first; [] when no word is known.

        With `whole`, compounds are not also looked for by their parts.
        """
        wanted = [_whole(stem(w)) for w in words(question)] if whole else list(dict.fromkeys(index_terms(question)))
        if not wanted or limit < 1:
            return []
        query = " OR ".join(f'"{term}"' for term in wanted)
        rows = self._db.execute(
            f"select id, -bm25(papers, 0, {TITLE_WEIGHT}, 1.0) as score from papers where papers match ? "
            "order by score desc, id limit ?",
            (query, limit),
        )
        return [(paper_id, score) for paper_id, score in rows if score > 0]

    def document_counts(self, stems: Iterable[str]) -> dict[str, int]:
        """How many papers hold each stem."""
        query = "select doc from vocabulary where term = ?"
        rows = {stem: self._db.execute(query, (_whole(stem),)).fetchone() for stem in set(stems)}
        return {stem: row[0] if row else 0 for stem, row in rows.items()}

    def rarity(self, stems: Iterable[str]) -> dict[str, float]:
        """The inverse document frequency of each stem: ln(1 + (N - n + 0.5) / (n + 0.5)), as in BM25."""
        held = len(self)
        return {stem: math.log(1 + (held - n + 0.5) / (n + 0.5)) for stem, n in self.document_counts(stems).items()}


def index_terms(text: str) -> list[str]:
    """The stems of `text` with nothing in them that FTS5 would split at."""
    return [_whole(term) for term in terms(text)]


def _whole(term: str) -> str:
    return term.replace("'", "").replace("’", "")
