"""api.completions: the unmodified openai client uses the assistant as a model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam

from assistant.chain import Assistant
from assistant.core.tokens import count_tokens
from assistant.doors.api import background
from assistant.people.accounts import Accounts
from assistant.show.markdown import of_answer, titles_in

from ..live import Live, client, made, opened
from ..pages import HeldWriter
from ..papers import PAIRS
from .test_api import Broken, got, problem

QUESTION = "What does PearRank learn from?"
PEAR = PAIRS[0][0]


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    with opened(tmp_path_factory.mktemp("dialect") / "home") as one:
        yield one


@pytest.fixture(scope="module")
def url(assistant: Assistant) -> Iterator[str]:
    with made(assistant) as app, Live(app) as live:
        yield f"{live.url}/v1"


@pytest.fixture
def model(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=url, api_key="unused", max_retries=0) as one:
        yield one


def said(*texts: str) -> list[ChatCompletionMessageParam]:
    """The user and the assistant in turn."""
    some: list[Any] = [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(texts)]
    return some


def complete(assistant: Assistant, messages: list[Any], **more: Any) -> dict[str, Any]:
    done = got(assistant, "POST", "/v1/chat/completions", json={"model": "papers", "messages": messages, **more})
    assert done.status_code == 200, done.text
    answered: dict[str, Any] = done.json()["answer"]
    return answered


# -- the client


def test_there_is_one_model(model: openai.OpenAI) -> None:
    assert [one.id for one in model.models.list()] == ["papers"]
    assert model.models.retrieve("papers").owned_by == "paper-assistant"
    with pytest.raises(openai.NotFoundError, match="There is no model of that name here"):
        model.models.retrieve("gpt")


def test_an_answer_has_its_sources_in_markdown_and_as_data(model: openai.OpenAI, assistant: Assistant) -> None:
    done = model.chat.completions.create(model="papers", messages=said(QUESTION), temperature=0.3, user="ann")
    asked = assistant.ask(QUESTION)
    (choice,) = done.choices
    assert (choice.finish_reason, choice.message.role) == ("stop", "assistant")
    assert choice.message.content == of_answer(asked)
    more = done.model_extra or {}
    assert more["answer"] == {"text": asked.text, "titles": [PEAR], "answered": True}
    (cited,) = more["citations"]
    assert (cited["number"], cited["title"]) == (1, PEAR)
    assert cited["quotes"] == [c.quote for claim in asked.claims for c in claim.citations]
    assert "[1]" in (choice.message.content or "")
    assert "\\[" not in (choice.message.content or "")
    usage = done.usage
    assert usage and (usage.prompt_tokens, usage.completion_tokens) == (
        count_tokens(QUESTION),
        count_tokens(of_answer(asked)),
    )
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


def test_each_citation_is_annotated_with_its_place_and_address(model: openai.OpenAI) -> None:
    done = model.chat.completions.create(model="papers", messages=said("How does PearRank differ from Ragnarök?"))
    message, titles = done.choices[0].message, (done.model_extra or {})["answer"]["titles"]
    cited = [one.url_citation for one in message.annotations or []]
    marks = [(message.content or "")[one.start_index : one.end_index] for one in cited]
    assert {mark: one.title for mark, one in zip(marks, cited, strict=True)} == {
        f"[{number}]": title for number, title in enumerate(titles, start=1)
    }
    assert len({one.url for one in cited}) == len(titles) > 1
    assert all(one.url.startswith("https://scholar.google.com/scholar?q=") for one in cited)


def test_a_stream_has_the_stages_and_then_the_same_answer(model: openai.OpenAI, assistant: Assistant) -> None:
    options: Any = {"include_usage": True}
    chunks = list(
        model.chat.completions.create(model="papers", messages=said(QUESTION), stream=True, stream_options=options)
    )
    *parts, last, usage = chunks
    deltas = [chunk.choices[0].delta for chunk in parts]
    assert deltas[0].role == "assistant"
    asked = assistant.ask(QUESTION)
    assert "".join(delta.content or "" for delta in deltas) == of_answer(asked)
    thought = "".join((delta.model_extra or {}).get("reasoning_content", "") for delta in deltas)
    assert thought.splitlines() == [
        *(f"searching {len(PAIRS)} papers", f"reading {len(asked.hits)} papers", "checking citations"),
        *(claim.text for claim in asked.claims),
    ]
    assert last.choices[0].finish_reason == "stop"
    assert (last.model_extra or {})["answer"]["titles"] == [PEAR]
    assert (usage.choices, usage.usage and usage.usage.prompt_tokens) == ([], count_tokens(QUESTION))
    annotations = [one for delta in deltas for one in (delta.model_extra or {}).get("annotations", [])]
    assert {one["url_citation"]["title"] for one in annotations} == {PEAR}
    assert len({chunk.id for chunk in chunks}) == 1


def test_the_asynchronous_client_gets_the_same(url: str, assistant: Assistant) -> None:
    async def scene() -> tuple[str | None, str]:
        async with openai.AsyncOpenAI(base_url=url, api_key="unused", max_retries=0) as model:
            whole = await model.chat.completions.create(model="papers", messages=said(QUESTION))
            stream = await model.chat.completions.create(model="papers", messages=said(QUESTION), stream=True)
            parts = [chunk.choices[0].delta.content or "" async for chunk in stream]
        return whole.choices[0].message.content, "".join(parts)

    assert asyncio.run(scene()) == (of_answer(assistant.ask(QUESTION)),) * 2


def test_errors_reach_the_client_as_its_own_exceptions(model: openai.OpenAI) -> None:
    with pytest.raises(openai.UnprocessableEntityError, match="The question has no words") as raised:
        model.chat.completions.create(model="papers", messages=said("?!"))
    assert raised.value.type == "invalid_request_error"
    with pytest.raises(openai.UnprocessableEntityError, match="The question has no words"):
        model.chat.completions.create(model="papers", messages=said("?!"), stream=True)
    with pytest.raises(openai.NotFoundError, match="There is: papers"):
        model.chat.completions.create(model="gpt", messages=said(QUESTION))


def test_an_interrupted_answer_is_an_error_not_a_short_answer(home: Path) -> None:
    with opened(home, Broken()) as assistant, made(assistant) as app, Live(app) as live:
        model = openai.OpenAI(base_url=f"{live.url}/v1", api_key="unused", max_retries=0)
        with model, pytest.raises(openai.APIError, match="Something failed here"):
            list(model.chat.completions.create(model="papers", messages=said(QUESTION), stream=True))


def test_the_client_authenticates_with_a_key_of_the_assistant(assistant: Assistant) -> None:
    home = assistant.status().home
    with closing(Accounts(home)) as accounts:
        token = accounts.add_key("chat")
    with made(assistant, keys_needed="always") as app, Live(app) as live:
        for key in (token, "sk-guessed"):
            with openai.OpenAI(base_url=f"{live.url}/v1", api_key=key, max_retries=0) as model:
                if key == token:
                    assert model.models.list().data[0].id == "papers"
                else:
                    with pytest.raises(openai.AuthenticationError, match="There is no such key"):
                        model.models.list()


# -- what was said before


def test_earlier_messages_are_a_conversation(model: openai.OpenAI) -> None:
    first = model.chat.completions.create(model="papers", messages=said(QUESTION)).choices[0].message.content or ""
    system: ChatCompletionMessageParam = {"role": "system", "content": "You are a pirate."}
    messages = [system, *said(QUESTION, first, "and what does it gain?")]
    done = model.chat.completions.create(model="papers", messages=messages)
    assert (done.model_extra or {})["answer"]["titles"] == [PEAR]


def test_a_follow_up_is_answered_as_in_python(assistant: Assistant) -> None:
    chat = assistant.conversation()
    messages: list[Any] = []
    for question in (QUESTION, "and what does it gain?", "Which papers are about orchards?"):
        messages.append({"role": "user", "content": question})
        answer = chat.ask(question)
        assert complete(assistant, messages)["text"] == answer.text, question
        messages.append({"role": "assistant", "content": of_answer(answer)})


def test_only_the_last_turns_are_read(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    stream = assistant.stream

    def counted(question: str, turns: Any = (), **limits: Any) -> Any:
        asked.append(len(turns))
        return stream(question, turns, **limits)

    monkeypatch.setattr(assistant, "stream", counted)
    complete(assistant, said(*(["a", "b"] * 30), QUESTION))
    complete(assistant, [{"role": "user", "content": "a"}, *said("b", "c", QUESTION)])
    assert asked == [8, 1]


def test_titles_are_read_back_from_markdown(assistant: Assistant) -> None:
    for paper in assistant.papers():
        answer = assistant.ask(f"What is “{paper.title}” about?")
        assert [assistant.paper(title).title for title in titles_in(of_answer(answer))] == list(answer.titles)
    assert titles_in("\\[1\\] **\\*odd\\_\\[1\\]\\***  \n\\[2\\] **A** <http://x>\nno [3] **B** here") == ["A"]


def test_earlier_answers_may_be_anything(assistant: Assistant) -> None:
    for earlier in ("", "**", "\\[1\\] **A Paper That Is Gone**", "\\[1\\] " + "**" * 1000):
        assert complete(assistant, said("hello", earlier, QUESTION))["titles"] == [PEAR]


def test_a_message_may_come_in_parts(assistant: Assistant) -> None:
    parts = [{"type": "text", "text": "What does PearRank"}, {"type": "text", "text": "learn from?"}]
    assert complete(assistant, [{"role": "user", "content": parts}])["titles"] == [PEAR]


IMAGE: Any = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://127.0.0.1/a.png"}}]}]
TOOL: Any = {"type": "function", "function": {"name": "f", "parameters": {}}}


@pytest.mark.parametrize(
    ("more", "param", "why"),
    [
        ({"response_format": {"type": "json_object"}}, "response_format", "Answers are text with citations, not JSON"),
        ({"tools": [TOOL]}, "tools", "Tools are not called here"),
        ({"functions": [{"name": "f"}]}, "functions", "Tools are not called here"),
        ({"n": 2}, "n", "A question gets one answer"),
        ({"messages": IMAGE}, "messages", "Only text is read here"),
    ],
)
def test_unsupported_parameters_are_refused(model: openai.OpenAI, more: dict[str, Any], param: str, why: str) -> None:
    with pytest.raises(openai.BadRequestError, match=why) as raised:
        model.chat.completions.create(**{"model": "papers", "messages": said(QUESTION), **more})
    assert (raised.value.param, raised.value.code) == (param, "unsupported_parameter")


def test_parameters_that_ask_for_the_default_are_accepted(assistant: Assistant) -> None:
    usual = {"n": 1, "tools": [], "functions": None, "response_format": {"type": "text"}, "temperature": 0.2}
    assert complete(assistant, said(QUESTION), **usual)["titles"] == [PEAR]


@pytest.mark.parametrize("name", ["stream", "stream_options"])
def test_a_number_is_not_a_boolean(assistant: Assistant, name: str) -> None:
    value = 0 if name == "stream" else {"include_usage": 1}
    body = {"model": "papers", "messages": said(QUESTION), name: value}
    problem(got(assistant, "POST", "/v1/chat/completions", json=body), 422)


# -- what nobody asked


HISTORY = f"<chat_history>\nUSER: {QUESTION}\nASSISTANT: From labels. [1]\n\n[1] **{PEAR}**\n</chat_history>"
TITLE = 'Generate a title.\n### Output:\nJSON format: { "title": "your title" }\n### Examples:\n- { "title": "A" }'
QUERIES = 'Analyze the chat history.\n### Output:\nStrictly return in JSON format:\n{\n  "queries": ["query1"]\n}'
COMPLETION = 'Continue the text in `<text>`. If unsure, return: `{ "text": "" }`.'
CHORES = {
    f"### Task:\n{TITLE}\n### Chat History:\n{HISTORY}": {"title": QUESTION},
    f'### Task:\nSuggest.\n### Output:\nJSON format: {{ "follow_ups": ["Question 1?"] }}\n{HISTORY}': {
        "follow_ups": [f"What does “{PEAR}” report?"]
    },
    f'### Task:\nGenerate tags.\n### Output:\nJSON format: {{ "tags": ["tag1", "tag2"] }}\n{HISTORY}': {"tags": []},
    f"### Task:\n{QUERIES}\n{HISTORY}\n": {"queries": []},
    f"### Task:\n{COMPLETION}\n{HISTORY}\n<text>What is</text>\n#### Output:\n": {"text": ""},
}


def test_background_requests_are_answered_without_a_search_and_not_counted(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Accounts(assistant.status().home)) as accounts:
        token = accounts.add_key("chores", per_minute=1)
    monkeypatch.setattr(assistant, "stream", lambda *_, **__: pytest.fail("a search"))
    with made(assistant, keys_needed="always") as app, Live(app) as live:
        model = openai.OpenAI(base_url=f"{live.url}/v1", api_key=token, max_retries=0)
        with model:
            for task, expected in CHORES.items():
                done = model.chat.completions.create(model="papers", messages=said(task))
                assert json.loads(done.choices[0].message.content or "") == expected
            task = f"Give a title.\n\nConversation:\nUser: {QUESTION}\nAI: From labels."
            chunks = list(model.chat.completions.create(model="papers", messages=said(task), stream=True))
            assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == QUESTION
            numbers = httpx.get(f"{live.url}/metrics", headers={"authorization": f"Bearer {token}"}).text
    assert "assistant_answers_total{" not in numbers


@pytest.mark.parametrize(
    "text",
    [
        "### Task:\nRespond with citations.\n<context>pears</context>\nWhat does PearRank learn from?",
        f"What does PearRank learn from? {HISTORY}",
        "### Task: what is <chat_history></chat_history> good for?",
        "### Task: {" + '{"a":' * 30_000 + " <chat_history></chat_history>",
        "Which title stands in a\n\nConversation:\nUser: hello",
    ],
)
def test_a_question_that_looks_like_a_background_request_is_a_question(text: str) -> None:
    assert background.reply_to(text) is None


@pytest.mark.parametrize(
    "messages", [[], [{"role": "system", "content": "a"}], said("a", "b"), [{"role": "nobody", "content": "a"}]]
)
def test_a_chat_without_a_last_question_is_refused(assistant: Assistant, messages: list[Any]) -> None:
    done = got(assistant, "POST", "/v1/chat/completions", json={"model": "papers", "messages": messages})
    refusal = problem(done, 422)
    assert refusal["error"] == {
        "message": refusal["detail"],
        "type": "invalid_request_error",
        "param": None,
        "code": "422",
    }


def test_a_silent_stream_sends_pings(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.doors.api.sse.PING", 0.01)
    writer = HeldWriter()

    async def scene(app: Any) -> list[str]:
        async with client(app) as calling:
            body = {"model": "papers", "messages": said("What does PearRank learn from, slowly?"), "stream": True}
            lines = (await asyncio.gather(calling.post("/v1/chat/completions", json=body), go()))[0].text.splitlines()
        return lines

    async def go() -> None:
        await asyncio.to_thread(writer.holding.wait, 20)
        await asyncio.sleep(0.05)
        writer.released.set()

    with opened(home, writer) as assistant, made(assistant) as app:
        lines = asyncio.run(scene(app))
    assert ": waiting" in lines
    assert lines[-2] == "data: [DONE]"
