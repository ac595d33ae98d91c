"""What all tests share: no network, a clean environment, a small corpus and an exact embedder."""

from __future__ import annotations

import ipaddress
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import settings

from assistant.chain import Assistant
from assistant.core.database import DataHome
from assistant.index.embedding import BundledEmbedder, Embedder
from assistant.index.holdings import Holdings
from assistant.index.store import NO_SERVER, ChromaAddress
from assistant.library.papers import Library
from assistant.library.sample import sample_files

from .doubles import HashEmbedder
from .papers import PAIRS, Pair, write_listing
from .postgres import PostgresServer, postgres_server

ROOT = Path(__file__).parent.parent
FOREIGN = (
    *("ASSISTANT_", "OPENAI_", "CHROMA_", "HF_", "TIKTOKEN_CACHE_DIR", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"),
    *("FORCE_COLOR", "NO_COLOR", "OTEL_", "COLUMNS", "LINES", "TTY_", "SLACK_"),
)

settings.register_profile("exact", derandomize=True, deadline=None, database=None, max_examples=150)
settings.load_profile("exact")


class NetworkUsed(AssertionError):
    """A test tried to reach an address outside this machine."""


def _is_local(address: Any) -> bool:
    if not isinstance(address, tuple):
        return True  # AF_UNIX: a path
    host = str(address[0])
    try:
        return host in ("", "localhost") or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


os.environ["ASSISTANT_READER"] = "none"
"""It takes two seconds to load; tests/reader and the evaluation turn it on. Fixtures wider than a test see this one."""


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Refuse connections and name look-ups, except to this machine."""

    def guarded(original: Callable[..., Any], at: int) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            address = arguments[at] if at else (arguments[0] or "",)
            if not _is_local(address):
                raise NetworkUsed(f"a test tried to reach {address!r}")
            return original(*arguments, **named)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for method in ("connect", "connect_ex"):
            patch.setattr(socket.socket, method, guarded(getattr(socket.socket, method), 1))
        patch.setattr(socket, "getaddrinfo", guarded(socket.getaddrinfo, 0))
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give a test in a browser a second try when it waited in vain: on a busy machine a page can be slow."""
    for item in items:
        if item.path.name.startswith("test_page"):
            item.add_marker(pytest.mark.flaky(reruns=2, only_rerun=["TimeoutError"]))


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hide the settings, keys and home folders of this machine."""
    for name in list(os.environ):
        if name.upper().startswith(FOREIGN):
            monkeypatch.delenv(name)
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setenv("ASSISTANT_READER", "none")


@pytest.fixture
def listing(tmp_path: Path) -> Callable[..., Path]:
    """`listing("a.txt", pairs, layout="glued", date="")` writes a listing file and returns its path."""

    def write(
        name: str = "a.txt", pairs: Iterable[Pair] = PAIRS, *, layout: str = "spaced", date: str = "Mar 11"
    ) -> Path:
        return write_listing(tmp_path / "listings" / name, pairs, layout=layout, date=date)

    return write


@pytest.fixture
def embedder() -> HashEmbedder:
    return HashEmbedder()


@pytest.fixture(scope="session")
def bundled() -> BundledEmbedder:
    """The real model; opening it takes half a second, so use it sparingly."""
    return BundledEmbedder()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real PostgreSQL server; skips the test where PostgreSQL is not installed."""
    with postgres_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def data_home(request: pytest.FixtureRequest, home: Path) -> DataHome:
    """Where everything is stored: in files, then, for each test once more, in a new schema of a PostgreSQL database."""
    return DataHome(home, request.getfixturevalue("postgres").schema() if request.param == "postgres" else "")


@pytest.fixture
def open_library(home: Path) -> Iterator[Callable[..., Library]]:
    """`open_library(path)`: libraries that are closed when the test is over."""
    opened: list[Library] = []

    def open_one(path: Path = home) -> Library:
        opened.append(Library(path))
        return opened[-1]

    yield open_one
    for library in opened:
        library.close()


@pytest.fixture
def library(open_library: Callable[..., Library]) -> Library:
    return open_library()


@pytest.fixture
def open_holdings(home: Path, embedder: HashEmbedder) -> Iterator[Callable[..., Holdings]]:
    """`open_holdings(path, embedder=..., chroma=...)`: holdings that are closed when the test is over."""
    opened: list[Holdings] = []

    def open_one(
        path: Path = home, *, embedder: Embedder | None = embedder, chroma: ChromaAddress = NO_SERVER
    ) -> Holdings:
        opened.append(Holdings(Library(path), embedder, chroma=chroma))
        return opened[-1]

    yield open_one
    for holdings in opened:
        holdings.close()


@pytest.fixture
def holdings(open_holdings: Callable[..., Holdings]) -> Holdings:
    return open_holdings()


def free_port() -> int:
    """A free port that the system does not assign itself: another process could be given one that it does."""
    while True:
        port = random.randrange(20_000, 30_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port


@pytest.fixture(scope="session")
def chroma_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real `chroma run` on this machine."""
    with ChromaServer(tmp_path_factory.mktemp("chroma-server")) as server:
        yield server.url


class ChromaServer:
    """A Chroma server on `folder`, running inside a `with`; skips the test if the `chroma` program is missing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> ChromaServer:
        program = Path(sys.executable).parent / "chroma"
        if not program.exists():
            pytest.skip(f"there is no chroma program at {program}")
        command = [
            str(program),
            "run",
            "--path",
            str(self.folder / "data"),
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
        ]
        with (self.folder / "log").open("w") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        while not self._answers():
            if self._process.poll() is not None:
                pytest.fail(f"chroma run ended: {(self.folder / 'log').read_text()}")
            time.sleep(0.02)
        return self

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        """End it without a chance to say goodbye."""
        self._process.kill()

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()


@pytest.fixture
def python() -> Callable[..., subprocess.CompletedProcess[str]]:
    """`python(code, *arguments)` runs code in a process of its own and returns its output."""

    def run(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code, *map(str, arguments)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    return run


@pytest.fixture(scope="session")
def made_sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of the sample, made once with the real model for all test processes: do not open it."""
    base = tmp_path_factory.getbasetemp()
    home = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "sample"
    with FileLock(f"{home}.lock"):
        if not home.exists():
            with Assistant.open(made := home.with_name("made")) as assistant:
                assistant.ingest(*sample_files())
            made.rename(home)
    return home


@pytest.fixture(scope="session")
def sample_home(made_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of the sample, for reading: tests that change it make a copy."""
    return shutil.copytree(made_sample, tmp_path_factory.mktemp("sample") / "home")


@pytest.fixture(params=["whole", "layers"])
def layers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether each change of an index makes a layer, whatever the size of the library; the test runs both ways."""
    layered = bool(request.param == "layers")
    if layered:
        monkeypatch.setattr("assistant.index.searchable.LAYERED", 0)
        monkeypatch.setattr("assistant.index.searchable.SHARE", 99.0)
    return layered
