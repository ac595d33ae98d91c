"""Token buckets."""

from alembic import op

revision, down_revision, branch_labels, depends_on = "limits_0001", None, ("limits",), None

TEXT = 'text collate "C"'
"""Compared byte by byte, as in SQLite."""


def upgrade() -> None:
    op.execute(f"""
create table buckets (
    name {TEXT} primary key, missing double precision not null, since double precision not null);
create index buckets_by_time on buckets (since)""")
