"""Measure all peers and write the figures: python -m eval.peers [--listings FOLDER]."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from assistant.core.errors import AssistantError
from assistant.index.embedding import BundledEmbedder
from assistant.library.sources import read as read_listing
from assistant.show.terminal import Screen

from .. import stock
from ..questions import Question, half, read
from .measure import ROUNDS, Run, Taken, measured, processes
from .page import Rated, page, put
from .peer import KINDS, OURS, Source
from .score import Similar, best, quality, similarity


def papers_of(files: Sequence[Path]) -> list[Source]:
    """The papers of the listing files, each once."""
    papers = {paper.id: paper for file in files for paper in read_listing(file).papers}
    return [Source(paper.id, paper.title, paper.abstract) for paper in papers.values()]


def rated(name: str, taken: Taken, questions: Sequence[Question], similar: Similar) -> Rated:
    """The peer with its scores on the reporting half; its cut-off is set on the fitting half."""
    fitting = [question for question in questions if half(question) == "fit"]
    reported = [question for question in questions if half(question) == "report"]
    default = quality(reported, taken.default)
    if name == OURS:
        return Rated(taken, default)
    cut_off = best(fitting, {one.question: taken.deep[one.question] for one in fitting}, similar)
    return Rated(taken, default, cut_off, quality(reported, cut_off.of(taken.deep, similar)))


def figures(
    names: Sequence[str], papers: Sequence[Source], questions: Sequence[Question], run: Run, about: str, rounds: int
) -> str:
    """Measure, score, and lay out the part of the page that is between the markers."""
    reported = [one.question for one in questions if half(one) == "report"]
    fitting = [one.question for one in questions if half(one) == "fit"]
    taken, failed = measured(names, papers, reported, fitting, run, rounds=rounds)
    similar = similarity(BundledEmbedder(), papers, [*reported, *fitting])
    return page({name: rated(name, one, questions, similar) for name, one in taken.items()}, failed, about)


def main(arguments: Sequence[str] | None = None, *, running: Run | None = None) -> int:
    """Print the figures and put them into the page; 0, or 1 on an error."""
    parser = argparse.ArgumentParser(prog="python -m eval.peers", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--listings", type=Path, metavar="FOLDER", help="the real listing files")
    parser.add_argument("--python", type=Path, default=Path(".venv/peers/bin/python"), help="theirs [%(default)s]")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often [%(default)s]")
    parser.add_argument("--only", nargs="+", choices=[name for name in KINDS if name != OURS], help="these peers alone")
    parser.add_argument("--page", type=Path, help="where the figures go, between its markers")
    options, screen = parser.parse_args(arguments), Screen()
    try:
        if running is None and not options.python.exists():
            raise stock.EvaluationError(f"There is no {str(options.python)!r}. Install the peers with: make peers")
        files = stock.real(options.listings) if options.listings else stock.sample()
        corpus = "listings" if options.listings else "sample"
        questions = read(stock.set_file(corpus))
        papers, names = papers_of(files), [OURS, *(options.only or [name for name in KINDS if name != OURS])]
        about = describe(corpus, papers, questions, options.rounds)
        run = running or processes(options.python.absolute())
        text = figures(names, papers, questions, run, about, options.rounds)
        if options.page:
            put(options.page, corpus, text)
    except AssistantError as error:
        Screen(stderr=True).line(str(error), first="eval.peers: ")
        return 1
    screen.line(text)
    return 0


def describe(corpus: str, papers: Sequence[Source], questions: Sequence[Question], rounds: int) -> str:
    """What is measured, and on what machine."""
    reported = [one for one in questions if half(one) == "report"]
    unanswerable = sum(one.unanswerable is not None for one in reported)
    return (
        f"Measured on the {corpus}: {len(papers)} papers and the {len(reported)} questions of the reporting half, "
        f"{unanswerable} of them unanswerable; cut-offs are set on the other {len(questions) - len(reported)}. "
        f"{rounds} round{'s' * (rounds != 1)}, turns taken, on {os.cpu_count()} cores "
        f"with a load of {os.getloadavg()[0]:.1f} at the start."
    )


if __name__ == "__main__":
    sys.exit(main())
