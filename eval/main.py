"""A whole evaluation: ask the questions, score the answers, write the reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from rich.console import Group, RenderableType

from assistant.chain import Assistant as PaperAssistant

from . import claims, stock, tables
from .cases import cases
from .compare import compare
from .page import page
from .plots import require
from .questions import Question, half, mismatches, read
from .report import REPORTS, Report, markdown, read_cases, report, to_text
from .runner import Assistant, outcomes
from .stock import EvaluationError

Halves = Literal["fit", "report", "all"]
"""Which questions to ask: those that thresholds were set on, those that figures are reported on, or both."""


@dataclass(frozen=True, slots=True)
class Task:
    """The options of `assistant eval`; None or empty if not given.

    The papers are those of `corpus`, of `listings` (a folder of the real listing files), of the library in `home` as it
    is, or else of the sample. `half` None: all of your own questions, the reporting half of the bundled ones.
    """

    questions: Path | None = None
    corpus: tuple[Path, ...] = ()
    listings: Path | None = None
    home: Path | None = None
    claims: bool = False
    half: Halves | None = None
    folder: Path | None = None
    against: Path | None = None


def evaluate(task: Task) -> Iterator[RenderableType]:
    """Carry out the task and yield what to print. Raises EvaluationError, FormatError, MissingExtra."""
    if sum(map(bool, (task.corpus, task.listings, task.home))) > 1:
        raise EvaluationError("Choose the papers with only one of --corpus, --listings and --home.")
    if task.claims and not task.listings:
        raise EvaluationError("The claims are about the real listings. Name their folder with: --listings FOLDER")
    name = "listings" if task.listings else "sample"
    chosen: Halves = task.half or ("all" if task.questions else "report")
    asked = part(read(task.questions or stock.set_file(name)), chosen)
    title = f"{task.questions.stem if task.questions else name}, {chosen} half".replace("all half", "all questions")
    folder = task.folder or REPORTS / (task.questions.stem if task.questions else name)
    with _opened(task, folder) as assistant:
        library = stock.abstracts(assistant)
        yield run(assistant, asked, library, folder=folder, against=task.against, name=title)
        if task.claims:
            yield _claims(assistant, chosen, folder)


def part(questions: Sequence[Question], chosen: Halves) -> tuple[Question, ...]:
    """The questions of this half, in order; EvaluationError if there are none."""
    some = tuple(question for question in questions if chosen in ("all", half(question)))
    if not some:
        raise EvaluationError(f"There are no questions to ask in the half {chosen!r}; try --half all.")
    return some


def run(
    assistant: Assistant,
    questions: Sequence[Question],
    abstracts: Mapping[str, str],
    *,
    folder: str | Path,
    against: str | Path | None = None,
    name: str = "",
) -> Report:
    """Ask, score, and write report.md, report.json and report.html into `folder`, which is created if necessary.

    abstracts: title -> abstract of the whole library. against: an earlier report.json to compare with, case by case; it
    may be the file that will be overwritten. Everything that can fail early does, before the first question.
    """
    if not questions:
        raise EvaluationError("There are no questions to ask; give a file with at least one.")
    require()
    before = read_cases(against) if against is not None else None
    target = _folder(Path(folder))
    scored = cases(outcomes(assistant, questions), abstracts)
    made = report(
        scored,
        name=name,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        problems=mismatches(questions, abstracts),
        comparison=compare(before, scored, str(against)) if before is not None else None,
    )
    # The JSON goes first: it has everything, should a later step fail.
    files = [written(target / "report.json", to_text(made))]
    files.append(written(target / "report.md", markdown(made)))
    files.append(written(target / "report.html", page(made)))
    return replace(made, files=tuple(files))


@contextmanager
def _opened(task: Task, folder: Path) -> Iterator[PaperAssistant]:
    """The assistant over the papers of the task. A library made for it stays beside the report."""
    if task.home:
        with PaperAssistant.open(task.home, create=False) as assistant:
            yield assistant
        return
    files = stock.real(task.listings) if task.listings else task.corpus or stock.sample()
    with stock.stocked(folder / "library", files) as assistant:
        yield assistant


def _claims(assistant: PaperAssistant, chosen: Halves, folder: Path) -> RenderableType:
    labelled = [c for c in claims.read(stock.set_file("claims-listings")) if chosen in ("all", claims.half(c))]
    results = claims.evaluate(labelled, assistant.check)
    files = [
        written(folder / "claims.json", claims.to_text(results)),
        written(folder / "claims.md", claims.markdown(results)),
    ]
    return Group(tables.to_rich(claims.rates(results)), *(f"Written: {file}" for file in files))


def written(path: Path, text: str) -> str:
    """Write the text to a file and return its name; EvaluationError if it cannot be written."""
    try:
        # A model can write half a surrogate pair, which must not lose the report of an hour.
        path.write_bytes(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise EvaluationError(f"{str(path)!r} cannot be written: {error.strerror or error}.") from error
    return str(path)


def _folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EvaluationError(f"The folder {str(folder)!r} cannot be created: {error.strerror or error}.") from error
    return folder
