"""A connection in, the revisions that its database lacks run by alembic.

A chapter of the database is a branch of the revisions, which are numbered: `accounts_0001`, `accounts_0002`. The first
makes the tables in PostgreSQL; in SQLite they are made, and were upgraded before there were revisions, by the schemas
of the chapter. All later ones run on both. https://alembic.sqlalchemy.org/en/latest/branches.html
"""

from __future__ import annotations

import functools
import threading
from pathlib import Path

from sqlalchemy import Connection

from .backends import NewerDatabase

_RUNNING = threading.Lock()
"""alembic has one context for all threads."""


@functools.cache
def revisions(folder: Path, chapter: str) -> tuple[str, ...]:
    """The revisions of a chapter, the first one first."""
    return tuple(sorted(path.stem for path in (folder / "versions").glob(f"{chapter}_*.py")))


def bring_up_to_date(connection: Connection, folder: Path, chapter: str, *, has_first: bool = False) -> None:
    """Run what a chapter lacks, in the transaction of `connection`; with `has_first`, it has the first revision.

    alembic is only imported if something is lacking. Raises `NewerDatabase`.
    """
    known = revisions(folder, chapter)
    connection.exec_driver_sql(
        "create table if not exists alembic_version (version_num varchar(32) not null primary key)"
    )
    rows = connection.exec_driver_sql("select version_num from alembic_version").fetchall()
    run = {version for (version,) in rows if version.rpartition("_")[0] == chapter}
    if newer := run - {*known}:
        raise NewerDatabase(int(max(newer).rpartition("_")[2]), len(known))
    if has_first and known and not run:
        connection.exec_driver_sql(f"insert into alembic_version values ('{known[0]}')")
        run = {known[0]}
    if known and known[-1] not in run:
        _run(connection, folder, chapter)


def _run(connection: Connection, folder: Path, chapter: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with _RUNNING:
        command.upgrade(config, f"{chapter}@head")
