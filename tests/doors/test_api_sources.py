"""The HTTP interface: followed sources are listed, and synced for those who may add papers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from assistant.chain import Assistant
from assistant.people.accounts import Accounts

from ..live import client, made, opened
from ..papers import PAIRS

NEW = {"added": 2, "updated": 0, "unchanged": 0, "rejected": 0, "remark": "", "fault": ""}


@pytest.fixture
def assistant(tmp_path: Path) -> Iterator[Assistant]:
    with opened(tmp_path / "home") as one:
        yield one


def calls(assistant: Assistant, *steps: tuple[str, str, str], address: str = "127.0.0.1") -> list[httpx.Response]:
    """The responses to these methods, paths and keys, one after the other; a GET waits until no sync runs."""

    async def each() -> list[httpx.Response]:
        responses = []
        with made(assistant) as app:
            async with client(app, address=address) as calling:
                for method, path, key in steps:
                    headers = {"Authorization": f"Bearer {key}"} if key else {}
                    response = await calling.request(method, path, headers=headers)
                    while method == "GET" and response.is_success and response.json().get("syncing"):
                        await asyncio.sleep(0.02)
                        response = await calling.request(method, path, headers=headers)
                    responses.append(response)
        return responses

    return asyncio.run(each())


LIST, SYNC = ("GET", "/api/sources", ""), ("POST", "/api/sources/sync", "")


def test_without_sources_there_is_nothing_to_sync(assistant: Assistant) -> None:
    before, sync = calls(assistant, LIST, SYNC)
    assert (before.status_code, before.json()) == (200, {"sources": [], "syncing": False})
    assert (sync.status_code, sync.json()) == (202, {"sources": [], "syncing": False})


def test_sources_are_listed_and_synced(assistant: Assistant, tmp_path: Path) -> None:
    folder = tmp_path / "secret" / "papers"
    folder.mkdir(parents=True)
    for name in ("Figs", "Plums"):
        record = {"title": f"{name} in Fog", "abstract": f"{name} in fog are {name.lower()} that nobody sees."}
        (folder / f"{name}.json").write_text(json.dumps(record))
    assistant.follow("folder", str(folder))
    before, sync, after = calls(assistant, LIST, SYNC, LIST)
    (source,) = before.json()["sources"]
    assert (source["name"], source["kind"], source["target"], source["synced"]) == (
        *("folder-papers", "folder", "papers"),
        None,
    )
    assert (sync.status_code, sync.json()["syncing"]) == (202, True)
    (source,) = after.json()["sources"]
    assert source.items() >= NEW.items()
    assert source["synced"].endswith("+00:00")
    assert len(assistant.papers()) == len(PAIRS) + 2


def test_secrets_in_addresses_are_not_listed(assistant: Assistant) -> None:
    assistant.follow("feed", "https://ivy:pass@journal.example:8443/new.xml?token=secret", name="kites")
    (listed,) = calls(assistant, LIST)
    assert listed.json()["sources"][0]["target"] == "https://journal.example/new.xml"


def test_only_those_who_may_add_papers_may_sync(assistant: Assistant) -> None:
    with closing(Accounts(assistant.status().home)) as accounts:
        reader, writer = accounts.add_key("r", rights="ask"), accounts.add_key("w", rights="write")
    keys = (("", 401, 401), (reader, 200, 403), (writer, 200, 202))
    for key, may_list, may_sync in keys:
        listed, synced = calls(assistant, ("GET", LIST[1], key), ("POST", SYNC[1], key), address="10.0.0.7")
        assert (listed.status_code, synced.status_code) == (may_list, may_sync)
