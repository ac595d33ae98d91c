"""What PaperQA2 retrieves: its documents in a file, ten texts a question, of which an answer cites five at most."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Sequence
from pathlib import Path

from lmi import EmbeddingModel
from paperqa import Doc, Docs, Settings, Text
from pydantic import ConfigDict

from assistant.index.embedding import Embedder

from .peer import Peer, Source


class PaperQAEmbedding(EmbeddingModel):
    """The bundled embedder, as PaperQA2 calls one."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    peer: Peer

    async def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self.peer.vectors(texts)


class Retrieval(Peer):
    """`Docs.retrieve_texts`. A language model would choose from what it finds; the first five are cited instead."""

    def __init__(self, folder: Path, embedder: Embedder, sources: int | None = None) -> None:
        super().__init__(folder, embedder, sources)
        self._file = folder / "docs.pickle"
        self._docs: Docs = pickle.loads(self._file.read_bytes()) if self._file.exists() else Docs()
        self._model = PaperQAEmbedding(name=embedder.name, peer=self)
        self._settings = Settings()

    def ingest(self, papers: Sequence[Source]) -> None:
        asyncio.run(self._add(papers))
        self._file.write_bytes(pickle.dumps(self._docs))

    def ask(self, question: str) -> list[str]:
        answer = self._settings.answer
        texts = asyncio.run(
            self._docs.retrieve_texts(question, max(answer.evidence_k, self.sources or 0), self._settings, self._model)
        )
        return [text.doc.citation for text in texts[: self.sources or answer.answer_max_sources]]

    async def _add(self, papers: Sequence[Source]) -> None:
        for paper in papers:
            doc = Doc(docname=paper.id, dockey=paper.id, citation=paper.title)
            text = Text(text=paper.text, name=paper.id, doc=doc)
            await self._docs.aadd_texts([text], doc, self._settings, self._model)
