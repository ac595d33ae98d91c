"""A private file and its schemas in, short transactions on it out."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from filelock import FileLock

from assistant.core.database import MIGRATIONS, Database, DataHome
from assistant.core.errors import DatabaseError

from ..conftest import ROOT

SCHEMAS = ("create table pears (name text)", "create table plums (name text); create table figs (name text)")
FIRST = """
from alembic import op
revision, down_revision, branch_labels, depends_on = "x_0001", None, ("x",), None
def upgrade():
    op.execute("create table pears (name text); create table plums (name text); create table figs (name text)")
"""
SECOND = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "x_0002", "x_0001", None, None
def upgrade():
    op.add_column("pears", sa.Column("grams", sa.Integer, nullable=False, server_default="180"))
"""
FILES = pytest.mark.parametrize("data_home", ["sqlite"], indirect=True)
"""What files alone have to do."""


@pytest.fixture
def later(tmp_path: Path) -> Callable[[], Path]:
    """`later()`: the folder of the revisions in which a second one has appeared."""

    def appear() -> Path:
        folder = shutil.copytree(tmp_path / "revisions", tmp_path / "later")
        (folder / "versions/x_0002.py").write_text(SECOND)
        return folder

    return appear


@pytest.fixture
def open_database(tmp_path: Path, data_home: DataHome) -> Iterator[Callable[..., Database]]:
    opened: list[Database] = []
    (tmp_path / "revisions/versions").mkdir(parents=True)
    shutil.copy(MIGRATIONS / "env.py", tmp_path / "revisions")
    (tmp_path / "revisions/versions/x_0001.py").write_text(FIRST)

    def open_one(
        path: Path = tmp_path / "new/folder/x.sqlite",
        schemas: tuple[str, ...] = SCHEMAS,
        migrations: Path = tmp_path / "revisions",
    ) -> Database:
        opened.append(Database(path, schemas, url=data_home.database_url, migrations=migrations))
        return opened[-1]

    yield open_one
    for database in opened:
        database.close()


def test_changes_are_there_after_reopening(open_database: Callable[..., Database]) -> None:
    database = open_database()
    assert database.change("insert into pears values (?), (?)", ("Conference", "Kaiser \ud800")) == 2
    database.close()
    assert open_database().rows("select * from pears") == [("Conference",), ("Kaiser ?",)]


@FILES
def test_nobody_else_can_read_its_files(open_database: Callable[..., Database]) -> None:
    database = open_database()
    database.change("insert into pears values ('x')")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in database.path.parent.iterdir()}
    assert modes.keys() >= {"x.sqlite", "x.sqlite-wal", "x.sqlite-shm"}
    assert set(modes.values()) == {0o600}


def test_a_transaction_is_all_or_nothing(open_database: Callable[..., Database]) -> None:
    database = open_database()
    with pytest.raises(KeyError), database.transaction():
        database.change("insert into pears values ('x')")
        raise KeyError
    with database.transaction():
        database.change("insert into pears values ('y')")
    assert database.rows("select * from pears") == [("y",)]


def test_a_transaction_within_another_is_a_mistake(open_database: Callable[..., Database]) -> None:
    database = open_database()
    with database.transaction():
        database.change("insert into pears values ('x')")
        with pytest.raises(RuntimeError, match="within another"), database.transaction():
            pytest.fail("it began")
    assert database.rows("select * from pears") == [("x",)]


def test_others_see_nothing_of_an_unfinished_transaction(open_database: Callable[..., Database]) -> None:
    database, other = open_database(), open_database()
    with database.transaction():
        database.change("insert into pears values ('x')")
        assert other.rows("select * from pears") == []
    assert other.rows("select * from pears") == [("x",)]


@FILES
def test_an_older_file_is_upgraded_and_keeps_its_data(open_database: Callable[..., Database]) -> None:
    older = open_database(schemas=SCHEMAS[:1])
    older.change("insert into pears values ('x')")
    older.close()
    database = open_database()
    assert database.rows("select * from pears") == [("x",)]
    assert database.rows("select * from figs") == []


@FILES
def test_a_newer_file_is_refused(open_database: Callable[..., Database]) -> None:
    open_database().close()
    with pytest.raises(DatabaseError, match=r"x\.sqlite' is of version 2, newer than this program's 1\. Update the"):
        open_database(schemas=SCHEMAS[:1])


@FILES
@pytest.mark.parametrize("blocked", ["folder", "file", "contents"])
def test_an_unusable_file_is_reported(blocked: str, tmp_path: Path, open_database: Callable[..., Database]) -> None:
    (tmp_path / "blocked").write_text("in the way" * 1000)
    path = tmp_path / "blocked" / {"folder": "x.sqlite", "file": "", "contents": ""}[blocked]
    if blocked == "file":
        path = tmp_path
    with pytest.raises(
        DatabaseError, match=r" cannot be used: .+\. Make sure that the file and its folder are writable"
    ):
        open_database(path)


def test_a_closed_database_says_so(open_database: Callable[..., Database]) -> None:
    database = open_database()
    database.close()
    with pytest.raises(DatabaseError, match="cannot be used: Cannot operate on a closed database"):
        database.rows("select 1")


@FILES
def test_one_process_at_a_time_sets_up_a_new_file(
    tmp_path: Path, open_database: Callable[..., Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.core.sqlite_file.PATIENCE", 0)
    with FileLock(tmp_path / "x.sqlite.lock"), pytest.raises(DatabaseError, match="could not be acquired"):
        open_database(tmp_path / "x.sqlite")


def test_many_may_set_up_a_new_database_at_once(open_database: Callable[..., Database]) -> None:
    start, failed = threading.Barrier(8), list[DatabaseError]()

    def work() -> None:
        start.wait()
        try:
            database = open_database()
            with database.transaction():
                database.change("insert into pears select cast(count(*) as text) from pears")
        except DatabaseError as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert sorted(int(row[0]) for row in open_database().rows("select * from pears")) == list(range(8))


def test_a_thread_sees_nothing_of_the_transaction_of_another(open_database: Callable[..., Database]) -> None:
    database, seen = open_database(), list[int]()
    with database.transaction():
        database.change("insert into pears values ('x')")
        thread = threading.Thread(target=lambda: seen.append(len(database.rows("select * from pears"))))
        thread.start()
        thread.join()
        assert len(database.rows("select * from pears")) == 1
    assert seen == [0]


def test_a_transaction_goes_on_after_a_statement_that_was_refused_elsewhere(
    open_database: Callable[..., Database],
) -> None:
    database = open_database()
    with pytest.raises(DatabaseError, match=r"cannot be used: .*nothing"):
        database.rows("select * from nothing")
    with pytest.raises(DatabaseError, match=r"cannot be used: .*nothing"), database.transaction():
        database.change("insert into pears values ('x')")
        database.rows("select * from nothing")
    assert database.rows("select * from pears") == []


# -- later revisions, by alembic


def test_a_later_revision_is_run_on_both_and_keeps_the_data(
    open_database: Callable[..., Database], later: Callable[[], Path]
) -> None:
    database = open_database()
    database.change("insert into pears values ('Conference')")
    database.close()
    folder = later()
    for _ in range(2):
        assert open_database(migrations=folder).rows("select * from pears") == [("Conference", 180)]


def test_a_new_database_has_all_revisions(open_database: Callable[..., Database], later: Callable[[], Path]) -> None:
    assert open_database(migrations=later()).rows("select name, grams from pears") == []


@FILES
def test_a_file_from_before_there_were_revisions_gets_them_all(
    open_database: Callable[..., Database], later: Callable[[], Path], tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "x.sqlite")) as old:
        old.executescript(f"{SCHEMAS[0]}; insert into pears values ('Conference'); pragma user_version = 1")
    database = open_database(tmp_path / "x.sqlite", migrations=later())
    assert database.rows("select * from pears") == [("Conference", 180)]
    assert database.rows("select * from figs") == []


def test_a_database_with_a_later_revision_is_newer(
    open_database: Callable[..., Database], later: Callable[[], Path]
) -> None:
    open_database(migrations=later()).close()
    with pytest.raises(DatabaseError, match=r"is of version \d, newer than this program's \d\. Update the program"):
        open_database()


# -- several processes

SECRET = "Beurre Hardy"
READER = """
import sqlite3, sys
reader = sqlite3.connect(sys.argv[1], isolation_level=None)
reader.execute("begin")
print(len(reader.execute("select * from pears").fetchall()), flush=True)
sys.stdin.readline()
"""
Python = Callable[..., subprocess.CompletedProcess[str]]


def log_of(database: Database) -> Path:
    return database.path.with_name(f"{database.path.name}-wal")


@FILES
def test_another_process_leaves_the_log_to_one_that_opened_the_file_twice(
    open_database: Callable[..., Database], python: Python, tmp_path: Path
) -> None:
    database = open_database()
    open_database()
    database.change("insert into pears values (?)", (SECRET,))
    kept = log_of(database).stat().st_ino
    code = "import pathlib, sys; from assistant.core.database import Database"
    code += f"; path, folder = map(pathlib.Path, sys.argv[1:]); Database(path, {SCHEMAS!r}, migrations=folder).close()"
    done = python(code, database.path, tmp_path / "revisions")
    assert (done.returncode, done.stderr) == (0, "")
    assert log_of(database).stat().st_ino == kept


@FILES
def test_what_is_deleted_while_another_process_reads_leaves_the_log_once_it_has_read(
    open_database: Callable[..., Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.core.sqlite_file.AGAIN", 0.01)
    database = open_database()
    database.change("insert into pears values (?)", (SECRET,))
    command = [sys.executable, "-c", READER, str(database.path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdin and reader.stdout
        assert reader.stdout.readline() == "1\n"
        began = time.monotonic()
        database.change("delete from pears")
        database.shrink()
        assert time.monotonic() - began < 20, "nobody waits for the reader"
        assert log_of(database).stat().st_size
        database.change("insert into pears values ('Conference')")
        reader.stdin.close()
        reader.wait()
        until = time.monotonic() + 60
        while log_of(database).stat().st_size and time.monotonic() < until:
            time.sleep(0.01)
    assert log_of(database).stat().st_size == 0
    assert database.rows("select * from pears") == [("Conference",)]
    database.close()
    assert SECRET.encode() not in database.path.read_bytes()


@FILES
def test_data_deleted_by_a_killed_process_leaves_the_log_when_reopened(
    open_database: Callable[..., Database], python: Python, tmp_path: Path
) -> None:
    path = open_database().path
    done = python(
        "import os, pathlib, sys; from assistant.core.database import Database\n"
        f"path, folder = map(pathlib.Path, sys.argv[1:]); database = Database(path, {SCHEMAS!r}, migrations=folder)\n"
        f"database.change('insert into pears values (?)', ({SECRET!r},)); database.change('delete from pears')\n"
        "os.kill(os.getpid(), 9)",
        path,
        tmp_path / "revisions",
    )
    assert done.returncode == -9
    database = open_database()
    assert log_of(database).stat().st_size == 0
