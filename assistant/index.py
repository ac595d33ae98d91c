"""The library in, a searchable generation of it out.

A generation is a folder of derived data: a Chroma folder, a keyword index and a table of passages and names. It is
filled beside the one in use, checked, and put in its place by replacing the pointer file `current`; after
that nobody writes to it. So readers in other processes are never disturbed, a killed writer leaves the
old generation in force, and the whole can be made anew from the library without embedding anything.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .chunking import passages
from .errors import IndexMismatch, StoreError
from .interaction import Codes, join, pack, unpack
from .keywords import KeywordIndex
from .library import Library
from .names import names_of
from .records import Paper, Passage, digest
from .store import ChromaStore, Store

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .embedding import Embedder

FORMAT = 1
"""Raised when passages, keywords or codes are made in another way; an older generation is then made anew."""
ENCODE_BATCH = 16
"""Passages encoded between two commits of their vectors: what a kill costs, about half a second."""

UNUSABLE = (sqlite3.Error, StoreError)
"""What opening or reading a damaged generation raises."""

Progress = Callable[[str, int, int], None]
"""Called with a stage, how much of it is done and how much there is."""


@dataclass(frozen=True, slots=True)
class Generation:
    """What the pointer file says: the folder in use, the library revision it shows and who embedded it."""

    folder: str
    revision: int
    embedder: str
    format: int = FORMAT


class Index:
    """One generation, open."""

    def __init__(self, path: Path, generation: Generation, store: Store) -> None:
        self.path, self.generation, self.store = path, generation, store
        self.keywords = KeywordIndex(path / "keywords.sqlite")
        self._passages = sqlite3.connect(path / "passages.sqlite", check_same_thread=False, isolation_level=None)
        self._passages.execute(
            "create table if not exists passages (paper_id text, start integer, length integer, key text, "
            "primary key (paper_id, start)) without rowid"
        )
        self._passages.execute(
            "create table if not exists names (name text, paper_id text, primary key (name, paper_id)) without rowid"
        )
        self._passages.execute("create index if not exists names_by_paper on names (paper_id)")

    def __len__(self) -> int:
        return len(self.keywords)

    def passages_of(self, papers: Sequence[Paper]) -> dict[str, list[Passage]]:
        """The passages of each paper, by paper id, in the order they stand in."""
        rows = self._rows([paper.id for paper in papers])
        return {
            paper.id: [
                Passage(paper.id, paper.title, paper.abstract[start : start + length], start)
                for start, length, _ in rows.get(paper.id, [])
            ]
            for paper in papers
        }

    def codes_of(self, papers: Sequence[Paper], library: Library, *, dimensions: int) -> dict[str, Codes]:
        """The token codes of each paper; starts count in the abstract, those of title words are negative."""
        rows = self._rows([paper.id for paper in papers])
        keys = [key for some in rows.values() for _, _, key in some]
        blobs = library.encodings(keys, self.generation.embedder, columns="tokens, spans")
        held = dict(zip(blobs, unpack([(b[0], b[1]) for b in blobs.values()], dimensions=dimensions), strict=True))
        return {
            paper.id: join([_placed(held[key], start, paper.title) for start, _, key in rows[paper.id]])
            for paper in papers
            if paper.id in rows and all(key in held for _, _, key in rows[paper.id])
        }

    def cosines_of(
        self, papers: Sequence[Paper], vector: NDArray[np.float32], library: Library
    ) -> dict[str, float]:
        """The cosine of each paper's nearest passage with `vector`; papers without vectors are left out."""
        import numpy as np

        rows = self._rows([paper.id for paper in papers])
        keys = [key for some in rows.values() for _, _, key in some]
        blobs = library.encodings(keys, self.generation.embedder, columns="vector")
        cosines = {key: float(np.frombuffer(blob[0], "<f4") @ vector) for key, blob in blobs.items()}
        held = {i: [cosines[key] for _, _, key in some if key in cosines] for i, some in rows.items()}
        return {i: max(some) for i, some in held.items() if some}

    def bearers(self, names: Sequence[str]) -> dict[str, list[str]]:
        """The ids of the papers that bear each folded name; unknown names are left out."""
        found: dict[str, list[str]] = {}
        for first in range(0, len(names), 500):
            some = names[first : first + 500]
            query = f"select name, paper_id from names where name in ({','.join('?' * len(some))}) order by name, paper_id"
            for name, paper_id in self._passages.execute(query, some):
                found.setdefault(name, []).append(paper_id)
        return found

    def known_names(self) -> list[str]:
        """Every folded name that a paper bears."""
        return [row[0] for row in self._passages.execute("select distinct name from names order by name")]

    def document_counts(self, stems: Iterable[str]) -> dict[str, int]:
        """How many papers hold each stem."""
        return self.keywords.document_counts(stems)

    def holders(self, word: str, *, limit: int) -> list[str]:
        """The ids of up to `limit` papers that hold the word, best first."""
        return [paper_id for paper_id, _ in self.keywords.search(word, limit=limit, whole=True)]

    def _rows(self, paper_ids: Sequence[str]) -> dict[str, list[tuple[int, int, str]]]:
        marks = ",".join("?" * len(paper_ids))
        query = f"select * from passages where paper_id in ({marks}) order by paper_id, start"
        found: dict[str, list[tuple[int, int, str]]] = {}
        for paper_id, *row in self._passages.execute(query, paper_ids):
            found.setdefault(paper_id, []).append((row[0], row[1], row[2]))
        return found

    def put(self, papers: Sequence[Paper], vectors: dict[str, NDArray[np.float32]]) -> None:
        """Index papers in place of their earlier versions; `vectors` by the key of the encoded text."""
        self.remove([paper.id for paper in papers])
        cut = {paper.id: passages(paper) for paper in papers}
        self._passages.execute("begin")
        self._passages.executemany(
            "insert into passages values (?, ?, ?, ?)",
            [(p.paper_id, p.start, len(p.text), key_of(p)) for some in cut.values() for p in some],
        )
        self._passages.executemany(
            "insert into names values (?, ?)", [(name, paper.id) for paper in papers for name in names_of(paper)]
        )
        self._passages.execute("commit")
        self.keywords.put(papers)
        self.store.put({p: vectors[key_of(p)] for some in cut.values() for p in some if key_of(p) in vectors})

    def remove(self, paper_ids: Sequence[str]) -> None:
        for table in ("passages", "names"):
            self._passages.executemany(f"delete from {table} where paper_id = ?", [(i,) for i in paper_ids])
        self.keywords.remove(paper_ids)
        self.store.remove_papers(paper_ids)

    def faults(self, library: Library) -> list[str]:
        """What is missing or left over against the library, in words; [] when the index is whole."""
        held = {paper.id for paper in library.papers()}
        cut = {f"{row[0]}:{row[1]}" for row in self._passages.execute("select paper_id, start from passages")}
        faults = [
            _difference("keyword index", held, self.keywords.ids()),
            _difference("passage table", held, {i.split(":")[0] for i in cut}),
        ]
        if self.generation.embedder:
            faults.append(_difference("vector store", cut, self.store.whole()))
        return [fault for fault in faults if fault]

    def close(self) -> None:
        self.store.close()
        self.keywords.close()
        self._passages.close()


def _placed(codes: Codes, start: int, title: str) -> Codes:
    """The codes of one encoded passage with starts counted in the abstract; its title only before the first."""
    inside = codes.starts - len(title) - 1
    moved = Codes(codes.bits, inside + (inside >= 0) * start)
    return moved if start == 0 else moved.of(inside >= 0)


def _difference(name: str, expected: set[str], found: set[str]) -> str:
    missing, extra = len(expected - found), len(found - expected)
    return f"the {name} lacks {missing} and holds {extra} too many" if missing or extra else ""


def encoded_text(passage: Passage) -> str:
    """What is embedded of a passage: its paper's title, a line break, its text."""
    return f"{passage.title}\n{passage.text}"


def key_of(passage: Passage) -> str:
    """The name a passage's encoding is kept under."""
    return digest(encoded_text(passage))


def encode_missing(
    library: Library, embedder: Embedder, papers: Iterable[Paper], *, progress: Progress | None = None
) -> int:
    """Embed what of `papers` was never embedded, committing as it goes; the number of passages embedded."""
    texts = {key_of(p): encoded_text(p) for paper in papers for p in passages(paper)}
    known = library.encoded(list(texts), embedder.name)
    missing = [key for key in texts if key not in known]
    for first in range(0, len(missing), ENCODE_BATCH):
        if progress:
            progress("embedding", first, len(missing))
        some = missing[first : first + ENCODE_BATCH]
        encodings = embedder.encode([texts[key] for key in some])
        rows = {
            key: (e.vector.astype("<f4").tobytes(), *pack(e, texts[key]))
            for key, e in zip(some, encodings, strict=True)
        }
        library.put_encodings(rows, embedder.name)
    if progress and missing:
        progress("embedding", len(missing), len(missing))
    return len(missing)


def current(library: Library) -> Generation | None:
    """What the pointer file names, or None when there is no usable generation."""
    try:
        generation = Generation(**json.loads((library.home / "index/current").read_text()))
        usable = generation.format == FORMAT and (library.home / "index" / generation.folder).is_dir()
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return generation if usable else None


def open_index(library: Library, embedder: Embedder | None, *, chroma_url: str = "") -> Index | None:
    """The generation in use, or None when there is none; `IndexMismatch` when another embedder made it."""
    generation = current(library)
    if generation is None:
        return None
    if embedder and generation.embedder and generation.embedder != embedder.name:
        raise IndexMismatch(
            f"The index at {str(library.home)!r} was made by the embedder {generation.embedder!r}, and now "
            f"{embedder.name!r} is set. Make it anew with `assistant doctor --repair` (the papers stay), "
            "or set the former embedder again."
        )
    return _opened(library, generation, chroma_url)


def _opened(library: Library, generation: Generation, chroma_url: str) -> Index:
    path = library.home / "index" / generation.folder
    path.mkdir(parents=True, exist_ok=True)
    name = f"passages-{digest(str(library.home.resolve()), generation.embedder)}"
    store = ChromaStore.server(chroma_url, collection=name) if chroma_url else ChromaStore.folder(path / "chroma")
    return Index(path, generation, store)


def update(
    library: Library,
    embedder: Embedder | None,
    *,
    chroma_url: str = "",
    anew: bool = False,
    progress: Progress | None = None,
) -> None:
    """Bring the index to the library's revision; the caller holds the write lock. `anew` trusts nothing of the old."""
    name = embedder.name if embedder else ""
    old = None if anew else current(library)
    if old and old.embedder != name:
        old = None
    if old and old.revision == library.revision:
        return
    changed, removed = library.changed_since(old.revision if old else -1)
    new = Generation(f"{library.revision}-{secrets.token_hex(4)}", library.revision, name)
    folder = library.home / "index"
    if old and len(changed) + len(removed) < len(library) / 2:
        shutil.copytree(folder / old.folder, folder / new.folder)
    else:
        changed = library.papers()
    if embedder:
        encode_missing(library, embedder, changed, progress=progress)
    try:
        faults = _filled(library, new, changed, removed, chroma_url=chroma_url, progress=progress)
    except UNUSABLE:
        if anew:
            raise
        faults = ["the generation it was copied from is damaged"]
    if faults and not anew:
        shutil.rmtree(folder / new.folder)
        update(library, embedder, chroma_url=chroma_url, anew=True, progress=progress)
        return
    _point_to(folder, new)
    _sweep(folder, keep={new.folder, old.folder if old else ""})


def _filled(
    library: Library,
    new: Generation,
    changed: list[Paper],
    removed: list[str],
    *,
    chroma_url: str,
    progress: Progress | None,
) -> list[str]:
    """Put what changed into the generation `new`; what is then still wrong with it, in words."""
    index = _opened(library, new, chroma_url)
    try:
        _fill(index, library, changed, removed, progress)
        return index.faults(library)
    finally:
        index.close()


def _fill(
    index: Index, library: Library, changed: list[Paper], removed: list[str], progress: Progress | None
) -> None:
    import numpy as np

    index.remove(removed)
    if len(changed) == len(library):  # a server's collection outlives generations, and may hold what nobody knows of
        index.remove(sorted({i.split(":")[0] for i in index.store.whole()} - {paper.id for paper in changed}))
    for first in range(0, len(changed), 500):
        if progress:
            progress("indexing", first, len(changed))
        some = changed[first : first + 500]
        keys = [key_of(p) for paper in some for p in passages(paper)]
        blobs = library.encodings(keys, index.generation.embedder, columns="vector")
        index.put(some, {key: np.frombuffer(row[0], "<f4") for key, row in blobs.items()})
    if progress and changed:
        progress("indexing", len(changed), len(changed))


def _point_to(folder: Path, generation: Generation) -> None:
    """Swap the pointer in one step that survives a crash at any moment."""
    fresh = folder / "current.new"
    with fresh.open("w") as file:
        json.dump(asdict(generation), file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / "current")


def _sweep(folder: Path, *, keep: set[str]) -> None:
    """Delete generations nobody opens any more; the one before is kept for readers in mid-question."""
    for path in folder.iterdir():
        if path.is_dir() and path.name not in keep:
            shutil.rmtree(path, ignore_errors=True)
