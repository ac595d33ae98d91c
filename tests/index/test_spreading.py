"""spreading: many texts are encoded elsewhere and stored as they come; every implementation gives the same.

The tests on a real Ray are skipped where it is not installed; CONTRIBUTING.md says how to run them.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time
import types
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from assistant.chain import Assistant
from assistant.core.errors import EmbedderError, MissingExtra, SettingsError
from assistant.core.records import Paper
from assistant.core.settings import Settings
from assistant.index import spreading
from assistant.index.embedding import BundledEmbedder, Embedder
from assistant.index.interaction import (
    ENCODE_BATCH,
    Stored,
    encode_each,
    encode_here,
    encode_missing,
    key_of,
    stored,
    vector_of,
)
from assistant.index.served import ServedEmbedder
from assistant.index.spreading import LEAST, RayEmbedder
from assistant.library.chunking import passages
from assistant.library.papers import Library

from ..conftest import ROOT
from ..doubles import HashEmbedder, Scattered
from ..modelserver import ModelServer
from .test_served_embeddings import embeds

TEXTS = [f"Paper {number}\nIt weighs {number} pears, and its title is long enough." for number in range(40)]
PAPERS = [Paper(title, abstract) for title, abstract in (text.split("\n") for text in TEXTS)]
pytestmark = pytest.mark.filterwarnings("default")  # Ray warns of its own settings
RAY = pytest.mark.skipif(not importlib.util.find_spec("ray"), reason="the extra `ray` is not installed")
KILLED = """
import sys
from assistant.core.database import DataHome
from assistant.core.records import Paper
from assistant.index import interaction, spreading
from assistant.library.papers import Library
spreading.LEAST = 1
library = Library(DataHome.of(sys.argv[1]))
papers = [Paper(f"Paper {n}", "It weighs a pear. " * 20) for n in range(200)]
interaction.encode_missing(library, spreading.RayEmbedder("local"), papers, progress=lambda *p: print(*p, flush=True))
"""


@pytest.fixture
def any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Ray encode few texts, too."""
    monkeypatch.setattr(spreading, "LEAST", 1)


@pytest.fixture(params=["here", "scattered", pytest.param("ray", marks=RAY)])
def spread(request: pytest.FixtureRequest, any_size: None) -> tuple[Embedder, Embedder]:
    """An implementation of the seam, and the embedder that gives the same in this process."""
    if request.param == "ray":
        return RayEmbedder("local"), request.getfixturevalue("bundled")
    return (HashEmbedder() if request.param == "here" else Scattered()), HashEmbedder()


def keys(papers: Sequence[Paper]) -> list[str]:
    return [key_of(passage) for paper in papers for passage in passages(paper)]


# -- every implementation


def test_each_text_comes_once_with_the_encoding_of_one_process(spread: tuple[Embedder, Embedder]) -> None:
    embedder, plain = spread
    encodings = list(encode_each(embedder, TEXTS))
    assert sorted(number for number, _ in encodings) == list(range(len(TEXTS)))
    expected = dict(encode_here(plain, TEXTS))
    for number, encoding in encodings:
        assert vector_of(encoding) @ vector_of(expected[number]) == pytest.approx(1, abs=1e-3)
        assert encoding[1:] == expected[number][1:]


def test_what_is_stored_is_what_one_process_stores(
    spread: tuple[Embedder, Embedder], library: Library, open_library: Callable[..., Library], tmp_path: Path
) -> None:
    embedder, plain = spread
    other = open_library(tmp_path / "other")
    assert encode_missing(library, embedder, PAPERS) == encode_missing(other, plain, PAPERS) == len(PAPERS)
    assert stored(library, keys(PAPERS), embedder.name) == stored(other, keys(PAPERS), plain.name)
    assert encode_missing(library, embedder, PAPERS) == 0


# -- going on


def test_what_came_before_a_failure_is_kept_and_only_the_rest_is_encoded_again(library: Library) -> None:
    with pytest.raises(EmbedderError, match="the cluster went away"):
        encode_missing(library, Scattered(fails_after=20), PAPERS)
    rest = Scattered()
    assert encode_missing(library, rest, PAPERS) == len(PAPERS) - ENCODE_BATCH
    assert sorted(rest.texts) == sorted(TEXTS[: len(PAPERS) - ENCODE_BATCH])  # the last ones came first


def test_progress_counts_what_is_stored_whatever_its_order(library: Library) -> None:
    seen: list[tuple[str, int, int]] = []
    encode_missing(library, Scattered(), PAPERS, progress=lambda *step: seen.append(step))
    assert seen == [("embedding", done, 40) for done in (0, 16, 32, 40)]


@RAY
def test_a_kill_loses_only_what_was_under_way(home: Path, open_library: Callable[..., Library]) -> None:
    with subprocess.Popen([sys.executable, "-c", KILLED, str(home)], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout
        steps = [process.stdout.readline().split() for _ in range(3)]  # the third: two batches are stored
        process.send_signal(signal.SIGKILL)
    assert steps[-1][:2] == [b"embedding", b"32"]
    papers = [Paper(f"Paper {n}", "It weighs a pear. " * 20) for n in range(200)]
    library, embedder = open_library(home), BundledEmbedder()
    done = len(stored(library, keys(papers), embedder.name))
    assert 32 <= done < 400
    assert encode_missing(library, embedder, papers) == len(keys(papers)) - done


# -- few texts, and the words of a served model


def test_few_texts_start_no_ray(monkeypatch: pytest.MonkeyPatch, bundled: BundledEmbedder) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert len(TEXTS) < LEAST
    assert list(RayEmbedder("local").encode_each(TEXTS[:3])) == list(encode_here(bundled, TEXTS[:3]))


def test_with_a_served_model_the_words_are_spread_and_the_vectors_are_the_servers() -> None:
    with ModelServer(*[embeds()] * 6) as server:
        spread = ServedEmbedder("e", url=server.url, key="", words=Scattered())
        encodings = list(encode_each(spread, TEXTS))
        plain = ServedEmbedder("e", url=server.url, key="", words=HashEmbedder())
        assert [number for number, _ in encodings] == list(reversed(range(len(TEXTS))))
        assert dict(encodings) == dict(encode_here(plain, TEXTS))


# -- what goes wrong


def test_a_missing_extra_names_its_install_command(monkeypatch: pytest.MonkeyPatch, any_size: None) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtra, match=r"Install it with: pip install 'paper-assistant\[ray\]'"):
        list(RayEmbedder("local").encode_each(TEXTS))


@pytest.mark.parametrize("address", ["ray://host:10001", "host", "host:0", "a b:1", "user@host:6379"])
def test_an_address_that_cannot_be_is_refused(address: str) -> None:
    with pytest.raises(SettingsError, match=r"ASSISTANT_RAY_ADDRESS\) is .*must be empty, `local`, `auto` or a host"):
        Settings(ray_address=address)


def test_the_setting_chooses_the_embedder_and_the_library_stays_usable(home: Path) -> None:
    with Assistant.open(home) as plain:
        name = plain.status().embedder
    for address in ("local", "auto", "127.0.0.1:6379"):
        with Assistant.open(settings=Settings(home=home, ray_address=address)) as opened:
            assert isinstance(opened._holdings.embedder, RayEmbedder)
            assert opened.status().embedder == name


class FakeRay(types.ModuleType):
    """As much of Ray as the wall is tested with: it records how it was begun, and fails where it is told to."""

    def __init__(self, *, refuses: Exception | None = None, breaks: Exception | None = None) -> None:
        super().__init__("ray")
        self.data: Any = None
        self.refuses, self.breaks, self.begun, self.running = refuses, breaks, list[tuple[Any, ...]](), False

    def init(self, address: str, **options: Any) -> None:
        if self.refuses:
            raise self.refuses
        self.begun.append((address, options, os.environ["RAY_USAGE_STATS_ENABLED"]))
        self.running = True

    def is_initialized(self) -> bool:
        return self.running

    def shutdown(self) -> None:
        self.running = False

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": 2.0}


class RayError(Exception):
    """Stands in for Ray's."""


@pytest.fixture
def fake_ray(monkeypatch: pytest.MonkeyPatch, any_size: None) -> Iterator[Callable[..., FakeRay]]:
    """`fake_ray(refuses=..., breaks=...)` is imported as `ray`; its pipeline gives the first text, then breaks."""
    for name in (
        "RAY_USAGE_STATS_ENABLED",
        "RAY_BACKEND_LOG_LEVEL",
        "RAY_AUTH_TOKEN",
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER",
    ):
        monkeypatch.setenv(name, "1")  # so that it is restored

    def install(**faults: Exception) -> FakeRay:
        ray = FakeRay(**faults)
        context = types.SimpleNamespace(enable_progress_bars=True)
        data = types.SimpleNamespace(DataContext=types.SimpleNamespace(get_current=lambda: context))
        modules = {"ray": ray, "ray.data": data}
        modules["ray.data.exceptions"] = types.SimpleNamespace(SystemException=RayError)
        modules["ray.exceptions"] = types.SimpleNamespace(RayError=RayError)
        ray.data = data
        for name, module in modules.items():
            monkeypatch.setitem(sys.modules, name, module)
        monkeypatch.setattr(spreading, "_pipeline", lambda texts, cores: types.SimpleNamespace(iter_rows=rows))

        def rows() -> Iterator[dict[str, Any]]:
            yield {"number": 0, "vector": b"v", "signs": b"s", "starts": b"t"}
            if ray.breaks:
                raise ray.breaks

        return ray

    yield install


def test_nobody_is_told_that_ray_is_used_and_ours_is_for_this_machine_alone(fake_ray: Callable[..., FakeRay]) -> None:
    ray = fake_ray()
    assert list(RayEmbedder("local").encode_each(TEXTS)) == [(0, (b"v", b"s", b"t"))]
    ((address, options, usage),) = ray.begun
    assert (address, usage, ray.running) == ("local", "0", False)
    assert (options["include_dashboard"], options["_node_ip_address"]) == (False, "127.0.0.1")
    assert not Path(options["_temp_dir"]).exists()


def test_a_ray_that_the_process_uses_already_is_left_running(fake_ray: Callable[..., FakeRay]) -> None:
    ray = fake_ray()
    ray.running = True
    assert len(list(RayEmbedder("local").encode_each(TEXTS))) == 1
    assert (ray.running, ray.begun) == (True, [])


@pytest.mark.parametrize("error", [ConnectionError("no cluster"), RuntimeError("no cluster"), ValueError("no cluster")])
def test_a_cluster_that_cannot_be_used_says_what_to_do(fake_ray: Callable[..., FakeRay], error: Exception) -> None:
    fake_ray(refuses=error)
    with pytest.raises(EmbedderError, match=r"at 'auto': no cluster.*Nothing was embedded\..*`ray start --head "):
        list(RayEmbedder("auto").encode_each(TEXTS))


def test_a_cluster_that_does_not_listen_is_given_up_at_once(fake_ray: Callable[..., FakeRay]) -> None:
    ray, began = fake_ray(), time.monotonic()
    with pytest.raises(EmbedderError, match=r"No Ray cluster can be used at '127\.0\.0\.1:1': .*refused"):
        list(RayEmbedder("127.0.0.1:1").encode_each(TEXTS))
    assert (ray.begun, time.monotonic() - began < 6) == ([], True)


def test_a_cluster_that_breaks_is_left_with_the_first_reason(fake_ray: Callable[..., FakeRay]) -> None:
    broken = RayError("a trace of many lines")
    broken.__cause__ = EmbedderError("The bundled model's file is not there.")
    ray, encodings = fake_ray(breaks=broken), list[tuple[int, Stored]]()
    with pytest.raises(EmbedderError, match=r"embed the papers: The bundled model's file is not .*\[ray\]==") as caught:
        encodings.extend(RayEmbedder("local").encode_each(TEXTS))
    assert "trace" not in str(caught.value)
    assert not ray.running


@RAY
def test_a_worker_with_another_model_is_refused(monkeypatch: pytest.MonkeyPatch, any_size: None) -> None:
    monkeypatch.setattr(BundledEmbedder, "name", "another")
    with pytest.raises(EmbedderError, match=r"The model there is 'all-MiniLM.*', and 'another' is needed"):
        list(RayEmbedder("local").encode_each(TEXTS))
