"""Papers in, ranked ids out: our keyword index and the engines that it is compared with, all given the same words."""

from __future__ import annotations

import importlib.util
import json
import os
import sqlite3
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.core.records import Paper, digest
from assistant.index.generation import FILL_BATCH
from assistant.index.keywords import K1, TITLE_WEIGHT, B, KeywordIndex, index_terms
from assistant.library.paper_ids import PaperIds, ids_of, numbers_of

LIMIT = 300
"""Papers to find, the retriever's own limit."""
SERVER = "EVAL_POSTGRES"
"""The variable with the address of a PostgreSQL server of this machine, which new processes read as well."""
BY_LENGTH = 2
"""ts_rank_cd divides by the length of a paper, the best of its ways on the fitting questions."""


class Keywords(ABC):
    """An index in a folder, to be compared. Opened again, it has what was put into it before."""

    server: Sequence[int] = ()
    """The processes of a server that has the index; the folder has none then."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder

    @abstractmethod
    def put(self, papers: Sequence[Paper]) -> None: ...

    @abstractmethod
    def search(self, question: str, within: PaperIds | None = None) -> list[str]: ...

    @abstractmethod
    def close(self) -> None: ...

    @abstractmethod
    def renew(self) -> None:
        """See what another writer has put since this was opened."""

    def disk(self) -> float:
        """Bytes on disk."""
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())


class Ours(Keywords):
    """The product's own index."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._index = KeywordIndex(folder / "keywords.sqlite")

    def put(self, papers: Sequence[Paper]) -> None:
        for first in range(0, len(papers), FILL_BATCH):
            self._index.put(papers[first : first + FILL_BATCH])

    def search(self, question: str, within: PaperIds | None = None) -> list[str]:
        return [paper_id for paper_id, _ in self._index.search(question, limit=LIMIT, within=within)]

    def renew(self) -> None:  # a filter's rows are kept for as long as the index is open
        self._index.close()
        self._index = KeywordIndex(self.folder / "keywords.sqlite")

    def close(self) -> None:
        self._index.close()


class InTable(Keywords):
    """A table of SQLite's FTS5, whose scores ours reproduce. In memory it is the oracle of the tests."""

    def __init__(self, folder: Path | None = None) -> None:
        if folder:
            super().__init__(folder)
        self._db = sqlite3.connect(folder / "table.sqlite" if folder else ":memory:", timeout=30, isolation_level=None)
        # The terms are final; the tokenizer must only keep each one whole.
        self._db.executescript(
            "create virtual table if not exists papers using fts5(id unindexed, title, abstract, "
            "tokenize = \"unicode61 remove_diacritics 0 tokenchars '-.+/'\");"
            "create table if not exists rows (id text primary key, row integer not null) without rowid;"
        )

    def put(self, papers: Sequence[Paper]) -> None:
        self._db.execute("begin immediate")
        for paper in papers:
            self.drop(paper.id)
            row = self._db.execute(
                "insert into papers (id, title, abstract) values (?, ?, ?)",
                (paper.id, " ".join(index_terms(paper.title)), " ".join(index_terms(paper.abstract))),
            ).lastrowid
            self._db.execute("insert into rows values (?, ?)", (paper.id, row))
        self._db.execute("commit")

    def drop(self, paper_id: str) -> None:
        row = self._db.execute("select row from rows where id = ?", (paper_id,)).fetchone()
        if row:
            self._db.execute("delete from papers where rowid = ?", row)
            self._db.execute("delete from rows where id = ?", (paper_id,))

    def ranked(self, question: str, *, limit: int, within: PaperIds | None = None) -> list[tuple[str, float]]:
        """What `KeywordIndex.search` should return."""
        query = " OR ".join(f'"{term}"' for term in _asked(question)) or '""'
        among = "" if within is None else "and +rowid in (select row from rows join json_each(?) on rows.id = value)"
        rows = self._db.execute(
            f"select id, -bm25(papers, 0, {TITLE_WEIGHT}, 1.0) as score from papers where papers match ? {among} "
            "order by score desc, id limit ?",
            (query, *([] if within is None else [json.dumps([*within])]), limit),
        )
        return list(rows)

    def search(self, question: str, within: PaperIds | None = None) -> list[str]:
        return [paper_id for paper_id, _ in self.ranked(question, limit=LIMIT, within=within)]

    def renew(self) -> None:
        """It sees what others have committed."""

    def close(self) -> None:
        self._db.close()


class InTantivy(Keywords):
    """tantivy, Lucene's design in Rust. A word of a title counts twice: its fields cannot share a word's rarity."""

    def __init__(self, folder: Path) -> None:
        import tantivy

        super().__init__(folder)
        builder = tantivy.SchemaBuilder().add_unsigned_field("number", indexed=True, fast=True)
        self._schema = builder.add_text_field("words", tokenizer_name="whole", index_option="freq").build()
        self._index = tantivy.Index(self._schema, path=str(folder))
        whole = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
        self._index.register_tokenizer("whole", whole)
        self._index.config_reader("manual")

    def put(self, papers: Sequence[Paper]) -> None:
        import tantivy

        writer = self._index.writer()
        numbers = numbers_of("".join(paper.id for paper in papers)).tolist()
        # By a query: `delete_documents_by_term` reads a number as a signed one, which none of these is.
        writer.delete_documents_by_query(tantivy.Query.term_set_query(self._schema, "number", numbers))
        for number, paper in zip(numbers, papers, strict=True):
            contents = {"number": number, "words": " ".join(_counted_twice(paper))}
            writer.add_document(tantivy.Document.from_dict(contents, self._schema))
        writer.commit()
        writer.wait_merging_threads()
        self.renew()

    def search(self, question: str, within: PaperIds | None = None) -> list[str]:
        from tantivy import Occur, Query

        terms = [Query.term_query(self._schema, "words", term, index_option="freq") for term in _asked(question)]
        query = Query.boolean_query([(Occur.Should, term) for term in terms])
        if within is not None:
            only = Query.term_set_query(self._schema, "number", within.numbers.tolist())
            query = Query.boolean_query([(Occur.Must, query), (Occur.Must, Query.const_score_query(only, 0.0))])
        searcher = self._index.searcher()
        places = [place for _, place in searcher.search(query, LIMIT, count=False).hits]
        return ids_of(np.array(searcher.fast_field_values("number", places), np.uint64))

    def renew(self) -> None:
        self._index.reload()

    def close(self) -> None:
        del self._index


class InMemory(Keywords):
    """bm25s with Lucene's variant, saved after each change and opened memory-mapped.

    It cannot add papers, so every change is a new build from all the words, which are kept for that.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._words: dict[str, list[str]] = {}
        self.renew()

    def renew(self) -> None:
        if (self.folder / "ids").exists():
            import bm25s

            self._ids = (self.folder / "ids").read_text().splitlines()
            self._index = bm25s.BM25.load(str(self.folder), mmap=True)

    def put(self, papers: Sequence[Paper]) -> None:
        import bm25s

        self._words |= {paper.id: _counted_twice(paper) for paper in papers}
        index = bm25s.BM25(method="lucene", k1=K1, b=B)
        index.index(list(self._words.values()), show_progress=False)
        index.save(str(self.folder), show_progress=False)
        (self.folder / "ids").write_text("\n".join(self._words))
        self.renew()

    def search(self, question: str, within: PaperIds | None = None) -> list[str]:
        kept = None if within is None else np.array(within.has(self._ids), np.float32)
        count = min(LIMIT, len(self._ids))
        rows, scores = self._index.retrieve([_asked(question)], k=count, show_progress=False, weight_mask=kept)
        return [self._ids[row] for row, score in zip(rows[0].tolist(), scores[0].tolist(), strict=True) if score > 0]

    def close(self) -> None:
        del self._index


class InPostgres(Keywords):
    """A table of PostgreSQL with a GIN index. Its ranking weighs titles, but knows no rarity: it has no BM25."""

    def __init__(self, folder: Path) -> None:
        import psycopg

        super().__init__(folder)
        self._schema = f"words_{digest(str(folder.resolve()))}"
        self._db = psycopg.connect(os.environ[SERVER], autocommit=True)
        self._db.execute(f"create schema if not exists {self._schema}")
        self._db.execute(f"set search_path to {self._schema}")
        self._db.execute("create table if not exists papers (number bigint primary key, words tsvector not null)")
        self._db.execute("create index if not exists by_words on papers using gin (words)")
        parent = int(Path(f"/proc/{self._db.info.backend_pid}/stat").read_text().rpartition(")")[2].split()[1])
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        self.server = [parent, *map(int, children)]

    def put(self, papers: Sequence[Paper]) -> None:
        rows = []
        for paper in papers:
            title, abstract = index_terms(paper.title), index_terms(paper.abstract)
            places = defaultdict[str, list[str]](list)
            for place, term in enumerate([*title, *abstract], 1):
                places[term].append(f"{place}{'A' if place <= len(title) else ''}")
            vector = " ".join(f"{_quoted(term)}:{','.join(own)}" for term, own in places.items())
            rows.append((*_signed(numbers_of(paper.id)), vector))
        replaced = "on conflict (number) do update set words = excluded.words"
        with self._db.transaction(), self._db.cursor() as cursor:
            cursor.executemany(f"insert into papers values (%s, %s::tsvector) {replaced}", rows)
        if len(papers) >= FILL_BATCH:  # as the server does by itself after a while
            self._db.execute("vacuum analyze papers")

    def search(self, question: str, within: PaperIds | None = None) -> list[str]:
        query = " | ".join(map(_quoted, _asked(question)))
        among = "" if within is None else "and number = any(%s)"
        rank = f"ts_rank_cd('{{{1 / TITLE_WEIGHT:.3f}, 0, 0, 1}}', words, query, {BY_LENGTH})"
        rows = self._db.execute(
            f"select number from papers, cast(%s as tsquery) query where words @@ query {among} "
            f"order by {rank} desc, number limit {LIMIT}",
            (query, *([] if within is None else [_signed(within.numbers)])),
        )
        return ids_of(np.array([number for (number,) in rows], np.int64).view(np.uint64))

    def renew(self) -> None:
        """It sees what others have committed."""

    def close(self) -> None:
        self._db.close()

    def disk(self) -> float:
        ((size,),) = self._db.execute("select pg_total_relation_size('papers')")
        return float(size)


def _counted_twice(paper: Paper) -> list[str]:
    """The terms of a paper, those of its title twice: the nearest to our weight for an engine that counts words."""
    return index_terms(paper.title) * 2 + index_terms(paper.abstract)


def _asked(question: str) -> list[str]:
    return list(dict.fromkeys(index_terms(question)))


def _quoted(term: str) -> str:
    """A term as tsvector and tsquery read it."""
    return "'" + term.replace("\\", "\\\\").replace("'", "''") + "'"


def _signed(numbers: NDArray[np.uint64]) -> list[int]:
    """Numbers of papers as PostgreSQL has them."""
    return numbers.view(np.int64).tolist()  # type: ignore[no-any-return]


KINDS: Mapping[str, Callable[[Path], Keywords]] = {
    "ours": Ours,
    "FTS5": InTable,
    "tantivy": InTantivy,
    "PostgreSQL": InPostgres,
    "bm25s": InMemory,
}
"""The engines by name; the first is what the others are compared with."""


def present() -> tuple[list[str], list[str]]:
    """The engines that can be measured here, and a line for each that cannot."""
    lacking = {
        name: f"{name} is left out: {package} is not installed."
        for name, package in (("tantivy", "tantivy"), ("PostgreSQL", "psycopg"), ("bm25s", "bm25s"))
        if importlib.util.find_spec(package) is None
    }
    if not os.environ.get(SERVER):
        lacking.setdefault("PostgreSQL", "PostgreSQL is left out: no server was given with --postgres.")
    return [name for name in KINDS if name not in lacking], list(lacking.values())
