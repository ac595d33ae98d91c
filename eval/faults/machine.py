"""What a machine does: its disk full or read-only, its clock going back, two writers at once, a wrong model file."""

from __future__ import annotations

import importlib
import importlib.metadata
import itertools
import os
import random
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from assistant.core.errors import AssistantError, LibraryBusy
from assistant.core.records import Turn
from assistant.index.embedding import MODEL, TOKENIZER
from assistant.people.conversations import Conversations

from .apart import Apart, Ended, Say, done
from .outcomes import Aftermath
from .scene import OWNER, TALK, TURNS, Judge, Place, Scene, State, lost_turns, opened, question_about

ROOM = 700
"""Most kilobytes that a full disk has left: the work needs about twice as much."""
PLENTY = "64m"
PATIENCE = 40.0
"""Seconds that a writer tries again while another one writes."""


def working(say: Say, place: Place, files: Sequence[Path], titles: Sequence[str], limit: int = 0) -> list[str]:
    """In another process: add files and keep turns, each said once acknowledged, asking in between; the refusals.

    `limit`: the most bytes of a file, 0 for no limit: a disk without room for one who cannot make a small disk.
    """
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    refusals = []
    with opened(place) as assistant:
        for file, title in zip(files, titles, strict=True):
            try:
                assistant.ingest(file)
                say(("file", file.name))
            except AssistantError as error:
                refusals.append(str(error))
            if title not in assistant.ask(question_about(title)).titles:
                raise RuntimeError(f"no answer about {title!r}")
            try:
                with closing(Conversations(place.data_home)) as conversations:
                    turn = Turn(question_about(title), assistant.ask(question_about(title)))
                    say(("turn", conversations.append(OWNER, TALK, turn)))
            except AssistantError as error:
                refusals.append(str(error))
    return refusals


def disk_full(scene: Scene, chance: random.Random, number: int) -> Aftermath:
    """No room for what is to be added: it is refused, questions are answered, and with room all goes on."""
    began, copy = time.perf_counter(), scene.copy(f"disk-{number}")
    titles = scene.known(chance)
    files, asked = scene.further[: len(titles) * 2], titles * 2
    room = chance.randrange(ROOM)
    with _disk(copy, f"{_kilobytes(copy.folder) + room}k") as place:
        if place is copy:  # the limit is of each file
            ended = done(working, place, files, asked, max(_largest(copy.folder), 2**12) + room * 256)
        else:
            ended = done(working, place, files, asked)
            _remount(place.folder.parent, f"size={PLENTY}")
        return _went_on(scene, place, ended, ("disk full", number, f"{room} kB left", began), titles)


def read_only(scene: Scene, chance: random.Random, number: int) -> Aftermath:
    """A home that cannot be written to: questions are answered, all else is refused."""
    began, copy = time.perf_counter(), scene.copy(f"read-only-{number}")
    titles, used = scene.known(chance), chance.random() < 0.5
    with _disk(copy, PLENTY) as place:
        if used:  # the logs of a process that was killed lie beside the files
            work = Apart(working, place, scene.further[:1], titles[:1])
            work.wait_for(("file", scene.further[0].name))
            work.kill()
        _lock(place, copy)
        ended = done(working, place, scene.further[1:3], titles[:2])
        problems = [] if len(ended.value or ()) == 4 else [f"not all is refused: {ended}"]
        _unlock(place, copy)
        what = "after a kill" if used else "after it was closed"
        outcome = Judge(scene, place, titles, scene.states[used : used + 1], problems=problems)
        return outcome.outcome("read-only", number, what, began)


def _went_on(
    scene: Scene, place: Place, ended: Ended, what: tuple[str, int, str, float], titles: list[str]
) -> Aftermath:
    """The outcome of work of which a part was refused: what was acknowledged is there, and nothing crashed."""
    files = [name for kind, name in ended.said if kind == "file"]
    kept = sum(kind == "turn" for kind, _ in ended.said)
    states = _reachable(scene, files)
    problems = [f"at work: {ended.refusal or ended.crash}"] if ended.refusal or ended.crash else []
    judge = Judge(scene, place, titles, states, problems=problems)
    judge.problems += lost_turns(place, TURNS + kept)
    name, number, text, began = what
    refused = len(ended.value or ())
    return judge.outcome(name, number, f"{text}, {len(files)} files and {kept} turns kept, {refused} refused", began)


def _reachable(scene: Scene, acknowledged: Sequence[str]) -> list[State]:
    """The papers with every acknowledged file, and any of those that were refused: each as a whole, or not at all."""
    parts = [
        {i: mark for i, mark in after.items() if i not in before}
        for before, after in zip(scene.states, scene.states[1:], strict=False)
    ]
    choices = [(True,) if file.name in acknowledged else (False, True) for file in scene.further]
    return [
        dict(scene.states[0])
        | {i: mark for part, taken in zip(parts, some, strict=True) if taken for i, mark in part.items()}
        for some in itertools.product(*choices)
    ]


# -- disks


@contextmanager
def _disk(copy: Place, size: str) -> Iterator[Place]:
    """A copy of a home on a small disk of its own; the copy itself for one who may not mount."""
    folder = copy.folder.parent / "disk"
    folder.mkdir()
    mounted = not os.getuid() and not subprocess.call(
        ["mount", "-t", "tmpfs", "-o", f"size={PLENTY}", "tmpfs", str(folder)], stderr=subprocess.DEVNULL
    )
    if not mounted:
        yield copy
        return
    try:
        shutil.copytree(copy.folder, folder / "home")
        _remount(folder, f"size={size}")
        yield replace(copy, folder=folder / "home")
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


def _remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


def _lock(place: Place, copy: Place) -> None:
    if place is not copy:
        _remount(place.folder.parent, "ro")
        return
    for path in [place.folder, *place.folder.rglob("*")]:
        path.chmod(0o500 if path.is_dir() else 0o400)


def _unlock(place: Place, copy: Place) -> None:
    if place is not copy:
        _remount(place.folder.parent, "rw")
        return
    place.folder.chmod(0o700)
    for path in place.folder.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)


def _kilobytes(folder: Path) -> int:
    """What the files of a folder take on a disk in memory, in pages of 4 kB."""
    return sum(-(-path.stat().st_size // 4096) * 4 for path in folder.rglob("*") if path.is_file())


def _largest(folder: Path) -> int:
    return max(path.stat().st_size for path in folder.rglob("*") if path.is_file())


# -- the clock


def back_in_time(say: Say, place: Place, files: Sequence[Path], titles: Sequence[str], seconds: float) -> list[str]:
    """In another process: work as usual after the clock went back by so many seconds."""
    real = time.time
    time.time = lambda: real() - seconds
    time.time_ns = lambda: int((real() - seconds) * 1e9)
    refusals = working(say, place, files, titles)
    with opened(place) as assistant:
        folder = place.folder.parent / "followed"
        folder.mkdir()
        shutil.copy(files[0], folder)
        assistant.follow("folder", str(folder))
        if (synced := assistant.sync()[0]).fault:
            refusals.append(synced.fault)
    return refusals


def clock(scene: Scene, chance: random.Random, number: int) -> Aftermath:
    """The clock goes back, by seconds or by years."""
    began, place, titles = time.perf_counter(), scene.copy(f"clock-{number}"), scene.known(chance)
    seconds = 10 ** chance.uniform(0, 9)
    ended = done(back_in_time, place, scene.further[:2], titles[:2], seconds)
    what = ("clock back", number, f"by {seconds:,.0f} s", began)
    outcome = _went_on(scene, place, ended, what, titles)
    if ended.value:
        return replace(outcome, problems=(*outcome.problems, f"refused: {ended.value}"))
    return outcome


# -- two writers


def insisting(say: Say, place: Place, files: Sequence[Path]) -> int:
    """In another process: add files, each again while another writer is busy; how often it was."""
    busy, end = 0, time.monotonic() + PATIENCE
    with opened(place) as assistant:
        for file in files:
            while True:
                try:
                    assistant.ingest(file)
                    say(("file", file.name))
                    break
                except LibraryBusy:
                    busy += 1
                    if time.monotonic() > end:
                        raise
                    time.sleep(0.02)
    return busy


def two_writers(scene: Scene, chance: random.Random, number: int) -> Aftermath:
    """Two processes add files to one home at once, in any order: both must come through, one after the other."""
    began, place = time.perf_counter(), scene.copy(f"writers-{number}")
    files = chance.sample(scene.further, len(scene.further))
    writers = [Apart(insisting, place, files[half::2]) for half in range(2)]
    ends = [writer.ended() for writer in writers]
    problems = [end.refusal or end.crash for end in ends if end.refusal or end.crash]
    judge = Judge(scene, place, scene.known(chance), scene.states[-1:], problems=problems)
    waits = sum(end.value or 0 for end in ends)
    return judge.outcome("two writers", number, f"{len(files)} files, refused as busy {waits} times", began)


# -- a wrong model


def with_wrong_model(_: Say, place: Place, site: Path, file: Path, titles: Sequence[str]) -> list[str]:
    """In another process: use a home while the model's packages are those in `site`; what is not as it must be."""
    sys.path.insert(0, str(site))
    importlib.invalidate_caches()
    wrong = []
    with opened(place) as assistant:
        if "words alone" not in assistant.status().notice:
            wrong.append(f"the notice says {assistant.status().notice!r}")
        if not assistant.doctor():
            wrong.append("doctor names nothing")
        wrong += [f"no answer about {t!r}" for t in titles if t not in assistant.ask(question_about(t)).titles]
        with suppress(AssistantError):
            wrong.append(f"papers are added without a model: {assistant.ingest(file)}")
    return wrong


def wrong_model(scene: Scene, chance: random.Random, number: int) -> Aftermath:
    """The embedding model's file altered, cut or gone, and then in its place again."""
    bundled = Place(scene.folder / "bundled" / "home", bundled=True)
    if not bundled.folder.exists():
        scene.prepare(bundled)
    began, place = time.perf_counter(), scene.copy(f"model-{number}", of=bundled)
    titles, site = scene.known(chance, of=bundled), place.folder.parent / "site"
    (distribution, inside, _), way = chance.choice([MODEL, TOKENIZER]), chance.choice(["altered", "cut", "gone"])
    original = importlib.metadata.distribution(distribution)
    data = bytearray(Path(str(original.locate_file(inside))).read_bytes())
    at = chance.randrange(len(data))
    data[at] ^= 1 + chance.randrange(255)
    metadata = site / f"{distribution.replace('-', '_')}-{original.version}.dist-info" / "METADATA"
    for path in (metadata, site / inside):
        path.parent.mkdir(parents=True, exist_ok=True)
    metadata.write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {original.version}\n")
    if way != "gone":
        (site / inside).write_bytes(data[:at] if way == "cut" else data)
    ended = done(with_wrong_model, place, site, scene.further[0], titles)
    problems = [*(ended.value or ()), *filter(None, [ended.refusal, ended.crash])]
    judge = Judge(scene, place, titles, scene.states[:1], problems=problems)
    return judge.outcome("wrong model file", number, f"{Path(inside).name} {way}", began)


KINDS = {
    "disk-full": disk_full,
    "read-only": read_only,
    "clock": clock,
    "two-writers": two_writers,
    "model": wrong_model,
}
