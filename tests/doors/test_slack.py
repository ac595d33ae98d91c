"""slack: everything that Slack sends, through the real slack_sdk and bolt, against a Web API on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import aclosing, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from assistant.chain import Assistant
from assistant.core.errors import MissingExtra, SettingsError
from assistant.core.settings import Settings
from assistant.doors import slack
from assistant.doors.slack.app import FAILED, SCOPES, plain, serve_socket
from assistant.doors.slack.blocks import shown
from assistant.doors.slack.placeholder import LOOKING
from assistant.doors.slack.responder import PER_USER, Responder
from assistant.people.conversations import Conversations
from assistant.service.answering import Answering

from ..conftest import ROOT
from ..doubles import HashEmbedder
from ..fake_slack import BOT, SECRET, TEAM, FakeSlack, event, post, settled
from ..papers import PAIRS

PEAR = PAIRS[0][0]
TOKENS = {"slack_bot_token": "xoxb-1", "slack_app_token": "xapp-1", "slack_signing_secret": SECRET}
MENTION = f"<@{BOT}> "


@pytest.fixture(autouse=True)
def no_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show no stages, however long an answer takes; test_slack_resuming is about stages."""
    monkeypatch.setattr("assistant.doors.slack.placeholder.PACE", 3600.0)


@pytest.fixture
def assistant(home: Path, embedder: HashEmbedder, listing: Callable[..., Path]) -> Iterator[Assistant]:
    with Assistant.open(home, embedder=embedder) as opened:
        opened.ingest(listing())
        yield opened


@dataclass(frozen=True, slots=True)
class Workspace:
    """A Slack and a bot in it."""

    slack: FakeSlack
    bot: httpx.AsyncClient

    async def send(self, body: dict[str, Any]) -> httpx.Response:
        return await post(self.bot, "/slack/events", body)

    async def press(self, action: str, value: str, *, at: str = "1.5", **more: Any) -> httpx.Response:
        payload = {
            "type": "block_actions",
            "team": {"id": TEAM},
            "user": {"id": "U1"},
            "channel": {"id": "C1"},
            "message": {"ts": "900.1", "thread_ts": at},
            "trigger_id": f"trigger {action}",
            "response_url": f"{self.slack.url}/respond",
            "actions": [{"type": "button", "action_id": action, "block_id": "b", "value": value}],
            **more,
        }
        return await post(self.bot, "/slack/events", {"payload": json.dumps(payload)}, form=True)


@asynccontextmanager
async def serving(assistant: Assistant, fake: FakeSlack, **more: str) -> AsyncIterator[httpx.AsyncClient]:
    """The page's app with Slack's routes under /slack, started."""
    app = FastAPI()
    app.include_router(slack.router(assistant, Settings(**{**TOKENS, **more}), address=fake.api), prefix="/slack")
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bot") as client,
    ):
        yield client
        await settled()


def played(
    assistant: Assistant,
    scene: Callable[[Workspace], Coroutine[Any, Any, None]],
    *,
    installed: dict[str, Any] | None = None,
    **more: str,
) -> FakeSlack:
    """What Slack saw of a scene; `installed` describes the installation that a token is for."""

    async def play() -> FakeSlack:
        async with FakeSlack() as fake:
            fake.installed = installed or fake.installed
            async with serving(assistant, fake, **more) as client:
                await scene(Workspace(fake, client))
                await settled()
        return fake

    return asyncio.run(play())


# -- messages


def test_a_mention_gets_a_placeholder_in_its_thread_and_the_answer_in_its_place(assistant: Assistant) -> None:
    async def scene(at: Workspace) -> None:
        done = await at.send(event(1))
        assert done.status_code == 200

    fake = played(assistant, scene)
    (placed,), (updated,) = fake.made("chat.postMessage"), fake.made("chat.update")
    assert (placed["channel"], placed["thread_ts"], placed["text"]) == ("C1", "1.5", LOOKING)
    assert (updated["channel"], updated["ts"]) == ("C1", "900.2")
    assert PEAR in shown(updated["blocks"])
    assert [element["value"] for element in updated["blocks"][-1]["elements"]] == ["1 1.5"] * 5


def test_an_event_delivered_three_times_gets_one_answer(assistant: Assistant) -> None:
    async def scene(at: Workspace) -> None:
        done = await asyncio.gather(*(at.send(event(1)) for _ in range(3)))
        assert [one.status_code for one in done] == [200] * 3

    assert len(played(assistant, scene).made("chat.update")) == 1


def test_two_workers_and_a_restart_still_give_one_answer(assistant: Assistant) -> None:
    async def play() -> FakeSlack:
        async with FakeSlack() as fake:
            async with serving(assistant, fake) as one, serving(assistant, fake) as other:
                await asyncio.gather(*(post(worker, "/slack/events", event(1)) for worker in (one, other)))
                await settled()
            async with serving(assistant, fake) as again:
                await post(again, "/slack/events", event(1))
                await settled()
        return fake

    assert len(asyncio.run(play()).made("chat.postMessage")) == 1


def test_fifty_mentions_at_once_are_acknowledged_before_they_are_answered(assistant: Assistant) -> None:
    answered: list[int] = []

    async def scene(at: Workspace) -> None:
        sent = [at.send(event(n, user=f"U{n}", channel=f"C{n}")) for n in range(1, 51)]
        done = await asyncio.gather(*sent)
        answered.append(len(at.slack.made("chat.update")))
        assert [one.status_code for one in done] == [200] * 50

    fake = played(assistant, scene)
    assert answered[0] < 50
    assert {given["channel"] for given in fake.made("chat.update")} == {f"C{n}" for n in range(1, 51)}
    assert len(fake.made("chat.update")) == 50


def test_a_follow_up_in_the_thread_needs_no_mention_and_knows_what_it_is_about(
    assistant: Assistant, home: Path
) -> None:
    async def first(at: Workspace) -> None:
        await at.send(event(1))

    async def second(at: Workspace) -> None:
        more = {"kind": "message", "thread_ts": "1.5", "channel_type": "channel"}
        await at.send(event(2, "and what does it gain?", **more))
        await at.send(event(3, "an aside elsewhere", **{**more, "thread_ts": "0.1"}))

    played(assistant, first)
    fake = played(assistant, second)  # after a restart
    (updated,) = fake.made("chat.update")
    assert PEAR in shown(updated["blocks"])
    kept = Conversations(home)
    owner = f"slack:{TEAM}:C1:1.5"
    turns = kept.turns(owner, kept.only(owner))
    kept.close()
    assert [turn.turn.question for turn in turns] == ["What does PearRank learn from?", "and what does it gain?"]
    assert PEAR in turns[1].turn.answer.query


def test_a_follow_up_waits_for_the_answer_it_refers_to(assistant: Assistant) -> None:
    async def scene(at: Workspace) -> None:
        await at.send(event(1))
        await at.send(event(2, f"{MENTION}and what does it gain?", thread_ts="1.5"))

    first, second = played(assistant, scene).made("chat.update")
    assert [element["value"] for element in first["blocks"][-1]["elements"]] == ["1 1.5"] * 5
    assert [element["value"] for element in second["blocks"][-1]["elements"]] == ["2 1.5"] * 5
    assert PEAR in shown(second["blocks"])


def test_slack_waits_in_the_line_of_the_other_doors(assistant: Assistant) -> None:
    async def play() -> FakeSlack:
        async with FakeSlack() as fake:
            with closing(Answering(assistant, at_once=1, longest=0)) as line:
                app = FastAPI()
                app.include_router(slack.router(assistant, Settings(**TOKENS), line, address=fake.api), prefix="/slack")
                async with (
                    app.router.lifespan_context(app),
                    httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bot") as client,
                    aclosing(line.line()) as place,
                ):
                    assert await anext(place) == 0  # somebody at another door is being answered
                    await post(client, "/slack/events", event(1))
                    await settled()
        return fake

    (refused,) = asyncio.run(play()).made("chat.update")
    assert refused["text"] == "Too many questions are waiting. Ask again in a minute."


def test_a_direct_message_is_answered_in_place(assistant: Assistant) -> None:
    async def scene(at: Workspace) -> None:
        more = {"kind": "message", "channel": "D1", "channel_type": "im"}
        await at.send(event(1, "What does PearRank learn from?", **more))
        await settled()
        await at.send(event(2, "and what does it gain?", **more))

    fake = played(assistant, scene)
    assert ["thread_ts" in given for given in fake.made("chat.postMessage")] == [False, False]
    assert all(PEAR in shown(given["blocks"]) for given in fake.made("chat.update"))


@pytest.mark.parametrize("mention", [MENTION, f"<@{BOT}|papers> "])
def test_a_message_that_mentions_the_bot_comes_as_two_events_and_is_answered_once(
    assistant: Assistant, mention: str
) -> None:
    async def scene(at: Workspace) -> None:
        await at.send(event(1))
        await settled()
        text = f"{mention}and what does it gain?"
        await at.send(event(2, text, thread_ts="1.5"))
        twin = event(2, text, kind="message", thread_ts="1.5", channel_type="channel")
        await at.send({**twin, "event_id": "Ev2b"})

    assert len(played(assistant, scene).made("chat.update")) == 2


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param({"user": BOT}, id="its own"),
        pytest.param({"bot_id": "B7"}, id="another bot's"),
        pytest.param({"edited": {"user": "U1", "ts": "1.6"}}, id="edited"),
        pytest.param({"subtype": "message_changed"}, id="a change"),
        pytest.param({"subtype": "message_deleted"}, id="a deletion"),
        pytest.param({"kind": "reaction_added"}, id="no message"),
    ],
)
def test_events_that_are_not_questions_are_acknowledged_and_ignored(assistant: Assistant, sent: dict[str, Any]) -> None:
    async def scene(at: Workspace) -> None:
        for kind in ("message", "app_mention") if "subtype" not in sent and "kind" not in sent else ("message",):
            more = {"kind": kind, "channel_type": "im", "channel": "D1", **sent}
            done = await at.send(event(1, "What does PearRank learn from?", **more))
            assert done.status_code == 200

    assert [name for name, _ in played(assistant, scene).calls if name.startswith("chat")] == []


def test_an_invalid_question_gets_the_reason(assistant: Assistant) -> None:
    async def scene(at: Workspace) -> None:
        await at.send(event(1, MENTION))

    (updated,) = played(assistant, scene).made("chat.update")
    assert shown(updated["blocks"]) == "The question has no words. Ask something about the papers."


def test_the_placeholder_does_not_outlive_a_failure(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    async def scene(at: Workspace) -> None:
        await at.send(event(1))

    monkeypatch.setattr(Responder, "answer", fail)
    (updated,) = played(assistant, scene).made("chat.update")
    assert updated["text"] == FAILED


# -- limits


def test_a_rate_limited_call_is_repeated_after_the_time_slack_names(assistant: Assistant) -> None:
    async def scene(at: Workspace) -> None:
        at.slack.refuse["chat.postMessage"] = [(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "1"})]
        await at.send(event(1))

    assert len(played(assistant, scene).made("chat.update")) == 1


def test_only_the_person_who_asks_too_often_has_to_wait(assistant: Assistant) -> None:
    async def scene(at: Workspace) -> None:
        for number in range(1, PER_USER + 2):
            await at.send(event(number))
            await settled()
        await at.send(event(99, user="U2"))

    fake = played(assistant, scene)
    assert len(fake.made("chat.update")) == PER_USER + 1
    (refused,) = fake.made("chat.postEphemeral")
    assert refused["user"] == "U1"
    assert refused["text"].startswith("That is more questions a minute than I answer. Ask again in ")


def test_only_channels_of_the_setting_are_answered(assistant: Assistant) -> None:
    async def scene(at: Workspace) -> None:
        await at.send(event(1, channel="C1"))
        await at.send(event(2, channel="C2"))

    fake = played(assistant, scene, slack_channels="C2, C3")
    assert [given["channel"] for given in fake.made("chat.update")] == ["C2"]
    assert [given["channel"] for given in fake.made("chat.postEphemeral")] == ["C1"]


# -- commands, shortcuts and buttons


def test_a_slash_command_is_acknowledged_and_answered(assistant: Assistant) -> None:
    async def scene(at: Workspace) -> None:
        given = {
            **{"command": "/papers", "text": "What does PearRank learn from?", "team_id": TEAM, "user_id": "U1"},
            **{"channel_id": "C1", "trigger_id": "t1", "response_url": f"{at.slack.url}/respond"},
        }
        done = await post(at.bot, "/slack/events", given, form=True)
        assert (done.status_code, done.text) == (200, LOOKING)

    (response,) = played(assistant, scene).made("respond")
    assert response["response_type"] == "in_channel"
    assert PEAR in shown(response["blocks"])
    assert response["blocks"][-1]["elements"][0]["value"] == "1 command:U1"


def test_a_message_can_be_asked_about_by_shortcut(assistant: Assistant) -> None:
    async def scene(at: Workspace) -> None:
        payload = {
            **{"type": "message_action", "callback_id": "ask_about_this", "trigger_id": "t1", "team": {"id": TEAM}},
            **{"user": {"id": "U1"}, "channel": {"id": "C1"}, "response_url": f"{at.slack.url}/respond"},
            "message": {"ts": "7.5", "text": "What does PearRank learn from?", "user": "U2"},
        }
        done = await post(at.bot, "/slack/events", {"payload": json.dumps(payload)}, form=True)
        assert done.status_code == 200

    fake = played(assistant, scene)
    assert fake.made("chat.postMessage")[0]["thread_ts"] == "7.5"
    assert PEAR in shown(fake.made("chat.update")[0]["blocks"])


def test_the_buttons_show_evidence_keep_thumbs_and_ask_again(assistant: Assistant, home: Path) -> None:
    async def scene(at: Workspace) -> None:
        await at.send(event(1))
        await settled()
        for action in ("evidence", "more", "thumb_down", "again"):
            done = await at.press(action, "1 1.5")
            assert done.status_code == 200
            await settled()
        await at.press("again", "1 1.5")  # delivered again

    fake = played(assistant, scene)
    opened, left_out = fake.made("views.open")
    assert (opened["trigger_id"], left_out["trigger_id"]) == ("trigger evidence", "trigger more")
    assert "More from [1]" in shown(left_out["view"]["blocks"])
    assert PAIRS[0][1] in shown(opened["view"]["blocks"])
    thanked, again = fake.made("respond")
    assert (thanked["response_type"], thanked["thread_ts"]) == ("ephemeral", "1.5")
    assert again["replace_original"] is True
    assert again["blocks"][-1]["elements"][0]["value"] == "2 1.5"
    kept = Conversations(home)
    ((_, rated),) = kept.rated()
    kept.close()
    assert (rated.number, rated.thumb and rated.thumb.good) == (1, False)


@pytest.mark.parametrize("action", ["evidence", "more", "thumb_up", "again"])
def test_a_button_under_a_forgotten_answer_says_so(assistant: Assistant, action: str) -> None:
    async def scene(at: Workspace) -> None:
        await at.press(action, "9 1.5")

    fake = played(assistant, scene)
    shown_texts = json.dumps([given for name, given in fake.calls if name in ("views.open", "respond")])
    assert "This answer is no longer kept." in shown_texts


# -- the way in


def test_slacks_check_of_the_address_is_answered(assistant: Assistant) -> None:
    async def scene(at: Workspace) -> None:
        done = await at.send({"type": "url_verification", "challenge": "abc", "token": "t"})
        assert (done.status_code, done.json()) == (200, {"challenge": "abc"})

    played(assistant, scene)


@pytest.mark.parametrize("named", [None, "E1", "T7"])
@pytest.mark.parametrize("team", [None, "T8"])
def test_an_app_installed_in_a_whole_organisation_answers_everywhere(
    assistant: Assistant, named: str | None, team: str | None
) -> None:
    installed = {"team": None, "team_id": named, "enterprise_id": "E1", "is_enterprise_install": True}
    asked = {
        "team_id": team,
        "enterprise_id": "E1",
        "is_enterprise_install": True,
        "authorizations": [
            {"team_id": None, "enterprise_id": "E1", "user_id": BOT, "is_bot": True, "is_enterprise_install": True}
        ],
    }
    pressed: dict[str, Any] = {"team": None, "enterprise": {"id": "E1"}, "is_enterprise_install": True}
    question = "What does PearRank learn from?"

    async def scene(at: Workspace) -> None:
        answers = f"{at.slack.url}/respond"
        await at.send({**event(1), **asked})
        await at.slack.until("chat.update", 1)
        await at.send({**event(2, "and what does it gain?", kind="message", thread_ts="1.5"), **asked})
        await at.slack.until("chat.update", 2)
        command = {
            **{"command": "/papers", "text": question, "enterprise_id": "E1", "is_enterprise_install": "true"},
            **{"user_id": "U1", "channel_id": "C1", "trigger_id": "t1", "response_url": answers},
        }
        await post(at.bot, "/slack/events", command | ({"team_id": team} if team else {}), form=True)
        await at.slack.until("respond", 1)
        shortcut = {
            **{"type": "message_action", "callback_id": "ask_about_this", "trigger_id": "t2", **pressed},
            **{"user": {"id": "U1", "team_id": "T8"}, "channel": {"id": "C1"}, "response_url": answers},
            "message": {"ts": "7.5", "text": question, "user": "U2"},
        }
        await post(at.bot, "/slack/events", {"payload": json.dumps(shortcut)}, form=True)
        await at.slack.until("chat.update", 3)
        await at.press("evidence", "1 1.5", **pressed)
        view = (await at.slack.until("views.open"))["view"]
        assert PEAR in shown(view["blocks"])

    fake = played(assistant, scene, installed=installed)
    assert [PEAR in shown(update["blocks"]) for update in fake.made("chat.update")] == [True] * 3


def test_an_installation_in_one_workspace_answers_only_there(assistant: Assistant) -> None:
    async def scene(at: Workspace) -> None:
        authorization = {"team_id": "T9", "enterprise_id": "E1", "user_id": BOT}
        await at.send({**event(1), "team_id": "T9", "enterprise_id": "E1", "authorizations": [authorization]})

    fake = played(assistant, scene, installed={"team": "One", "team_id": TEAM, "enterprise_id": "E1"})
    assert not fake.made("chat.update")


def test_an_unknown_workspace_is_not_answered(assistant: Assistant) -> None:
    async def scene(at: Workspace) -> None:
        done = await at.send({**event(1), "team_id": "T9", "authorizations": [{"team_id": "T9", "user_id": "U9"}]})
        assert done.status_code == 200

    assert not played(assistant, scene).made("chat.update")


@pytest.mark.parametrize(
    ("refusal", "scopes", "message"),
    [
        (
            [(200, {"ok": False, "error": "invalid_auth"}, {})],
            "",
            r"SLACK_BOT_TOKEN \(invalid_auth\)\. Install",
        ),
        ([], "chat:write", r"lacks the scopes app_mentions:read, commands\. Add"),
    ],
)
def test_a_bad_token_or_a_missing_scope_fails_at_start(
    assistant: Assistant, refusal: list[Any], scopes: str, message: str
) -> None:
    async def play() -> None:
        async with FakeSlack() as fake:
            fake.refuse["auth.test"], fake.scopes = refusal, scopes
            async with serving(assistant, fake):
                pass

    with pytest.raises(SettingsError, match=message):
        asyncio.run(play())


def test_without_a_token_there_is_no_route_for_slack(assistant: Assistant) -> None:
    async def play() -> list[int]:
        async with FakeSlack() as fake, serving(assistant, fake, slack_bot_token="", slack_signing_secret="") as bot:
            return [(await post(bot, f"/slack/{name}", {})).status_code for name in ("events", "hook", "mattermost")]

    assert asyncio.run(play()) == [404] * 3


# -- Socket Mode


def test_events_over_a_socket_are_acknowledged_and_answered(assistant: Assistant) -> None:
    messages: list[str] = []

    async def play() -> FakeSlack:
        async with FakeSlack() as fake:
            settings = Settings(**TOKENS)
            with closing(Answering(assistant)) as line, Responder(assistant, line, settings) as responder:
                running = asyncio.create_task(serve_socket(responder, settings, messages.append, fake.api))
                socket = await fake.connected()
                for envelope in ("e1", "e2"):  # delivered again
                    await socket.send_json({"type": "events_api", "envelope_id": envelope, "payload": event(1)})
                await fake.until("chat.update")
                await settled()
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
        return fake

    fake = asyncio.run(play())
    assert sorted(fake.acknowledged) == ["e1", "e2"]
    assert len(fake.made("chat.update")) == 1
    assert messages[0].startswith("Answering in One. ")


@pytest.mark.parametrize("missing", ["slack_bot_token", "slack_app_token"])
def test_a_missing_token_says_where_to_find_it(assistant: Assistant, missing: str) -> None:
    with pytest.raises(SettingsError, match=rf"ASSISTANT_{missing.upper()} is not set\. Copy the token"):
        slack.serve(assistant, Settings(**{**TOKENS, missing: ""}), print)


def test_a_missing_extra_names_the_install_command(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(MissingExtra, match=r"pip install 'paper-assistant\[slack\]'"):
        slack.serve(assistant, Settings(**TOKENS), print)


def test_the_manifest_asks_for_what_the_bot_uses() -> None:
    manifest = json.loads((ROOT / "assistant/doors/slack/manifest.json").read_text(encoding="utf-8"))
    assert set(manifest["oauth_config"]["scopes"]["bot"]) >= SCOPES
    assert [command["command"] for command in manifest["features"]["slash_commands"]] == ["/papers"]
    assert [shortcut["callback_id"] for shortcut in manifest["features"]["shortcuts"]] == ["ask_about_this"]
    assert manifest["settings"]["interactivity"]["is_enabled"]
    assert manifest["settings"]["socket_mode_enabled"]
    assert {"app_mention", "message.im", "message.channels"} <= set(
        manifest["settings"]["event_subscriptions"]["bot_events"]
    )


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("<@U0BOT> is 1 &lt; 2 &amp;amp; 3?", "is 1 < 2 &amp; 3?"),
        ("see <https://a.b/c|this page> in <#C1|papers>", "see this page in #papers"),
        ("<!channel> <https://a.b/c>", "https://a.b/c"),
    ],
)
def test_the_typed_text_is_recovered_from_what_slack_sends(sent: str, meant: str) -> None:
    assert plain(sent) == meant
