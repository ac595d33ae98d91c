"""What only PostgreSQL has: an address, a server that may be away, and locks of the database."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from assistant.core.database import Database, DataHome
from assistant.core.errors import DatabaseError, MissingExtra, SettingsError
from assistant.core.settings import Settings
from assistant.people.accounts import Accounts
from eval.faults.proxy import Proxy

from ..postgres import PASSWORD, PostgresServer, postgres_server


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return postgres.schema()


@pytest.fixture
def open_limits(url: str, tmp_path: Path) -> Iterator[Callable[[], Database]]:
    """Chapters of one database, of which one is small."""
    opened: list[Database] = []

    def open_one() -> Database:
        opened.append(DataHome(tmp_path / "none", url).open("limits.sqlite", ()))
        return opened[-1]

    yield open_one
    for database in opened:
        database.close()


def test_nothing_is_stored_in_the_folder(open_limits: Callable[[], Database], tmp_path: Path) -> None:
    open_limits().change("insert into buckets values ('ann', 1, 2)")
    assert not (tmp_path / "none").exists()


def test_a_value_may_have_any_sign(open_limits: Callable[[], Database]) -> None:
    one = open_limits()
    one.change("insert into buckets values (?, ?, ?)", ("50 % of %s?", 1, 2))
    assert one.rows("select name, '100 %' from buckets where name like '50 %'") == [("50 % of %s?", "100 %")]


def test_the_password_is_never_shown(postgres: PostgresServer, tmp_path: Path) -> None:
    for wrong in (
        f"postgresql://ann:{PASSWORD}@127.0.0.1:1/papers",
        postgres.url().replace("/postgres?", "/no_such_database?"),
    ):
        home = DataHome(tmp_path, wrong)
        with pytest.raises(DatabaseError, match=r"cannot be used: .*ASSISTANT_DATABASE_URL names") as caught:
            Accounts(home)
        assert PASSWORD not in str(caught.value)
        assert "***" in str(caught.value)
        assert PASSWORD not in repr(home)


@pytest.mark.parametrize("wrong", ["mysql://h/n", "papers"])
def test_another_address_is_refused_without_repeating_it(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_DATABASE_URL", wrong)
    with pytest.raises(SettingsError, match=r"\(ASSISTANT_DATABASE_URL\) is secret and must be empty or a p") as caught:
        Settings.from_environment()
    assert wrong not in str(caught.value)


def test_an_address_that_cannot_be_read_is_reported(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="ASSISTANT_DATABASE_URL is not an address"):
        Accounts(DataHome(tmp_path, f"postgresql://ann:{PASSWORD}@host:port/x"))


def test_without_its_driver_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtra, match=r"pip install 'paper-assistant\[postgres\]'"):
        Accounts(DataHome(tmp_path, "postgresql://ann@127.0.0.1:1/no-driver"))


def test_a_restarted_server_is_found_again(tmp_path: Path) -> None:
    with postgres_server() as server, closing(DataHome(tmp_path, server.url()).open("limits.sqlite", ())) as one:
        one.change("insert into buckets values ('ann', 1, 2)")
        server.stop()
        server.start()
        assert one.rows("select name from buckets") == [("ann",)], "nobody used the lost connection"
        server.stop()
        with pytest.raises(DatabaseError, match="Make sure that its server is running"):
            one.rows("select * from buckets")
        server.start()
        assert one.rows("select name from buckets") == [("ann",)]


def test_a_transaction_whose_connection_is_lost_did_nothing(open_limits: Callable[[], Database], url: str) -> None:
    one = open_limits()
    with pytest.raises(DatabaseError, match="cannot be used"), one.transaction():
        one.change("insert into buckets values ('ann', 1, 2)")
        ((pid,),) = one.rows("select pg_backend_pid()")
        with psycopg.connect(url) as other:
            other.execute("select pg_terminate_backend(%s, 5000)", (pid,))
        one.change("insert into buckets values ('ben', 1, 2)")
    assert one.rows("select * from buckets") == []


def test_a_server_that_falls_silent_is_given_up(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.core.postgres.PATIENCE", 0.3)
    monkeypatch.setattr("assistant.core.postgres.GRACE", 0.1)
    schema = postgres.schema().rpartition("&")[2]
    with Proxy(f"{postgres.folder}/.s.PGSQL.5432") as proxy:
        url = f"postgresql://postgres:{PASSWORD}@127.0.0.1:{proxy.port}/postgres?{schema}"
        with closing(DataHome(tmp_path, url).open("limits.sqlite", ())) as one:
            with pytest.raises(DatabaseError, match=r"the server has said nothing for 0 s"), one.transaction():
                proxy.mode = "stall"
                one.change("insert into buckets values ('ann', 1, 2)")
            proxy.mode = "pass"
            one.change("insert into buckets values ('ben', 1, 2)")
            assert one.rows("select name from buckets") == [("ben",)]


def test_a_lock_is_one_processs_and_names_it(open_limits: Callable[[], Database]) -> None:
    one, other = locks(open_limits, 2)
    assert (one.holder(), one.acquire(), other.acquire()) == ("", True, False)
    assert other.holder().startswith("process ")
    one.release()
    assert (other.acquire(), one.acquire()) == (True, False)
    other.release()


def test_a_lock_whose_connection_was_lost_is_taken_again(open_limits: Callable[[], Database], url: str) -> None:
    one, other = locks(open_limits, 2)
    assert one.acquire()
    with psycopg.connect(url) as connection:
        connection.execute("select pg_terminate_backend(pid, 5000) from pg_locks where locktype = 'advisory'")
    assert one.acquire()
    assert not other.acquire()
    one.release()


def test_shared_locks_keep_others_out(open_limits: Callable[[], Database]) -> None:
    database = open_limits()
    readers: list[Any] = [database.lock("x", shared=True) for _ in range(2)]
    writer: Any = database.lock("x")
    assert [reader.acquire() for reader in readers] == [True, True]
    assert not writer.acquire()
    for reader in readers:
        reader.release()
    assert writer.acquire()
    writer.release()


def locks(open_limits: Callable[[], Database], number: int) -> list[Any]:
    return [open_limits().lock("x") for _ in range(number)]
