"""kill -9 in the middle of an ingest, a rebuild, a migration, a sync and a conversation."""

from __future__ import annotations

import random
import shutil
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from assistant.people.conversations import Conversations

from .apart import Apart, Ended, Say, done
from .outcomes import Aftermath
from .scene import TURNS, Judge, Place, Scene, converse, lost_turns, opened, question_about

FOLDERS = 3
"""Folders that are followed in a sync."""
OLD_LIBRARY = (
    "drop table states; alter table encodings drop column seal; drop table aliases; drop table days; "
    "drop table names; drop index papers_by_revision; drop table collected; drop table collections; "
    "alter table papers drop column further; alter table sources drop column record; "
    "alter table sources drop column place; "
    "insert into meta values ('revision', '1'); drop table if exists alembic_version; pragma user_version = 2"
)
OLD_CONVERSATIONS = "drop table links; drop table if exists alembic_version; pragma user_version = 1"
"""What makes of today's files those of an older program, once `older_encodings` are in them."""


def older_encodings(database: sqlite3.Connection) -> None:
    """Store encodings as older programs did: vectors in full precision, and where each word starts in 4 bytes."""
    for row, vector, gaps in database.execute("select rowid, vector, spans from encodings").fetchall():
        steps = np.frombuffer(gaps, np.uint8)
        starts = np.cumsum(steps)[steps < 255].astype("<i4")
        older = np.frombuffer(vector, "<f2").astype("<f4").tobytes(), starts.tobytes(), row
        database.execute("update encodings set vector = ?, spans = ? where rowid = ?", older)


def ingesting(say: Say, place: Place, files: Sequence[Path]) -> None:
    """In another process: add files, each said once it is acknowledged."""
    say("ready")
    with opened(place) as assistant:
        for number, file in enumerate(files, start=1):
            assistant.ingest(file)
            say(number)


def rebuilding(say: Say, place: Place) -> None:
    """In another process: rebuild the index."""
    say("ready")
    with opened(place) as assistant:
        assistant.doctor(repair=True)


def migrating(say: Say, place: Place) -> None:
    """In another process: open what an older program stored."""
    say("ready")
    with opened(place) as assistant, closing(Conversations(place.data_home)):
        assistant.papers()


def following(_: Say, place: Place, folders: Sequence[Path]) -> None:
    """In another process: follow folders."""
    with opened(place) as assistant:
        for folder in folders:
            assistant.follow("folder", str(folder))


def syncing(say: Say, place: Place) -> None:
    """In another process: sync what is followed, each source said once it is reported."""
    say("ready")
    with opened(place) as assistant:
        assistant.sync(report=lambda synced: say(synced.name))


def ingest(scene: Scene, chance: random.Random, number: int) -> Aftermath:
    """A kill while files are added one by one."""
    place, ended, what, began = _killed(
        scene, chance, f"ingest-{number}", "ingest", lambda place: Apart(ingesting, place, scene.further)
    )
    count = sum(isinstance(one, int) for one in ended.said)
    titles = scene.known(chance)
    if count:
        titles[-1] = scene.titles[_first_title(scene, count)]
    judge = Judge(scene, place, titles, scene.states[count : count + 2])
    return judge.outcome("kill in ingest", number, f"{what}, {count} files acknowledged", began)


def rebuild(scene: Scene, chance: random.Random, number: int) -> Aftermath:
    """A kill while doctor rebuilds the index."""

    def begin(place: Place) -> Apart:
        (place.folder / "index/current").unlink()
        return Apart(rebuilding, place)

    place, _, what, began = _killed(scene, chance, f"rebuild-{number}", "rebuild", begin)
    judge = Judge(scene, place, scene.known(chance), scene.states[:1])
    return judge.outcome("kill in rebuild", number, what, began)


def migration(scene: Scene, chance: random.Random, number: int) -> Aftermath:
    """A kill while the files of an older program are upgraded."""

    def begin(place: Place) -> Apart:
        for name, script in (("library", OLD_LIBRARY), ("conversations", OLD_CONVERSATIONS)):
            with closing(sqlite3.connect(place.folder / f"{name}.sqlite")) as database, database:
                if name == "library":
                    older_encodings(database)
                database.executescript(script)
        return Apart(migrating, place)

    place, _, what, began = _killed(scene, chance, f"migration-{number}", "migration", begin)
    judge = Judge(scene, place, scene.known(chance), scene.states[:1])
    judge.problems += lost_turns(place, TURNS)
    return judge.outcome("kill in migration", number, what, began)


def sync(scene: Scene, chance: random.Random, number: int) -> Aftermath:
    """A kill while followed folders are synced; the next sync must bring the rest."""

    def begin(place: Place) -> Apart:
        folders = [place.folder.parent / f"folder-{n}" for n in range(FOLDERS)]
        each = len(scene.further) // FOLDERS
        for n, folder in enumerate(folders):
            folder.mkdir()
            for file in scene.further[each * n : each * (n + 1)]:
                shutil.copy(file, folder)
        done(following, place, folders)
        return Apart(syncing, place)

    place, ended, what, began = _killed(scene, chance, f"sync-{number}", "sync", begin)
    count = sum(one != "ready" for one in ended.said)
    each = len(scene.further) // FOLDERS
    reached = scene.states[each * count : each * (count + 1) + 1]
    seen = Judge(scene, place, scene.known(chance), reached)
    first = seen.seen()
    if first.state not in reached:
        seen.problems.append("papers that a sync reported are missing")
    again = done(syncing, place)
    if again.crash or again.refusal:
        seen.problems.append(f"the next sync: {again.refusal or again.crash}")
    seen.allowed = scene.states[-1:]
    return seen.outcome("kill in sync", number, f"{what}, {count} sources reported", began)


def conversation(scene: Scene, chance: random.Random, number: int) -> Aftermath:
    """A kill while turns of a conversation are kept."""
    titles = scene.known(chance) * 2
    place, ended, what, began = _killed(
        scene, chance, f"conversation-{number}", "conversation", lambda place: Apart(converse, place, titles)
    )
    count = sum(one != "ready" for one in ended.said)
    judge = Judge(scene, place, scene.known(chance), scene.states[:1])
    judge.problems += lost_turns(place, TURNS + count, [question_about(title) for title in titles[:count]])
    return judge.outcome("kill in conversation", number, f"{what}, {count} turns acknowledged", began)


def _killed(
    scene: Scene, chance: random.Random, name: str, work: str, begin: Callable[[Place], Apart]
) -> tuple[Place, Ended, str, float]:
    """A copy of the home in which a piece of work was killed: what was said, what was done, and when it began."""
    copies = iter(range(2))
    whole = scene.duration(work, lambda: begin(scene.copy(f"whole-{work}-{next(copies)}")))
    share, began = chance.random(), time.perf_counter()
    place = scene.copy(name)
    working = begin(place)
    working.wait_for("ready")
    ended = working.kill(after=share * whole)
    return place, ended, f"after {share:.0%} of the time that it takes", began


def _first_title(scene: Scene, count: int) -> int:
    """The place among the titles of the first paper of the last file acknowledged."""
    size = len(scene.states[count]) - len(scene.states[count - 1])
    return len(scene.states[count]) - size


KINDS = {
    "kill-ingest": ingest,
    "kill-rebuild": rebuild,
    "kill-migration": migration,
    "kill-sync": sync,
    "kill-conversation": conversation,
}
