"""The page served at a host and port: connections, proxies, and `assistant serve`."""

from __future__ import annotations

import asyncio
import importlib.util
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Self

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request
from typer.testing import CliRunner

from assistant.chain import Assistant
from assistant.core.bounds import HEAD
from assistant.core.errors import AddressError, MissingExtra
from assistant.doors import cli, web
from assistant.index.holdings import Holdings
from assistant.library.papers import Library
from assistant.people.accounts import Accounts
from assistant.service.answering import Answering

from ..conftest import ROOT
from ..doubles import HashEmbedder


@pytest.fixture
def empty(home: Path) -> Iterator[Assistant]:
    """An assistant that is never asked."""
    with Assistant(Holdings(Library(home), HashEmbedder())) as assistant:
        yield assistant


@pytest.mark.usefixtures("library")
def test_it_serves_until_interrupted_and_connects_to_no_other_machine(home: Path) -> None:
    command = [sys.executable, "-c", f"{WATCHED}\nfrom assistant.doors.cli import main; main()", "serve", "--port", "0"]
    with subprocess.Popen(
        [*command, "--home", str(home)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
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
                assert client.get("/api/papers").json() == {"total": 0, "papers": [], "references": ""}
                assert client.get("/api/nothing").headers["content-type"] == "application/problem+json"
                assert "script" not in client.get("/api/docs").text
                assert client.get("/v1/models").json()["data"][0]["id"] == "papers"
                assert client.post("/mcp", json={}).json()["jsonrpc"] == "2.0"
                assert client.get("/api/papers", headers={"Origin": "https://evil.example"}).status_code == 401
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=30) == 0
            assert process.stdout.read() == "Press Ctrl-C to stop.\n"
            assert process.stderr.read() == ""
        finally:
            process.kill()  # else a failure would wait for it for ever


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
"""Reports every look-up of and connection to another machine on stderr."""


def test_a_taken_port_is_an_error_that_says_what_to_do(empty: Assistant) -> None:
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
    from assistant.doors.web.serving import address as address_of

    assert address_of(host, 80) == address


def test_without_gradio_the_install_command_is_named(empty: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "gradio" else find_spec(name))
    with pytest.raises(MissingExtra, match=r"pip install 'paper-assistant\[web\]'"):
        web.app(empty)


@pytest.mark.parametrize("port", ["-1", "65536", "x"])
def test_an_impossible_port_is_refused_at_the_command_line(port: str) -> None:
    assert CliRunner().invoke(cli.app, ["serve", "--port", port]).exit_code == 2


@pytest.mark.usefixtures("library")
def test_serving_to_others_without_a_log_in_warns(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    met: list[web.Rules] = []

    def serve(
        assistant: Assistant,
        *,
        host: str,
        port: int,
        announce: Callable[[str], None],
        rules: web.Rules,
        beside: object,
        answering: object,
    ) -> None:
        announce(f"http://{host}:{port}")
        met.append(rules)

    monkeypatch.setattr(web, "serve", serve)
    monkeypatch.setenv("ASSISTANT_PAGE_NAMES", "Papers.example, other.example")
    monkeypatch.setenv("ASSISTANT_PROXIES", "10.0.0.1, 10.1.0.0/16")
    near = CliRunner().invoke(cli.app, ["serve", "--home", str(home)])
    far = CliRunner().invoke(cli.app, ["serve", "--home", str(home), "--host", "0.0.0.0", "--per-minute", "7"])
    assert near.output == "The page is at http://127.0.0.1:7860\nPress Ctrl-C to stop.\n"
    assert "There is no login: anyone who can reach this address" in far.output
    names = {"127.0.0.1", "::1", "localhost", "papers.example", "other.example"}
    proxies = frozenset({"10.0.0.1", "10.1.0.0/16"})
    assert met == [web.Rules(hosts=frozenset(names), proxies=proxies), web.Rules(per_minute=7, proxies=proxies)]


@pytest.mark.usefixtures("library")
def test_a_log_in_needs_a_user(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    met: list[web.Rules] = []

    def serve(assistant: Assistant, *, announce: Callable[[str], None], rules: web.Rules, **_: object) -> None:
        announce("http://x")
        met.append(rules)

    monkeypatch.setattr(web, "serve", serve)
    command = ["serve", "--home", str(home), "--auth", "--host", "0.0.0.0"]
    nobody = CliRunner().invoke(cli.app, command)
    assert nobody.exit_code == 1
    assert "Add one first: assistant users add NAME" in nobody.output
    accounts = Accounts(home)
    accounts.add_user("ann", "a battery of horses")
    accounts.close()
    assert "Put an HTTPS proxy in front" in CliRunner().invoke(cli.app, command).output
    assert [rules.login for rules in met] == [True]


class Up:
    """An application that returns the caller's address, served like the page, inside a `with`."""

    def __init__(self, *, connections: int = 100, wait: float = 60.0, proxies: tuple[str, ...] = ()) -> None:
        from assistant.doors.web.serving import configured

        app = FastAPI()

        @app.get("/who")
        async def who(request: Request) -> str:
            await request.body()
            return f"{request.url.scheme} {request.client.host if request.client else ''}"

        config = configured(app, connections=connections, wait=wait, proxies=proxies)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.place = self._listening.getsockname()
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._server.serve([self._listening])))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()

    def who(self, headers: dict[str, str] | None = None) -> str:
        host, port = self.place
        return str(httpx.get(f"http://{host}:{port}/who", headers=headers, timeout=30).json())

    def sent(self, content: bytes, *, source: str = "127.0.0.1") -> socket.socket:
        """A connection over which this was sent."""
        connection = socket.create_connection(self.place, timeout=30, source_address=(source, 0))
        connection.sendall(content)
        return connection


def ended(connection: socket.socket) -> bool:
    """Whether the server closes a connection without an answer."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


HALF = b"GET /who HTTP/1.1\r\nHost: localhost\r\n"
WHOLE = HALF + b"\r\n"


def test_a_request_with_an_incomplete_head_is_closed() -> None:
    with Up(wait=0.3) as up:
        with up.sent(b"") as silent, up.sent(HALF) as half:
            assert ended(silent)
            assert ended(half)
        with up.sent(WHOLE) as whole:
            assert whole.recv(12) == b"HTTP/1.1 200"
        with up.sent(WHOLE + HALF) as second:
            while second.recv(4096):
                pass  # the first is answered; after it the connection is closed


def test_a_head_without_end_is_refused() -> None:
    with Up() as up, up.sent(HALF + b"X: " + b"x" * (HEAD + 1)) as endless:
        assert endless.recv(12) == b"HTTP/1.1 400"


@pytest.mark.parametrize(
    ("half", "rest"), [(HALF, b"\r\n"), (HALF + b"Content-Length: 2\r\n\r\n{", b"}")], ids=["heads", "bodies"]
)
def test_half_sent_requests_make_room_for_others(half: bytes, rest: bytes) -> None:
    with Up(connections=10) as up, ExitStack() as open_:
        halves = [open_.enter_context(up.sent(half, source=f"127.0.0.{n % 4 + 1}")) for n in range(30)]
        assert up.who() == "http 127.0.0.1"
        assert ended(halves[0])
        halves[-1].sendall(rest)
        assert halves[-1].recv(12) == b"HTTP/1.1 200"


def test_one_address_gets_at_most_half_of_the_connections() -> None:
    with Up(connections=10) as up, ExitStack() as open_:
        other = open_.enter_context(up.sent(HALF, source="127.0.0.9"))
        for _ in range(30):
            open_.enter_context(up.sent(HALF))
        assert up.who() == "http 127.0.0.1"
        other.sendall(b"\r\n")
        assert other.recv(12) == b"HTTP/1.1 200"


def test_only_configured_proxies_are_trusted_to_name_the_client() -> None:
    forwarded = {"x-forwarded-for": "10.9.8.7", "x-forwarded-proto": "https"}
    with Up() as up:
        assert up.who(forwarded) == "http 127.0.0.1"
    with Up(proxies=("10.0.0.0/8",)) as up:
        assert up.who(forwarded) == "http 127.0.0.1"
    with Up(proxies=("127.0.0.0/8",)) as up:
        assert up.who(forwarded) == "https 10.9.8.7"
        assert up.who({"x-forwarded-for": "1.2.3.4, 10.9.8.7"}) == "http 10.9.8.7"  # the proxy wrote only the last


def test_importing_the_door_does_not_load_gradio(python: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    web = "assistant.doors.web"
    code = f"import sys, assistant.doors.cli, {web}, {web}.answers, {web}.evidence, {web}.asking"
    done = python(f"{code}; print(sorted(sys.modules.keys() & {{'gradio', 'fastapi', 'uvicorn', 'starlette'}}))")
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_the_page_waits_in_the_line_of_the_other_doors_and_leaves_it_open(home: Path) -> None:
    web._prepare()
    from assistant.doors.web.rules import ANYBODY
    from assistant.doors.web.shared import Services

    with Assistant.open(home) as assistant, closing(Answering(assistant)) as line:
        services = Services(assistant, ANYBODY, line)
        assert services.asker._answering is line
        services.close()
        assert line.meanwhile(lambda: "open").result() == "open"
