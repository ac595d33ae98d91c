"""Cases in, a report out: to print, as Markdown, as JSON.

The HTML page is page.py's; all of them show the figures that are reckoned here once.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from . import tables
from .cases import Case, from_json, to_json
from .compare import Comparison
from .jsonl import read_object
from .statistics import Row, rows
from .summary import Bin, Confusion, CurvePoint, Latency, confusion, curve, latency, reliability

if TYPE_CHECKING:
    from rich.console import Group

FORMAT = 1
"""The version of the JSON; raised when a reader of the old would misread the new."""


@dataclass(frozen=True, slots=True)
class Report:
    """A whole evaluation; rich prints it as tables.

    made: when, ISO 8601. rows: means with intervals, over all first, then by type. problems: where questions and
    library disagree. files: what was written, once it is.
    """

    name: str
    made: str
    cases: tuple[Case, ...]
    rows: tuple[Row, ...]
    confusion: Confusion
    curve: tuple[CurvePoint, ...]
    reliability: tuple[Bin, ...]
    latency: Latency
    problems: tuple[str, ...] = ()
    comparison: Comparison | None = None
    files: tuple[str, ...] = ()

    @property
    def wording(self) -> str:
        """The hash of the prompts that answers were written with; "" where no language model was asked."""
        return ", ".join(sorted({case.wording for case in self.cases} - {""}))

    @property
    def tables(self) -> tuple[tables.Table, ...]:
        """The figures as tables of text; the changes case by case come last."""
        found = [
            tables.overall(self.rows[0], self.latency),
            *tables.by_type(self.rows),
            tables.confusion(self.confusion),
            tables.reliability(self.reliability),
        ]
        if self.comparison is not None:
            found += [tables.tests(self.comparison), tables.changes(self.comparison)]
        return tuple(found)

    def __rich__(self) -> Group:
        from rich.console import Group
        from rich.text import Text

        notes = [*(f"Note: {problem}" for problem in self.problems), *(f"Written: {file}" for file in self.files)]
        if self.wording:
            notes.insert(0, f"Prompts: {self.wording}")
        return Group(*(tables.to_rich(table) for table in self.tables), *(Text(note) for note in notes))


def report(
    cases: Sequence[Case],
    *,
    name: str,
    made: str,
    problems: Sequence[str] = (),
    comparison: Comparison | None = None,
) -> Report:
    """All that is told of `cases`, reckoned."""
    return Report(
        name=name,
        made=made,
        cases=tuple(cases),
        rows=rows((case.type, case.scores) for case in cases),
        confusion=confusion(cases),
        curve=curve(cases),
        reliability=reliability(cases),
        latency=latency(cases),
        problems=tuple(problems),
        comparison=comparison,
    )


def misses_first(cases: Sequence[Case]) -> tuple[Case, ...]:
    """The cases that missed something, worst F1 first, then those without fault; otherwise in their order."""
    return tuple(sorted(cases, key=lambda case: (not case.misses, case.scores["f1"] or 0.0)))


def markdown(report: Report) -> str:
    """The report as Markdown: the tables, then every case that missed something."""
    title = tables.cell(report.name or "Evaluation")
    lines = [f"# {title}", "", f"Made {report.made}.{_prompts(report)}", ""]
    lines += [f"- Note: {tables.cell(problem)}" for problem in report.problems]
    lines += ["", *(tables.to_markdown(table) for table in report.tables)]
    missed = [case for case in misses_first(report.cases) if case.misses]
    lines += [f"## Cases with a miss: {len(missed)} of {len(report.cases)}", ""]
    for case in missed:
        lines += [f"### {tables.cell(case.id)} ({tables.cell(case.type)}): {tables.cell(case.question)}", ""]
        lines += [f"{case.verdict}: {tables.cell(case.words)}", ""]
        lines += [f"- gold: {tables.cell(title)}" for title in case.gold]
        lines += [f"- {miss.kind}: {tables.cell(miss.detail)}" for miss in case.misses]
        lines.append("")
    return "\n".join(lines)


def _prompts(report: Report) -> str:
    return f" Prompts {tables.cell(report.wording)}." if report.wording else ""


def to_text(report: Report) -> str:
    """The report as JSON text; the keys are documented in eval/README.md."""
    values = {
        "format": FORMAT,
        "name": report.name,
        "made": report.made,
        "wording": report.wording,
        "problems": list(report.problems),
        "rows": [_row(row) for row in report.rows],
        "latency": asdict(report.latency),
        "confusion": {kind: dict(verdicts) for kind, verdicts in report.confusion.items()},
        "curve": [asdict(point) for point in report.curve],
        "reliability": [asdict(one) for one in report.reliability],
        "comparison": None if report.comparison is None else asdict(report.comparison),
        "cases": [to_json(case) for case in report.cases],
    }
    return json.dumps(values, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def read_cases(path: str | Path) -> tuple[Case, ...]:
    """The cases of a report's JSON; FormatError when it is not one."""
    record = read_object(path)
    if record.values.get("format") != FORMAT:
        raise record.error("format", f"must be {FORMAT}: is this a report.json of `assistant eval`?")
    return tuple(from_json(part) for part in record.records("cases"))


def _row(row: Row) -> dict[str, object]:
    measures = {name: None if found is None else asdict(found) for name, found in row.intervals.items()}
    return {"type": row.type, "count": row.count, "measures": measures}
