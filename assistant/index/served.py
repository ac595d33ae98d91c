"""Texts in, an OpenAI-compatible server's vectors out.

A server gives one vector a text. Late interaction needs one a word, which the bundled model goes on giving: so papers
are found by the server's vectors, and weighed word by word as before.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..core.errors import EmbedderError
from ..llm import failures
from ..llm.served import CONNECT, OPENAI, TRIES
from .embedding import Embedder, Encoding, unit

if TYPE_CHECKING:
    import openai

    from ..core.settings import Settings

SILENCE = 30.0
"""Seconds in which nothing comes before a call is given up."""


class ServedEmbedder:
    """The embedding model called `model` behind `url`; `words` gives the vectors of words."""

    def __init__(self, model: str, *, url: str, key: str, words: Embedder) -> None:
        self.name = f"{model} at {url.rstrip('/')} with {words.name}"
        self.dimensions = 0  # known once a text was encoded
        self._model, self._url, self._key, self._words = model, url.rstrip("/"), key, words
        self._client: openai.OpenAI | None = None
        self._connecting = threading.Lock()

    def encode(self, texts: Sequence[str]) -> list[Encoding]:
        """One encoding a text. Raises `EmbedderError`."""
        import numpy as np

        worded = self._words.encode(texts)
        if not texts:
            return []
        vectors = np.array(self._vectors(texts), np.float32)
        self.dimensions = vectors.shape[1]
        return [replace(one, vector=unit(vector)) for one, vector in zip(worded, vectors, strict=True)]

    def _vectors(self, texts: Sequence[str]) -> list[list[float]]:
        import openai

        try:
            reply = self._connected().embeddings.create(model=self._model, input=list(texts), encoding_format="float")
            vectors = [one.embedding for one in sorted(reply.data, key=lambda one: one.index)]
        except openai.APIStatusError as error:
            told = str(failures.unserved(error, self._model, self._url, self._key))
            told = told.replace("ASSISTANT_MODEL to", "ASSISTANT_EMBEDDING_MODEL to")
            raise EmbedderError(f"Embedding failed. {told}") from error
        except openai.OpenAIError as error:
            raise EmbedderError(f"Embedding failed. {failures.unheard(error, self._url)}") from error
        except (
            AttributeError,
            TypeError,
            ValueError,
            RecursionError,
        ) as error:  # the client trips over what is no reply at all
            raise EmbedderError(f"Embedding failed. What came from {self._url} holds no vectors.") from error
        if len(vectors) != len(texts) or len({len(vector) for vector in vectors}) != 1:
            raise EmbedderError(f"Embedding failed. {self._url} gave other than one vector a text.")
        return vectors

    def _connected(self) -> openai.OpenAI:
        import openai

        from ..llm import wire

        with self._connecting:
            if self._client is None:
                self._client = openai.OpenAI(
                    api_key=self._key or "unused",
                    base_url=self._url,
                    timeout=openai.Timeout(SILENCE, connect=CONNECT),
                    max_retries=TRIES - 1,
                    http_client=wire.client(wire.LEAST),
                )
            return self._client


def configured(settings: Settings, words: Embedder) -> ServedEmbedder | None:
    """The embedding model behind the same address, if one is named; `words` gives the vectors of words."""
    if not settings.embedding_model:
        return None
    key = settings.model_key.get_secret_value()
    return ServedEmbedder(settings.embedding_model, url=settings.model_url or OPENAI, key=key, words=words)
