"""Collections through the doors: the command line, HTTP, agents, Slack and the page."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from mcp import Client
from typer.testing import CliRunner, Result

from assistant.chain import Assistant
from assistant.core.errors import SettingsError
from assistant.core.filters import Filter
from assistant.core.settings import Settings
from assistant.doors import api, cli, web
from assistant.doors.mcp.server import Server
from assistant.doors.slack.claims import IncomingMessage
from assistant.doors.slack.responder import Responder
from assistant.people.accounts import Accounts
from assistant.service.answering import Answering
from assistant.service.doorkeeper import Doorkeeper

from ..live import opened
from ..pages import OFTEN, Served, Visitor, serving
from ..papers import PAIRS, write_listing

PEAR, MOD, STORMS = (title for title, _ in PAIRS[:3])
EVERY = "Which papers are there?"


@pytest.fixture
def assistant(home: Path) -> Iterator[Assistant]:
    with opened(home) as one:
        yield one


def run(home: Path, *words: str) -> Result:
    return CliRunner().invoke(cli.app, ["--home", str(home), *words])


def test_the_command_line_makes_uses_changes_and_deletes_them(home: Path) -> None:
    with Assistant.open(home) as assistant:
        assistant.ingest(write_listing(home / "listing.txt", PAIRS))
    assert run(home, "collections", "list").stderr.endswith("Make one with: assistant collections create NAME\n")
    assert run(home, "collections", "create", "few", PEAR, STORMS).stdout == "few: 2 papers\n"
    made = run(home, "collections", "create", "all", "--source", "listing.txt")
    assert made.stdout == f"all: {len(PAIRS)} papers, all that fit: from listing.txt\n"
    assert run(home, "collections", "add", "few", MOD).stdout == "few: 3 papers\n"
    assert run(home, "collections", "remove", "few", MOD).stdout == "few: 2 papers\n"
    assert run(home, "collections", "list").stdout.splitlines()[1] == "few: 2 papers"
    assert run(home, "papers", "--collection", "few").stdout.splitlines() == [PEAR, STORMS]
    values = json.loads(run(home, "ask", "--json", "--collection", "Few", EVERY).stdout)
    assert {hit["title"] for hit in values["hits"]} == {PEAR, STORMS}
    for command in (("ask", "--collection", "fex", EVERY), ("chat", "--collection", "fex")):
        refused = run(home, *command)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert refused.stderr.endswith("assistant: There is no collection 'fex'. The closest: few.\n")
    assert run(home, "collections", "delete", "few").exit_code == 0
    assert run(home, "papers", "--collection", "few").exit_code == 1
    assert len(run(home, "papers").stdout.splitlines()) == len(PAIRS)


def test_programs_and_agents_use_those_of_their_key(assistant: Assistant, home: Path) -> None:
    assistant.collections.create("house", STORMS)
    with closing(Accounts(home)) as accounts:
        ann, bob = ({"authorization": f"Bearer {accounts.add_key(name)}"} for name in ("ann", "bob"))

    async def scene() -> list[Any]:
        with closing(Answering(assistant)) as line, closing(Doorkeeper(home)) as doorkeeper:
            app = FastAPI()
            app.include_router(api.router(assistant, line, doorkeeper, Settings(home=home)))
            async with (
                app.router.lifespan_context(app),
                httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as programs,
                Client(Server(assistant, line).protocol) as agent,
            ):
                new = {"name": "mine", "papers": [PEAR], "where": {"source": "nowhere.txt"}}
                good = {"name": "mine", "papers": [PEAR], "where": {"authors": ["Nobody"]}}
                asked = {"question": EVERY, "where": {"collection": "mine"}}
                at = "/api/collections"
                return [
                    await programs.post(at, json=new, headers=ann),
                    await programs.post(at, json=good, headers=ann),
                    await programs.patch(f"{at}/mine", json={"add": [MOD], "remove": []}, headers=ann),
                    await programs.get(at, headers=ann),
                    await programs.get(at, headers=bob),
                    await programs.post("/api/ask", json=asked, headers=ann),
                    await programs.post("/api/ask", json=asked, headers=bob),
                    await programs.get("/api/papers", params={"collection": "mine"}, headers=ann),
                    await programs.patch(f"{at}/house", json={"add": [MOD]}, headers=ann),
                    await programs.delete(f"{at}/mine", headers=bob),
                    await programs.delete(f"{at}/mine", headers=ann),
                    await programs.post(at, json={"name": " "}, headers=ann),
                    await programs.post(at, json={"name": "x", "owner": "user:bob"}, headers=ann),
                    await agent.call_tool("ask", {"question": EVERY, "where": {"collection": "house"}}),
                    await agent.call_tool("search_papers", {"query": EVERY, "where": {"collection": "mine"}}),
                ]

    *responses, reply, unknown = asyncio.run(scene())
    assert [one.status_code for one in responses] == [404, 201, 200, 200, 200, 200, 404, 200, 409, 404, 204, 422, 422]
    mine = {"name": "mine", "papers": 2, "where": "by Nobody", "shared": False, "own": True}
    house = {"name": "house", "papers": 1, "where": "", "shared": False, "own": False}
    assert responses[2].json() == mine
    assert responses[3].json() == {"collections": [house, mine]}
    assert responses[4].json() == {"collections": [house]}
    assert {hit["title"] for hit in responses[5].json()["hits"]} == {PEAR, MOD}
    assert responses[6].json()["detail"] == "There is no collection 'mine'. There are: house."
    assert {paper["title"] for paper in responses[7].json()["papers"]} == {PEAR, MOD}
    assert reply.structured_content["titles"] == [STORMS]
    assert unknown.is_error


def test_a_slack_channel_is_tied_to_a_collection(assistant: Assistant, home: Path) -> None:
    assistant.collections.create("few", STORMS)
    settings = Settings(home=home, slack_collections="C1=few, C2 = gone")

    async def answered(channel: str) -> str:
        with closing(Answering(assistant)) as line, Responder(assistant, line, settings) as responder:
            message = IncomingMessage(team="T1", channel=channel, thread="1", user="U1", text=EVERY)
            done = await responder.answer(message)
            return done.answer.filtered

    assert asyncio.run(answered("C1")) == "1 paper in the collection “few”"
    assert asyncio.run(answered("C3")) == ""


@pytest.mark.parametrize("value", ["few", "C1=", "=few", "C1=few,C2"])
def test_a_setting_that_ties_no_channel_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match="must look like C0123=codecs, C0456=speech"):
        Settings(slack_collections=value)


def test_those_of_a_removed_key_go_with_it(assistant: Assistant, home: Path) -> None:
    with closing(Accounts(home)) as accounts:
        accounts.add_key("ann")
        owner = accounts.known_key("ann").owner
    assistant.collections.of(owner).create("ours", PEAR, shared=True)
    assert assistant.collections.names() == ["ours"]
    assert run(home, "keys", "remove", "ann").exit_code == 0
    assert assistant.collections.names() == []


# -- the page


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("collections") / "home", PAIRS) as served:
        yield served


FORM = {"words": "", "listing": "", "since": "", "until": "", "author": "", "venue": "", "collection": ""}


def test_the_page_saves_uses_and_deletes_them(page: Served) -> None:
    async def scene() -> dict[str, str]:
        visitor = await Visitor.arrive(page.url)

        async def manages(deed: str, name: str, paper: str = "", **form: str) -> str:
            return str(
                await visitor.does("search", "edit", [], FORM | form | {"deed": deed, "name": name, "paper": paper})
            )

        async def asks(collection: str) -> str:
            name, chip = await visitor.does("chip", "input", [""], {"collection": collection})
            return str(chip) + str(await visitor.does("question", "submit", [EVERY, name]))

        chosen = FORM | {"collection": "<b>stormy", "serial": "1"}
        shown = {
            "saved": await manages("save", "<b>stormy", words="storms"),
            "again": await manages("save", "<b>stormy", words="storms"),
            "opened": str(await visitor.does("search", "select", [], {"paper": PEAR})),
            "put": await manages("put", "<b>stormy", PEAR),
            "listed": str(await visitor.does("search", "submit", [], chosen)),
            "asked": await asks("<b>stormy"),
            "taken": await manages("take", "<b>stormy", PEAR),
            "dropped": await manages("drop", "<b>stormy"),
            "unknown": await asks("<b>stormy"),
        }
        await visitor.leave()
        return shown

    shown = asyncio.run(scene())
    assert "Saved 1 paper as &lt;b&gt;stormy." in shown["saved"]
    assert re.search(r'<option value=\\?"&lt;b&gt;stormy\\?" selected', shown["saved"])
    assert "There is a collection" in shown["again"]
    assert "Add to a collection" in shown["opened"]
    assert "Take out of “&lt;b&gt;stormy”" in shown["put"]
    assert "2 papers found" in shown["listed"]
    assert "Delete this collection" in shown["listed"]
    assert "Searched the 2 papers in the collection" in shown["asked"]
    assert "Take out of" not in shown["taken"]
    assert "Deleted the collection &lt;b&gt;stormy. Its papers are still here." in shown["dropped"]
    assert "There is no collection" in shown["unknown"]
    assert not any("<b>stormy" in markup for markup in shown.values())


def test_a_visitor_from_elsewhere_may_use_and_not_change_them(page: Served) -> None:
    page.assistant.collections.create("house", PEAR)

    async def scene() -> tuple[str, str]:
        visitor = await Visitor.arrive(page.url)
        visitor.bear({"x-forwarded-for": "10.0.0.7"})
        about = FORM | {"deed": "drop", "name": "house", "paper": ""}
        refused = str(await visitor.does("search", "edit", [], about))
        opened = str(await visitor.does("search", "select", [], {"paper": MOD}))
        await visitor.leave()
        return refused, opened

    refused, opened = asyncio.run(scene())
    assert "Collections can be changed only by a logged-in user or at this computer." in refused
    assert "Add to a collection" not in opened
    assert page.assistant.collections.names() == ["house"]


def test_users_of_the_page_have_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.people.accounts.COST", (2, 8, 1))
    home, password = tmp_path / "home", "a battery of horses"
    with closing(Accounts(home)) as accounts:
        for name in ("ann", "bob"):
            accounts.add_user(name, password)

    async def scene(url: str) -> list[str]:
        shown = []
        for name in ("ann", "bob"):
            visitor = await Visitor.arrive(url, {"name": name, "password": password})
            if name == "ann":
                about = FORM | {"deed": "save", "name": "mine", "paper": "", "words": "storms"}
                shown.append(str(await visitor.does("search", "edit", [], about)))
            shown.append(str(await visitor.does("search", "apply", [], FORM | {"revision": ""})))
            await visitor.leave()
        return shown

    with serving(home, PAIRS, web.Rules(login=True, per_minute=OFTEN.per_minute)) as page:
        saved, ann, bob = asyncio.run(scene(page.url))
        assert page.assistant.collections.names() == []
    assert "Saved 1 paper as mine." in saved
    assert re.search(r'value=\\?"mine\\?"', ann)
    assert "mine" not in bob


def test_a_filter_without_a_collection_is_saved_as_living(page: Served) -> None:
    async def scene() -> str:
        visitor = await Visitor.arrive(page.url)
        about = FORM | {"deed": "save", "name": "living", "paper": "", "listing": "listing.txt"}
        shown = str(await visitor.does("search", "edit", [], about))
        await visitor.leave()
        return shown

    assert f"Saved {len(PAIRS)} papers as living. Papers added later that fit are in it, too." in asyncio.run(scene())
    assert page.assistant.collections.get("living").where == Filter(source="listing.txt")
    page.assistant.collections.delete("living")
