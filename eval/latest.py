"""A folder of reports in, the one made last out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from .compare import Change, Comparison
from .jsonl import Record, read_object
from .report import Report, read_cases, report
from .statistics import Paired

REPORTS = Path("reports")
"""Where reports go unless another folder is named, each into a folder of its own."""


def latest(folder: Path = REPORTS) -> Path | None:
    """The report.json that was written last in the folders in `folder`; None where there is none."""
    return max(folder.glob("*/report.json"), key=lambda path: path.stat().st_mtime_ns, default=None)


def read(path: Path) -> Report:
    """The report that this JSON tells; FormatError when it is none."""
    cases, told = read_cases(path), read_object(path)
    found = report(cases, name=told.optional("name") or "", made=told.text("made"), problems=told.texts("problems"))
    return replace(found, comparison=_comparison(told.record("comparison")) if told.has("comparison") else None)


def _comparison(told: Record) -> Comparison:
    return Comparison(
        other=told.text("other"),
        shared=told.whole("shared"),
        tests=tuple(_test(part) for part in told.records("tests")),
        changes=tuple(_change(part) for part in told.records("changes")),
        apart=told.texts("apart"),
    )


def _test(told: Record) -> Paired:
    before, after, p_value = (told.number(name) or 0.0 for name in ("before", "after", "p_value"))
    return Paired(told.text("metric"), before, after, told.whole("count"), p_value)


def _change(told: Record) -> Change:
    scores = told.record("scores")
    pairs = {name: value for name, value in scores.values.items() if isinstance(value, list)}
    return Change(
        told.text("id"),
        told.text("question"),
        told.text("direction"),
        {name: (_number(pair, 0), _number(pair, 1)) for name, pair in pairs.items()},
    )


def _number(pair: list[object], place: int) -> float | None:
    value = pair[place] if place < len(pair) else None
    return float(value) if isinstance(value, int | float) else None
