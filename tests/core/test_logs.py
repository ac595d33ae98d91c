"""logs: warnings and errors as lines of text or JSON, without what an error quotes."""

from __future__ import annotations

import json
import logging
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from assistant.core import logs

log = logging.getLogger("assistant.tests")


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """The handlers of the process, once the test is over."""
    root = logging.getLogger()
    handlers = root.handlers[:]
    yield
    root.handlers[:] = handlers


def failed() -> None:
    raise ValueError("What does PearRank learn from?")


def test_each_record_is_a_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json")
    log.info("not worth a line")
    log.warning("a wrong key\nwas sent from %s", "10.0.0.1")
    (line,) = capsys.readouterr().err.splitlines()
    entry = json.loads(line)
    assert datetime.fromisoformat(entry.pop("time")).utcoffset() is not None
    assert entry == {"level": "warning", "logger": "assistant.tests", "message": "a wrong key\nwas sent from 10.0.0.1"}


def test_an_error_is_its_class_and_where_it_happened(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json")
    try:
        failed()
    except ValueError as error:
        log.error("a request failed, error %s", "1f", exc_info=error)
    line = capsys.readouterr().err
    entry = json.loads(line)
    assert entry["error"] == "ValueError"
    assert entry["stack"][-1].endswith(" failed")
    assert "PearRank" not in line


@pytest.mark.parametrize("style", ["text", "json"])
def test_commands_log_as_the_setting_says(
    tmp_path: Path, python: Callable[..., subprocess.CompletedProcess[str]], monkeypatch: pytest.MonkeyPatch, style: str
) -> None:
    monkeypatch.setenv("ASSISTANT_LOG_FORMAT", style)
    code = (
        "import contextlib, logging, sys; from assistant.doors.cli import main\n"
        "sys.argv = ['assistant', '--home', sys.argv[1], 'ingest', '--dry-run', sys.argv[2]]\n"
        "with contextlib.suppress(SystemExit): main()\n"
        "logging.getLogger('assistant').warning('hello')"
    )
    listing = tmp_path / "a.bib"
    listing.write_text("@article{a, title={A pear}, abstract={Pears are sorted by weight.}}")
    done = python(code, tmp_path / "home", listing)
    line = done.stderr.splitlines()[-1]
    assert line == "hello" if style == "text" else json.loads(line)["message"] == "hello"
