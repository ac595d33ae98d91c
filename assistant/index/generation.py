"""The folder of one generation in; an index that can be searched, filled and checked out.

A generation is derived data: a Chroma folder (or a collection on a server), a keyword index, and tables of passages,
names and readings. Once it is in force nobody writes to it: see `searchable`.
"""

from __future__ import annotations

import functools
import json
import sqlite3
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import EmbedderError
from ..core.records import Paper, Passage
from ..core.sqlite_file import PAGE
from ..core.text import counted, words
from ..library.browsing import Kind
from ..library.chunking import passages
from ..library.file import MAPPED
from ..library.paper_ids import PaperIds, ids_of
from ..library.papers import Library
from .embedding import BundledEmbedder
from .interaction import Codes, centre, join, key_of, maxsim, placed, question_tokens, stored, stored_vectors, vector_of
from .keywords import KeywordIndex, usable
from .names import names_of
from .occupied import Occupied
from .reading import Reading, is_reading_of, packed, read, unpacked
from .shared import SharedStore, name_of
from .store import Store

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .embedding import Embedder, Encoding
    from .interaction import Progress

FORMAT = 6
"""Raised when passages, vectors, keywords, codes or readings change their form; older generations are then rebuilt."""
SHARED_FORMAT = 7
"""The same for a generation whose vectors are on a server."""
FILL_BATCH = 500
"""Papers indexed at once."""
COMPARED = 4096
"""Papers whose vectors are in memory at once, some 3 kB each."""
CACHED = 1024
"""Papers whose features stay in memory, 40 kB each: all of a small library, the most wanted of a large one."""
FORMS = 50
"""Most papers that are looked through for a form of a word."""
QUESTIONS = 8
"""Questions whose encodings are kept: one is read before it is searched for."""
KEYWORDS, PASSAGES = "keywords.sqlite", "passages.sqlite"
"""The files of a generation, beside its Chroma folder."""
_TABLE = "passage table"
_SCHEMA = """
create table if not exists passages (
    paper_id text, start integer, length integer, key text, primary key (paper_id, start)) without rowid;
create table if not exists names (name text, paper_id text, primary key (name, paper_id)) without rowid;
create index if not exists names_by_paper on names (paper_id);
create table if not exists readings (paper_id text primary key, fingerprint text, reading blob) without rowid;
create table if not exists vectors (paper integer primary key, vectors blob);
"""
"""`vectors`: those of a paper's passages, float16, by its id as a signed number; the store has them, too, but is
slow to look among some papers only."""


@dataclass(frozen=True, slots=True)
class Generation:
    """The content of the pointer file: the folder in use, the state of the library it shows, and its embedder.

    `papers`: how many papers it has. `embedder`: "" if it has words only. `vectors`: the Chroma server with its
    vectors, "" if they are in its own folder; `tenant`, `database` and `collection`: where they are there.
    """

    folder: str
    revision: int
    state: str
    papers: int
    embedder: str
    vectors: str = ""
    tenant: str = ""
    database: str = ""
    collection: str = ""
    format: int = FORMAT


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What a paper is compared by.

    codes: those of its words, with starts counted in the abstract (below 0 in the title); no words without vectors.
    vector (d,): the mean of its passages' vectors, of length 1, or (0,). The mean ranks better than the nearest
    passage: R@1 .904 against .893 on the fitting questions.
    """

    paper: Paper
    reading: Reading
    codes: Codes
    vector: NDArray[np.float32]


class Index:
    """One generation, open, with the library it was made from and the embedder for questions to it.

    This is all that searching and checking need. `embedder` None: papers are searched by words only.
    """

    def __init__(
        self, path: Path, generation: Generation, store: Store, library: Library, embedder: Embedder | None
    ) -> None:
        self.path, self.generation, self.store = path, generation, store
        self.library, self.embedder = library, embedder
        self.keywords = KeywordIndex(path / KEYWORDS)
        self._passages = sqlite3.connect(path / PASSAGES, check_same_thread=False, isolation_level=None)
        with usable(_TABLE):
            self._passages.execute(MAPPED)
            self._passages.execute(f"pragma page_size = {PAGE}")  # of a new file: vectors leave less of it empty
            self._passages.executescript(_SCHEMA)
        self._known: dict[tuple[int, int], list[str]] = {}  # any thread may fill it, with the same values
        self._cached: dict[str, Features] = {}
        self._caching = threading.Lock()  # of `_cached`
        self.encoding_of = functools.lru_cache(maxsize=QUESTIONS)(functools.partial(self._encoded, questions=True))
        self._plain_of = functools.lru_cache(maxsize=QUESTIONS)(functools.partial(self._encoded, questions=False))
        self._occupied = Occupied(path)
        if isinstance(store, SharedStore):
            store.own = self._vectors_named

    def __len__(self) -> int:
        return len(self.keywords)

    def close(self) -> None:
        self.store.close()
        self.keywords.close()
        self._passages.close()
        self._occupied.close()

    # -- papers

    def passages_of(self, papers: Sequence[Paper]) -> dict[str, list[Passage]]:
        """The passages of each paper in order, by paper id: those indexed, or made now for a paper that is not."""
        rows = self._rows([paper.id for paper in papers])
        return {
            paper.id: [
                Passage(paper.id, paper.title, paper.abstract[start : start + length], start)
                for start, length, _ in rows[paper.id]
            ]
            if paper.id in rows
            else passages(paper)
            for paper in papers
        }

    def features_of(self, papers: Collection[Paper]) -> dict[str, Features]:
        """What each paper is compared by, by paper id. The last `CACHED` papers stay in memory."""
        with self._caching:
            missing = [paper for paper in papers if paper != self._cached_paper(paper.id)]
            fetched = self._fetched(missing)
            features = {paper.id: fetched.get(paper.id) or self._cached.pop(paper.id) for paper in papers}
            self._cached |= features  # in the order of their last use
            for paper_id in list(self._cached)[:-CACHED]:
                del self._cached[paper_id]
        return features

    def nearest_of(self, paper_ids: PaperIds, vector: NDArray[np.float32], *, limit: int) -> list[tuple[str, float]]:
        """The papers of the `limit` passages nearest to `vector`, of these papers, with their cosines, best first.

        All are compared one by one. A paper comes as often as it has passages among these.
        """
        import numpy as np

        papers, cosines = [np.zeros(0, np.uint64)], [np.zeros(0, np.float32)]
        for first in range(0, len(paper_ids), COMPARED):
            numbers = json.dumps(paper_ids.numbers[first : first + COMPARED].view(np.int64).tolist())
            query = "select paper, vectors from vectors where paper in (select value from json_each(?))"
            if rows := self._select(query, (numbers,)):
                owners, blobs = zip(*rows, strict=True)
                with usable(_TABLE):
                    vectors = np.frombuffer(b"".join(blobs), "<f2").reshape(-1, len(vector)).astype(np.float32)
                    passages = [len(blob) // (2 * len(vector)) for blob in blobs]
                    papers.append(np.repeat(np.array(owners, np.int64).view(np.uint64), passages))
                    cosines.append(vectors @ vector)
        all_papers, all_cosines = np.concatenate(papers), np.concatenate(cosines)
        best = np.lexsort((all_papers, -all_cosines))[:limit]
        return list(zip(ids_of(all_papers[best]), all_cosines[best].tolist(), strict=True))

    def likeness(self, sentence: str, paper: Paper) -> float:
        """The late interaction of a sentence with a paper, 0 to 1; 0 if papers are searched by words only."""
        if self.embedder is None:
            return 0.0
        tokens, _ = question_tokens(self.embedder.encode([sentence])[0], sentence)
        return max(0.0, maxsim(tokens, self.features_of([paper])[paper.id].codes))

    def vector_of(self, question: str, *, embedder: str) -> Sequence[float]:
        """The plain vector of a question by the embedder of that name; () if another one, or none, is in use.

        Adapted to questions, it tells kinds of questions apart less well: accuracy .78 against .80.
        """
        if self.embedder is None or self.embedder.name != embedder:
            return ()
        return self._plain_of(question).vector.tolist()  # type: ignore[no-any-return]

    def is_word(self, word: str) -> bool:
        """Whether a word is one of the embedder's own; False without an embedder that has words."""
        return isinstance(self.embedder, BundledEmbedder) and self.embedder.is_word(word)

    def _encoded(self, question: str, *, questions: bool) -> Encoding:
        if self.embedder is None:
            raise EmbedderError("Papers are searched by words alone: there is nothing to encode a question with.")
        return self.embedder.encode([question], questions=questions)[0]

    def _cached_paper(self, paper_id: str) -> Paper | None:
        """The paper as it was when its features were fetched."""
        features = self._cached.get(paper_id)
        return features.paper if features else None

    def _fetched(self, papers: Sequence[Paper]) -> dict[str, Features]:
        if not papers:
            return {}
        rows = self._rows([paper.id for paper in papers])
        keys = [key for own in rows.values() for _, _, key in own]
        encodings = stored(self.library, keys, self.generation.embedder)
        readings = self._readings_of(papers)
        features = {}
        for paper in papers:
            own = [(start, key) for start, _, key in rows.get(paper.id, [])]
            if not all([key in encodings for _, key in own]):
                own = []
            codes = join([placed(*encodings[key][1:], title=len(paper.title), start=start) for start, key in own])
            vector = centre([vector_of(encodings[key]) for _, key in own])
            features[paper.id] = Features(paper, readings[paper.id], codes, vector)
        return features

    def _readings_of(self, papers: Sequence[Paper]) -> dict[str, Reading]:
        """The reading of each paper, by paper id: the indexed one, or made now if the paper has changed since."""
        query = f"select fingerprint, reading from readings where paper_id in ({_marks(papers)})"
        indexed = dict(self._select(query, [paper.id for paper in papers]))
        with usable(_TABLE):
            return {
                paper.id: unpacked(indexed[mark]) if (mark := paper.fingerprint) in indexed else read(paper)
                for paper in papers
            }

    # -- words and names

    def bearers(self, names: Sequence[str]) -> dict[str, list[str]]:
        """The ids of the papers that have each name, by the key of the name; unknown names are left out."""
        papers: dict[str, list[str]] = {}
        for first in range(0, len(names), 500):
            batch = names[first : first + 500]
            query = f"select name, paper_id from names where name in ({_marks(batch)}) order by name, paper_id"
            for name, paper_id in self._select(query, batch):
                papers.setdefault(name, []).append(paper_id)
        return papers

    def known_names(self, *, shortest: int, longest: int) -> list[str]:
        """Every name of `shortest` to `longest` letters that a paper has."""
        if (shortest, longest) not in self._known:
            query = "select distinct name from names where length(name) between ? and ? order by name"
            self._known[shortest, longest] = [row[0] for row in self._select(query, (shortest, longest))]
        return self._known[shortest, longest]

    def document_counts(self, stems: Iterable[str]) -> dict[str, int]:
        """How many papers have each stem."""
        return self.keywords.document_counts(stems)

    def stems(self, start: str, *, shortest: int, longest: int, least: int) -> list[str]:
        return self.keywords.stems(start, shortest=shortest, longest=longest, least=least)

    def holders(self, word: str, *, limit: int) -> list[str]:
        """The ids of up to `limit` papers that have the word, best first."""
        return [paper_id for paper_id, _ in self.keywords.search(word, limit=limit, whole=True)]

    def writes(self, word: str, *, least: int) -> bool:
        """Whether at least so many papers have the word in this very form, among those that have it in any."""
        papers = self.library.papers(self.holders(word, limit=FORMS))
        return sum(word in {one.casefold() for one in words(f"{p.title} {p.abstract}")} for p in papers) >= least

    # -- authors, venues and dates

    def meant(self, kind: Kind, name: str) -> list[str]:
        """The authors or venues of the papers that a name means."""
        return self.library.meant(kind, name)

    @property
    def dated(self) -> bool:
        """Whether any paper has a date of its own."""
        return self.library.dated

    def _rows(self, paper_ids: Sequence[str]) -> dict[str, list[tuple[int, int, str]]]:
        """The start, length and key of each passage, by paper id."""
        query = f"select * from passages where paper_id in ({_marks(paper_ids)}) order by paper_id, start"
        rows: dict[str, list[tuple[int, int, str]]] = {}
        for paper_id, start, length, key in self._select(query, paper_ids):
            rows.setdefault(paper_id, []).append((start, length, key))
        return rows

    def _vectors_named(self, among: Collection[str] | None) -> set[str]:
        """The names on the server of the vectors that this generation has, or those `among` them."""
        query = "select paper_id, start, key from passages"
        if among is None:
            return {name_of(f"{paper_id}:{start}", key) for paper_id, start, key in self._select(query)}
        papers = json.dumps([*{name.partition(":")[0] for name in among}])
        rows = self._select(f"{query} where paper_id in (select value from json_each(?))", (papers,))
        return {name_of(f"{paper_id}:{start}", key) for paper_id, start, key in rows}.intersection(among)

    def _select(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with usable(_TABLE):
            return self._passages.execute(query, values).fetchall()

    # -- filling, before it is in force

    def fill(self, changed: Sequence[Paper], removed: Sequence[str], *, progress: Progress | None = None) -> None:
        """Index the papers that `changed`, with the vectors stored in the library, and drop those `removed`."""
        self.remove(removed)
        for first in range(0, len(changed), FILL_BATCH):
            if progress:
                progress("indexing", first, len(changed))
            self.put(changed[first : first + FILL_BATCH])
        if progress and changed:
            progress("indexing", len(changed), len(changed))

    def put(self, papers: Sequence[Paper]) -> None:
        """Index papers in place of their earlier versions, with the vectors stored in the library."""
        self.remove([paper.id for paper in papers])
        keys = {passage: key_of(passage) for paper in papers for passage in passages(paper)}
        vectors = stored_vectors(self.library, self.generation.embedder, list(keys.values()))
        rows = [(passage.paper_id, passage.start, len(passage.text), key) for passage, key in keys.items()]
        names = [(name, paper.id) for paper in papers for name in names_of(paper)]
        readings = [(paper.id, paper.fingerprint, packed(paper)) for paper in papers]
        blobs = _vectors_of(keys, vectors)
        with usable(_TABLE):
            self._passages.execute("begin")
            self._passages.executemany("insert into passages values (?, ?, ?, ?)", rows)
            self._passages.executemany("insert into names values (?, ?)", names)
            self._passages.executemany("insert into readings values (?, ?, ?)", readings)
            self._passages.executemany("insert into vectors values (?, ?)", blobs.items())
            self._passages.execute("commit")
        self.keywords.put(papers)
        self.store.put({passage: vectors[key] for passage, key in keys.items() if key in vectors})

    def remove(self, paper_ids: Sequence[str]) -> None:
        self._known.clear()
        self._cached.clear()
        with usable(_TABLE):
            for table in ("passages", "names", "readings"):
                self._passages.executemany(f"delete from {table} where paper_id = ?", [(i,) for i in paper_ids])
            self._passages.executemany("delete from vectors where paper = ?", [(_row(i),) for i in paper_ids])
        self.keywords.remove(paper_ids)
        if not self.generation.vectors:
            self.store.remove_papers(paper_ids)

    # -- checking

    def vectors_lost(self) -> int:
        """How many passages have no vector, by comparing totals; `faults` looks closely."""
        return max(0, self._passage_count() - len(self.store)) if self.generation.embedder else 0

    def sweep(self, collections: str, *, now: float) -> None:
        """Delete from the server what this state of the library does not need: see `SharedStore.sweep`."""
        if isinstance(self.store, SharedStore):
            self.store.sweep(collections, passages=self._passage_count(), now=now)

    def _passage_count(self) -> int:
        return int(self._select("select count(*) from passages")[0][0])

    def faults(self, closely: Sequence[Paper] = (), *, sent: bool = False) -> list[str]:
        """What is missing or left over against the library, in words; [] if the index is whole.

        The papers in `closely` are also analysed again, a millisecond or two each, and compared with what is indexed.
        Of vectors just `sent` to a server, which it was asked for once, only their number is looked at.
        """
        abstracts = dict(self.library.rows("select id, abstract from papers"))
        quotable = {paper_id for paper_id, abstract in abstracts.items() if str(abstract).strip()}
        indexed = {f"{row[0]}:{row[1]}" for row in self._select("select paper_id, start from passages")}
        faults = [
            _difference("keyword index", abstracts.keys(), self.keywords.ids()),
            _difference("passage table", quotable, {i.split(":")[0] for i in indexed}),
        ]
        if not self.keywords.whole():
            faults.append("the keyword index has lost words or misplaced them")
        if self.generation.embedder and not (sent and self.generation.vectors and not self.vectors_lost()):
            faults.append(_difference("vector store", indexed, self.store.whole()))
        if self.generation.embedder:
            papers_with_vectors = {row[0] for row in self._select("select paper from vectors")}
            faults.append(_difference("table of vectors", {_row(i) for i in quotable}, papers_with_vectors))
        if any(faults):
            return [fault for fault in faults if fault]
        wrong = {"keyword index": self.keywords.misread(closely), _TABLE: self._misread(closely)}
        return [f"the {part} is wrong about {counted(number, 'paper')}" for part, number in wrong.items() if number]

    def _misread(self, papers: Sequence[Paper]) -> int:
        """How many of `papers` are indexed otherwise than they would be now."""
        wrong = 0
        for first in range(0, len(papers), FILL_BATCH):
            batch = papers[first : first + FILL_BATCH]
            ids, marks = [paper.id for paper in batch], _marks(batch)
            rows = self._rows(ids)
            names: dict[str, set[str]] = {}
            for paper_id, name in self._select(f"select paper_id, name from names where paper_id in ({marks})", ids):
                names.setdefault(paper_id, set()).add(name)
            query = f"select paper_id, fingerprint, reading from readings where paper_id in ({marks})"
            readings = {paper_id: (mark, reading) for paper_id, mark, reading in self._select(query, ids)}
            keys = {passage: key_of(passage) for paper in batch for passage in passages(paper)}
            own_vectors = _vectors_of(keys, stored_vectors(self.library, self.generation.embedder, [*keys.values()]))
            query = f"select paper, vectors from vectors where paper in ({marks})"
            vectors = dict(self._select(query, [*map(_row, ids)]))
            for paper in batch:
                row = _row(paper.id)
                mark, reading = readings.get(paper.id, ("", b""))
                indexed = (rows.get(paper.id, []), names.get(paper.id, set()), mark, vectors.get(row))
                own = [(passage.start, len(passage.text), keys[passage]) for passage in passages(paper)]
                right = indexed == (own, set(names_of(paper)), paper.fingerprint, own_vectors.get(row))
                wrong += not (right and is_reading_of(paper, reading))
        return wrong


def _row(paper_id: str) -> int:
    """The row of a paper's vectors."""
    return int.from_bytes(bytes.fromhex(paper_id), signed=True)


def _vectors_of(keys: Mapping[Passage, str], vectors: Mapping[str, NDArray[np.float32]]) -> dict[int, bytes]:
    """The vectors of each paper's passages, by its row; `keys` and `vectors` have those of each passage."""
    rows: dict[int, bytes] = {}
    for passage, key in keys.items():
        if key in vectors:
            row = _row(passage.paper_id)
            rows[row] = rows.get(row, b"") + vectors[key].astype("<f2").tobytes()
    return rows


def _marks(values: Collection[object]) -> str:
    """The placeholders for as many values in a statement."""
    return ",".join("?" * len(values))


def _difference(name: str, expected: Set[object], indexed: Set[object]) -> str:
    missing, extra = len(expected - indexed), len(indexed - expected)
    return f"the {name} lacks {missing} and has {extra} too many" if missing or extra else ""
