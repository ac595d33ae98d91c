"""An assistant in, what the tabs of the page share out."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ..suggestions import suggested
from .asking import Asker
from .sessions import Sessions

if TYPE_CHECKING:
    from ..chain import Assistant


class Desk:
    """The assistant, everybody's conversations with it, and what a page shows of the library."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self.sessions = Sessions()
        self.asker = Asker(assistant)
        self._suggesting = threading.Lock()
        self._suggested: tuple[int, tuple[str, ...]] = (-1, ())

    def warm(self) -> None:
        """Load what the first question would otherwise wait for; runs beside those who are asking already."""
        self.asker.warm()

    def close(self) -> None:
        self.asker.close()

    def listings(self) -> dict[str, str]:
        """Each listing and its label."""
        return self.assistant.status().listings

    def suggestions(self) -> tuple[str, ...]:
        """Questions that the papers held at present answer; made anew only when papers came or went."""
        with self._suggesting:
            revision = self.assistant.status().revision
            if self._suggested[0] != revision:
                self._suggested = (revision, suggested(self.assistant.papers()))
            return self._suggested[1]
