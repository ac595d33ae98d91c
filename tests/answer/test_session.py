"""session: the settings name a model, which writes over the wire; if it fails, there is still an answer."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.answer.composing import INSTEAD
from assistant.answer.session import NoModel, account
from assistant.chain import Assistant
from assistant.core.errors import PromptError
from assistant.core.records import STARTING_OVER, Answer
from assistant.core.settings import Settings
from assistant.llm import Message, ScriptedModel, ServedModel, configured, served
from assistant.llm.served import AT_OPENAI, OPENAI

from ..doubles import HashEmbedder
from ..modelserver import Handler, ModelServer, Step, breaks, chunk, drips, refuses, replies, says, sends, stream, waits
from ..papers import PAIRS, write_listing
from .test_composing import LEARNS, QUESTION, SORTS, drafted, texts

# -- which model


def named(**values: object) -> ServedModel | None:
    return configured(Settings(**values))


def test_without_a_name_an_address_or_a_key_there_is_no_model() -> None:
    assert named() is None
    assert isinstance(account(Settings()), NoModel)


@pytest.mark.parametrize("name", ["none", "None", "NONE"])
def test_none_switches_the_model_off_whatever_else_is_set(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    assert named(model=name, model_url="http://127.0.0.1:1/v1") is None


def test_a_key_alone_means_openai(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    model = named()
    assert model is not None
    assert (model.name, model.url) == (AT_OPENAI, OPENAI)


@pytest.mark.parametrize("variable", ["OPENAI_BASE_URL", "ASSISTANT_MODEL_URL"])
def test_an_address_alone_means_its_first_model(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:1/v1/")
    model = named()
    assert model is not None
    assert (model.name, model.url) == ("", "http://127.0.0.1:1/v1")


def test_our_own_variables_take_precedence_over_openais(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    monkeypatch.setenv("ASSISTANT_MODEL_URL", "http://127.0.0.1:2/v1")
    model = named(model="small")
    assert model is not None
    assert (model.name, model.url) == ("small", "http://127.0.0.1:2/v1")


def test_the_key_does_not_show_in_the_settings() -> None:
    assert "sk-x" not in repr(Settings(model_key="sk-x"))


def test_a_broken_prompt_is_reported_on_opening_if_there_is_a_model(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from assistant.llm import prompts

    monkeypatch.setattr(prompts, "_shipped", lambda: tmp_path)
    assert isinstance(account(Settings()), NoModel)
    with pytest.raises(PromptError, match=r"answer\.md' is missing"):
        account(Settings(), ScriptedModel())


# -- over the wire


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("session")
    with Assistant.open(folder / "home", embedder=HashEmbedder()) as one:
        one.ingest(write_listing(folder / "mar.txt", PAIRS))
    return folder / "home"


Ask = Callable[..., tuple[Answer, ModelServer]]


@pytest.fixture
def ask(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """`ask(step, ..., timeout=, silence=)`: the answer of an assistant whose model server takes these steps."""
    monkeypatch.setattr(served, "PAUSE", 0.01)

    def run(*steps: Step, timeout: int = 60, silence: int = 20) -> tuple[Answer, ModelServer]:
        with ModelServer(*steps) as server:
            chosen = Settings(home=shelf, model_url=server.url, model_timeout=timeout, model_silence=silence)
            with Assistant.open(settings=chosen, embedder=HashEmbedder()) as assistant:
                return assistant.ask(QUESTION), server

    return run


def test_a_model_over_the_wire_writes_the_answer(ask: Ask) -> None:
    answer, server = ask(replies(drafted(LEARNS, SORTS)))
    assert (texts(answer), answer.written_by) == ([LEARNS[0], SORTS[0]], "scripted")
    assert answer.usage == {"calls": 1, "prompt_tokens": 11, "completion_tokens": 7, "estimated": 0}
    (asked,) = server.asked
    assert asked["response_format"]["json_schema"]["schema"]["required"] == ["answered", "sentences"]


def test_a_server_without_schema_or_system_role_will_do(ask: Ask) -> None:
    answer, server = ask(
        refuses(400, "json_schema is not supported"),
        refuses(400, "response_format is unknown"),
        refuses(500, "System role not supported"),
        replies(drafted(LEARNS)),
    )
    assert texts(answer) == [LEARNS[0]]
    assert len(server.asked) == 4


HALF = replies(drafted(LEARNS, SORTS, LEARNS), cut=2500)
BEGUN = stream(chunk('{"answered": true, "sent'), done=False)


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(HALF, id="half-an-answer"),
        pytest.param(breaks(b""), id="reset"),
        pytest.param(sends(b"<html>"), id="a-page"),
        pytest.param(says("pears " * 300), id="garbage"),
        pytest.param(says(""), id="empty"),
        pytest.param(says("Hello", reason="length"), id="too-long"),
        pytest.param(refuses(429, "busy", headers={"Retry-After": "3600"}), id="busy"),
        pytest.param(refuses(500, "oops"), id="failing"),
        pytest.param(refuses(401, "no"), id="refused"),
    ],
)
def test_if_the_server_fails_the_answer_is_quoted_and_says_so(ask: Ask, step: Step) -> None:
    answer, _ = ask(step)
    assert answer.written_by == "extractive"
    assert answer.remark.endswith(INSTEAD)
    assert len(answer.remark) > len(INSTEAD) + 20
    assert "weak labels alone" in answer.text


def test_a_server_that_dies_mid_answer_is_not_waited_for(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The claims so far are withdrawn, and the quoted answer follows without another try or a pause."""
    monkeypatch.setattr(served, "PAUSE", 3600)
    heard = threading.Event()

    def dies(handler: Handler) -> None:
        whole = drafted(LEARNS, SORTS)([Message(**one) for one in handler.server.script.asked[-1]["messages"]])
        handler.head(200, "text/event-stream")
        handler.write(stream(chunk(whole[: whole.index(SORTS[0])]), done=False))
        heard.wait(60)
        handler.connection.close()

    stages: list[str] = []
    with ModelServer(dies) as server:
        chosen = Settings(home=shelf, model_url=server.url, judge="never")
        with Assistant.open(settings=chosen, embedder=HashEmbedder()) as assistant:
            for event in assistant.stream(QUESTION):
                stages.append(event.stage)
                if event.claim and not heard.is_set():
                    assert event.claim.text == LEARNS[0]
                    heard.set()
    over = stages.index(STARTING_OVER)
    assert stages[over - 1] == "answering"
    assert set(stages[over + 1 : -1]) == {"answering"}
    assert event.answer is not None
    assert (event.answer.written_by, event.answer.remark.endswith(INSTEAD)) == ("extractive", True)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "step", [waits(BEGUN), waits(headers=False), drips(b": wait\n\n")], ids=["stall", "mute", "drip"]
)
def test_there_is_an_answer_within_the_time_limit(ask: Ask, step: Step) -> None:
    started = time.monotonic()
    answer, _ = ask(step, timeout=1)
    assert time.monotonic() - started < 60  # a generous bound; test_llm checks the exact limit
    assert re.search(r"not done within (1|0\.\d+) s", answer.remark)  # what was left of the second
    assert "weak labels alone" in answer.text


def test_a_key_never_reaches_an_answer(shelf: Path) -> None:
    with ModelServer(refuses(400, "the key sk-secret-123 is wrong")) as server:
        chosen = Settings(home=shelf, model_url=server.url, model_key="sk-secret-123")
        with Assistant.open(settings=chosen, embedder=HashEmbedder()) as assistant:
            answer = assistant.ask(QUESTION)
    assert server.keys == ["Bearer sk-secret-123"]
    assert "sk-secret-123" not in answer.text
