"""llamaindex: the same search behind llama-index's own interface."""

from __future__ import annotations

import asyncio

import pytest
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import MetadataMode, NodeWithScore, QueryBundle

from assistant.errors import QuestionError
from assistant.llamaindex import retriever
from assistant.records import Hit, Paper, Passage

from .papers import PAIRS

PAPERS = [Paper(*pair) for pair in PAIRS[:3]]
HITS = [
    Hit(paper, Passage(paper.id, paper.title, paper.abstract[3:40], 3), score=9.0 - n, relevance=0.9 - n / 10)
    for n, paper in enumerate(PAPERS)
]


def found(query: str | QueryBundle = "pears") -> list[NodeWithScore]:
    return retriever(lambda question: HITS).retrieve(query)


def test_it_is_a_retriever_of_llama_index() -> None:
    assert isinstance(retriever(lambda question: HITS), BaseRetriever)


def test_nodes_are_the_passages_of_the_hits_in_their_order() -> None:
    nodes = found()
    assert [node.node_id for node in nodes] == [hit.passage.id for hit in HITS]
    assert [node.text for node in nodes] == [hit.passage.text for hit in HITS]
    assert [node.score for node in nodes] == [hit.relevance for hit in HITS]


def test_a_node_tells_its_paper_and_its_place() -> None:
    for node, hit in zip(found(), HITS, strict=True):
        assert node.metadata == {"title": hit.paper.title, "paper_id": hit.paper.id, "start": 3}
        assert hit.paper.abstract[node.metadata["start"] :].startswith(node.get_content(MetadataMode.NONE))


def test_the_question_is_handed_on_as_it_is() -> None:
    asked: list[str] = []
    one = retriever(lambda question: asked.append(question) or [])
    assert one.retrieve("What do kites remember?") == []
    one.retrieve(QueryBundle("  snow? "))
    assert asked == ["What do kites remember?", "  snow? "]


def test_it_can_be_awaited() -> None:
    nodes = asyncio.run(retriever(lambda question: HITS).aretrieve("pears"))
    assert [node.node_id for node in nodes] == [hit.passage.id for hit in HITS]


def test_an_error_of_the_search_comes_through() -> None:
    def refuse(question: str) -> list[Hit]:
        raise QuestionError("The question has no words.")

    with pytest.raises(QuestionError, match="has no words"):
        retriever(refuse).retrieve("?!")
