"""Commands about those who use the assistant in, accounts, keys and what they thought of the answers out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ...core.errors import AssistantError
from .shared import MOST, Home, home_of, screen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...people.accounts import Accounts

Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from the standard input.")]

users = typer.Typer(help="People who may log in.", no_args_is_help=True, rich_markup_mode=None)
keys = typer.Typer(help="Keys for programs.", no_args_is_help=True, rich_markup_mode=None)


@contextmanager
def _accounts(context: typer.Context, home: Path | None) -> Iterator[Accounts]:
    from ...people.accounts import Accounts

    accounts = Accounts(home_of(context, home))
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
        raise AssistantError("There is no terminal to type the password at. Pipe it in, and add: --password-stdin")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt="The same again", err=True))


@users.command("add")
def add_user(
    context: typer.Context,
    name: Name,
    password_stdin: FromStdin = False,
    home: Home = None,
) -> None:
    """Let somebody log in; asks for the password twice."""
    with _accounts(context, home) as accounts:
        accounts.vacant(name)  # said before a password is typed twice
        added = accounts.add_user(name, _password(piped=password_stdin))
    screen(stderr=True).line(f"The user {added.name} is added.")


@users.command("password")
def set_password(
    context: typer.Context,
    name: Name,
    password_stdin: FromStdin = False,
    home: Home = None,
) -> None:
    """Give a user another password; what they own stays theirs."""
    with _accounts(context, home) as accounts:
        accounts.known(name)
        accounts.set_password(name, _password(piped=password_stdin))
    screen(stderr=True).line("The password is changed.")


@users.command("list")
def list_users(context: typer.Context, home: Home = None) -> None:
    """Name all users, one a line."""
    with _accounts(context, home) as accounts:
        found = accounts.users()
    for user in found:
        screen().line(user.name)
    if not found:
        screen(stderr=True).line("There are no users yet. Add one with: assistant users add NAME")


@users.command("remove")
def remove_user(context: typer.Context, name: Name, home: Home = None) -> None:
    """Put a user out, and delete their conversations."""
    with _accounts(context, home) as accounts:
        user = accounts.known(name)
        deleted = _deleted(home_of(context, home), user.owner, lambda: accounts.remove_user(user.name))
    screen(stderr=True).line(f"The user {user.name} is removed, and {deleted} of theirs deleted.")


@keys.command("add")
def add_key(
    context: typer.Context,
    name: Name,
    rights: Annotated[
        Literal["ask", "write"], typer.Option(help="To ask only, or to add and remove papers, too.")
    ] = "ask",
    per_minute: Annotated[int, typer.Option(metavar="N", min=1, max=MOST, help="Questions a minute.")] = 60,
    home: Home = None,
) -> None:
    """Make a key and print it; it is shown this once."""
    with _accounts(context, home) as accounts:
        token = accounts.add_key(name, rights=rights, per_minute=per_minute)
    typer.echo(token)  # never broken over two lines
    screen(stderr=True).line("This is the key. It cannot be shown again: keep it where only its program can read it.")


@keys.command("list")
def list_keys(context: typer.Context, home: Home = None) -> None:
    """Name all keys, what each may do and how often."""
    with _accounts(context, home) as accounts:
        found = accounts.keys()
    for key in found:
        screen().line(f"{key.name}: {key.rights}, {key.per_minute:,} a minute")
    if not found:
        screen(stderr=True).line("There are no keys yet. Make one with: assistant keys add NAME")


@keys.command("remove")
def remove_key(context: typer.Context, name: Name, home: Home = None) -> None:
    """Make a key useless, and delete the conversations had with it."""
    with _accounts(context, home) as accounts:
        key = accounts.known_key(name)
        deleted = _deleted(home_of(context, home), key.owner, lambda: accounts.remove_key(key.name))
    screen(stderr=True).line(f"The key {key.name} is removed, and {deleted} had with it deleted.")


def _deleted(home: Path, owner: str, remove: Callable[[], None]) -> str:
    """Remove whoever it is, and all their conversations; how many these were, in words.

    Nobody else can ever open these, and once their owner is gone nobody can find them: so they go first, and once more
    in the end, for what was asked meanwhile.
    """
    from ...core.text import counted
    from ...people.conversations import Conversations

    with closing(Conversations(home)) as conversations:
        number = conversations.delete_all(owner)
        remove()
        return counted(number + conversations.delete_all(owner), "conversation")


def feedback(
    context: typer.Context,
    export: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write them as questions for an evaluation.")
    ] = None,
    home: Home = None,
) -> None:
    """Show what people thought of the answers, or turn it into questions for an evaluation."""
    from ...people.conversations import Conversations
    from ...people.feedback import cases

    conversations = Conversations(home_of(context, home))
    try:
        rated = list(conversations.rated())
    finally:
        conversations.close()
    if not rated:
        screen(stderr=True).line("No answer was given a thumb yet.")
    elif export:
        found = cases(rated)
        _write({export: found.ready, export.with_suffix(f".needs-gold{export.suffix}"): found.unfinished})
    else:
        for _, kept in rated:
            if kept.thumb:
                screen().line(kept.turn.question, first="Good: " if kept.thumb.good else "Bad:  ", rest=" " * 6)
                if kept.thumb.comment:
                    screen().line(kept.thumb.comment, first=" " * 6, rest=" " * 6)


def _write(files: dict[Path, Sequence[dict[str, object]]]) -> None:
    """Write question files that hold something; none of them if one is there already, for it may have been edited."""
    wanted = {path: cases for path, cases in files.items() if cases}
    for path in wanted:
        if path.exists():
            raise AssistantError(f"{str(path)!r} is there already, and nothing was written. Name another file.")
    for path, cases in wanted.items():
        lines = "".join(dumps(case, ensure_ascii=False) + "\n" for case in cases)
        try:
            path.write_text(lines, encoding="utf-8")
        except OSError as error:
            raise AssistantError(f"{str(path)!r} cannot be written: {error.strerror}.") from error
        screen().line(f"{path}: {len(cases):,} {'case' if len(cases) == 1 else 'cases'}")
