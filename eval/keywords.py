"""Our keyword index compared with SQLite FTS5 and bm25s: how well each ranks, and what it costs.

    python -m eval.keywords [--papers 100000] [--listings FOLDER]

All get the same words (`assistant.index.keywords.index_terms`), so they differ only in scoring and storage. Quality is
measured on the reporting half of the questions. Cost is measured on synthetic papers: once with words drawn from the
sample's distribution, once with its sentences, where a rare word occurs in far more papers than in real ones.
"""

from __future__ import annotations

import argparse
import itertools
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console

from assistant.core.errors import AssistantError
from assistant.core.records import Paper
from assistant.index.generation import FILL_BATCH
from assistant.index.keywords import TITLE_WEIGHT, KeywordIndex, index_terms
from assistant.library.sources import read as read_listing
from assistant.show.terminal import Screen

from . import stock, tables
from .main import part
from .metrics import reciprocal_rank_at
from .multiply import of_sentences, of_words
from .questions import Question, read
from .speed import seconds
from .tables import Table

LIMIT = 300
"""Papers to find, the retriever's own limit."""
RUNS = 3
"""New processes that open an index; the fastest counts."""
SMALL = 828
"""Papers of the real listings."""


class Keywords(Protocol):
    """An index in a folder, to be compared."""

    def put(self, papers: Sequence[Paper]) -> None: ...

    def search(self, question: str) -> list[str]: ...

    def close(self) -> None: ...


class Ours:
    """The product's own index."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._index = KeywordIndex(folder / "keywords.sqlite")

    def put(self, papers: Sequence[Paper]) -> None:
        for first in range(0, len(papers), FILL_BATCH):
            self._index.put(papers[first : first + FILL_BATCH])

    def search(self, question: str) -> list[str]:
        return [paper_id for paper_id, _ in self._index.search(question, limit=LIMIT)]

    def close(self) -> None:
        self._index.close()


class InTable:
    """A table of SQLite's FTS5, whose scores ours reproduce. In memory it is the oracle of the tests."""

    def __init__(self, folder: Path | None = None) -> None:
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(folder / "table.sqlite" if folder else ":memory:", isolation_level=None)
        # The terms are final; the tokenizer must only keep each one whole.
        self._db.executescript(
            "create virtual table if not exists papers using fts5(id unindexed, title, abstract, "
            "tokenize = \"unicode61 remove_diacritics 0 tokenchars '-.+/'\");"
            "create table if not exists rows (id text primary key, row integer not null) without rowid;"
        )

    def put(self, papers: Sequence[Paper]) -> None:
        self._db.execute("begin immediate")
        for paper in papers:
            self.drop(paper.id)
            row = self._db.execute(
                "insert into papers (id, title, abstract) values (?, ?, ?)",
                (paper.id, " ".join(index_terms(paper.title)), " ".join(index_terms(paper.abstract))),
            ).lastrowid
            self._db.execute("insert into rows values (?, ?)", (paper.id, row))
        self._db.execute("commit")

    def drop(self, paper_id: str) -> None:
        row = self._db.execute("select row from rows where id = ?", (paper_id,)).fetchone()
        if row:
            self._db.execute("delete from papers where rowid = ?", row)
            self._db.execute("delete from rows where id = ?", (paper_id,))

    def ranked(self, question: str, *, limit: int) -> list[tuple[str, float]]:
        """What `KeywordIndex.search` should return."""
        query = " OR ".join(f'"{term}"' for term in dict.fromkeys(index_terms(question))) or '""'
        rows = self._db.execute(
            f"select id, -bm25(papers, 0, {TITLE_WEIGHT}, 1.0) as score from papers where papers match ? "
            "order by score desc, id limit ?",
            (query, limit),
        )
        return list(rows)

    def search(self, question: str) -> list[str]:
        return [paper_id for paper_id, _ in self.ranked(question, limit=LIMIT)]

    def close(self) -> None:
        self._db.close()


class InMemory:
    """bm25s with Lucene's variant, saved after each change and opened memory-mapped.

    It cannot add papers, so every change is a new build from all the words, which are kept for that.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._words: dict[str, list[str]] = {}
        self._ids: list[str] = []
        self._index: Any = None
        if (folder / "ids").exists():
            import bm25s

            self._ids = (folder / "ids").read_text().splitlines()
            self._index = bm25s.BM25.load(str(folder), mmap=True)

    def put(self, papers: Sequence[Paper]) -> None:
        import bm25s

        self._words |= {p.id: [*index_terms(p.title), *index_terms(p.abstract)] for p in papers}
        self._ids = list(self._words)
        self._index = bm25s.BM25(method="lucene")
        self._index.index(list(self._words.values()), show_progress=False)
        self._index.save(str(self._folder), show_progress=False)
        (self._folder / "ids").write_text("\n".join(self._ids))

    def search(self, question: str) -> list[str]:
        terms = list(dict.fromkeys(index_terms(question)))
        count = min(LIMIT, len(self._ids))
        rows, scores = self._index.retrieve([terms], k=count, show_progress=False)
        return [self._ids[row] for row, score in zip(rows[0].tolist(), scores[0].tolist(), strict=True) if score > 0]

    def close(self) -> None:
        self._index = None


KINDS: Mapping[str, Callable[[Path], Keywords]] = {"ours": Ours, "FTS5": InTable, "bm25s": InMemory}


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds to build, to add a paper, to open and search once in a new process, and to search; megabytes on disk."""

    build: float
    add: float
    open: float
    median: float
    p95: float
    disk: float


def quality(
    kind: Callable[[Path], Keywords], papers: Sequence[Paper], questions: Sequence[Question]
) -> tuple[float, float]:
    """R@1 and MRR@10 of the first gold paper, over the answerable questions outside conversations."""
    ranks = []
    with tempfile.TemporaryDirectory() as folder:
        index = kind(Path(folder))
        index.put(papers)
        titles = {paper.id: paper.title for paper in papers}
        for question in (q for q in questions if q.gold and not q.conversation):
            ranking = [titles[paper_id] for paper_id in index.search(question.question)]
            ranks.append(reciprocal_rank_at(ranking, question.gold, 10) or 0.0)
        index.close()
    return sum(rank == 1.0 for rank in ranks) / len(ranks), sum(ranks) / len(ranks)


def cost(name: str, papers: Sequence[Paper], asked: Sequence[str], folder: Path) -> Cost:
    """The cost of an index of `papers`, built in `folder`, which is emptied first."""
    shutil.rmtree(folder, ignore_errors=True)
    *most, last = papers
    index = KINDS[name](folder)
    build = seconds(partial(index.put, most))
    add = seconds(partial(index.put, [last]))
    index.search(asked[0])
    taken = sorted(seconds(partial(index.search, question)) for question in asked)
    index.close()
    code = (
        "import sys, time; started = time.perf_counter(); from pathlib import Path; "
        f"from {__package__}.keywords import KINDS; "
        "KINDS[sys.argv[1]](Path(sys.argv[2])).search(sys.argv[3]); print(time.perf_counter() - started)"
    )
    command = [sys.executable, "-c", code, name, str(folder.resolve()), asked[0]]

    def opened() -> float:
        return float(subprocess.run(command, cwd=stock.ROOT, capture_output=True, text=True, check=True).stdout)

    runs = [opened() for _ in range(RUNS)]
    disk = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6
    return Cost(build, add, min(runs), taken[len(taken) // 2], taken[int(len(taken) * 0.95)], disk)


def cost_table(papers: str, costs: Mapping[str, Cost]) -> Table:
    """A line for each cost, with the ratios of the other indexes to the first."""
    lines = []
    for field, heading, unit in (
        ("build", "build", "s"),
        ("add", "add one paper", "s"),
        ("open", "open in a new process and search once", "s"),
        ("median", "search, median", "ms"),
        ("p95", "search, 95th percentile", "ms"),
        ("disk", "on disk", "MB"),
    ):
        values = [getattr(one, field) * (1000 if unit == "ms" else 1) for one in costs.values()]
        ratios = (f"{value / values[0]:,.2g}" for value in values[1:])
        lines.append((heading, *(f"{value:,.3g} {unit}" for value in values), *ratios))
    first, *others = costs
    columns = ("", *costs, *(f"{name} / {first}" for name in others))
    return Table(f"Cost at {papers}", columns, tuple(lines), "The new process includes its imports.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print quality and cost; 0, or 1 on an error."""
    parser = argparse.ArgumentParser(prog="python -m eval.keywords", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--papers", type=int, default=100_000, help="the larger number of papers [%(default)s]")
    parser.add_argument("--listings", type=Path, metavar="FOLDER", help="the real listing files")
    options = parser.parse_args(arguments)
    console = Console()
    try:
        console.print(tables.to_rich(_quality(options.listings)))
    except AssistantError as error:
        Screen(stderr=True).line(str(error), first="eval.keywords: ")
        return 1
    papers = _papers(stock.sample())
    asked = [question.question for question in read(stock.set_file("sample"))]
    for count, (drawn, make) in itertools.product(
        sorted({SMALL, options.papers}), {"words": of_words, "sentences": of_sentences}.items()
    ):
        made = list(make(papers, count))
        with tempfile.TemporaryDirectory() as folder:
            costs = {name: cost(name, made, asked, Path(folder) / name) for name in KINDS}
        console.print(tables.to_rich(cost_table(f"{count:,} papers of drawn {drawn}", costs)))
    return 0


def _quality(listings: Path | None) -> Table:
    lines = []
    for name, files in ({"sample": stock.sample()} | ({"listings": stock.real(listings)} if listings else {})).items():
        questions = part(read(stock.set_file(name)), "report")
        for kind, make in KINDS.items():
            first, mrr = quality(make, _papers(files), questions)
            lines.append((name, kind, f"{first:.3f}", f"{mrr:.3f}"))
    return Table("Quality on the reporting half", ("questions", "index", "R@1", "MRR@10"), tuple(lines))


def _papers(files: Sequence[Path]) -> list[Paper]:
    return list({paper.id: paper for file in files for paper in read_listing(file).papers}.values())


if __name__ == "__main__":
    sys.exit(main())
