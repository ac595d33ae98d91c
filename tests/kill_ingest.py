"""Kills ingests at random moments and prints what was acknowledged and what was lost.

    python -m tests.kill_ingest --times 20 [--corpus FILE...] [--seed 0] [--bundled]

Each round ingests the files one by one into a fresh home, in a process of its own. The process prints each file once
its ingest has returned: the file is acknowledged. kill -9 ends it at a random moment, and the library is opened
again. It must have exactly the papers of the acknowledged files, or those and the whole of the next file; its revision
must not have gone back; and its index must be whole.
The exit status is 1 if anything was lost. Without `--corpus` the files are six small listings of invented papers, the
last an edited copy of the first; with `--bundled` the real model embeds them.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.index import searchable
from assistant.index.embedding import BundledEmbedder
from assistant.index.holdings import Holdings
from assistant.library.papers import Library
from assistant.library.sources import read

from .doubles import HashEmbedder
from .papers import LONG, write_listing

ROOT = Path(__file__).parent.parent
State = dict[str, str]
"""The fingerprint of each paper by its id."""


@dataclass(frozen=True, slots=True)
class Round:
    """One kill: the seconds before it, the files and papers acknowledged by then, and what was lost ("" if nothing)."""

    after: float
    acknowledged: int
    papers: int
    lost: str


def opened(home: Path, *, bundled: bool) -> Holdings:
    """The holdings of a home, with the real model or its double."""
    return Holdings(Library(home), BundledEmbedder() if bundled else HashEmbedder())


def take_in(holdings: Holdings, file: str) -> None:
    """Ingest a copy of a file in one shared folder: a second file of the same name counts as the first one, edited."""
    inbox = holdings.library.home / "inbox"
    inbox.mkdir(exist_ok=True)
    holdings.ingest([shutil.copy(file, inbox)])


def ingest(home: Path, files: Sequence[str], *, bundled: bool) -> None:
    """The process that is killed: it prints each file and the revision once the ingest of the file has returned."""
    for vendor in ("chromadb", "llama_index.vector_stores.chroma"):
        importlib.import_module(vendor)  # no kill is wasted on an import
    holdings = opened(home, bundled=bundled)
    print("ready", flush=True)
    for file in files:
        take_in(holdings, file)
        print(json.dumps([file, holdings.library.revision]), flush=True)
    holdings.close()


def unkilled(home: Path, files: Sequence[str], *, bundled: bool) -> float:
    """Seconds that the ingest takes if it is not killed."""
    with contextlib.redirect_stdout(io.StringIO()):
        ingest(home / "first", files[:1], bundled=bundled)  # loads what has to be loaded
        began = time.perf_counter()
        ingest(home / "whole", files, bundled=bundled)
        return time.perf_counter() - began


def run(home: Path, files: Sequence[str], *, kill_after: float, bundled: bool, layers: bool) -> list[tuple[str, int]]:
    """The files that an ingest had acknowledged when it was killed, each with the revision."""
    command = [sys.executable, "-m", "tests.kill_ingest", "--child", str(home), "--corpus", *files]
    command += ["--bundled"] * bundled + ["--layers"] * layers
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("the ingest did not start")
        time.sleep(kill_after)
        process.kill()
        lines = process.stdout.read().splitlines(keepends=True)
    return [tuple(json.loads(line)) for line in lines if line.endswith("\n")]


def contents_of(library: Library) -> State:
    """The papers of a library."""
    return {paper.id: paper.fingerprint for paper in library.papers()}


def states(home: Path, files: Sequence[str]) -> list[State]:
    """The papers of a library before the first file, after the first, after the second ..."""
    library = Library(home)
    contents = [contents_of(library)]
    for file in files:
        library.put(read(file).papers)
        contents.append(contents_of(library))
    library.close()
    return contents


def lost(
    home: Path,
    files: Sequence[str],
    acknowledged: Sequence[tuple[str, int]],
    expected: Sequence[State],
    *,
    bundled: bool,
) -> str:
    """Which acknowledged papers are gone, or what is wrong with the index, in words; "" if all is well."""
    holdings = opened(home, bundled=bundled)
    try:
        contents, saved = contents_of(holdings.library), expected[len(acknowledged)]
        if contents not in expected[len(acknowledged) : len(acknowledged) + 2]:
            gone = len(saved.keys() - contents.keys())
            return f"{gone} papers are gone, and some of the rest are changed"
        if acknowledged and holdings.library.revision < acknowledged[-1][1]:
            return f"the revision went back from {acknowledged[-1][1]} to {holdings.library.revision}"
        holdings.index()
        if faults := holdings.doctor():
            return "; ".join(faults)
        for file in files:
            take_in(holdings, file)
        if contents_of(holdings.library) != expected[-1] or holdings.doctor():
            return "the ingest after the kill did not make it whole"
    finally:
        holdings.close()
    return ""


def small_corpus(folder: Path) -> list[str]:
    """Six listings of 6 papers, each with four passages; the last is an edited copy of the first."""
    files = []
    for number in range(6):
        name = f"listing-{number % 5}.txt"
        pairs = [(f"Kite {number % 5}.{n}: Ledgers", f"Kite {n} flew {number} times. {LONG}") for n in range(6)]
        files.append(str(write_listing(folder / str(number) / name, pairs)))
    return files


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit status: 1 if anything acknowledged was lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--corpus", nargs="+", default=[])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--bundled", action="store_true")
    parser.add_argument("--layers", action="store_true", help="make a layer of each change")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.layers:
        searchable.LAYERED, searchable.SHARE = 0, 99.0
    if chosen.child:
        ingest(chosen.child, chosen.corpus, bundled=chosen.bundled)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        files = [str(Path(file).resolve()) for file in chosen.corpus] or small_corpus(Path(folder))
        manner = {"bundled": chosen.bundled, "layers": chosen.layers}
        rounds = killed(Path(folder), files, times=chosen.times, seed=chosen.seed, **manner)
    bad = [one for one in rounds if one.lost]
    print(f"\n{len(rounds)} kills, {len(bad)} with a loss")
    return 1 if bad else 0


def killed(folder: Path, files: Sequence[str], *, times: int, seed: int, bundled: bool, layers: bool) -> list[Round]:
    """The rounds, each printed as a row once it is over."""
    chance = random.Random(seed)
    expected = states(folder / "states", files)
    whole = unkilled(folder / "unkilled", files, bundled=bundled)
    print(f"An ingest of {len(files)} files takes {whole:.2f} s if it is not killed.\n")
    print("| kill | after | files acknowledged | papers acknowledged | outcome |\n|---:|---:|---:|---:|---|")
    rounds = []
    for number in range(1, times + 1):
        home, after = folder / f"home-{number}", chance.uniform(0, whole)
        acknowledged = run(home, files, kill_after=after, bundled=bundled, layers=layers)
        loss = lost(home, files, acknowledged, expected, bundled=bundled)
        rounds.append(Round(after, len(acknowledged), len(expected[len(acknowledged)]), loss))
        print(
            f"| {number} | {after:.2f} s | {len(acknowledged)} | {rounds[-1].papers} | {rounds[-1].lost or 'whole'} |",
            flush=True,
        )
    return rounds


if __name__ == "__main__":
    sys.exit(main())
