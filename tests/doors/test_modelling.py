"""`assistant model`: which language model is configured, and what works."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from assistant.doors.cli import app
from assistant.llm import served

from ..modelserver import ModelServer, Step, refuses, replies, says


def word(json: str = '{"word": "ready"}') -> Step:
    """Reply with the word, as plain text or JSON, whichever is asked for."""
    return replies(lambda messages: json if "JSON" in messages[-1].content else "ready", piece=1)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`run(step, ...)` runs the command against a server that takes these steps."""
    monkeypatch.setattr(served, "PAUSE", 0.01)

    def command(*steps: Step, key: str = "") -> Result:
        with ModelServer(*steps) as server:
            environment = {"ASSISTANT_MODEL_URL": server.url, "ASSISTANT_MODEL_KEY": key}
            return CliRunner().invoke(app, ["model"], env=environment)

    return command


def facts(result: Result) -> dict[str, str]:
    return {
        name: value.strip() for name, _, value in (line.partition(":") for line in result.stdout.splitlines()) if value
    }


def test_without_a_model_it_says_how_to_configure_one() -> None:
    result = CliRunner().invoke(app, ["model"])
    assert result.exit_code == 0
    assert "No language model is configured" in result.stdout
    assert "ASSISTANT_MODEL_URL" in result.stdout


def test_it_shows_what_works(run: Callable[..., Result]) -> None:
    result = run(word(), key="sk-secret")
    shown = facts(result)
    assert result.exit_code == 0
    assert (shown["Model"], shown["Reply"], shown["Key"]) == ("scripted", "ready", "set")
    assert (shown["Stream"], shown["JSON"]) == ("works: 5 pieces", "works: json_schema")
    assert (shown["System"], shown["Usage"]) == ("works", "reported by the server")
    assert "sk-secret" not in result.output


def test_it_shows_what_does_not_work(run: Callable[..., Result]) -> None:
    result = run(
        refuses(400, "System role not supported"),
        refuses(400, "stream_options is unknown"),
        says("ready", piece=10, usage=False),
        refuses(400, "json_schema"),
        refuses(400, "response_format"),
        says("ready", usage=False),
    )
    shown = facts(result)
    assert shown["Stream"] == "the reply came in one piece"
    assert shown["JSON"] == "schemas are ignored; replies are read leniently"
    assert shown["System"] == "no system role; its text goes into the user's message"
    assert shown["Usage"] == "not reported; tokens are counted here"
    assert shown["Key"] == "none"


def test_an_error_says_what_to_do(run: Callable[..., Result]) -> None:
    result = run(refuses(401, "no"))
    assert result.exit_code == 1
    assert "assistant: The language model's server at" in result.stderr
    assert "Set OPENAI_API_KEY" in result.stderr
