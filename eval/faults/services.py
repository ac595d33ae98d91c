"""PostgreSQL and Chroma as real servers, going away and coming back, slow, silent and refusing, in mid-work."""

from __future__ import annotations

import itertools
import random
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg

from assistant.core.errors import AssistantError
from assistant.core.records import Turn
from assistant.people.conversations import Conversations
from tests.conftest import ChromaServer
from tests.postgres import PASSWORD, PostgresServer, postgres_server

from .apart import Apart, Say, done
from .outcomes import Outcome
from .proxy import Mode, Proxy
from .scene import OWNER, TALK, TURNS, Judge, Place, Scene, kept_by, lost_turns, opened, question_about

AWAY = 1.5
"""Most seconds that a server is away."""
PATIENCE = 30.0
"""Seconds in which work must come through once the server is back."""
SOON = 2
"""Seconds that a server may be silent here, in place of the product's thirty and sixty."""
WAYS: tuple[Mode, ...] = ("refuse", "cut", "stall", "slow")


def persisting(say: Say, place: Place, files: Sequence[Path], titles: Sequence[str], soon: int) -> list[str]:
    """In another process: add files, ask and keep turns; what is refused is tried again. The refusals."""
    _hurry(soon)
    refusals, end = list[str](), time.monotonic() + PATIENCE
    say("ready")

    def insist(act: Callable[[], Any]) -> Any:
        while True:
            try:
                return act()
            except AssistantError as error:
                refusals.append(str(error))
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def work(file: Path, title: str) -> None:
        with opened(place) as assistant:
            insist(lambda: assistant.ingest(file))
            say(("file", file.name))
            answer = insist(lambda: assistant.ask(question_about(title)))
            if title not in answer.titles:
                raise RuntimeError(f"about {title!r} got {answer.titles}")
            with closing(insist(lambda: Conversations(place.data_home))) as conversations:
                turn = Turn(question_about(title), answer)
                insist(lambda: conversations.append(OWNER, TALK, turn, key=file.name))
                say(("turn", file.name))

    for file, title in zip(files, titles, strict=True):
        insist(lambda file=file, title=title: work(file, title))  # type: ignore[misc]  # opened anew, too
    return refusals


def _hurry(seconds: int) -> None:
    """In this process, give up on the database and on Chroma after so many seconds."""
    from assistant.core import postgres
    from assistant.index import store

    postgres.PATIENCE = postgres.CONNECTING = store.PATIENCE = store.CONNECTING = seconds


@dataclass(frozen=True, slots=True)
class Server:
    """A server behind a proxy, and how it is restarted."""

    proxy: Proxy
    restart: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Database:
    """A PostgreSQL server and the database of the prepared home, which is the template of all copies."""

    server: Server
    postgres: PostgresServer
    place: Place

    def address(self, name: str) -> str:
        """The address of a database, through the proxy."""
        return f"postgresql://postgres:{PASSWORD}@127.0.0.1:{self.server.proxy.port}/{name}"

    def copy(self, scene: Scene, name: str) -> Place:
        """A copy of the prepared home and its database."""
        database = f"d{secrets.token_hex(6)}"
        with psycopg.connect(self.postgres.url(), autocommit=True) as connection:
            connection.execute(f"create database {database} template prepared")
        place = scene.copy(name, of=self.place)
        return replace(place, database_url=self.address(database))


_STARTED: dict[str, Any] = {}
"""The servers of this run, by name."""


def _database(scene: Scene) -> Database:
    if "postgres" not in _STARTED:
        postgres = scene.services.enter_context(postgres_server())
        proxy = scene.services.enter_context(Proxy(f"{postgres.folder}/.s.PGSQL.5432"))
        with psycopg.connect(postgres.url(), autocommit=True) as connection:
            connection.execute("create database prepared")

        def restart() -> None:
            postgres.stop()
            postgres.start()

        made = Database(Server(proxy, restart), postgres, Place(scene.folder / "postgres" / "home"))
        made = replace(made, place=replace(made.place, database_url=made.address("prepared")))
        scene.prepare(made.place)
        _STARTED["postgres"] = made
        scene.services.callback(_STARTED.clear)
    kept: Database = _STARTED["postgres"]
    return kept


def postgres(scene: Scene, chance: random.Random, number: int) -> Outcome:
    """PostgreSQL goes away in mid-work and comes back."""
    database = _database(scene)
    copies = itertools.count()

    def begin() -> Apart:
        place = database.copy(scene, f"whole-postgres-{next(copies)}")
        return Apart(persisting, place, *_work(scene, scene.known(chance, of=database.place)), SOON)

    whole = scene.duration("postgres", begin)
    began, place = time.perf_counter(), database.copy(scene, f"postgres-{number}")
    titles = scene.known(chance, of=database.place)
    return _disturbed(scene, chance, database.server, (place, titles), ("PostgreSQL away", number, began, whole))


def _work(scene: Scene, titles: Sequence[str]) -> tuple[list[Path], list[str]]:
    return scene.further[: len(titles)], [*titles]


def _disturbed(
    scene: Scene,
    chance: random.Random,
    server: Server,
    work: tuple[Place, list[str]],
    about: tuple[str, int, float, float],
) -> Outcome:
    """The outcome of work during which a server was disturbed."""
    (place, titles), (kind, number, began, whole) = work, about
    way = chance.choice([*WAYS, "restart"])
    share, away = chance.random(), chance.uniform(0.1, AWAY)
    working = Apart(persisting, place, *_work(scene, titles), SOON)
    working.wait_for("ready")
    time.sleep(share * whole)
    if way == "restart":
        server.restart()
    else:
        server.proxy.mode = way  # type: ignore[assignment]
        time.sleep(away)
        server.proxy.mode = "pass"
    ended = working.ended(seconds=2 * PATIENCE)
    problems = [f"at work: {ended.refusal or ended.crash}"] if ended.refusal or ended.crash else []
    files = sum(one[0] == "file" for one in ended.said)
    judge = Judge(scene, place, titles, scene.states[files : files + 1 + bool(problems)], problems=problems)
    judge.problems += lost_turns(place, TURNS + sum(one[0] == "turn" for one in ended.said))
    refused = len(ended.value or ())
    what = f"{way} at {share:.0%} of the work, for {away:.1f} s; {refused} refusals"
    return judge.outcome(kind, number, what, began)


def chroma(scene: Scene, chance: random.Random, number: int) -> Outcome:
    """A Chroma server goes away in mid-work and comes back."""
    server = _chroma(scene)
    copies = itertools.count()
    url = f"http://127.0.0.1:{server.proxy.port}"

    def made(name: str) -> Place:
        place = replace(scene.copy(name), chroma_url=url)
        kept_by(done(_moved, place, scene.titles[0]))  # its vectors are copied to the server
        return place

    def begin() -> Apart:
        return Apart(persisting, made(f"whole-chroma-{next(copies)}"), *_work(scene, scene.known(chance)), SOON)

    whole = scene.duration("chroma", begin)
    began, place = time.perf_counter(), made(f"chroma-{number}")
    return _disturbed(scene, chance, server, (place, scene.known(chance)), ("Chroma away", number, began, whole))


def _moved(_: Say, place: Place, title: str) -> None:
    with opened(place) as assistant:
        assistant.ask(question_about(title))


def _chroma(scene: Scene) -> Server:
    if "chroma" not in _STARTED:
        folder = scene.folder / "chroma-server"
        folder.mkdir()
        running = ExitStack()
        chroma_server = ChromaServer(folder)
        running.enter_context(chroma_server)
        scene.services.callback(running.close)
        proxy = scene.services.enter_context(Proxy(chroma_server.port))

        def restart() -> None:
            chroma_server.kill()  # it would wait for its clients to hang up
            running.close()
            running.enter_context(chroma_server)

        _STARTED["chroma"] = Server(proxy, restart)
        scene.services.callback(_STARTED.clear)
    kept: Server = _STARTED["chroma"]
    return kept


KINDS = {"postgres": postgres, "chroma": chroma}
