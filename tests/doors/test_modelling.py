"""`assistant model`: what is configured and what works, told in words."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from assistant.doors.cli import app
from assistant.llm import served

from ..modelserver import ModelServer, Step, refuses, replies, says


def word(json: str = '{"word": "ready"}') -> Step:
    """Say the word, plainly or as JSON, as it is asked for."""
    return replies(lambda messages: json if "JSON" in messages[-1].content else "ready", piece=1)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`told(step, ...)`: what the command prints of a server that takes these steps."""
    monkeypatch.setattr(served, "PAUSE", 0.01)

    def run(*steps: Step, key: str = "") -> Result:
        with ModelServer(*steps) as server:
            environment = {"ASSISTANT_MODEL_URL": server.url, "ASSISTANT_MODEL_KEY": key}
            return CliRunner().invoke(app, ["model"], env=environment)

    return run


def facts(result: Result) -> dict[str, str]:
    return {
        name: value.strip() for name, _, value in (line.partition(":") for line in result.stdout.splitlines()) if value
    }


def test_without_one_it_says_how_to_name_one() -> None:
    result = CliRunner().invoke(app, ["model"])
    assert result.exit_code == 0
    assert "No language model is configured" in result.stdout
    assert "ASSISTANT_MODEL_URL" in result.stdout


def test_what_works_is_told(told: Callable[..., Result]) -> None:
    result = told(word(), key="sk-secret")
    found = facts(result)
    assert result.exit_code == 0
    assert (found["Model"], found["It said"], found["Key"]) == ("scripted", "ready", "set")
    assert (found["Stream"], found["JSON"]) == ("works: 5 pieces", "works: json_schema")
    assert (found["System"], found["Usage"]) == ("works", "reported by the server")
    assert "sk-secret" not in result.output


def test_what_does_not_work_is_told(told: Callable[..., Result]) -> None:
    result = told(
        refuses(400, "System role not supported"),
        refuses(400, "stream_options is unknown"),
        says("ready", piece=10, usage=False),
        refuses(400, "json_schema"),
        refuses(400, "response_format"),
        says("ready", usage=False),
    )
    found = facts(result)
    assert found["Stream"] == "the reply came in one piece"
    assert found["JSON"] == "schemas are ignored; replies are read leniently"
    assert found["System"] == "no system role; its text goes into the user's message"
    assert found["Usage"] == "not reported; tokens are counted here"
    assert found["Key"] == "none"


def test_a_failure_is_one_line_that_says_what_to_do(told: Callable[..., Result]) -> None:
    result = told(refuses(401, "no"))
    assert result.exit_code == 1
    assert "assistant: The language model's server at" in result.stderr
    assert "Set OPENAI_API_KEY" in result.stderr
