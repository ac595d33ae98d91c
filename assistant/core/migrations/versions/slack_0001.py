"""Messages taken on, and those not yet answered."""

from alembic import op

revision, down_revision, branch_labels, depends_on = "slack_0001", None, ("slack",), None

TEXT = 'text collate "C"'
"""Compared byte by byte, as in SQLite."""


def upgrade() -> None:
    op.execute(f"""
create table claims (id {TEXT} primary key, claimed double precision not null);
create table unfinished (
    id {TEXT} primary key, holder {TEXT} not null, job {TEXT} not null, claimed double precision not null)""")
