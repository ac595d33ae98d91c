"""Commands about users, keys and the feedback on answers."""

from __future__ import annotations

import inspect
import os
import pty
import select
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from assistant.core.records import Answer, Citation, Claim, Passage, Turn
from assistant.doors.cli import app, people
from assistant.library.papers import Library
from assistant.people import accounts as accounts_module
from assistant.people.accounts import PER_MINUTE, Accounts
from assistant.people.conversations import Conversations, Thumb
from eval.questions import read

from ..conftest import ROOT

PASSWORD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts_module, "COST", (2, 8, 3))


@pytest.fixture
def run(library: Library, home: Path) -> Callable[..., Result]:
    """`run("users", "list")` runs a command over a library's home; `typed` is its standard input."""

    def command(*arguments: object, typed: str = "") -> Result:
        return CliRunner().invoke(app, [str(a) for a in arguments], input=typed, env={"ASSISTANT_HOME": str(home)})

    return command


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard input looks like a terminal."""
    monkeypatch.setattr(people, "_at_a_terminal", lambda: True)


def opens(home: Path, name: str, password: str) -> bool:
    accounts = Accounts(home)
    try:
        return accounts.user(name, password) is not None
    finally:
        accounts.close()


# -- users


def test_a_user_is_added_listed_and_removed(run: Callable[..., Result], home: Path) -> None:
    done = run("users", "add", "Ann", "--password-stdin", typed=f"{PASSWORD}\n")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "Added the user ann.\n")
    assert opens(home, "ann", PASSWORD)
    assert run("users", "list").stdout == "ann\n"
    assert run("users", "password", "ann", "--password-stdin", typed=PASSWORD[::-1]).exit_code == 0
    assert opens(home, "ann", PASSWORD[::-1])
    assert run("users", "remove", "ann").exit_code == 0
    done = run("users", "list")
    assert (done.stdout, done.stderr) == ("", "There are no users yet. Add one with: assistant users add NAME\n")


def test_a_user_can_be_added_in_an_empty_folder_alone(tmp_path: Path) -> None:
    def added(folder: Path) -> int:
        arguments = ["--home", str(folder), "users", "add", "ann", "--password-stdin"]
        return CliRunner().invoke(app, arguments, input=PASSWORD).exit_code

    (tmp_path / "volume" / "lost+found").mkdir(parents=True)
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "letter").touch()
    assert [added(tmp_path / name) for name in ("volume", "documents", "nowhere")] == [0, 1, 1]
    assert opens(tmp_path / "volume", "ann", PASSWORD)


def test_removing_a_user_deletes_their_conversations_and_no_others(run: Callable[..., Result], home: Path) -> None:
    with closing(Accounts(home)) as accounts, closing(Conversations(home)) as conversations:
        ann, bob = (accounts.add_user(name, PASSWORD) for name in ("ann", "bob"))
        for owner in (ann.owner, ann.owner, bob.owner, "here"):
            number = conversations.begin(owner)
            conversations.append(owner, number, Turn(f"A secret of {owner}?", Answer("", "")))
        done = run("users", "remove", "Ann")
        assert (done.exit_code, done.stdout) == (0, "")
        assert done.stderr == "Removed the user ann and deleted 2 conversations.\n"
        assert conversations.listed(ann.owner) == []
        assert [len(conversations.listed(owner)) for owner in (bob.owner, "here")] == [1, 1]
    kept = b"".join(path.read_bytes() for path in home.glob("conversations.sqlite*"))
    assert f"A secret of {ann.owner}".encode() not in kept
    assert f"A secret of {bob.owner}".encode() in kept


def test_removing_a_key_deletes_its_conversations(run: Callable[..., Result], home: Path) -> None:
    with closing(Accounts(home)) as accounts, closing(Conversations(home)) as conversations:
        key = accounts.key(accounts.add_key("bot"))
        assert key
        conversations.begin(key.owner)
        done = run("keys", "remove", "bot")
        assert (done.exit_code, done.stderr) == (0, "Removed the key bot and deleted 1 conversation.\n")
        assert conversations.listed(key.owner) == []
        assert run("keys", "remove", "bot").stderr == "assistant: There is no key 'bot'. There are none.\n"


@pytest.mark.usefixtures("terminal")
def test_the_password_prompt_repeats_until_both_entries_match(run: Callable[..., Result], home: Path) -> None:
    done = run("users", "add", "ann", typed=f"{PASSWORD}\nanother\n{PASSWORD}\n{PASSWORD}\n")
    assert done.exit_code == 0
    assert done.stdout.strip() == ""
    assert done.stderr.startswith("Password:Repeat the password:Error: The two entered values do not match.\nPassword:")
    assert PASSWORD not in done.output
    assert opens(home, "ann", PASSWORD)


@pytest.mark.usefixtures("terminal")
def test_the_end_of_input_at_the_password_prompt_stops_the_command(run: Callable[..., Result]) -> None:
    assert run("users", "add", "ann", typed="").exit_code == 130
    assert run("users", "list").stdout == ""


@pytest.mark.usefixtures("library")
def test_a_password_typed_at_a_terminal_is_not_shown(home: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", "from assistant.doors.cli import main; main()", "users", "add", "ann"]
    typing = subprocess.Popen(
        [*command, "--home", str(home)],
        cwd=ROOT,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert typing.stderr is not None
    shown = b""
    for prompt in (b"Password: ", b"Repeat the password: "):
        while not shown.endswith(prompt):
            shown += (more := typing.stderr.read(1))
            assert more, shown
        os.write(ours, PASSWORD.encode() + b"\n")
    out, rest = typing.communicate()
    echoed = os.read(ours, 9999) if select.select([ours], [], [], 0)[0] else b""
    os.close(ours)
    os.close(theirs)
    assert typing.returncode == 0
    assert PASSWORD.encode() not in out + shown + rest + echoed


def test_without_a_terminal_the_password_must_be_piped(run: Callable[..., Result]) -> None:
    done = run("users", "add", "ann", typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert done.exit_code == 1
    assert done.stderr == ("assistant: There is no terminal to type a password at. Pipe it in with --password-stdin.\n")


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["users", "add", "a b"], "'a b' cannot be a name."),
        (["users", "add", "ann"], "There is already a user ann."),
        (["users", "password", "bob"], "There is no user 'bob'. There are: ann."),
    ],
)
def test_a_bad_name_is_refused_before_the_password_prompt(
    words: list[str], error: str, run: Callable[..., Result]
) -> None:
    run("users", "add", "ann", "--password-stdin", typed=PASSWORD)
    done = run(*words)
    assert done.exit_code == 1
    assert done.stderr.startswith(f"assistant: {error}")


# -- keys


def test_a_key_is_printed_once_and_alone_on_standard_output(run: Callable[..., Result], home: Path) -> None:
    done = run("keys", "add", "bot", "--rights", "write", "--per-minute", "5000")
    assert done.stderr.startswith("This is the key. It cannot be shown again")
    (token,) = done.stdout.splitlines()
    accounts = Accounts(home)
    key = accounts.key(token)
    accounts.close()
    assert key is not None
    assert (key.rights, key.per_minute) == ("write", 5000)
    listed = run("keys", "list")
    assert (listed.stdout, listed.stderr) == ("bot: write, 5,000 a minute\n", "")
    assert run("keys", "remove", "bot").exit_code == 0
    assert run("keys", "list").stderr == "There are no keys yet. Make one with: assistant keys add NAME\n"


@pytest.mark.parametrize("flags", [["--rights", "all"], ["--per-minute", "0"]], ids=" ".join)
def test_impossible_rights_and_limits_are_refused(flags: list[str], run: Callable[..., Result]) -> None:
    assert run("keys", "add", "bot", *flags).exit_code == 2


def test_the_default_limit_of_a_key_is_that_of_accounts() -> None:
    assert inspect.signature(people.add_key).parameters["per_minute"].default == PER_MINUTE


@pytest.mark.parametrize(
    "words", ["users add", "users password", "users list", "users remove", "keys add", "keys list"]
)
def test_every_command_has_help_and_takes_a_home(words: str, run: Callable[..., Result]) -> None:
    done = run(*words.split(), "--help")
    assert done.exit_code == 0
    assert "--home FOLDER" in done.stdout


def test_home_can_come_before_the_command(
    run: Callable[..., Result], open_library: Callable[..., Library], tmp_path: Path
) -> None:
    open_library(tmp_path / "other")
    run("--home", tmp_path / "other", "users", "add", "ann", "--password-stdin", typed=PASSWORD)
    assert opens(tmp_path / "other", "ann", PASSWORD)
    assert run("users", "list").stdout == ""


# -- feedback


def rate(home: Path, question: str, thumb: Thumb) -> None:
    cited = Claim("x", (Citation(Passage("1", "A Title", "x", 0), "x", 1.0, "quoted"),))
    conversations = Conversations(home)
    id_ = conversations.begin("ann")
    number = conversations.append("ann", id_, Turn(question, Answer(question, question, (cited,))))
    conversations.rate("ann", id_, number, thumb)
    conversations.close()


def test_feedback_is_shown(run: Callable[..., Result], home: Path) -> None:
    assert run("feedback").stderr == "No answer has been rated yet.\n"
    rate(home, "Why?", Thumb(True))
    rate(home, "Where?\x1b[2J", Thumb(False, "Not there."))
    assert run("feedback").stdout == "Good: Why?\nBad:  Where?\n      Not there.\n"


def test_feedback_is_exported_as_questions_and_never_overwrites_a_file(
    run: Callable[..., Result], home: Path, tmp_path: Path
) -> None:
    rate(home, "Why?", Thumb(True))
    rate(home, "Wo, γ?", Thumb(False, "Not there."))
    mine, unfinished = tmp_path / "mine.jsonl", tmp_path / "mine.needs-gold.jsonl"
    done = run("feedback", "--export", mine)
    assert (done.exit_code, done.stdout) == (0, f"{mine}: 1 case\n{unfinished}: 1 case\n")
    assert [(question.question, question.gold) for question in read(mine)] == [("Why?", ("A Title",))]
    assert (
        '"question": "Wo, γ?", "gold": [], "note": "Cited: A Title | Thumb down: Not there."' in unfinished.read_text()
    )
    mine.unlink()
    done = run("feedback", "--export", mine)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "mine.needs-gold.jsonl' already exists, so nothing was written." in done.stderr
    assert not mine.exists()


def test_an_export_that_cannot_be_written_is_an_error(run: Callable[..., Result], home: Path, tmp_path: Path) -> None:
    rate(home, "Why?", Thumb(True))
    done = run("feedback", "--export", tmp_path / "none" / "x.jsonl")
    assert done.exit_code == 1
    assert "cannot be written: No such file or directory." in done.stderr
