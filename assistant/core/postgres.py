"""The address of a PostgreSQL database in, connections to it out; all chapters of a process share a pool of them.

Where SQLite has one writer at a time, so has a chapter here: a transaction takes its advisory lock first.
https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
"""

from __future__ import annotations

import functools
import math
import os
import socket
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import PoolProxiedConnection

from .errors import DatabaseError, MissingExtra
from .migrating import bring_up_to_date

PATIENCE = 30
"""Seconds that a statement may take, waiting for locks included."""
CONNECTING = 10
"""Seconds to wait for a connection."""
GRACE = 5
"""Seconds beyond `PATIENCE` after which a server that says nothing, not even that it gave up, counts as lost."""
IDLE, MOST = 5, 20
"""Connections kept open for the next statement, and the most at once, of one process."""

_KEY = "hashtextextended(current_schema() || ':' || '{}', 0)"
"""The number of an advisory lock: tables of another schema are locked apart."""
_ENGINES: dict[str, tuple[Engine, int]] = {}
"""The pools of this process by address, with how many chapters use them."""
_OPENING = threading.Lock()
"""Of the pools."""


class PostgresChapter:
    """The tables of one chapter in a database."""

    def __init__(self, url: str, chapter: str, migrations: Path) -> None:
        self._address = _address(url)
        self._chapter, self._migrations = chapter, migrations
        self.begin = ("begin", f"select pg_advisory_xact_lock({_KEY.format(chapter)})")
        self.snapshot = (
            "begin isolation level repeatable read, read only",
            "set local statement_timeout = 0",
            "set local idle_in_transaction_session_timeout = 0",  # it lasts as long as the disk takes
        )
        self._url = url
        self._engine = _engine(url, self._address)
        driver: Any = self._engine.dialect.dbapi
        self.errors: tuple[type[Exception], ...] = (SQLAlchemyError, driver.Error, OSError, OverflowError)

    def __str__(self) -> str:
        return f"The database {self._address.set(drivername='postgresql').render_as_string(hide_password=True)!r}"

    def connect(self) -> PoolProxiedConnection:
        return self._engine.raw_connection()

    def cursor(self, connection: PoolProxiedConnection) -> Any:
        """A cursor of the server's: its rows come bit by bit."""
        return connection.cursor(name="rows")  # psycopg's own

    def insertion(self, table: str, columns: Sequence[str], *, numbered: bool) -> str:
        """The statement that inserts a row as it is, its number included."""
        own = " overriding system value" * numbered
        return f"insert into {table} ({', '.join(columns)}){own} values ({', '.join('?' * len(columns))})"

    def renumbering(self, table: str, column: str) -> str:
        """The statement after which the next number is the highest one plus one."""
        sequence = f"pg_get_serial_sequence('{table}', '{column}')"
        return f"select setval({sequence}, coalesce(max({column}), 0) + 1, false) from {table}"

    def spelt(self, statement: str) -> str:
        """The statement as PostgreSQL and its driver have it."""
        return _spelt(statement)

    def sound(self, text: str) -> str:
        """The text without what cannot be stored."""
        return text.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")

    def prepare(self, schemas: Sequence[str]) -> None:
        """Run the revisions that the chapter lacks. Raises `NewerDatabase`."""
        with self._engine.connect() as connection:
            _waits(connection, None)  # an upgrade takes as long as it takes
            for statement in (
                "begin",
                "set local statement_timeout = 0",
                f"select pg_advisory_xact_lock({_KEY.format('revisions')})",
            ):
                connection.exec_driver_sql(statement)
            bring_up_to_date(connection, self._migrations, self._chapter)
            connection.exec_driver_sql("commit")
            _waits(connection, PATIENCE + GRACE)

    def failure(self, error: Exception) -> str:
        """What to say of an error: without the password, whoever repeats it."""
        reason = " ".join(str(error).split()).rstrip(".")
        if password := self._address.password:
            reason = reason.replace(str(password), "***")
        return (
            f"{self} cannot be used: {reason}. Make sure that its server is running and can be reached, and that "
            "ASSISTANT_DATABASE_URL names a database in which this user may create tables."
        )

    def lock(self, name: str, *, shared: bool, fail: Callable[[Exception], NoReturn]) -> SessionLock:
        return SessionLock(self._engine, f"{self._chapter}:{name}", shared=shared, fail=fail)

    def shrink(self) -> None:
        """Nothing: PostgreSQL looks after its own log."""

    def close(self) -> None:
        with _OPENING:
            engine, users = _ENGINES[self._url]
            _ENGINES[self._url] = engine, users - 1
            if users == 1:
                del _ENGINES[self._url]
                engine.dispose()


class SessionLock:
    """A lock of the database: it ends with its connection, so no kill leaves it behind. One thread at a time uses it.

    `fail` raises what an error of the database is to callers.
    """

    def __init__(self, engine: Engine, name: str, *, shared: bool, fail: Callable[[Exception], NoReturn]) -> None:
        self._engine, self._key, self._fail = engine, _KEY.format(name), fail
        self._function = "pg_try_advisory_lock" + "_shared" * shared
        self._connection: Connection | None = None

    def acquire(self) -> bool:
        """Whether this process has the lock now; if it had it and lost its connection, it takes it again."""
        if self._connection is not None and self._is_connected(self._connection):
            return True
        try:
            connection = self._engine.connect()
            connection.detach()  # it is this lock's own, and closed with it
            if connection.exec_driver_sql(f"select {self._function}({self._key})").scalar_one():
                self._connection = connection
            else:
                connection.close()
        except SQLAlchemyError as error:
            self._fail(error)
        return self._connection is not None

    def _is_connected(self, connection: Connection) -> bool:
        try:
            connection.exec_driver_sql("select 1")
        except SQLAlchemyError:
            self.release()
            return False
        return True

    def holder(self) -> str:
        """Who has the lock, as processes name themselves; "" if nobody has."""
        query = (
            "select application_name from pg_locks join pg_stat_activity using (pid) where locktype = 'advisory' "
            f"and granted and (classid::bigint << 32 | objid::bigint) = {self._key} and objsubid = 1 limit 1"
        )
        try:
            with self._engine.connect() as connection:
                return str(connection.exec_driver_sql(query).scalar() or "")
        except SQLAlchemyError as error:
            self._fail(error)

    def release(self) -> None:
        """Give the lock up at once: the server notices only later that a connection was closed."""
        if self._connection is not None:
            with suppress(SQLAlchemyError):  # a lost connection has lost its locks
                self._connection.exec_driver_sql("select pg_advisory_unlock_all()")
            self._connection.close()
            self._connection = None


def _address(url: str) -> URL:
    try:
        address = make_url(url)
        port = address.port
    except (ArgumentError, ValueError) as error:
        raise DatabaseError(
            "ASSISTANT_DATABASE_URL is not an address. Write it like postgresql://user:password@host:5432/name."
        ) from error
    return address.set(drivername="postgresql+psycopg", port=port)


@functools.lru_cache(maxsize=1000)
def _spelt(statement: str) -> str:
    return statement.replace("%", "%%").replace("?", "%s").replace("group_concat(", "string_agg(")


def _engine(url: str, address: URL) -> Engine:
    """The pool for an address, which the chapters of this process share."""
    with _OPENING:
        engine, users = _ENGINES.get(url) or (_made(address), 0)
        _ENGINES[url] = engine, users + 1
    return engine


def _made(address: URL) -> Engine:
    name = f"process {os.getpid()} on {socket.gethostname()}"
    try:
        engine = create_engine(
            address,
            pool_size=IDLE,
            max_overflow=MOST - IDLE,
            pool_timeout=PATIENCE,
            pool_pre_ping=True,  # a restarted server is noticed before a statement is lost
            isolation_level="AUTOCOMMIT",  # transactions begin and end by statements
            connect_args={"connect_timeout": CONNECTING, "application_name": name[:63]},
        )
    except ImportError as error:
        raise MissingExtra("postgres") from error
    event.listen(engine, "do_connect", _connected)
    event.listen(engine, "connect", _limit)
    return engine


def _connected(_: Any, __: Any, arguments: Any, named: Any) -> Any:
    """A connection on which nothing waits for ever: a server that stalls, or is cut off, does not end it."""
    connection = _bounded_connection().connect(*arguments, **named)
    connection.patience = PATIENCE + GRACE
    return connection


@functools.cache
def _bounded_connection() -> Any:
    """Psycopg's connection, which gives up `patience` seconds after it sent something; None: never."""
    import psycopg

    class BoundedConnection(psycopg.Connection[Any]):
        patience: float | None = None

        def wait(self, gen: Any, *arguments: Any, **named: Any) -> Any:
            try:
                return super().wait(_until(gen, self.patience), *arguments, **named)
            except TimeoutError as error:
                self.pgconn.finish()  # whatever it still says belongs to no statement
                raise psycopg.OperationalError(f"the server has said nothing for {self.patience:.0f} s") from error

    return BoundedConnection


def _until(steps: Generator[Any, Any, Any], seconds: float | None) -> Generator[Any, Any, Any]:
    """The same steps of waiting for a socket; `TimeoutError` once nothing is ready and the time is over."""
    end = math.inf if seconds is None else time.monotonic() + seconds
    try:
        state = next(steps)
        while True:
            ready = yield state
            if not ready and time.monotonic() > end:
                raise TimeoutError
            state = steps.send(ready)
    except StopIteration as stop:
        return stop.value


def _waits(connection: Connection, seconds: float | None) -> None:
    """How long statements on a connection are waited for."""
    driver: Any = connection.connection.driver_connection
    driver.patience = seconds


def _limit(connection: Any, _: object) -> None:
    """Give up on statements, and on transactions that a process left open."""
    connection.execute(f"set statement_timeout = '{PATIENCE}s'")
    connection.execute(f"set idle_in_transaction_session_timeout = '{10 * PATIENCE}s'")
