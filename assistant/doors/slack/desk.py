"""A message in, its answer out, kept in the conversation of its thread; how often anybody may ask is counted here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from ...core.records import Answer, Turn
from ...people.conversations import Conversations, Thumb
from ...people.limits import Limits
from .claims import Claims

if TYPE_CHECKING:
    from ...chain import Assistant
    from ...core.settings import Settings

PER_USER, PER_CHANNEL = 10, 60
"""Questions a minute that a person may ask, and all in a channel together."""
AT_ONCE = 2
"""Answers made at the same time; other questions wait in line."""
Result = TypeVar("Result")
Tell = Callable[[str], None]


def nobody(_: str) -> None:
    """Nobody wants to know the stages."""


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody wrote and where; `id` is the same when the same message is delivered again."""

    text: str
    user: str
    thread: str
    team: str
    channel: str = ""
    id: str = ""

    @property
    def owner(self) -> str:
        """Who owns the conversation: the thread, for all who write in it."""
        return f"slack:{self.team}:{self.channel}:{self.thread}"


@dataclass(frozen=True, slots=True)
class Told:
    """An answer and the number of its turn in the conversation."""

    answer: Answer
    number: int


class Desk:
    """What all the doors that speak Slack's way share; safe in several threads. Close it, or use it in a `with`."""

    def __init__(self, assistant: Assistant, settings: Settings, *, home: Path | None = None) -> None:
        home = home or assistant.status().home
        self.assistant, self.limits = assistant, Limits()
        self.conversations = Conversations(home)
        self.claims = Claims(home)
        self._memory = settings.memory_turns
        self._channels = frozenset(settings.slack_channels.replace(",", " ").split())
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="slack")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)
        self.claims.close()
        self.conversations.close()

    def admits(self, channel: str) -> bool:
        """Whether questions are answered in a channel; to a person, in a direct message, they always are."""
        return not self._channels or channel in self._channels or channel.startswith("D")

    def wait(self, message: Message) -> int:
        """0 where the question may be asked now; otherwise the seconds until it may."""
        seconds = self.limits.allow(f"slack-user:{message.team}:{message.user}", PER_USER)
        if not seconds and message.channel:
            seconds = self.limits.allow(f"slack-channel:{message.team}:{message.channel}", PER_CHANNEL)
        return int(-(-seconds // 1))

    def claim(self, *ids: str) -> bool:
        """Whether all of these are new; from now on they are not, in no process and after no restart."""
        return self.claims.claim(ids)

    def knows(self, owner: str) -> bool:
        """Whether something was answered in a thread."""
        return bool(self.conversations.listed(owner, limit=1))

    def ask(self, message: Message, *, before: int | None = None, tell: Tell = nobody) -> Told:
        """The answer to a message with its thread in mind, or the turns `before` a number; raises `AssistantError`.

        `tell` gets each stage, in the thread that this is called in.
        """
        conversation = self.conversations.only(message.owner)
        kept = self.conversations.turns(message.owner, conversation, limit=self._memory, before=before)
        answer: Answer | None = None
        for event in self.assistant.stream(message.text, [turn.turn for turn in kept]):
            if event.answer:
                answer = event.answer
            else:
                tell(event.stage)
        assert answer is not None, "the last event of a stream is the answer"
        turn = Turn(message.text, answer)
        return Told(answer, self.conversations.append(message.owner, conversation, turn, key=message.id or None))

    def told(self, owner: str, number: int) -> Told | None:
        """The turn of that number, if it is still kept."""
        conversation = self.conversations.only(owner)
        kept = self.conversations.turns(owner, conversation, limit=1, before=number + 1)
        return Told(kept[0].turn.answer, number) if kept and kept[0].number == number else None

    def rate(self, owner: str, number: int, *, good: bool, giver: str) -> None:
        """Keep somebody's thumb."""
        self.conversations.rate(owner, self.conversations.only(owner), number, Thumb(good), giver=giver)

    async def soon(self, work: Callable[[], Result]) -> Result:
        """What `work` returns, of which so many are done at once, off the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)
