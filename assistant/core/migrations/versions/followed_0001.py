"""Followed sources, and what they brought."""

from alembic import op

revision, down_revision, branch_labels, depends_on = "followed_0001", None, ("followed",), None

TEXT = 'text collate "C"'
"""Compared byte by byte, as in SQLite."""


def upgrade() -> None:
    op.execute(f"""
create table followed (
    name {TEXT} primary key, kind {TEXT} not null, target {TEXT} not null, most bigint not null,
    mark {TEXT} not null default '{{}}', running bigint not null default 0, synced double precision,
    added bigint not null default 0, updated bigint not null default 0, unchanged bigint not null default 0,
    rejected bigint not null default 0, fault {TEXT} not null default '', remark {TEXT} not null default '',
    unique (kind, target));
create table news (
    name {TEXT} not null references followed(name) on delete cascade, paper_id {TEXT} not null,
    at double precision not null, primary key (name, paper_id));
create index news_by_time on news (at)""")
