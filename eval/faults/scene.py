"""A small home in, copies of it to break out; and what must be true of a copy once it is opened again.

The home has papers of the sample and a conversation. Vectors are those of the tests' double, except where the real
model is what fails.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from assistant.chain import Assistant
from assistant.core.database import DataHome
from assistant.core.errors import AssistantError
from assistant.core.records import Turn
from assistant.core.settings import Settings
from assistant.library.papers import Library
from assistant.library.sample import sample_files
from assistant.library.sources import read
from assistant.people.conversations import Conversations
from tests.doubles import HashEmbedder
from tests.papers import write_listing

from .apart import Apart, Ended, Say, done
from .outcomes import Outcome

STOCK, SLICE, FURTHER = 24, 4, 6
"""Papers of the home; papers of a further file, and how many of these there are."""
ASKED = 3
"""Known questions asked after a fault."""
TURNS = 3
OWNER, TALK = "here", "a-talk-that-is-kept"
FILES = ("library.sqlite", "conversations.sqlite", "followed.sqlite", "rejects.sqlite")
LASTING = (".lock", "-shm", "-wal")
"""What may stay in a home: its files, locks that nobody holds, and what SQLite keeps beside a file, if it is empty."""

State = dict[str, str]
"""The fingerprint of each paper by its id."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a home is: its folder, and the services that have its papers and vectors, if any do."""

    folder: Path
    database_url: str = ""
    chroma_url: str = ""
    bundled: bool = False

    @property
    def data_home(self) -> DataHome:
        """What stores open."""
        return DataHome(self.folder, self.database_url)


@contextmanager
def opened(place: Place) -> Iterator[Assistant]:
    """The assistant over a home."""
    settings = Settings(
        home=place.folder, database_url=place.database_url, chroma_url=place.chroma_url, reader="none", threads=1
    )
    embedder = None if place.bundled else HashEmbedder()
    with Assistant.open(place.data_home, settings=settings, embedder=embedder) as assistant:
        yield assistant


@dataclass(frozen=True, slots=True)
class Examination:
    """A home as it is found: what doctor says, what came of each question, and the papers; errors in words.

    `answers`: by title, "" if it was right, else why it was not. `state` None: the papers could not be listed.
    """

    faults: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    state: State | None = None
    refusals: tuple[str, ...] = ()
    crashes: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.faults or self.refusals or self.crashes or any(self.answers.values())) and bool(self.state)


def question_about(title: str) -> str:
    """The question to which a paper of this title is the known answer."""
    return f"What is “{title}” about?"


def examine(_: Say, place: Place, titles: Sequence[str]) -> Examination:
    """In another process: open a home, call doctor, ask about some papers, list all."""
    faults, answers, refusals = list[str](), dict[str, str](), list[str]()
    state: State | None = None
    with opened(place) as assistant:
        try:
            faults = assistant.doctor()
        except AssistantError as error:
            refusals.append(f"doctor: {error}")
        for title in titles:
            try:
                cited = assistant.ask(question_about(title)).titles
                answers[title] = "" if title in cited else f"got {list(cited)!r}"
            except AssistantError as error:
                answers[title] = f"refused: {error}"
                refusals.append(str(error))
        try:
            state = {paper.id: paper.fingerprint for paper in assistant.papers()}
        except AssistantError as error:
            refusals.append(f"papers: {error}")
    return Examination(tuple(faults), answers, state, tuple(refusals))


def repair(_: Say, place: Place) -> list[str]:
    """In another process: doctor --repair; what is wrong after it."""
    with opened(place) as assistant:
        assistant.doctor(repair=True)
        return assistant.doctor()


def add(_: Say, place: Place, file: Path) -> int:
    """In another process: add the papers of a file; how many are there now that were not."""
    with opened(place) as assistant:
        return assistant.ingest(file).added


def converse(say: Say, place: Place, titles: Sequence[str]) -> None:
    """In another process: ask in the conversation of the home; each turn is said once it is kept."""
    say("ready")
    with opened(place) as assistant, closing(Conversations(place.data_home)) as conversations:
        for title in titles:
            answer = assistant.ask(question_about(title))
            say(conversations.append(OWNER, TALK, Turn(question_about(title), answer)))


def turns(_: Say, place: Place) -> list[tuple[int, str]]:
    """In another process: the number and question of each turn of the conversation."""
    with closing(Conversations(place.data_home)) as conversations:
        return [(one.number, one.turn.question) for one in conversations.every(OWNER, TALK)]


def stock(_: Say, place: Place, file: Path, titles: Sequence[str]) -> list[str]:
    """In another process: make the home; the titles whose questions are answered rightly."""
    with opened(place) as assistant, closing(Conversations(place.data_home)) as conversations:
        assistant.ingest(file)
        known = [title for title in titles if title in assistant.ask(question_about(title)).titles]
        conversations.begin(OWNER, name=TALK)
        for title in known[:TURNS]:
            conversations.append(OWNER, TALK, Turn(question_about(title), assistant.ask(question_about(title))))
    return known


def kept_by(done: Ended) -> Any:
    """What a process that must not fail came to. Raises `RuntimeError` if it failed."""
    if done.refusal or done.crash:
        raise RuntimeError(done.refusal or done.crash)
    return done.value


class Scene:
    """The prepared homes, their files, and how long each piece of work takes undisturbed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.broken = folder, folder / "broken"
        self.services = ExitStack()  # servers that faults have started
        papers = [paper for file in sample_files() for paper in read(file).papers]
        pairs = [(paper.title, paper.abstract) for paper in papers]
        size, inbox = STOCK + SLICE * FURTHER, folder / "inbox"
        self.first = write_listing(inbox / "first.txt", pairs[:STOCK])
        self.further = [
            write_listing(inbox / f"further-{n}.txt", pairs[STOCK + SLICE * n : STOCK + SLICE * (n + 1)])
            for n in range(FURTHER)
        ]
        self.last = write_listing(inbox / "last.txt", pairs[size : size + SLICE])
        self.titles = [title for title, _ in pairs]
        self.states = _states(folder / "states", [self.first, *self.further])
        self._durations: dict[str, float] = {}
        self._known: dict[Path, list[str]] = {}
        self.base = Place(folder / "base" / "home")
        self.prepare(self.base)

    def __enter__(self) -> Scene:
        return self

    def __exit__(self, *_: object) -> None:
        self.services.close()

    def prepare(self, place: Place) -> None:
        """Make a home of the first file."""
        self._known[place.folder] = kept_by(done(stock, place, self.first, self.titles[:STOCK]))

    def copy(self, name: str, *, of: Place | None = None) -> Place:
        """A copy of a prepared home, to break."""
        of = of or self.base
        return replace(of, folder=shutil.copytree(of.folder, self.broken / name / "home"))

    def known(self, chance: random.Random, *, of: Place | None = None) -> list[str]:
        """Titles of the first file about which there are known questions."""
        return chance.sample(self._known[(of or self.base).folder], ASKED)

    def duration(self, name: str, begin: Callable[[], Apart]) -> float:
        """Seconds that a piece of work takes if nobody disturbs it, measured once."""
        if name not in self._durations:
            kept_by(begin().ended())  # what the system caches is cached
            work = begin()
            work.wait_for("ready")
            began = time.perf_counter()
            kept_by(work.ended())
            self._durations[name] = time.perf_counter() - began
        return self._durations[name]


def _states(folder: Path, files: Sequence[Path]) -> list[State]:
    """The papers of a home with the first file, with the first and second, and so on."""
    states = []
    with closing(Library(folder)) as library:
        for file in files:
            library.put(read(file).papers)
            states.append({paper.id: paper.fingerprint for paper in library.papers()})
    return states


@dataclass(slots=True)
class Judge:
    """Opens a home after a fault, has it mended, and writes down what it met."""

    scene: Scene
    place: Place
    titles: Sequence[str]
    allowed: Sequence[State]
    copies: Mapping[str, Path] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def outcome(self, kind: str, number: int, what: str, began: float) -> Outcome:
        """The whole inspection of a home, as the outcome of its fault."""
        first = self.seen()
        harm = _wrong(first, self.allowed)
        named = not harm or bool(first.faults or first.refusals)
        if not named:
            self.problems.append(f"nothing is named, but: {harm}")
        mended, last = self._mended(first) if harm else ("", first)
        kept = last.state in self.allowed
        if not kept:
            self.problems.append("papers that were acknowledged are missing or changed")
        if harm and not mended:
            self.problems.append(f"not mended: {_wrong(last, self.allowed)}")
        right = bool(last.answers) and not any(last.answers.values())
        clean = self._is_clean()
        seconds = time.perf_counter() - began
        return Outcome(
            kind, number, what, seconds, harm, kept, right, named, mended, clean, tuple(dict.fromkeys(self.problems))
        )

    def with_problems(self, outcome: Outcome, lost: Sequence[str]) -> Outcome:
        """The outcome, in which something acknowledged was lost."""
        return replace(outcome, kept=False, problems=(*outcome.problems, *lost))

    def seen(self) -> Examination:
        """The home, examined in another process."""
        ended = done(examine, self.place, self.titles)
        if ended.crash:
            self.problems.append(f"crashed: {ended.crash}")
            return Examination(crashes=(ended.crash,))
        return ended.value or Examination(refusals=(ended.refusal,))

    def _mended(self, first: Examination) -> tuple[str, Examination]:
        """What mends a home, and the home after it."""
        again = self.seen()
        if again.whole and again.state in self.allowed:
            return "by itself", again
        again = self._repaired()
        if again.whole and again.state in self.allowed:
            return "by doctor", again
        for name, copy in self.copies.items():
            restore(self.place.folder / name, copy)
        if self.copies and (again := self.seen()) and not again.whole:
            again = self._repaired()
        return "from a copy" if self.copies and again.whole else "", again

    def _repaired(self) -> Examination:
        ended = done(repair, self.place)
        if ended.crash:
            self.problems.append(f"doctor --repair crashed: {ended.crash}")
        return self.seen()

    def _is_clean(self) -> bool:
        """Whether papers can be added and are found, and nothing is left behind."""
        ended = done(add, self.place, self.scene.last)
        if not ended.value:
            self.problems.append(f"nothing can be added: {ended.refusal or ended.crash or 'nothing new'}")
        left = leftovers(self.place.folder)
        if left:
            self.problems.append(f"left behind: {', '.join(left)}")
        return bool(ended.value) and not left


def _wrong(seen: Examination, allowed: Sequence[State]) -> str:
    """What is wrong with a home, in words; "" if it is whole and has the papers of an allowed state."""
    answers = [f"about {title!r} {why}" for title, why in seen.answers.items() if why]
    papers = [] if seen.state in allowed else ["the papers are others"]
    return "; ".join([*seen.faults, *seen.refusals, *seen.crashes, *answers, *papers])


def lost_turns(place: Place, least: int, last: Sequence[str] = ()) -> list[str]:
    """What is wrong with the kept conversation, in words; [] if it has what was acknowledged, once and in order."""
    ended = done(turns, place)
    if ended.refusal or ended.crash:
        return [f"the conversation: {ended.refusal or ended.crash}"]
    numbers = [number for number, _ in ended.value]
    questions = [question for _, question in ended.value][TURNS : TURNS + len(last)]
    if numbers != [*range(1, len(numbers) + 1)] or not least <= len(numbers) <= least + 1 or questions != [*last]:
        return [f"the conversation has turns {numbers}, of which {least} were acknowledged"]
    return []


def restore(path: Path, copy: Path) -> None:
    """Put a copy of a SQLite file in place, as the docs say."""
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    shutil.copyfile(copy, path)


def leftovers(home: Path) -> list[str]:
    """What nobody needs any more, in a home that is closed."""
    index = home / "index"
    logs = [path.name for path in home.iterdir() if path.name.endswith("-wal") and path.stat().st_size]
    names = [path.name for path in home.iterdir() if path != index and not path.name.endswith(LASTING)]
    left = [name for name in names if name not in FILES] + logs
    inside = [path for path in index.iterdir() if path.name != "current"]
    generations = [path.name for path in inside if path.is_dir()]
    left += [f"index/{path.name}" for path in inside if not path.is_dir()]
    return left + ([f"{len(generations)} generations"] if len(generations) > 2 else [])


def checkpointed(home: Path) -> None:
    """Empty the logs beside the SQLite files of a home, so that the files alone have everything."""
    for path in home.glob("*.sqlite"):
        with closing(sqlite3.connect(path)) as database:
            database.execute("pragma wal_checkpoint(truncate)")
