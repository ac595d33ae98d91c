"""What a library costs by its size: time to add, room on disk, memory, and the time and quality of its hits.

    python -m eval.size --papers 1000 10000 100000 --folder F

The papers are made up, half of sentences of the sample and half of words drawn by Zipf's law (`multiply`), so each is
distinct. Embedding is timed on `EMBEDDED` of them. Their vectors are made up, too: the mean of those of their sentences
and some noise. These are stored where the product keeps the vectors of texts that it has met before; all else is its
own path. A question has words of one paper, which is its true one. Since other programs slow the wall clock, seconds
of the processor are given as well, in all threads together.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import quantiles
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from assistant.chain import Assistant
from assistant.core.records import Paper
from assistant.core.settings import Settings
from assistant.core.text import STOP_WORDS, sentences, words
from assistant.index.embedding import BundledEmbedder, unit
from assistant.index.generation import Index
from assistant.index.interaction import Stored, encoded_text, gaps_between, key_of, pack, placed, store
from assistant.library.chunking import passages
from assistant.library.paper_ids import PaperIds
from assistant.library.papers import Library
from assistant.library.sample import sample_files
from assistant.library.sources import read, slices

from . import plots, tables
from .multiply import of_sentences, of_words
from .tables import Table

EMBEDDED = 64
"""Papers of which embedding is timed."""
QUESTIONS, COMPARED = 200, 50
"""Questions asked, and those of them that are looked up in an exact search as well."""
NOISE = 0.3
"""Length of what is added to a made-up vector, whose own length is 1."""
BATCH = 1000
"""Made-up vectors stored at once."""
NEAREST = 60
"""Passages by which the nearest-neighbour graph is compared with an exact search: as many as a question gets."""


@dataclass(frozen=True, slots=True)
class Size:
    """What one size costs: papers a second of one processor, bytes a paper, bytes of memory, seconds.

    recall: how many of the `NEAREST` passages the graph gives. hit: the share of `COMPARED` questions whose true paper
    is among the hits; hit_exactly: among those of an exact search.
    """

    papers: int
    per_second: dict[str, float]
    disk: dict[str, float]
    memory: dict[str, float] = field(default_factory=dict)
    opening: float = 0.0
    asking: dict[str, float] = field(default_factory=dict)
    recall: float = 0.0
    hit: float = 0.0
    hit_exactly: float = 0.0
    one_more: dict[str, float] = field(default_factory=dict)


# -- papers, vectors and questions


def made(count: int) -> Iterator[Paper]:
    """`count` papers: a half of sentences, a half of words."""
    real = _real()
    for one, other in zip(of_sentences(real, count), of_words(real, count), strict=True):
        cut = " ".join(span.of(one.abstract) for span in sentences(one.abstract)[:4])
        drawn = other.abstract.split()
        yield replace(other, abstract=f"{cut} {' '.join(drawn[: len(drawn) // 2]).capitalize()}.", sources=())


@functools.cache
def _real() -> list[Paper]:
    return [paper for file in sample_files() for paper in read(file).papers]


class Recombined:
    """Texts in, encodings out that are put together from those of the sample's sentences and their words."""

    def __init__(self, embedder: BundledEmbedder) -> None:
        self._sentences: dict[str, NDArray[np.float32]] = {}
        self._words: dict[str, bytes] = {}
        texts = sorted({span.of(paper.abstract) for paper in _real() for span in sentences(paper.abstract)})
        for text, encoding in zip(texts, embedder.encode(texts), strict=True):
            self._sentences[text] = encoding.vector
            codes = placed(*pack(encoding, text), title=-1, start=0)
            width = embedder.dimensions // 8
            for row, start in enumerate(codes.starts):
                word = re.match(r"\w+", text[start:])
                self._words.setdefault(word[0].casefold() if word else "", codes.bits[row * width : (row + 1) * width])

    def stored(self, text: str) -> Stored:
        """The encoding of a text as the library stores it."""
        chance = random.Random(text)
        known = [self._sentences[one] for span in sentences(text) if (one := span.of(text)) in self._sentences]
        noise = np.random.default_rng(chance.getrandbits(64)).standard_normal(384, np.float32)
        vector = unit(unit(np.sum([*known, np.zeros(384, np.float32)], axis=0)) + NOISE * unit(noise))
        places = [one for one in re.finditer(r"\w+", text) if one[0].casefold() not in STOP_WORDS]
        bits = [self._words.setdefault(one[0].casefold(), random.Random(one[0]).randbytes(48)) for one in places]
        return vector.astype("<f2").tobytes(), b"".join(bits), gaps_between([one.start() for one in places])


def keep_vectors(library: Library, papers: Sequence[Paper], recombined: Recombined, name: str) -> None:
    """Store the vectors of all papers as if each text had been embedded before."""
    for first in range(0, len(papers), BATCH):
        own = [passage for paper in papers[first : first + BATCH] for passage in passages(paper)]
        store(library, {key_of(passage): recombined.stored(encoded_text(passage)) for passage in own}, name)


def question_about(paper: Paper, chance: random.Random) -> str:
    """A question with six words of one sentence and three of those that were drawn."""
    spans = [span.of(paper.abstract) for span in sentences(paper.abstract)]
    known = [word for word in words(chance.choice(spans[:4])) if word.casefold() not in STOP_WORDS]
    drawn = [word for word in words(spans[-1]) if word.casefold() not in STOP_WORDS]
    some = [*known[:6], *chance.sample(drawn, min(3, len(drawn)))]
    return f"Which paper is about {' '.join(some)}?"


# -- measuring


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of the wall clock and of the processor."""

    wall: float
    processor: float


def timed(do: Callable[[], object]) -> Took:
    """How long `do` takes."""
    begun = time.perf_counter(), time.process_time()
    do()
    return Took(time.perf_counter() - begun[0], time.process_time() - begun[1])


def filled(folder: Path, count: int) -> Size:
    """Make a library of `count` papers in an empty folder, as `assistant ingest` does."""
    papers = list(made(count))
    file = folder / "papers.jsonl"
    file.write_text("".join(json.dumps({"title": one.title, "abstract": one.abstract}) + "\n" for one in papers))
    embedder = BundledEmbedder()
    recombined = Recombined(embedder)
    some = [encoded_text(passage) for paper in papers[:EMBEDDED] for passage in passages(paper)]
    embedding = timed(lambda: embedder.encode(some)).processor
    reading = timed(lambda: sum(len(part.papers) for part in slices(file, source=file.name))).processor
    stages: dict[str, list[float]] = {}
    with _opened(folder) as assistant:
        keep_vectors(assistant._holdings.library, papers, recombined, embedder.name)
        begun = time.process_time()
        assistant.ingest(file, progress=lambda stage, *_: stages.setdefault(stage, []).append(time.process_time()))
        ended = time.process_time()
        library = assistant._holdings.library
        ((kept,),) = library.rows("select sum(length(vector) + length(tokens) + length(spans)) from encodings")
    indexing = stages["indexing"]
    taken = {
        "reading the file": reading,
        "entering the record": indexing[0] - begun - reading,
        "filling the index": indexing[-1] - indexing[0],
        "checking the index": ended - indexing[-1],
        "all but embedding": ended - begun,
    }
    rates = {stage: count / max(each, 1e-9) for stage, each in taken.items()}
    return Size(count, {"embedding": min(EMBEDDED, count) / embedding} | rates, _disk(folder, int(kept), count))


def _disk(folder: Path, kept: int, count: int) -> dict[str, float]:
    """Bytes a paper, by part; the index is there once until the next change, then twice."""
    (index,) = [path for path in (folder / "home/index").iterdir() if path.is_dir()]
    parts = {
        "papers": (folder / "home/library.sqlite").stat().st_size - kept,
        "vectors and codes": kept,
        "Chroma": sum(path.stat().st_size for path in (index / "chroma").rglob("*") if path.is_file()),
        "keywords": (index / "keywords.sqlite").stat().st_size,
        "passages, names, readings": (index / "passages.sqlite").stat().st_size,
    }
    return {part: size / count for part, size in parts.items()}


def asked(folder: Path) -> dict[str, Any]:
    """What the library of `folder` costs when open, measured in a process of its own."""
    begun = time.perf_counter()
    with _opened(folder) as assistant:
        with assistant._holdings.reading() as index:
            assert index is not None and index.embedder is not None
            index.embedder.encode([])
            opening, at_rest = time.perf_counter() - begun, _memory("VmRSS")
            chance = random.Random(0)
            ids = [row[0] for row in assistant._holdings.library.rows("select id from papers order by id")]
            true = assistant._holdings.library.papers(chance.sample(ids, min(QUESTIONS, len(ids))))
            questions = [question_about(paper, chance) for paper in true]
            assistant.ask("What is this about?")
            taken = [timed(functools.partial(assistant.ask, question)) for question in questions]
            memory = {"open": at_rest, "most while asking": _memory("VmHWM"), "of it not files": _memory("RssAnon")}
            hits, exact_hits, recall = _compared(assistant, index, questions[:COMPARED], true, ids)
        first, following = (timed(functools.partial(_add_one, assistant, folder, number)) for number in range(2))
    wall = quantiles([one.wall for one in taken], n=20, method="inclusive")
    processor = quantiles([one.processor for one in taken], n=20, method="inclusive")
    return {
        "opening": opening,
        "memory": memory,
        "asking": {"p50": wall[9], "p95": wall[18], "p50, processor": processor[9], "p95, processor": processor[18]},
        "recall": recall,
        "hit": hits,
        "hit_exactly": exact_hits,
        "one_more": {"first": first.wall, "next": following.wall, "next, processor": following.processor},
    }


class Exact:
    """A store that compares every passage with the question."""

    def __init__(self, index: Index, ids: Sequence[str]) -> None:
        self._index, self._ids = index, PaperIds(ids)

    def nearest(self, vector: NDArray[np.float32], *, limit: int) -> list[tuple[str, float]]:
        return self._index.nearest_of(self._ids, vector, limit=limit)


def _compared(
    assistant: Assistant, index: Index, questions: Sequence[str], true: Sequence[Paper], ids: Sequence[str]
) -> tuple[float, float, float]:
    """The share of true papers among the hits, that of an exact search, and the recall of the graph against it."""
    exact, graph = Exact(index, ids), index.store
    vectors = [index.encoding_of(question).vector for question in questions]
    pairs = [
        [{i.partition(":")[0] for i, _ in one.nearest(v, limit=NEAREST)} for one in (graph, exact)] for v in vectors
    ]
    recall = sum(len(near & right) / len(right) for near, right in pairs) / len(pairs)
    shares = []
    for one in (graph, exact):
        index.store = one  # type: ignore[assignment]
        hits = [{hit.paper.id for hit in assistant.search(question)} for question in questions]
        shares.append(sum(paper.id in own for paper, own in zip(true, hits, strict=False)) / len(questions))
    index.store = graph
    return shares[0], shares[1], recall


def _add_one(assistant: Assistant, folder: Path, number: int) -> None:
    path = folder / f"one-{number}.jsonl"
    path.write_text(json.dumps({"title": f"One more paper, {number}", "abstract": _real()[number].abstract}))
    assistant.ingest(path)


def _opened(folder: Path) -> Assistant:
    settings = Settings.from_environment(home=folder / "home").model_copy(update={"reader": "none"})
    return Assistant.open(settings=settings)


def _memory(name: str) -> float:
    """A figure of this process in bytes, by its name in /proc/self/status."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return 1024.0 * int(line.split()[1])


def measured(folder: Path, count: int) -> Size:
    """All figures of a size, with a library made anew in `folder`."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    size = filled(folder, count)
    command = [sys.executable, "-m", __spec__.name, "--ask", str(folder)]
    reply = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
    return replace(size, **json.loads(reply.splitlines()[-1]))


def table(sizes: Sequence[Size]) -> Table:
    """A column a size."""
    rows = [
        *(
            (f"papers a second: {stage}", *(f"{one.per_second[stage]:.0f}" for one in sizes))
            for stage in sizes[0].per_second
        ),
        *((f"kB a paper: {part}", *(f"{one.disk[part] / 1e3:.1f}" for one in sizes)) for part in sizes[0].disk),
        *((f"MB of memory: {when}", *(f"{one.memory[when] / 1e6:.0f}" for one in sizes)) for when in sizes[0].memory),
        ("seconds to open", *(f"{one.opening:.2f}" for one in sizes)),
        *((f"ms for an answer, {cut}", *(f"{1e3 * one.asking[cut]:.0f}" for one in sizes)) for cut in sizes[0].asking),
        ("share of the nearest passages", *(f"{one.recall:.3f}" for one in sizes)),
        ("true paper among the hits", *(f"{one.hit:.2f}" for one in sizes)),
        ("the same, exact search", *(f"{one.hit_exactly:.2f}" for one in sizes)),
        *(
            (f"seconds for one more paper, {which}", *(f"{one.one_more[which]:.2f}" for one in sizes))
            for which in sizes[0].one_more
        ),
    ]
    load = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    note = f"Embedding is timed on {EMBEDDED} papers; the other vectors are made up. This machine: {load}."
    return Table("By size", ("", *(f"{one.papers:,}" for one in sizes)), tuple(rows), note)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each size, and write the table as JSON and as a plot."""
    parser = argparse.ArgumentParser(prog="python -m eval.size", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--papers", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--folder", type=Path, default=Path("reports/size"))
    parser.add_argument("--plot", type=Path, help="an SVG file to write")
    parser.add_argument("--ask", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.ask:
        sys.stdout.write(f"{json.dumps(asked(options.ask))}\n")
        return 0
    sizes = []
    for count in options.papers:
        sizes.append(measured(options.folder / str(count), count))
        (options.folder / "size.json").write_text(json.dumps([asdict(size) for size in sizes], indent=1))
        Console().print(tables.to_rich(table(sizes)))
    if options.plot:
        options.plot.write_text(plots.by_size(sizes))
    return 0


if __name__ == "__main__":
    sys.exit(main())
