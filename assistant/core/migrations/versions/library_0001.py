"""Papers, what is known of them, their encodings, and collections of them."""

from alembic import op

revision, down_revision, branch_labels, depends_on = "library_0001", None, ("library",), None

TEXT = 'text collate "C"'
"""Compared byte by byte, as in SQLite."""


def upgrade() -> None:
    op.execute(f"""
create table meta (name {TEXT} primary key, value {TEXT} not null);
create table papers (
    id {TEXT} primary key, title {TEXT} not null, abstract {TEXT} not null, url {TEXT} not null,
    published {TEXT} not null, fingerprint {TEXT} not null, revision bigint not null,
    further {TEXT} not null default '');
create index papers_by_revision on papers (revision);
create table sources (
    paper_id {TEXT} not null references papers(id) on delete cascade, source {TEXT} not null,
    fingerprint {TEXT} not null, record {TEXT} not null default '', place bigint not null default 0,
    primary key (paper_id, source));
create index sources_by_source on sources (source, paper_id);
create table listings (source {TEXT} primary key, label {TEXT} not null, place {TEXT} not null default '');
create table removals (paper_id {TEXT} primary key, revision bigint not null);
create table states (revision bigint primary key, state {TEXT} not null);
create table encodings (
    key {TEXT} not null, embedder {TEXT} not null, vector bytea not null, tokens bytea not null, spans bytea not null,
    seal bigint not null default 0, primary key (key, embedder));
create table aliases (
    key {TEXT} not null, paper_id {TEXT} not null references papers(id) on delete cascade,
    primary key (key, paper_id));
create index aliases_by_paper on aliases (paper_id);
create table days (
    paper_id {TEXT} primary key references papers(id) on delete cascade,
    year bigint not null, first bigint not null, last bigint not null);
create index days_by_year on days (year, last, first);
create table names (
    kind {TEXT} not null, key {TEXT} not null, name {TEXT} not null,
    paper_id {TEXT} not null references papers(id) on delete cascade, primary key (kind, key, name, paper_id));
create index names_by_paper on names (paper_id);
create table collections (
    number bigint generated always as identity primary key, owner {TEXT} not null, key {TEXT} not null,
    name {TEXT} not null, shared bigint not null, filter {TEXT} not null, unique (owner, key));
create table collected (
    collection bigint not null references collections(number) on delete cascade,
    paper_id {TEXT} not null references papers(id) on delete cascade, primary key (collection, paper_id));
create index collected_by_paper on collected (paper_id)""")
