"""Those who wait in, whose turn it is out: a line in which nobody overtakes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from ...core.errors import AssistantError


class LineFull(AssistantError):
    """So many wait already that another would wait too long."""


class Line:
    """`at_once` are served at the same time, at most `longest` wait behind them. For one event loop."""

    def __init__(self, *, at_once: int, longest: int) -> None:
        self._at_once, self._longest = at_once, longest
        self._places: list[asyncio.Event] = []

    async def wait(self) -> AsyncGenerator[int, None]:
        """How many are served before, each time that changes; 0: it is one's turn, until this is closed.

        Raises `LineFull`.
        """
        if len(self._places) >= self._at_once + self._longest:
            raise LineFull("Too many questions are waiting. Ask again in a minute.")
        moved = asyncio.Event()
        self._places.append(moved)
        try:
            while before := self._before(moved):
                yield before
                await moved.wait()
                moved.clear()
            yield 0
        finally:
            self._places.remove(moved)
            for other in self._places:
                other.set()

    def _before(self, place: asyncio.Event) -> int:
        return max(0, self._places.index(place) - self._at_once + 1)
