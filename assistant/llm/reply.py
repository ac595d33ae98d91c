"""What a model's own thread or task tells in, a reply read piece by piece and within its time out."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Literal

from ..core.errors import LLMError
from ..core.tokens import count_tokens

LONGEST = 200_000
"""Characters of a reply, which is given up past them: twenty times what the longest answer takes."""
OVERHEAD = 4
"""Tokens that a chat template puts around a message, about."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What calls of a model took, in tokens; `estimated` counts the calls whose server did not tell."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.estimated + other.estimated,
        )


class Reply:
    """A reply as it comes: iterate for its pieces, or take all of it with `text()`.

    Whoever makes it puts in pieces, a `Usage`, an error, and None at the end, from another thread; so whatever that
    one waits for, the reader is back when the time is up. `usage` may be read at any time: until the server has told
    it is counted here. A reply that is closed, or no longer iterated, is called off.
    """

    def __init__(self, messages: Sequence[Message], *, seconds: float) -> None:
        self._messages, self._seconds = messages, seconds
        self._until = time.monotonic() + seconds
        self._coming: SimpleQueue[str | Usage | BaseException | None] = SimpleQueue()
        self._room = LONGEST
        self._told: Usage | None = None
        self._said: list[str] = []
        self._call_off: Callable[[], object] | None = None
        self._over = False

    def put(self, item: str | Usage | BaseException | None) -> None:
        """Add what came; called by the maker."""
        self._coming.put(item)

    def on_close(self, call_off: Callable[[], object]) -> None:
        """What stops the maker; called once, unless the reply has come to its end."""
        self._call_off = call_off

    @property
    def seconds_left(self) -> float:
        return self._until - time.monotonic()

    @property
    def usage(self) -> Usage:
        if self._told is not None:
            return self._told
        prompt = sum(OVERHEAD + count_tokens(message.content) for message in self._messages)
        return Usage(1, prompt, count_tokens("".join(self._said)), estimated=1)

    def __iter__(self) -> Iterator[str]:
        try:
            while (item := self._next()) is not None:
                if isinstance(item, BaseException):
                    raise item
                if isinstance(item, Usage):
                    self._told = item
                elif item:
                    self._said.append(item[: self._room])
                    self._room -= len(item)
                    if self._room < 0:
                        raise LLMError(
                            f"The language model wrote more than {LONGEST:,} characters. "
                            "Lower ASSISTANT_MODEL_TOKENS, or name another model with ASSISTANT_MODEL."
                        )
                    yield item
            self._over = True
        finally:
            self.close()

    def _next(self) -> str | Usage | BaseException | None:
        left = self.seconds_left
        with contextlib.suppress(Empty):
            if left > 0:  # what has come already is not taken past the time either
                return self._coming.get(timeout=left)
        raise LLMError(
            f"The language model was not done within {round(self._seconds, 1):g} s. "
            "Give it more time with ASSISTANT_MODEL_TIMEOUT, or name a faster one with ASSISTANT_MODEL."
        )

    def text(self) -> str:
        """The whole reply. Raises `LLMError`."""
        return "".join(self)

    def close(self) -> None:
        """Call the reply off, unless it is whole: nothing more is generated, nor paid for."""
        if self._call_off is not None and not self._over:
            self._call_off()
        self._over = True
