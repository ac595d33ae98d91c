"""One paper in, its passages out: whole sentences up to a token budget.

Passages tile the abstract: each is a verbatim slice, none overlaps, and only white space lies between.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import LibraryError
from ..core.records import Paper, Passage
from ..core.text import Span, sentences

if TYPE_CHECKING:
    import tiktoken

ENCODING = "o200k_base"
PASSAGE_TOKENS = 200
"""Budget of a passage in tokens, title not counted: with a title it fills the bundled model's 256 word pieces."""
KEPT = 4096
"""Abstracts whose cuts are remembered, for an ingest asks for them three times."""
_CACHE_KEY = "https://openaipublic.blob.core.windows.net/encodings/{}.tiktoken"
"""tiktoken names a cached file by the SHA-1 of this address; it is never asked for here."""
_SHA256 = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"
_PATTERN = "|".join(
    [
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        *(r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n/]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+"),
    ]
)
"""How the encoding cuts a text before it counts: https://github.com/openai/tiktoken, tiktoken_ext/openai_public.py."""


def passages(paper: Paper, *, budget: int = PASSAGE_TOKENS) -> list[Passage]:
    """The passages of `paper` in order, as even in length as whole sentences allow.

    A single sentence over `budget` tokens is a passage of its own. An abstract without text has none.
    """
    return [Passage(paper.id, paper.title, cut.of(paper.abstract), cut.start) for cut in _cuts(paper.abstract, budget)]


@functools.lru_cache(maxsize=KEPT)
def _cuts(abstract: str, budget: int) -> tuple[Span, ...]:
    """Where the passages of an abstract lie."""
    spans = sentences(abstract)
    sizes = [count_tokens(span.of(abstract)) for span in spans]
    return tuple(Span(group[0].start, group[-1].end) for group in _grouped(abstract, spans, sizes, budget))


def _grouped(text: str, spans: list[Span], sizes: list[int], budget: int) -> list[list[Span]]:
    """Consecutive groups within `budget`, the fewest possible.

    They are filled evenly rather than greedily, so that no abstract ends in a scrap of one sentence.
    """
    fewest = max(1, -(-sum(sizes) // budget))
    share = sum(sizes) / fewest
    groups: list[list[Span]] = []
    held = 0
    for span, size in zip(spans, sizes, strict=True):
        joined = count_tokens(text[groups[-1][0].start : span.end]) if groups else 0  # not the sum: spaces count too
        if joined > budget or not groups or held + size / 2 > share:
            groups.append([])
            joined = size
        groups[-1].append(span)
        held = joined
    return groups


def count_tokens(text: str) -> int:
    """How many o200k_base tokens `text` takes; special-token look-alikes count as plain text."""
    return len(_encoding().encode(text, disallowed_special=()))


@functools.cache
def _encoding() -> tiktoken.Encoding:
    """The encoding from llama-index-core's own copy of its table.

    tiktoken itself would look for it where an environment variable says, and for want of one in the network. The
    environment belongs to the whole process, so it is read and never set. Raises `LibraryError` when no copy is here.
    """
    name = hashlib.sha1(_CACHE_KEY.format(ENCODING).encode(), usedforsecurity=False).hexdigest()
    spec = importlib.util.find_spec("llama_index")
    roots = (spec.submodule_search_locations if spec else None) or []
    places = [Path(root) / "core/_static/tiktoken_cache" for root in roots]
    tables = ((folder / name).read_bytes() for folder in [*_configured(), *places] if (folder / name).is_file())
    table = next((table for table in tables if hashlib.sha256(table).hexdigest() == _SHA256), None)
    if table is None:
        raise LibraryError(
            f"The token table {ENCODING} is not at hand. Reinstall llama-index-core, which carries it, "
            "or set TIKTOKEN_CACHE_DIR to a folder that holds it."
        )
    import tiktoken

    ranks = {base64.b64decode(token): int(rank) for token, rank in map(bytes.split, table.splitlines())}
    return tiktoken.Encoding(ENCODING, pat_str=_PATTERN, mergeable_ranks=ranks, special_tokens={})


def _configured() -> list[Path]:
    folder = os.environ.get("TIKTOKEN_CACHE_DIR")
    return [Path(folder)] if folder else []
