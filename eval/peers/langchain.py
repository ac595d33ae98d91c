"""LangChain over Chroma, with its record of what is indexed, and its ensemble of that with BM25."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from langchain_chroma import Chroma
from langchain_classic.indexes import SQLRecordManager
from langchain_classic.retrievers import EnsembleRetriever
from langchain_community.retrievers import BM25Retriever
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.indexing import index

from assistant.index.embedding import Embedder

from .peer import Peer, Source


class LangChainEmbedding(Embeddings):
    """The bundled embedder, as LangChain calls one."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self._peer.vectors(texts)

    def embed_query(self, text: str) -> list[float]:
        return self._peer.vector(text)


class StoreRetriever(Peer):
    """A Chroma store as a retriever: four sources."""

    def __init__(self, folder: Path, embedder: Embedder, sources: int | None = None) -> None:
        super().__init__(folder, embedder, sources)
        self._store = Chroma("papers", LangChainEmbedding(self), persist_directory=str(folder / "chroma"))
        self._retriever: Any = self.retriever()

    def ingest(self, papers: Sequence[Source]) -> None:
        documents = [Document(paper.text, metadata={"id": paper.id, "title": paper.title}) for paper in papers]
        records = SQLRecordManager("papers", db_url=f"sqlite:///{self.folder / 'records.sqlite'}")
        records.create_schema()
        index(documents, records, self._store, cleanup="incremental", source_id_key="id", key_encoder="sha256")

    def ask(self, question: str) -> list[str]:
        return [hit.metadata["title"] for hit in self._retriever.invoke(question)]

    def retriever(self) -> Any:
        """What answers questions."""
        return self._store.as_retriever(search_kwargs={} if self.sources is None else {"k": self.sources})


class Ensemble(StoreRetriever):
    """`EnsembleRetriever`: that and BM25, joined by reciprocal rank, each with its default number of sources.

    BM25 is kept in memory alone, so it is built anew from the stored texts in each process.
    """

    def retriever(self) -> Any:
        stored = self._store.get()
        if not stored["ids"]:
            return None
        options = {} if self.sources is None else {"k": self.sources}
        words = BM25Retriever.from_texts(stored["documents"], metadatas=stored["metadatas"], **options)
        return EnsembleRetriever(retrievers=[words, super().retriever()], weights=[0.5, 0.5])
