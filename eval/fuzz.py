"""Files of papers in, the wrong papers that are read from damaged copies of them out.

    python -m eval.fuzz tests/library/exports --times 10000

Each copy has one fault: a few bytes that changed, came in or went, or an end that is missing. What is then read must be
papers of the file, whole and unmixed, or rejects. Exits with 1 if a paper is wrong; an error of the reader ends it.
"""

from __future__ import annotations

import random
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from pathlib import Path

from assistant.core.records import Paper, fold
from assistant.library.sources import read

BYTES = [bytes([one]) for one in b'"{}\\,\n\r<>&@%-\t:;[]=#$ \0\xff\xc3a0']
"""What comes in: the signs by which formats mark their parts, and bytes that are no text."""
MOST = 4
"""Most bytes that are changed at one place."""
WHOLE = 0.85
"""Share of an abstract's words that must be left, and of the words read that must be of it."""


def damaged(data: bytes, chance: random.Random) -> bytes:
    """The bytes with one fault."""
    place, count = chance.randrange(len(data)), chance.randint(1, MOST)
    match chance.randrange(4):
        case 0:
            return data[:place]
        case 1:
            return data[:place] + data[place + count :]
        case 2:
            return data[:place] + b"".join(chance.choices(BYTES, k=count)) + data[place:]
        case _:
            return data[:place] + chance.choice(BYTES) + data[place + 1 :]


def is_right(paper: Paper, originals: Sequence[Paper], *, endless: bool = False) -> bool:
    """Whether a paper is one of these, but for a few letters; `endless`: its last sentences may be missing."""
    return any(
        _alike(paper.title, original.title) >= WHOLE / 2
        and (
            _alike(paper.abstract, original.abstract) >= WHOLE
            or (endless and paper.abstract.endswith(".") and original.abstract.startswith(paper.abstract))
        )
        for original in originals
    )


def _alike(text: str, original: str) -> float:
    """The share of words that both texts have, of the longer one."""
    words, others = fold(text).split(), fold(original).split()
    common = len(words) - len([word for word in words if word not in set(others)])
    return min(common, len(words)) / max(len(words), len(others), 1)


def wrong_papers(file: Path, times: int, seed: int) -> Iterator[tuple[bytes, Paper]]:
    """Each wrong paper, and the bytes that it was read from."""
    endless = file.suffix in (".md", ".txt")  # nothing shows where the last abstract ends
    chance, data, originals = random.Random(f"{seed} {file.name}"), file.read_bytes(), read(file).papers
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / file.name
        for _ in range(times):
            bad = damaged(data, chance)
            copy.write_bytes(bad)
            yield from ((bad, paper) for paper in read(copy).papers if not is_right(paper, originals, endless=endless))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run over all files of some folders; the exit code."""
    parser = ArgumentParser(prog="python -m eval.fuzz", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--times", type=int, default=10_000, help="copies in all")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    files = sorted(file for folder in given.folders for file in folder.iterdir())
    count = 0
    for file in files:
        for _, paper in wrong_papers(file, -(-given.times // len(files)), given.seed):
            count += 1
            sys.stdout.write(f"{file.name}: {paper.title[:60]!r} {paper.abstract[:200]!r}\n")
    sys.stdout.write(f"{count} wrong papers in {len(files)} files, {given.times:,} damaged copies\n")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
