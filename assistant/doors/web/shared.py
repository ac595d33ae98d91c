"""What the tabs of the page share: the services behind them, and how their components are made."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import gradio as gr
from fastapi import Request

from ...core import bounds
from ...core.drafts import CheckedDraft
from ...core.errors import AssistantError
from ...core.filters import Filter
from ...core.records import Answer
from ...people.accounts import Accounts
from ...people.conversations import Conversations
from ...people.limits import limits_of
from ...service.answering import Answering
from ...service.doorkeeper import at_this_machine
from ...show.onward import next_questions
from ...show.suggestions import suggested
from .asking import Asker
from .entrance import Entrance
from .intake import Intake
from .sessions import OpenConversation, Sessions

if TYPE_CHECKING:
    from ...chain import Assistant
    from .rules import Rules

FORWARD = """
element.addEventListener("assistant", (event) => trigger(event.detail.name, event.detail.data));
"""
"""Runs in the browser: clicks that the scripts in own/ turn into events reach the component they were made in."""
WHEN_SEEN = """
let hidden = true;
new IntersectionObserver((seen) => {
  const now = seen[seen.length - 1];
  if (!now.boundingClientRect.width) hidden = true;
  else if (now.isIntersecting && hidden) {
    hidden = false;
    const form = document.querySelector("#search form");
    const typed = form ? Object.fromEntries(new FormData(form)) : {};
    trigger("apply", { ...typed, revision: element.querySelector("[data-revision]")?.dataset.revision ?? "" });
  }
}).observe(element);
"""
"""Runs in the browser: updates a component each time its tab is opened."""
QUIETLY: Any = {"show_progress": "hidden", "concurrency_limit": None, "api_visibility": "private"}
"""How listeners are called: without a spinner, without waiting for each other, and not by programs."""
EACH: Any = {**QUIETLY, "trigger_mode": "multiple"}
"""The same, for events that may come before the last one was handled."""

Made = TypeVar("Made")
Updates = dict[Any, Any]
"""What each component shows next."""


def page_of(request: gr.Request) -> str:
    """The name of one open page, among all of its browser's; it changes when the page is loaded again."""
    return (request.session_hash or "")[: bounds.ID]


class Services:
    """The assistant, everyone's conversations with it, who may come in, and the files being added.

    Questions wait in the line of `answering`, which other doors may share, or in one of the page's own.
    """

    def __init__(self, assistant: Assistant, rules: Rules, answering: Answering | None = None) -> None:
        home = assistant.data_home
        self.assistant, self.rules = assistant, rules
        self.conversations = Conversations(home)
        accounts = Accounts(home) if rules.login else None
        self.entrance = Entrance(accounts, rules.provider, limits_of(home, "log-in"))
        self.sessions = Sessions(self.conversations)
        self._answering, self._own_line = answering or Answering(assistant), answering is None
        self.asker = Asker(
            self._answering, self.sessions.remember, per_minute=rules.per_minute, limits=limits_of(home, "page")
        )
        self.intake = Intake(assistant)
        self._aside = ThreadPoolExecutor(1, thread_name_prefix="aside")
        self._suggesting = threading.Lock()
        self._suggested: tuple[int, tuple[str, ...]] = (-1, ())

    def warm(self) -> Future[object]:
        """Load what the first visitor and the first question would otherwise wait for; done when the future is."""

        def work() -> None:
            self.suggestions()
            self.assistant.search("What is here?")

        return self._answering.meanwhile(work)

    def close(self) -> None:
        if self._own_line:
            self._answering.close()
        self.intake.close()
        self._aside.shutdown(wait=True, cancel_futures=True)
        self.entrance.close()
        self.asker.close()
        self.conversations.close()

    def drafts(self, draft: str, bibliography: str) -> AsyncGenerator[tuple[int, int] | CheckedDraft, None]:
        """The progress of a draft's check, then the report."""
        return self._answering.draft(draft, bibliography)

    async def aside(self, work: Callable[[], Made]) -> Made:
        """The result of `work` that takes seconds: one at a time, so that everything quick goes on."""
        return await asyncio.get_running_loop().run_in_executor(self._aside, work)

    async def talk(self, name: str, request: gr.Request) -> OpenConversation:
        """The caller's conversation of that name.

        After a restart of the server a page that is still open is known only by its address, which comes with every
        request and names the conversation. Without a name, it is the conversation that the page begins with.
        """
        owner = self.entrance.owner(request.cookies)
        if named := name or str(request.query_params.get("talk", "")):
            return await self.sessions.talk(owner, named)
        return self.sessions.first(owner, page_of(request))

    def may_remove(self, request: gr.Request) -> bool:
        """Whether the caller may remove papers: if logged in or, without a log-in, at this machine."""
        if self.entrance.guarded:
            return self.entrance.user(request.cookies) is not None
        address = request.client.host if request.client else ""
        return self.rules.nearby and at_this_machine(address, dict(request.headers.items()))

    def collector(self, request: gr.Request | Request) -> str:
        """Whose collections the caller uses: those of a user or, without a log-in, of the home."""
        user = self.entrance.user(request.cookies) if self.entrance.guarded else None
        return user.owner if user else ""

    async def onward(self, answer: Answer, where: Filter) -> tuple[str, ...]:
        """Questions that may come after an answer; none while other questions wait, which go first."""
        if self._answering.waiting:
            return ()
        understood = functools.partial(self.assistant.understood, where=where)
        try:
            return await self._answering.aside(lambda: next_questions(answer, understood))
        except AssistantError:  # whoever asks the next question will be told
            return ()

    def listings(self) -> dict[str, str]:
        """Each listing and its label."""
        return self.assistant.status().listings

    def suggestions(self) -> tuple[str, ...]:
        """Questions that the papers answer; made again only when papers were added or removed."""
        with self._suggesting:
            revision = self.assistant.status().revision
            if self._suggested[0] != revision:
                self._suggested = (revision, suggested(self.assistant.papers()))
            return self._suggested[1]


def component(name: str, content: str = "", *, js: str = "") -> gr.HTML:
    """A place for markup whose clicks reach the server; `js` runs when it is loaded."""
    return gr.HTML(content, elem_id=name, js_on_load=FORWARD + js, apply_default_css=False)


def sent(event: gr.EventData, name: str, most: int) -> str:
    """What the browser sent with an event under that name, as text of at most `most` characters; "" for nothing."""
    return str(getattr(event, name, ""))[:most]


def filter_sent(event: gr.EventData, owner: str) -> Filter:
    """The filter in the form of the tab "Papers", as it was when the event was sent; `owner` has the collections."""
    return Filter(
        sent(event, "since", bounds.DAY),
        sent(event, "until", bounds.DAY),
        (sent(event, "author", bounds.TITLE),),
        (sent(event, "venue", bounds.TITLE),),
        sent(event, "listing", bounds.TITLE),
        collection=sent(event, "collection", bounds.COLLECTION),
        owner=owner,
    )
