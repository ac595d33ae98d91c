"""Text in, its number of tokens out, as recent models of OpenAI count them; without a network."""

from __future__ import annotations

import base64
import functools
import hashlib
import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import LibraryError

if TYPE_CHECKING:
    import tiktoken

ENCODING = "o200k_base"
_CACHE_KEY = "https://openaipublic.blob.core.windows.net/encodings/{}.tiktoken"
"""tiktoken names its cached file by the SHA-1 of this address, which is never requested here."""
_SHA256 = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"
_PATTERN = "|".join(
    [
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        *(r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n/]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+"),
    ]
)
"""How the encoding splits a text first: https://github.com/openai/tiktoken, tiktoken_ext/openai_public.py."""


def count_tokens(text: str) -> int:
    """The number of o200k_base tokens of `text`; what looks like a special token counts as plain text."""
    return len(_encoding().encode(text, disallowed_special=()))


@functools.cache
def _encoding() -> tiktoken.Encoding:
    """The encoding, from the copy of its table in llama-index-core.

    tiktoken itself looks for the table in a folder that an environment variable names, and otherwise downloads it. The
    environment belongs to the whole process, so it is read here but never set. Raises `LibraryError` without a copy.
    """
    name = hashlib.sha1(_CACHE_KEY.format(ENCODING).encode(), usedforsecurity=False).hexdigest()
    spec = importlib.util.find_spec("llama_index")
    roots = (spec.submodule_search_locations if spec else None) or []
    places = [Path(root) / "core/_static/tiktoken_cache" for root in roots]
    tables = ((folder / name).read_bytes() for folder in [*_configured(), *places] if (folder / name).is_file())
    table = next((table for table in tables if hashlib.sha256(table).hexdigest() == _SHA256), None)
    if table is None:
        raise LibraryError(
            f"The token table {ENCODING} is missing. Reinstall llama-index-core, which contains it, "
            "or set TIKTOKEN_CACHE_DIR to a folder that has it."
        )
    import tiktoken

    ranks = {base64.b64decode(token): int(rank) for token, rank in map(bytes.split, table.splitlines())}
    return tiktoken.Encoding(ENCODING, pat_str=_PATTERN, mergeable_ranks=ranks, special_tokens={})


def _configured() -> list[Path]:
    folder = os.environ.get("TIKTOKEN_CACHE_DIR")
    return [Path(folder)] if folder else []
