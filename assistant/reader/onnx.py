"""A model's file in, an onnxruntime session and a tokenizer for pairs of texts out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnxruntime
    import tokenizers

MAX_TOKENS = 512
"""Tokens of a pair; the longer text is cut, nearly always the first."""


def session(model: Path | bytes, *, threads: int) -> onnxruntime.InferenceSession:
    """A session of a model, given as a file or as its bytes."""
    # Read once, while onnxruntime is imported: without it, it writes a device id into ~/.cache and calls Microsoft.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    source = str(model) if isinstance(model, Path) else model
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def tokenizer(path: Path) -> tokenizers.Tokenizer:
    """The tokenizer of a `tokenizer.json`, for pairs of at most `MAX_TOKENS`."""
    from tokenizers import Tokenizer

    loaded = Tokenizer.from_file(str(path))
    loaded.encode_special_tokens = True  # a literal "[CLS]" in a text is text
    loaded.no_padding()
    loaded.enable_truncation(MAX_TOKENS, strategy="longest_first")
    return loaded
