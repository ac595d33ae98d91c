"""Passages and vectors in, nearest passages out: Chroma as a folder, Chroma as a server, or plain memory.

A Chroma folder is owned by one process, and never changed once others may read it: `searchable` fills a new one beside
the old and swaps them. Distances are cosines, and Chroma never embeds anything itself.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar
from urllib.parse import quote, urlsplit

from ..core.errors import StoreError
from ..core.records import Passage
from ..core.sharing import native

if TYPE_CHECKING:
    import numpy as np
    from llama_index.vector_stores.chroma import ChromaVectorStore
    from numpy.typing import NDArray

COLLECTION = "passages"
READ_BATCH = 1000
"""Vectors read at once."""
SERVER_BATCH = 300
"""Vectors that are read from a server, or written to it, at once: the most that Chroma Cloud takes.
https://docs.trychroma.com/cloud/quotas-limits"""
PATIENCE, CONNECTING = 30.0, 5.0
"""Seconds to wait for a reply of a server, and for a connection."""
PAUSE = 0.2
"""Seconds before a call is made again, once, after a connection was lost."""
TOKEN_HEADER = "x-chroma-token"
"""https://docs.trychroma.com/docs/run-chroma/clients"""
_SPACE = {"hnsw": {"space": "cosine", "ef_search": 100}}


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ChromaAddress:
    """A Chroma server, and whose vectors there: "" is the tenant or database that it has by default.

    Without a `url`, Chroma runs in the folder of the index.
    """

    url: str = ""
    token: str = field(default="", repr=False)
    tenant: str = ""
    database: str = ""


NO_SERVER = ChromaAddress()


class Store(Protocol):
    """The seam: passages by vector."""

    def nearest(self, vector: NDArray[np.float32], *, limit: int) -> list[tuple[str, float]]:
        """The `limit` nearest passages as (passage id, cosine), best first."""
        ...

    def put(self, rows: Mapping[Passage, NDArray[np.float32]]) -> None: ...

    def remove_papers(self, paper_ids: Sequence[str]) -> None: ...

    def whole(self) -> set[str]:
        """The ids of the passages whose vectors can be read."""
        ...

    def __len__(self) -> int:
        """The number of passages it reports: fast, but without proof that `whole` can read them."""
        ...

    def close(self) -> None: ...


class MemoryStore:
    """Exact search over arrays: the double of `ChromaStore`, and its oracle in the tests."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[str, NDArray[np.float32]]] = {}

    def nearest(self, vector: NDArray[np.float32], *, limit: int) -> list[tuple[str, float]]:
        nearest = [(passage_id, float(row @ vector)) for passage_id, (_, row) in self._rows.items()]
        return sorted(nearest, key=lambda item: (-item[1], item[0]))[: max(limit, 0)]

    def put(self, rows: Mapping[Passage, NDArray[np.float32]]) -> None:
        self._rows |= {passage.id: (passage.paper_id, vector) for passage, vector in rows.items()}

    def remove_papers(self, paper_ids: Sequence[str]) -> None:
        gone = set(paper_ids)
        self._rows = {key: row for key, row in self._rows.items() if row[0] not in gone}

    def whole(self) -> set[str]:
        return set(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def close(self) -> None:
        self._rows = {}


class ChromaStore:
    """A Chroma collection of passages, read directly and written through llama-index's nodes.

    Raises `StoreError` if the folder or server cannot be used.
    """

    def __init__(self, client: Any, *, collection: str = COLLECTION, address: ChromaAddress = NO_SERVER) -> None:
        self._client, self.address = client, address
        self._batch = SERVER_BATCH if address.url else READ_BATCH
        self._collection = client.get_or_create_collection(collection, embedding_function=None, configuration=_SPACE)
        space = self._collection.configuration_json["hnsw"]["space"]
        if space != "cosine":
            raise StoreError(
                f"The Chroma collection {collection!r} measures by {space!r}, not by cosine. "
                "Delete it or name another one, then run: assistant doctor --repair"
            )

    @classmethod
    def folder(cls, path: str | Path) -> ChromaStore:
        native().check()
        import chromadb
        from chromadb.config import Settings

        try:
            return cls(chromadb.PersistentClient(str(path), settings=Settings(anonymized_telemetry=False)))
        except chroma_errors() as error:
            raise StoreError(f"The index folder {str(path)!r} cannot be opened: {error}") from error

    @classmethod
    def server(cls, address: ChromaAddress, *, collection: str) -> Self:
        """A collection on a server. Raises `StoreError`, which names the setting that is to blame."""
        _check(address)
        import chromadb
        from chromadb.config import Settings

        parts = urlsplit(address.url)
        secure = parts.scheme == "https"
        tenant, database = _owner(address)
        with translated(address):
            client: Any = chromadb.HttpClient(
                host=parts.hostname or "",
                port=parts.port or (443 if secure else 8000),
                ssl=secure,
                headers=_headers(address),
                tenant=tenant,
                database=database,
                settings=Settings(anonymized_telemetry=False),
            )
            for part in (client, client._admin_client):
                part._server._session.timeout = _limits()  # the client itself waits for ever
            return cls(client, collection=collection, address=address)

    def nearest(self, vector: NDArray[np.float32], *, limit: int) -> list[tuple[str, float]]:
        if limit < 1:
            return []
        query = {"query_embeddings": [vector.tolist()], "n_results": limit, "include": ["distances"]}
        reply = self._call(partial(self._collection.query, **query))
        return [(i, 1.0 - d) for i, d in zip(reply["ids"][0], reply["distances"][0], strict=True)]

    def put(self, rows: Mapping[Passage, NDArray[np.float32]]) -> None:
        from llama_index.core.schema import BaseNode, TextNode

        nodes: list[BaseNode] = [
            TextNode(
                id_=self.name_of(passage),
                embedding=vector.tolist(),
                metadata={"paper_id": passage.paper_id, "title": passage.title, "start": passage.start},
            )
            for passage, vector in rows.items()
        ]
        for first in range(0, len(nodes), self._batch):
            batch = nodes[first : first + self._batch]
            self._call(partial(self.as_llama_index().add, batch))

    def name_of(self, passage: Passage) -> str:
        """The name of a passage in the collection."""
        return passage.id

    def as_llama_index(self) -> ChromaVectorStore:
        """The collection as a llama-index vector store whose `add` replaces, and whose nodes have no text."""
        return _textless_class()(chroma_collection=self._collection)

    def remove_papers(self, paper_ids: Sequence[str]) -> None:
        for batch in batches(list(paper_ids), min(self._batch, 500)):
            self._call(partial(self._collection.delete, where={"paper_id": {"$in": batch}}))

    def whole(self) -> set[str]:
        return {name for page in self._pages() for name in self.readable(page)}

    def readable(self, names: Iterable[str]) -> set[str]:
        """Those of `names` whose vectors can be read."""
        gets = [partial(self._collection.get, ids=some) for some in batches([*names], self._batch)]
        return {name for get in gets for name in self._call(partial(get, include=["embeddings"]))["ids"]}

    def _pages(self) -> Iterator[list[str]]:
        """The names of all passages, page by page."""
        if not self.address.url:
            yield from batches(self._call(partial(self._collection.get, include=[]))["ids"], self._batch)
            return
        for offset in range(0, int(self._call(self._collection.count)), self._batch):
            page = partial(self._collection.get, limit=self._batch, offset=offset, include=[])
            yield self._call(page)["ids"]

    def __len__(self) -> int:
        return int(self._call(self._collection.count))

    def _call(self, call: Callable[[], T]) -> T:
        """What a call returns. If the connection is lost, it is made once more: each can be made twice."""
        with translated(self.address):
            if not self.address.url:
                return call()
            import httpx

            try:
                return call()
            except (httpx.NetworkError, httpx.RemoteProtocolError):
                time.sleep(PAUSE)
                return call()

    def close(self) -> None:
        self._client.close()
        for part in (self._client, self._client._admin_client):
            session = getattr(part._server, "_session", None)
            if session is not None:
                session.close()  # the client of a server does not close its sockets


def _owner(address: ChromaAddress) -> tuple[str, str]:
    """The tenant and the database."""
    from chromadb.config import DEFAULT_DATABASE, DEFAULT_TENANT

    return address.tenant or DEFAULT_TENANT, address.database or DEFAULT_DATABASE


def _headers(address: ChromaAddress) -> dict[str, str]:
    return {TOKEN_HEADER: address.token} if address.token else {}


def _limits() -> Any:
    import httpx

    return httpx.Timeout(PATIENCE, connect=CONNECTING)


def _check(address: ChromaAddress) -> None:
    """Raise `StoreError` unless the server answers and lets this token into this database."""
    import httpx

    tenant, database = _owner(address)
    try:
        url = f"{address.url}/api/v2/tenants/{quote(tenant, safe='')}/databases/{quote(database, safe='')}"
        status = httpx.get(url, headers=_headers(address), timeout=_limits()).status_code
    except httpx.TimeoutException as error:
        raise StoreError(_late(address)) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise StoreError(
            f"No Chroma server answers at {address.url}: {error}. Start one with `chroma run`, or unset "
            "ASSISTANT_CHROMA_URL to keep the index in a folder."
        ) from error
    if status in (401, 403):
        raise StoreError(
            f"The Chroma server at {address.url} refuses {'this token' if address.token else 'calls without a token'}. "
            f"Set ASSISTANT_CHROMA_TOKEN to one that may use the database {database!r} of the tenant {tenant!r}."
        )
    if status == 404:
        raise StoreError(
            f"The Chroma server at {address.url} has no database {database!r} of a tenant {tenant!r}. "
            "Make it there, or set ASSISTANT_CHROMA_TENANT and ASSISTANT_CHROMA_DATABASE to those that it has."
        )
    if status != 200:
        raise StoreError(
            f"What answers at {address.url} has an error, or is no Chroma server: status {status}. "
            "Look into its log, or correct ASSISTANT_CHROMA_URL."
        )


def _late(address: ChromaAddress) -> str:
    return (
        f"The Chroma server at {address.url} does not answer within {PATIENCE:.0f} seconds. Make sure that it is not "
        "overloaded and that ASSISTANT_CHROMA_URL is its address, then try again."
    )


def chroma_errors() -> tuple[type[BaseException], ...]:
    """What Chroma raises when a folder is opened; only called after an error, because it imports all of the client."""
    from chromadb.errors import ChromaError

    return (ChromaError, OSError, ValueError, *_nameless())


def _answering_errors() -> tuple[type[BaseException], ...]:
    """What Chroma raises for a call."""
    import httpx
    from chromadb.errors import ChromaError

    return (ChromaError, httpx.HTTPError, *_nameless())


def _nameless() -> list[type[BaseException]]:
    """The class of what was just raised, if Chroma has raised it and no name can be imported for it.

    On a damaged file its engine panics, with a class that is no Exception and is only known by its name:
    https://docs.rs/pyo3/latest/pyo3/panic/struct.PanicException.html
    Of a reply that it does not know, its client raises a bare Exception.
    """
    raised = sys.exception()
    known = raised and (type(raised) is Exception or type(raised).__name__ == "PanicException")
    return [type(raised)] if raised and known else []


@contextmanager
def translated(address: ChromaAddress = NO_SERVER) -> Iterator[None]:
    """Translate Chroma's errors to `StoreError`."""
    try:
        yield
    except _answering_errors() as error:
        if not address.url:
            raise StoreError(
                f"The vector store failed: {error}. Make sure that its folder can be read, "
                "then run: assistant doctor --repair"
            ) from error
        if type(error).__name__.endswith("Timeout"):  # httpx's
            raise StoreError(_late(address)) from error
        raise StoreError(
            f"The Chroma server at {address.url} failed: {error}. Make sure that it runs and has room. "
            "If its vectors are lost, run: assistant doctor --repair"
        ) from error


def batches(items: list[str], size: int) -> Iterable[list[str]]:
    """`items` in runs of up to `size`."""
    return (items[first : first + size] for first in range(0, len(items), size))


def _textless_class() -> type[ChromaVectorStore]:
    """llama-index's Chroma store with three corrections.

    `add` replaces an existing row instead of silently keeping it, no batch is larger than the client accepts, and
    neither texts nor nodes are stored: the library has the texts, and in Chroma they take seven times their length.
    """
    from llama_index.core.schema import BaseNode
    from llama_index.vector_stores.chroma import ChromaVectorStore

    class TextlessChromaStore(ChromaVectorStore):
        stores_text: bool = False

        def add(self, nodes: Sequence[BaseNode], **add_kwargs: Any) -> list[str]:  # base signature
            size = self._collection._client.get_max_batch_size()
            for first in range(0, len(nodes), size):
                batch = nodes[first : first + size]
                vectors: list[Sequence[float]] = [node.get_embedding() for node in batch]
                metadata: list[Mapping[str, Any]] = [node.metadata for node in batch]
                self._collection.upsert(ids=[node.node_id for node in batch], embeddings=vectors, metadatas=metadata)
            return [node.node_id for node in nodes]

    return TextlessChromaStore
