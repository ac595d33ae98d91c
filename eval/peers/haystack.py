"""Haystack with its own store, which is a file of JSON: a pipeline by meaning, and one by meaning and words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from haystack import Document, Pipeline, component
from haystack.components.caching import CacheChecker
from haystack.components.joiners import DocumentJoiner
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
from haystack.document_stores.in_memory import InMemoryDocumentStore

from assistant.index.embedding import Embedder

from .peer import Peer, Source


@component
class QuestionEmbedder:
    """The bundled embedder, as a component."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer

    @component.output_types(embedding=list[float])
    def run(self, text: str) -> dict[str, list[float]]:
        return {"embedding": self._peer.vector(text)}


class MeaningPipeline(Peer):
    """`InMemoryEmbeddingRetriever`: ten sources."""

    def __init__(self, folder: Path, embedder: Embedder, sources: int | None = None) -> None:
        super().__init__(folder, embedder, sources)
        self._file = folder / "store.json"
        self._store = (
            InMemoryDocumentStore.load_from_disk(str(self._file)) if self._file.exists() else InMemoryDocumentStore()
        )
        self._options = {} if sources is None else {"top_k": sources}
        self._pipeline: Any = self.pipeline()

    def ingest(self, papers: Sequence[Source]) -> None:
        by_id = {one.id: one for one in (Document(content=p.text, meta={"title": p.title}) for p in papers)}
        fresh = CacheChecker(self._store, cache_field="id").run(items=list(by_id))["misses"]
        documents = [by_id[name] for name in fresh]
        for document, vector in zip(documents, self.vectors([p.content for p in documents]), strict=True):
            document.embedding = vector
        self._store.write_documents(documents)
        self._store.save_to_disk(str(self._file))

    def ask(self, question: str) -> list[str]:
        return [hit.meta["title"] for hit in self.hits(question)]

    def pipeline(self) -> Any:
        """What answers questions."""
        pipeline = Pipeline()
        pipeline.add_component("embedder", QuestionEmbedder(self))
        pipeline.add_component("meaning", InMemoryEmbeddingRetriever(self._store, **self._options))
        pipeline.connect("embedder.embedding", "meaning.query_embedding")
        return pipeline

    def hits(self, question: str) -> list[Document]:
        """The sources, best first."""
        hits: list[Document] = self._pipeline.run({"embedder": {"text": question}})["meaning"]["documents"]
        return hits


class Hybrid(MeaningPipeline):
    """That and `InMemoryBM25Retriever`, ten sources each, joined by reciprocal rank."""

    def pipeline(self) -> Any:
        pipeline = super().pipeline()
        pipeline.add_component("words", InMemoryBM25Retriever(self._store, **self._options))
        pipeline.add_component("joiner", DocumentJoiner(join_mode="reciprocal_rank_fusion"))
        pipeline.connect("meaning", "joiner")
        pipeline.connect("words", "joiner")
        return pipeline

    def hits(self, question: str) -> list[Document]:
        done = self._pipeline.run({"embedder": {"text": question}, "words": {"query": question}})
        hits: list[Document] = done["joiner"]["documents"]
        return hits
