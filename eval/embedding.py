"""How fast papers are embedded, how near the vectors are to those of the model as published, and what a paper takes.

    python -m eval.embedding [--abstracts FILE] [--papers 500]

The bundled model's file multiplies floats; the product multiplies integers (`assistant/index/network.py`). Both embed
the same papers in turn, a few at a time, so what else the machine does counts for both: of the times only the ratios
mean anything. They depend on the processor: one without instructions for products of bytes gains little. Without a file
of abstracts, JSON lines with `title` and `abstract`, the sample is measured.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console

from assistant.core.errors import AssistantError
from assistant.core.records import Paper
from assistant.index import searchable
from assistant.index.embedding import BundledEmbedder, Embedder, Encoding
from assistant.index.interaction import encode_missing, encoded_text, pack
from assistant.index.network import NOTHING
from assistant.library.chunking import passages
from assistant.library.papers import Library
from assistant.library.sources import read
from assistant.reader.onnx import session
from assistant.show.terminal import Screen

from . import stock, tables
from .tables import Table

if TYPE_CHECKING:
    import onnxruntime

    from assistant.index.network import Adapter

TURN = 20
"""Papers embedded by one before the other's turn."""
MODEL, EMBEDDING, INDEXING = "the model", "embedding, with the model", "indexing"
"""The stages: all texts through the model; that, with cutting, packing and storing them; Chroma, words and readings."""


class PlainEmbedder(BundledEmbedder):
    """The bundled model as its file has it, with products of floats."""

    def _opened(self, threads: int, added: Mapping[str, Adapter] = NOTHING) -> onnxruntime.InferenceSession:
        return _Masked(session(self._model, threads=threads))


@dataclass(frozen=True, slots=True)
class _Masked:
    """A session that fills in the two inputs which a text alone does not need."""

    model: onnxruntime.InferenceSession

    def run(self, outputs: list[str], inputs: dict[str, Any]) -> Any:
        ids = inputs["input_ids"]
        return self.model.run(outputs, {**inputs, "attention_mask": np.ones_like(ids), "token_type_ids": ids * 0})


@dataclass(slots=True)
class Stages:
    """Seconds by the clock and of the processor, by stage."""

    clock: dict[str, float] = field(default_factory=dict)
    processor: dict[str, float] = field(default_factory=dict)

    def add(self, stage: str, started: tuple[float, float]) -> None:
        """Add what has passed since `now()` gave `started`."""
        clock, processor = now()
        self.clock[stage] = self.clock.get(stage, 0) + clock - started[0]
        self.processor[stage] = self.processor.get(stage, 0) + processor - started[1]


@dataclass(slots=True)
class Watched:
    """An embedder that notes how long it takes and keeps what it gives."""

    inner: Embedder
    stages: Stages = field(default_factory=Stages)
    encodings: list[Encoding] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def dimensions(self) -> int:
        return self.inner.dimensions

    def encode(self, texts: Sequence[str], *, questions: bool = False) -> list[Encoding]:
        started = now()
        encodings = self.inner.encode(texts, questions=questions)
        self.stages.add(MODEL, started)
        self.encodings += encodings
        return encodings


@dataclass(frozen=True, slots=True)
class Nearness:
    """How near two embedders are: the cosines of a passage's two vectors, and the share of stored bits that agree."""

    passages: int
    lowest: float
    mean: float
    bits: float


def now() -> tuple[float, float]:
    """Seconds by the clock and of the processor."""
    return time.perf_counter(), time.process_time()


def embedded(papers: Sequence[Paper], one: Watched, other: Watched, folder: Path) -> Nearness:
    """Embed papers with both in turn, as an ingest does, each into a library of its own in `folder`."""
    libraries = [Library(folder / name) for name in ("one", "other")]
    for watched in (one, other):
        watched.inner.encode(["a", "b", "c"])  # opens the model
    try:
        for first in range(0, len(papers), TURN):
            for watched, library in zip((one, other), libraries, strict=True):
                started = now()
                with library.writing():
                    encode_missing(library, watched, papers[first : first + TURN])
                watched.stages.add(EMBEDDING, started)
    finally:
        for library in libraries:
            library.close()
    return nearness([encoded_text(p) for paper in papers for p in passages(paper)], one.encodings, other.encodings)


def indexed(home: Path, papers: Sequence[Paper], embedder: Watched) -> None:
    """Make an index of papers whose encodings the library in `home` has already."""
    started = now()
    with closing(Library(home)) as library, library.writing():
        library.put(papers)
        searchable.update(library, embedder)
    embedder.stages.add(INDEXING, started)


def nearness(texts: Sequence[str], one: Sequence[Encoding], other: Sequence[Encoding]) -> Nearness:
    """Compare the encodings of the same texts, pair by pair."""
    pairs = list(zip(dict.fromkeys(texts), one, other, strict=True))
    cosines = [float(a.vector @ b.vector) for _, a, b in pairs]
    bits = [[np.frombuffer(pack(e, text)[0], np.uint8) for e in (a, b)] for text, a, b in pairs]
    different = sum(int(np.bitwise_count(a ^ b).sum()) for a, b in bits)
    return Nearness(
        len(pairs), min(cosines), float(np.mean(cosines)), 1 - different / (8 * sum(len(a) for a, _ in bits))
    )


def stage_table(papers: int, plain: Stages, product: Stages) -> Table:
    """Papers a second by stage, and how many times as fast the product is. Indexing has nothing to do with a model."""
    rows = []
    for stage, seconds in product.clock.items():
        before, ratios = tables.NOTHING, (tables.NOTHING,) * 2
        if stage in plain.clock:
            before = f"{papers / plain.clock[stage]:.1f}"
            ratios = (f"{plain.clock[stage] / seconds:.2f}", f"{plain.processor[stage] / product.processor[stage]:.2f}")
        rows.append((stage, before, f"{papers / seconds:.1f}", *ratios))
    columns = ("papers a second", "floats", "integers", "times as fast", "by processor time")
    return Table(f"Embedding {papers} papers on two threads", columns, tuple(rows))


def nearness_table(near: Nearness) -> Table:
    """Cosines and equal bits."""
    row = (f"{near.passages}", f"{near.lowest:.4f}", f"{near.mean:.4f}", f"{near.bits:.3f}")
    columns = ("passages", "lowest cosine", "mean cosine", "equal bits of the words' codes")
    return Table("How near the vectors are to those of products of floats", columns, (row,))


def sizes(home: Path, papers: int) -> dict[str, float]:
    """The bytes on disk that a paper of a library takes, by part: the pages of each table, or whole files."""
    parts: dict[str, float] = {}
    for file in sorted(file for file in home.rglob("*") if file.is_file()):
        if file.name == "library.sqlite" or ("chroma" not in file.parts and file.suffix == ".sqlite"):
            for table, pages in _tables(file):
                parts[f"{file.stem}: {table}"] = pages / papers
        else:
            part = "Chroma" if "chroma" in file.parts else "others"
            parts[part] = parts.get(part, 0) + file.stat().st_size / papers
    return {part: size for part, size in sorted(parts.items(), key=lambda item: -item[1]) if size >= 1}


def _tables(file: Path) -> list[tuple[str, int]]:
    """The tables of a file, with their indexes, and how many bytes each takes."""
    query = "select tbl_name, sum(pgsize) from dbstat join sqlite_schema using (name) group by tbl_name"
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as database:
        return [(name, size) for name, size in database.execute(query)]


def size_table(parts: dict[str, float]) -> Table:
    """The parts, the largest first, and their sum."""
    rows = [(part, f"{size:,.0f}") for part, size in parts.items()]
    return Table("Bytes a paper on disk", ("", "bytes"), (*rows, ("in all", f"{sum(parts.values()):,.0f}")))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the three tables; 0, or 1 on an error."""
    parser = argparse.ArgumentParser(prog="python -m eval.embedding", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--abstracts", type=Path, metavar="FILE", help="abstracts to embed, as JSON lines [the sample]")
    parser.add_argument("--papers", type=int, default=500, help="how many of them [%(default)s]")
    options = parser.parse_args(arguments)
    files = [options.abstracts] if options.abstracts else stock.sample()
    try:
        papers = [paper for file in files for paper in read(file).papers][: options.papers]
        if not papers:
            raise stock.EvaluationError(f"There are no papers in {', '.join(map(str, files))}.")
        plain, product = Watched(PlainEmbedder()), Watched(BundledEmbedder())
        with tempfile.TemporaryDirectory() as folder:
            near = embedded(papers, plain, product, Path(folder))
            indexed(Path(folder) / "other", papers, product)
            parts = sizes(Path(folder) / "other", len(papers))
    except AssistantError as error:
        Screen(stderr=True).line(str(error), first="eval.embedding: ")
        return 1
    for table in (stage_table(len(papers), plain.stages, product.stages), nearness_table(near), size_table(parts)):
        Console().print(tables.to_rich(table))
    return 0


if __name__ == "__main__":
    sys.exit(main())
