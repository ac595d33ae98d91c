"""Tries a language model out: asks it for one word, in plain text and as JSON."""

from __future__ import annotations

import time
from dataclasses import dataclass

from pydantic import ValidationError

from .embedded_json import ModelReply
from .model import LLM, SECONDS, Message, Usage

PLAIN = (Message("system", "You are brief."), Message("user", "Say the word: ready"))
AS_JSON = (Message("system", "You are brief."), Message("user", 'Reply with JSON alone: {"word": "ready"}'))


class Greeting(ModelReply):
    """The word as JSON."""

    word: str


@dataclass(frozen=True, slots=True)
class Probe:
    """What a model said, in how many pieces, and after how many seconds its first word and its last one came.

    `schema` is whether it replied with JSON that follows a schema. `usage` is of both calls, and `estimated` if the
    server did not report it.
    """

    said: str
    pieces: int
    first_piece: float
    seconds: float
    schema: bool
    usage: Usage


def probe(llm: LLM, *, seconds: float = SECONDS) -> Probe:
    """Ask for one word in plain text and one as JSON. Raises `LLMError`."""
    started = time.perf_counter()
    plain = llm.complete(PLAIN, seconds=seconds)
    pieces: list[tuple[float, str]] = [(time.perf_counter() - started, piece) for piece in plain]
    done = time.perf_counter() - started
    structured = llm.complete(AS_JSON, schema=Greeting.schema_sent(), seconds=seconds)
    follows_schema = _follows_schema(structured.text())
    said = "".join(piece for _, piece in pieces).strip()
    first = pieces[0][0] if pieces else done
    return Probe(said, len(pieces), first, done, follows_schema, plain.usage + structured.usage)


def _follows_schema(reply: str) -> bool:
    try:
        Greeting.model_validate_json(reply)
    except ValidationError:
        return False
    return True
