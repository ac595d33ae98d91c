"""A Chroma server: collections that processes share and that are swept, and errors that name the setting to blame."""

from __future__ import annotations

import json
import secrets
import shutil
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from assistant.core.database import DataHome
from assistant.core.errors import SettingsError, StoreError
from assistant.core.records import Paper, Passage
from assistant.core.settings import Settings
from assistant.index import store as storing
from assistant.index.searchable import Index, current, is_behind, open_index, update
from assistant.index.shared import KEPT, SharedStore
from assistant.index.store import ChromaAddress, ChromaStore
from assistant.library.papers import Library

from ..conftest import ChromaServer
from ..doubles import HashEmbedder
from ..papers import PAIRS
from ..postgres import PostgresServer

pytestmark = pytest.mark.usefixtures("layers")

PAPERS = [Paper(*pair, sources=("a.txt",)) for pair in PAIRS[:3]]
TOKEN = "t0ken"


def collections(url: str, library: Library) -> list[str]:
    """The names of the collections of a library on a server."""
    generation = current(library)
    assert generation is not None
    owner = generation.collection.rpartition("-")[0]
    return [name for name in listed(url, "default_tenant", "default_database") if name.startswith(owner)]


def listed(url: str, tenant: str, database: str) -> list[str]:
    """The names of all collections of a database."""
    reply = httpx.get(f"{url}/api/v2/tenants/{tenant}/databases/{database}/collections")
    return sorted(one["name"] for one in reply.json())


@contextmanager
def listening(status: int, body: object) -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """A server that answers everything alike; its address, and the paths and tokens of what it was asked."""
    asked: list[tuple[str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers.get("x-chroma-token")))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


# -- collections


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts whose vectors are sent to the server."""
    texts: list[str] = []
    put = ChromaStore.put

    def noted(store: ChromaStore, rows: Mapping[Passage, Any]) -> None:
        texts.extend(passage.text for passage in rows)
        put(store, rows)

    monkeypatch.setattr(ChromaStore, "put", noted)
    return texts


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time by which the server is swept."""
    clock = Clock()
    monkeypatch.setattr("assistant.index.searchable.time.time", lambda: clock.seconds)
    return clock


@dataclass
class Clock:
    seconds: float = 1_000_000.0


def names(index: Index) -> list[str]:
    """The names of all vectors in the collection of an index, of whatever state."""
    assert isinstance(index.store, SharedStore)
    return [name for page in index.store._pages() for name in page]


@contextmanager
def searched(library: Library, embedder: HashEmbedder, chroma: ChromaAddress) -> Iterator[Index]:
    """The index in force, brought up to date."""
    update(library, embedder, chroma=chroma)
    index = open_index(library, embedder, chroma=chroma)
    assert index is not None
    with closing(index):
        yield index


def test_a_change_sends_what_it_changed_and_nothing_else(
    library: Library, embedder: HashEmbedder, chroma_server: str, sent: list[str]
) -> None:
    chroma = ChromaAddress(chroma_server)
    library.put(PAPERS)
    update(library, embedder, chroma=chroma)
    assert sorted(sent) == sorted(paper.abstract for paper in PAPERS)
    sent.clear()
    library.put([replace(PAPERS[0], abstract="It is short.")])
    library.put([Paper("One more", "It is new.")])
    library.remove([PAPERS[1].id])
    with searched(library, embedder, chroma) as index:
        assert sorted(sent) == ["It is new.", "It is short."]
        assert index.faults(library.papers()) == []
        assert len(collections(chroma_server, library)) == 1
    sent.clear()
    library.put(PAPERS)
    with searched(library, embedder, chroma) as index:
        assert sent == [], "they are still there"
        assert index.faults(library.papers()) == []


def test_what_was_replaced_is_deleted_later(
    library: Library, embedder: HashEmbedder, chroma_server: str, clock: Clock
) -> None:
    chroma = ChromaAddress(chroma_server)
    library.put(PAPERS)
    for change in range(3):
        library.put([replace(PAPERS[0], abstract=f"It is short: {change}.")])
        clock.seconds += KEPT + 1
        update(library, embedder, chroma=chroma)
    with searched(library, embedder, chroma) as index:
        assert len(names(index)) == len(PAPERS) + 1, "the first was replaced over KEPT seconds ago"
        assert index.faults(library.papers()) == []


def test_what_is_needed_again_is_not_deleted(
    library: Library, embedder: HashEmbedder, chroma_server: str, clock: Clock, sent: list[str]
) -> None:
    chroma = ChromaAddress(chroma_server)
    original, short = PAPERS[0].abstract, "It is short."
    for abstract in (original, short, original, original, short, original):
        library.put([replace(PAPERS[0], abstract=abstract), Paper(f"A paper at {clock.seconds}", "It is new.")])
        clock.seconds += KEPT + 1
        with searched(library, embedder, chroma) as index:
            assert index.faults(library.papers()) == []
    assert sent.count(original) == 1


def test_a_question_gets_as_much_from_a_shared_collection_as_from_its_own(
    library: Library, embedder: HashEmbedder, chroma_server: str
) -> None:
    """Of 90 passages that lie nearest, the state has none: they are of papers that were removed."""
    chroma = ChromaAddress(chroma_server)
    question = embedder.encode(["pears"])[0].vector
    gone = [Paper(f"Pears {number}", f"Pears and {number}.") for number in range(1, 91)]
    library.put(gone)
    library.put(PAPERS)
    update(library, embedder, chroma=chroma)
    library.remove([paper.id for paper in gone])
    update(library, embedder)
    with closing(opened(library, embedder)) as index:
        alone = index.store.nearest(question, limit=3)
    with searched(library, embedder, chroma) as index:
        assert len(names(index)) == 93
        assert index.store.nearest(question, limit=3) == [(one, pytest.approx(cosine)) for one, cosine in alone]
        assert index.store.nearest(question, limit=0) == index.store.nearest(question, limit=-1) == []
        assert len(index.store.nearest(question, limit=200)) == 3


def test_what_a_killed_writer_sent_is_used_or_swept(
    library: Library,
    embedder: HashEmbedder,
    chroma_server: str,
    clock: Clock,
    sent: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chroma = ChromaAddress(chroma_server)
    library.put(PAPERS)
    update(library, embedder, chroma=chroma)
    library.put([Paper("Kept", "It stays."), Paper("Gone", "It goes.")])
    with monkeypatch.context() as patched:
        patched.setattr("assistant.index.searchable._point_to", killed)
        with pytest.raises(KeyboardInterrupt):
            update(library, embedder, chroma=chroma)
    with closing(opened(library, embedder)) as index:
        assert (len(names(index)), len(index.store.whole())) == (5, 3)
    library.remove([Paper("Gone", "").id])
    sent.clear()
    for _ in range(2):
        with searched(library, embedder, chroma) as index:
            assert index.faults(library.papers()) == []
        library.put([Paper(f"A paper at {clock.seconds}", "It is new.")])
        clock.seconds += KEPT + 1
    with searched(library, embedder, chroma) as index:
        assert sorted(index.store.whole()) == sorted(name.rpartition(":")[0] for name in names(index))
    assert sent == ["It is new."] * 2


def killed(*_: object) -> None:
    raise KeyboardInterrupt


def opened(library: Library, embedder: HashEmbedder) -> Index:
    index = open_index(library, embedder)
    assert index is not None
    return index


def test_a_vector_that_is_lost_is_missed_even_among_replaced_ones(
    library: Library, embedder: HashEmbedder, chroma_server: str
) -> None:
    chroma = ChromaAddress(chroma_server)
    library.put(PAPERS)
    update(library, embedder, chroma=chroma)
    library.put([replace(PAPERS[0], abstract="It is short.")])
    with searched(library, embedder, chroma) as index:
        index.store.remove_papers([PAPERS[1].id])
        assert (len(names(index)), index.vectors_lost()) == (3, 1)
        assert index.faults() == ["the vector store lacks 1 and has 0 too many"]
    with pytest.raises(StoreError, match="1 passages have lost their vectors"):
        open_index(library, embedder, chroma=chroma)
    update(library, embedder, chroma=chroma, anew=True)
    assert faults_of(library, embedder) == []


def faults_of(library: Library, embedder: HashEmbedder) -> list[str]:
    with closing(opened(library, embedder)) as index:
        return index.faults(library.papers())


def test_a_server_that_keeps_nothing_is_noticed(
    library: Library, embedder: HashEmbedder, chroma_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chroma = ChromaAddress(chroma_server)
    library.put(PAPERS)
    monkeypatch.setattr(ChromaStore, "put", lambda *_: None)
    with pytest.raises(StoreError, match=rf"{chroma_server} has not kept 3 vectors"):
        update(library, embedder, chroma=chroma)
    assert current(library) is None


def test_collections_of_the_former_form_are_sent_once_more_and_swept(
    library: Library, embedder: HashEmbedder, chroma_server: str, clock: Clock, sent: list[str]
) -> None:
    """Each state had a collection of its own, in which a passage's vector had the passage's id."""
    chroma = ChromaAddress(chroma_server)
    library.put(PAPERS)
    update(library, embedder, chroma=chroma)
    generation = current(library)
    assert generation is not None
    former = generation.collection[:-16] + "0123456789abcdef"
    ChromaStore.server(chroma, collection=former).close()
    pointer = library.home / "index/current"
    pointer.write_text(json.dumps(asdict(replace(generation, collection=former, format=6))))
    assert is_behind(library, chroma=chroma)
    sent.clear()
    httpx.delete(
        f"{chroma_server}/api/v2/tenants/default_tenant/databases/default_database/collections/{generation.collection}"
    ).raise_for_status()
    update(library, embedder, chroma=chroma)
    assert len(sent) == len(PAPERS)
    assert collections(chroma_server, library) == sorted([former, generation.collection])
    clock.seconds += KEPT + 1
    library.put([Paper("One more", "It is new.")])
    update(library, embedder, chroma=chroma)
    assert collections(chroma_server, library) == [generation.collection]
    assert len(sent) == len(PAPERS) + 1


def test_a_failing_sweep_does_not_undo_a_change(
    library: Library,
    embedder: HashEmbedder,
    chroma_server: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StoreError("no room")

    monkeypatch.setattr(SharedStore, "sweep", fail)
    library.put(PAPERS)
    update(library, embedder, chroma=ChromaAddress(chroma_server))
    assert not is_behind(library, chroma=ChromaAddress(chroma_server))
    assert "Replaced vectors are still on the server. no room" in caplog.text


def test_homes_over_one_database_share_a_collection_and_send_it_once(
    postgres: PostgresServer, embedder: HashEmbedder, chroma_server: str, tmp_path: Path, clock: Clock, sent: list[str]
) -> None:
    url, chroma = postgres.schema(), ChromaAddress(chroma_server)
    with closing(Library(DataHome(tmp_path / "a", url))) as one, closing(Library(DataHome(tmp_path / "b", url))) as two:
        one.put(PAPERS)
        for home in (one, two):
            update(home, embedder, chroma=chroma)
        assert len(sent) == 3
        assert len(collections(chroma_server, two)) == 1
        one.put([replace(PAPERS[0], abstract="It is short.")])
        update(one, embedder, chroma=chroma)
        with closing(opened(two, embedder)) as index:
            former = index.store.whole()
            assert len(former) == 3, "the other home is still at the former state"
        for home in (one, two):
            clock.seconds += KEPT + 1
            with searched(home, embedder, chroma) as index:
                assert index.faults(home.papers()) == []
        assert len(sent) == 4


def test_a_copy_of_a_library_has_collections_of_its_own(
    open_library: Callable[..., Library], embedder: HashEmbedder, chroma_server: str, home: Path, tmp_path: Path
) -> None:
    chroma = ChromaAddress(chroma_server)
    library = open_library()
    library.put(PAPERS)
    update(library, embedder, chroma=chroma)
    library.close()
    shutil.copytree(home, tmp_path / "copy")
    copy = open_library(tmp_path / "copy")
    copy.put([replace(PAPERS[0], abstract="It is short now.")])
    update(copy, embedder, chroma=chroma)
    library = open_library()
    assert {*collections(chroma_server, library)}.isdisjoint(collections(chroma_server, copy))
    index = open_index(library, embedder, chroma=chroma)
    assert index is not None and index.faults() == []
    index.close()


# -- tenants, databases and tokens


def test_vectors_are_in_the_tenant_and_database_that_are_set(
    library: Library, embedder: HashEmbedder, chroma_server: str
) -> None:
    orchard = f"orchard-{secrets.token_hex(4)}"  # tests share the server
    httpx.post(f"{chroma_server}/api/v2/tenants", json={"name": orchard}).raise_for_status()
    httpx.post(f"{chroma_server}/api/v2/tenants/{orchard}/databases", json={"name": "pears"}).raise_for_status()
    library.put(PAPERS)
    own = ChromaAddress(chroma_server, tenant=orchard, database="pears")
    for address in (ChromaAddress(chroma_server), own):
        assert is_behind(library, chroma=address)
        update(library, embedder, chroma=address)
        assert not is_behind(library, chroma=address)
    generation = current(library)
    assert generation is not None
    assert listed(chroma_server, orchard, "pears") == [generation.collection]


@pytest.mark.parametrize(
    "address", [ChromaAddress("", tenant="nobody"), ChromaAddress("", database="nothing")], ids=["tenant", "database"]
)
def test_an_unknown_tenant_or_database_names_the_settings(address: ChromaAddress, chroma_server: str) -> None:
    with pytest.raises(StoreError, match=r"has no database '.*' of a tenant '.*'.* ASSISTANT_CHROMA_TENANT and ASS"):
        ChromaStore.server(replace(address, url=chroma_server), collection="passages")


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_is_sent_and_never_repeated(status: int) -> None:
    with listening(status, {"error": "AuthError", "message": "Forbidden"}) as (url, asked):
        address = ChromaAddress(url, TOKEN, "me", "my papers")
        with pytest.raises(StoreError, match=r"refuses this token\. Set ASSISTANT_CHROMA_TOKEN") as caught:
            ChromaStore.server(address, collection="passages")
        with pytest.raises(StoreError, match="refuses calls without a token"):
            ChromaStore.server(ChromaAddress(url), collection="passages")
    assert asked[0] == ("/api/v2/tenants/me/databases/my%20papers", TOKEN)
    assert asked[1][1] is None
    assert TOKEN not in f"{caught.value}{address!r}"


def test_another_kind_of_server_is_not_taken_for_chroma() -> None:
    with listening(500, "oops") as (url, _), pytest.raises(StoreError, match=r"status 500\. .*ASSISTANT_CHROMA_URL"):
        ChromaStore.server(ChromaAddress(url), collection="passages")


def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(StoreError, match=r"does not answer within 0 seconds.* ASSISTANT_CHROMA_URL"):
            ChromaStore.server(ChromaAddress(url), collection="passages")


def test_a_token_that_no_header_can_have_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_CHROMA_TOKEN", "t0ken\n")
    with pytest.raises(SettingsError, match=r"\(ASSISTANT_CHROMA_TOKEN\) is secret and must be printable") as caught:
        Settings.from_environment()
    assert TOKEN not in str(caught.value)


# -- lost connections


def test_a_server_that_comes_back_is_used_again(tmp_path: Path) -> None:
    server = ChromaServer(tmp_path)
    vector = np.ones(4, np.float32) / 2
    with server:
        store: Any = ChromaStore.server(ChromaAddress(server.url), collection="passages")
        store._collection.add(ids=["pear:0"], embeddings=[vector.tolist()])
    with pytest.raises(StoreError, match="failed: "):
        len(store)
    with server:
        assert [passage for passage, _ in store.nearest(vector, limit=3)] == ["pear:0"]
    store.close()


def test_a_call_is_made_once_more_when_its_connection_is_lost(
    chroma_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store: Any = ChromaStore.server(ChromaAddress(chroma_server), collection="passages-once-more")
    monkeypatch.setattr(storing, "PAUSE", 0)
    fails: list[Exception] = [httpx.RemoteProtocolError("gone")]
    count = store._collection.count

    def lossy() -> int:
        if fails:
            raise fails.pop()
        return int(count())

    monkeypatch.setattr(store._collection, "count", lossy)
    assert len(store) == 0
    fails += [httpx.ReadError("gone"), httpx.ReadError("gone")]
    with pytest.raises(StoreError, match="failed: gone"):
        len(store)
    store.close()
