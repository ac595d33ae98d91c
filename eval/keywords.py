"""Our keyword index compared with other engines: how well each ranks, and what it costs.

    python -m eval.keywords [--papers 1000 10000 100000] [--postgres URL] [--listings FOLDER]

All get the same words (`assistant.index.keywords.index_terms`), so they differ only in scoring and storage. Quality is
measured on the reporting half of the real questions. Cost is measured on made-up papers (`size.made`), whose questions
have words of one paper each. The engines take turns at every question, so the ratios to ours say more than the figures.
Engines that are not installed are left out. `URL`: a PostgreSQL server of this machine, in which tables are made.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median, quantiles

from rich.console import Console

from assistant.core.errors import AssistantError
from assistant.core.records import Paper
from assistant.library.paper_ids import PaperIds
from assistant.library.sources import read as read_listing
from assistant.show.terminal import Screen

from . import stock, tables
from .engines import KINDS, LIMIT, SERVER, Keywords, present
from .main import part
from .metrics import reciprocal_rank_at
from .questions import Question, read
from .size import made, question_about
from .speed import seconds
from .tables import NOTHING, Table

FIRST = 30
"""Of these, as many as the retriever looks at more closely."""
RUNS = 3
"""New processes that open an index; the fastest counts."""
ADDED = 3
"""Papers added one by one; the median counts."""
KILLS = 10
"""Writers killed while they add papers."""
SHARES = {"": 1.0, ", among half": 0.5, ", among 1 %": 0.01}
"""The share of the papers that a filter leaves."""

OPENED = ("ms to open and search once", "MB of memory after the questions", "MB of it not mapped files")
COPIED, WRITERS = {"ours", "FTS5", "tantivy"}, {"ours", "FTS5", "tantivy", "PostgreSQL"}
"""Engines whose folder can be copied and then added to, and those that can add at all after they are opened again."""

# -- quality


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


def agreement(own: Sequence[str], exact: Sequence[str]) -> float:
    """The share of the `FIRST` papers of an exact ranking that are among the `FIRST` of another; 1 if it has none."""
    return len({*own[:FIRST]} & {*exact[:FIRST]}) / len(exact[:FIRST]) if exact else 1.0


# -- cost


def built(name: str, papers: Sequence[Paper], folder: Path) -> dict[str, float]:
    """Build an index, then add papers one by one, each time until another reader has it."""
    shutil.rmtree(folder, ignore_errors=True)
    index = KINDS[name](folder)
    begun = time.perf_counter(), processor(index.server)
    index.put(papers)
    wall, used = time.perf_counter() - begun[0], processor(index.server) - begun[1]
    disk, reader = index.disk(), KINDS[name](folder)
    reader.search(papers[0].title)

    def add(paper: Paper) -> None:
        index.put([paper])
        reader.renew()
        if paper.id not in reader.search(paper.title):
            raise AssertionError(f"{name} does not find what was added.")

    def beside(paper: Paper) -> None:
        shutil.copytree(folder, folder.with_name("beside"))
        copy = KINDS[name](folder.with_name("beside"))
        copy.put([paper])
        copy.close()
        again = KINDS[name](folder.with_name("beside"))
        again.search(paper.title)
        again.close()

    figures = {
        "papers a second, processor": len(papers) / used,
        "papers a second": len(papers) / wall,
        "kB on disk a paper": disk / 1e3 / len(papers),
        "ms to add a paper": 1e3 * median(seconds(partial(add, paper)) for paper in map(_more, range(ADDED))),
    }
    index.close()
    reader.close()
    if name in COPIED:
        figures["ms to add a paper to a copy"] = 1e3 * seconds(partial(beside, _more(ADDED)))
        shutil.rmtree(folder.with_name("beside"))
    return figures


def asked(
    engines: Mapping[str, Keywords], true: Mapping[str, str], filters: Mapping[str, PaperIds | None]
) -> dict[str, dict[str, float]]:
    """What each engine finds and how long it takes; `true`: the id of the true paper by question."""
    taken = {name: {share: list[float]() for share in filters} for name in engines}
    shares = {name: defaultdict[str, list[float]](list) for name in engines}
    for engine in engines.values():
        engine.search(next(iter(true)))
    for number, (question, paper_id) in enumerate(true.items()):
        for share, ids in filters.items():
            order = [*engines][number % len(engines) :] + [*engines][: number % len(engines)]
            lists = {}
            for name in order:
                within = None if ids is None else ids & ids  # a new set, as each question has
                begun = time.perf_counter()
                lists[name] = engines[name].search(question, within)
                taken[name][share].append(1e3 * (time.perf_counter() - begun))
            for name, own in lists.items():
                shares[name][f"share of our first {FIRST}{share}"].append(agreement(own, lists[next(iter(engines))]))
                if ids is None:
                    shares[name][f"share of true papers, first {FIRST}"].append(paper_id in own[:FIRST])
                    shares[name][f"share of true papers, first {LIMIT}"].append(paper_id in own)
    return {
        name: {
            f"ms for a question{share}, p{cut}": quantiles(times, n=20, method="inclusive")[cut // 5 - 1]
            for share, times in taken[name].items()
            for cut in (50, 95)
        }
        | {what: sum(each) / len(each) for what, each in shares[name].items()}
        for name in engines
    }


def opened(name: str, folder: str, questions: str) -> None:
    """Print the seconds to open an index and search once, and the memory that it takes then: a process of its own."""
    before, begun = memory([os.getpid()]), time.perf_counter()
    index = KINDS[name](Path(folder))
    first, *others = json.loads(questions)
    index.search(first)
    taken = time.perf_counter() - begun
    for question in others:
        index.search(question)
    every = [after - at_start for after, at_start in zip(memory([os.getpid(), *index.server]), before, strict=True)]
    sys.stdout.write(json.dumps([1e3 * taken, *every]))


def written(name: str, folder: str) -> None:
    """Put papers into an index, one by one, until somebody kills this process; print how many are in."""
    index = KINDS[name](Path(folder))
    for number in itertools.count(1):
        index.put([_more(number)])
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


def killed(name: str, folder: Path) -> bool:
    """Kill a writer; whether all that it said was in still is, and more can be put."""
    with subprocess.Popen(_process(written, name, folder), cwd=stock.ROOT, stdout=subprocess.PIPE) as writer:
        assert writer.stdout
        acknowledged = [int(writer.stdout.readline()) for _ in range(3)]
        time.sleep(random.random() / 50)
        writer.kill()
    index = KINDS[name](folder)
    index.put([_more(0)])
    whole = all(_more(number).id in index.search(_more(number).title) for number in [0, *acknowledged])
    index.close()
    return whole


def processor(server: Sequence[int]) -> float:
    """Seconds of the processor that this process has taken, and those of a server."""
    ticks = 0
    for place, process in enumerate(_running(server)):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(map(int, fields[11 : 13 if place else 15]))  # the first one's with those of children that ended
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def memory(processes: Sequence[int]) -> tuple[float, float]:
    """Megabytes of these processes, shared ones counted once, and of it what are not mapped files."""
    every = [Path(f"/proc/{process}/smaps_rollup").read_text().split() for process in _running(processes)]
    whole, files = (sum(int(one[one.index(name) + 1]) for one in every) / 1e3 for name in ("Pss:", "Pss_File:"))
    return whole, whole - files


def _running(processes: Sequence[int]) -> list[int]:
    return [process for process in processes if Path(f"/proc/{process}").exists()]


def measured(names: Sequence[str], count: int, questions: int, folder: Path) -> dict[str, dict[str, float]]:
    """All figures of each engine at a number of papers."""
    papers, chance = list(made(count)), random.Random(0)
    true = {question_about(paper, chance): paper.id for paper in chance.sample(papers, questions)}
    ids = sorted(paper.id for paper in papers)
    filters = {what: None if of == 1 else PaperIds(chance.sample(ids, int(count * of))) for what, of in SHARES.items()}
    figures = {}
    for name in names:
        Screen(stderr=True).line(f"{name}: {count:,} papers ...")
        figures[name] = built(name, papers, folder / name)
    engines = {name: KINDS[name](folder / name) for name in names}
    answers = asked(engines, true, filters)
    for name, engine in engines.items():
        engine.close()
        command = _process(opened, name, folder / name, json.dumps([*true][:10]))
        runs = [json.loads(subprocess.check_output(command, cwd=stock.ROOT)) for _ in range(RUNS)]
        figures[name] |= answers[name] | dict(zip(OPENED, map(min, zip(*runs, strict=True)), strict=True))
        if name in WRITERS:
            whole = sum(killed(name, folder / name) for _ in range(KILLS))
            figures[name][f"writers of {KILLS} killed without loss"] = whole
    return figures


def cost_table(heading: str, figures: Mapping[str, Mapping[str, float]]) -> Table:
    """A line for each cost, with its ratio to the first engine's; shares and counts need none."""
    first, *_ = figures.values()
    lines = []
    for what, base in first.items():
        cells = []
        for engine in figures.values():
            value = engine.get(what)
            ratio = (
                f" ×{value / base:.2g}"
                if value is not None and engine is not first and what[:2] in "kB ms MB pa"
                else ""
            )
            cells.append(NOTHING if value is None else f"{value:,.3g}{ratio}")
        lines.append((what, *cells))
    note = (
        f"×: the ratio to {next(iter(figures))}. This machine: {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}."
    )
    return Table(heading, ("", *figures), tuple(lines), note)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print quality and cost; 0, or 1 on an error."""
    parser = argparse.ArgumentParser(prog="python -m eval.keywords", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--papers", type=int, nargs="+", default=[1000, 10_000, 100_000], help="[%(default)s]")
    parser.add_argument("--questions", type=int, default=50, help="asked at each number of papers [%(default)s]")
    parser.add_argument("--postgres", metavar="URL", default="", help="a PostgreSQL server to measure as well")
    parser.add_argument("--listings", type=Path, metavar="FOLDER", help="the real listing files")
    options = parser.parse_args(arguments)
    os.environ[SERVER] = options.postgres
    names, lacking = present()
    console = Console()
    console.print(*lacking, sep="\n")
    try:
        console.print(tables.to_rich(_quality(names, options.listings)))
    except AssistantError as error:
        Screen(stderr=True).line(str(error), first="eval.keywords: ")
        return 1
    for count in options.papers:
        with tempfile.TemporaryDirectory() as folder:
            figures = measured(names, count, options.questions, Path(folder))
        console.print(tables.to_rich(cost_table(f"Cost at {count:,} papers", figures)))
    return 0


def _quality(names: Sequence[str], listings: Path | None) -> Table:
    lines = []
    for name, files in ({"sample": stock.sample()} | ({"listings": stock.real(listings)} if listings else {})).items():
        questions = part(read(stock.set_file(name)), "report")
        papers = list({paper.id: paper for file in files for paper in read_listing(file).papers}.values())
        for kind in names:
            first, mrr = quality(KINDS[kind], papers, questions)
            lines.append((name, kind, f"{first:.3f}", f"{mrr:.3f}"))
    return Table("Quality on the reporting half", ("questions", "index", "R@1", "MRR@10"), tuple(lines))


def _more(number: int) -> Paper:
    """One more paper, that its title alone finds."""
    return Paper(f"zephyr{number} nimbus{number}", next(made(1)).abstract)


def _process(do: Callable[..., None], *arguments: object) -> list[str]:
    """The command of a new process that calls a function of this file."""
    code = f"import sys; from {__package__}.keywords import {do.__name__}; {do.__name__}(*sys.argv[1:])"
    return [sys.executable, "-c", code, *map(str, arguments)]


if __name__ == "__main__":
    sys.exit(main())
