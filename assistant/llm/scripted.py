"""The test double of the seam: replies that were written beforehand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..core.errors import LLMError
from .model import SECONDS, Message, Reply, Schema, Usage

Line = str | LLMError | Callable[[Sequence[Message]], str]
"""A reply, an error raised instead, or a function that makes a reply from the messages."""


class ScriptedModel:
    """Replies with its lines in order, `piece` characters at a time; one call too many is an `LLMError`.

    `seen` and `temperatures` record the calls.
    """

    def __init__(self, *lines: Line, name: str = "scripted", piece: int = 7) -> None:
        self.name, self._piece = name, piece
        self._lines = list(lines)
        self.seen: list[tuple[Message, ...]] = []
        self.temperatures: list[float] = []

    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: Schema | None = None,
        seconds: float = SECONDS,
        temperature: float = 0.0,
    ) -> Reply:
        self.seen.append(tuple(messages))
        self.temperatures.append(temperature)
        reply = Reply(messages, seconds=seconds)
        line = self._lines.pop(0) if self._lines else LLMError("The script has no further line.")
        if isinstance(line, LLMError):
            reply.put(line)
            return reply
        text = line if isinstance(line, str) else line(messages)
        for start in range(0, len(text), self._piece):
            reply.put(text[start : start + self._piece])
        words = sum(len(message.content.split()) for message in messages)
        reply.put(Usage(1, words, len(text.split())))
        reply.put(None)
        return reply
