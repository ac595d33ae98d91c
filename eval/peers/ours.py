"""The product behind the methods of a peer: it cites the titles that its answer does."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from assistant.chain import Assistant
from assistant.index.embedding import Embedder

from .peer import Peer, Source


class PaperAssistant(Peer):
    """An assistant with its default settings; it chooses how many papers to cite, so `sources` means nothing to it."""

    def __init__(self, folder: Path, embedder: Embedder, sources: int | None = None) -> None:
        super().__init__(folder, embedder, sources)
        self._assistant = Assistant.open(folder, embedder=embedder)

    def ingest(self, papers: Sequence[Source]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "papers.jsonl"
            file.write_text("".join(f"{json.dumps(asdict(paper))}\n" for paper in papers), encoding="utf-8")
            self._assistant.ingest(file)

    def ask(self, question: str) -> list[str]:
        answer = self._assistant.ask(question)
        return list(answer.titles) if answer.answered else []
