"""Nothing in, the last report of an evaluation out: the tab "Evaluation"."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import gradio as gr

from ...core.errors import AssistantError, MissingExtra
from ...service import evaluation
from . import reports
from .desk import Desk
from .markup import Html, joined, tag
from .papers import SHOWN

TITLE = "Evaluation"
WAIT = tag("p", {"class": "quiet stage"}, "One moment …")

_QUIETLY: Any = {"show_progress": "hidden", "concurrency_limit": None, "api_visibility": "private"}

Updates = dict[Any, Any]


def build(desk: Desk) -> None:
    """Lay out the tab in the page that is being built."""
    Tab(desk).listen()


class Tab:
    """The one component of the tab; a report is drawn once, for all who look at it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._drawn: tuple[str, Html] = ("", joined([]))
        with gr.Column(elem_id="evaluation"):
            self.report = gr.HTML(WAIT, elem_id="report", js_on_load=SHOWN, apply_default_css=False)

    def listen(self) -> None:
        """Say what happens on which event."""
        self.report.apply(self.opened, None, [self.report], **_QUIETLY)

    async def opened(self, event: gr.EventData) -> AsyncGenerator[Updates, None]:
        """The last report, unless it is there already; while its plots are drawn, that this takes a moment."""
        path, mark = await asyncio.to_thread(_last)
        if mark and str(getattr(event, "revision", "")) == mark:
            yield {self.report: gr.skip()}
            return
        if mark and mark != self._drawn[0]:
            yield {self.report: WAIT}
        yield {self.report: await self._desk.aside(lambda: self._shown(path, mark))}

    def _shown(self, path: Path | None, mark: str) -> Html:
        if path is None:
            return reports.nothing(f"{evaluation.report.REPORTS}/")
        if mark != self._drawn[0]:
            self._drawn = (mark, _drawn(path, mark))
        return self._drawn[1]


def _last() -> tuple[Path | None, str]:
    """Where the last report is, and what tells it from any other; it is looked for where the server was started."""
    path = evaluation.report.latest()
    return path, f"{path} {path.stat().st_mtime_ns}" if path else ""


def _drawn(path: Path, mark: str) -> Html:
    try:
        report = evaluation.report.read_report(path)
    except AssistantError as error:
        return reports.unreadable(str(error))
    notice = ""
    try:
        drawn = evaluation.plots.plots(report)
    except MissingExtra as error:
        drawn, notice = (), f"There are no plots. {error}"
    return reports.shown(report, drawn, notice=notice, path=str(path.with_suffix(".html")), mark=mark)
