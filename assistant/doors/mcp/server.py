"""The protocol over an assistant: its tools, prompts and resources, over stdio or as the route `/mcp`."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any

import mcp_types as types
from fastapi import APIRouter, FastAPI
from mcp.server import Server as Protocol
from mcp.server.context import ServerRequestContext
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from pydantic import BaseModel, ValidationError
from starlette.routing import Route

from ... import __version__
from ...chain import Assistant
from ...core.bounds import BODY
from ...core.errors import AssistantError, PaperNotFound, QuestionError
from ...core.export import draft_as_json, paper_as_json, plain
from ...core.readable import readable
from ...core.records import Answer, Ingested, Paper
from ...service.answering import Answering
from ...service.doorkeeper import Caller, Doorkeeper
from ...service.entry import Entry
from ...service.problems import problem_of
from ...service.uploads import added, file_content
from ...show.showing import readable_paper
from ...show.styles import references
from . import prompts
from .tools import (
    ADDING,
    TOOLS,
    AddArguments,
    AskArguments,
    CheckArguments,
    CheckDraftArguments,
    PaperArguments,
    SearchArguments,
    as_structure,
    as_text,
    draft_as_text,
    ingested_as_text,
    output_schemas,
)

SCHEME = "paper://"
PAGE = 100
"""Resources of one page."""
INSTRUCTIONS = (
    "Answers questions about a collection of papers from their titles and abstracts. Every sentence cites a paper by "
    "number and quotes the words it rests on; if the papers do not answer the question, `ask` says so. Before you cite "
    "a paper for a sentence of your own, check the sentence with `check_citation`, or a whole "
    "text with `check_draft`."
)
READ_ONLY = types.ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)

ADDS = types.ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False)

Context = ServerRequestContext[Any, Any]
ToolResult = tuple[str, dict[str, Any]]
"""The same as text for a model and as JSON values for a program."""


def routes(server: Server, doorkeeper: Doorkeeper) -> APIRouter:
    """The route `/mcp`. No session is kept: each request stands alone, even across a restart."""
    sessions = StreamableHTTPSessionManager(server.protocol, stateless=True, max_request_body_size=BODY)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with sessions.run():
            yield

    entry = Entry(sessions.handle_request, doorkeeper)
    return APIRouter(routes=[Route("/mcp", entry, include_in_schema=False)], lifespan=lifespan)


class Server:
    """The protocol over one assistant. Over HTTP the `doorkeeper` counts the questions of each key."""

    def __init__(
        self, assistant: Assistant, answering: Answering, doorkeeper: Doorkeeper | None = None, *, adding: bool = False
    ) -> None:
        """`adding`: whether agents may add papers, from files on this machine, too."""
        self._assistant, self._answering, self._doorkeeper = assistant, answering, doorkeeper
        self._offered = {**TOOLS, **(ADDING if adding else {})}
        self._tools: dict[str, Callable[[Any, Context], Awaitable[ToolResult]]] = {
            "ask": self._ask,
            "search_papers": self._search,
            "get_paper": self._get,
            "check_citation": self._check,
            "check_draft": self._check_draft,
            "add_papers": self._add,
        }
        self.protocol: Protocol[Any] = Protocol(
            "paper-assistant",
            version=__version__,
            instructions=INSTRUCTIONS,
            on_list_tools=self._list_tools,
            on_call_tool=self._call,
            on_list_resources=self._list_resources,
            on_list_resource_templates=self._list_templates,
            on_read_resource=self._read,
            on_list_prompts=self._list_prompts,
            on_get_prompt=self._prompt,
        )

    async def over_stdio(self) -> None:
        """Answer until the standard input ends."""
        async with stdio_server() as (reading, writing):
            await self.protocol.run(reading, writing, self.protocol.create_initialization_options())

    # -- tools

    async def _list_tools(self, _: Context, __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(
            tools=[
                types.Tool(
                    name=name,
                    description=text,
                    input_schema=kind.model_json_schema(),
                    output_schema=output_schemas()[name],
                    annotations=READ_ONLY if name in TOOLS else ADDS,
                )
                for name, (text, kind) in self._offered.items()
            ]
        )

    async def _call(self, context: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        if params.name not in self._offered:
            raise MCPError(types.INVALID_PARAMS, f"There is no such tool. There are: {', '.join(self._offered)}.")
        try:
            arguments: BaseModel = self._offered[params.name][1].model_validate(params.arguments or {})
            self._count(context)
            text, values = await self._tools[params.name](arguments, context)
        except ValidationError as error:
            faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
            return _failed(f"The arguments do not fit. {faults}.")
        except AssistantError as error:
            return _failed(problem_of(error).detail)
        return types.CallToolResult(content=[types.TextContent(type="text", text=text)], structured_content=values)

    def _count(self, context: Context) -> None:
        """Count a question against the key of a caller over HTTP; raises `NotAdmitted`."""
        if self._doorkeeper and (caller := _caller(context)):
            self._doorkeeper.admit(caller, "ask", question=True)

    async def _ask(self, arguments: AskArguments, context: Context) -> ToolResult:
        answer: Answer | None = None
        where = arguments.where.filter().owned_by(_collector(context))
        await _listed((), arguments.references)  # fails before the question is asked, not after it
        asking = self._answering.events(arguments.question, papers=arguments.papers, where=where)
        async with aclosing(asking) as events:
            done = 0
            async for event in events:
                answer = event.answer or answer
                done += 1
                await context.session.report_progress(done, None, event.stage)
        assert answer is not None, "the last event of a stream is the answer"
        listed = await _listed(answer, arguments.references)
        return as_text(answer, listed), as_structure(answer, listed)

    async def _search(self, arguments: SearchArguments, context: Context) -> ToolResult:
        where = arguments.where.filter().owned_by(_collector(context))
        search = functools.partial(self._assistant.search, arguments.query, where=where)
        hits = await self._answering.aside(search)
        hits = hits[: arguments.limit]
        papers = [
            {"id": hit.paper.id, "title": hit.paper.title, "relevance": float(hit.relevance), "text": hit.passage.text}
            for hit in hits
        ]
        lines = [f"- {readable(hit.paper.label)} (id {hit.paper.id}): {readable(hit.passage.text)}" for hit in hits]
        listed = await _listed([hit.paper for hit in hits], arguments.references)
        text = "\n".join([*lines, *(["", listed.rstrip()] if listed else [])])
        return text or "No paper here is about that.", {"papers": papers, "references": listed}

    async def _get(self, arguments: PaperArguments, _: Context) -> ToolResult:
        paper = await asyncio.to_thread(self._assistant.paper, arguments.paper)
        return _paper_text(paper), paper_as_json(paper)

    async def _check(self, arguments: CheckArguments, _: Context) -> ToolResult:
        check = functools.partial(self._assistant.check, arguments.sentence, arguments.paper)
        verdict = await self._answering.aside(check)
        reasons = "; ".join(map(readable, verdict.reasons))
        result = "The abstract supports it" if verdict.supported else f"The abstract does not support it ({reasons})"
        if verdict.unsupported:
            result += f". Not borne out: {'; '.join(f'“{readable(words)}”' for words in verdict.unsupported)}"
        return f"{result}. Nearest words: “{readable(verdict.quote)}”", plain(verdict)

    async def _add(self, arguments: AddArguments, _: Context) -> ToolResult:
        if bool(arguments.text) is bool(arguments.path):
            raise QuestionError("Give either the text of a file or the path of one.")
        manner = arguments.model_dump(include={"format", "titles_only", "dry_run"})

        def add() -> Ingested:
            content = arguments.text.encode(errors="replace") if arguments.text else file_content(arguments.path)
            return added(self._assistant, arguments.name or arguments.path, content, **manner)

        ingested = await asyncio.to_thread(add)
        return ingested_as_text(ingested, dry_run=arguments.dry_run), plain(ingested)

    # -- prompts

    async def _list_prompts(self, _: Context, __: types.PaginatedRequestParams | None) -> types.ListPromptsResult:
        return prompts.listed()

    async def _prompt(self, _: Context, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        return prompts.filled(params.name, params.arguments or {})

    async def _check_draft(self, arguments: CheckDraftArguments, context: Context) -> ToolResult:
        async def report(done: int, total: int) -> None:
            await context.session.report_progress(done, total, "checking")

        draft = await self._answering.checked_draft(arguments.draft, arguments.bibliography, on_step=report)
        return draft_as_text(draft), draft_as_json(draft)

    # -- resources

    async def _list_resources(
        self, _: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        cursor = (params and params.cursor) or "0"
        if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
            raise MCPError(types.INVALID_PARAMS, "The cursor is not one that was returned here.")
        start = int(cursor)
        papers = await asyncio.to_thread(self._assistant.papers)
        more = str(start + PAGE) if start + PAGE < len(papers) else None
        listed = [
            types.Resource(
                uri=f"{SCHEME}{paper.id}", name=paper.id, title=readable(paper.title), mime_type="text/plain"
            )
            for paper in papers[start : start + PAGE]
        ]
        return types.ListResourcesResult(resources=listed, next_cursor=more)

    async def _list_templates(
        self, _: Context, __: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        template = types.ResourceTemplate(
            uri_template=f"{SCHEME}{{id}}", name="paper", description="A paper by its id.", mime_type="text/plain"
        )
        return types.ListResourceTemplatesResult(resource_templates=[template])

    async def _read(self, _: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        uri = str(params.uri)
        try:
            paper = await asyncio.to_thread(self._assistant.paper, uri.removeprefix(SCHEME))
        except PaperNotFound as error:
            raise MCPError(types.INVALID_PARAMS, str(error)) from error
        text = types.TextResourceContents(uri=uri, mime_type="text/plain", text=_paper_text(paper))
        return types.ReadResourceResult(contents=[text])


def _caller(context: Context) -> Caller | None:
    """Who sends a request over HTTP; None over stdio."""
    caller = context.request.scope.get("caller") if context.request is not None else None
    return caller if isinstance(caller, Caller) else None


def _collector(context: Context) -> str:
    """Whose collections a request uses."""
    caller = _caller(context)
    return caller.collector if caller else ""


def _failed(text: str) -> types.CallToolResult:
    """An error for the calling model to read and correct."""
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=True)


async def _listed(papers: Answer | Sequence[Paper], form: str) -> str:
    """The papers in a form; "" if none is asked for."""
    return await asyncio.to_thread(references, papers, form) if form else ""


def _paper_text(paper: Paper) -> str:
    paper = readable_paper(paper)
    facts = [", ".join(paper.authors), ", ".join(part for part in (paper.venue, str(paper.year or "")) if part)]
    links = [paper.url, *paper.identifiers.links.values()]
    head = "\n".join(part for part in (paper.title, *facts) if part)
    return "\n\n".join(part for part in (head, paper.abstract, "\n".join(filter(None, links))) if part)
