"""Uploaded files in, what became of their papers out: what is refused, and what the tab shows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.chain import Assistant
from assistant.core.bounds import UPLOAD
from assistant.doors import web
from assistant.doors.web import intake
from assistant.doors.web.asking import Failure
from assistant.doors.web.intake import (
    BUSY,
    MOST_FILES,
    BatchState,
    Intake,
    Progress,
    RefusedFile,
    UploadRefused,
    kept_name,
)
from assistant.index.holdings import Holdings
from assistant.library.papers import Library
from assistant.library.sample import sample_files

from ..doubles import HashEmbedder
from ..papers import PAIRS, write_listing

ME, OTHER = "me", "other"


@pytest.fixture
def assistant(home: Path) -> Iterator[Assistant]:
    with Assistant(Holdings(Library(home), HashEmbedder())) as assistant:
        yield assistant


@pytest.fixture
def gate(assistant: Assistant) -> Iterator[Intake]:
    intake = Intake(assistant)
    yield intake
    intake.close()


@pytest.fixture
def listing(tmp_path: Path) -> bytes:
    return write_listing(tmp_path / "listing.txt", PAIRS).read_bytes()


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 100):
        yield content[start : start + 100]


async def refusal(gate: Intake, name: str, content: bytes, *, length: int | None = -1, batch: str = "b") -> str:
    """Why a file is refused; "" if it is accepted."""
    try:
        await gate.receive(ME, batch, name, len(content) if length == -1 else length, pieces(content))
    except UploadRefused as error:
        return str(error)
    return ""


def shown(state: BatchState, papers: int) -> str:
    """The tab's markup."""
    web._prepare()  # before Gradio is imported
    from assistant.doors.web import adding

    return adding.shown(state, papers)


async def end(gate: Intake, owner: str = ME) -> BatchState:
    return [state async for state in gate.states(owner)][-1]


def test_files_are_added_and_leave_nothing_behind(gate: Intake, assistant: Assistant, listing: bytes) -> None:
    async def adding() -> BatchState:
        assert await refusal(gate, "listing.txt", listing) == ""
        assert await refusal(gate, "bad.txt", b"new\nSubscribe\nA title alone\n") == ""
        gate.begin(ME, "b")
        return await end(gate)

    state = asyncio.run(adding())
    assert state.done
    assert (state.done.added, state.files, state.refused) == (len(PAIRS), ("listing.txt", "bad.txt"), ())
    assert [(reject.source, reject.line) for reject in state.done.rejects] == [("bad.txt", 3)]
    assert assistant.status().papers == len(PAIRS)
    assert [*assistant.status().listings] == ["listing.txt"]
    assert gate._folder
    assert [*gate._folder.rglob("*")] == []


def test_the_sample_is_added_like_any_files(gate: Intake, assistant: Assistant) -> None:
    async def adding() -> BatchState:
        gate.sample(ME)
        return await end(gate)

    state = asyncio.run(adding())
    assert state.done
    assert (state.done.added, state.done.rejects) == (120, ())
    assert {*assistant.status().listings} == {file.name for file in sample_files()}


ODD = (
    b"Aufsatz,Inhalt\n"
    b"Laternen,We light lanterns in fog and count the ships that find the harbour in nine colours of light.\n"
    b"Drachen,We fly kites in fog and count the gulls that follow the kite in nine colours of string.\n"
)


def test_a_table_that_is_not_recognised_is_read_by_the_columns_that_are_named(gate: Intake) -> None:
    async def adding(batch: str, **manner: Any) -> BatchState:
        assert await refusal(gate, "odd.csv", ODD, batch=batch) == ""
        gate.begin(ME, batch, **manner)
        return await end(gate)

    first = asyncio.run(adding("b"))
    asked = shown(first, 0)
    assert '<form class="manner"' in asked
    assert '<option value="csv">csv</option>' in asked
    again = asyncio.run(adding("c", format="csv", columns={"title": "Aufsatz", "abstract": "Inhalt"}))
    assert again.done
    assert (again.done.added, again.done.rejects) == (2, ())
    assert "manner" not in shown(again, 2)


def test_the_same_file_a_second_time_changes_nothing(gate: Intake, assistant: Assistant, listing: bytes) -> None:
    async def adding(batch: str) -> BatchState:
        await refusal(gate, "listing.txt", listing, batch=batch)
        gate.begin(ME, batch)
        return await end(gate)

    asyncio.run(adding("first"))
    state = asyncio.run(adding("second"))
    assert state.done
    assert (state.done.added, state.done.unchanged) == (0, len(PAIRS))
    assert [*assistant.status().listings] == ["listing.txt"]


def test_refused_files_are_listed_and_the_others_added(gate: Intake, listing: bytes) -> None:
    async def adding() -> BatchState:
        assert "larger than 20 MB" in await refusal(gate, "long.txt", b"", length=UPLOAD + 1)
        assert "did not send the size" in await refusal(gate, "endless.txt", listing, length=None)
        assert "longer than your browser announced" in await refusal(gate, "liar.txt", listing, length=150)
        assert await refusal(gate, "listing.txt", listing) == ""
        assert "Another of these files has the same name" in await refusal(gate, "folder/listing.txt", listing)
        gate.begin(ME, "b", lost=["a folder", "liar.txt"])
        return await end(gate)

    state = asyncio.run(adding())
    assert state.files == ("listing.txt",)
    names = [refusal.name for refusal in state.refused]
    assert names == ["long.txt", "endless.txt", "liar.txt", "folder/listing.txt", "a folder"]
    assert state.refused[-1] == RefusedFile("a folder", "The upload failed.")
    assert state.done
    assert state.done.added == len(PAIRS)


def test_the_files_of_a_batch_are_limited(gate: Intake) -> None:
    async def adding() -> list[str]:
        return [await refusal(gate, f"{number}.txt", b"x") for number in range(MOST_FILES + 1)]

    refusals = asyncio.run(adding())
    assert [bool(refusal) for refusal in refusals] == [False] * MOST_FILES + [True]
    assert f"Only {MOST_FILES} files can be added at once" in refusals[-1]


def test_the_bytes_of_all_waiting_files_are_limited(gate: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MOST_WAITING", 10)

    async def adding() -> str:
        await gate.receive(OTHER, "b", "theirs.txt", 8, pieces(b"12345678"))
        return await refusal(gate, "mine.txt", b"123")

    assert "Too many files are waiting" in asyncio.run(adding())


def test_batches_that_are_never_begun_make_room(gate: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MOST_BATCHES", 2)

    async def adding() -> None:
        for batch in "abc":
            await refusal(gate, "x.txt", b"x", batch=batch)

    asyncio.run(adding())
    assert [name for _, name in gate._arriving] == ["b", "c"]
    assert gate._folder
    assert len([*gate._folder.iterdir()]) == 2


def test_an_empty_batch_adds_nothing(gate: Intake, assistant: Assistant) -> None:
    gate.begin(ME, "b")
    assert gate.state(ME) == BatchState()
    gate.begin(ME, "b", lost=["folder"])
    assert gate.state(ME).over
    assert "Nothing was added." in shown(gate.state(ME), 0)
    assert gate.state(OTHER) == BatchState()
    assert assistant.status().papers == 0


def test_a_library_that_is_busy_is_reported(gate: Intake, home: Path, listing: bytes) -> None:
    from filelock import FileLock

    async def adding() -> BatchState:
        await refusal(gate, "listing.txt", listing)
        with FileLock(home / "write.lock", is_singleton=False):
            gate.begin(ME, "b")
            return await end(gate)

    state = asyncio.run(adding())
    assert state.failed == Failure(BUSY)
    assert BUSY in shown(state, 0)


def test_an_unexpected_failure_shows_only_an_id(
    gate: Intake, assistant: Assistant, listing: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a secret of the machine")

    monkeypatch.setattr(assistant, "ingest", fail)

    async def adding() -> BatchState:
        await refusal(gate, "listing.txt", listing)
        gate.begin(ME, "b")
        return await end(gate)

    state = asyncio.run(adding())
    assert state.failed
    markup = shown(state, 0)
    assert state.failed.error in markup
    assert "secret" not in markup


def test_batches_are_added_one_at_a_time(gate: Intake, assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    going = threading.Event()
    ingest = assistant.ingest

    def slowly(*paths: Path, **_: object) -> object:
        going.wait(20)
        return ingest(*paths)

    monkeypatch.setattr(assistant, "ingest", slowly)

    async def adding() -> str:
        await refusal(gate, "first.txt", b"x")
        gate.begin(ME, "b")
        refused = await refusal(gate, "second.txt", b"x", batch="c")
        gate.begin(ME, "c")
        assert gate.state(ME).files == ("first.txt",)
        going.set()
        await end(gate)
        return refused

    assert "still being added" in asyncio.run(adding())


def test_work_ends_with_the_server(assistant: Assistant, listing: bytes) -> None:
    gate = Intake(assistant)
    batch = gate._open(ME, "b")
    gate.close()
    with pytest.raises(UploadRefused, match="stopped before these files"):
        batch.report("embedding", 1, 2)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("march.txt", "march.txt"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\papers\\march.txt", "march.txt"),
        (".hidden.txt", "hidden.txt"),
        ("", "unnamed"),
        ("..", "unnamed"),
        ("a\nb\0c.txt", "a bc.txt"),
        ("\u202etxt.exe.txt", "txt.exe.txt"),
        ("é" * 300 + ".txt", "é" * 56 + ".txt"),
        (".txt", "txt"),
    ],
)
def test_the_name_of_a_file_cannot_lead_out_of_its_folder(name: str, kept: str) -> None:
    assert kept_name(name) == kept


def test_progress_has_a_rate_and_the_time_left() -> None:
    state = BatchState(("a.txt",), progress=Progress("embedding", 1200, 4800, 24.0))
    markup = shown(state, 0)
    assert "Reading 1,200 of 4,800 passages · 24.0 per second · 2 min 30 s left" in markup
    assert '<progress max="4800" value="1200"' in markup
    assert "left" not in shown(BatchState(("a.txt",), progress=Progress("embedding", 0, 4800)), 0)
    assert "Waiting for other uploads" in shown(BatchState(("a.txt",), progress=Progress()), 0)
    assert shown(BatchState(), 5) == ""
