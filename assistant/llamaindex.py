"""A search in, a llama-index retriever over it out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .records import Hit

if TYPE_CHECKING:
    from llama_index.core.retrievers import BaseRetriever


def retriever(search: Callable[[str], list[Hit]]) -> BaseRetriever:
    """A llama-index retriever whose nodes are the best passages of the hits; `score` is the hit's relevance."""
    from llama_index.core.retrievers import BaseRetriever
    from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

    class PaperRetriever(BaseRetriever):
        def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
            return [
                NodeWithScore(
                    node=TextNode(
                        id_=hit.passage.id,
                        text=hit.passage.text,
                        metadata={"title": hit.paper.title, "paper_id": hit.paper.id, "start": hit.passage.start},
                    ),
                    score=hit.relevance,
                )
                for hit in search(query_bundle.query_str)
            ]

    return PaperRetriever()
