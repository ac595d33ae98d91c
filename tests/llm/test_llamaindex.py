"""llamaindex: the same search, and language models either way round, behind llama-index's own interfaces."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from llama_index.core.base.llms.types import ChatMessage, CompletionResponse, LLMMetadata
from llama_index.core.llms import CustomLLM, MockLLM
from llama_index.core.llms.callbacks import llm_completion_callback
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import MetadataMode, NodeWithScore, QueryBundle

from assistant.core.errors import LLMError, QuestionError, SettingsError
from assistant.core.records import Hit, Paper, Passage
from assistant.llm import Message, ScriptedModel
from assistant.llm.llamaindex import custom, ours, retriever

from ..papers import PAIRS

PAPERS = [Paper(*pair) for pair in PAIRS[:3]]
HITS = [
    Hit(paper, Passage(paper.id, paper.title, paper.abstract[3:40], 3), score=9.0 - n, relevance=0.9 - n / 10)
    for n, paper in enumerate(PAPERS)
]


def nodes_for(query: str | QueryBundle = "pears") -> list[NodeWithScore]:
    return retriever(lambda question: HITS).retrieve(query)


def test_it_is_a_llama_index_retriever() -> None:
    assert isinstance(retriever(lambda question: HITS), BaseRetriever)


def test_nodes_are_the_passages_of_the_hits_in_their_order() -> None:
    nodes = nodes_for()
    assert [node.node_id for node in nodes] == [hit.passage.id for hit in HITS]
    assert [node.text for node in nodes] == [hit.passage.text for hit in HITS]
    assert [node.score for node in nodes] == [hit.relevance for hit in HITS]


def test_a_node_has_its_paper_and_its_place() -> None:
    for node, hit in zip(nodes_for(), HITS, strict=True):
        assert node.metadata == {"title": hit.paper.title, "paper_id": hit.paper.id, "start": 3}
        assert hit.paper.abstract[node.metadata["start"] :].startswith(node.get_content(MetadataMode.NONE))


def test_the_question_is_passed_on_unchanged() -> None:
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


# -- language models

ASKED = (Message("system", "Be brief."), Message("user", "Greet me."))


class Echo(CustomLLM):
    """A typical custom llama-index model, which only completes."""

    says: str = "Hello there."

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(model_name="echo")

    @llm_completion_callback()
    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        return CompletionResponse(text=self.says)

    @llm_completion_callback()
    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> Iterator[CompletionResponse]:
        if self.says == "wait":
            threading.Event().wait(30)
        if self.says == "fail":
            raise ConnectionError("no route")
        for n in range(0, len(self.says), 4):
            yield CompletionResponse(text=self.says[: n + 4], delta=self.says[n : n + 4])


def test_a_llama_index_model_serves_as_ours() -> None:
    model = ours(Echo())
    reply = model.complete(ASKED)
    assert list(reply) == ["Hell", "o th", "ere."]
    assert (model.name, reply.usage.calls, reply.usage.estimated, reply.usage.completion_tokens) == ("echo", 1, 1, 3)


def test_its_prompt_is_what_was_asked() -> None:
    assert "Be brief." in ours(MockLLM()).complete(ASKED).text()
    assert "Greet me." in ours(MockLLM()).complete(ASKED).text()


def test_its_failure_is_one_of_our_errors() -> None:
    with pytest.raises(LLMError, match=r"language model echo fails\. It says: ConnectionError: no route"):
        ours(Echo(says="fail")).complete(ASKED).text()


def test_our_time_limit_applies_to_it() -> None:
    with pytest.raises(LLMError, match=r"not done within 0\.2 s"):
        ours(Echo(says="wait")).complete(ASKED, seconds=0.2).text()


def test_our_model_is_left_unchanged() -> None:
    model = ScriptedModel()
    assert ours(model) is model


@pytest.mark.parametrize("what", ["gpt", 3, None, object()])
def test_anything_else_is_refused(what: object) -> None:
    with pytest.raises(SettingsError, match=f"llm is a {type(what).__name__}, which is not a language model"):
        ours(what)


def test_our_model_serves_as_a_llama_index_one() -> None:
    scripted = ScriptedModel(*["Hello there."] * 4, piece=4)
    model = custom(scripted)
    asked = [ChatMessage(role="system", content="Be brief."), ChatMessage(role="user", content="Greet me.")]
    assert model.metadata.model_name == "scripted"
    assert model.complete("Greet me.").text == "Hello there."
    assert [one.delta for one in model.stream_complete("Greet me.")] == ["Hell", "o th", "ere."]
    assert model.chat(asked).message.content == "Hello there."
    assert [one.message.content for one in model.stream_chat(asked)] == ["Hell", "Hello th", "Hello there."]
    assert scripted.seen == [(Message("user", "Greet me."),)] * 2 + [ASKED] * 2


def test_there_and_back_again() -> None:
    assert ours(custom(ScriptedModel("Hello there."))).complete(ASKED).text() == "Hello there."
