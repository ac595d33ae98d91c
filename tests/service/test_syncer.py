"""syncer: followed sources synced in the background, when asked for and when due."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest

from assistant.core.errors import LibraryBusy
from assistant.index.syncing import Synced
from assistant.library.following import Followed
from assistant.service.syncer import Syncer

HOUR = 3600.0


class Sources:
    """An assistant that follows `sources`; each sync is noted, and waits while `hold` is set."""

    def __init__(self, **synced: float | None) -> None:
        self.sources = dict(synced)
        self.synced: list[tuple[str, ...]] = []
        self.changed = threading.Condition()
        self.error: Exception | None = None
        self.pause = 0.0
        self.fault = ""

    def followed(self) -> list[Followed]:
        times = {name: None if at is None else datetime.fromtimestamp(at, UTC) for name, at in self.sources.items()}
        return [Followed(name, "feed", "x", synced=at) for name, at in times.items()]

    def sync(self, *names: str, sleep: Callable[[float], object]) -> list[Synced]:
        with self.changed:
            self.synced.append(names)
            self.sources |= dict.fromkeys(names, 1e10)
            self.changed.notify_all()
        if self.pause:
            sleep(self.pause)
        if self.error:
            raise self.error
        return [Synced(name, fault=self.fault) for name in names]

    def wait_for(self, count: int) -> list[tuple[str, ...]]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.synced) >= count, 20)
        return self.synced


@pytest.fixture
def made() -> Iterator[Callable[..., Syncer]]:
    syncers: list[Syncer] = []

    def make(sources: Any, **named: Any) -> Syncer:
        syncers.append(Syncer(sources, **named))
        return syncers[-1]

    yield make
    for syncer in syncers:
        syncer.close()


def test_without_hours_nothing_is_synced_until_it_is_asked_for(made: Callable[..., Syncer]) -> None:
    sources = Sources(a=0.0, b=None)
    syncer = made(sources)
    assert (sources.synced, syncer.running) == ([], False)
    syncer.ask()
    assert sources.wait_for(1) == [("a", "b")]
    syncer.ask()
    assert sources.wait_for(2) == [("a", "b")] * 2


def test_what_is_due_is_synced_and_nothing_else(made: Callable[..., Syncer]) -> None:
    sources = Sources(old=0.0, new=5 * HOUR, never=None)
    made(sources, hours=6, look=0.01, clock=lambda: 6 * HOUR)
    assert sources.wait_for(1)[0] == ("old", "never")
    sources.sources["later"] = None  # followed by another process
    assert sources.wait_for(2)[1] == ("later",)
    assert len(sources.synced) == 2


def test_without_sources_nothing_is_synced(made: Callable[..., Syncer]) -> None:
    sources = Sources()
    syncer = made(sources, hours=1, look=0.01)
    syncer.close()
    assert sources.synced == []


def test_a_sync_in_progress_is_told(made: Callable[..., Syncer]) -> None:
    sources = Sources(a=None)
    sources.pause = 60.0
    syncer = made(sources)
    syncer.ask()
    sources.wait_for(1)
    assert syncer.running
    syncer.close()  # within its pause
    assert syncer._thread is not None
    assert not syncer._thread.is_alive()


def test_a_sync_that_fails_is_logged_and_tried_again(
    made: Callable[..., Syncer], caplog: pytest.LogCaptureFixture
) -> None:
    sources = Sources(a=None)
    sources.error = LibraryBusy("The sources are being synced already.")
    with caplog.at_level(logging.WARNING):
        syncer = made(sources)
        syncer.ask()
        sources.wait_for(1)
        sources.error, sources.fault = None, "The feed is down."
        syncer.ask()
        sources.wait_for(2)
        syncer.close()
    assert [record.getMessage() for record in caplog.records] == [
        "The followed sources could not be synced: The sources are being synced already.",
        "The source a: The feed is down.",
    ]


def test_closing_what_never_began_is_no_work() -> None:
    with closing(Syncer(Sources())):  # type: ignore[arg-type]
        pass
