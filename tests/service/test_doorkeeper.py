"""doorkeeper: who is let in, by key or from this machine, and what happens to wrong keys."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from assistant.people.accounts import Accounts, Right
from assistant.people.limits import Limits
from assistant.service.doorkeeper import (
    FORWARDED,
    SLOWLY,
    WRONG,
    WRONG_IN_ALL,
    Caller,
    Doorkeeper,
    NotAdmitted,
    at_this_machine,
)

HERE = {"host": "localhost:7860"}


class Sleeper:
    """Records the seconds it should have slept."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.fixture
def sleeper() -> Sleeper:
    return Sleeper()


@pytest.fixture
def doorkeeper(home: Path, sleeper: Sleeper) -> Iterator[Doorkeeper]:
    with closing(Doorkeeper(home, sleep=sleeper)) as one:
        yield one


def key(home: Path, name: str = "bot", rights: Right = "ask", per_minute: int = 60) -> dict[str, str]:
    with closing(Accounts(home)) as accounts:
        return {"authorization": f"Bearer {accounts.add_key(name, rights=rights, per_minute=per_minute)}"}


def let_in(doorkeeper: Doorkeeper, headers: dict[str, str], address: str = "127.0.0.1") -> Caller:
    return asyncio.run(doorkeeper.caller(address, {**HERE, **headers}))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("host", ["localhost", "localhost:7860", "127.0.0.1:1", "[::1]:7860"])
def test_programs_on_this_machine_need_no_key(address: str, host: str) -> None:
    assert at_this_machine(address, {"host": host})


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        *(pytest.param("127.0.0.1", {**HERE, name: "127.0.0.1"}, id=name) for name in FORWARDED),
        pytest.param("10.0.0.7", HERE, id="another machine"),
        pytest.param("::ffff:10.0.0.7", HERE, id="another machine, mapped"),
        pytest.param("", HERE, id="no address"),
        pytest.param("unix", HERE, id="no address either"),
        pytest.param("127.0.0.1", {}, id="no host"),
        pytest.param("127.0.0.1", {"host": "papers.example"}, id="a name given this machine's address"),
        pytest.param("127.0.0.1", {"host": "[::1"}, id="a host that is none"),
        pytest.param("127.0.0.1", {**HERE, "origin": "https://evil.example"}, id="a page of another site"),
        pytest.param("127.0.0.1", {**HERE, "origin": "null"}, id="a page of no site"),
        pytest.param("127.0.0.1", {**HERE, "origin": "http://localhost:1"}, id="a page of another port"),
        pytest.param("127.0.0.1", {**HERE, "sec-fetch-site": "cross-site"}, id="sent across sites"),
    ],
)
def test_all_other_requests_need_one(address: str, headers: dict[str, str]) -> None:
    assert not at_this_machine(address, headers)


def test_scripts_of_the_page_need_no_key() -> None:
    assert at_this_machine("127.0.0.1", {**HERE, "origin": "http://localhost:7860", "sec-fetch-site": "same-origin"})


def test_a_key_works_from_anywhere_and_has_its_own_conversations(doorkeeper: Doorkeeper, home: Path) -> None:
    one, other = key(home), key(home, "other")
    far, near = let_in(doorkeeper, one, "10.0.0.7"), let_in(doorkeeper, one)
    assert far == near
    assert far.key and far.key.name == "bot"
    assert len({far.owner, let_in(doorkeeper, other).owner, let_in(doorkeeper, {}).owner}) == 3


def test_other_machines_are_refused_without_a_key(doorkeeper: Doorkeeper, sleeper: Sleeper) -> None:
    with pytest.raises(NotAdmitted, match=r"A key is needed here.*assistant keys add NAME") as refused:
        let_in(doorkeeper, {}, "10.0.0.7")
    assert (refused.value.status, refused.value.headers["WWW-Authenticate"][:6]) == (401, "Bearer")
    assert sleeper.slept == []


def test_this_machine_needs_a_key_if_always_needed(home: Path, sleeper: Sleeper) -> None:
    with closing(Doorkeeper(home, always=True, sleep=sleeper)) as strict:
        with pytest.raises(NotAdmitted, match="A key is needed here"):
            let_in(strict, {})
        assert let_in(strict, key(home)).key


@pytest.mark.parametrize("token", ["papers_guessed", "sk-guessed", "papers_\udcff"])
def test_a_wrong_key_is_delayed_logged_and_not_echoed(
    doorkeeper: Doorkeeper, sleeper: Sleeper, caplog: pytest.LogCaptureFixture, token: str
) -> None:
    with caplog.at_level(logging.WARNING), pytest.raises(NotAdmitted, match="There is no such key") as refused:
        let_in(doorkeeper, {"authorization": f"Bearer {token}"}, "10.0.0.7")
    assert (refused.value.status, sleeper.slept) == (401, [SLOWLY])
    assert caplog.messages == ["a wrong key was sent from 10.0.0.7"]
    assert "guessed" not in str(refused.value)


def test_after_many_wrong_keys_more_are_refused_at_once_but_a_valid_one_works(
    doorkeeper: Doorkeeper, home: Path, sleeper: Sleeper
) -> None:
    wrong = {"authorization": "Bearer papers_guessed"}
    for _ in range(WRONG):
        with pytest.raises(NotAdmitted, match="no such key"):
            let_in(doorkeeper, wrong, "10.0.0.7")
    with pytest.raises(NotAdmitted, match="Too many wrong keys") as refused:
        let_in(doorkeeper, wrong, "10.0.0.7")
    assert refused.value.status == 429
    assert 0 < int(refused.value.headers["Retry-After"]) <= 60 / WRONG
    assert len(sleeper.slept) == WRONG
    assert let_in(doorkeeper, key(home), "10.0.0.7").key


def test_wrong_keys_from_many_addresses_are_refused_at_once_too(doorkeeper: Doorkeeper, home: Path) -> None:
    doorkeeper._tries = Limits(clock=lambda: 0.0)
    for n in range(WRONG_IN_ALL):
        with pytest.raises(NotAdmitted, match="no such key"):
            let_in(doorkeeper, {"authorization": "Bearer papers_guessed"}, f"10.0.0.{n}")
    with pytest.raises(NotAdmitted, match="Too many wrong keys"):
        let_in(doorkeeper, {"authorization": "Bearer papers_guessed"}, "10.0.1.1")
    assert let_in(doorkeeper, key(home), "10.0.1.1").key


def test_on_this_machine_foreign_tokens_are_ignored_but_wrong_keys_are_not(doorkeeper: Doorkeeper) -> None:
    assert let_in(doorkeeper, {"authorization": "Bearer unused"}) == Caller("here")
    assert let_in(doorkeeper, {"authorization": "Basic eDp5"}) == Caller("here")
    with pytest.raises(NotAdmitted, match="no such key"):
        let_in(doorkeeper, {"authorization": "bearer papers_guessed"})


def test_a_removed_key_is_refused(doorkeeper: Doorkeeper, home: Path) -> None:
    headers = key(home)
    assert let_in(doorkeeper, headers).key
    with closing(Accounts(home)) as accounts:
        accounts.remove_key("bot")
    with pytest.raises(NotAdmitted, match="may have been removed"):
        let_in(doorkeeper, headers)


def test_a_key_is_held_to_its_rights(doorkeeper: Doorkeeper, home: Path) -> None:
    asks, writes = let_in(doorkeeper, key(home)), let_in(doorkeeper, key(home, "writer", "write"))
    doorkeeper.admit(asks, "ask")
    doorkeeper.admit(writes, "write")
    doorkeeper.admit(Caller("here"), "write")
    with pytest.raises(NotAdmitted, match="--rights write") as refused:
        doorkeeper.admit(asks, "write")
    assert refused.value.status == 403


def test_a_key_limits_questions_but_not_reading(doorkeeper: Doorkeeper, home: Path) -> None:
    caller = let_in(doorkeeper, key(home, per_minute=2))
    for _ in range(2):
        doorkeeper.admit(caller, "ask", question=True)
    doorkeeper.admit(caller, "ask")
    with pytest.raises(NotAdmitted, match=r"may ask 2 questions a minute. Ask again in \d+ s") as refused:
        doorkeeper.admit(caller, "ask", question=True)
    assert refused.value.status == 429
    assert 0 < int(refused.value.headers["Retry-After"]) <= 30
