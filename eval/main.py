"""What to evaluate in, everything done and written, the reports out."""

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
from .latest import REPORTS
from .page import page
from .plots import require
from .questions import Question, half, mismatches, read
from .report import Report, markdown, read_cases, report, to_text
from .runner import Assistant, outcomes
from .stock import EvaluationError

Halves = Literal["fit", "report", "all"]
"""Which questions to ask: those that thresholds were set on, those that figures are told from, or both."""


@dataclass(frozen=True, slots=True)
class Task:
    """What to evaluate, as `assistant eval` is told; None or empty where nothing was said.

    The papers are those of `corpus`, of `listings` (a folder of the real listing files), of the library in `home` as it
    is, or else the sample's. `half` None: all of one's own questions, the reporting half of those that come with us.
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
    """Do the task and yield what to print of it, as it is done. EvaluationError, FormatError, MissingExtra."""
    if sum(map(bool, (task.corpus, task.listings, task.home))) > 1:
        raise EvaluationError("Name the papers once: with --corpus, with --listings or with --home.")
    if task.claims and not task.listings:
        raise EvaluationError("The claims are about the real listings. Name the folder of these: --listings FOLDER.")
    name = "listings" if task.listings else "sample"
    chosen: Halves = task.half or ("all" if task.questions else "report")
    asked = part(read(task.questions or stock.set_file(name)), chosen)
    title = f"{task.questions.stem if task.questions else name}, {chosen} half".replace("all half", "all questions")
    folder = task.folder or REPORTS / (task.questions.stem if task.questions else name)
    with _opened(task, folder) as assistant:
        held = stock.abstracts(assistant)
        yield run(assistant, asked, held, folder=folder, against=task.against, name=title)
        if task.claims:
            yield _claims(assistant, chosen, folder)


def part(questions: Sequence[Question], chosen: Halves) -> tuple[Question, ...]:
    """The questions of that half, in order; EvaluationError when none is left."""
    found = tuple(question for question in questions if chosen in ("all", half(question)))
    if not found:
        raise EvaluationError(f"There are no questions to ask in the half {chosen!r}; try --half all.")
    return found


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
    files = [written(target / "report.json", to_text(found))]
    files.append(written(target / "report.md", markdown(found)))
    files.append(written(target / "report.html", page(found)))
    return replace(found, files=tuple(files))


@contextmanager
def _opened(task: Task, folder: Path) -> Iterator[PaperAssistant]:
    """The assistant over the papers of the task; a library made for it stays beside the report."""
    if task.home:
        with PaperAssistant.open(task.home, create=False) as assistant:
            yield assistant
        return
    files = stock.real(task.listings) if task.listings else task.corpus or stock.sample()
    with stock.stocked(folder / "library", files) as assistant:
        yield assistant


def _claims(assistant: PaperAssistant, chosen: Halves, folder: Path) -> RenderableType:
    labelled = [c for c in claims.read(stock.set_file("claims-listings")) if chosen in ("all", claims.half(c))]
    found = claims.evaluate(labelled, assistant.check)
    files = [
        written(folder / "claims.json", claims.to_text(found)),
        written(folder / "claims.md", claims.markdown(found)),
    ]
    return Group(tables.to_rich(claims.rates(found)), *(f"Written: {file}" for file in files))


def written(path: Path, text: str) -> str:
    """The text in a file, and its name; EvaluationError when it cannot be written."""
    try:
        # A model can answer with half a surrogate pair; the report of an hour must not fall for that.
        path.write_bytes(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise EvaluationError(f"{str(path)!r} cannot be written: {error.strerror or error}.") from error
    return str(path)


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EvaluationError(f"The folder {str(folder)!r} cannot be made: {error.strerror or error}.") from error
    return folder
