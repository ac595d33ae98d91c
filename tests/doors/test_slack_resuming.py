"""slack: the stages of an answer, and answers whose process was killed."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.chain import Assistant
from assistant.core.database import DataHome
from assistant.doors.slack.blocks import shown
from assistant.doors.slack.claims import KEPT, Claims, IncomingMessage, Job
from assistant.doors.slack.placeholder import LOOKING

from ..conftest import ROOT
from ..fake_slack import TEAM, FakeSlack, event, post, settled
from ..live import opened
from ..pages import HeldWriter
from ..papers import PAIRS
from .test_slack import Workspace, played, serving

PEAR = PAIRS[0][0]
Python = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def assistant(home: Path) -> Iterator[Assistant]:
    with opened(home) as one:
        yield one


# -- stages


def test_the_placeholder_of_a_slow_answer_shows_the_stages(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.doors.slack.placeholder.PACE", 0.01)
    writer = HeldWriter()

    async def scene(at: Workspace) -> None:
        await at.send(event(1, "What does PearRank learn from, slowly?"))
        await at.slack.until("chat.update")
        await asyncio.to_thread(writer.holding.wait, 20)
        writer.released.set()

    with opened(home, writer) as assistant:
        *stages, answer = played(assistant, scene).made("chat.update")
    known = {
        f"Searching {len(PAIRS)} papers …",
        f"Reading {len(PAIRS)} papers …",
        "Checking citations …",
        "Answering …",
    }
    assert stages
    assert {stage["text"] for stage in stages} <= known
    assert len({stage["text"] for stage in stages}) == len(stages), "a stage is shown once"
    assert PEAR in shown(answer["blocks"])


def test_a_quick_answer_is_one_update(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.doors.slack.placeholder.PACE", 60.0)

    async def scene(at: Workspace) -> None:
        await at.send(event(1))

    assert len(played(assistant, scene).made("chat.update")) == 1


def test_a_refused_update_does_not_cost_the_answer(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.doors.slack.placeholder.PACE", 0.01)
    writer = HeldWriter()

    async def scene(at: Workspace) -> None:
        at.slack.refuse["chat.update"] = [(200, {"ok": False, "error": "edit_window_closed"}, {})]
        await at.send(event(1, "What does PearRank learn from, slowly?"))
        while at.slack.refuse["chat.update"]:
            await asyncio.sleep(0.01)
        writer.released.set()

    with opened(home, writer) as assistant:
        (answer,) = played(assistant, scene).made("chat.update")
    assert PEAR in shown(answer["blocks"])


# -- claims


@pytest.fixture
def claims(data_home: DataHome) -> Iterator[Claims]:
    with closing(Claims(data_home)) as one:
        yield one


def killed(python: Python, home: Path | DataHome, id_: str = "m", job: str = "j") -> None:
    """A process that takes on a job and is killed before it is done."""
    where = DataHome.of(home)
    done = python(
        "import os, pathlib, sys; from assistant.doors.slack.claims import Claims; "
        "from assistant.core.database import DataHome; home, url, id_, job = sys.argv[1:]; "
        "assert Claims(DataHome(pathlib.Path(home), url)).claim((f'message:{id_}',), id_=id_, job=job); "
        "os.kill(os.getpid(), 9)",
        *(where.folder, where.database_url, id_, job),
    )
    assert done.returncode == -9, done.stderr


def test_the_jobs_of_a_killed_process_are_handed_out_once(python: Python, data_home: DataHome, claims: Claims) -> None:
    assert claims.left_behind() == []
    killed(python, data_home)
    with closing(Claims(data_home)) as other:
        assert other.left_behind() == ["j"]
        assert claims.left_behind() == other.left_behind() == []
        assert not claims.claim(("message:m",), id_="m", job="again")
    assert claims.left_behind() == ["j"], "its taker ended, too, and had not finished it"
    claims.finish("m")
    with closing(Claims(data_home)) as third:
        assert third.left_behind() == []


def test_the_jobs_of_a_living_process_are_left_alone(data_home: DataHome, claims: Claims) -> None:
    claims.claim(("a",), id_="m", job="j")
    with closing(Claims(data_home)) as other:
        assert other.left_behind() == []


def test_finished_jobs_and_repeated_claims_are_not_handed_out(
    python: Python, data_home: DataHome, claims: Claims
) -> None:
    with closing(Claims(data_home)) as other:
        assert other.claim(("a",), id_="m", job="j")
        assert not other.claim(("a", "b"), id_="n", job="k")
        other.finish("m")
    assert claims.left_behind() == []


def test_an_old_job_is_forgotten(python: Python, data_home: DataHome) -> None:
    killed(python, data_home)
    import time

    with closing(Claims(data_home, clock=lambda: time.time() + KEPT + 9)) as later:
        later.claim(("b",))
        assert later.left_behind() == []


@pytest.mark.parametrize("data_home", ["sqlite"], indirect=True)
def test_lock_files_of_dead_processes_are_removed(python: Python, home: Path, data_home: DataHome) -> None:
    killed(python, data_home)
    with closing(Claims(data_home)) as one:
        one.left_behind()
        assert len(list(home.glob("slack-*.lock"))) == 1
    assert list(home.glob("slack-*.lock")) == []


# -- after a restart


@pytest.mark.parametrize("placed", ["800.1", ""])
def test_a_mention_of_a_killed_process_is_answered_once_after_the_restart(
    assistant: Assistant, home: Path, python: Python, monkeypatch: pytest.MonkeyPatch, placed: str
) -> None:
    monkeypatch.setattr("assistant.doors.slack.placeholder.PACE", 60.0)
    message = IncomingMessage("What does PearRank learn from?", "U1", "1.5", TEAM, "C1", f"{TEAM}:C1:1.5")
    killed(python, home, message.id, Job(message, "1.5", placed).as_text())

    async def play() -> FakeSlack:
        async with FakeSlack() as fake:
            async with serving(assistant, fake) as bot, serving(assistant, fake):
                await settled()
                await post(bot, "/slack/events", event(1))  # delivered again
                await settled()
            async with serving(assistant, fake):
                await settled()
        return fake

    fake = asyncio.run(play())
    (updated,) = fake.made("chat.update")
    posted = fake.made("chat.postMessage")
    assert PEAR in shown(updated["blocks"])
    assert [one["text"] for one in posted] == ([] if placed else [LOOKING])
    assert (updated["channel"], updated["ts"] == "800.1") == ("C1", bool(placed))
    assert all(one["thread_ts"] == "1.5" for one in posted)
    with closing(Claims(home)) as claims:
        assert claims.left_behind() == []


def test_a_refused_message_is_not_answered_later(assistant: Assistant, home: Path) -> None:
    async def scene(at: Workspace) -> None:
        await at.send(event(1))

    fake = played(assistant, scene, slack_channels="C9")
    assert len(fake.made("chat.postEphemeral")) == 1
    with closing(Claims(home)) as claims:
        assert claims.left_behind() == []


# -- killed right after an acknowledgement

SLOW = """
import asyncio, sys, threading, time
from pathlib import Path
from fastapi import FastAPI
from assistant.doors import slack
from assistant.core.settings import Settings
from assistant.doors.slack.claims import Claims
from assistant.doors.slack.app import serve_socket
from assistant.doors.slack.responder import Responder
from assistant.service.answering import Answering
from tests.live import Live, opened
from tests.doors.test_slack import TOKENS

claim = Claims.claim

def slowly(self, ids, *, id_="", job=""):
    time.sleep(0.5)  # a disk that takes its time: whoever does not wait for it is killed before it is done
    return claim(self, ids, id_=id_, job=job)

Claims.claim = slowly
home, address, settings = Path(sys.argv[1]), sys.argv[2], Settings(**TOKENS)
with opened(home) as assistant:
    if sys.argv[3] == "socket":
        with Responder(assistant, Answering(assistant), settings) as responder:
            asyncio.run(serve_socket(responder, settings, print, address))
    app = FastAPI()
    app.include_router(slack.router(assistant, settings, address=address), prefix="/slack")
    with Live(app) as live:
        print(live.url, flush=True)
        threading.Event().wait()
"""


def sent(kind: str, fake: FakeSlack) -> tuple[dict[str, Any], bool]:
    """A question as Slack sends it over HTTP, and whether that is a form."""
    reply_to = f"{fake.url}/respond"
    if kind == "command":
        command = {"command": "/papers", "text": "What does PearRank learn from?", "team_id": TEAM, "user_id": "U1"}
        return {**command, "channel_id": "C1", "trigger_id": "t1", "response_url": reply_to}, True
    if kind == "shortcut":
        source = {"ts": "1.5", "text": "What does PearRank learn from?"}
        action = {"type": "message_action", "callback_id": "ask_about_this", "trigger_id": "t1", "message": source}
        at = {"team": {"id": TEAM}, "channel": {"id": "C1"}, "user": {"id": "U1"}}
        return {"payload": json.dumps({**action, **at, "response_url": reply_to})}, True
    return event(1), False


async def acknowledged(kind: str, fake: FakeSlack, process: subprocess.Popen[str]) -> None:
    """Send a question and return as soon as it is acknowledged."""
    if kind == "socket":
        socket = await fake.connected()
        await socket.send_json({"type": "events_api", "envelope_id": "e1", "payload": event(1)})
        async with asyncio.timeout(60):
            while not fake.acknowledged:
                await asyncio.sleep(0.001)
        return
    assert process.stdout
    url = (await asyncio.to_thread(process.stdout.readline)).strip()
    body, form = sent(kind, fake)
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        assert (await post(client, "/slack/events", body, form=form)).status_code == 200


@pytest.mark.parametrize("kind", ["event", "socket", "shortcut", "command"])
def test_an_acknowledged_question_is_answered_even_if_the_process_is_killed_at_once(
    assistant: Assistant, home: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.doors.slack.placeholder.PACE", 60.0)

    async def play() -> FakeSlack:
        async with FakeSlack() as fake:
            command = [sys.executable, "-c", SLOW, str(home), fake.api, kind]
            with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
                try:
                    await acknowledged(kind, fake, process)
                finally:
                    process.kill()
            fake.calls.clear()
            async with serving(assistant, fake):
                await settled()
        return fake

    fake = asyncio.run(play())
    (answer,) = fake.made("respond" if kind == "command" else "chat.update")
    assert PEAR in shown(answer["blocks"])
