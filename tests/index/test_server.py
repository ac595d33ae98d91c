"""A Chroma server: collections that processes share and that are swept, and errors that name the setting to blame."""

from __future__ import annotations

import json
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from assistant.core.database import DataHome
from assistant.core.errors import SettingsError, StoreError
from assistant.core.records import Paper
from assistant.core.settings import Settings
from assistant.index import store as storing
from assistant.index.searchable import current, is_behind, open_index, update
from assistant.index.store import KEPT, ChromaAddress, ChromaStore
from assistant.library.papers import Library

from ..conftest import ChromaServer
from ..doubles import HashEmbedder
from ..papers import PAIRS
from ..postgres import PostgresServer

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


def test_each_state_is_a_collection_and_replaced_ones_are_deleted_later(
    library: Library, embedder: HashEmbedder, chroma_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = 1_000_000.0
    monkeypatch.setattr("assistant.index.searchable.time.time", lambda: seconds)
    chroma = ChromaAddress(chroma_server)
    states = []
    for change in range(3):
        library.put([replace(PAPERS[0], abstract=f"It is short: {change}.")])
        update(library, embedder, chroma=chroma)
        generation = current(library)
        assert generation is not None
        states.append(generation.collection)
        seconds += KEPT + 1
    assert collections(chroma_server, library) == sorted(states[1:]), "the first was replaced over KEPT seconds ago"
    index = open_index(library, embedder, chroma=chroma)
    assert index is not None and index.faults() == []
    index.close()


def test_a_failing_sweep_does_not_undo_a_change(
    library: Library,
    embedder: HashEmbedder,
    chroma_server: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StoreError("no room")

    monkeypatch.setattr(ChromaStore, "sweep", fail)
    library.put(PAPERS)
    update(library, embedder, chroma=ChromaAddress(chroma_server))
    assert not is_behind(library, chroma=ChromaAddress(chroma_server))
    assert "Replaced vectors are still on the server. no room" in caplog.text


def test_homes_over_one_database_share_a_collection_and_send_it_once(
    postgres: PostgresServer,
    embedder: HashEmbedder,
    chroma_server: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url, chroma = postgres.schema(), ChromaAddress(chroma_server)
    sent: list[int] = []
    put = ChromaStore.put
    monkeypatch.setattr(ChromaStore, "put", lambda self, rows: (sent.append(len(rows)), put(self, rows))[1])
    with closing(Library(DataHome(tmp_path / "a", url))) as one, closing(Library(DataHome(tmp_path / "b", url))) as two:
        one.put(PAPERS)
        update(one, embedder, chroma=chroma)
        update(two, embedder, chroma=chroma)
        assert sent == [3]
        assert len(collections(chroma_server, two)) == 1
        index = open_index(two, embedder, chroma=chroma)
        assert index is not None and index.faults() == []
        index.close()


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
    httpx.post(f"{chroma_server}/api/v2/tenants", json={"name": "orchard"}).raise_for_status()
    httpx.post(f"{chroma_server}/api/v2/tenants/orchard/databases", json={"name": "pears"}).raise_for_status()
    library.put(PAPERS)
    own = ChromaAddress(chroma_server, tenant="orchard", database="pears")
    for address in (ChromaAddress(chroma_server), own):
        assert is_behind(library, chroma=address)
        update(library, embedder, chroma=address)
        assert not is_behind(library, chroma=address)
    generation = current(library)
    assert generation is not None
    assert listed(chroma_server, "orchard", "pears") == [generation.collection]


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
