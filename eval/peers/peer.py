"""What a peer is, which there are, and what keeps them quiet and offline."""

from __future__ import annotations

import importlib
import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.index.embedding import Embedder

QUIET = {
    "ANONYMIZED_TELEMETRY": "False",  # Chroma
    "DO_NOT_TRACK": "1",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "LANGCHAIN_TRACING_V2": "false",
    "LANGSMITH_TRACING": "false",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # PaperQA2's library for language models
    "LITELLM_TELEMETRY": "False",
    "OTEL_SDK_DISABLED": "true",
    "TOKENIZERS_PARALLELISM": "false",
}
"""Environment variables with which the peers' packages report nothing and look nothing up."""


@dataclass(frozen=True, slots=True)
class Source:
    """A paper as every peer gets it. `text` is what is embedded and searched: the title, a line break, the abstract."""

    id: str
    title: str
    abstract: str

    @property
    def text(self) -> str:
        return f"{self.title}\n{self.abstract}"


class Peer(ABC):
    """A tool over the papers in a folder of its own; what `ingest` stored, a later process opens.

    sources: how many sources to retrieve; None: the peer's own default.
    """

    def __init__(self, folder: Path, embedder: Embedder, sources: int | None = None) -> None:
        self.folder, self.embedder, self.sources = folder, embedder, sources

    @abstractmethod
    def ingest(self, papers: Sequence[Source]) -> None:
        """Store and index the papers as the peer's documentation does it; unchanged ones are not embedded again."""

    @abstractmethod
    def ask(self, question: str) -> list[str]:
        """The titles cited, best first; none if the question is declined."""

    def size(self) -> int:
        """Bytes on disk."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())

    def vector(self, text: str) -> list[float]:
        """The text's embedding, for the adapters."""
        return self.vectors([text])[0]

    def vectors(self, texts: Sequence[str]) -> list[list[float]]:
        """The texts' embeddings, in order."""
        vectors: list[list[float]] = [one.vector.tolist() for one in self.embedder.encode(list(texts))]
        return vectors


@dataclass(frozen=True, slots=True)
class Kind:
    """A peer: its name in the tables, the packages whose versions are shown, its module here and its class.

    stated: what it cites by default, in words.
    """

    name: str
    packages: tuple[str, ...]
    module: str
    type: str
    stated: str = ""

    def open(self, folder: Path, embedder: Embedder, sources: int | None) -> Peer:
        """The peer over what its folder has; imports its packages."""
        module = importlib.import_module(self.module, __package__)
        peer: Peer = getattr(module, self.type)(folder, embedder, sources)
        return peer


OURS = "ours"
KINDS: Mapping[str, Kind] = {
    OURS: Kind("paper-assistant", ("paper-assistant",), ".ours", "PaperAssistant", "what it quotes, or declines"),
    "llamaindex": Kind("LlamaIndex", ("llama-index-core",), ".llamaindex", "VectorIndex", "2 sources"),
    "citations": Kind("CitationQueryEngine", ("llama-index-core",), ".llamaindex", "Citing", "2 sources"),
    "langchain": Kind("LangChain", ("langchain-core", "langchain-chroma"), ".langchain", "StoreRetriever", "4 sources"),
    "ensemble": Kind(
        "LangChain ensemble", ("langchain-classic", "rank-bm25"), ".langchain", "Ensemble", "4 by meaning, 4 by words"
    ),
    "haystack": Kind("Haystack", ("haystack-ai",), ".haystack", "MeaningPipeline", "10 sources"),
    "hybrid": Kind("Haystack hybrid", ("haystack-ai",), ".haystack", "Hybrid", "10 by meaning, 10 by words"),
    "paperqa": Kind("PaperQA2 retrieval", ("paper-qa",), ".paperqa", "Retrieval", "5 of 10 sources"),
}
"""Ours first, then the peers."""


class NetworkCall(RuntimeError):
    """A package tried to reach another machine while it was measured."""


def offline() -> None:
    """From now on this process raises NetworkCall instead of looking up a name or connecting to another machine."""
    sys.addaudithook(_refuse)


def quieted(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for a peer's process: with `QUIET`, without settings of ours."""
    return {name: value for name, value in environment.items() if not name.startswith("ASSISTANT_")} | QUIET


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.getaddrinfo" and arguments[0] not in (None, "localhost", "127.0.0.1", "::1"):
        raise NetworkCall(f"An address was looked up: {arguments[0]}. Measured peers may use no network.")
    if event == "socket.connect" and isinstance(arguments[1], tuple) and arguments[1][0] not in ("127.0.0.1", "::1"):
        raise NetworkCall(f"A connection was opened: {arguments[1][0]}. Measured peers may use no network.")


def environment() -> dict[str, str]:
    """`quieted`, of this process."""
    return quieted(os.environ)
