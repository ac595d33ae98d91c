"""A real model on a real server: whatever it writes, every sentence shown is supported."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from assistant.answer.composing import INSTEAD
from assistant.chain import Assistant
from assistant.core.records import Answer
from assistant.core.settings import Settings
from assistant.llm import LLM, Message, Reply, Schema, ServedModel
from assistant.llm.model import SECONDS
from assistant.llm.probe import probe

from ..doubles import HashEmbedder
from ..llamaserver import LlamaServer
from ..papers import PAIRS, write_listing
from ..test_chain import assert_sound

ABSTRACTS = dict(PAIRS)
PATIENCE = 100
"""Seconds per question. On a busy machine the model writes a word a second; then the answer is quoted."""


@pytest.fixture(scope="module")
def server() -> Iterator[LlamaServer]:
    with LlamaServer() as one:
        yield one


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("real")
    with Assistant.open(folder / "home", embedder=HashEmbedder()) as one:
        one.ingest(write_listing(folder / "a.txt", PAIRS))
    return folder / "home"


def opened(shelf: Path, url: str, llm: LLM | None = None, judge: str = "always") -> Assistant:
    chosen = Settings(
        home=shelf,
        model_url=url,
        model_timeout=PATIENCE,
        model_silence=PATIENCE,
        model_tokens=100,
        model_prompt_tokens=700,
        judge=judge,
    )
    return Assistant.open(settings=chosen, embedder=HashEmbedder(), llm=llm)


def assert_supported(answer: Answer, shelf: Path) -> None:
    """Each claim is supported by the offline signals, or was judged where they were not certain."""
    with Assistant.open(shelf, embedder=HashEmbedder()) as assistant:
        for claim in answer.claims:
            for citation in claim.citations:
                check = assistant.check(claim.text, citation.passage.title)
                assert check.supported or (citation.basis == "judged" and not check.certain), claim.text


def test_it_streams_follows_a_schema_and_reports_its_usage(server: LlamaServer) -> None:
    model = ServedModel("", url=server.url, silence=PATIENCE, tokens=60)
    try:
        result = probe(model, seconds=PATIENCE)
    finally:
        model.close()
    assert (result.pieces > 1, result.schema, result.usage.estimated) == (True, True, 0)
    assert "SmolLM2" in model.name


@pytest.mark.parametrize(
    "question",
    ["What does PearRank learn from?", "How do PearRank and Ragnarök differ?", "Do kites remember the wind?"],
)
def test_whatever_it_writes_and_judges_the_answer_is_sound(server: LlamaServer, shelf: Path, question: str) -> None:
    with opened(shelf, server.url) as assistant:
        answer = assistant.ask(question)
    assert answer.usage["calls"] >= 1
    assert_sound(answer, ABSTRACTS)
    assert_supported(answer, shelf)


def test_a_follow_up_is_answered_however_it_is_reworded(server: LlamaServer, shelf: Path) -> None:
    with opened(shelf, server.url, judge="never") as assistant:
        chat = assistant.conversation()
        chat.ask("What does PearRank learn from?")
        answer = chat.ask("and how much does it gain over BM25?")
    assert "BM25" in answer.query
    assert "PearRank" in answer.query
    assert_sound(answer, ABSTRACTS)
    assert_supported(answer, shelf)


class Doomed:
    """A model whose server dies after its first words."""

    def __init__(self, inner: ServedModel, server: LlamaServer) -> None:
        self._inner, self._server = inner, server
        self.killed = False

    @property
    def name(self) -> str:
        return self._inner.name

    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: Schema | None = None,
        seconds: float = SECONDS,
        temperature: float = 0.0,
    ) -> Reply:
        reply = self._inner.complete(messages, schema=schema, seconds=seconds, temperature=temperature)
        handed_on = reply.put

        def put(item: object) -> None:
            if item and isinstance(item, str) and not self.killed:
                self.killed = True
                self._server.kill()
            handed_on(item)  # type: ignore[arg-type]

        reply.put = put  # type: ignore[method-assign]
        return reply


def test_if_the_server_is_killed_mid_answer_the_answer_is_quoted(shelf: Path) -> None:
    with LlamaServer() as server:
        inner = ServedModel("", url=server.url, silence=PATIENCE, tokens=200)
        doomed = Doomed(inner, server)
        with opened(shelf, server.url, doomed, judge="never") as assistant:
            answer = assistant.ask("What does PearRank learn from?")
        inner.close()
    assert doomed.killed
    assert answer.written_by == "extractive"
    assert answer.remark.endswith(INSTEAD)
    assert "weak labels alone" in answer.text
    assert_sound(answer, ABSTRACTS)
