"""Finds the JSON in a language model's reply, and validates it: the reply may be cut off, or have text around it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from .model import Schema

DEEPEST = 8
"""Braces within braces; the prompts ask for two. An object with more of them is skipped."""
_SPARE_COMMA = re.compile(r",(?=\s*[}\]])")


class ModelReply(BaseModel):
    """A JSON object that a language model is asked for; other keys are ignored. `schema_sent` goes with the request."""

    model_config = ConfigDict(frozen=True, strict=True, json_schema_extra={"additionalProperties": False})

    @classmethod
    def schema_sent(cls) -> Schema:
        return cls.model_json_schema()

    @classmethod
    def all_in(cls, reply: str) -> Iterator[Self]:
        """The objects in a reply that have this form."""
        for values in Objects().feed(reply):
            try:
                yield cls.model_validate(values)
            except ValidationError:
                continue

    @classmethod
    def first_in(cls, reply: str) -> Self | None:
        """The first object in a reply that has this form."""
        return next(cls.all_in(reply), None)


class Objects:
    """Finds JSON objects in text as it arrives, each as soon as its brace closes, inner ones first."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._opened: list[int] = []
        self._in_string = self._escaped = False

    def feed(self, piece: str) -> Iterator[Mapping[str, Any]]:
        """The objects that `piece` completes."""
        start = len(self._text)
        self._text += piece  # one item per character: appending to a string would copy it
        for place, c in enumerate(piece, start=start):
            if self._in_string:
                self._in_string = self._escaped or c != '"'
                self._escaped = c == "\\" and not self._escaped
            elif c == '"':
                self._in_string = True
            elif c == "{" and len(self._opened) == DEEPEST:
                self._opened.clear()
            elif c == "{":
                self._opened.append(place)
            elif c == "}" and self._opened:
                yield from _object("".join(self._text[self._opened.pop() : place + 1]))


def _object(text: str) -> Iterator[Mapping[str, Any]]:
    """The object, even with a trailing comma; nothing if it cannot be read."""
    for candidate in (text, _SPARE_COMMA.sub("", text)):
        try:
            value = json.loads(candidate, strict=False)
        except (ValueError, RecursionError):  # the latter for deeply nested brackets
            continue
        if isinstance(value, dict):
            yield value
        return
