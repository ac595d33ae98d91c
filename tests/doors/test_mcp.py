"""mcp: the official client gets what Python gets, over stdio and HTTP."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import httpx2
import jsonschema_rs
import pytest
from fastapi import FastAPI
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult

from assistant.chain import Assistant
from assistant.core.bounds import BODY
from assistant.core.errors import MissingExtra
from assistant.core.export import draft_as_json
from assistant.core.readable import readable
from assistant.doors import mcp
from assistant.doors.mcp import server
from assistant.people.accounts import Accounts
from assistant.service import uploads
from assistant.service.answering import Answering
from assistant.service.doorkeeper import Doorkeeper

from ..conftest import ROOT
from ..live import Live, at_once, client, opened
from ..papers import PAIRS
from .test_api import Broken

QUESTION = "What does PearRank learn from?"
PEAR = PAIRS[0][0]
Scene = Callable[[Client], Coroutine[Any, Any, None]]


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    with opened(tmp_path_factory.mktemp("mcp") / "home") as one:
        yield one


@pytest.fixture(scope="module")
def doorkeeper(assistant: Assistant) -> Iterator[Doorkeeper]:
    with closing(Doorkeeper(assistant.status().home, sleep=at_once)) as one:
        yield one


@pytest.fixture(scope="module")
def url(assistant: Assistant, doorkeeper: Doorkeeper) -> Iterator[str]:
    with closing(Answering(assistant)) as line, Live(application(assistant, line, doorkeeper)) as live:
        yield f"{live.url}/mcp"


def application(assistant: Assistant, line: Answering, doorkeeper: Doorkeeper) -> FastAPI:
    app = FastAPI()
    app.include_router(mcp.router(assistant, line, doorkeeper))
    return app


def play(at: Any, scene: Scene, *, mode: str = "auto") -> None:
    async def connected() -> None:
        async with Client(at, mode=mode) as agent:
            await scene(agent)

    asyncio.run(connected())


def text(result: CallToolResult) -> str:
    return "\n".join(getattr(part, "text", "") for part in result.content)


# -- tools


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_an_agent_asks_over_http_and_gets_the_stages(url: str, assistant: Assistant, mode: str) -> None:
    stages: list[str | None] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        stages.append(message)

    async def scene(agent: Client) -> None:
        asked = assistant.ask(QUESTION)
        done = await agent.call_tool("ask", {"question": QUESTION}, progress_callback=note)
        assert done.structured_content
        assert (done.structured_content["text"], done.structured_content["titles"]) == (asked.text, [PEAR])
        assert text(done).startswith(f"{asked.text}\n\n[1] {PEAR}\n    “")
        assert stages[:3] == [
            f"searching {len(PAIRS)} papers",
            f"reading {len(asked.hits)} papers",
            "checking citations",
        ]

    play(url, scene, mode=mode)


def test_an_agent_asks_over_stdio(sample_home: Path) -> None:
    code = "from assistant.doors.cli import main; main()"
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "ASSISTANT_READER")}
    program = StdioServerParameters(
        command=sys.executable, args=["-c", code, "mcp", "--home", str(sample_home)], env=environment, cwd=ROOT
    )
    question = "Is there a music vocoder that outputs stereo?"

    async def scene(agent: Client) -> None:
        assert (await agent.list_tools()).tools[0].name == "ask"
        done = await agent.call_tool("ask", {"question": question})
        with Assistant.open(sample_home) as assistant:
            assert text(done).startswith(assistant.ask(question).text)

    play(program, scene)


def test_every_tool_and_argument_is_described(url: str) -> None:
    async def scene(agent: Client) -> None:
        tools = {tool.name: tool for tool in (await agent.list_tools()).tools}
        assert list(tools) == ["ask", "search_papers", "get_paper", "check_citation", "check_draft"]
        for tool in tools.values():
            assert tool.description
            assert all(one["description"] for one in tool.input_schema["properties"].values())
            assert tool.annotations and tool.annotations.read_only_hint
            assert tool.output_schema and tool.output_schema["type"] == "object"
        assert "do not guess" in (tools["ask"].description or "")

    play(url, scene)


def test_the_result_of_every_tool_fits_its_schema(url: str) -> None:
    calls: list[tuple[str, dict[str, Any]]] = [
        ("ask", {"question": QUESTION}),
        ("ask", {"question": "Who won the cricket world cup?"}),
        ("search_papers", {"query": QUESTION}),
        ("search_papers", {"query": "?"}),
        ("get_paper", {"paper": PEAR}),
        ("check_citation", {"sentence": "PearRank sings.", "paper": PEAR}),
        ("check_draft", {"draft": f"PearRank reads the wind with 91% accuracy [1]. So [2].\nReferences\n[1] {PEAR}"}),
    ]

    async def scene(agent: Client) -> None:
        schemas = {tool.name: tool.output_schema for tool in (await agent.list_tools()).tools}
        for name, arguments in calls:
            done = await agent.call_tool(name, arguments)
            if not done.is_error:
                jsonschema_rs.validate(closed(schemas[name]), done.structured_content)

    play(url, scene)


def closed(schema: Any) -> Any:
    """The schema, under which a field that it does not name is an error."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: False if name == "additionalProperties" else closed(value) for name, value in schema.items()}


def test_papers_are_searched_and_read(url: str, assistant: Assistant) -> None:
    async def scene(agent: Client) -> None:
        search = await agent.call_tool("search_papers", {"query": QUESTION, "limit": 2})
        assert search.structured_content
        papers = search.structured_content["papers"]
        assert [one["title"] for one in papers] == [hit.paper.title for hit in assistant.search(QUESTION)[:2]]
        paper = await agent.call_tool("get_paper", {"paper": papers[0]["id"]})
        assert paper.structured_content
        assert (paper.structured_content["title"], paper.structured_content["abstract"]) == PAIRS[0]
        assert PAIRS[0][1] in text(paper)
        missing = await agent.call_tool("get_paper", {"paper": "none"})
        assert (missing.is_error, text(missing)) == (True, "No paper here is called 'none'.")

    play(url, scene)


def test_a_citation_is_checked(url: str, assistant: Assistant) -> None:
    async def scene(agent: Client) -> None:
        for sentence in ("PearRank learns from weak labels alone.", "PearRank gains 9.5 points."):
            done = await agent.call_tool("check_citation", {"sentence": sentence, "paper": PEAR})
            verdict = assistant.check(sentence, PEAR)
            assert done.structured_content
            assert done.structured_content["supported"] == verdict.supported
            assert verdict.quote in text(done)
            assert all(reason in text(done) for reason in verdict.reasons) or verdict.supported

    play(url, scene)


def test_a_draft_is_checked(url: str, assistant: Assistant) -> None:
    draft = f"PearRank gains 9.5 points [1]. It flies far [2]. It rains.\n\n## References\n[1] {PEAR}."

    async def scene(agent: Client) -> None:
        done = await agent.call_tool("check_draft", {"draft": draft})
        assert done.structured_content == draft_as_json(assistant.check_draft(draft))
        assert text(done).splitlines()[2:] == [
            "Line 1, not supported: PearRank gains 9.5 points.",
            f"- [1] “{PEAR}”: the abstract does not state 9.5",
            "",
            "Line 1, not in the library: It flies far.",
            "- [2]: no paper here for [2]",
        ]

    play(url, scene)


def test_a_question_can_be_limited_to_papers_and_a_decline_is_not_an_error(url: str, assistant: Assistant) -> None:
    async def scene(agent: Client) -> None:
        kept = await agent.call_tool("ask", {"question": "Which papers are there?", "papers": [PEAR]})
        assert kept.structured_content
        assert kept.structured_content["text"] == assistant.ask("Which papers are there?", papers=[PEAR]).text
        declined = await agent.call_tool("ask", {"question": "Who won the cricket world cup?"})
        assert declined.structured_content
        assert not declined.structured_content["answered"]
        assert not declined.is_error

    play(url, scene)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"question": "?!"}, "The question has no words. Ask something about the papers."),
        ({}, "The arguments do not fit. question: Field required."),
        ({"question": 1}, "The arguments do not fit. question: Input should be a valid string."),
        ({"question": "a", "paper": "b"}, "The arguments do not fit. paper: Extra inputs are not permitted."),
    ],
)
def test_invalid_arguments_are_explained_to_the_model(url: str, arguments: dict[str, Any], message: str) -> None:
    async def scene(agent: Client) -> None:
        done = await agent.call_tool("ask", arguments)
        assert (done.is_error, text(done)) == (True, message)

    play(url, scene)


def test_an_unknown_tool_is_a_protocol_error(url: str) -> None:
    async def scene(agent: Client) -> None:
        with pytest.raises(MCPError, match=r"There is no such tool\. There are: ask, "):
            await agent.call_tool("delete_everything", {})

    play(url, scene)


# -- adding papers

BIBTEX = (
    "@article{a, title = {Lighthouses in Fog}, year = 2024, abstract = {We light lanterns in fog, count the ships that "
    "find the harbour, and compare nine colours of light over three winters.}}\n"
)


def adding(home: Path, scene: Scene) -> None:
    with Assistant.open(home) as assistant, closing(Answering(assistant)) as line:
        play(server.Server(assistant, line, adding=True).protocol, scene)


def test_an_agent_adds_papers_only_where_that_is_allowed(home: Path, url: str) -> None:
    async def refused(agent: Client) -> None:
        assert "add_papers" not in [tool.name for tool in (await agent.list_tools()).tools]
        with pytest.raises(MCPError, match="There is no such tool"):
            await agent.call_tool("add_papers", {"text": BIBTEX})

    async def scene(agent: Client) -> None:
        tool = next(tool for tool in (await agent.list_tools()).tools if tool.name == "add_papers")
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint is False
        (home.parent / "refs.bib").write_text(BIBTEX, encoding="utf-8")
        outcomes = [
            await agent.call_tool("add_papers", arguments)
            for arguments in (
                {"text": BIBTEX, "name": "refs.bib", "dry_run": True},
                {"text": BIBTEX, "name": "refs.bib"},
                {"path": str(home.parent / "refs.bib")},
                {"text": "@article{a, title = {No Abstract}}", "name": "b.bib"},
            )
        ]
        values = [one.structured_content or {} for one in outcomes]
        counts = [(one["added"], one["unchanged"]) for one in values]
        assert counts == [(1, 0), (1, 0), (0, 1), (0, 0)]
        assert text(outcomes[0]).startswith("Nothing was changed. It would be: 1 added,")
        assert "No Abstract, line 1: has no abstract" in text(outcomes[3])
        for one in values:
            jsonschema_rs.validate(tool.output_schema or {}, one)

    play(url, refused)
    adding(home, scene)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "Give either the text of a file or the path of one."),
        ({"text": BIBTEX, "path": "a.bib"}, "Give either the text of a file or the path of one."),
        ({"path": "no such file.bib"}, "'no such file.bib' is no file on this machine."),
        ({"path": "."}, "'.' is no file on this machine."),
        ({"text": BIBTEX, "format": "runes"}, "runes"),
    ],
)
def test_what_cannot_be_added_is_explained(home: Path, arguments: dict[str, Any], message: str) -> None:
    async def scene(agent: Client) -> None:
        outcome = await agent.call_tool("add_papers", arguments)
        assert outcome.is_error
        assert message in text(outcome)

    adding(home, scene)


def test_a_file_that_is_too_long_is_not_added(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "UPLOAD", 100)
    (home.parent / "long.bib").write_text(BIBTEX, encoding="utf-8")

    async def scene(agent: Client) -> None:
        for arguments in ({"text": BIBTEX}, {"path": str(home.parent / "long.bib")}):
            outcome = await agent.call_tool("add_papers", arguments)
            assert "The file is longer than" in text(outcome)

    adding(home, scene)


def test_an_internal_error_reveals_nothing(home: Path) -> None:
    async def scene(agent: Client) -> None:
        with pytest.raises(MCPError) as raised:
            await agent.call_tool("ask", {"question": QUESTION})
        assert "secret" not in str(raised.value)

    with (
        opened(home, Broken()) as assistant,
        closing(Answering(assistant)) as line,
        closing(Doorkeeper(home)) as doorkeeper,
        Live(application(assistant, line, doorkeeper)) as live,
    ):
        play(f"{live.url}/mcp", scene)


# -- prompts


def test_prompts_name_the_tools(url: str) -> None:
    async def scene(agent: Client) -> None:
        prompts = {prompt.name: prompt for prompt in (await agent.list_prompts()).prompts}
        assert list(prompts) == ["answer", "review", "check"]
        tools = {tool.name for tool in (await agent.list_tools()).tools}
        named: set[str] = set()
        for prompt in prompts.values():
            (argument,) = prompt.arguments or []
            got = await agent.get_prompt(prompt.name, {argument.name: "Pears and $VILA^2$"})
            (message,) = got.messages
            said = getattr(message.content, "text", "")
            assert said.endswith(f"{argument.name.capitalize()}: Pears and $VILA^2$")
            named |= {word for word in tools if f"`{word}`" in said}
        assert named == tools

    play(url, scene)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("sing", {"question": "a"}, r"There is no such prompt\. There are: answer, review, check\."),
        ("answer", {}, "The prompt 'answer' takes the argument 'question' only, 1 to 4,000 characters"),
        ("answer", {"question": "a" * 4001}, "takes the argument 'question' only"),
        ("review", {"topic": "a", "style": "b"}, "takes the argument 'topic' only"),
    ],
)
def test_wrong_arguments_of_a_prompt_are_a_protocol_error(
    url: str, name: str, arguments: dict[str, str], message: str
) -> None:
    async def scene(agent: Client) -> None:
        with pytest.raises(MCPError, match=message):
            await agent.get_prompt(name, arguments)

    play(url, scene)


# -- resources


def test_the_papers_are_resources_page_by_page(url: str, assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "PAGE", 3)

    async def scene(agent: Client) -> None:
        listed, cursor = [], None
        while True:
            page = await agent.list_resources(cursor=cursor)
            assert len(page.resources) <= 3
            listed += page.resources
            cursor = page.next_cursor
            if not cursor:
                break
        papers = assistant.papers()
        assert [one.title for one in listed] == [readable(paper.title) for paper in papers]
        for one, paper in zip(listed, papers, strict=True):
            (content,) = (await agent.read_resource(one.uri)).contents
            assert getattr(content, "text", "").startswith(readable(f"{paper.title}\n\n{paper.abstract}"))
        (template,) = (await agent.list_resource_templates()).resource_templates
        assert template.uri_template == "paper://{id}"
        with pytest.raises(MCPError, match="No paper here is called 'none'"):
            await agent.read_resource("paper://none")
        with pytest.raises(MCPError, match="The cursor is not one"):
            await agent.list_resources(cursor="-1")

    play(url, scene)


# -- who may ask


def test_other_machines_need_a_key(assistant: Assistant, doorkeeper: Doorkeeper) -> None:
    async def scene(line: Answering) -> None:
        async with client(application(assistant, line, doorkeeper), address="10.0.0.7") as calling:
            for headers in ({}, {"authorization": "Bearer papers_guessed"}):
                refused = await calling.post("/mcp", json={}, headers=headers)
                assert refused.status_code == 401
                assert refused.headers["content-type"] == "application/problem+json"
                assert "guessed" not in refused.text

    with closing(Answering(assistant)) as line:
        asyncio.run(scene(line))


def test_a_key_has_a_limit_of_questions_a_minute(url: str, assistant: Assistant) -> None:
    with closing(Accounts(assistant.status().home)) as accounts:
        token = accounts.add_key("agent", per_minute=1)

    async def scene() -> None:
        headers = {"Authorization": f"Bearer {token}"}
        async with (
            httpx2.AsyncClient(headers=headers) as calling,
            Client(streamable_http_client(url, http_client=calling)) as agent,
        ):
            await agent.list_tools()
            assert not (await agent.call_tool("ask", {"question": QUESTION})).is_error
            refused = await agent.call_tool("ask", {"question": QUESTION})
            assert refused.is_error
            assert "1 questions a minute" in text(refused)

    asyncio.run(scene())


def test_a_request_that_is_too_long_is_refused(url: str) -> None:
    done = httpx.post(url, content=b" " * (BODY + 1), headers={"content-type": "application/json"})
    assert done.status_code == 413


def test_a_missing_package_names_the_install_command(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "mcp" else find_spec(name))
    assert not mcp.installed()
    with pytest.raises(MissingExtra, match=r"pip install 'paper-assistant\[mcp\]'"):
        mcp.serve(assistant)
