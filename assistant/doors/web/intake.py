"""Uploaded files in, what became of their papers out: a thread adds them while questions are answered.

The files of a batch arrive one by one. When all have arrived the batch is begun, and its outcome can be seen until its
owner begins the next.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Mapping
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
"""Files in a batch; at 20 MB each, a batch has at most 1 GB."""
MOST_WAITING = 2 * 2**30
"""Bytes of all files that were uploaded and not added yet, of all browsers together."""
MOST_BATCHES = 1000
"""Batches remembered; the oldest that is not in progress is dropped first."""
LONGEST_NAME = 60
"""Characters of a file's name that are kept, its extension included; file systems allow 255 bytes."""
EVERY = 0.25
"""Seconds between two checks of a batch's progress."""
TOO_SOON = 0.5
"""Seconds of work after which a rate can be estimated."""
SAMPLE = "sample"
"""The name of the batch that adds the sample papers."""
BUSY = "Another program is adding papers to this library. Nothing was changed. Add the files again in a minute."


class UploadRefused(AssistantError):
    """Why a file is not accepted, or a batch not added."""


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """The name of a file that was not accepted, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is: its stage, how much of that is done, and how many per second; `rate` 0: not known yet.

    The stages are "waiting" for other batches, "opening", and those of `Assistant.ingest`.
    """

    stage: str = "waiting"
    done: int = 0
    total: int = 0
    rate: float = 0.0

    @property
    def left(self) -> float:
        """Seconds until this stage is done; 0 if not known."""
        return (self.total - self.done) / self.rate if self.rate else 0.0


@dataclass(frozen=True, slots=True)
class BatchState:
    """A batch: its files, those refused, its progress, and in the end what was added or why it failed."""

    files: tuple[str, ...] = ()
    refused: tuple[RefusedFile, ...] = ()
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
    """The files that one browser is adding, in a folder of their own."""

    def __init__(self, folder: Path, ending: threading.Event) -> None:
        self.folder = folder
        self.files: dict[str, int] = {}  # sizes by the name that a file is kept under
        self.refused: list[RefusedFile] = []
        self.progress: Progress | None = None
        self.done: Ingested | None = None
        self.failed: Failure | None = None
        self.format, self.columns = "", dict[str, str]()
        self._ending, self._since = ending, 0.0

    @property
    def state(self) -> BatchState:
        return BatchState(tuple(self.files), tuple(self.refused), self.progress, self.done, self.failed)

    @property
    def size(self) -> int:
        """Bytes that it takes up on the disk, or will."""
        return 0 if self.state.over else sum(self.files.values())

    def report(self, stage: str, done: int, total: int) -> None:
        """Note the progress, in the thread that works on the batch; it gives up here when the server stops."""
        if self._ending.is_set():
            raise UploadRefused("The server was stopped before these files were added. Add them again.")
        now = time.monotonic()
        if self.progress is None or self.progress.stage != stage:
            self._since = now
        spent = now - self._since
        self.progress = Progress(stage, done, total, done / spent if spent > TOO_SOON else 0.0)

    def clear(self) -> None:
        """Delete the files."""
        shutil.rmtree(self.folder.parent, ignore_errors=True)


class Intake:
    """All batches. Files arrive on the event loop; one thread adds one batch after the other."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._folder: Path | None = None
        self._arriving: dict[tuple[str, str], Batch] = {}  # by owner and the name that the browser chose
        self._begun: dict[str, Batch] = {}  # the last batch of each owner
        self._ending = threading.Event()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="intake")

    def close(self) -> None:
        """Stop soon: what is not added yet is left out."""
        self._ending.set()
        self._worker.shutdown(wait=True, cancel_futures=True)
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def state(self, owner: str) -> BatchState:
        """The state of the owner's last batch."""
        batch = self._begun.get(owner)
        return batch.state if batch else BatchState()

    async def states(self, owner: str) -> AsyncGenerator[BatchState, None]:
        """The same, now and each time it changes, until the batch is no longer in progress."""
        last: BatchState | None = None
        while last is None or last.running:
            if (now := self.state(owner)) != last:
                last = now
                yield now
            else:
                await asyncio.sleep(EVERY)

    async def receive(
        self, owner: str, batch_name: str, name: str, length: int | None, content: AsyncIterable[bytes]
    ) -> None:
        """Add a file of `length` bytes to a batch. Raises `UploadRefused`, which the batch notes as well."""
        batch, kept = self._open(owner, batch_name), kept_name(name)
        try:
            if self.state(owner).running:
                raise UploadRefused("Your last files are still being added. Add more when they are done.")
            size = self._admitted(batch, kept, length)
            batch.files[kept] = size
            try:
                await _write(batch.folder / kept, content, size)
            except BaseException:
                del batch.files[kept]
                raise
        except UploadRefused as error:
            batch.refused.append(RefusedFile(_shown(name), str(error)))
            raise

    def begin(
        self,
        owner: str,
        batch_name: str,
        lost: Iterable[str] = (),
        *,
        format: str = "",
        columns: Mapping[str, str] | None = None,
    ) -> None:
        """Begin to add a batch, unless the owner has one in progress; files `lost` on the way are noted as refused.

        `format` and `columns` are those of `Assistant.ingest`, for files that are not recognised.
        """
        batch = self._open(owner, batch_name)
        batch.format, batch.columns = format, dict(columns or {})
        del self._arriving[owner, batch_name]
        known = {file.name for file in batch.refused}
        names = dict.fromkeys(map(_shown, lost))
        batch.refused += [RefusedFile(name, "The upload failed.") for name in names if name not in known]
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
        """Begin to add the sample papers, as if their files had been dropped."""
        batch = self._open(owner, SAMPLE)
        for file in sample_files():
            batch.files[file.name] = Path(shutil.copy(file, batch.folder)).stat().st_size
        self.begin(owner, SAMPLE)

    def _work(self, batch: Batch) -> Ingested:
        batch.report("opening", 0, 0)
        paths = [batch.folder / name for name in batch.files]
        return self._assistant.ingest(*paths, format=batch.format, columns=batch.columns, progress=batch.report)

    def _open(self, owner: str, name: str) -> Batch:
        """The batch of that name, or a new one."""
        batch = self._arriving.get((owner, name))
        if batch is None:
            self._folder = self._folder or Path(tempfile.mkdtemp(prefix="paper-assistant-"))
            # The folder distinguishes a file from another listing of the same name: "uploaded/march.txt".
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
        """The size of a file that is accepted; raises `UploadRefused`."""
        if length is None:
            raise UploadRefused("Your browser did not send the size of the file.")
        if length > UPLOAD:
            raise UploadRefused(f"The file is larger than {UPLOAD // 2**20} MB. Split it.")
        if len(batch.files) >= MOST_FILES:
            raise UploadRefused(f"Only {MOST_FILES} files can be added at once. Add the others when these are done.")
        if name in batch.files:
            raise UploadRefused("Another of these files has the same name. Rename one of them.")
        waiting = sum(other.size for other in (*self._arriving.values(), *self._begun.values()))
        if length + waiting > MOST_WAITING:
            raise UploadRefused("Too many files are waiting at the moment. Try again later.")
        return length


async def _write(path: Path, content: AsyncIterable[bytes], size: int) -> None:
    """Write a file to the disk; nothing of it stays if it is incomplete or longer than announced."""
    try:
        written = 0
        with path.open("wb") as file:
            async for piece in content:
                written += len(piece)
                if written > size:
                    raise UploadRefused("The file is longer than your browser announced.")
                file.write(piece)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise UploadRefused("The file could not be saved: the disk of the server may be full.") from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _finish(batch: Batch, future: Future[Ingested]) -> None:
    """Note the outcome of a batch and delete its files."""
    error = UploadRefused("The server was stopped.") if future.cancelled() else future.exception()
    batch.clear()
    if error is None:
        batch.done = future.result()
    elif isinstance(error, LibraryBusy | UploadRefused):
        batch.failed = Failure(BUSY if isinstance(error, LibraryBusy) else str(error))
    else:
        batch.failed = failure(error, what="The files could not be added")


def kept_name(name: str) -> str:
    """The name a file is kept under: its own without folders, shortened, and never empty or hidden.

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
