"""Conversations, their turns, ratings and links."""

from alembic import op

revision, down_revision, branch_labels, depends_on = "conversations_0001", None, ("conversations",), None

TEXT = 'text collate "C"'
"""Compared byte by byte, as in SQLite."""


def upgrade() -> None:
    op.execute(f"""
create table conversations (
    number bigint generated always as identity primary key, id {TEXT} not null unique, owner {TEXT} not null,
    title {TEXT} not null, begun double precision not null, used double precision not null);
create index conversations_by_owner on conversations (owner, used desc);
create table turns (
    conversation bigint not null references conversations(number) on delete cascade, number bigint not null,
    key {TEXT}, asked double precision not null, question {TEXT} not null, answer bytea not null,
    primary key (conversation, number), unique (conversation, key));
create table thumbs (
    conversation bigint not null, turn bigint not null, giver {TEXT} not null, good bigint not null,
    comment {TEXT} not null, given double precision not null, primary key (conversation, turn, giver),
    foreign key (conversation, turn) references turns(conversation, number) on delete cascade);
create table links (
    id {TEXT} primary key, conversation bigint not null references conversations(number) on delete cascade,
    turn bigint not null, asked double precision not null, question {TEXT} not null, answer bytea not null,
    made double precision not null);
create index links_by_turn on links (conversation, turn)""")
