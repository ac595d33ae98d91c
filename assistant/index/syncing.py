"""Followed sources in, what a sync brought out: their pages are taken in batches, each added like a file.

How far a source was read is kept once its batch has been added. So a kill loses nothing: the next sync adds at most one
batch again, which changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ..core.errors import LibraryBusy
from ..core.notebook import Brief
from ..core.records import Ingested
from ..library.following import Followed, Page, Refused, Service
from ..library.sources import Manner

if TYPE_CHECKING:
    from ..library.following.store import FollowedSources
    from .holdings import Holdings

BATCH = 10
"""Pages added at once, about a thousand papers: each time the index is brought up to date."""
LABELS = {"arxiv": "arXiv", "openalex": "OpenAlex", "zotero": "Zotero", "feed": "The feed", "folder": "The folder"}
"""What the kinds of sources are called at the start of a sentence."""
MOST_PAGES = 300
"""Pages that one sync takes of a source, half an hour of arXiv's; the next sync goes on."""


@dataclass(frozen=True, slots=True, repr=False)
class Synced(Brief):
    """What the sync of a source brought; `new` are the ids of its new papers, `fault` why it ended early, if it did."""

    name: str
    brought: Ingested = field(default_factory=Ingested)
    new: tuple[str, ...] = ()
    fault: str = ""
    remark: str = ""


class Syncing:
    """Brings followed sources up to date, one after the other."""

    def __init__(self, holdings: Holdings, store: FollowedSources, services: Mapping[str, Service]) -> None:
        self._holdings, self._store, self._services = holdings, store, services

    def run(self, names: Sequence[str], report: Callable[[Synced], object] = lambda _: None) -> list[Synced]:
        """Sync these sources, or all; `report` is called with what each brought.

        Raises, before anything is fetched, `SourceError` for an unknown name and `LibraryBusy` during another sync.
        What is wrong with a source is its `fault`, and the next one is synced.
        """
        every = []
        with self._store.alone():
            for followed in [self._store.get(name) for name in names] if names else self._store.all():
                every.append(self._synced(followed))
                report(every[-1])
        return every

    def _synced(self, followed: Followed) -> Synced:
        self._store.begin(followed.name)
        new, remarks, fault, taken = list[str](), list[str](), "", 0
        pages = self._services[followed.kind].pages(followed)
        try:
            while not fault and taken < MOST_PAGES:
                batch, fault = _batch(pages, followed)
                if not batch:
                    break
                new += self._added(followed, batch)
                remarks += [page.remark for page in batch if page.remark]
                taken += len(batch)
        except LibraryBusy:
            fault = "The library was being written by another process. The next sync goes on."
        if taken >= MOST_PAGES:
            remarks.append("There is more; the next sync goes on.")
        remark = " ".join(remarks)
        brought = self._store.finish(followed.name, fault=fault, remark=remark)
        return Synced(followed.name, brought, tuple(new), fault, remark)

    def _added(self, followed: Followed, pages: Sequence[Page]) -> list[str]:
        """Add the records of some pages, then keep how far the source was read; the ids of the papers that are new."""
        done, new = Ingested(), list[str]()
        with TemporaryDirectory(prefix="papers-") as folder:
            written = [_written(page, Path(folder) / f"{number}") for number, page in enumerate(pages) if page.data]
            if written:
                done, new = self._holdings.bring(written, source=followed.name, manner=Manner(pages[0].format))
        if files := [file for page in pages for file in page.files]:
            done, new = self._holdings.bring(files)
        self._store.advance(followed.name, pages[-1].mark, done, new)
        return new


def _batch(pages: Iterator[Page], followed: Followed) -> tuple[list[Page], str]:
    """The next pages, and why there are no more after them, if that is a fault."""
    batch: list[Page] = []
    try:
        batch.extend(islice(pages, BATCH))  # it keeps those that came before the fault
    except Refused as refused:
        return batch, f"{LABELS[followed.kind]} {refused}."
    return batch, ""


def _written(page: Page, path: Path) -> Path:
    path.write_bytes(page.data)
    return path
