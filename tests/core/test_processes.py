"""Several processes on one home: nothing acknowledged is lost, and a fork is refused at once."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from assistant.doors.web.entrance import LOGIN
from assistant.llm.ledger import Ledger
from assistant.people.accounts import Accounts
from assistant.people.conversations import Conversations

from ..conftest import ROOT
from ..modelserver import ModelServer, says

MAIN = [sys.executable, "-c", "from assistant.doors.cli import main; main()"]
PASSWORD = "a battery of horses"
QUESTION = "What is contrastive learning used for?"
Python = Callable[..., subprocess.CompletedProcess[str]]


@dataclass(frozen=True, slots=True)
class Running:
    """`assistant serve --auth` in a process of its own, and other commands over the same home beside it."""

    process: subprocess.Popen[str]
    browser: httpx.Client
    home: Path

    def beside(self, *command: str) -> str:
        """What another command prints."""
        done = subprocess.run(
            [*MAIN, *command, "--home", str(self.home)], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def asked(self, conversation: str) -> int:
        """Ask in a conversation; the number of the turn that is acknowledged."""
        body = {"question": QUESTION, "conversation": conversation}
        return int(self.browser.post("/api/ask", json=body).raise_for_status().json()["turn"])

    def logged_in(self) -> bool:
        return self.browser.get("/login").status_code == 303


@contextmanager
def served(home: Path) -> Iterator[Running]:
    """A server that is killed in the end."""
    command = [*MAIN, "serve", "--auth", "--port", "0", "--home", str(home)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            address = process.stdout.readline().removeprefix("The page is at ").strip()
            transport = httpx.HTTPTransport(retries=10)
            with httpx.Client(base_url=address, timeout=60, transport=transport) as browser:
                yield Running(process, browser, home)
        finally:
            process.kill()


@pytest.fixture
def home_of_two(sample_home: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sample, with two users."""
    monkeypatch.setattr("assistant.people.accounts.COST", (2, 8, 1))
    shutil.copytree(sample_home, home)
    with closing(Accounts(home)) as accounts:
        for name in ("ann", "ben"):
            accounts.add_user(name, PASSWORD)
    return home


def test_other_commands_lose_nothing_that_a_server_has_acknowledged(
    home_of_two: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = home_of_two
    with ModelServer(says("No words of a paper.")) as model:
        monkeypatch.setenv("ASSISTANT_MODEL_URL", model.url)
        with served(home) as server:
            server.browser.post("/login", data={"name": "ann", "password": PASSWORD})
            assert server.logged_in()
            talk = server.browser.post("/api/conversations", json={}).raise_for_status().json()["id"]
            assert server.asked(talk) == 1
            for command in (("feedback",), ("users", "list"), ("status",)):
                server.beside(*command)
            assert [server.asked(talk), server.asked(talk)] == [2, 3]
            server.beside("users", "remove", "ann")
            assert not server.logged_in(), "whoever is removed is put out at once"
            server.process.kill()
            server.process.wait()
            cookie = server.browser.cookies[LOGIN]
    with closing(Conversations(home)) as conversations:
        assert [kept.turn.question for kept in conversations.turns("here", talk)] == [QUESTION] * 3
    with closing(Ledger(home)) as ledger:
        assert sum(used.calls for used in ledger.spent().values()) == len(model.asked) >= 3
    with closing(Accounts(home)) as accounts:
        assert accounts.logged_in(cookie) is None, "and stays out"
        assert [user.name for user in accounts.users()] == ["ben"]


# -- forks

FORKED = """
import os, signal, sys
from pathlib import Path
from assistant.people.accounts import Accounts
from assistant.chain import Assistant
from assistant.core.errors import AssistantError
from tests.doubles import HashEmbedder
from tests.live import opened

home = Path(sys.argv[1])

def anew():
    with Assistant.open(home, embedder=HashEmbedder()) as own:
        return own.ask("What does PearRank learn from?").answered

def report(work):
    # What comes of some work in a fork; a fork that hangs is killed by its alarm, and says nothing.
    sys.stdout.flush()
    if not (child := os.fork()):
        signal.alarm(60)
        try:
            print(work(), flush=True)
        except AssistantError as error:
            print(error, flush=True)
        os._exit(0)
    os.waitpid(child, 0)
"""


def test_a_fork_of_an_assistant_in_use_is_refused_at_once_with_the_cure(python: Python, home: Path) -> None:
    done = python(
        f"""{FORKED}
with opened(home) as assistant:
    assistant.ask("What does PearRank learn from?")
    report(lambda: assistant.ask("What does PearRank learn from?"))
    report(assistant.papers)
    report(lambda: next(assistant.stream("What does PearRank learn from?")))
    report(anew)
    report(assistant.close)
    print(assistant.ask("What does PearRank learn from?").answered)
""",
        home,
    )
    refusal = (
        "This process was forked from one that uses the assistant, and has none of its threads and connections. "
        "Start it afresh, with multiprocessing.get_context('spawn'), and open an assistant in it."
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [*[refusal] * 4, "None", "True"]


def test_a_fork_opens_its_own_assistant_if_its_parent_has_asked_nothing(python: Python, home: Path) -> None:
    python(f"{FORKED}\nwith opened(home): pass", home)
    code = f"{FORKED}\nwith Assistant.open(home, embedder=HashEmbedder()) as one:\n    one.papers()\n    report(anew)"
    done = python(code, home)
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_a_fork_does_not_touch_the_file_of_accounts_of_its_parent(python: Python, home: Path) -> None:
    done = python(
        f"{FORKED}\naccounts = Accounts(home)\nreport(accounts.users)\nreport(accounts.close)\nprint(accounts.keys())",
        home,
    )
    assert done.stdout.splitlines()[0].startswith("This process was forked from one that uses the assistant")
    assert done.stdout.splitlines()[1:] == ["None", "[]"]
