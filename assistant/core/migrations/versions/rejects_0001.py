"""Records that could not be added."""

from alembic import op

revision, down_revision, branch_labels, depends_on = "rejects_0001", None, ("rejects",), None

TEXT = 'text collate "C"'
"""Compared byte by byte, as in SQLite."""


def upgrade() -> None:
    op.execute(f"""
create table rejects (
    rowid bigint generated always as identity primary key, source {TEXT} not null, name {TEXT} not null,
    line bigint not null, reason {TEXT} not null, text {TEXT} not null, title {TEXT} not null);
create index rejects_by_source on rejects (source)""")
