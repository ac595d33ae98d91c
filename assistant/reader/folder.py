"""A folder with an ONNX entailment model in, a reader out: the probabilities of its labels for a pair of texts.

The form is that in which public cross-encoders are exported: `model.onnx` (here or in `onnx/`), `tokenizer.json`, and
`config.json`, whose `id2label` names a label that begins with "entail".
"""

from __future__ import annotations

import functools
import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import ReaderError
from ..core.sharing import native
from .onnx import session, tokenizer

if TYPE_CHECKING:
    import numpy as np
    import onnxruntime
    import tokenizers
    from numpy.typing import NDArray


class FolderReader:
    """The entailment model in `folder`. Raises `ReaderError` at once where a file is missing or names no entailment."""

    def __init__(self, folder: Path, *, threads: int = 2) -> None:
        self.name = str(folder)
        self._threads = threads
        self._model = next((p for p in (folder / "model.onnx", folder / "onnx" / "model.onnx") if p.is_file()), None)
        self._words = folder / "tokenizer.json"
        self.entailment: int | None = _entailment(folder / "config.json")
        if self._model is None or not self._words.is_file():
            raise ReaderError(
                f"The folder {str(folder)!r} that ASSISTANT_READER names must hold model.onnx and tokenizer.json."
            )
        self._loading = threading.Lock()  # once loaded, tokenizer and session serve any number of threads

    def read(self, premise: str, sentence: str) -> NDArray[np.float32]:
        """The probabilities of the model's labels (l,), in their order."""
        import numpy as np

        native().check()
        with self._loading:
            words, model = self._tokenizer, self._session
        pair = words.encode(premise, sentence)
        every = {"input_ids": pair.ids, "attention_mask": pair.attention_mask, "token_type_ids": pair.type_ids}
        wanted = {one.name for one in model.get_inputs()}
        inputs = {name: np.array([values], np.int64) for name, values in every.items() if name in wanted}
        logits = model.run(None, inputs)[0][0]
        powers = np.exp(logits - logits.max())
        probabilities: NDArray[np.float32] = (powers / powers.sum()).astype(np.float32)
        return probabilities

    def states(self, text: str, question: str) -> None:
        """None: only labels are known of such a model."""

    def wake(self) -> None:
        """Do nothing: a model of one's own is loaded when it is first needed."""

    @functools.cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        assert self._model is not None, "checked when the reader was made"
        return session(self._model, threads=self._threads)

    @functools.cached_property
    def _tokenizer(self) -> tokenizers.Tokenizer:
        return tokenizer(self._words)


def _entailment(config: Path) -> int:
    """The place of the label that says "entailment"."""
    try:
        labels = json.loads(config.read_text(encoding="utf-8"))["id2label"]
        return next(int(place) for place, label in labels.items() if str(label).casefold().startswith("entail"))
    except (OSError, ValueError, KeyError, AttributeError, StopIteration) as error:
        raise ReaderError(
            f"{str(config)!r} names no label for entailment. The folder that ASSISTANT_READER names needs a "
            'config.json with, for example, "id2label": {"0": "contradiction", "1": "entailment", "2": "neutral"}.'
        ) from error
