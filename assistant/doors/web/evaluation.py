"""The tab "Evaluation": the last report of an evaluation, or how to make one."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr
from markupsafe import Markup

from ...core.errors import AssistantError, MissingExtra
from ...service import evaluation
from .markup import render
from .shared import QUIETLY, WHEN_SEEN, Services, Updates, component

if TYPE_CHECKING:
    from eval.cases import Case
    from eval.report import Report
    from eval.tables import Table

TITLE = "Evaluation"
FIGURES = (
    ("f1", "citation F1"),
    ("support", "of sentences supported"),
    ("decided", "correctly answered or declined"),
)
"""The measures shown in large figures above the others."""
MISSES = 100
"""Cases with a miss that are listed; the report itself has all."""
INK = "#1d2024"
"""The plots' text and axes, as --ink in own/page.css; own/evaluation.css turns it light where the page is dark."""


def build(services: Services) -> None:
    """Lay out the tab in the page that is being built."""
    EvaluationTab(services).listen()


class EvaluationTab:
    """The one component of the tab; a report is drawn once, for everyone who looks at it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._drawn: tuple[str, Markup | str] = ("", "")
        with gr.Column(elem_id="evaluation"):
            self.report = component("report", _wait(), js=WHEN_SEEN)

    def listen(self) -> None:
        """Connect events and handlers."""
        self.report.apply(self.opened, None, [self.report], **QUIETLY)

    async def opened(self, event: gr.EventData) -> AsyncGenerator[Updates, None]:
        """The last report, unless it is shown already; a notice first if its plots have to be drawn."""
        path, revision = await asyncio.to_thread(_last)
        if revision and str(getattr(event, "revision", "")) == revision:
            yield {self.report: gr.skip()}
            return
        if revision and revision != self._drawn[0]:
            yield {self.report: _wait()}
        yield {self.report: await self._services.aside(lambda: self._shown(path, revision))}

    def _shown(self, path: Path | None, revision: str) -> Markup | str:
        if path is None:
            return render("evaluation.nothing", f"{evaluation.report.REPORTS}/")
        if revision != self._drawn[0]:
            self._drawn = (revision, _drawn(path, revision))
        return self._drawn[1]


def _wait() -> Markup:
    return render("parts.wait", "One moment …")


def _last() -> tuple[Path | None, str]:
    """Where the last report is, and its state; it is looked for in the folder that the server was started in."""
    path = evaluation.report.latest()
    return path, f"{path} {path.stat().st_mtime_ns}" if path else ""


def _drawn(path: Path, revision: str) -> Markup:
    try:
        report = evaluation.report.read_report(path)
    except AssistantError as error:
        return render("evaluation.unreadable", str(error))
    notice = ""
    try:
        drawn = evaluation.plots.plots(report)
    except MissingExtra as error:
        drawn, notice = (), f"There are no plots. {error}"
    return shown(report, drawn, notice=notice, path=str(path.with_suffix(".html")), revision=revision)


# -- what the template shows


@dataclass(frozen=True, slots=True)
class ReportView:
    """A report: its main figures by name, its plots as captions and addresses of images, and its tables.

    `missed` are the first of `missed_in_all` cases with a miss.
    """

    revision: str
    heading: str
    lead: str
    problems: tuple[str, ...]
    figures: tuple[tuple[str, str], ...]
    plots: tuple[tuple[str, str], ...]
    notice: str
    tables: tuple[Table, ...]
    missed: tuple[Case, ...]
    missed_in_all: int


def shown(report: Report, plots: Sequence[tuple[str, str]], *, notice: str, path: str, revision: str) -> Markup:
    """The report: its main figures, the plots (captions and SVG), every table, and the questions with a miss.

    `notice` says why there are no plots; `path` is the report as an HTML page.
    """
    made, size = report.made[:16].replace("T", " at "), f"{len(report.cases):,} questions"
    missed = tuple(case for case in report.cases if case.misses)
    view = ReportView(
        revision,
        f"Evaluation: {report.name}" if report.name else "Evaluation",
        f"Made {made} UTC, {size}. With every answer: {path}",
        tuple(report.problems),
        _figures(report),
        tuple((caption, _image(svg)) for caption, svg in plots),
        notice,
        tuple(report.tables),
        missed[:MISSES],
        len(missed),
    )
    return render("evaluation.shown", view)


def _figures(report: Report) -> tuple[tuple[str, str], ...]:
    means = ((name, report.rows[0].intervals[measure]) for measure, name in FIGURES)
    return tuple((name, f"{interval.mean:.2f}") for name, interval in means if interval)


def _image(svg: str) -> str:
    """The address of an SVG as an image."""
    namespaces = f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" color="{INK}"'
    encoded = base64.b64encode(svg.replace("<svg", namespaces, 1).encode()).decode()
    return f"data:image/svg+xml;base64,{encoded}"
