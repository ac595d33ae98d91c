"""A real PostgreSQL server for the tests, in a temporary folder of this machine."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

PASSWORD = "s3cret"


def _program(name: str) -> Path | None:
    """A program of the newest server that is installed, which Debian has in no folder of the path."""
    if path := shutil.which(name):
        return Path(path)
    versions = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    return max(versions, key=lambda path: int(path.parts[-3]), default=None)


class PostgresServer:
    """A server that listens on a socket in `folder` alone; its files are not synced to the disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []  # root may not run it

    def run(self, program: str, *arguments: str) -> str:
        """What a program of PostgreSQL prints."""
        path = _program(program)
        if path is None:
            pytest.skip(f"there is no {program}: install postgresql to test with it")
        command = [*self._user, str(path), *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self) -> None:
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.folder}' -c max_connections=200"
        self.run(
            "pg_ctl", "start", "--wait", "-D", "data", "-l", "log", "-o", f"{options} -c fsync=off -c autovacuum=off"
        )

    def stop(self) -> None:
        self.run("pg_ctl", "stop", "-D", "data", "-m", "immediate")

    def url(self, *, schema: str = "public") -> str:
        """The address of the tables in a schema. The server lets everyone in; the password is there to be hidden."""
        return f"postgresql://postgres:{PASSWORD}@/postgres?host={self.folder}&options=-csearch_path%3D{schema}"

    def schema(self) -> str:
        """The address of a new schema, in which there is nothing yet."""
        name = f"s{secrets.token_hex(6)}"
        with psycopg.connect(self.url()) as connection:
            connection.execute(f"create schema {name}")
        return self.url(schema=name)


def contents(url: str) -> bytes:
    """All that the tables at an address hold."""
    query = "select table_name from information_schema.tables where table_schema = current_schema()"
    with psycopg.connect(url) as connection:
        tables = [name for (name,) in connection.execute(query)]
        return b"".join(repr(connection.execute(f"select * from {name}").fetchall()).encode() for name in tables)


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A new server, stopped in the end; skips the test where PostgreSQL is not installed."""
    if _program("initdb") is None:
        pytest.skip("PostgreSQL is not installed: install Debian's package postgresql to test with it")
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as folder:  # a socket's path is short
        path = Path(folder)
        if os.getuid() == 0:
            shutil.chown(path, "postgres", "postgres")
        server = PostgresServer(path)
        server.run("initdb", "-D", "data", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale", "C.UTF-8")
        server.start()
        try:
            yield server
        finally:
            server.stop()
