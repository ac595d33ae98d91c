"""Passages and vectors in, nearest passages out: Chroma as a folder, Chroma as a server, or plain memory.

A Chroma folder is owned by one process, and never changed once others may read it: `searchable` fills a new one beside
the old and swaps them. Distances are cosines, and Chroma never embeds anything itself.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

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
CONNECT, SILENCE = 10.0, 60.0
"""Seconds in which a Chroma server has to take a connection, and to say something."""
_SPACE = {"hnsw": {"space": "cosine", "ef_search": 100}}


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

    def __init__(self, client: Any, *, collection: str = COLLECTION) -> None:
        self._client = client
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
    def server(cls, url: str, *, collection: str) -> ChromaStore:
        from urllib.parse import urlsplit

        import chromadb
        import httpx
        from chromadb.config import Settings
        from chromadb.errors import ChromaError

        address = urlsplit(url)
        secure = address.scheme == "https"
        patience = httpx.Timeout(SILENCE, connect=CONNECT)
        try:
            httpx.get(f"{url.rstrip('/')}/api/v2/heartbeat", timeout=patience)  # the client itself would wait for ever
            client = chromadb.HttpClient(
                host=address.hostname or "",
                port=address.port or (443 if secure else 8000),
                ssl=secure,
                settings=Settings(anonymized_telemetry=False),
            )
            client._server._session.timeout = patience  # type: ignore[attr-defined]
            return cls(client, collection=collection)
        except (ChromaError, httpx.HTTPError, ValueError) as error:
            raise StoreError(
                f"No Chroma server answers at {url}: {error}. Start one with `chroma run`, or unset "
                "ASSISTANT_CHROMA_URL to keep the index in a folder."
            ) from error

    def nearest(self, vector: NDArray[np.float32], *, limit: int) -> list[tuple[str, float]]:
        if limit < 1:
            return []
        with translated():
            reply = self._collection.query(query_embeddings=[vector.tolist()], n_results=limit, include=["distances"])
        return [(i, 1.0 - d) for i, d in zip(reply["ids"][0], reply["distances"][0], strict=True)]

    def put(self, rows: Mapping[Passage, NDArray[np.float32]]) -> None:
        from llama_index.core.schema import BaseNode, TextNode

        nodes: list[BaseNode] = [
            TextNode(
                id_=passage.id,
                text=passage.text,
                embedding=vector.tolist(),
                metadata={"paper_id": passage.paper_id, "title": passage.title, "start": passage.start},
            )
            for passage, vector in rows.items()
        ]
        with translated():
            self.as_llama_index().add(nodes)

    def as_llama_index(self) -> ChromaVectorStore:
        """The collection as a llama-index vector store whose `add` replaces."""
        return _upserting_class()(chroma_collection=self._collection)

    def remove_papers(self, paper_ids: Sequence[str]) -> None:
        with translated():
            for batch in batches(list(paper_ids), 500):
                self._collection.delete(where={"paper_id": {"$in": batch}})

    def whole(self) -> set[str]:
        readable: set[str] = set()
        with translated():
            for batch in batches(self._collection.get(include=[])["ids"], READ_BATCH):
                readable.update(self._collection.get(ids=batch, include=["embeddings"])["ids"])
        return readable

    def __len__(self) -> int:
        with translated():
            return int(self._collection.count())

    def close(self) -> None:
        self._client.close()
        for part in (self._client, self._client._admin_client):
            session = getattr(part._server, "_session", None)
            if session is not None:
                session.close()  # the client of a server does not close its sockets


def chroma_errors() -> tuple[type[Exception], ...]:
    """What Chroma raises for a folder; only called after an error, because it imports all of the client."""
    from chromadb.errors import ChromaError

    return (ChromaError, OSError, ValueError)


def _answering_errors() -> tuple[type[BaseException], ...]:
    """What Chroma raises for a call."""
    import httpx
    from chromadb.errors import ChromaError

    # On a damaged file Chroma's engine panics, with a class that is no Exception and is only known by its name:
    # https://docs.rs/pyo3/latest/pyo3/panic/struct.PanicException.html
    raised = sys.exception()
    panics = [type(raised)] if raised and type(raised).__name__ == "PanicException" else []
    return (ChromaError, httpx.HTTPError, *panics)


@contextmanager
def translated() -> Iterator[None]:
    """Translate Chroma's errors to `StoreError`."""
    try:
        yield
    except _answering_errors() as error:
        raise StoreError(
            f"The vector store failed: {error}. Make sure that its folder or server can be reached, "
            "then run: assistant doctor --repair"
        ) from error


def batches(items: list[str], size: int) -> Iterable[list[str]]:
    """`items` in runs of up to `size`."""
    return (items[first : first + size] for first in range(0, len(items), size))


def _upserting_class() -> type[ChromaVectorStore]:
    """llama-index's Chroma store with two corrections.

    `add` replaces an existing row instead of silently keeping it, and no batch is larger than the client accepts.
    """
    from llama_index.core.schema import BaseNode, MetadataMode
    from llama_index.core.vector_stores.utils import node_to_metadata_dict
    from llama_index.vector_stores.chroma import ChromaVectorStore

    class UpsertingChromaStore(ChromaVectorStore):
        def add(self, nodes: Sequence[BaseNode], **add_kwargs: Any) -> list[str]:  # base signature
            size = self._collection._client.get_max_batch_size()
            for first in range(0, len(nodes), size):
                batch = nodes[first : first + size]
                vectors: list[Sequence[float]] = [node.get_embedding() for node in batch]
                self._collection.upsert(
                    ids=[node.node_id for node in batch],
                    embeddings=vectors,
                    metadatas=[node_to_metadata_dict(node, remove_text=True, flat_metadata=True) for node in batch],
                    documents=[node.get_content(metadata_mode=MetadataMode.NONE) for node in batch],
                )
            return [node.node_id for node in nodes]

    return UpsertingChromaStore
