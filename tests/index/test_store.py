"""store: one contract for memory, a Chroma folder, the same read by its engine, and a real Chroma server."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from assistant.core.errors import StoreError
from assistant.core.records import Passage
from assistant.index.engine import EngineStore
from assistant.index.shared import SharedStore
from assistant.index.store import ChromaAddress, ChromaStore, MemoryStore, Store, translated

from ..conftest import ChromaServer
from ..doubles import word_vector

PEAR, KITE, SNOW = (Passage(word, f"On {word}", f"All about {word}.", 0) for word in ("pear", "kite", "snow"))
PEAR_TWO = Passage("pear", "On pear", "More about pears.", 40)
ROWS = {p: word_vector(p.text.split()[-1]) for p in (PEAR, KITE, SNOW, PEAR_TWO)}


class WrittenThenRead:
    """A folder that Chroma's client writes, and only then its engine reads, like a generation."""

    def __init__(self, path: Path) -> None:
        self._path = path
        ChromaStore.folder(path).close()

    def put(self, rows: Mapping[Passage, NDArray[np.float32]]) -> None:
        with closing(ChromaStore.folder(self._path)) as store:
            store.put(rows)

    def remove_papers(self, paper_ids: Sequence[str]) -> None:
        with closing(ChromaStore.folder(self._path)) as store:
            store.remove_papers(paper_ids)

    def nearest(self, vector: NDArray[np.float32], *, limit: int) -> list[tuple[str, float]]:
        with closing(EngineStore(self._path)) as store:
            return store.nearest(vector, limit=limit)

    def whole(self) -> set[str]:
        with closing(EngineStore(self._path)) as store:
            return store.whole()

    def __len__(self) -> int:
        with closing(EngineStore(self._path)) as store:
            return len(store)

    def close(self) -> None:
        pass


def alone(url: str) -> SharedStore:
    """A collection that one generation has for itself."""
    store = SharedStore.server(ChromaAddress(url), collection=f"passages-{uuid.uuid4().hex}")
    store.own = lambda among: {name for page in store._pages() for name in page} if among is None else {*among}
    return store


@pytest.fixture(params=["memory", "folder", "engine", "server"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    kinds: dict[str, Callable[[], Store]] = {
        "memory": MemoryStore,
        "folder": lambda: ChromaStore.folder(tmp_path / "chroma"),
        "engine": lambda: WrittenThenRead(tmp_path / "chroma"),
        "server": lambda: alone(request.getfixturevalue("chroma_server")),
    }
    made = kinds[request.param]()
    yield made
    made.close()


def ids(store: Store, word: str, *, limit: int = 10) -> list[str]:
    return [passage_id for passage_id, _ in store.nearest(word_vector(word), limit=limit)]


def test_an_empty_store_finds_nothing(store: Store) -> None:
    assert (ids(store, "pear"), store.whole(), len(store)) == ([], set(), 0)


def test_the_nearest_come_first_with_their_cosine(store: Store) -> None:
    store.put(ROWS)
    question = word_vector("kite.") * 0.8 + word_vector("snow.") * 0.6
    question /= np.linalg.norm(question)
    expected = sorted(((p.id, float(v @ question)) for p, v in ROWS.items()), key=lambda row: -row[1])
    nearest = store.nearest(question, limit=10)
    assert [row[0] for row in nearest] == [row[0] for row in expected]
    assert [row[1] for row in nearest] == pytest.approx([row[1] for row in expected], abs=1e-5)


@pytest.mark.parametrize(("limit", "count"), [(1, 1), (3, 3), (100, 4), (0, 0), (-1, 0)])
def test_no_more_than_the_limit_are_found(store: Store, limit: int, count: int) -> None:
    store.put(ROWS)
    assert len(ids(store, "pear", limit=limit)) == count


def test_a_passage_put_again_is_replaced(store: Store) -> None:
    if isinstance(store, SharedStore):
        pytest.skip("a passage's name there has the key of its text, and the same text has the same vector")
    store.put(ROWS)
    store.put({PEAR: word_vector("comet")})
    (nearest,) = store.nearest(word_vector("comet"), limit=1)
    assert nearest == (PEAR.id, pytest.approx(1.0, abs=1e-5))
    assert len(store.whole()) == len(store) == len(ROWS)


def test_putting_nothing_is_no_error(store: Store) -> None:
    store.put({})
    assert store.whole() == set()


def test_all_passages_of_a_removed_paper_are_removed(store: Store) -> None:
    store.put(ROWS)
    store.remove_papers(["pear", "unknown"])
    assert store.whole() == {KITE.id, SNOW.id}
    assert set(ids(store, "pear.")) == {KITE.id, SNOW.id}


def test_removing_nothing_removes_nothing(store: Store) -> None:
    store.put(ROWS)
    store.remove_papers([])
    assert store.whole() == {passage.id for passage in ROWS}


def test_batches_too_large_for_a_client_are_split(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    if isinstance(store, ChromaStore):
        monkeypatch.setattr(store._client, "get_max_batch_size", lambda: 3)
    many = {Passage(f"p{n}", "t", "x", 0): word_vector(f"w{n}") for n in range(10)}
    store.put(many)
    assert store.whole() == {passage.id for passage in many}
    assert ids(store, "w7", limit=1) == ["p7:0"]


def test_each_of_many_papers_can_be_found_and_removed(store: Store) -> None:
    many = {Passage(f"p{n}", "t", "x", 0): word_vector(f"w{n}") for n in range(1203)}
    store.put(many)
    named = [f"p{n}" for n in range(1202)]
    assert ids(store, "w1202", limit=1) == ["p1202:0"]
    assert len(store.whole()) == 1203
    store.remove_papers(named)
    assert store.whole() == {"p1202:0"}


# -- Chroma alone


def test_a_folder_keeps_its_vectors(tmp_path: Path) -> None:
    store = ChromaStore.folder(tmp_path / "chroma")
    store.put(ROWS)
    store.close()
    again = ChromaStore.folder(tmp_path / "chroma")
    assert again.whole() == {passage.id for passage in ROWS}
    assert ids(again, "snow.", limit=1) == [SNOW.id]
    again.close()


def test_chroma_never_embeds_and_measures_by_cosine(tmp_path: Path) -> None:
    store = ChromaStore.folder(tmp_path / "chroma")
    assert store._collection._embedding_function is None
    store.put({PEAR: word_vector("pear") * 7})
    assert store.nearest(word_vector("pear"), limit=1) == [(PEAR.id, pytest.approx(1.0, abs=1e-5))]
    store.close()


def test_it_is_a_llama_index_vector_store(tmp_path: Path) -> None:
    from llama_index.core.vector_stores import VectorStoreQuery

    store = ChromaStore.folder(tmp_path / "chroma")
    store.put(ROWS)
    asked = VectorStoreQuery(query_embedding=word_vector("kite.").tolist(), similarity_top_k=1)
    (node,) = store.as_llama_index().query(asked).nodes or ()
    assert (node.node_id, node.get_content()) == (KITE.id, "")
    assert node.metadata == {"paper_id": "kite", "title": "On kite", "start": 0}
    assert not store.as_llama_index().stores_text
    store.close()


def test_a_collection_tells_where_each_passage_is_and_has_no_text(tmp_path: Path) -> None:
    import chromadb

    store = ChromaStore.folder(tmp_path)
    store.put(ROWS)
    store.close()
    client: Any = chromadb.PersistentClient(str(tmp_path))
    rows = client.get_collection("passages").get(ids=[PEAR_TWO.id], include=["documents", "metadatas"])
    client.close()
    assert rows["metadatas"] == [{"paper_id": "pear", "title": "On pear", "start": 40}]
    assert rows["documents"] == [None]
    assert b"More about pears" not in (tmp_path / "chroma.sqlite3").read_bytes()


def test_a_collection_with_another_distance_is_refused(tmp_path: Path) -> None:
    import chromadb

    client: Any = chromadb.PersistentClient(str(tmp_path / "chroma"))
    client.create_collection("passages", embedding_function=None, configuration={"hnsw": {"space": "l2"}})
    with pytest.raises(StoreError, match="'passages' measures by 'l2', not by cosine"):
        ChromaStore(client)
    client.close()


def test_a_folder_that_is_a_file_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "chroma").touch()
    with pytest.raises(StoreError, match=r"The index folder '.*chroma' cannot be opened: "):
        ChromaStore.folder(tmp_path / "chroma")


def test_a_damaged_folder_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "chroma").mkdir()
    (tmp_path / "chroma" / "chroma.sqlite3").write_bytes(b"not a database" * 500)
    with pytest.raises(StoreError, match=r"The index folder '.*chroma' cannot be opened: "):
        ChromaStore.folder(tmp_path / "chroma")


def test_a_missing_server_is_a_store_error() -> None:
    with pytest.raises(StoreError, match=r"No Chroma server answers at http://127\.0\.0\.1:9: .*ASSISTANT_CHROMA_URL"):
        ChromaStore.server(ChromaAddress("http://127.0.0.1:9"), collection="passages")


def test_a_server_that_goes_away_is_a_store_error(tmp_path: Path) -> None:
    with ChromaServer(tmp_path) as server:
        store = ChromaStore.server(ChromaAddress(server.url), collection="passages")
        store.put({PEAR: ROWS[PEAR]})
    acts: list[Callable[[], object]] = [
        lambda: store.nearest(word_vector("pear"), limit=1),
        lambda: store.put({PEAR: ROWS[PEAR]}),
        lambda: store.remove_papers(["pear"]),
        lambda: len(store),
        store.whole,
    ]
    for act in acts:
        with pytest.raises(StoreError, match=rf"The Chroma server at {server.url} failed: .*Make sure that it runs"):
            act()
    store.close()


def test_a_panic_of_the_engine_is_a_store_error_and_ctrl_c_is_none() -> None:
    panic = type("PanicException", (BaseException,), {})
    with pytest.raises(StoreError, match=r"The vector store failed: malformed\. .*doctor --repair"), translated():
        raise panic("malformed")
    with pytest.raises(KeyboardInterrupt), translated():
        raise KeyboardInterrupt


# -- the double compared with the real one

WORDS = st.sampled_from(["pear", "kite", "snow", "wind", "wall"])
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), WORDS, st.integers(0, 2), WORDS),
        st.tuples(st.just("remove"), WORDS, st.just(0), WORDS),
    ),
    max_size=12,
)


@given(ACTS)
@settings(max_examples=15)
def test_memory_and_chroma_agree_after_any_changes(tmp_path_factory: pytest.TempPathFactory, acts: list[Any]) -> None:
    memory, chroma = MemoryStore(), ChromaStore.folder(tmp_path_factory.mktemp("store"))
    for act, paper_id, start, word in acts:
        for store in (memory, chroma):
            if act == "put":
                store.put({Passage(paper_id, "t", "x", start): word_vector(word)})
            else:
                store.remove_papers([paper_id])
    assert memory.whole() == chroma.whole()
    near, far = (dict(store.nearest(word_vector("pear"), limit=20)) for store in (memory, chroma))
    assert near == pytest.approx(far, abs=1e-5)
    chroma.close()
