"""The bundled sets and papers, and an assistant over exactly the papers of some files.

The library stays in its folder, so the next run over the same files embeds and indexes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from assistant.chain import Assistant
from assistant.core.errors import AssistantError
from assistant.core.records import Paper
from assistant.index.embedding import BundledEmbedder
from assistant.index.holdings import Holdings
from assistant.library.papers import Library
from assistant.library.sample import sample_files
from assistant.library.sources import read
from assistant.show.terminal import Screen

HERE = Path(__file__).parent
ROOT = Path(__file__).parents[__name__.count(".")]
"""The folder that new processes start in, to import what this one does."""
CACHE = Path("reports/cache")
"""Where these commands keep their libraries."""


class EvaluationError(AssistantError):
    """An evaluation cannot be run, or its report cannot be written."""


def set_file(name: str) -> Path:
    """The bundled questions, claims or drafts of this name."""
    return HERE / "sets" / f"{name}.jsonl"


def sample() -> tuple[Path, ...]:
    """The listing files of the sample."""
    return tuple(sample_files())


def real(folder: Path) -> tuple[Path, ...]:
    """The real listing files, which are not part of the project; EvaluationError if `folder` has none."""
    files = tuple(sorted(folder.glob("*.txt")))
    if not files:
        raise EvaluationError(
            f"There are no listing files (*.txt) in {str(folder)!r}. The real listings are not part of this project: "
            "name the folder where you keep them, or leave out --listings to use the sample."
        )
    return files


@contextmanager
def stocked(home: Path, files: Sequence[Path]) -> Iterator[Assistant]:
    """An assistant over the papers of `files` and no others; EvaluationError if a record is rejected.

    home: a folder for the evaluation, never somebody's library: papers that are not in `files` are removed from it.
    """
    with Assistant.open(home) as assistant:
        with Screen(stderr=True).progress() as progress:
            rejects = assistant.ingest(*files, progress=progress).rejects
        if rejects:
            first = "; ".join(f"{r.source}:{r.line}: {r.reason}" for r in rejects[:3])
            raise EvaluationError(f"{len(rejects)} records of the corpus were rejected: {first}.")
        wanted = {paper.id for file in files for paper in read(file).papers}
        stale = [paper.id for paper in assistant.papers() if paper.id not in wanted]
        if stale:
            assistant.remove(*stale)
        yield assistant


@contextmanager
def indexed(name: str, papers: Sequence[Paper], cache: Path) -> Iterator[Holdings]:
    """The papers as an indexed library of that name in `cache`. The first time embeds them, about 40 a second."""
    holdings = Holdings(Library(cache / name), BundledEmbedder())
    try:
        with holdings.library.writing():
            holdings.library.put(papers)
        state = holdings.status()
        if state.indexed_revision != state.revision:
            screen = Screen(stderr=True)
            screen.line(f"{name}: indexing {len(papers):,} papers ...")
            with screen.progress() as progress:
                holdings.doctor(repair=True, progress=progress)
        yield holdings
    finally:
        holdings.close()


def abstracts(assistant: Assistant) -> dict[str, str]:
    """Title -> abstract of all papers in the library."""
    return {paper.title: paper.abstract for paper in assistant.papers()}
