"""Users, keys, log-ins, and the users whom a provider identifies."""

from alembic import op

revision, down_revision, branch_labels, depends_on = "accounts_0001", None, ("accounts",), None

TEXT = 'text collate "C"'
"""Compared byte by byte, as in SQLite."""


def upgrade() -> None:
    op.execute(f"""
create table users (
    name {TEXT} primary key, id {TEXT} not null, n bigint not null, r bigint not null, p bigint not null,
    salt bytea not null, hash bytea not null);
create table keys (
    name {TEXT} primary key, id {TEXT} not null, hash bytea not null unique, rights {TEXT} not null,
    per_minute bigint not null);
create table logins (
    hash bytea primary key, name {TEXT} not null references users(name) on delete cascade,
    until double precision not null);
create table identities (
    issuer {TEXT} not null, subject {TEXT} not null, name {TEXT} not null references users(name) on delete cascade,
    primary key (issuer, subject))""")
