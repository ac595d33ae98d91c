"""JSON text in, as it comes; its objects out, each as soon as its brace closes, the inner before the outer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

DEEPEST = 8
"""Braces within braces; what is asked for has two. An object that holds more of them is passed over."""
_SPARE_COMMA = re.compile(r",(?=\s*[}\]])")


class Objects:
    """Finds objects in text that need not be JSON as a whole: it may be cut off, or go on after it."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._opened: list[int] = []
        self._in_string = self._escaped = False

    def feed(self, piece: str) -> Iterator[Mapping[str, Any]]:
        """The objects that `piece` completes."""
        start = len(self._text)
        self._text += piece  # a character each: to add to a string would copy it
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
    """The object, though a comma too many stands in it; nothing for what cannot be read."""
    for candidate in (text, _SPARE_COMMA.sub("", text)):
        try:
            found = json.loads(candidate, strict=False)
        except (ValueError, RecursionError):  # the latter for brackets within brackets
            continue
        if isinstance(found, dict):
            yield found
        return
