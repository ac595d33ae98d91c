"""Silence: ingests, answers, checks, the page and the agents' server call nobody and leave nothing in the home folder.

Two witnesses. An audit hook sees every look-up and connection that Python makes; it works everywhere. `strace` sees
those that compiled code makes on its own; it is used where it is installed and allowed to trace.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from mcp import Client, StdioServerParameters

from assistant.chain import Assistant

from .conftest import ROOT
from .pages import Visitor
from .papers import PAIRS, write_listing

QUESTION = "What does PearRank learn from?"
COMMAND = "from assistant.doors.cli import main; main()"
WHOLE = """
import sys, time
from assistant import Assistant
with Assistant.open() as assistant:
    assistant.ingest(sys.argv[1])
    print(assistant.ask(sys.argv[2]).answered)
    time.sleep(float(sys.argv[3]))
"""
CHECK = """
import sys, time
from assistant import Assistant
with Assistant.open() as assistant:
    print(assistant.check(sys.argv[1], sys.argv[2]).basis)
    time.sleep(float(sys.argv[3]))
"""
UNTIL_IT_CALLS = 12
"""Seconds that a process goes on after its answer: onnxruntime makes its first call 9 s after it was loaded."""
HOOK = """
import os, sys
CALLS = {"socket.connect": 1, "socket.sendto": 1, "socket.sendmsg": 1}
CALLS |= {"socket.getaddrinfo": 0, "socket.gethostbyname": 0}
def watch(event, arguments):
    if event in CALLS:
        address = arguments[CALLS[event]]
        host = address[0] if isinstance(address, tuple) else address
        if host not in ("", None, "127.0.0.1", "::1", "localhost"):
            with open(os.environ["WITNESS"], "a") as file:
                print(event, address, file=file)
sys.addaudithook(watch)
"""
TRACE = ("strace", "-D", "-f", "-qq", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-o")
INTERNET = re.compile(r".*\bsa_family=AF_INET6?\b.*")
HERE = re.compile(r'inet_addr\("127\.|inet_pton\(AF_INET6, "::1"')
LOOKS_UP = "htons(53)"
"""The port of name servers: one on this machine asks others."""


class Watched:
    """Processes with a new home folder, which holds the assistant's `library`, and what they were seen to call."""

    def __init__(self, folder: Path) -> None:
        self.home, witness = folder / "home", folder / "witness"
        self.home.mkdir()
        witness.mkdir()
        (witness / "sitecustomize.py").write_text(HOOK)
        self._python, self._system = witness / "python", witness / "system"
        self._tracing = [*TRACE, str(self._system)] if _can_trace() else []
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
        self.environment |= {"HOME": str(self.home), "ASSISTANT_HOME": str(self.home / "library")}
        self.environment |= {"WITNESS": str(self._python), "PYTHONPATH": os.pathsep.join([str(witness), str(ROOT)])}

    def command(self, code: str, *arguments: object) -> list[str]:
        return [*self._tracing, sys.executable, "-c", code, *map(str, arguments)]

    def run(self, code: str, *arguments: object) -> str:
        """What it prints, once it has ended well."""
        command = self.command(code, *arguments)
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, text=True, check=True
        ).stdout

    @contextmanager
    def serving(self) -> Iterator[str]:
        """The address of the page."""
        command = self.command(COMMAND, "serve", "--port", 0)
        with subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, text=True) as page:
            assert page.stdout is not None
            try:
                yield page.stdout.readline().split()[-1]
            finally:
                page.terminate()

    def calls(self) -> list[str]:
        """What was looked up or called beyond this machine."""
        python = self._python.read_text().splitlines() if self._python.exists() else []
        system = INTERNET.findall(self._system.read_text()) if self._system.exists() else []
        return [*python, *(call for call in system if LOOKS_UP in call or not HERE.search(call))]

    def at_home(self) -> set[str]:
        return {path.name for path in self.home.iterdir()}


def _can_trace() -> bool:
    if not shutil.which("strace"):
        return False
    return subprocess.run([*TRACE, os.devnull, "true"], check=False, capture_output=True).returncode == 0


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


@pytest.fixture
def stocked(watched: Watched, made_papers: Path) -> Watched:
    shutil.copytree(made_papers, watched.home / "library")
    return watched


@pytest.fixture(scope="module")
def made_papers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of the small corpus, made with the real model."""
    folder = tmp_path_factory.mktemp("papers")
    with Assistant.open(folder / "library") as assistant:
        assistant.ingest(write_listing(folder / "a.txt", PAIRS))
    return folder / "library"


def assert_silent(watched: Watched) -> None:
    assert watched.calls() == []
    assert watched.at_home() == {"library"}


def test_an_ingest_and_an_answer_from_python(watched: Watched, tmp_path: Path) -> None:
    assert watched.run(WHOLE, write_listing(tmp_path / "a.txt", PAIRS), QUESTION, UNTIL_IT_CALLS) == "True\n"
    assert_silent(watched)


def test_an_ingest_and_an_answer_on_the_command_line(watched: Watched, tmp_path: Path) -> None:
    watched.run(COMMAND, "ingest", write_listing(tmp_path / "a.txt", PAIRS))
    assert "PearRank" in watched.run(COMMAND, "ask", QUESTION)
    assert_silent(watched)


@pytest.mark.skipif(not importlib.util.find_spec("ray"), reason="the extra `ray` is not installed")
@pytest.mark.xfail(reason="Ray asks 169.254.169.254 and metadata.google.internal which cloud it is in")
def test_an_ingest_over_ray(watched: Watched, tmp_path: Path) -> None:
    watched.environment["ASSISTANT_RAY_ADDRESS"] = "local"
    every_size = f"from assistant.index import spreading; spreading.LEAST = 1\n{WHOLE}"
    assert watched.run(every_size, write_listing(tmp_path / "a.txt", PAIRS), QUESTION, UNTIL_IT_CALLS) == "True\n"
    assert_silent(watched)


def test_a_citation_checked_by_meaning(stocked: Watched) -> None:
    stocked.environment["ASSISTANT_READER"] = "packaged"
    assert stocked.run(CHECK, "Pears are what PearRank puts in order.", PAIRS[0][0], UNTIL_IT_CALLS) == "read\n"
    assert_silent(stocked)


def test_the_page(stocked: Watched) -> None:
    async def visit(url: str) -> None:
        visitor = await Visitor.arrive(url)
        try:
            assert "PearRank" in str(await visitor.does("question", "submit", [QUESTION, None]))
        finally:
            await visitor.leave()

    with stocked.serving() as url:
        asyncio.run(visit(url))
        answer = httpx.post(f"{url}/api/ask", json={"question": QUESTION}, timeout=60).json()
    assert answer["titles"] == [PAIRS[0][0]]
    assert_silent(stocked)


def test_the_agents_server(stocked: Watched) -> None:
    program, *arguments = stocked.command(COMMAND, "mcp")

    async def ask() -> str:
        server = StdioServerParameters(command=program, args=arguments, env=stocked.environment, cwd=ROOT)
        async with Client(server) as client:
            return str(await client.call_tool("ask", {"question": QUESTION}))

    assert "PearRank" in asyncio.run(ask())
    assert_silent(stocked)


def test_the_witnesses_see(watched: Watched) -> None:
    """What compiled code looks up is seen where it can be, and what Python looks up everywhere."""
    watched.run("import socket\ntry: socket.getaddrinfo('elsewhere.invalid', 443)\nexcept OSError: pass")
    assert "socket.getaddrinfo elsewhere.invalid" in watched.calls()
    assert any(LOOKS_UP in call for call in watched.calls()) == _can_trace()
