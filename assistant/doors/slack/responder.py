"""Messages in, answers out, each thread a conversation; and limits on how often one may ask."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self
from weakref import WeakValueDictionary

from ...core.database import DataHome
from ...core.filters import Filter
from ...core.records import Answer, Turn
from ...people.conversations import Conversations, Thumb
from ...people.limits import limits_of
from .claims import Claims, IncomingMessage

if TYPE_CHECKING:
    from ...chain import Assistant
    from ...core.settings import Settings
    from ...service.answering import Answering

PER_USER, PER_CHANNEL = 10, 60
"""Questions a minute from one person, and from everybody in a channel together."""


@dataclass(frozen=True, slots=True)
class NumberedAnswer:
    """An answer and the number of its turn in the conversation."""

    answer: Answer
    number: int


class Responder:
    """Answers the messages of all doors that speak Slack's way. Close it, or use it in a `with`."""

    def __init__(
        self, assistant: Assistant, answering: Answering, settings: Settings, *, home: Path | DataHome | None = None
    ) -> None:
        home = DataHome.of(home or assistant.data_home)
        self._answering, self._limits = answering, limits_of(home, "slack")
        self._conversations = Conversations(home)
        self.claims = Claims(home)
        self._memory = settings.memory_turns
        self._channels = frozenset(settings.slack_channels.replace(",", " ").split())
        self._collections = settings.collection_of_channel
        self._busy: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.claims.close()
        self._limits.close()
        self._conversations.close()

    def answers_in(self, channel: str) -> bool:
        """Whether questions are answered in a channel; in a direct message they always are."""
        return not self._channels or channel in self._channels or channel.startswith("D")

    def wait(self, message: IncomingMessage) -> int:
        """0 if the question may be asked now, which counts it; otherwise the seconds until it may."""
        seconds = self._limits.allow(f"slack-user:{message.team}:{message.user}", PER_USER)
        if not seconds and message.channel:
            seconds = self._limits.allow(f"slack-channel:{message.team}:{message.channel}", PER_CHANNEL)
        return math.ceil(seconds)

    def knows(self, owner: str) -> bool:
        """Whether a thread has an answer."""
        return bool(self._conversations.listed(owner, limit=1))

    async def answer(
        self,
        message: IncomingMessage,
        *,
        before: int | None = None,
        on_stage: Callable[[str], None] | None = None,
    ) -> NumberedAnswer:
        """The answer to a message in its thread, or after the turns `before` a number; raises `AssistantError`.

        A message waits until those before it in its thread are answered: it may refer to them.
        """
        async with self._busy.setdefault(message.owner, asyncio.Lock()):
            conversation, turns = await asyncio.to_thread(self._turns, message.owner, before)
            where = Filter(collection=self._collections.get(message.channel, ""))
            answer = await self._answering.answer(message.text, turns, where=where, on_stage=on_stage)
            return await asyncio.to_thread(self._keep, message, conversation, answer)

    def _turns(self, owner: str, before: int | None) -> tuple[str, list[Turn]]:
        conversation = self._conversations.only(owner)
        kept = self._conversations.turns(owner, conversation, limit=self._memory, before=before)
        return conversation, [turn.turn for turn in kept]

    def _keep(self, message: IncomingMessage, conversation: str, answer: Answer) -> NumberedAnswer:
        turn = Turn(message.text, answer)
        number = self._conversations.append(message.owner, conversation, turn, key=message.id or None)
        return NumberedAnswer(answer, number)

    def kept(self, owner: str, number: int) -> Answer | None:
        """The answer of that number in a thread, if it is still kept."""
        conversation = self._conversations.only(owner)
        turns = self._conversations.turns(owner, conversation, limit=1, before=number + 1)
        return turns[0].turn.answer if turns and turns[0].number == number else None

    def rate(self, owner: str, number: int, *, good: bool, giver: str) -> None:
        """Keep somebody's thumb; raises `ConversationNotFound`."""
        self._conversations.rate(owner, self._conversations.only(owner), number, Thumb(good), giver=giver)


def too_often(wait: int) -> str:
    """The refusal of a question before its time."""
    return f"That is more questions a minute than I answer. Ask again in {wait} s."
