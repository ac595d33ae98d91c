"""Files in, an indexed library out: everything that adds, removes, counts or repairs what is held."""

from __future__ import annotations

import functools
import shlex
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.bounds import DAY, TITLE, WORDS, bounded, excerpt
from ..core.errors import LibraryBusy, LibraryError, PaperNotFound, StoreError
from ..core.notebook import Brief
from ..core.processes import native
from ..core.readable import readable
from ..core.records import Ingested, Paper, fold
from ..library.browsing import fitting
from ..library.sources import place_of, read, told_apart
from . import searchable as indexing
from .inspection import damaged_files, let_go, wrong_contents
from .names import closest_titles

if TYPE_CHECKING:
    from ..library.papers import Library
    from .embedding import Embedder
    from .searchable import Index, Progress


FOUND = 50
"""Papers that a search by words alone comes up with."""
NAMED = 8
"""Titles named of those that a beginning could mean."""
WORDS_ALONE = "The index holds words alone. To search by meaning too, run: assistant doctor --repair"


@dataclass(frozen=True, slots=True, repr=False)
class Status(Brief):
    """What is held, and whether it is searchable; `notice` says in words what is not as it should be."""

    home: Path
    papers: int
    listings: dict[str, str]
    revision: int
    indexed_revision: int
    embedder: str
    notice: str = ""


def made(home: str | Path) -> Path:
    """The folder `home`, if a library was made in it; else `LibraryError` names the command that makes one."""
    if not (folder := Path(home).expanduser()).joinpath("library.sqlite").exists():
        command = f"assistant --home {shlex.quote(str(folder))} ingest PATH..."
        raise LibraryError(f"There is no library in the folder {str(folder)!r}. Make one with: {command}")
    return folder


class Holdings:
    """A library and the index over it, kept in step. `embedder` None: words alone are indexed.

    An index that `former` made serves on until it is made anew.
    """

    def __init__(
        self,
        library: Library,
        embedder: Embedder | None,
        *,
        former: Embedder | None = None,
        chroma_url: str = "",
        notice: str = "",
    ) -> None:
        self.library, self._wanted, self._former = library, embedder, former
        self._chroma_url, self._notice = chroma_url, notice
        self._opening = threading.Lock()  # of the three below, and of nothing else; see docs/threads.md
        self._index: Index | None = None
        self._readers: Counter[int] = Counter()
        self._waking: threading.Thread | None = None
        self._own_writers = threading.Lock()  # of this process's changes; other processes are kept out by a file

    @property
    def embedder(self) -> Embedder | None:
        """The embedder of the index in force: the former one where that made it."""
        return self._named(indexing.made_by(self.library)) if self._former else self._wanted

    def embedder_of(self, index: Index) -> Embedder | None:
        """The embedder of an index in hand, which need not be in force any more."""
        return self._named(index.generation.embedder)

    def _named(self, name: str) -> Embedder | None:
        return self._former if self._former and name == self._former.name else self._wanted

    def close(self) -> None:
        if self._waking is not None:
            self._waking.join()
        with self._opening:
            self._replace(None)
        self.library.close()

    def ingest(self, paths: Sequence[str | Path], *, progress: Progress | None = None) -> Ingested:
        """Take in listing files, each wholly or not at all.

        Raises `LibraryBusy`, `IndexMismatch` when another embedder made the index, and `EmbedderError` when the one
        that made it is not at hand and there is something new; nothing is changed then.
        """
        with self._own_writers, self.library.writing():
            embedder = indexing.embedder_for(self.library, self.embedder)
            sources = told_apart(paths, self.library.places())
            listings = [read(path, source=source) for path, source in zip(paths, sources, strict=True)]
            if embedder:
                news = self.library.news(paper for listing in listings for paper in listing.papers)
                indexing.encode_missing(self.library, embedder, news, progress=progress)
            done = Ingested()
            for path, listing in zip(paths, listings, strict=True):
                done += self.library.put(listing.papers, label=listing.label, place=place_of(path))
                done += Ingested(rejects=listing.rejects)
            self._update(progress=progress)
        return done

    def remove(self, titles: Sequence[str]) -> Ingested:
        """Forget papers by title or id; `PaperNotFound`, before anything is changed, for one not held."""
        with self._own_writers, self.library.writing():
            indexing.embedder_for(self.library, self.embedder)
            done = self.library.remove([self.paper(title).id for title in titles])
            self._update()
        return done

    def papers(self, words: str = "", *, listing: str = "", since: str = "", until: str = "") -> list[Paper]:
        """All papers by title, or the `FOUND` that `words` find, best first; of one listing and of some days only.

        Raises as `browsing.fitting` does.
        """
        for text, most, what in (
            (words, WORDS, "search"),
            (listing, TITLE, "listing's name"),
            (since, DAY, "first day"),
            (until, DAY, "last day"),
        ):
            bounded(text, most, what)
        listings = self.library.listings()
        fit = functools.partial(fitting, listings=listings, listing=listing, since=since, until=until)
        if not words:
            return fit(self.library.papers())
        fit([])  # what is wrong with a filter is said whatever the words find
        with self._kept_open() as index:
            every = listing or since or until
            ranked = index.keywords.search(words, limit=len(index) if every else FOUND) if index is not None else []
        return fit(self.library.papers(paper_id for paper_id, _ in ranked))[:FOUND]

    def paper(self, title: str, *, beginning: bool = False) -> Paper:
        """The paper of that title (case and spacing aside) or id, or `PaperNotFound` naming the closest titles.

        With `beginning`, the only title that begins so will do; where several do, `PaperNotFound` names them.
        """
        found = self.library.find(title) or self._shown_as(title)
        if found is None:
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
        return found

    def _beginning(self, words: str) -> list[Paper]:
        folded = fold(words)
        return [paper for paper in self.library.papers() if fold(paper.title).startswith(folded)] if folded else []

    def _shown_as(self, title: str) -> Paper | None:
        """The one paper whose title reads so where it is shown, without its LaTeX."""
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
        """What is wrong, in words; with `repair`, the index and damaged vectors are made anew from the papers."""
        faults = self._faults()
        if repair and faults:
            with self._own_writers, self.library.writing():
                let_go(self.library)
                self._update(anew=True, progress=progress)
        return faults

    def _lag(self, made_by: str | None) -> str:
        """What to tell of an index that another embedder than the one wanted made, or none; "" where all is well."""
        if made_by is None or self._wanted is None or made_by == self._wanted.name:
            return ""
        if not made_by:
            return WORDS_ALONE
        return f"The index is still that of {made_by}. To search by {self._wanted.name}, run: assistant doctor --repair"

    def _faults(self) -> list[str]:
        generation = indexing.current(self.library)
        folders = [self.library.home / "index" / generation.folder] if generation else []
        faults = damaged_files(self.library.home, *folders) + wrong_contents(self.library)
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
        index = self.index()
        return index.faults(self.library, self.library.papers()) if index is not None else []

    def index(self) -> Index | None:
        """The index of the library's present revision; None while no paper was ever taken in.

        A generation that lags (its writer was killed) or has its vectors elsewhere than is set now is brought up to
        date here, unless another process is writing: then the one before serves. Raises `LibraryBusy` when there is
        none before, `IndexMismatch`, `StoreError`.
        """
        with self._opening:
            return self._current()

    @contextmanager
    def reading(self) -> Iterator[Index | None]:
        """`index`, kept open until the block ends, even when newer papers replace it meanwhile.

        Meanwhile the model wakes: loading it takes as long as opening the index does.
        """
        native().check()
        with self._opening:
            if self._index is None and self._waking is None and (embedder := self.embedder):
                import numpy  # noqa: F401 -- two threads that import it at one time find it half made

                self._waking = threading.Thread(target=embedder.encode, args=([],), name="model")
                self._waking.start()
        with self._kept_open() as index:
            yield index

    @contextmanager
    def _kept_open(self) -> Iterator[Index | None]:
        with self._opening:
            index = self._current()
            self._readers[id(index)] += 1
        try:
            yield index
        finally:
            with self._opening:
                self._readers[id(index)] -= 1
                if index is not None and index is not self._index and not self._readers[id(index)]:
                    index.close()

    def _current(self) -> Index | None:
        if indexing.is_behind(self.library, chroma_url=self._chroma_url):
            self._catch_up()
        generation = indexing.current(self.library)
        if self._index is None or self._index.generation != generation:
            self._replace(None)
            self._replace(indexing.open_index(self.library, self.embedder))
        return self._index

    def _replace(self, index: Index | None) -> None:
        """Let go of the index in use, for another or none; whoever still reads it closes it when done."""
        before, self._index = self._index, index
        if before is not None and not self._readers[id(before)]:
            before.close()

    def _catch_up(self) -> None:
        """Bring the index up to date, unless somebody is writing: another thread of ours will do so itself."""
        if not self.library.writable and indexing.current(self.library) is not None:
            return  # the index that is there serves on
        ours = self._own_writers.acquire(blocking=False)
        try:
            if not ours:
                raise LibraryBusy("Papers are just being taken in. Ask again in a moment.")
            with self.library.writing():
                self._update()
        except LibraryBusy:
            if indexing.current(self.library) is None:
                raise
        finally:
            if ours:
                self._own_writers.release()

    def _update(self, *, anew: bool = False, progress: Progress | None = None) -> None:
        embedder = self._wanted if anew else self.embedder
        indexing.update(self.library, embedder, chroma_url=self._chroma_url, anew=anew, progress=progress)
