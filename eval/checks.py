"""Each signal of the citation checker switched off in turn: what it is worth with a reader, and without.

    python -m eval.checks ablation --abstracts FILE [--set pairs]

A signal is off when its fault leaves all of a sentence's support. The model `support` and the model `read` stay as they
are. The sets are `pairs` and `prose`, the drafts without the words they are based on, on both of which models are
fitted, and `pairs-blind`, which is only reported.
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

from rich.console import Console

from assistant.check import checker
from assistant.check.checker import REMAINING, Checker
from assistant.check.support import signals
from assistant.reader import PackagedReader, Reader

from . import tables
from .reader import PROSE, Pair, Rarity, pairs_of, papers_of, written
from .tables import Table

GROUPS = {
    "all but numbers and names": ("foreign", "exchange", "negation", "wider"),
    "all": tuple(REMAINING),
}
"""Signals that are also switched off together."""


class Remembering:
    """A reader that reads each pair once."""

    entailment: int | None = None

    def __init__(self, reader: Reader) -> None:
        self.name, self.wake, self.states = reader.name, reader.wake, reader.states
        self.read = functools.cache(reader.read)


def ablation(pairs: Sequence[Pair], rarity: Rarity, reader: Reader) -> Table:
    """The shares of true pairs kept and of false ones flagged, without each signal, with a reader and without."""
    off: dict[str, tuple[str, ...]] = {"nothing": (), **{name: (name,) for name in REMAINING}, **GROUPS}
    lines = []
    with patch.object(checker, "signals", functools.cache(signals)):
        for name, names in off.items():
            with patch.dict(REMAINING, dict.fromkeys(names, 1.0)):
                shares = [_kept(pairs, Checker(rarity, reader=one)) for one in (reader, None)]
            lines.append((name, *(f"{share:.3f}" for pair in shares for share in pair)))
    columns = ("without", "read: true kept", "false flagged", "words: true kept", "false flagged")
    return Table(f"Without each signal, {len(pairs)} pairs", columns, tuple(lines))


def _kept(pairs: Sequence[Pair], one: Checker) -> tuple[float, float]:
    kept = [one.check(pair.claim, pair.paper).supported for pair in pairs]
    true = [k for k, pair in zip(kept, pairs, strict=True) if pair.supported]
    false = [not k for k, pair in zip(kept, pairs, strict=True) if not pair.supported]
    return sum(true) / len(true), sum(false) / len(false)


def main() -> None:
    """Read the command line and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("ablation",))
    parser.add_argument("--abstracts", type=Path)
    parser.add_argument("--set", default="pairs", choices=("pairs", PROSE, "pairs-blind"))
    options = parser.parse_args()
    papers = papers_of(options.abstracts)
    pairs = pairs_of(options.set, papers) if options.set != PROSE else [p for p in written(papers) if p.source == PROSE]
    Console().print(tables.to_rich(ablation(pairs, Rarity(papers.values()), Remembering(PackagedReader()))))


if __name__ == "__main__":
    main()
