"""An assistant in, what the tabs of the page share out."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from ...core import bounds
from ...people.accounts import Accounts
from ...people.conversations import Conversations
from ...service.doorkeeper import at_this_machine
from ...show.suggestions import suggested
from .asking import Asker
from .entrance import Entrance
from .intake import Intake
from .sessions import Sessions, Talk

if TYPE_CHECKING:
    import gradio as gr

    from ...chain import Assistant
    from .rules import Rules


Made = TypeVar("Made")


class Desk:
    """The assistant, everybody's conversations with it, who comes in, and what a page shows of the library."""

    def __init__(self, assistant: Assistant, rules: Rules) -> None:
        home = assistant.status().home
        self.assistant, self.rules = assistant, rules
        self.conversations = Conversations(home)
        self.entrance = Entrance(Accounts(home) if rules.login else None)
        self.sessions = Sessions(self.conversations)
        self.asker = Asker(assistant, self.sessions.remember, per_minute=rules.per_minute)
        self.intake = Intake(assistant)
        self._aside = ThreadPoolExecutor(1, thread_name_prefix="aside")
        self._suggesting = threading.Lock()
        self._suggested: tuple[int, tuple[str, ...]] = (-1, ())

    def warm(self) -> Future[object]:
        """Load what the first visitor and the first question would otherwise wait for; what is told ends with it."""
        return self.asker.warm(self.suggestions)

    def close(self) -> None:
        self.asker.close()
        self.intake.close()
        self._aside.shutdown(wait=True, cancel_futures=True)
        self.entrance.close()
        self.conversations.close()

    async def aside(self, work: Callable[[], Made]) -> Made:
        """What `work` returns, which takes seconds: one such thing is done at a time, beside all that is quick."""
        return await asyncio.get_running_loop().run_in_executor(self._aside, work)

    async def talk(self, name: str, request: gr.Request) -> Talk:
        """The conversation called `name` of whoever asks.

        Of a page that was open when the server started anew nothing is known but its address, which every request
        bears: that says which conversation stands on it. Without one it is that which the page begins with.
        """
        owner = self.entrance.owner(request.cookies)
        if named := name or str(request.query_params.get("talk", "")):
            return await self.sessions.talk(owner, named)
        return self.sessions.first(owner, (request.session_hash or "")[: bounds.ID])

    def may_remove(self, request: gr.Request) -> bool:
        """Whether who asks may remove papers: who logged in, or without a log-in who sits at this machine."""
        if self.entrance.guarded:
            return self.entrance.user(request.cookies) is not None
        address = request.client.host if request.client else ""
        return self.rules.nearby and at_this_machine(address, dict(request.headers.items()))

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
