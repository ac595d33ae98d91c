"""What language models used, and cached replies."""

from alembic import op

revision, down_revision, branch_labels, depends_on = "model_0001", None, ("model",), None

TEXT = 'text collate "C"'
"""Compared byte by byte, as in SQLite."""


def upgrade() -> None:
    op.execute(f"""
create table spent (
    day {TEXT}, model {TEXT}, calls bigint, prompt_tokens bigint, completion_tokens bigint, estimated bigint,
    primary key (day, model));
create table kept (number bigint generated always as identity primary key, key {TEXT} unique, value {TEXT})""")
