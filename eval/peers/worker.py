"""One peer in a process of its own, asked as `python -m eval.peers.worker PEER FOLDER [SOURCES]`.

The request comes on standard input as JSON: `papers` to ingest, or `questions` to ask. What it took and what was cited
goes to standard output as JSON.
"""

from __future__ import annotations

import importlib.metadata
import json
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from assistant import __version__
from assistant.index.embedding import BundledEmbedder

from .peer import KINDS, OURS, Kind, Peer, Source, offline


def work(peer: Peer, request: Mapping[str, Any]) -> dict[str, Any]:
    """Carry the request out: the seconds and titles of each question, bytes of memory at most and on disk."""
    if "papers" in request:
        peer.ingest([Source(**paper) for paper in request["papers"]])
    seconds, titles = [], []
    for question in request.get("questions", ()):
        started = time.perf_counter()
        cited = peer.ask(question)
        seconds.append(time.perf_counter() - started)
        titles.append(list(dict.fromkeys(cited)))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {"seconds": seconds, "titles": titles, "memory": memory, "disk": peer.size()}


def versions(kind: Kind) -> str:
    """The packages of the peer with their versions."""
    return ", ".join(
        f"{name} {__version__ if kind is KINDS[OURS] else importlib.metadata.version(name)}" for name in kind.packages
    )


def main(arguments: Sequence[str]) -> int:
    """Answer the request; the peer's own words go to standard error."""
    name, folder, *sources = arguments
    offline()
    with redirect_stdout(sys.stderr):
        kind = KINDS[name]
        peer = kind.open(Path(folder), BundledEmbedder(), int(sources[0]) if sources else None)
        done = work(peer, json.load(sys.stdin)) | {"versions": versions(kind)}
    sys.stdout.write(json.dumps(done))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
