"""A pasted or dropped draft in, a report on its citations beside it out: the tab "Check a draft".

The draft is sent to a route of its own, which is not kept: an event of the page is too small for one. The response has
a line of JSON for each state of the report, so that its progress shows.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import gradio as gr
from fastapi import Request
from markupsafe import Markup
from starlette.responses import Response, StreamingResponse

from ...core.drafts import CheckedCitation, CheckedDraft, CheckedSentence
from ...core.errors import AssistantError
from ...core.readable import readable
from ...show.drafts import summary
from .asking import failure
from .markup import render
from .shared import Services

if TYPE_CHECKING:
    from fastapi import FastAPI

TITLE = "Check a draft"
PATH = "/draft"
FAILED = "The draft could not be checked"


@dataclass(frozen=True, slots=True)
class CitationView:
    """A citation or a closer paper: its verdict in words, why, and the closest passage; "" for what there is not."""

    mark: str
    title: str
    standing: str
    basis: str
    reasons: tuple[str, ...]
    passage: str


@dataclass(frozen=True, slots=True)
class SentenceView:
    """A sentence in pieces, each with whether the abstracts do not bear it out."""

    line: int
    standing: str
    pieces: tuple[tuple[str, bool], ...]
    citations: tuple[CitationView, ...]
    closer: CitationView | None


def build(services: Services) -> None:
    """Lay out the tab in the page that is being built."""
    with gr.Row(elem_id="drafts"):
        for name, content in (("manuscript", render("drafts.form")), ("verdicts", render("drafts.nothing"))):
            with gr.Column(elem_id=name, min_width=300):
                gr.HTML(content, js_on_load=None, apply_default_css=False)


def mount(application: FastAPI, services: Services) -> None:
    """Check a draft at POST /draft; a JSON line for each state of the report."""

    @application.post(PATH)
    async def check(request: Request) -> Response:
        try:
            values = json.loads(await request.body())
            draft, bibliography = str(values["draft"]), str(values.get("bibliography", ""))
        except (ValueError, TypeError, KeyError):
            return Response("Send a draft.", 400)
        return StreamingResponse(_lines(services, draft, bibliography), media_type="application/x-ndjson")


async def _lines(services: Services, draft: str, bibliography: str) -> AsyncGenerator[str, None]:
    try:
        async with aclosing(services.drafts(draft, bibliography)) as steps:
            async for step in steps:
                yield _line(await asyncio.to_thread(shown, step))
    except AssistantError as error:
        yield _line(_failed(error))


def _failed(error: AssistantError) -> Markup:
    reason = failure(error, what=FAILED)
    where = f" Details are in the server log under ID {reason.error}." if reason.error else ""
    return render("parts.failed", f"{reason.message}{where}")


def _line(markup: Markup) -> str:
    return json.dumps(str(markup)) + "\n"


def shown(step: tuple[int, int] | CheckedDraft) -> Markup:
    """The progress of a check, or the report."""
    if not isinstance(step, CheckedDraft):
        return render("drafts.running", *step)
    views = [_sentence(sentence) for sentence in step.sentences]
    citing = [view for view in views if view.citations]
    return render("drafts.report", summary(step), citing, [view for view in views if not view.citations])


def _sentence(sentence: CheckedSentence) -> SentenceView:
    checks = [citation.check for citation in sentence.citations if citation.check]
    at_fault = {words for check in checks for words in check.unsupported} if sentence.standing != "supported" else set()
    pieces = re.split(f"({'|'.join(map(re.escape, sorted(at_fault, key=len, reverse=True)))})", sentence.text)
    return SentenceView(
        sentence.line,
        sentence.standing,
        tuple((piece, piece in at_fault) for piece in (pieces if at_fault else [sentence.text])),
        tuple(map(_citation, sentence.citations)),
        _citation(sentence.closer) if sentence.closer else None,
    )


def _citation(citation: CheckedCitation) -> CitationView:
    check = citation.check
    if check is None:
        return CitationView(citation.mark, "", citation.standing, "", (readable(citation.reason),), "")
    basis = check.basis if check.basis == "quoted" else f"{check.basis}, {check.score:.2f}"
    reasons = () if check.supported else tuple(map(readable, check.reasons))
    title, passage = readable(citation.title), readable(check.quote)
    return CitationView(citation.mark, title, citation.standing, basis, reasons, passage)
