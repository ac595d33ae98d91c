"""An assistant and questions in, everything done and written, a report out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from assistant.errors import AssistantError

from .cases import cases
from .compare import compare
from .page import page
from .plots import require
from .questions import Question, mismatches
from .report import Report, markdown, read_cases, report, to_text
from .runner import Assistant, outcomes


class EvaluationError(AssistantError):
    """An evaluation cannot be run, or its report not be written."""


def run(
    assistant: Assistant,
    questions: Sequence[Question],
    abstracts: Mapping[str, str],
    *,
    folder: str | Path,
    against: str | Path | None = None,
    name: str = "",
) -> Report:
    """Ask, score, and write report.md, report.json and report.html into `folder` (made if need be).

    abstracts: title -> abstract of the whole library. against: an earlier report.json, told from it case by case;
    it may be the one that will be overwritten. All that can be checked is, before the first question is asked.
    """
    if not questions:
        raise EvaluationError("There are no questions to ask; give a file with at least one.")
    require()
    before = read_cases(against) if against is not None else None
    target = _made(Path(folder))
    scored = cases(outcomes(assistant, questions), abstracts)
    found = report(
        scored,
        name=name,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        problems=mismatches(questions, abstracts),
        comparison=compare(before, scored, str(against)) if before is not None else None,
    )
    # The JSON goes first: it holds all there is, should a later step fail.
    files = [_written(target / "report.json", to_text(found))]
    files.append(_written(target / "report.md", markdown(found)))
    files.append(_written(target / "report.html", page(found)))
    return replace(found, files=tuple(files))


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EvaluationError(f"The folder {str(folder)!r} cannot be made: {error.strerror or error}.") from error
    return folder


def _written(path: Path, text: str) -> str:
    try:
        # A model can answer with half a surrogate pair; the report of an hour must not fall for that.
        path.write_bytes(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise EvaluationError(f"{str(path)!r} cannot be written: {error.strerror or error}.") from error
    return str(path)
