"""LlamaIndex with its defaults: its own vector store in JSON files, two sources a question."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from llama_index.core import Document, StorageContext, VectorStoreIndex, load_index_from_storage
from llama_index.core.embeddings import BaseEmbedding
from llama_index.core.llms import MockLLM
from llama_index.core.query_engine import CitationQueryEngine
from llama_index.core.schema import NodeWithScore
from pydantic import PrivateAttr

from assistant.index.embedding import Embedder

from .peer import Peer, Source


class LlamaIndexEmbedding(BaseEmbedding):
    """The bundled embedder, as LlamaIndex calls one."""

    _peer: Peer = PrivateAttr()

    def __init__(self, peer: Peer) -> None:
        super().__init__(model_name=peer.embedder.name)
        self._peer = peer

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._peer.vector(text)

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return self._peer.vectors(texts)

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._peer.vector(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._peer.vector(query)


class VectorIndex(Peer):
    """`VectorStoreIndex` and its retriever."""

    def __init__(self, folder: Path, embedder: Embedder, sources: int | None = None) -> None:
        super().__init__(folder, embedder, sources)
        self._model = LlamaIndexEmbedding(self)
        self._index: Any = None
        self._engine: Any = None
        if (folder / "docstore.json").exists():
            stored = StorageContext.from_defaults(persist_dir=str(folder))
            self._index = load_index_from_storage(stored, embed_model=self._model)
            self._engine = self.engine(self._index, {} if sources is None else {"similarity_top_k": sources})

    def ingest(self, papers: Sequence[Source]) -> None:
        # What the metadata holds is embedded with the text unless it is excluded, and the text has the title already.
        documents = [
            Document(
                id_=paper.id,
                text=paper.text,
                metadata={"title": paper.title},
                excluded_embed_metadata_keys=["title"],
                excluded_llm_metadata_keys=["title"],
            )
            for paper in papers
        ]
        if self._index is None:
            self._index = VectorStoreIndex.from_documents(documents, embed_model=self._model)
        else:
            self._index.refresh_ref_docs(documents)
        self._index.storage_context.persist(str(self.folder))

    def ask(self, question: str) -> list[str]:
        return [hit.node.metadata["title"] for hit in self.retrieved(question)]

    def engine(self, index: Any, options: dict[str, Any]) -> Any:
        """What answers questions."""
        return index.as_retriever(**options)

    def retrieved(self, question: str) -> list[NodeWithScore]:
        """The sources, best first."""
        hits: list[NodeWithScore] = self._engine.retrieve(question)
        return hits


class Citing(VectorIndex):
    """`CitationQueryEngine`, which numbers the sources for a language model. A mock stands in for it."""

    def engine(self, index: Any, options: dict[str, Any]) -> Any:
        return CitationQueryEngine.from_args(index, llm=MockLLM(max_tokens=1), **options)

    def retrieved(self, question: str) -> list[NodeWithScore]:
        hits: list[NodeWithScore] = self._engine.query(question).source_nodes
        return hits
