"""How much longer a question takes with a filter: at 100,000 made-up papers, of which 1, 50 and 99 % pass.

    python -m eval.filters [--papers 100000] [--rounds 5] [--home FOLDER]

Every question is asked with and without the filter in turn, and its time compared with its own time without: seconds
depend on the machine and its load, the ratio of two neighbours hardly. The papers that pass a filter are kept while
nothing changes, so the first question under a filter takes longer. It is measured with filters that mean the same days
but are new each time. With a folder, the library made there is kept and used again.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
from rich.console import Console

from assistant.chain import Assistant
from assistant.core.filters import ALL, Filter
from assistant.core.records import Paper
from assistant.core.settings import Settings
from assistant.index.embedding import Encoding, unit
from assistant.library.sample import sample_files
from assistant.library.sources import read

from .multiply import of_words

BATCH = 10_000
"""Papers added at once."""
DIMENSIONS, TOPICS, WORDS = 384, 2000, 12
"""Of the made-up vectors: as many dimensions as the bundled model has, the clusters they form, and the words of a text
that get one, few so that building takes minutes."""
QUESTIONS = (
    "Which papers pre-train retrievers with a masked autoencoder?",
    "How are diffusion models made faster?",
    "What does quantization cost in accuracy?",
    "How do mixture-of-experts models choose their experts?",
    "Which benchmarks test multimodal language models?",
)


class TopicEmbedder:
    """Vectors in clusters, as those of real texts are: of a topic that the first words of a text choose."""

    name, dimensions = "topics-384", DIMENSIONS

    def encode(self, texts: Sequence[str], *, questions: bool = False) -> list[Encoding]:
        return [self._encoded(text) for text in texts]

    def _encoded(self, text: str) -> Encoding:
        chance = np.random.default_rng(abs(hash_of(text)))
        spans = np.array([(start, start + 1) for start in range(0, min(len(text), 2 * WORDS), 2)], np.int32)
        tokens = chance.standard_normal((len(spans), DIMENSIONS), np.float32)
        return Encoding(unit(_topic(hash_of(text[:20]) % TOPICS) + 0.7 * tokens[0]), tokens, spans)


def hash_of(text: str) -> int:
    """A number that is the same for a text in every process."""
    return int.from_bytes(text.encode()[:64].ljust(64, b" ")) % (2**61 - 1)


@functools.cache
def _topic(number: int) -> np.ndarray:
    return np.random.default_rng(number).standard_normal(DIMENSIONS, np.float32)


def made(count: int) -> Iterator[Paper]:
    """`count` papers of words, 1 % of them of 2001, 49 % of 2002, 49 % of 2003 and 1 % of 2004, the years mixed."""
    real = [paper for file in sample_files() for paper in read(file).papers]
    for number, paper in enumerate(of_words(real, count)):
        place = number * 37 % 100
        yield replace(paper, year=2001 if place < 1 else 2002 if place < 50 else 2003 if place < 99 else 2004)


FILTERS = {0.01: Filter(since="2004"), 0.5: Filter(until="2002"), 0.99: Filter(until="2003")}
"""A filter that so large a share of the papers passes."""


def filled(assistant: Assistant, count: int, console: Console) -> None:
    """Fill an empty library."""
    library = assistant._holdings.library
    if len(library) == count:
        return
    papers = list(made(count))
    for first in range(0, count, BATCH):
        library.put(papers[first : first + BATCH])
        console.print(f"{first + BATCH:,} of {count:,} papers added")
    assistant.search("indexing")


def ratios(assistant: Assistant, filters: Sequence[Filter]) -> list[float]:
    """The time of a question with each of the filters, as a multiple of its time without."""
    return [
        _seconds(assistant, question, where) / _seconds(assistant, question, ALL)
        for question, where in zip(itertools.cycle(QUESTIONS), filters, strict=False)
    ]


def new(where: Filter, number: int) -> Filter:
    """A filter of the same days that differs in spaces from those of other numbers."""
    return replace(where, since=where.since and f"{where.since}{' ' * number}", until=f"{where.until}{' ' * number}")


def _seconds(assistant: Assistant, question: str, where: Filter) -> float:
    start = time.perf_counter()
    assistant.ask(question, where=where)
    return time.perf_counter() - start


def main() -> None:
    """Fill a library, ask, and print the ratios."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--papers", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--home", type=Path)
    chosen = parser.parse_args()
    console = Console()
    with ExitStack() as stack:
        home = chosen.home or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = Settings.from_environment(home=home).model_copy(update={"reader": "none"})
        assistant = stack.enter_context(Assistant.open(settings=settings, embedder=TopicEmbedder()))
        filled(assistant, chosen.papers, console)
        for question in QUESTIONS:
            assistant.ask(question)
        for share, where in FILTERS.items():
            count = chosen.rounds * len(QUESTIONS)
            first = median(ratios(assistant, [new(where, number) for number in range(count)]))
            again = median(ratios(assistant, [where] * count))
            console.print(
                f"{share:4.0%} pass ({where.words}): {first:.2f} times as long the first time, then {again:.2f}"
            )


if __name__ == "__main__":
    main()
