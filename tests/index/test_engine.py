"""engine: Chroma's engine reads what its client reads, bit by bit; `test_store` tests the contract."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from assistant.core.errors import StoreError
from assistant.core.records import Passage
from assistant.index import engine
from assistant.index.engine import EngineStore, folder
from assistant.index.store import ChromaStore

from ..doubles import word_vector

MANY = {Passage(f"p{n}", "A title", "A text.", 10 * n): word_vector(f"w{n}") for n in range(300)}


@pytest.fixture
def written(tmp_path: Path) -> Path:
    with closing(ChromaStore.folder(tmp_path / "chroma")) as store:
        store.put(MANY)
    return tmp_path / "chroma"


@pytest.fixture
def read(written: Path) -> Iterator[EngineStore]:
    with closing(EngineStore(written)) as store:
        yield store


def test_it_finds_what_the_client_finds_to_the_bit(written: Path, read: EngineStore) -> None:
    questions = np.random.default_rng(3).normal(size=(20, 64)).astype(np.float32)
    with closing(ChromaStore.folder(written)) as client:
        for question in questions:
            for limit in (60, 5):
                assert read.nearest(question, limit=limit) == client.nearest(question, limit=limit)


def test_reading_does_not_load_the_client(
    written: Path, python: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    code = (
        "import sys, numpy; from pathlib import Path; from assistant.index.engine import folder; "
        "store = folder(Path(sys.argv[1])); store.nearest(numpy.ones(64), limit=1); "
        "print(len(store), len(store.whole()), 'chromadb' in sys.modules)"
    )
    done = python(code, written)
    assert (done.stdout, done.stderr) == ("300 300 False\n", "")


def test_the_engine_of_the_chroma_that_is_installed_is_known(written: Path) -> None:
    """If this fails, Chroma is newer: check that the other tests pass with its version added to `engine.KNOWN`."""
    with closing(folder(written)) as store:
        assert isinstance(store, EngineStore)


def test_an_unknown_engine_is_read_through_the_client(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "KNOWN", ("0.9",))
    with closing(folder(written)) as store:
        assert isinstance(store, ChromaStore)
        assert len(store) == 300


def test_it_never_writes(read: EngineStore) -> None:
    with pytest.raises(StoreError, match=r"open for reading\. Nothing was put into it"):
        read.put({Passage("new", "A title", "A text.", 0): word_vector("new")})
    with pytest.raises(StoreError, match=r"open for reading\. Nothing was removed from it"):
        read.remove_papers(["p1"])
    assert len(read) == 300


def test_a_folder_without_the_collection_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "chroma").mkdir()
    with pytest.raises(StoreError, match=r"The index folder '.*chroma' cannot be opened: .*passages.* does not exist"):
        EngineStore(tmp_path / "chroma")


def test_a_folder_that_is_a_file_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "chroma").touch()
    with pytest.raises(StoreError, match=r"The index folder '.*chroma' cannot be opened: "):
        EngineStore(tmp_path / "chroma")


def test_a_damaged_folder_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "chroma").mkdir()
    (tmp_path / "chroma" / "chroma.sqlite3").write_bytes(b"not a database" * 500)
    with pytest.raises(StoreError, match=r"The index folder '.*chroma' cannot be opened: "):
        EngineStore(tmp_path / "chroma")


def test_a_failure_while_reading_is_a_store_error_with_the_cure(read: EngineStore) -> None:
    with pytest.raises(StoreError, match=r"The vector store failed: .*dimension.*assistant doctor --repair"):
        read.nearest(np.ones(3, np.float32), limit=1)
