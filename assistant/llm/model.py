"""Messages in, a reply out: the seam, and what a question's calls cost in all."""

from __future__ import annotations

import functools
import math
import operator
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from ..core.errors import LLMError
from .reply import Message, Reply, Usage

__all__ = ["LLM", "SECONDS", "Message", "Metered", "Schema", "Usage", "objects"]

Schema = Mapping[str, Any]
"""A JSON schema that a reply is to keep to, where the model can; its "title" names it."""
SECONDS = 60.0
"""How long a reply may take by default."""


def objects(properties: Schema) -> Schema:
    """The schema of JSON objects that have all of these properties and no others."""
    return {"type": "object", "additionalProperties": False, "required": [*properties], "properties": properties}


class LLM(Protocol):
    """The seam: a name, and one method."""

    @property
    def name(self) -> str: ...

    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: Schema | None = None,
        seconds: float = SECONDS,
        temperature: float = 0.0,
    ) -> Reply:
        """The reply, already under way. What goes wrong is raised as `LLMError` when it is read.

        At a `temperature` of 0 the words are the likeliest; above it they are drawn by chance, the more so the higher.
        """
        ...


class Metered:
    """A model for one question: all its calls share one time limit, and `usage` tells what they took.

    `before` is called before each; what it raises is raised in place of the call.
    """

    def __init__(self, llm: LLM, *, seconds: float = SECONDS, before: Callable[[], object] | None = None) -> None:
        self._before = before
        self._llm, self._seconds, self._until = llm, seconds, time.monotonic() + seconds
        self._replies: list[Reply] = []

    @property
    def name(self) -> str:
        return self._llm.name

    @property
    def usage(self) -> Usage:
        return functools.reduce(operator.add, (reply.usage for reply in self._replies), Usage())

    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: Schema | None = None,
        seconds: float = math.inf,
        temperature: float = 0.0,
    ) -> Reply:
        """A reply within what is left of the time, or of `seconds` if that is less."""
        left = min(seconds, self._until - time.monotonic())
        if left <= 0:
            raise LLMError(f"The {self._seconds:g} s that the language model has for a question are over.")
        if self._before:
            self._before()
        self._replies.append(self._llm.complete(messages, schema=schema, seconds=left, temperature=temperature))
        return self._replies[-1]
