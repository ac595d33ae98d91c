"""Figures in, tables of text out: to print, as Markdown or as HTML.

One table serves all three, so the page cannot tell other figures than the terminal.
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
"""The measures by type that tell of answers; `REST` is the others. Two tables, for 80 columns."""
REST = tuple(
    metric.name
    for metric in METRICS
    if metric.name not in OF_ANSWERS and metric.name not in ("answered_unanswerable", "declined_answerable")
)
"""By type `decided` says both of those left out: a type is either answerable or not."""
SPREAD = ("f1", "vital_nuggets", "support", "decided")
"""The measures whose intervals are told by type, the ones the plot shows."""
_HEADINGS = {metric.name: metric.heading for metric in METRICS}
_LOWER = {metric.name for metric in METRICS if metric.lower_is_better}
NOTHING = "—"
"""Stands where a measure does not apply."""


@dataclass(frozen=True, slots=True)
class Table:
    """A heading, the names of the columns, and rows of text as long as they; `note` says how to read it."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def overall(row: Row, latency: Latency) -> Table:
    """Every measure over all cases."""
    lines = [(_named(name), *_cells(found), str(found.count if found else 0)) for name, found in row.intervals.items()]
    note = "95 % bootstrap intervals; n is the number of cases a measure applies to."
    if latency.median is not None and latency.p95 is not None:
        note += f" Half of the questions took at most {latency.median:.2f} s, 95 % at most {latency.p95:.2f} s."
    return Table(f"All {row.count} cases", ("measure", "mean", "95 % interval", "n"), tuple(lines), note)


def by_type(rows: Sequence[Row]) -> tuple[Table, Table, Table]:
    """Every measure by type of question: of the answers, of the retrieval and the time; then the main intervals."""
    spread = [(row.type, *(_spread(row.intervals[name]) for name in SPREAD)) for row in rows]
    columns = ("type", *(_HEADINGS[name] for name in SPREAD))
    return (
        _by_type("By type: answers", rows, OF_ANSWERS),
        _by_type("By type: retrieval and seconds", rows, REST),
        Table("By type: means and 95 % intervals", columns, tuple(spread), "Those of every measure are in the JSON."),
    )


def confusion(counts: Confusion) -> Table:
    """What was answered and what declined, of that which has an answer and that which has none."""
    lines = [(kind, *(str(number) for number in verdicts.values())) for kind, verdicts in counts.items()]
    note = "The kinds below 'unanswerable' are parts of it."
    return Table("Answered and answerable", ("questions", "answered", "declined", "failed"), tuple(lines), note)


def reliability(bins: Sequence[Bin]) -> Table:
    """How probable papers were thought, against how often they were right."""
    lines = [(str(one.count), _value(one.predicted), _value(one.right)) for one in bins]
    note = f"Of the first hits of each question. Expected calibration error {calibration_error(bins):.3f}."
    return Table("Reliability of the probabilities", ("papers", "predicted", "right"), tuple(lines), note)


def tests(comparison: Comparison) -> Table:
    """Each measure before and now over the shared cases."""
    lines = [
        (_named(t.metric), f"{t.before:.3f}", f"{t.after:.3f}", f"{t.after - t.before:+.3f}", f"{t.p_value:.4f}",
         str(t.count))
        for t in comparison.tests
    ]  # fmt: skip
    note = (
        f"Over the {comparison.shared} cases both have. p: two-sided paired permutation test, one measure at a time; "
        f"with {len(lines)} measures tested, a single p below 0.05 can well be chance."
    )
    columns = ("measure", "before", "now", "difference", "p", "n")
    return Table(f"Against {comparison.other}", columns, tuple(lines), note)


def changes(comparison: Comparison) -> Table:
    """Each case that scored otherwise, the worse first."""
    lines = []
    for change in comparison.changes:
        told = "; ".join(
            f"{_HEADINGS[name]} {_value(old)} → {_value(new)}" for name, (old, new) in change.scores.items()
        )
        lines.append((change.direction, change.id, change.question, told))
    apart = f" Not comparable, or in one report only: {', '.join(comparison.apart)}." if comparison.apart else ""
    note = f"{len(lines)} of {comparison.shared} cases changed.{apart}"
    return Table("What changed, case by case", ("", "id", "question", "scores"), tuple(lines), note)


def to_markdown(table: Table) -> str:
    """The table in Markdown, whatever its cells hold."""
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
    """The table in HTML, everything escaped."""
    head = "".join(f"<th>{html.escape(column)}</th>" for column in table.columns)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(part)}</td>" for part in row) + "</tr>" for row in table.rows)
    note = f"<p>{html.escape(table.note)}</p>" if table.note else ""
    shown = f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    return f"<h2>{html.escape(table.heading)}</h2>{shown if table.rows else ''}{note}"


def to_rich(table: Table) -> RichTable:
    """The table for a terminal; cells are plain text, so brackets in them are no markup."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table as RichTable
    from rich.text import Text

    caption = Text(table.note) if table.note else None
    found = RichTable(title=Text(table.heading), caption=caption, box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for position, column in enumerate(table.columns):
        figures = all(row[position][:1] in "+-0123456789" + NOTHING for row in table.rows)
        found.add_column(Text(column), justify="right" if figures else "left")
    for row in table.rows:
        found.add_row(*(Text(part) for part in row))
    return found


def cell(text: str) -> str:
    """`text` on one line, as Markdown that shows it and does nothing else."""
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


def _cells(found: Interval | None) -> tuple[str, str]:
    return (f"{found.mean:.3f}", f"{found.low:.3f} to {found.high:.3f}") if found else (NOTHING, NOTHING)


def _mean(found: Interval | None) -> str:
    return f"{found.mean:.2f}" if found else NOTHING


def _spread(found: Interval | None) -> str:
    return f"{found.mean:.2f} {found.low:.2f}-{found.high:.2f}" if found else NOTHING


def _value(value: float | None) -> str:
    return f"{value:.2f}" if value is not None else NOTHING
