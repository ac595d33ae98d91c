"""What flows here: a followed source, a page of its records, why it brings none, and the seam that all services fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from ...core.notebook import Brief
from ...core.records import Ingested

Mark = Mapping[str, Any]
"""Where a sync goes on, in the words of its service: plain JSON values."""


@dataclass(frozen=True, slots=True, repr=False)
class Followed(Brief):
    """A source that is followed, when it was last synced, and what that sync brought.

    `kind` is that of its service, `target` what is followed there; `most` papers are taken by the first sync. `fault`
    says why the last sync ended early, `remark` what else there is to say of it.
    """

    name: str
    kind: str
    target: str
    most: int = 0
    mark: Mark = field(default_factory=dict)
    synced: datetime | None = None
    brought: Ingested = field(default_factory=Ingested)
    fault: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Some records of a source, and the mark from which the next page is taken once these are added.

    `data` is a whole document of the `format`, found to be sound; `files` are read where they are.
    """

    mark: Mark
    data: bytes = b""
    format: str = ""
    files: tuple[Path, ...] = ()
    remark: str = ""


class Refused(Exception):
    """Why a source brings nothing more now, as the end of a sentence about it; `status`: that of its answer, if any."""

    def __init__(self, reason: str, *, status: int = 0) -> None:
        super().__init__(reason)
        self.status = status


class Service(Protocol):
    """The seam: what is new at a source."""

    def pages(self, followed: Followed) -> Iterator[Page]:
        """The pages after the source's mark, one by one. Raises `Refused`; pages given before that are sound."""
        ...
