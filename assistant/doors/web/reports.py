"""The report of an evaluation in, the tab that shows it as markup out."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .markup import Attributes, Html, foreign, joined, tag

if TYPE_CHECKING:
    from eval.cases import Case
    from eval.report import Report
    from eval.tables import Table

FIGURES = (
    ("f1", "citation F1"),
    ("support", "of sentences supported"),
    ("decided", "answered or declined rightly"),
)
"""The measures that stand large above the others."""
MISSES = 100
"""Cases with a miss that are listed; the report itself holds all."""
INK = "#1d2024"
"""The plots' text and axes, as --ink in own/page.css; own/evaluation.css turns it light where the page is dark."""


def nothing(folder: str) -> Html:
    """What stands where there is no report."""
    how = tag("p", {"class": "command"}, tag("code", {}, "assistant eval"))
    what = "It puts questions with known answers to the assistant and scores what it says, in about a minute."
    where = f"Run it where this server was started; it leaves its report in the folder {folder}."
    return tag(
        "section",
        {"class": "none"},
        tag("h2", {}, "No evaluation yet"),
        tag("p", {}, "This command makes one:"),
        how,
        tag("p", {"class": "quiet"}, f"{what} {where} Then open this tab again."),
    )


def unreadable(message: str) -> Html:
    """What stands where the last report is none."""
    return tag("section", {"class": "none"}, tag("h2", {}, "The last report cannot be read"), tag("p", {}, message))


def shown(report: Report, plots: Sequence[tuple[str, str]], *, notice: str, path: str, mark: str) -> Html:
    """The report: its main figures, the plots (captions and SVG), every table, and the questions with a miss.

    `notice` says why there are no plots; `path` is the report as a page of its own, `mark` what tells this state of it.
    """
    when, size = report.made[:16].replace("T", " at "), f"{len(report.cases):,} questions"
    lead = f"Made {when} UTC, {size}. With every answer: {path}"
    tables = (_folded(table, first=place == 0) for place, table in enumerate(report.tables))
    return tag(
        "article",
        {"class": "report", "data-revision": mark},
        foreign("h2", f"Evaluation: {report.name}" if report.name else "Evaluation"),
        foreign("p", lead, {"class": "quiet"}),
        *(foreign("p", f"Note: {problem}", {"class": "quiet"}) for problem in report.problems),
        _figures(report),
        tag("div", {"class": "plots"}, *(_plot(caption, svg) for caption, svg in plots)),
        *([tag("p", {"class": "quiet"}, notice)] if notice else []),
        *tables,
        _missed([case for case in report.cases if case.misses]),
    )


def _figures(report: Report) -> Html:
    found = ((name, report.rows[0].intervals[measure]) for measure, name in FIGURES)
    told = (tag("div", {}, tag("dt", {}, name), tag("dd", {}, f"{one.mean:.2f}")) for name, one in found if one)
    return tag("dl", {"class": "counts"}, *told)


def _plot(caption: str, svg: str) -> Html:
    """A plot as an image: whatever it says cannot be markup of the page."""
    spaces = f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" color="{INK}"'
    address = f"data:image/svg+xml;base64,{base64.b64encode(svg.replace('<svg', spaces, 1).encode()).decode()}"
    image = tag("img", {"src": address, "alt": caption, "decoding": "async"})
    wide: Attributes = {"class": "wide", "tabindex": 0, "role": "group", "aria-label": caption}
    return tag("figure", {}, tag("figcaption", {}, caption), tag("div", wide, image))


def _folded(table: Table, *, first: bool) -> Html:
    head = tag("tr", {}, *(tag("th", {"scope": "col"}, column) for column in table.columns))
    rows = (tag("tr", {}, *(foreign("td", cell) for cell in row)) for row in table.rows)
    wide: Attributes = {"class": "wide", "tabindex": 0, "role": "region", "aria-label": table.heading}
    shown = [tag("div", wide, tag("table", {}, tag("thead", {}, head), tag("tbody", {}, *rows)))] if table.rows else []
    note = [foreign("p", table.note, {"class": "quiet"})] if table.note else []
    return tag("details", {"open": first}, tag("summary", {}, table.heading), *shown, *note)


def _missed(cases: Sequence[Case]) -> Html:
    if not cases:
        return joined([])
    more = [tag("p", {"class": "quiet"}, f"And {len(cases) - MISSES:,} more.")] if len(cases) > MISSES else []
    items = tag("ul", {"class": "missed"}, *(tag("li", {}, _case(case)) for case in cases[:MISSES]))
    return tag("details", {}, tag("summary", {}, f"Questions with a miss: {len(cases):,}"), items, *more)


def _case(case: Case) -> Html:
    misses = (foreign("li", f"{miss.kind}: {miss.detail}") for miss in case.misses)
    return tag(
        "details",
        {},
        tag("summary", {"dir": "auto"}, case.question),
        foreign("p", f"{case.verdict.capitalize()}: {case.words}", {"class": "words"}),
        tag("ul", {}, *misses),
    )
