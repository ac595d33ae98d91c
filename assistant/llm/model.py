"""The seam `LLM`: messages in, a reply out, read piece by piece within a time limit; and the meter for one question."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Literal, Protocol

from ..core.errors import LLMError
from ..core.tokens import count_tokens

LONGEST = 200_000
"""Characters of a reply; reading stops there. The longest answer takes a twentieth of it."""
OVERHEAD = 4
"""Tokens that a chat template adds to a message, roughly."""
SECONDS = 60.0
"""Default time limit of a reply."""

Schema = Mapping[str, Any]
"""The JSON schema that a reply should follow, if the model supports one; its "title" names it."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that calls of a model used; `estimated` counts the calls whose server reported none."""

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
    """A reply as it arrives: iterate over its pieces, or read all of it with `text()`.

    Its maker, on another thread, puts in pieces, a `Usage`, an error, and None at the end. So the reader is never kept
    past the time limit, whatever the maker is waiting for. `usage` can be read at any time; until the server reports
    its own count, it is an estimate. A reply that is closed, or no longer iterated, is cancelled.
    """

    def __init__(self, messages: Sequence[Message], *, seconds: float) -> None:
        self._messages, self._seconds = messages, seconds
        self._until = time.monotonic() + seconds
        self._arriving: SimpleQueue[str | Usage | BaseException | None] = SimpleQueue()
        self._room = LONGEST
        self._reported: Usage | None = None
        self._pieces: list[str] = []
        self._cancel: Callable[[], object] | None = None
        self._ended = False

    def put(self, item: str | Usage | BaseException | None) -> None:
        """Add what arrived; called by the maker."""
        self._arriving.put(item)

    def on_close(self, cancel: Callable[[], object]) -> None:
        """Set what stops the maker; called once, unless the reply has ended."""
        self._cancel = cancel

    @property
    def seconds_left(self) -> float:
        return self._until - time.monotonic()

    @property
    def usage(self) -> Usage:
        if self._reported is not None:
            return self._reported
        prompt = sum(OVERHEAD + count_tokens(message.content) for message in self._messages)
        return Usage(1, prompt, count_tokens("".join(self._pieces)), estimated=1)

    def __iter__(self) -> Iterator[str]:
        try:
            while (item := self._next()) is not None:
                if isinstance(item, BaseException):
                    raise item
                if isinstance(item, Usage):
                    self._reported = item
                elif item:
                    self._pieces.append(item[: self._room])
                    self._room -= len(item)
                    if self._room < 0:
                        raise LLMError(
                            f"The language model wrote more than {LONGEST:,} characters. "
                            "Lower ASSISTANT_MODEL_TOKENS, or choose another model with ASSISTANT_MODEL."
                        )
                    yield item
            self._ended = True
        finally:
            self.close()

    def _next(self) -> str | Usage | BaseException | None:
        left = self.seconds_left
        with contextlib.suppress(Empty):
            if left > 0:  # past the limit, nothing more is read, even if it has arrived
                return self._arriving.get(timeout=left)
        raise LLMError(
            f"The language model was not done within {round(self._seconds, 1):g} s. "
            "Allow more time with ASSISTANT_MODEL_TIMEOUT, or choose a faster model with ASSISTANT_MODEL."
        )

    def text(self) -> str:
        """The whole reply. Raises `LLMError`."""
        return "".join(self)

    def close(self) -> None:
        """Cancel the reply unless it has ended, so that nothing more is generated or paid for."""
        if self._cancel is not None and not self._ended:
            self._cancel()
        self._ended = True


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
        """The reply, already on its way. Failures are raised as `LLMError` when it is read.

        A `temperature` of 0 takes the likeliest words; a higher one samples them, more freely the higher it is.
        """
        ...


class Metered:
    """A model for one question: its calls share one time limit, and `usage` is what they used together.

    `before` is called before each call and may raise instead.
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
        return sum((reply.usage for reply in self._replies), Usage())

    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: Schema | None = None,
        seconds: float = math.inf,
        temperature: float = 0.0,
    ) -> Reply:
        """A reply within the time that is left, or within `seconds` if that is less."""
        left = min(seconds, self._until - time.monotonic())
        if left <= 0:
            raise LLMError(f"The language model's time limit of {self._seconds:g} s per question has passed.")
        if self._before:
            self._before()
        self._replies.append(self._llm.complete(messages, schema=schema, seconds=left, temperature=temperature))
        return self._replies[-1]
