"""Paths in, what became of their papers out: read in slices, each embedded and added before the next is read.

So memory stays bounded, whatever the size of a file, and what was added before a kill stays. The index is brought up to
date once, at the end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.records import Ingested, Paper, Reject
from ..library.sources import SLICE, Listing, Manner, Unreadable, files_in, place_of, slices, source_names
from .interaction import encode_missing

if TYPE_CHECKING:
    from ..library.papers import Library
    from ..library.rejected import Rejected
    from .embedding import Embedder
    from .interaction import Progress

MOST_REJECTS = 10_000
"""Most rejects in the outcome; the others are counted there, and kept beside the library like the rest."""

MOST_NEW = 10_000
"""Most new papers whose ids are remembered."""


@dataclass
class Ingesting:
    """One run over some paths. `embedder` None: only words will be indexed. `dry_run`: nothing is changed.

    `source`: the followed source whose pages the files are, "" for files of their own. `without`: ids of papers that
    are left out. `new` has the ids of the papers that were added.
    """

    library: Library
    rejected: Rejected
    embedder: Embedder | None
    manner: Manner
    dry_run: bool = False
    progress: Progress | None = None
    source: str = ""
    without: Collection[str] = ()
    new: list[str] = field(default_factory=list)
    _read: int = 0
    _total: int = 0
    _seen: set[str] = field(default_factory=set)

    def run(self, paths: Sequence[str | Path]) -> Ingested:
        """Add the papers of these files, and of the files in these folders."""
        done, waiting, papers = Ingested(), list[tuple[Path, Listing]](), 0
        for path, part in self._parts(paths):
            done = self._with_rejects(done, part.rejects)
            kept = tuple(paper for paper in part.papers if paper.id not in self.without)
            waiting.append((path, replace(part, papers=kept, rejects=())))
            papers += len(part.papers)
            if papers >= SLICE:
                done += self._put(waiting)
                waiting, papers = [], 0
        return done + self._put(waiting)

    def _parts(self, paths: Sequence[str | Path]) -> Iterator[tuple[Path, Listing]]:
        """The slices of each file. What is rejected is kept in place of what was before."""
        files: list[Path] = []
        for path in map(Path, paths):
            try:
                files += files_in(path)
            except Unreadable as error:
                yield path, Listing(path.name, rejects=(Reject(path.name, 0, str(error)),))
        self._total = sum(map(_size, files))
        names = [self.source] * len(files) if self.source else source_names(files, self.library.places())
        for file, source in zip(files, names, strict=True):
            for number, part in enumerate(slices(file, source=source, manner=self.manner, at=self._at)):
                if self.source:
                    self.rejected.add(source, part.rejects)
                elif not self.dry_run:
                    self.rejected.put(source, part.rejects, anew=not number)
                yield file, part
            self._read += _size(file)

    def _at(self, bytes_of_file: int) -> None:
        if self.progress and self._total > LARGE:
            self.progress("reading", min(self._read + bytes_of_file, self._total), self._total)

    def _put(self, waiting: Sequence[tuple[Path, Listing]]) -> Ingested:
        """Add some slices, each as a whole or not at all."""
        papers = [paper for _, part in waiting for paper in part.papers]
        if self.dry_run:
            return self._counted(papers)
        news = self.library.news(papers)
        if self.embedder:
            encode_missing(self.library, self.embedder, news, progress=self.progress)
        known = {paper.id for paper in self.library.papers(paper.id for paper in news)}
        done = Ingested()
        for path, part in waiting:
            done += self.library.put(part.papers, label=part.label, place="" if self.source else place_of(path))
        new = dict.fromkeys(paper.id for paper in news if paper.id not in known)
        self.new += list(new)[: max(0, MOST_NEW - len(self.new))]
        return done

    def _counted(self, papers: Sequence[Paper]) -> Ingested:
        """What adding these papers would do."""
        news = {paper.id: paper for paper in self.library.news(papers) if paper.id not in self._seen}
        self._seen |= news.keys()
        known = len(self.library.papers(news))
        return Ingested(added=len(news) - known, updated=known, unchanged=len(papers) - len(news))

    def _with_rejects(self, done: Ingested, rejects: Sequence[Reject]) -> Ingested:
        room = max(0, MOST_REJECTS - len(done.rejects))
        return done + Ingested(rejects=tuple(rejects[:room]), further_rejects=len(rejects[room:]))


LARGE = 2**20
"""Bytes from which the progress of reading is shown."""


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except (OSError, ValueError):  # the reject of the file says why
        return 0
