"""Commands about users, keys and the feedback on answers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ...core.errors import AssistantError
from .shared import MAX_PER_MINUTE, Home, home_of, screen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...core.database import DataHome
    from ...people.accounts import Accounts

Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]

users = typer.Typer(help="Users who may log in.", no_args_is_help=True, rich_markup_mode=None)
keys = typer.Typer(help="Keys for programs.", no_args_is_help=True, rich_markup_mode=None)


@contextmanager
def _accounts(context: typer.Context, home: Path | None, *, fresh: bool = False) -> Iterator[Accounts]:
    from ...people.accounts import Accounts

    accounts = Accounts(home_of(context, home, fresh=fresh))
    try:
        yield accounts
    finally:
        accounts.close()


def _at_a_terminal() -> bool:
    return sys.stdin.isatty()


def _password(*, piped: bool) -> str:
    if piped:
        return sys.stdin.read().removesuffix("\n").removesuffix("\r")
    if not _at_a_terminal():
        raise AssistantError("There is no terminal to type a password at. Pipe it in with --password-stdin.")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt="Repeat the password", err=True))


@users.command("add")
def add_user(
    context: typer.Context,
    name: Name,
    password_stdin: FromStdin = False,
    home: Home = None,
) -> None:
    """Add a user. Asks for the password twice."""
    with _accounts(context, home, fresh=True) as accounts:
        accounts.vacant(name)  # refuse a bad name before asking for the password
        added = accounts.add_user(name, _password(piped=password_stdin))
    screen(stderr=True).line(f"Added the user {added.name}.")


@users.command("password")
def set_password(
    context: typer.Context,
    name: Name,
    password_stdin: FromStdin = False,
    home: Home = None,
) -> None:
    """Change a user's password. Their conversations stay."""
    with _accounts(context, home) as accounts:
        accounts.known(name)
        accounts.set_password(name, _password(piped=password_stdin))
    screen(stderr=True).line("Changed the password.")


@users.command("list")
def list_users(context: typer.Context, home: Home = None) -> None:
    """List all users, one a line."""
    with _accounts(context, home) as accounts:
        all_users = accounts.users()
    for user in all_users:
        screen().line(user.name)
    if not all_users:
        screen(stderr=True).line("There are no users yet. Add one with: assistant users add NAME")


@users.command("remove")
def remove_user(context: typer.Context, name: Name, home: Home = None) -> None:
    """Remove a user and delete their conversations."""
    with _accounts(context, home) as accounts:
        user = accounts.known(name)
        deleted = _deleted(home_of(context, home), user.owner, lambda: accounts.remove_user(user.name))
    screen(stderr=True).line(f"Removed the user {user.name} and deleted {deleted}.")


@keys.command("add")
def add_key(
    context: typer.Context,
    name: Name,
    rights: Annotated[Literal["ask", "write"], typer.Option(help="Ask only, or also add and remove papers.")] = "ask",
    per_minute: Annotated[int, typer.Option(metavar="N", min=1, max=MAX_PER_MINUTE, help="Questions a minute.")] = 60,
    home: Home = None,
) -> None:
    """Make a key and print it, this once."""
    with _accounts(context, home) as accounts:
        token = accounts.add_key(name, rights=rights, per_minute=per_minute)
    typer.echo(token)  # on one line, however narrow the terminal
    screen(stderr=True).line("This is the key. It cannot be shown again: store it where only its program can read it.")


@keys.command("list")
def list_keys(context: typer.Context, home: Home = None) -> None:
    """List all keys, with their rights and limits."""
    with _accounts(context, home) as accounts:
        all_keys = accounts.keys()
    for key in all_keys:
        screen().line(f"{key.name}: {key.rights}, {key.per_minute:,} a minute")
    if not all_keys:
        screen(stderr=True).line("There are no keys yet. Make one with: assistant keys add NAME")


@keys.command("remove")
def remove_key(context: typer.Context, name: Name, home: Home = None) -> None:
    """Revoke a key and delete its conversations."""
    with _accounts(context, home) as accounts:
        key = accounts.known_key(name)
        deleted = _deleted(home_of(context, home), key.owner, lambda: accounts.remove_key(key.name))
    screen(stderr=True).line(f"Removed the key {key.name} and deleted {deleted}.")


def _deleted(home: DataHome, owner: str, remove: Callable[[], None]) -> str:
    """Remove a user or key with `remove`, and all its conversations and collections; "3 conversations".

    Without their owner nobody could open or find the conversations. They are deleted first, and again afterwards for
    any that began in between.
    """
    from ...chain import Assistant
    from ...core.text import counted
    from ...people.conversations import Conversations

    with Assistant.open(home, create=False) as assistant:
        assistant.collections.of(owner).delete_all()
    with closing(Conversations(home)) as conversations:
        number = conversations.delete_all(owner)
        remove()
        return counted(number + conversations.delete_all(owner), "conversation")


def feedback(
    context: typer.Context,
    export: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write them as questions for assistant eval.")
    ] = None,
    home: Home = None,
) -> None:
    """Show the ratings of answers, or export them as questions."""
    from ...people.conversations import Conversations
    from ...people.feedback import cases

    conversations = Conversations(home_of(context, home))
    try:
        rated = list(conversations.rated())
    finally:
        conversations.close()
    if not rated:
        screen(stderr=True).line("No answer has been rated yet.")
    elif export:
        questions = cases(rated)
        unfinished = export.with_suffix(f".needs-gold{export.suffix}")
        _write({export: questions.ready, unfinished: questions.unfinished})
    else:
        for _, kept in rated:
            if kept.thumb:
                screen().line(kept.turn.question, first="Good: " if kept.thumb.good else "Bad:  ", rest=" " * 6)
                if kept.thumb.comment:
                    screen().line(kept.thumb.comment, first=" " * 6, rest=" " * 6)


def _write(files: dict[Path, Sequence[dict[str, object]]]) -> None:
    """Write the files that have cases. If one exists, write none: it may have been edited."""
    wanted = {path: cases for path, cases in files.items() if cases}
    for path in wanted:
        if path.exists():
            raise AssistantError(f"{str(path)!r} already exists, so nothing was written. Name another file.")
    for path, cases in wanted.items():
        lines = "".join(dumps(case, ensure_ascii=False) + "\n" for case in cases)
        try:
            path.write_text(lines, encoding="utf-8")
        except OSError as error:
            raise AssistantError(f"{str(path)!r} cannot be written: {error.strerror}.") from error
        screen().line(f"{path}: {len(cases):,} {'case' if len(cases) == 1 else 'cases'}")
