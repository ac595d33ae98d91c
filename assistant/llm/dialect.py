"""A server's refusal in, the way it is to be asked instead out. Pure.

Every server speaks the same protocol with other words left out. Rather than to know them all, a request that is
refused for one of its words is put again without it, and the server is asked so from then on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from .model import Schema
from .reply import Message

Limit = Literal["max_tokens", "max_completion_tokens"]
Keeping = Literal["json_schema", "json_object", "none"]

_LIMITS: dict[str, Limit] = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
_WEAKER: dict[str, Keeping] = {"json_schema": "json_object", "json_object": "none"}


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a server is taken to understand.

    limit: what it calls the most tokens of a reply. schema: how far it keeps to a JSON schema.
    """

    limit: Limit = "max_tokens"
    system: bool = True
    schema: Keeping = "json_schema"
    usage: bool = True
    temperature: bool = True

    def request(
        self, messages: Sequence[Message], schema: Schema | None, tokens: int, temperature: float = 0.0
    ) -> dict[str, Any]:
        """The words of a request, but for the model's name."""
        spoken: dict[str, Any] = {"messages": _told(messages, self.system), self.limit: tokens, "stream": True}
        if self.temperature:
            spoken["temperature"] = temperature
        if self.usage:
            spoken["stream_options"] = {"include_usage": True}
        if schema is not None and self.schema == "json_schema":
            told = {"name": schema["title"], "schema": schema, "strict": True}
            spoken["response_format"] = {"type": "json_schema", "json_schema": told}
        elif schema is not None and self.schema == "json_object":
            spoken["response_format"] = {"type": "json_object"}
        return spoken


def adapted(dialect: Dialect, refusal: str) -> Dialect | None:
    """The dialect without the word that a refusal is about; None where it is about something else."""
    said = refusal.casefold()
    if "max_completion_tokens" in said and dialect.limit == "max_tokens":
        return replace(dialect, limit="max_completion_tokens")
    if re.search(r"max_(completion_)?tokens", said) and not re.search(r"context|too (long|large|many)|at most", said):
        other = _LIMITS[dialect.limit]
        return replace(dialect, limit=other) if dialect.limit in said else None
    if re.search(r"response_format|json_schema|json schema|grammar|structured output", said):
        return replace(dialect, schema=_WEAKER[dialect.schema]) if dialect.schema in _WEAKER else None
    if re.search(r"stream_options|include_usage", said) and dialect.usage:
        return replace(dialect, usage=False)
    if "temperature" in said and dialect.temperature:
        return replace(dialect, temperature=False)
    if re.search(r"\bsystem\b.{0,40}(?:role|not supported|message)|roles? must alternate", said) and dialect.system:
        return replace(dialect, system=False)
    return None


def _told(messages: Sequence[Message], system: bool) -> list[dict[str, str]]:
    """The messages as the protocol has them; without a system role, what it said opens the first other message."""
    if system:
        return [{"role": message.role, "content": message.content} for message in messages]
    before = "\n\n".join(message.content for message in messages if message.role == "system")
    told = [{"role": message.role, "content": message.content} for message in messages if message.role != "system"]
    told[0]["content"] = f"{before}\n\n{told[0]['content']}".strip()
    return told
