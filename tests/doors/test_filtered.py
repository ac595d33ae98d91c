"""Filters through the doors: the command line, HTTP and agents."""

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
from typer.testing import CliRunner

from assistant.chain import Assistant
from assistant.core.filters import Filter
from assistant.core.records import Paper
from assistant.core.settings import Settings
from assistant.doors import api, cli
from assistant.doors.mcp.server import Server
from assistant.service.answering import Answering
from assistant.service.doorkeeper import Doorkeeper
from assistant.service.narrowing import Narrowing

from ..papers import PAIRS

PAPERS = [
    Paper(
        title,
        f"{abstract} It has a garden.",
        sources=("lib.bib",),
        authors=("Ivy Moss", "Ash Reed", "Plato") if number % 2 else ("Ash Reed",),
        year=2017 + number,
        venue="ACL" if number < 4 else "Nature",
    )
    for number, (title, abstract) in enumerate(PAIRS)
]
MOSS = [paper.title for paper in PAPERS[1::2]]
GARDEN = "Which papers have a garden?"


@pytest.fixture
def library_home(home: Path) -> Iterator[Path]:
    with Assistant.open(home) as assistant:
        assistant._holdings.library.put(PAPERS)
    yield home


def run(home: Path, *words: str) -> str:
    return CliRunner().invoke(cli.app, ["--home", str(home), *words]).stdout


@pytest.mark.parametrize(
    ("options", "papers"),
    [
        (("--author", "Moss"), PAPERS[1::2]),
        (("--author", "moss", "--author", "Ash Reed", "--since", "2022"), PAPERS[5::2]),
        (("--venue", "ACL", "--until", "2018"), PAPERS[:2]),
        (("--venue", "acl", "--venue", "nature", "--source", "lib.bib"), PAPERS),
        (("--listing", "lib.bib", "--since", "2024"), PAPERS[7:]),
        (("--author", "Nobody"), []),
        (("--author", "Moss", "--without", "snow", "--without", "lanterns"), PAPERS[3:6:2]),
    ],
)
def test_the_command_line_lists_what_passes(library_home: Path, options: tuple[str, ...], papers: list[Paper]) -> None:
    listed = run(library_home, "papers", *options).splitlines()
    assert len(listed) == len(papers)
    assert {line.partition(" (")[2] for line in listed} == {f"{paper.byline})" for paper in papers}


def test_the_command_line_asks_only_about_what_passes(library_home: Path) -> None:
    values = json.loads(run(library_home, "ask", "--json", "--author", "Moss", "--since", "2020", GARDEN))
    assert values["filtered"] == "3 papers since 2020, by Moss"
    assert {hit["title"] for hit in values["hits"]} == set(MOSS[1:])
    text = run(library_home, "ask", "--venue", "Nature", GARDEN)
    assert text.startswith("Searched the 4 papers at Nature.")
    assert {*re.findall(r"\(.+, (\d{4})\)", text)} <= {"2021", "2022", "2023", "2024"}
    assert re.search(r"\((?:Reed|Moss et al\.), 202\d\)", text)


def test_papers_are_listed_for_reference_managers(library_home: Path) -> None:
    assert run(library_home, "papers", "--author", "Moss", "--as", "bibtex").count("@inproceedings{") == 2
    assert run(library_home, "papers", "--author", "Moss", "--as", "ris").count("TY  - ") == 4
    assert len(json.loads(run(library_home, "papers", "--as", "csl"))) == len(PAPERS)


def test_papers_are_listed_as_a_style_has_them(library_home: Path) -> None:
    listed = run(library_home, "papers", "--author", "Moss", "--format", "apa").splitlines()
    assert len(listed) == len(MOSS)
    assert all(line.startswith("Moss, I., Reed, A., & Plato. (20") for line in listed)


def test_an_answer_comes_with_its_references(library_home: Path) -> None:
    asked = ("ask", "--author", "Moss", "--since", "2020", "--references", "ieee")
    text = run(library_home, *asked, GARDEN)
    listed = text.rpartition("\n\n")[2].splitlines()
    assert [line[:11].strip() for line in listed] == [f"[{number}] I. Moss" for number in range(1, len(listed) + 1)]
    assert json.loads(run(library_home, *asked, "--json", GARDEN))["references"].splitlines() == listed


def test_programs_and_agents_give_filters(library_home: Path) -> None:
    async def scene() -> tuple[Any, ...]:
        with (
            Assistant.open(library_home) as assistant,
            closing(Answering(assistant)) as line,
            closing(Doorkeeper(library_home)) as doorkeeper,
        ):
            app = FastAPI()
            app.include_router(api.router(assistant, line, doorkeeper, Settings(home=library_home)))
            async with (
                app.router.lifespan_context(app),
                httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as programs,
                Client(Server(assistant, line).protocol) as agent,
            ):
                where = {"authors": ["Moss"], "without": {"until": "2020"}}
                body = {"question": GARDEN, "where": where}
                return (
                    (await programs.post("/api/ask", json={"question": GARDEN, "where": where})).json(),
                    (await programs.get("/api/papers", params={"author": ["Moss", "Reed"], "venue": "ACL"})).json(),
                    (await programs.post("/api/ask", json={"question": GARDEN, "where": {"autor": "x"}})).status_code,
                    (await agent.call_tool("ask", {"question": GARDEN, "where": where})).structured_content,
                    (await agent.call_tool("search_papers", {"query": "garden", "where": where})).structured_content,
                    (await programs.post("/api/ask", json={**body, "references": "apa"})).json(),
                    (await programs.get("/api/papers", params={"author": "Moss", "references": "mla"})).json(),
                    (await programs.get("/api/papers", params={"references": "harvard"})).json(),
                    (await agent.call_tool("ask", {"question": GARDEN, "where": where, "references": "ieee"})),
                    (await agent.call_tool("search_papers", {"query": "garden", "where": where, "references": "acl"})),
                    (await agent.call_tool("get_paper", {"paper": MOSS[0]})).content[0],
                )

    answer, listed, refused, tool, found_papers, *referred, whole = asyncio.run(scene())
    asked, shelf, unknown, tool_asked, tool_searched = referred
    assert asked["references"].count("\n") == len(asked["titles"])
    assert asked["references"].startswith("Moss, I., Reed, A., & Plato. (20")
    assert shelf["references"].count("Moss, Ivy, et al. ") == len(MOSS)
    assert unknown["detail"].startswith("There is no form 'harvard'. There are: apa, ")
    assert tool_asked.content[0].text.endswith(tool_asked.structured_content["references"].rstrip())
    assert tool_asked.structured_content["references"].startswith("[1] I. Moss")
    assert tool_searched.structured_content["references"].count("Ivy Moss, Ash Reed, and Plato. ") == 2
    assert tool["references"] == answer["references"] == ""
    later = set(MOSS[2:])
    assert answer["filtered"] == tool["filtered"] == "2 papers by Moss, not until 2020"
    assert {hit["title"] for hit in answer["hits"]} == {one["title"] for one in found_papers["papers"]} == later
    assert answer["hits"][0]["authors"] == ["Ivy Moss", "Ash Reed", "Plato"]
    assert {paper["title"] for paper in listed["papers"]} == set(MOSS[:2])
    assert refused == 422
    assert whole.text.splitlines()[1:3] == ["Ivy Moss, Ash Reed, Plato", "ACL, 2018"]


def test_programs_and_agents_leave_a_topic_out() -> None:
    assert Narrowing(not_about=["snow"], venues=["ACL"]).filter() == Filter(venues=("ACL",), not_about=("snow",))
    assert not Narrowing().filter()
