"""api.responses: the openai client's newer interface gets the same answers as the older one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from assistant.chain import Assistant
from assistant.core.tokens import count_tokens
from assistant.show.markdown import of_answer

from ..live import Live, made, opened
from ..papers import PAIRS
from .test_api import Broken, got, problem

QUESTION = "What does PearRank learn from?"
PEAR = PAIRS[0][0]


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    with opened(tmp_path_factory.mktemp("responses") / "home") as one:
        yield one


@pytest.fixture(scope="module")
def url(assistant: Assistant) -> Iterator[str]:
    with made(assistant) as app, Live(app) as live:
        yield f"{live.url}/v1"


@pytest.fixture
def model(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=url, api_key="unused", max_retries=0) as one:
        yield one


def test_an_answer_comes_with_its_sources(model: openai.OpenAI, assistant: Assistant) -> None:
    done = model.responses.create(model="papers", input=QUESTION, instructions="You are a pirate.")
    answer = assistant.ask(QUESTION)
    assert done.output_text == of_answer(answer)
    (message,) = done.output
    assert message.type == "message"
    part: Any = message.content[0]
    cited = [(part.text[one.start_index : one.end_index], one.title) for one in part.annotations]
    assert cited == [("[1]", PEAR)] * len(answer.claims)
    assert (done.status, (done.model_extra or {})["answer"]["titles"]) == ("completed", [PEAR])
    usage = done.usage
    assert usage and (usage.input_tokens, usage.output_tokens) == (count_tokens(QUESTION), count_tokens(part.text))


def test_a_stream_has_the_stages_and_then_the_same_answer(model: openai.OpenAI, assistant: Assistant) -> None:
    with model.responses.stream(model="papers", input=QUESTION) as stream:
        events = list(stream)
        done = stream.get_final_response()
    answer = assistant.ask(QUESTION)
    assert done.output_text == of_answer(answer)
    stages = [event.delta for event in events if event.type == "response.reasoning_summary_text.delta"]
    assert stages[0] == f"searching {len(PAIRS)} papers\n"
    text = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert "".join(text) == of_answer(answer)
    cited: list[Any] = [event for event in events if event.type == "response.output_text.annotation.added"]
    assert [event.annotation.title for event in cited] == [PEAR] * len(answer.claims)
    assert [event.sequence_number for event in events] == sorted(event.sequence_number for event in events)
    assert [item.type for item in done.output] == ["reasoning", "message"]


def test_the_asynchronous_client_gets_the_same(url: str, assistant: Assistant) -> None:
    async def scene() -> tuple[str, str]:
        async with openai.AsyncOpenAI(base_url=url, api_key="unused", max_retries=0) as model:
            whole = await model.responses.create(model="papers", input=QUESTION)
            stream = await model.responses.create(model="papers", input=QUESTION, stream=True)
            parts = [event.delta async for event in stream if event.type == "response.output_text.delta"]
        return whole.output_text, "".join(parts)

    assert asyncio.run(scene()) == (of_answer(assistant.ask(QUESTION)),) * 2


def test_the_output_of_a_stream_can_be_sent_back_as_the_conversation(model: openai.OpenAI) -> None:
    with model.responses.stream(model="papers", input=QUESTION) as stream:
        first = stream.get_final_response()
    items: list[Any] = [{"role": "user", "content": QUESTION}, *(item.model_dump() for item in first.output)]
    items.append({"role": "user", "content": [{"type": "input_text", "text": "and what does it gain?"}]})
    done = model.responses.create(model="papers", input=items)
    assert (done.model_extra or {})["answer"]["titles"] == [PEAR]


@pytest.mark.parametrize(
    ("more", "param", "why"),
    [
        ({"tools": [{"type": "web_search"}]}, "tools", "Tools are not called here"),
        ({"text": {"format": {"type": "json_object"}}}, "text", "Answers are text with citations, not JSON"),
        ({"previous_response_id": "resp_1"}, "previous_response_id", "Nothing is kept here between requests"),
        ({"conversation": "conv_1"}, "conversation", "Nothing is kept here between requests"),
        ({"background": True}, "background", "Answers are not made in the background"),
        ({"prompt": {"id": "pmpt_1"}}, "prompt", "No prompts are kept here"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "http://127.0.0.1/a"}]}]},
            "input",
            "Only text is read here",
        ),
    ],
)
def test_unsupported_parameters_are_refused(model: openai.OpenAI, more: dict[str, Any], param: str, why: str) -> None:
    with pytest.raises(openai.BadRequestError, match=why) as raised:
        model.responses.create(**{"model": "papers", "input": QUESTION, **more})
    assert (raised.value.param, raised.value.code) == (param, "unsupported_parameter")


def test_an_invalid_question_is_refused_before_a_stream(model: openai.OpenAI) -> None:
    with pytest.raises(openai.UnprocessableEntityError, match="The question has no words"):
        model.responses.create(model="papers", input="?!", stream=True)
    with pytest.raises(openai.NotFoundError, match="There is: papers"):
        model.responses.create(model="gpt", input=QUESTION)


def test_an_interrupted_answer_is_an_error_not_a_short_answer(home: Path) -> None:
    with opened(home, Broken()) as assistant, made(assistant) as app, Live(app) as live:
        model = openai.OpenAI(base_url=f"{live.url}/v1", api_key="unused", max_retries=0)
        with model, pytest.raises(openai.APIError, match="Something failed here"):
            list(model.responses.create(model="papers", input=QUESTION, stream=True))


@pytest.mark.parametrize("input_", [[], [{"role": "system", "content": "a"}], [{"type": "reasoning"}], 7])
def test_an_input_without_a_question_is_refused(assistant: Assistant, input_: Any) -> None:
    problem(got(assistant, "POST", "/v1/responses", json={"model": "papers", "input": input_}), 422)
