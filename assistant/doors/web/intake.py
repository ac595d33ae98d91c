"""Uploaded files in, what became of their papers out: they are taken in by a thread, beside all questions.

Files arrive in a batch, one after the other. When all are there it is begun, and what became of it stays to be
looked at until its owner begins the next.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ...core.bounds import UPLOAD
from ...core.errors import AssistantError, LibraryBusy
from ...core.records import Ingested
from ...core.text import clean
from ...library.sample import sample_files
from .asking import Failure, failure

if TYPE_CHECKING:
    from ...chain import Assistant

MOST_FILES = 50
"""Of a batch; so the most of a batch is 1 GB."""
MOST_HELD = 2 * 2**30
"""Bytes of all browsers' files that are not taken in yet."""
MOST_BATCHES = 1000
"""Batches remembered; the oldest that is not being taken in goes first."""
LONGEST_NAME = 60
"""Characters of a file's name that are kept, its end included; file systems take 255 bytes."""
EVERY = 0.25
"""Seconds between two looks at how far a batch is."""
TOO_SOON = 0.5
"""Seconds of work from which no rate can be told yet."""
SAMPLE = "sample"
"""The name of the batch that takes the sample in."""
BUSY = "Another program is adding papers to this library. Nothing was changed. Add the files again in a minute."


class Refused(AssistantError):
    """A file that is not taken, and why."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The name of a file that was not taken, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the taking in is: what is done now, how much of it, how many a second; `rate` 0: not known yet.

    The stages are "waiting" for others' files, "opening", and those of `Assistant.ingest`.
    """

    stage: str = "waiting"
    done: int = 0
    total: int = 0
    rate: float = 0.0

    @property
    def left(self) -> float:
        """Seconds until this stage is done; 0 where that is not known."""
        return (self.total - self.done) / self.rate if self.rate else 0.0


@dataclass(frozen=True, slots=True)
class State:
    """What is known of a batch: its files, those refused, how far it is, and in the end what it brought or why not."""

    files: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()
    progress: Progress | None = None
    done: Ingested | None = None
    failed: Failure | None = None

    @property
    def over(self) -> bool:
        return self.done is not None or self.failed is not None

    @property
    def running(self) -> bool:
        return self.progress is not None and not self.over


class Batch:
    """The files of one browser on their way in, in a folder of their own."""

    def __init__(self, folder: Path, ending: threading.Event) -> None:
        self.folder = folder
        self.files: dict[str, int] = {}  # the size of each, by the name it is kept under
        self.refused: list[Refusal] = []
        self.progress: Progress | None = None
        self.done: Ingested | None = None
        self.failed: Failure | None = None
        self._ending, self._since = ending, 0.0

    @property
    def state(self) -> State:
        return State(tuple(self.files), tuple(self.refused), self.progress, self.done, self.failed)

    @property
    def size(self) -> int:
        """Bytes that it takes up, or will."""
        return 0 if self.state.over else sum(self.files.values())

    def report(self, stage: str, done: int, total: int) -> None:
        """Note how far it is, in the thread that works on it, which gives up here when the server ends."""
        if self._ending.is_set():
            raise Refused("The server was stopped before these files were taken in. Add them again.")
        now = time.monotonic()
        if self.progress is None or self.progress.stage != stage:
            self._since = now
        spent = now - self._since
        self.progress = Progress(stage, done, total, done / spent if spent > TOO_SOON else 0.0)

    def clear(self) -> None:
        """Let go of the files."""
        shutil.rmtree(self.folder.parent, ignore_errors=True)


class Intake:
    """All batches. Files come in on the event loop; one thread takes in one batch after the other."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._folder: Path | None = None
        self._arriving: dict[tuple[str, str], Batch] = {}  # by owner and the name that the browser gave it
        self._begun: dict[str, Batch] = {}  # the last of each owner
        self._ending = threading.Event()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="intake")

    def close(self) -> None:
        """End soon: what is not taken in yet is left out."""
        self._ending.set()
        self._worker.shutdown(wait=True, cancel_futures=True)
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def state(self, owner: str) -> State:
        """What is known of the owner's last batch."""
        batch = self._begun.get(owner)
        return batch.state if batch else State()

    async def states(self, owner: str) -> AsyncGenerator[State, None]:
        """The same now and each time it changes, until the batch is not being taken in any more."""
        last: State | None = None
        while last is None or last.running:
            if (now := self.state(owner)) != last:
                last = now
                yield now
            else:
                await asyncio.sleep(EVERY)

    async def receive(
        self, owner: str, batch_name: str, name: str, length: int | None, content: AsyncIterable[bytes]
    ) -> None:
        """Take a file of `length` bytes into a batch. Raises `Refused`, which the batch tells, too."""
        batch, kept = self._open(owner, batch_name), kept_name(name)
        try:
            if self.state(owner).running:
                raise Refused("Your last files are still being taken in. Add more when that is done.")
            size = self._admitted(batch, kept, length)
            batch.files[kept] = size
            try:
                await _write(batch.folder / kept, content, size)
            except BaseException:
                del batch.files[kept]
                raise
        except Refused as error:
            batch.refused.append(Refusal(_shown(name), str(error)))
            raise

    def begin(self, owner: str, batch_name: str, lost: Iterable[str] = ()) -> None:
        """Have a batch taken in, unless one of its owner is; files `lost` on their way are told of, too."""
        batch = self._open(owner, batch_name)
        del self._arriving[owner, batch_name]
        told = {refusal.name for refusal in batch.refused}
        names = dict.fromkeys(map(_shown, lost))
        batch.refused += [Refusal(name, "It did not arrive here.") for name in names if name not in told]
        if self.state(owner).running or not (batch.files or batch.refused):
            batch.clear()
            return
        self._begun.pop(owner, None)
        self._begun[owner] = batch
        if not batch.files:
            batch.done = Ingested()
            batch.clear()
            return
        batch.progress = Progress()
        self._worker.submit(self._work, batch).add_done_callback(lambda done: _finish(batch, done))

    def sample(self, owner: str) -> None:
        """Have the sample papers taken in, as if somebody had dropped their files."""
        batch = self._open(owner, SAMPLE)
        for file in sample_files():
            batch.files[file.name] = Path(shutil.copy(file, batch.folder)).stat().st_size
        self.begin(owner, SAMPLE)

    def _work(self, batch: Batch) -> Ingested:
        batch.report("opening", 0, 0)
        return self._assistant.ingest(*(batch.folder / name for name in batch.files), progress=batch.report)

    def _open(self, owner: str, name: str) -> Batch:
        """The batch of that name, a new one where there is none."""
        batch = self._arriving.get((owner, name))
        if batch is None:
            self._folder = self._folder or Path(tempfile.mkdtemp(prefix="paper-assistant-"))
            # Of a file whose name another listing has, the source is told with this folder: "uploaded/march.txt".
            folder = Path(tempfile.mkdtemp(dir=self._folder)) / "uploaded"
            folder.mkdir()
            batch = self._arriving[owner, name] = Batch(folder, self._ending)
            self._make_room()
        return batch

    def _make_room(self) -> None:
        while len(self._arriving) > MOST_BATCHES:
            self._arriving.pop(next(iter(self._arriving))).clear()
        for owner in [owner for owner, batch in self._begun.items() if batch.state.over][:-MOST_BATCHES]:
            del self._begun[owner]

    def _admitted(self, batch: Batch, name: str, length: int | None) -> int:
        """The size of a file that is taken; `Refused` for any other."""
        if length is None:
            raise Refused("Your browser does not say how long it is.")
        if length > UPLOAD:
            raise Refused(f"It is larger than {UPLOAD // 2**20} MB. Split it.")
        if len(batch.files) >= MOST_FILES:
            raise Refused(f"Only {MOST_FILES} files are taken at once. Add the others when these are done.")
        if name in batch.files:
            raise Refused("There is another file of this name among them. Rename one.")
        held = sum(other.size for other in (*self._arriving.values(), *self._begun.values()))
        if length + held > MOST_HELD:
            raise Refused("Too many files are waiting here at the moment. Try again later.")
        return length


async def _write(path: Path, content: AsyncIterable[bytes], size: int) -> None:
    """A file's content on disk; nothing of it where it did not come whole, or is not as long as was said."""
    try:
        written = 0
        with path.open("wb") as file:
            async for piece in content:
                written += len(piece)
                if written > size:
                    raise Refused("It is longer than your browser said.")
                file.write(piece)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise Refused("It could not be kept here: there may be no room on the disk.") from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _finish(batch: Batch, future: Future[Ingested]) -> None:
    """Note what came of a batch, and let go of its files."""
    error = Refused("The server was stopped.") if future.cancelled() else future.exception()
    batch.clear()
    if error is None:
        batch.done = future.result()
    elif isinstance(error, LibraryBusy | Refused):
        batch.failed = Failure(BUSY if isinstance(error, LibraryBusy) else str(error))
    else:
        batch.failed = failure(error, what="The files could not be taken in")


def kept_name(name: str) -> str:
    """The name a file is kept under: its own without folders, of a bearable length, and nothing that is no name.

    >>> kept_name("../../etc/March 12.txt")
    'March 12.txt'
    """
    last = " ".join(PurePosixPath(clean(name).replace("\\", "/")).name.split()).lstrip(".")
    stem, dot, end = last.rpartition(".")
    if not dot:
        return last[:LONGEST_NAME] or "unnamed"
    return f"{(stem[: LONGEST_NAME - len(end) - 1] or 'unnamed')}.{end}"[:LONGEST_NAME]


def _shown(name: str) -> str:
    return " ".join(clean(name).split())[:LONGEST_NAME] or "unnamed"
