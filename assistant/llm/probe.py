"""A language model in, what works with it out: it is asked for one word, twice."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from .model import LLM, SECONDS, Schema, objects
from .reply import Message, Usage

SCHEMA: Schema = {"title": "greeting", **objects({"word": {"type": "string"}})}
PLAIN = (Message("system", "You are brief."), Message("user", "Say the word: ready"))
AS_JSON = (Message("system", "You are brief."), Message("user", 'Reply with JSON alone: {"word": "ready"}'))


@dataclass(frozen=True, slots=True)
class Probe:
    """What a model said and how: first_piece and seconds are when its first word came and when it was done.

    pieces: in how many parts it came. schema: its reply was JSON that keeps to a schema. usage: what both calls took,
    `estimated` where the server did not tell.
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
    came: list[tuple[float, str]] = [(time.perf_counter() - started, piece) for piece in plain]
    done = time.perf_counter() - started
    structured = llm.complete(AS_JSON, schema=SCHEMA, seconds=seconds)
    keeps = _keeps(structured.text())
    said = "".join(piece for _, piece in came).strip()
    return Probe(said, len(came), came[0][0] if came else done, done, keeps, plain.usage + structured.usage)


def _keeps(reply: str) -> bool:
    try:
        found = json.loads(reply)
    except ValueError:
        return False
    return isinstance(found, dict) and isinstance(found.get("word"), str)
