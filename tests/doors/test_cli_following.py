"""The command line: sources are followed, synced and left, and what is new is told."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from assistant.chain import Assistant
from assistant.core.records import Answer, Turn
from assistant.doors.cli import app
from assistant.people.conversations import Conversations
from assistant.service.doorkeeper import HERE

from ..conftest import ROOT
from ..papers import PAIRS, write_listing
from ..sites import ArxivSite, Reply, Work

QUERY = "abs:lantern"
LANTERN = Work(
    7,
    "2026-01-05T10:00:00Z",
    "LanternNet: Lanterns that Read Fog",
    "We present LanternNet, a network of lanterns that reads the density of fog. It uses a camera in each lantern.",
)
QUESTION = "Which network of lanterns reads fog?"


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stocked")
    with Assistant.open(folder / "home") as assistant:
        assistant.ingest(write_listing(folder / "a.txt", PAIRS))
    return folder / "home"


@pytest.fixture
def site() -> Iterator[ArxivSite]:
    with ArxivSite([LANTERN]) as served:
        yield served


@pytest.fixture
def run(stocked: Path, home: Path, site: ArxivSite) -> Callable[..., Result]:
    shutil.copytree(stocked, home)

    def command(*arguments: str) -> Result:
        environment = {"ASSISTANT_HOME": str(home), "ASSISTANT_ARXIV_URL": site.url}
        return CliRunner().invoke(app, arguments, env=environment)

    return command


def test_nothing_is_followed_at_first(run: Callable[..., Result], site: ArxivSite, home: Path) -> None:
    for command in (["follow"], ["sync"]):
        assert run(*command).stdout == "Nothing is followed. See: assistant follow --help\n"
    assert json.loads(run("sync", "--json").stdout) == {"sources": [], "new": [], "asked": []}
    assert (site.requests, (home / "followed.sqlite").exists()) == ([], False)


def test_a_source_is_followed_synced_listed_and_left(run: Callable[..., Result], site: ArxivSite) -> None:
    done = run("follow", "arxiv", QUERY)
    assert done.stdout == "Following arxiv-abs-lantern. Its papers are added by: assistant sync\n"
    assert run("follow").stdout == "arxiv-abs-lantern: arxiv abs:lantern\n  Not synced yet.\n"
    assert site.requests == []
    done = run("sync")
    assert (done.exit_code, done.stdout) == (0, "arxiv-abs-lantern: 1 added.\n1 new paper.\n")
    assert run("sync").stdout == "arxiv-abs-lantern: nothing new.\nNo new papers.\n"
    assert run("papers", "LanternNet").stdout == f"{LANTERN.title} (Moss, 2026)\n"
    listed = run("follow").stdout
    assert listed.startswith("arxiv-abs-lantern: arxiv abs:lantern\n  Synced 20")
    assert listed.endswith(": nothing new.\n")
    assert run("unfollow", "arxiv-abs-lantern").stdout == "arxiv-abs-lantern is no longer followed. Its papers stay.\n"
    assert run("papers", "LanternNet").stdout == f"{LANTERN.title} (Moss, 2026)\n"


def test_only_a_sync_fetches(run: Callable[..., Result], site: ArxivSite, tmp_path: Path) -> None:
    run("follow", "arxiv", QUERY)
    listing = write_listing(tmp_path / "b.txt", PAIRS[:2])
    for command in (["ask", QUESTION], ["papers"], ["status"], ["ingest", str(listing)], ["doctor"], ["follow"]):
        run(*command)
    assert site.requests == []
    run("sync")
    assert len(site.requests) == 1


def test_what_was_asked_last_week_is_told(run: Callable[..., Result], home: Path) -> None:
    asked = [(HERE, 1, QUESTION), ("session:x", 1, "What reads the density of fog?"), (HERE, 8, "Which lanterns?")]
    for owner, days, question in asked:
        then = time.time() - days * 86_400
        with closing(Conversations(home, clock=partial(float, then))) as conversations:
            conversations.append(owner, conversations.begin(owner), Turn(question, Answer(question, question)))
    run("follow", "arxiv", QUERY)
    assert run("sync").stdout.splitlines() == [
        "arxiv-abs-lantern: 1 added.",
        "1 new paper, 1 on what you asked last week:",
        f"- {QUESTION}",
        f"  {LANTERN.title}",
    ]


def test_json_has_all_of_it(run: Callable[..., Result], home: Path) -> None:
    with closing(Conversations(home)) as conversations:
        conversations.append(HERE, conversations.begin(HERE), Turn(QUESTION, Answer(QUESTION, QUESTION)))
    run("follow", "arxiv", QUERY, "--name", "lanterns")
    values = json.loads(run("sync", "--json").stdout)
    assert values.pop("new")[0]
    source = {"name": "lanterns", "added": 1, "updated": 0, "unchanged": 0, "rejected": 0, "remark": "", "fault": ""}
    assert values == {"sources": [source], "asked": [{"question": QUESTION, "titles": [LANTERN.title]}]}


def test_a_source_that_fails_is_told_and_exits_with_6(run: Callable[..., Result], site: ArxivSite) -> None:
    site.answer = lambda _: Reply(b"<!doctype html><html><body>Gone.</body></html>", 403)
    run("follow", "arxiv", QUERY)
    done = run("sync")
    message = "arxiv-abs-lantern: nothing new. arXiv answered with status 403 (Forbidden).\nNo new papers.\n"
    assert (done.exit_code, done.stdout) == (6, message)
    assert "arXiv answered with status 403" in run("follow").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["follow", "scholar", "x"], "assistant: There is no kind of source 'scholar'."),
        (["follow", "zotero", "me"], "assistant: 'me' is no Zotero library."),
        (["unfollow", "x"], "assistant: No source 'x' is followed."),
        (["sync", "x"], "assistant: No source 'x' is followed."),
    ],
)
def test_what_cannot_be_done_is_said(arguments: list[str], message: str, run: Callable[..., Result]) -> None:
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(message)


def test_a_kind_alone_is_wrong_usage(run: Callable[..., Result]) -> None:
    done = run("follow", "arxiv")
    assert done.exit_code == 2
    assert "Say what to follow." in done.stderr


def test_following_makes_a_library_and_syncing_does_not(tmp_path: Path) -> None:
    new = tmp_path / "new"
    runner = CliRunner()
    done = runner.invoke(app, ["sync", "--home", str(new)])
    assert (done.exit_code, new.exists()) == (1, False)
    assert runner.invoke(app, ["follow", "folder", str(tmp_path), "--home", str(new)]).exit_code == 0
    assert (new / "followed.sqlite").exists()


def test_a_server_syncs_what_is_due(run: Callable[..., Result], home: Path, site: ArxivSite) -> None:
    run("follow", "arxiv", QUERY)
    code = "from assistant.doors.cli import main; main()"
    command = [sys.executable, "-c", code, "serve", "--port", "0", "--sync", "6"]
    environment = os.environ | {"ASSISTANT_HOME": str(home), "ASSISTANT_ARXIV_URL": site.url}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().split()[-1]
        try:
            while (source := httpx.get(f"{url}/api/sources", timeout=60).json()["sources"][0])["synced"] is None:
                time.sleep(0.05)
        finally:
            server.terminate()
    assert (source["added"], source["fault"], len(site.requests)) == (1, "", 1)


@pytest.mark.parametrize("hours", ["0", "-1", "9000", "often"])
def test_a_server_does_not_sync_absurdly_often(hours: str, run: Callable[..., Result]) -> None:
    done = run("serve", "--sync", hours)
    assert (done.exit_code, done.stdout) == (2, "")
