"""Papers in; their passages, names, readings and vectors out, from the tables of one SQLite file."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.records import Paper, Passage
from ..core.sqlite_file import PAGE
from ..library.chunking import passages
from ..library.file import MAPPED
from ..library.paper_ids import PaperIds, ids_of
from .connecting import connected, usable
from .interaction import key_of
from .names import names_of
from .reading import is_reading_of, packed
from .shared import name_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

AT_ONCE = 500
"""Papers compared at once with what is indexed."""
COMPARED = 4096
"""Papers whose vectors are in memory at once, some 3 kB each."""
PART = "passage table"
_SCHEMA = f"""
{MAPPED};
pragma page_size = {PAGE};
create table if not exists passages (
    paper_id text, start integer, length integer, key text, primary key (paper_id, start)) without rowid;
create table if not exists names (name text, paper_id text, primary key (name, paper_id)) without rowid;
create index if not exists names_by_paper on names (paper_id);
create table if not exists readings (paper_id text primary key, fingerprint text, reading blob) without rowid;
create table if not exists vectors (paper integer primary key, vectors blob);
"""
"""`vectors`: those of a paper's passages, float16, by its id as a signed number; the store has them, too, but is
slow to look among some papers only. `page_size` is of a new file: vectors leave less of larger pages empty."""
_VIEWS = """
create table if not exists gone (paper_id text primary key, paper integer not null unique) without rowid;
create temp view passages as select * from main.passages union all
    select * from base.passages where paper_id not in (select paper_id from main.gone);
create temp view names as select * from main.names union all
    select * from base.names where paper_id not in (select paper_id from main.gone);
create temp view readings as select * from main.readings union all
    select * from base.readings where paper_id not in (select paper_id from main.gone);
create temp view vectors as select * from main.vectors union all
    select * from base.vectors where paper not in (select paper from main.gone);
"""
"""`gone`: papers of the base that the layer has changed or removed."""

Vectors = Mapping[str, "NDArray[np.float32]"]
"""Vectors by the keys of their passages."""


class PassageTable:
    """The tables of one generation. Every method raises `StoreError` if the file is damaged."""

    def __init__(self, path: Path, *, base: Path | None = None) -> None:
        self._layered = base is not None
        with usable(PART):
            self._db = connected(path, _SCHEMA, base=base, views=_VIEWS)
        self._known: dict[tuple[int, int], list[str]] = {}  # any thread may fill it, with the same values

    def close(self) -> None:
        self._db.close()

    def __len__(self) -> int:
        """The number of passages."""
        return int(self.select("select count(*) from passages")[0][0])

    def select(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with usable(PART):
            return self._db.execute(query, values).fetchall()

    def rows(self, paper_ids: Sequence[str]) -> dict[str, list[tuple[int, int, str]]]:
        """The start, length and key of each passage, by paper id."""
        query = f"select * from passages where paper_id in ({_marks(paper_ids)}) order by paper_id, start"
        rows: dict[str, list[tuple[int, int, str]]] = {}
        for paper_id, start, length, key in self.select(query, paper_ids):
            rows.setdefault(paper_id, []).append((start, length, key))
        return rows

    def readings(self, paper_ids: Sequence[str]) -> dict[str, tuple[str, bytes]]:
        """The fingerprint and the packed reading of each paper, by paper id."""
        query = f"select paper_id, fingerprint, reading from readings where paper_id in ({_marks(paper_ids)})"
        return {paper_id: (mark, reading) for paper_id, mark, reading in self.select(query, paper_ids)}

    def bearers(self, names: Sequence[str]) -> dict[str, list[str]]:
        """The ids of the papers that have each name, by the key of the name; unknown names are left out."""
        papers: dict[str, list[str]] = {}
        for first in range(0, len(names), 500):
            batch = names[first : first + 500]
            query = f"select name, paper_id from names where name in ({_marks(batch)}) order by name, paper_id"
            for name, paper_id in self.select(query, batch):
                papers.setdefault(name, []).append(paper_id)
        return papers

    def known_names(self, *, shortest: int, longest: int) -> list[str]:
        """Every name of `shortest` to `longest` letters that a paper has."""
        if (shortest, longest) not in self._known:
            query = "select distinct name from names where length(name) between ? and ? order by name"
            self._known[shortest, longest] = [row[0] for row in self.select(query, (shortest, longest))]
        return self._known[shortest, longest]

    def nearest_of(self, paper_ids: PaperIds, vector: NDArray[np.float32], *, limit: int) -> list[tuple[str, float]]:
        """The papers of the `limit` passages nearest to `vector`, of these papers, with their cosines, best first.

        All are compared one by one. A paper comes as often as it has passages among these.
        """
        import numpy as np

        papers, cosines = [np.zeros(0, np.uint64)], [np.zeros(0, np.float32)]
        for first in range(0, len(paper_ids), COMPARED):
            numbers = json.dumps(paper_ids.numbers[first : first + COMPARED].view(np.int64).tolist())
            query = "select paper, vectors from vectors where paper in (select value from json_each(?))"
            if rows := self.select(query, (numbers,)):
                owners, blobs = zip(*rows, strict=True)
                with usable(PART):
                    vectors = np.frombuffer(b"".join(blobs), "<f2").reshape(-1, len(vector)).astype(np.float32)
                    passages = [len(blob) // (2 * len(vector)) for blob in blobs]
                    papers.append(np.repeat(np.array(owners, np.int64).view(np.uint64), passages))
                    cosines.append(vectors @ vector)
        all_papers, all_cosines = np.concatenate(papers), np.concatenate(cosines)
        best = np.lexsort((all_papers, -all_cosines))[:limit]
        return list(zip(ids_of(all_papers[best]), all_cosines[best].tolist(), strict=True))

    def vectors_named(self, among: Collection[str] | None) -> set[str]:
        """The names on the server of the vectors that this generation has, or those `among` them."""
        query = "select paper_id, start, key from passages"
        if among is None:
            return {name_of(f"{paper_id}:{start}", key) for paper_id, start, key in self.select(query)}
        papers = json.dumps([*{name.partition(":")[0] for name in among}])
        rows = self.select(f"{query} where paper_id in (select value from json_each(?))", (papers,))
        return {name_of(f"{paper_id}:{start}", key) for paper_id, start, key in rows}.intersection(among)

    # -- changing, before it is in force

    def put(self, papers: Sequence[Paper], keys: Mapping[Passage, str], vectors: Vectors) -> None:
        """Enter papers in place of their earlier versions; `keys` are those of their passages."""
        rows = [(passage.paper_id, passage.start, len(passage.text), key) for passage, key in keys.items()]
        names = [(name, paper.id) for paper in papers for name in names_of(paper)]
        readings = [(paper.id, paper.fingerprint, packed(paper)) for paper in papers]
        blobs = _vectors_of(keys, vectors)
        self.remove([paper.id for paper in papers])
        with usable(PART), self._db:
            self._db.execute("begin")
            self._db.executemany("insert into main.passages values (?, ?, ?, ?)", rows)
            self._db.executemany("insert into main.names values (?, ?)", names)
            self._db.executemany("insert into main.readings values (?, ?, ?)", readings)
            self._db.executemany("insert into main.vectors values (?, ?)", blobs.items())

    def remove(self, paper_ids: Sequence[str]) -> None:
        self._known.clear()
        ids = [(paper_id,) for paper_id in paper_ids]
        with usable(PART), self._db:
            self._db.execute("begin")
            for table in ("passages", "names", "readings"):
                self._db.executemany(f"delete from main.{table} where paper_id = ?", ids)
            self._db.executemany("delete from main.vectors where paper = ?", [(row_of(i),) for i in paper_ids])
            if self._layered:
                gone = "insert or ignore into gone select paper_id, ? from base.readings where paper_id = ?"
                self._db.executemany(gone, [(row_of(i), i) for i in paper_ids])

    # -- of a layer

    def own(self) -> set[str]:
        """The ids of the papers that a layer has itself."""
        return {row[0] for row in self.select("select paper_id from main.readings")}

    def gone(self) -> set[str]:
        """The ids of the base's papers that a layer leaves out."""
        return {row[0] for row in self.select("select paper_id from gone")}

    def gone_passages(self) -> int:
        """How many passages of the base a layer leaves out."""
        query = "select count(*) from base.passages where paper_id in (select paper_id from gone)"
        return int(self.select(query)[0][0])

    def own_vectors(self) -> tuple[list[str], NDArray[np.float32]]:
        """The ids (n) of the passages that a layer has itself, and their vectors (n, d)."""
        import numpy as np

        with usable(PART):
            ids: dict[int, list[str]] = {}
            for paper_id, start in self.select("select paper_id, start from main.passages order by paper_id, start"):
                ids.setdefault(row_of(paper_id), []).append(f"{paper_id}:{start}")
            rows = self.select("select paper, vectors from main.vectors")
            every = [passage_id for paper, _ in rows for passage_id in ids[paper]]
            vectors = np.frombuffer(b"".join(blob for _, blob in rows), "<f2").astype(np.float32)
            return every, vectors.reshape(len(every), -1) if every else vectors.reshape(0, 0)

    # -- checking

    def with_vectors(self) -> set[int]:
        """The rows, as `row_of` gives them, of the papers that have vectors."""
        return {row[0] for row in self.select("select paper from vectors")}

    def misread(self, papers: Sequence[Paper], vectors_of: Callable[[list[str]], Vectors]) -> int:
        """How many of `papers` are indexed otherwise than they would be now; `vectors_of` gives those of keys."""
        wrong = 0
        for first in range(0, len(papers), AT_ONCE):
            batch = papers[first : first + AT_ONCE]
            ids, marks = [paper.id for paper in batch], _marks(batch)
            rows, readings = self.rows(ids), self.readings(ids)
            names: dict[str, set[str]] = {}
            for paper_id, name in self.select(f"select paper_id, name from names where paper_id in ({marks})", ids):
                names.setdefault(paper_id, set()).add(name)
            keys = {passage: key_of(passage) for paper in batch for passage in passages(paper)}
            own_vectors = _vectors_of(keys, vectors_of([*keys.values()]))
            query = f"select paper, vectors from vectors where paper in ({marks})"
            vectors = dict(self.select(query, [*map(row_of, ids)]))
            for paper in batch:
                row = row_of(paper.id)
                mark, reading = readings.get(paper.id, ("", b""))
                indexed = (rows.get(paper.id, []), names.get(paper.id, set()), mark, vectors.get(row))
                own = [(passage.start, len(passage.text), keys[passage]) for passage in passages(paper)]
                right = indexed == (own, set(names_of(paper)), paper.fingerprint, own_vectors.get(row))
                wrong += not (right and is_reading_of(paper, reading))
        return wrong


def row_of(paper_id: str) -> int:
    """The row of a paper's vectors."""
    return int.from_bytes(bytes.fromhex(paper_id), signed=True)


def _vectors_of(keys: Mapping[Passage, str], vectors: Vectors) -> dict[int, bytes]:
    """The vectors of each paper's passages, by its row; `keys` and `vectors` have those of each passage."""
    rows: dict[int, bytes] = {}
    for passage, key in keys.items():
        if key in vectors:
            row = row_of(passage.paper_id)
            rows[row] = rows.get(row, b"") + vectors[key].astype("<f2").tobytes()
    return rows


def _marks(values: Collection[object]) -> str:
    """The placeholders for as many values in a statement."""
    return ",".join("?" * len(values))
