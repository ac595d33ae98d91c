"""One assistant, many doors: the same question gets the same answer through each."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from mcp import Client
from typer.testing import CliRunner

from assistant.chain import Assistant
from assistant.core.records import Answer, Turn
from assistant.core.settings import Settings
from assistant.doors import api, cli, slack
from assistant.doors.mcp.server import Server
from assistant.doors.slack.blocks import shown
from assistant.doors.web.asking import Asker
from assistant.doors.web.sessions import OpenConversation
from assistant.service.answering import Answering
from assistant.service.doorkeeper import Doorkeeper
from assistant.show.markdown import of_answer
from eval.questions import read

from ..conftest import ROOT
from ..fake_slack import SECRET, headers

NUMBER = 30
Outcome = tuple[bool, str, tuple[str, ...]]
"""Whether the question is answered, the text and the titles."""


def questions() -> list[str]:
    """Thirty questions of the sample, of every type, outside conversations."""
    alone = [one.question for one in read(ROOT / "eval/sets/sample.jsonl") if one.conversation is None]
    return alone[:: len(alone) // NUMBER][:NUMBER]


@pytest.fixture(scope="module")
def assistant(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    home = shutil.copytree(sample_home, tmp_path_factory.mktemp("parity") / "home")
    with Assistant.open(home) as one:
        yield one


def outcome(answer: Any) -> Outcome:
    """The outcome of an answer or of its JSON."""
    if isinstance(answer, Answer):
        return answer.answered, answer.text, answer.titles
    return answer["answered"], answer["text"], tuple(answer["titles"])


async def forgotten(*_: object) -> None:
    """The page need not keep its turns here."""


@asynccontextmanager
async def opened(assistant: Assistant, home: Path) -> AsyncIterator[tuple[httpx.AsyncClient, Client, Asker]]:
    """Every door that runs in an event loop, over one assistant."""
    with closing(Answering(assistant)) as line, closing(Doorkeeper(home)) as doorkeeper:
        asker = Asker(line, forgotten, per_minute=1000)
        settings = Settings(home=home, slack_signing_secret=SECRET)
        app = FastAPI()
        app.include_router(api.router(assistant, line, doorkeeper, settings))
        app.include_router(slack.router(assistant, settings, line), prefix="/slack")
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as programs,
            Client(Server(assistant, line).protocol) as agent,
        ):
            yield programs, agent, asker


async def through_every_door(
    question: str, programs: httpx.AsyncClient, agent: Client, asker: Asker
) -> dict[str, Outcome]:
    """The outcome of a question by door."""
    chat = {"model": "papers", "messages": [{"role": "user", "content": question}]}
    plain = (await programs.post("/api/ask", json={"question": question})).json()
    events = (await programs.post("/api/ask", json={"question": question, "stream": True})).text
    model = (await programs.post("/v1/chat/completions", json=chat)).json()
    stream = (await programs.post("/v1/chat/completions", json={**chat, "stream": True})).text
    tool = (await agent.call_tool("ask", {"question": question})).structured_content
    body = json.dumps({"text": question, "user": question}).encode()
    hook = (await programs.post("/slack/hook", content=body, headers=headers(body))).json()
    turns = [step async for step in asker.ask(OpenConversation("talk"), question) if isinstance(step, Turn)]
    chunks = [json.loads(data) for data in re.findall(r"^data: (\{.*)$", stream, re.M)]
    content = model["choices"][0]["message"]["content"]
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == content
    assert content == of_answer(turns[0].answer)
    assert all(f"] {title}" in shown(hook["blocks"]) for title in hook["titles"])
    return {
        "HTTP": outcome(plain),
        "events": outcome(json.loads(re.findall(r"^event: answer\ndata: (.*)$", events, re.M)[0])),
        "a model": outcome(model["answer"]),
        "a model's stream": outcome(chunks[-1]["answer"]),
        "a tool": outcome(tool),
        "Slack's way": outcome(hook),
        "the page": outcome(turns[0].answer),
    }


def by_command(assistant: Assistant, question: str, monkeypatch: pytest.MonkeyPatch) -> Outcome:
    """The outcome of `assistant ask --json`, over the assistant that is already open."""

    @contextmanager
    def already(*_: object) -> Iterator[Assistant]:
        yield assistant

    monkeypatch.setattr("assistant.doors.cli.asking.opened", already)
    return outcome(json.loads(CliRunner().invoke(cli.app, ["ask", "--json", "--", question]).stdout))


def test_thirty_questions_get_equal_answers_through_every_door(
    assistant: Assistant, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = questions()
    assert len(set(asked)) == NUMBER

    async def scene() -> dict[str, dict[str, Outcome]]:
        async with opened(assistant, home) as doors:
            return {question: await through_every_door(question, *doors) for question in asked}

    outcomes = asyncio.run(scene())
    answered = 0
    for question, doors in outcomes.items():
        expected = outcome(assistant.ask(question))
        answered += expected[0]
        doors["the command line"] = by_command(assistant, question, monkeypatch)
        assert doors == dict.fromkeys(doors, expected), question
        assert len(doors) == 8
    assert 0 < answered < NUMBER, "answers and declines are both compared"
