"""Files, sources and titles in, the papers that a library and its index hold out: one half of an assistant."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.records import Ingested, Paper, Reject
from ..core.sharing import Shared
from ..library.following import Addresses, Fetcher, Followed, services
from ..library.merging import Difference, differences
from ..library.sources import made_manner
from .collections import Collections
from .holdings import Holdings, Status
from .syncing import Synced, Syncing

if TYPE_CHECKING:
    from ..core.database import DataHome
    from .searchable import Progress


class Keeper:
    """Keeps papers. Every method raises `AssistantError` once what it shares is closed."""

    def __init__(self, shared: Shared[Holdings], addresses: Addresses) -> None:
        self._shared, self._addresses = shared, addresses

    def ingest(
        self,
        *paths: str | Path,
        format: str = "",
        columns: Mapping[str, str] | None = None,
        dry_run: bool = False,
        titles_only: bool = False,
        progress: Progress | None = None,
    ) -> Ingested:
        """Add the papers of files, archives and folders; records that cannot be added are in `rejects`.

        The format of each file is recognised by its content, unless `format` names one of `library.sources.FORMATS`.
        `columns` say which column of a table has a field: `{"title": "Name"}`. `dry_run` changes nothing and counts
        what would be. `titles_only` keeps papers that have no abstract: they are found by their titles.

        Adding a file again changes nothing. `progress(stage, done, total)` is called as large files are read, and as
        passages are embedded and indexed. Raises `LibraryBusy` while another process is writing, `QuestionError` for an
        unknown format or column.
        """
        with self._shared.using() as holdings:
            manner = made_manner(format, columns or {}, titles_only=titles_only)
            return holdings.ingest(paths, manner=manner, dry_run=dry_run, progress=progress)

    def rejects(self) -> list[Reject]:
        """The records that could not be added when their file was last read, and are not here from elsewhere."""
        with self._shared.using() as holdings:
            return holdings.rejects()

    def follow(self, kind: str, target: str, *, name: str = "", most: int = 1000) -> Followed:
        """Follow a source from now on: its papers are added by `sync`, and by nothing else.

        `kind` is arxiv, openalex, zotero, folder or feed; `target` a query, a library, a folder or an address there.
        Of what is there already, the first sync takes up to `most` papers. Raises `SourceError`.
        """
        with self._shared.using() as holdings:
            return holdings.followed.add(kind, target, name=name, most=most)

    def unfollow(self, name: str) -> Followed:
        """Follow a source no longer; its papers stay. Raises `SourceError` for an unknown one."""
        with self._shared.using() as holdings:
            return holdings.followed.remove(name)

    def followed(self) -> list[Followed]:
        """The sources that are followed, when each was last synced, and what that brought."""
        with self._shared.using() as holdings:
            return holdings.followed.all()

    def sync(
        self,
        *names: str,
        report: Callable[[Synced], object] = lambda _: None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> list[Synced]:
        """Bring the sources of these names, or all, up to date; what each brought, which `report` gets at once.

        `sleep` is called for the pauses between requests; what it raises ends the sync, which the next one goes on
        with. What is wrong with a source is in its `fault`. Raises `SourceError` for an unknown name, `LibraryBusy`
        while another sync runs.
        """
        with self._shared.using() as holdings:
            syncing = Syncing(holdings, holdings.followed, services(self._addresses, Fetcher(sleep=sleep)))
            return syncing.run(names, report)

    def news(self, *, days: float = 7) -> list[Paper]:
        """The papers that followed sources brought in the last days, the last first."""
        with self._shared.using() as holdings:
            return holdings.library.papers(holdings.followed.news(time.time() - days * 86_400))

    def remove(self, *titles: str) -> Ingested:
        """Remove papers by title or id. If one is missing, raises `PaperNotFound` and removes none."""
        with self._shared.using() as holdings:
            return holdings.remove(titles)

    def paper(self, title: str, *, beginning: bool = False) -> Paper:
        """The paper with that title (ignoring case and spacing) or id; with `beginning`, its title may be cut short."""
        with self._shared.using() as holdings:
            return holdings.paper(title, beginning=beginning)

    @property
    def collections(self) -> Collections:
        """Named sets of papers, to limit questions to: made by hand or by a filter."""
        return Collections(self._shared.using)

    def differences(self, title: str) -> list[Difference]:
        """What the sources of a paper, given by title or id, say differently of it; [] if they agree.

        Raises `PaperNotFound`.
        """
        with self._shared.using() as holdings:
            return differences(holdings.library.records(holdings.paper(title)))

    @property
    def data_home(self) -> DataHome:
        """Where everything is stored."""
        with self._shared.using() as holdings:
            return holdings.library.data_home

    def status(self) -> Status:
        """How many papers there are, and whether they can be searched."""
        with self._shared.using() as holdings:
            return holdings.status()

    def doctor(self, *, repair: bool = False, progress: Progress | None = None) -> list[str]:
        """The faults of the library and its index, in words; with `repair`, they are fixed from the papers."""
        with self._shared.using() as holdings:
            return holdings.doctor(repair=repair, progress=progress)
