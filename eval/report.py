"""A report on the cases: to print, as Markdown, and as JSON, from which it can be read again.

`page` makes the HTML. All of them show the figures computed here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from . import tables
from .cases import Case, from_json, to_json
from .compare import Change, Comparison
from .jsonl import Record, read_object
from .statistics import Paired, Row, rows
from .summary import Bin, Confusion, CurvePoint, Latency, confusion, curve, latency, reliability

if TYPE_CHECKING:
    from rich.console import Group

FORMAT = 1
"""The version of the JSON; raised when a reader of the old format would misread the new."""
REPORTS = Path("reports")
"""The default place for reports, each in a folder of its own."""


@dataclass(frozen=True, slots=True)
class Report:
    """A whole evaluation; rich prints it as tables.

    made: the time, ISO 8601. rows: means with intervals, over all and then by type. problems: where the questions do
    not fit the library. files: the files written, if they are.
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
        """The hashes of the prompts that answers were written with; "" if no language model was asked."""
        return ", ".join(sorted({case.wording for case in self.cases} - {""}))

    @property
    def tables(self) -> tuple[tables.Table, ...]:
        """The figures as tables of text; the changes case by case come last."""
        figures = [
            tables.overall(self.rows[0], self.latency),
            *tables.by_type(self.rows),
            tables.confusion(self.confusion),
            tables.reliability(self.reliability),
        ]
        if self.comparison is not None:
            figures += [tables.tests(self.comparison), tables.changes(self.comparison)]
        return tuple(figures)

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
    """The report on these cases, with all its figures."""
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
    """The cases with misses, lowest F1 first, then those without; otherwise in order."""
    return tuple(sorted(cases, key=lambda case: (not case.misses, case.scores["f1"] or 0.0)))


def markdown(report: Report) -> str:
    """The report as Markdown: the tables, then every case with a miss."""
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
    """The cases of a report's JSON; FormatError if it is not one."""
    record = read_object(path)
    if record.values.get("format") != FORMAT:
        raise record.error("format", f"must be {FORMAT}: is this a report.json of `assistant eval`?")
    return tuple(from_json(part) for part in record.records("cases"))


def read_report(path: str | Path) -> Report:
    """The report with this JSON; FormatError if it is not one."""
    cases, record = read_cases(path), read_object(path)
    stored = report(
        cases, name=record.optional("name") or "", made=record.text("made"), problems=record.texts("problems")
    )
    return replace(stored, comparison=_comparison(record.record("comparison")) if record.has("comparison") else None)


def latest(folder: Path = REPORTS) -> Path | None:
    """The most recent report.json among the folders in `folder`; None if there is none."""
    return max(folder.glob("*/report.json"), key=lambda path: path.stat().st_mtime_ns, default=None)


def _comparison(record: Record) -> Comparison:
    return Comparison(
        other=record.text("other"),
        shared=record.whole("shared"),
        tests=tuple(_test(part) for part in record.records("tests")),
        changes=tuple(_change(part) for part in record.records("changes")),
        apart=record.texts("apart"),
    )


def _test(record: Record) -> Paired:
    before, after, p_value = (record.number(name) or 0.0 for name in ("before", "after", "p_value"))
    return Paired(record.text("metric"), before, after, record.whole("count"), p_value)


def _change(record: Record) -> Change:
    scores = record.record("scores")
    pairs = {name: value for name, value in scores.values.items() if isinstance(value, list)}
    return Change(
        record.text("id"),
        record.text("question"),
        record.text("direction"),
        {name: (_number(pair, 0), _number(pair, 1)) for name, pair in pairs.items()},
    )


def _number(pair: list[object], position: int) -> float | None:
    value = pair[position] if position < len(pair) else None
    return float(value) if isinstance(value, int | float) else None


def _row(row: Row) -> dict[str, object]:
    measures = {name: None if value is None else asdict(value) for name, value in row.intervals.items()}
    return {"type": row.type, "count": row.count, "measures": measures}
