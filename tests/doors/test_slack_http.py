"""slack.http: forged, old, long and malformed requests are refused, and other dialects are answered."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from fastapi import FastAPI
from starlette.exceptions import HTTPException

from assistant.chain import Assistant
from assistant.core.bounds import SLACK
from assistant.core.settings import Settings
from assistant.doors import slack
from assistant.doors.slack.http import MAX_AGE, SIGNATURE, TIMESTAMP, signature, signed
from assistant.doors.slack.responder import PER_USER
from assistant.people.conversations import Conversations

from ..doubles import HashEmbedder
from ..fake_slack import SECRET, FakeSlack, event, headers, post
from ..papers import PAIRS
from .test_slack import serving

PEAR = PAIRS[0][0]
QUESTION = "What does PearRank learn from?"

# Slack's own example: https://docs.slack.dev/authentication/verifying-requests-from-slack
EXAMPLE_TIME = "1531420618"
EXAMPLE = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
EXAMPLE_SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
SIGNED = {TIMESTAMP: EXAMPLE_TIME, SIGNATURE: EXAMPLE_SIGNATURE}


@pytest.fixture
def assistant(home: Path, embedder: HashEmbedder, listing: Callable[..., Path]) -> Iterator[Assistant]:
    with Assistant.open(home, embedder=embedder) as opened:
        opened.ingest(listing())
        yield opened


class Body:
    """A body that knows whether it was read."""

    def __init__(self, content: bytes) -> None:
        self.content, self.was_read = content, False

    async def __call__(self) -> bytes:
        self.was_read = True
        return self.content


def let_in(given: dict[str, str], body: bytes, now: float = float(EXAMPLE_TIME)) -> bytes:
    return asyncio.run(signed(given, Body(body), SECRET, now))


# -- signatures


def test_slacks_own_example_is_let_in() -> None:
    assert signature(SECRET, EXAMPLE_TIME, EXAMPLE) == EXAMPLE_SIGNATURE
    assert let_in(SIGNED, EXAMPLE) == EXAMPLE


@pytest.mark.parametrize("late", [MAX_AGE, -MAX_AGE])
def test_five_minutes_late_is_in_time(late: float) -> None:
    given = SIGNED
    assert let_in(given, EXAMPLE, now=float(EXAMPLE_TIME) + late) == EXAMPLE
    with pytest.raises(HTTPException, match="too old"):
        let_in(given, EXAMPLE, now=float(EXAMPLE_TIME) + late * 1.01)


@pytest.mark.parametrize(
    ("given", "body", "status", "reason"),
    [
        pytest.param({}, b"", 401, "not signed", id="unsigned"),
        pytest.param({SIGNATURE: EXAMPLE_SIGNATURE}, EXAMPLE, 401, "not signed", id="no time"),
        pytest.param({TIMESTAMP: "soon", SIGNATURE: EXAMPLE_SIGNATURE}, EXAMPLE, 401, "too old", id="no number"),
        pytest.param({**SIGNED, TIMESTAMP: "9" * 999}, EXAMPLE, 401, "too old", id="never"),
        pytest.param(SIGNED, EXAMPLE + b"x", 401, "is wrong", id="another body"),
        pytest.param({TIMESTAMP: EXAMPLE_TIME, SIGNATURE: "v0=ü"}, EXAMPLE, 401, "is wrong", id="no ASCII"),
    ],
)
def test_invalid_signatures_are_refused(given: dict[str, str], body: bytes, status: int, reason: str) -> None:
    with pytest.raises(HTTPException, match=reason) as refused:
        let_in(given, body)
    assert refused.value.status_code == status


def test_the_body_of_an_old_request_is_not_read() -> None:
    body = Body(EXAMPLE)
    with pytest.raises(HTTPException, match="too old"):
        asyncio.run(signed({TIMESTAMP: "1", SIGNATURE: "v0="}, body, SECRET, time.time()))
    assert not body.was_read


# -- signed JSON


def answered(
    assistant: Assistant, *requests: tuple[str, bytes, dict[str, str]], **settings: str
) -> list[httpx.Response]:
    """The responses to requests to `/slack/...`, one after the other."""

    async def play() -> list[httpx.Response]:
        app = FastAPI()
        app.include_router(slack.router(assistant, Settings(**settings)), prefix="/slack")
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://bot") as client,
        ):
            return [await client.post(f"/slack/{path}", content=body, headers=given) for path, body, given in requests]

    return asyncio.run(play())


def hook(**given: Any) -> tuple[str, bytes, dict[str, str]]:
    body = json.dumps(given).encode()
    return "hook", body, headers(body)


def test_signed_json_is_answered_in_its_thread(assistant: Assistant) -> None:
    first, second, elsewhere = answered(
        assistant,
        hook(text=QUESTION, user="ann", thread="7"),
        hook(text="and what does it gain?", user="bob", thread="7"),
        hook(text="and what does it gain?", user="bob"),
        slack_signing_secret=SECRET,
    )
    assert (first.status_code, first.json()["answered"], first.json()["titles"]) == (200, True, [PEAR])
    assert first.json()["text"].endswith("[1]")
    assert first.json()["blocks"][0]["type"] == "section"
    assert second.json()["titles"] == [PEAR]
    assert elsewhere.json()["titles"] != [PEAR]


def test_a_repeated_request_is_stored_once(assistant: Assistant, home: Path) -> None:
    request = hook(text=QUESTION, user="ann", thread="7")
    one, two = answered(assistant, request, request, slack_signing_secret=SECRET)
    assert one.json() == two.json()
    kept = Conversations(home)
    (conversation,) = kept.listed("slack:hook::thread:7")
    kept.close()
    assert conversation.length == 1


def test_an_invalid_question_gets_the_reason_as_its_answer(assistant: Assistant) -> None:
    (reply,) = answered(assistant, hook(text="?!", user="ann"), slack_signing_secret=SECRET)
    assert (reply.status_code, reply.json()["answered"]) == (200, False)
    assert reply.json()["text"] == "The question has no words. Ask something about the papers."


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"[" * 100_000, b"\xff", b'{"text": 1, "user": "a"}', b'{"text": "a"}', b'{"user": "a"}']
)
def test_malformed_json_is_refused(assistant: Assistant, body: bytes) -> None:
    (done,) = answered(assistant, ("hook", body, headers(body)), slack_signing_secret=SECRET)
    assert done.status_code == 400
    assert "The body " in done.json()["error"]


@pytest.mark.parametrize("path", ["hook", "events"])
def test_the_routes_refuse_forged_old_and_long_requests(assistant: Assistant, path: str) -> None:
    async def play() -> list[int]:
        async with FakeSlack() as fake, serving(assistant, fake) as client:
            requests = (
                (b"{}", headers(b"{}", secret="another")),
                (b"{}", headers(b"{}", at=time.time() - 2 * MAX_AGE)),
                (b"x" * (SLACK + 1), headers(b"x" * (SLACK + 1))),
            )
            done = [await client.post(f"/slack/{path}", content=body, headers=given) for body, given in requests]
            return [one.status_code for one in done]

    assert asyncio.run(play()) == [401, 401, 413]


@pytest.mark.parametrize("path", ["hook", "mattermost"])
def test_no_more_of_a_long_body_is_read_than_shows_that_it_is_long(assistant: Assistant, path: str) -> None:
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(10):
            sent += SLACK // 2
            yield b"x" * (SLACK // 2)

    async def play() -> httpx.Response:
        app = FastAPI()
        settings = Settings(slack_signing_secret=SECRET, mattermost_tokens="m1")
        app.include_router(slack.router(assistant, settings), prefix="/slack")
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bot") as client,
        ):
            return await client.post(f"/slack/{path}", content=chunks(), headers=headers(b""))

    refused = asyncio.run(play())
    assert (refused.status_code, refused.json()) == (413, {"error": "The body is longer than 256 kB."})
    assert sent == 3 * SLACK // 2


def test_a_refusal_for_asking_too_often_says_when_to_ask_again(assistant: Assistant) -> None:
    requests = [hook(text="?!", user="ann")] * (PER_USER + 1)
    *_, last = answered(assistant, *requests, slack_signing_secret=SECRET)
    assert last.status_code == 429
    assert 0 < int(last.headers["retry-after"]) <= 6


# -- Mattermost

OUTGOING = {
    **{"token": "m1", "team_id": "t", "channel_id": "c", "user_id": "u", "post_id": "p", "trigger_word": "papers"},
    "text": f"papers {QUESTION}",
}
COMMAND = {
    **{"token": "m2", "team_id": "t", "channel_id": "c", "user_id": "u", "trigger_id": "x", "command": "/papers"},
    "text": QUESTION,
}
FORM = {"content-type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json"}


def mattermost(assistant: Assistant, *bodies: tuple[bytes, dict[str, str]], **more: str) -> list[httpx.Response]:
    requests = [("mattermost", body, given) for body, given in bodies]
    return answered(assistant, *requests, mattermost_tokens="m1, m2", **more)


def test_mattermost_gets_markdown_for_webhooks_and_commands(assistant: Assistant) -> None:
    as_form, as_json, command = mattermost(
        assistant,
        (urlencode(OUTGOING).encode(), FORM),
        (json.dumps(OUTGOING).encode(), JSON),
        (urlencode(COMMAND).encode(), FORM),
    )
    assert as_form.json() == as_json.json()
    assert as_form.json()["response_type"] == "comment"
    assert f"[1] {PEAR}\n“" in as_form.json()["text"]
    assert command.json() == {**as_form.json(), "response_type": "in_channel"}


def test_a_wrong_token_is_refused_and_not_echoed(assistant: Assistant) -> None:
    body = urlencode({**OUTGOING, "token": "guessed"}).encode()
    refused, blank, malformed = mattermost(assistant, (body, FORM), (b"", FORM), (b"%", JSON))
    assert [done.status_code for done in (refused, blank, malformed)] == [401, 401, 400]
    assert "guessed" not in refused.text


def test_mattermost_gets_answers_only_in_the_channels_of_the_setting(assistant: Assistant) -> None:
    (reply,) = mattermost(assistant, (urlencode(COMMAND).encode(), FORM), slack_channels="d")
    assert reply.json() == {"response_type": "ephemeral", "text": "I do not answer in this channel."}


def test_an_at_sign_in_an_answer_mentions_nobody(assistant: Assistant) -> None:
    body = urlencode({**COMMAND, "text": "Who is @all in “@channel”?"}).encode()
    (reply,) = mattermost(assistant, (body, FORM))
    assert "@" not in reply.json()["text"]


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"event": -1}, id="no event"),
        pytest.param({"event": {"type": ["app_mention"]}}, id="the type is a list"),
        pytest.param({"event": {**event(1)["event"], "text": 7}}, id="the text is a number"),
        pytest.param({"event": {"type": "app_mention", "user": "U1", "ts": "1.5", "text": "?"}}, id="no channel"),
        pytest.param({"event": {"type": "app_mention", "channel": "C1", "ts": "1.5", "text": "?"}}, id="no user"),
        pytest.param({"event_id": None}, id="no id"),
        pytest.param({"authorizations": [1]}, id="no installation"),
        pytest.param({"team_id": ["T1"]}, id="the team is a list"),
    ],
)
def test_a_signed_event_of_another_shape_is_refused(assistant: Assistant, wrong: dict[str, Any]) -> None:
    async def scene() -> httpx.Response:
        async with FakeSlack() as fake, serving(assistant, fake) as client:
            return await post(client, "/slack/events", {**event(1), **wrong})

    reply = asyncio.run(scene())
    assert reply.status_code == 400
    assert "no event of Slack" in reply.text
