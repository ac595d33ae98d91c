"""Tables of figures, as Markdown, as HTML or for the terminal.

All three come from one table, so they cannot show different figures.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .compare import Comparison
from .metrics import METRICS
from .statistics import Interval, Row
from .summary import Bin, Confusion, Latency, calibration_error

if TYPE_CHECKING:
    from rich.table import Table as RichTable

OF_ANSWERS = ("precision", "recall", "f1", "vital_nuggets", "nuggets", "support", "decided", "failed")
"""The measures of answers; `REST` has the others. Two tables, to fit into 80 columns."""
REST = tuple(
    metric.name
    for metric in METRICS
    if metric.name not in OF_ANSWERS and metric.name not in ("answered_unanswerable", "declined_answerable")
)
"""The two left out are what `decided` says of a type, since a type is either answerable or not."""
SPREAD = ("f1", "vital_nuggets", "support", "decided")
"""The measures shown with intervals by type, those of the plot."""
_HEADINGS = {metric.name: metric.heading for metric in METRICS}
_LOWER = {metric.name for metric in METRICS if metric.lower_is_better}
NOTHING = "—"
"""Shown if a measure does not apply."""


@dataclass(frozen=True, slots=True)
class Table:
    """A heading, the column names, rows of text, and a note on how to read them."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def overall(row: Row, latency: Latency) -> Table:
    """Every measure over all cases."""
    lines = [(_named(name), *_cells(value), str(value.count if value else 0)) for name, value in row.intervals.items()]
    note = "95 % bootstrap intervals; n is the number of cases that a measure applies to."
    if latency.median is not None and latency.p95 is not None:
        note += f" Half of the questions took at most {latency.median:.2f} s, 95 % at most {latency.p95:.2f} s."
    return Table(f"All {row.count} cases", ("measure", "mean", "95 % interval", "n"), tuple(lines), note)


def by_type(rows: Sequence[Row]) -> tuple[Table, Table, Table]:
    """Every measure by type of question: of answers; of retrieval and time; and the main ones with intervals."""
    spread = [(row.type, *(_spread(row.intervals[name]) for name in SPREAD)) for row in rows]
    columns = ("type", *(_HEADINGS[name] for name in SPREAD))
    return (
        _by_type("By type: answers", rows, OF_ANSWERS),
        _by_type("By type: retrieval and seconds", rows, REST),
        Table(
            "By type: means and 95 % intervals", columns, tuple(spread), "The JSON has the intervals of all measures."
        ),
    )


def confusion(counts: Confusion) -> Table:
    """How many answerable and unanswerable questions were answered or declined."""
    lines = [(kind, *(str(number) for number in verdicts.values())) for kind, verdicts in counts.items()]
    note = "The kinds below 'unanswerable' add up to it."
    return Table("Answered and answerable", ("questions", "answered", "declined", "failed"), tuple(lines), note)


def reliability(bins: Sequence[Bin]) -> Table:
    """How probable papers seemed, against how often they were right."""
    lines = [(str(one.count), _value(one.predicted), _value(one.right)) for one in bins]
    note = f"The first hits of each question. Expected calibration error {calibration_error(bins):.3f}."
    return Table("Reliability of the probabilities", ("papers", "predicted", "right"), tuple(lines), note)


def tests(comparison: Comparison) -> Table:
    """Each measure before and now, over the shared cases."""
    lines = [
        (_named(t.metric), f"{t.before:.3f}", f"{t.after:.3f}", f"{t.after - t.before:+.3f}", f"{t.p_value:.4f}",
         str(t.count))
        for t in comparison.tests
    ]  # fmt: skip
    note = (
        f"Over the {comparison.shared} cases in both. p: two-sided paired permutation test of one measure at a time; "
        f"among {len(lines)} measures, a single p below 0.05 may well be chance."
    )
    columns = ("measure", "before", "now", "difference", "p", "n")
    return Table(f"Compared with {comparison.other}", columns, tuple(lines), note)


def changes(comparison: Comparison) -> Table:
    """Each case whose scores changed, worse ones first."""
    lines = []
    for change in comparison.changes:
        scores = "; ".join(
            f"{_HEADINGS[name]} {_value(old)} → {_value(new)}" for name, (old, new) in change.scores.items()
        )
        lines.append((change.direction, change.id, change.question, scores))
    apart = f" Not comparable, or in only one report: {', '.join(comparison.apart)}." if comparison.apart else ""
    note = f"{len(lines)} of {comparison.shared} cases changed.{apart}"
    return Table("What changed, case by case", ("", "id", "question", "scores"), tuple(lines), note)


def to_markdown(table: Table) -> str:
    """The table as Markdown, with its cells escaped."""
    lines = [f"## {cell(table.heading)}", ""]
    if table.rows:
        lines.append("| " + " | ".join(cell(column) for column in table.columns) + " |")
        lines.append("|" + " --- |" * len(table.columns))
        lines.extend("| " + " | ".join(cell(part) for part in row) + " |" for row in table.rows)
        lines.append("")
    if table.note:
        lines.extend([cell(table.note), ""])
    return "\n".join(lines)


def to_html(table: Table) -> str:
    """The table as HTML, with everything escaped."""
    head = "".join(f"<th>{html.escape(column)}</th>" for column in table.columns)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(part)}</td>" for part in row) + "</tr>" for row in table.rows)
    note = f"<p>{html.escape(table.note)}</p>" if table.note else ""
    shown = f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    return f"<h2>{html.escape(table.heading)}</h2>{shown if table.rows else ''}{note}"


def to_rich(table: Table) -> RichTable:
    """The table for a terminal. Cells are plain text: brackets in them are not markup."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table as RichTable
    from rich.text import Text

    caption = Text(table.note) if table.note else None
    rich = RichTable(title=Text(table.heading), caption=caption, box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for position, column in enumerate(table.columns):
        figures = all(row[position][:1] in "+-0123456789" + NOTHING for row in table.rows)
        rich.add_column(Text(column), justify="right" if figures else "left")
    for row in table.rows:
        rich.add_row(*(Text(part) for part in row))
    return rich


def cell(text: str) -> str:
    """The text on one line, escaped for Markdown."""
    joined = html.escape(" ".join(text.split()), quote=False)
    for mark in "\\`*_[]|~":
        joined = joined.replace(mark, "\\" + mark)
    return joined


def _by_type(heading: str, rows: Sequence[Row], names: Sequence[str]) -> Table:
    metrics = [metric for metric in METRICS if metric.name in names]
    lines = [(row.type, str(row.count), *(_mean(row.intervals[metric.name]) for metric in metrics)) for row in rows]
    note = ", ".join(f"{metric.short}: {metric.heading}" for metric in metrics if metric.short != metric.name)
    return Table(heading, ("type", "cases", *(metric.short for metric in metrics)), tuple(lines), note + ".")


def _named(name: str) -> str:
    return _HEADINGS[name] + (" ↓" if name in _LOWER else "")


def _cells(value: Interval | None) -> tuple[str, str]:
    return (f"{value.mean:.3f}", f"{value.low:.3f} to {value.high:.3f}") if value else (NOTHING, NOTHING)


def _mean(value: Interval | None) -> str:
    return f"{value.mean:.2f}" if value else NOTHING


def _spread(value: Interval | None) -> str:
    return f"{value.mean:.2f} {value.low:.2f}-{value.high:.2f}" if value else NOTHING


def _value(value: float | None) -> str:
    return f"{value:.2f}" if value is not None else NOTHING
