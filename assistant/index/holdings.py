"""Files in, an indexed library out: everything that adds, removes, counts, finds or repairs papers."""

from __future__ import annotations

import logging
import shlex
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.bounds import WORDS, bounded, excerpt
from ..core.errors import LibraryBusy, LibraryError, PaperNotFound, StoreError
from ..core.filters import ALL, Filter, bounded_filter
from ..core.notebook import Brief
from ..core.readable import readable
from ..core.records import Ingested, Paper, Reject, digest, fold
from ..core.sharing import native
from ..library.file import FILE
from ..library.following.store import FollowedSources
from ..library.rejected import Rejected
from ..library.sources import Manner
from . import searchable as indexing
from .ingesting import Ingesting
from .inspection import damaged_contents, damaged_files, delete_damaged
from .names import closest_titles

if TYPE_CHECKING:
    from ..core.database import DataHome
    from ..library.papers import Library
    from .embedding import Embedder
    from .searchable import Index, Progress


log = logging.getLogger(__name__)

MOST_MATCHES = 50
"""Most papers that a search by words gives."""
NAMED = 8
"""Most titles that an error lists."""
RETRY = 30.0
"""Seconds until it is tried again to bring an index up to date that could not be, as when the disk is full."""
WORDS_ALONE = "The index has words only. To search by meaning, too, run: assistant doctor --repair"


@dataclass(frozen=True, slots=True, repr=False)
class Status(Brief):
    """What the library has, and whether it is searchable; `notice` says what is wrong, if anything."""

    home: Path
    papers: int
    listings: dict[str, str]
    revision: int
    indexed_revision: int
    embedder: str
    notice: str = ""


def made(home: DataHome) -> DataHome:
    """The home if it has a library; if not, `LibraryError` names the command that makes one."""
    if not home.has(FILE):
        command = f"assistant --home {shlex.quote(str(home.folder))} ingest PATH..."
        raise LibraryError(f"There is no library in the folder {str(home.folder)!r}. Make one with: {command}")
    return home


class Holdings:
    """A library and its index, kept in step. `embedder` None: only words are indexed.

    An index that `former` made remains in use until it is rebuilt.
    """

    def __init__(
        self,
        library: Library,
        embedder: Embedder | None,
        *,
        former: Embedder | None = None,
        chroma: indexing.ChromaAddress = indexing.NO_SERVER,
        notice: str = "",
    ) -> None:
        self.library, self._wanted, self._former = library, embedder, former
        self._chroma, self._notice = chroma, notice
        self.rejected, self.followed = Rejected(library.data_home), FollowedSources(library.data_home)
        self._opening = threading.Lock()  # of the five below, and nothing else; see docs/threads.md
        self._index: Index | None = None
        self._readers: Counter[int] = Counter()
        self._loading: threading.Thread | None = None
        self._damaged = ""  # what was wrong with the index when it was last used; "" if nothing
        self._failed = -RETRY  # when the index could last not be brought up to date or mended, by the monotonic clock
        self._own_writers = threading.Lock()  # of this process; a lock file keeps other processes out

    @property
    def embedder(self) -> Embedder | None:
        """The embedder of the index in force: the former one, if that made it."""
        return self._named(indexing.made_by(self.library)) if self._former else self._wanted

    def _named(self, name: str) -> Embedder | None:
        return self._former if self._former and name == self._former.name else self._wanted

    def close(self) -> None:
        if self._loading is not None:
            self._loading.join()
        with self._opening:
            self._replace(None)
        self.rejected.close()
        self.followed.close()
        self.library.close()

    def ingest(
        self,
        paths: Sequence[str | Path],
        *,
        manner: Manner = Manner(),  # noqa: B008 -- it is frozen
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> Ingested:
        """Add the papers of files and folders; a file of up to 5,000 papers as a whole or not at all.

        With `dry_run` nothing is changed; the outcome is what would be. Raises, before anything is changed,
        `LibraryBusy`, `IndexMismatch` if another embedder made the index, and `EmbedderError` if the one that made it
        is missing and there is something new.
        """
        return self._ingested(paths, manner=manner, dry_run=dry_run, progress=progress)[0]

    def bring(
        self,
        paths: Sequence[str | Path],
        *,
        source: str = "",
        manner: Manner = Manner(),  # noqa: B008 -- it is frozen
    ) -> tuple[Ingested, list[str]]:
        """`ingest` for a followed source; also the ids of the papers that are new. What was removed is left out.

        `source`: its name, if the files are pages of what it sent, and are not kept.
        """
        return self._ingested(paths, manner=manner, source=source, without=self.library.removed())

    def _ingested(
        self,
        paths: Sequence[str | Path],
        *,
        manner: Manner,
        dry_run: bool = False,
        progress: Progress | None = None,
        source: str = "",
        without: Collection[str] = (),
    ) -> tuple[Ingested, list[str]]:
        with self._own_writers, self.library.writing():
            embedder = indexing.embedder_for(self.library, self.embedder)
            ingesting = Ingesting(self.library, self.rejected, embedder, manner, dry_run, progress, source, without)
            done = ingesting.run(paths)
            if not dry_run:
                self._update(progress=progress)
        return done, ingesting.new

    def rejects(self) -> list[Reject]:
        """The rejects that are not mended: no paper here has the same title and an abstract."""
        rejects = {one: digest(fold(one.title)) for one in self.rejected.all()}
        mended = {paper.id for paper in self.library.papers(dict.fromkeys(rejects.values())) if paper.abstract}
        return [one for one, paper_id in rejects.items() if not one.title or paper_id not in mended]

    def remove(self, titles: Sequence[str]) -> Ingested:
        """Remove papers by title or id. Raises `PaperNotFound`, before anything is changed, for an unknown one."""
        with self._own_writers, self.library.writing():
            indexing.embedder_for(self.library, self.embedder)
            done = self.library.remove([self.paper(title).id for title in titles])
            self._update()
        return done

    def papers(self, words: str = "", *, where: Filter = ALL) -> list[Paper]:
        """The papers that pass a filter, by title, or the `MOST_MATCHES` of them that match `words` best.

        Raises as `browsing.fitting` does.
        """
        bounded(words, WORDS, "search")
        ids = self.library.fitting(bounded_filter(where))
        if not words:
            if ids is None:
                return self.library.papers()
            return sorted(self.library.papers(ids), key=lambda paper: (paper.title, paper.id))
        with self._kept_open() as index:
            ranked = index.keywords.search(words, limit=MOST_MATCHES, within=ids) if index else []
        return self.library.papers(paper_id for paper_id, _ in ranked)

    def paper(self, title: str, *, beginning: bool = False) -> Paper:
        """The paper with that title (ignoring case and spacing) or id; `PaperNotFound` names the closest titles.

        With `beginning`, the first words of a title are enough; if several titles begin so, `PaperNotFound` names them.
        """
        if paper := self.library.find(title) or self._shown_as(title):
            return paper
        begun = self._beginning(title) if beginning else []
        if len(begun) == 1:
            return begun[0]
        if begun:
            some = "; ".join(paper.title for paper in begun[:NAMED])
            more = f"; and {len(begun) - NAMED} more" if len(begun) > NAMED else ""
            raise PaperNotFound(f"{len(begun)} titles here begin with {title!r}: {some}{more}. Give more of one.")
        close = closest_titles(title, [paper.title for paper in self.library.papers()])
        hint = f" Closest: {'; '.join(close)}." if close else ""
        raise PaperNotFound(f"No paper here is called {excerpt(title)!r}.{hint}")

    def _beginning(self, words: str) -> list[Paper]:
        folded = fold(words)
        return [paper for paper in self.library.papers() if fold(paper.title).startswith(folded)] if folded else []

    def _shown_as(self, title: str) -> Paper | None:
        """The one paper whose title is displayed so, without its LaTeX."""
        shown = [paper for paper in self.library.papers() if fold(readable(paper.title)) == fold(title)]
        return shown[0] if len(shown) == 1 else None

    def status(self) -> Status:
        generation = indexing.current(self.library)
        shown = generation.revision if generation else 0
        return Status(
            home=self.library.home,
            papers=len(self.library),
            listings=self.library.listings(),
            revision=self.library.revision,
            indexed_revision=shown if generation and generation.state == self.library.state_at(shown) else 0,
            embedder=self.embedder.name if self.embedder else "",
            notice=self._notice
            or indexing.lost_record(self.library)
            or self._lag(generation.embedder if generation else None),
        )

    def doctor(self, *, repair: bool = False, progress: Progress | None = None) -> list[str]:
        """What is wrong, in words; with `repair`, the index and damaged vectors are rebuilt from the papers."""
        faults = self._faults()
        if repair and faults:
            with self._own_writers, self.library.writing():
                delete_damaged(self.library)
                self._update(anew=True, progress=progress)
        return faults

    def _lag(self, made_by: str | None) -> str:
        """The notice for an index that another embedder made, or none; "" if all is well."""
        if made_by is None or self._wanted is None or made_by == self._wanted.name:
            return ""
        if not made_by:
            return WORDS_ALONE
        return f"The index is still that of {made_by}. To search by {self._wanted.name}, run: assistant doctor --repair"

    def _faults(self) -> list[str]:
        generation = indexing.current(self.library)
        folders = indexing.folders(self.library, generation) if generation else []
        faults = damaged_files(self.library.home, *folders) + damaged_contents(self.library)
        if not faults:
            try:
                faults = self._faults_of_index()
            except (LibraryError, StoreError) as error:
                faults = [f"the index cannot be read: {str(error).rstrip('.')}"]
        return faults

    def _faults_of_index(self) -> list[str]:
        if lost := indexing.lost_record(self.library):
            return [lost.rstrip(".")]
        generation = indexing.current(self.library)
        name = self._wanted.name if self._wanted else ""
        if generation is None:
            return ["there is no usable index"] if len(self.library) else []
        if generation.embedder != name:
            return [f"the index was made by the embedder {generation.embedder or 'none'!r}, not {name or 'none'!r}"]
        revision = self.library.revision
        if generation.revision != revision:
            return [f"the index shows revision {generation.revision}, the library is at {revision}"]
        if generation.state != self.library.state:
            return [f"the index shows another revision {revision} than the library's: a copy was put back"]
        with self._opening:
            index = self._current(mends=False)
        return index.faults(self.library.papers()) if index is not None else []

    def index(self) -> Index | None:
        """The index of the library's present revision; None until a paper is added.

        If the index lags, because its writer was killed, or has its vectors elsewhere than is set now, it is brought up
        to date here; if it is damaged, it is rebuilt. While another process is writing, the former index is used
        instead. Raises `LibraryBusy` if there is none, `IndexMismatch` and `StoreError`.
        """
        with self._opening:
            return self._current()

    @contextmanager
    def reading(self) -> Iterator[Index | None]:
        """`index`, kept open until the block ends, even if newer papers replace it meanwhile.

        If it proves damaged in the block, the next use rebuilds it from the papers.
        The model is loaded in a thread at the same time: that takes as long as opening the index.
        """
        native().check()
        with self._opening:
            if self._index is None and self._loading is None and (embedder := self.embedder):
                import numpy  # noqa: F401 -- two threads that import it at once meet it half initialised

                self._loading = threading.Thread(target=_load, args=(embedder,), name="model")
                self._loading.start()
        with self._kept_open() as index:
            yield index

    @contextmanager
    def _kept_open(self) -> Iterator[Index | None]:
        with self._opening:
            index = self._current()
            self._readers[id(index)] += 1
        try:
            yield index
        except StoreError as error:
            if index is not None and not index.generation.vectors:
                self._damaged = str(error)
            raise
        finally:
            with self._opening:
                self._readers[id(index)] -= 1
                if index is not None and index is not self._index and not self._readers[id(index)]:
                    index.close()

    def _current(self, *, mends: bool = True) -> Index | None:
        if indexing.is_behind(self.library, chroma=self._chroma):
            self._catch_up()
        if self._damaged and mends:
            self._mend()
        generation = indexing.current(self.library)
        if self._index is None or self._index.generation != generation:
            self._replace(self._opened(mends))  # opened before the former one is closed: they may share files
        return self._index

    def _opened(self, mends: bool) -> Index | None:
        """The index in force, open; if its folder is damaged and it `mends`, after it was rebuilt from the papers."""
        try:
            return indexing.open_index(self.library, self.embedder, chroma=self._chroma)
        except StoreError as error:
            generation = indexing.current(self.library)
            if not mends or generation is None or generation.vectors:  # at a server, which may only be away
                raise
            self._damaged = str(error)
            self._mend()
            return indexing.open_index(self.library, self.embedder, chroma=self._chroma)

    def _mend(self) -> None:
        """Rebuild a damaged index from the papers, which needs no model. What prevents that is only logged."""
        damage, self._damaged = self._damaged, ""
        if not self.library.writable or time.monotonic() < self._failed + RETRY:
            return
        self._failed = time.monotonic()  # an index that is damaged again at once is not rebuilt for each question
        try:
            with self._writing():
                indexing.update(self.library, self.embedder, chroma=self._chroma, anew=True)
            log.warning("The index was damaged, and was rebuilt from the papers. %s", damage)
        except (LibraryError, StoreError) as error:
            log.warning("The index is damaged and could not be rebuilt: %s", error)

    def _replace(self, index: Index | None) -> None:
        """Replace the index in use by another or none. Its last reader closes it."""
        before, self._index = self._index, index
        if before is not None and not self._readers[id(before)]:
            before.close()

    def _catch_up(self) -> None:
        """Bring the index up to date, unless somebody is writing, who will do so.

        If that fails, say for a full disk, the former index remains in use, and after `RETRY` it is tried again.
        """
        waits = not self.library.writable or time.monotonic() < self._failed + RETRY
        if waits and indexing.current(self.library) is not None:
            return  # the former index remains in use
        try:
            with self._writing():
                self._update()
        except (LibraryError, StoreError) as error:
            if indexing.current(self.library) is None:
                raise
            if not isinstance(error, LibraryBusy):
                self._failed = time.monotonic()
                log.warning("The former index remains in use: %s", error)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Change the index between two questions. Raises `LibraryBusy` at once if papers are being added."""
        if not self._own_writers.acquire(blocking=False):
            raise LibraryBusy("Papers are just being added. Ask again in a moment.")
        try:
            with self.library.writing(papers=False):
                yield
        finally:
            self._own_writers.release()

    def _update(self, *, anew: bool = False, progress: Progress | None = None) -> None:
        embedder = self._wanted if anew else self.embedder
        indexing.update(self.library, embedder, chroma=self._chroma, anew=anew, progress=progress)


def _load(embedder: Embedder) -> None:
    """Load the model, as it reads texts and as it reads questions: a question needs both."""
    for questions in (False, True):
        embedder.encode([], questions=questions)
