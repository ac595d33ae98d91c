"""Two processes, each with a folder of its own, over one PostgreSQL: what one does holds for the other."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from assistant.chain import Assistant
from assistant.core.database import DataHome
from assistant.core.errors import LibraryBusy
from assistant.core.settings import Settings
from assistant.doors.slack.claims import Claims
from assistant.index.holdings import Holdings
from assistant.library.papers import Library
from assistant.llm import Usage
from assistant.llm.ledger import Ledger
from assistant.people.accounts import Accounts
from assistant.people.conversations import Conversations
from assistant.people.limits import SharedLimits

from .conftest import ROOT
from .doubles import HashEmbedder
from .papers import PAIRS
from .postgres import PostgresServer

PEAR, PEAR_QUESTION = PAIRS[0][0], "What does PearRank learn from?"

OTHER = """
import json, sys
from pathlib import Path
from assistant.chain import Assistant
from assistant.core.database import DataHome
from assistant.doors.slack.claims import Claims
from assistant.index.holdings import Holdings
from assistant.index.store import ChromaAddress
from assistant.library.papers import Library
from assistant.llm import Usage
from assistant.llm.ledger import Ledger
from assistant.people import accounts as people
from assistant.people.conversations import Conversations
from assistant.people.limits import SharedLimits
from tests.doubles import HashEmbedder

people.COST = (2, 8, 1)
home = DataHome(Path(sys.argv[1]), sys.argv[2])
accounts, kept, ledger, claims = people.Accounts(home), Conversations(home), Ledger(home), Claims(home)
limits = SharedLimits(home, "page")
assistant = Assistant(Holdings(Library(home), HashEmbedder(), chroma=ChromaAddress(sys.argv[3])))
print("ready", flush=True)
for line in sys.stdin:
    print(json.dumps(eval(line)), flush=True)
"""
"""A process that does what it reads, a line at a time."""


@pytest.fixture
def here(postgres: PostgresServer, tmp_path: Path) -> DataHome:
    return DataHome(tmp_path / "here", postgres.schema())


@pytest.fixture
def there(here: DataHome, tmp_path: Path) -> Iterator[Callable[[str], Any]]:
    """`there("work")`: what another process, with another folder, makes of an expression."""
    with another(tmp_path / "there", here) as work:
        yield work


@contextmanager
def another(folder: Path, home: DataHome, *, chroma_url: str = "") -> Iterator[Callable[[str], Any]]:
    """What another process over the database of a home makes of expressions; it is killed in the end."""
    command = [sys.executable, "-c", OTHER, str(folder), home.database_url, chroma_url]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout and process.stdout.readline() == "ready\n"
        lines, output = process.stdin, process.stdout

        def work(expression: str) -> Any:
            lines.write(f"{expression}\n")
            lines.flush()
            return json.loads(output.readline())

        try:
            yield work
        finally:
            process.kill()


@contextmanager
def opened(home: DataHome) -> Iterator[Assistant]:
    with Assistant(Holdings(Library(home), HashEmbedder())) as assistant:
        yield assistant


def test_papers_that_one_process_adds_or_removes_the_other_cites_or_not(
    here: DataHome, there: Callable[[str], Any], listing: Callable[..., Path]
) -> None:
    cited = f"assistant.ask({PEAR_QUESTION!r}).titles"
    with opened(here) as assistant:
        assistant.ingest(listing(pairs=PAIRS[:4]))
        assert there(cited) == [PEAR]
        assert there("[len(assistant.papers()), assistant.status().notice]") == [4, ""]
        there(f"assistant.remove({PEAR!r}).removed")
        assert PEAR not in assistant.ask(PEAR_QUESTION).titles
        assert not assistant.doctor()
        assistant.ingest(listing(pairs=PAIRS[:4]))
        assert there(cited) == [PEAR]
    assert there("assistant.doctor()") == []
    assert not (here.folder / "library.sqlite").exists()


def test_one_process_at_a_time_changes_papers_while_indexes_are_made_side_by_side(
    here: DataHome, tmp_path: Path
) -> None:
    one, other = Library(here), Library(DataHome(tmp_path / "third", here.database_url))
    with closing(one), closing(other):
        with one.writing():
            for papers in (True, False):
                with pytest.raises(LibraryBusy, match="is being written by process"), other.writing(papers=papers):
                    pytest.fail("a second one writes")
        with one.writing(papers=False), other.writing(papers=False):
            pass
        with one.writing(papers=False), pytest.raises(LibraryBusy), other.writing():
            pytest.fail("papers change under an index that is being made")


def test_people_sign_in_and_go_on_in_either_process(
    here: DataHome, there: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.people.accounts.COST", (2, 8, 1))
    with closing(Accounts(here)) as accounts, closing(Conversations(here)) as kept:
        ann = accounts.add_user("ann", "a battery of horses")
        token = there("accounts.log_in(accounts.user('ann', 'a battery of horses'))")
        assert accounts.logged_in(token) == ann
        talk = there(f"kept.begin({ann.owner!r}, title='Pears')")
        assert kept.get(ann.owner, talk).title == "Pears"
        accounts.set_password("ann", "another battery of horses")
        assert there(f"accounts.logged_in({token!r})") is None


def test_a_slack_message_is_taken_on_by_one_process(here: DataHome, there: Callable[[str], Any]) -> None:
    with closing(Claims(here)) as claims:
        taken = [claims.claim((f"m{n}",)) for n in range(5)]
        assert taken == [True] * 5
        assert there("[claims.claim((f'm{n}',), id_=f'm{n}', job='j') for n in range(7)]") == [False] * 5 + [True] * 2
        assert claims.left_behind() == [], "the other process lives"


def test_what_a_dead_process_had_taken_on_is_done_elsewhere(here: DataHome, there: Callable[[str], Any]) -> None:
    with closing(Claims(here)) as claims:
        assert there("claims.claim(('m',), id_='m', job='j')")
        with pytest.raises(json.JSONDecodeError):
            there("__import__('os')._exit(9)")
        for _ in range(100):  # PostgreSQL takes a moment to notice that the process is gone
            if left_behind := claims.left_behind():
                break
            time.sleep(0.05)
        assert left_behind == ["j"]


def test_a_limit_holds_for_both_processes_together(here: DataHome, there: Callable[[str], Any]) -> None:
    with closing(SharedLimits(here, "page")) as limits:
        waits = [wait for _ in range(5) for wait in (limits.allow("ann", 4), there("limits.allow('ann', 4)"))]
    assert [wait == 0 for wait in waits] == [True] * 4 + [False] * 6


def test_the_day_has_one_budget(here: DataHome, there: Callable[[str], Any]) -> None:
    with closing(Ledger(here)) as ledger:
        ledger.spend("small", Usage(1, 100, 10, 0))
        there("ledger.spend('small', Usage(1, 100, 10, 0))")
        assert ledger.spent(today=True) == {"small": Usage(2, 200, 20, 0)}


def test_the_settings_name_the_database(here: DataHome, listing: Callable[..., Path]) -> None:
    settings = Settings(home=here.folder, database_url=here.database_url)
    with Assistant.open(settings=settings, embedder=HashEmbedder()) as assistant:
        assistant.ingest(listing(pairs=PAIRS[:1]))
        assert assistant.data_home == here
        assert "s3cret" not in f"{settings!r}{assistant.status()!r}"
    assert [path.name for path in here.folder.glob("*.sqlite")] == []


def test_over_one_database_and_one_chroma_server_a_process_answers_for_one_that_was_killed(
    here: DataHome, tmp_path: Path, chroma_server: str, listing: Callable[..., Path]
) -> None:
    cited = f"assistant.ask({PEAR_QUESTION!r}).titles"
    first, second = str(listing("a.txt", PAIRS[:4])), str(listing("b.txt", PAIRS[4:6]))
    with another(tmp_path / "b", here, chroma_url=chroma_server) as stays:
        with another(tmp_path / "a", here, chroma_url=chroma_server) as dies:
            assert dies(f"assistant.ingest({first!r}).added") == 4
            assert stays(cited) == dies(cited) == [PEAR]
            where = "(lambda g: [g.vectors, g.collection])(assistant._holdings.index().generation)"
            assert stays(where) == dies(where)
            assert stays(where)[0] == chroma_server
            with pytest.raises(json.JSONDecodeError):
                dies("__import__('os')._exit(9)")
        assert stays(cited) == [PEAR]
        assert stays(f"assistant.ingest({second!r}).added") == 2
        assert stays("[len(assistant.papers()), assistant.doctor()]") == [6, []]
    assert not list(tmp_path.rglob("chroma.sqlite3"))
