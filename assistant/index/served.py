"""Texts in, vectors from an OpenAI-compatible server out.

A server gives one vector per text. Late interaction needs one per word, which still come from the bundled model: papers
are found by the server's vectors, and compared word by word as before.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from ..core.errors import EmbedderError
from ..llm import failures
from ..llm.served import CONNECT, OPENAI, TRIES
from .embedding import Embedder, Encoding, unit
from .interaction import ENCODE_BATCH, Stored, encode_each, vector_bytes

if TYPE_CHECKING:
    import numpy as np
    import openai
    from numpy.typing import NDArray

    from ..core.settings import Settings

SILENCE = 30.0
"""Seconds without a byte after which a call is abandoned."""


class ServedEmbedder:
    """The embedding model `model` at `url`; `words` gives the vectors of words."""

    def __init__(self, model: str, *, url: str, key: str, words: Embedder) -> None:
        self.name = f"{model} at {url.rstrip('/')} with {words.name}"
        self.dimensions = 0  # known once a text has been encoded
        self._model, self._url, self._key, self._words = model, url.rstrip("/"), key, words
        self._client: openai.OpenAI | None = None
        self._connecting = threading.Lock()

    def encode(self, texts: Sequence[str], *, questions: bool = False) -> list[Encoding]:
        """One encoding per text. Raises `EmbedderError`."""
        encodings = self._words.encode(texts, questions=questions)
        if not texts:
            return []
        vectors = self._vectors(texts)
        return [replace(own, vector=vector) for own, vector in zip(encodings, vectors, strict=True)]

    def encode_each(self, texts: Sequence[str]) -> Iterator[tuple[int, Stored]]:
        """The words of many texts are encoded wherever their embedder does it; the server is asked from here."""
        encodings = encode_each(self._words, texts)
        while batch := list(islice(encodings, ENCODE_BATCH)):
            vectors = self._vectors([texts[number] for number, _ in batch])
            for vector, (number, (_, signs, starts)) in zip(vectors, batch, strict=True):
                yield number, (vector_bytes(vector), signs, starts)

    def _vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One vector per text, (texts, d), of length 1."""
        import numpy as np
        import openai

        try:
            reply = self._connected().embeddings.create(model=self._model, input=list(texts), encoding_format="float")
            vectors = [row.embedding for row in sorted(reply.data, key=lambda row: row.index)]
        except openai.APIStatusError as error:
            reason = str(failures.unserved(error, self._model, self._url, self._key))
            reason = reason.replace("ASSISTANT_MODEL to", "ASSISTANT_EMBEDDING_MODEL to")
            raise EmbedderError(f"Embedding failed. {reason}") from error
        except openai.OpenAIError as error:
            raise EmbedderError(f"Embedding failed. {failures.unheard(error, self._url)}") from error
        except (
            AttributeError,
            TypeError,
            ValueError,
            RecursionError,
        ) as error:  # the client fails on malformed replies
            raise EmbedderError(f"Embedding failed. The reply from {self._url} has no vectors.") from error
        if len(vectors) != len(texts) or len({len(vector) for vector in vectors}) != 1:
            raise EmbedderError(f"Embedding failed. {self._url} did not give one vector per text.")
        self.dimensions = len(vectors[0])
        return unit(np.array(vectors, np.float32))

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
    """The embedding model at the same address, if one is set; `words` gives the vectors of words."""
    if not settings.embedding_model:
        return None
    key = settings.model_key.get_secret_value()
    return ServedEmbedder(settings.embedding_model, url=settings.model_url or OPENAI, key=key, words=words)
