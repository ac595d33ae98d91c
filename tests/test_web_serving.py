"""A host and a port in, the page served there out."""

from __future__ import annotations

import importlib.util
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from assistant import cli, web
from assistant.accounts import Accounts
from assistant.chain import Assistant
from assistant.errors import AddressError, MissingExtra
from assistant.holdings import Holdings
from assistant.library import Library

from .conftest import ROOT
from .doubles import HashEmbedder


@pytest.fixture
def empty(home: Path) -> Iterator[Assistant]:
    """An assistant that is never asked."""
    with Assistant(Holdings(Library(home), HashEmbedder())) as assistant:
        yield assistant


@pytest.mark.usefixtures("library")
def test_it_serves_until_it_is_interrupted_and_reaches_for_nothing_outside(home: Path) -> None:
    command = [sys.executable, "-c", f"{WATCHED}\nfrom assistant.cli import main; main()", "serve", "--port", "0"]
    with subprocess.Popen(
        [*command, "--home", str(home)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout and process.stderr
        address = process.stdout.readline().removeprefix("The page is at ").strip()
        assert address.startswith("http://127.0.0.1:")
        with httpx.Client(base_url=address) as client:
            for _ in range(100):
                try:
                    assert client.get("/healthz").json() == {"status": "ok"}
                    break
                except httpx.ConnectError:
                    continue
            assert "gradio" in client.get("/").text
            assert client.get("/api/papers").json() == {"total": 0, "papers": []}
            assert client.get("/api/nothing").headers["content-type"] == "application/problem+json"
            assert "script" not in client.get("/api/docs").text
            assert client.get("/v1/models").json()["data"][0]["id"] == "papers"
            assert client.post("/mcp", json={}).json()["jsonrpc"] == "2.0"
            assert client.get("/api/papers", headers={"Origin": "https://evil.example"}).status_code == 401
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
        assert process.stdout.read() == "Ctrl-C ends it.\n"
        assert process.stderr.read() == ""


WATCHED = """
import ipaddress, os, sys
def watch(event, arguments):
    if event not in ("socket.connect", "socket.getaddrinfo"):
        return
    asked = arguments[1] if event == "socket.connect" else arguments
    host = asked[0] if isinstance(asked, tuple) else None
    if host and host != "localhost" and not ipaddress.ip_address(host).is_loopback:
        print("reached for", asked, file=sys.stderr)
sys.addaudithook(watch)
"""
"""Tells on stderr of every look-up and connection to another machine."""


def test_a_port_that_is_taken_is_named_with_what_to_do(empty: Assistant) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AddressError, match=rf"cannot be served at 127\.0\.0\.1, port {port}: .*--port"):
            web.serve(empty, port=port)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://localhost:80"),
        ("::", "http://localhost:80"),
        ("::1", "http://[::1]:80"),
        ("papers.example", "http://papers.example:80"),
    ],
)
def test_the_address_is_one_to_type_into_a_browser(host: str, address: str) -> None:
    web._prepare()
    from assistant.web.serving import address as told

    assert told(host, 80) == address


def test_without_gradio_the_install_command_is_named(empty: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "gradio" else found(name))
    with pytest.raises(MissingExtra, match=r"pip install 'paper-assistant\[web\]'"):
        web.app(empty)


@pytest.mark.parametrize("port", ["-1", "65536", "x"])
def test_an_impossible_port_is_refused_at_the_command_line(port: str) -> None:
    assert CliRunner().invoke(cli.app, ["serve", "--port", port]).exit_code == 2


@pytest.mark.usefixtures("library")
def test_who_can_be_reached_by_others_is_told_so(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    met: list[web.Rules] = []

    def serve(
        assistant: Assistant,
        *,
        host: str,
        port: int,
        announce: Callable[[str], None],
        rules: web.Rules,
        beside: object,
    ) -> None:
        announce(f"http://{host}:{port}")
        met.append(rules)

    monkeypatch.setattr(web, "serve", serve)
    monkeypatch.setenv("ASSISTANT_PAGE_NAMES", "Papers.example, other.example")
    near = CliRunner().invoke(cli.app, ["serve", "--home", str(home)])
    far = CliRunner().invoke(cli.app, ["serve", "--home", str(home), "--host", "0.0.0.0", "--per-minute", "7"])
    assert near.output == "The page is at http://127.0.0.1:7860\nCtrl-C ends it.\n"
    assert "It has no log-in (--auth)" in far.output
    names = {"127.0.0.1", "::1", "localhost", "papers.example", "other.example"}
    assert met == [web.Rules(hosts=frozenset(names)), web.Rules(per_minute=7)]


@pytest.mark.usefixtures("library")
def test_a_log_in_needs_somebody_who_could(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    met: list[web.Rules] = []

    def serve(assistant: Assistant, *, announce: Callable[[str], None], rules: web.Rules, **_: object) -> None:
        announce("http://x")
        met.append(rules)

    monkeypatch.setattr(web, "serve", serve)
    command = ["serve", "--home", str(home), "--auth", "--host", "0.0.0.0"]
    nobody = CliRunner().invoke(cli.app, command)
    assert nobody.exit_code == 1
    assert "Add a user first: assistant users add NAME" in nobody.output
    accounts = Accounts(home)
    accounts.add_user("ann", "a battery of horses")
    accounts.close()
    assert "put a proxy with https before it" in CliRunner().invoke(cli.app, command).output
    assert [rules.login for rules in met] == [True]


def test_loading_the_room_loads_no_gradio(python: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    code = (
        "import sys, assistant.web, assistant.cli, assistant.web.answers, assistant.web.evidence, assistant.web.asking"
    )
    done = python(f"{code}; print(sorted(sys.modules.keys() & {{'gradio', 'fastapi', 'uvicorn', 'starlette'}}))")
    assert (done.stdout, done.stderr) == ("[]\n", "")
