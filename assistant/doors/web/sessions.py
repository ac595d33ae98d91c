"""An owner and the name of a conversation in, its turns out.

An owner is a browser, identified by a secret cookie that no script can read, or a user who logged in. A conversation is
looked up by owner and name together, so its name alone opens nothing. Turns are written to the database of
conversations before they are shown; those in memory are of the conversations used last.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ...core.errors import AssistantError, ConversationNotFound
from ...core.filters import ALL, Filter
from ...core.records import Paper, Turn
from ...people.conversations import Conversations, Thumb

COOKIE = "assistant-browser"
COOKIE_DAYS = 180
MOST_HELD = 4000
"""Turns in memory, of all conversations: 300 MB. The conversation that was not used for longest is dropped first."""
MOST_TURNS = 100
"""Turns shown of a conversation; earlier ones stay in the database and the exports."""

_SECRET = re.compile(r"[\w-]{32,64}")
_NAME = re.compile(r"[\w-]{8,32}")


class Unidentified(AssistantError):
    """The caller sent no cookie, or one that is no longer valid."""


@dataclass(slots=True)
class OpenConversation:
    """One conversation: its turns, the question being answered, and the question whose answer was stopped.

    `instead`: the next turn replaces the last one. `chosen`, `where`: the papers that questions are limited to, and the
    filter, if any; `collector`: whose collections it may use. `earlier`: how many turns came before those in memory.
    `kept`: whether it is in the database. `keeping`: the write in progress, if any. `answered`: whether the last
    question asked here was answered. `onward`: the questions offered under its answer.
    """

    name: str
    owner: str = ""
    turns: tuple[Turn, ...] = ()
    asking: str = ""
    stopped: str = ""
    instead: bool = False
    chosen: tuple[Paper, ...] = ()
    where: Filter = ALL
    collector: str = ""
    earlier: int = 0
    thumbs: dict[int, Thumb] = field(default_factory=dict)
    kept: bool = False
    keeping: asyncio.Future[None] | None = None
    answered: bool = False
    onward: tuple[str, ...] = ()

    @property
    def before(self) -> tuple[Turn, ...]:
        """The turns before the next one."""
        return self.turns[:-1] if self.instead else self.turns

    @property
    def begun(self) -> bool:
        """Whether anything was asked in it."""
        return bool(self.turns or self.asking or self.stopped)

    @property
    def last(self) -> int:
        """The number of the last turn; 0 if there is none."""
        return self.earlier + len(self.turns)

    @property
    def coming(self) -> int:
        """The number of the next turn."""
        return self.earlier + len(self.before) + 1

    def turn(self, number: object) -> Turn | None:
        """The turn of that number, if it is in memory."""
        if not isinstance(number, int) or not self.earlier < number <= self.last:
            return None
        return self.turns[number - self.earlier - 1]

    def add(self, turn: Turn) -> None:
        """Add a turn after the others, or in place of the last.

        The scores of every sentence of every hit make up four fifths of an answer and are not needed again: left out.
        """
        hits = tuple(replace(hit, evidence=()) for hit in turn.answer.hits)
        slim = Turn(turn.question, replace(turn.answer, hits=hits))
        self.thumbs.pop(self.coming, None)
        turns = (*self.before, slim)
        self.earlier += max(0, len(turns) - MOST_TURNS)
        self.turns, self.instead = turns[-MOST_TURNS:], False
        self.answered, self.onward = True, ()


class Sessions:
    """The conversations of all browsers; used only from the event loop, which never waits for the database."""

    def __init__(self, conversations: Conversations, *, most: int = MOST_HELD) -> None:
        self._conversations = conversations
        self._most = most
        self._talks: OrderedDict[tuple[str, str], OpenConversation] = OrderedDict()
        self._shown: OrderedDict[str, str] = OrderedDict()  # page -> the name of the conversation that it shows
        self._deleted: set[tuple[str, str]] = set()  # a request that read one of them before must not keep it

    def first(self, owner: str, page: str) -> OpenConversation:
        """The conversation that a page begins with: the same for all its requests until it knows the name."""
        name = self._shown.get(page) or self._show(page, secrets.token_urlsafe(16))
        return self._talks.get((owner, name)) or OpenConversation(name, owner)

    def show(self, page: str, talk: OpenConversation) -> None:
        """The page shows this conversation from now on; what comes late for another one must not replace it."""
        self._show(page, talk.name)

    def is_shown(self, page: str, talk: OpenConversation) -> bool:
        """Whether the page shows this conversation, as far as is known."""
        return self._shown.get(page, talk.name) == talk.name

    def _show(self, page: str, name: str) -> str:
        self._shown[page] = name
        self._shown.move_to_end(page)
        while len(self._shown) > self._most:
            self._shown.popitem(last=False)
        return name

    def is_held(self, talk: OpenConversation) -> bool:
        """Whether the conversation is in memory: something was asked in it, or is being asked."""
        return (talk.owner, talk.name) in self._talks

    async def talk(self, owner: str, name: str) -> OpenConversation:
        """The owner's conversation of that name, or a new one that is not kept yet."""
        talk = self._talks.get((owner, name))
        if not talk and _NAME.fullmatch(name):
            read = await asyncio.to_thread(self._read, owner, name)
            if (owner, name) in self._deleted:
                return self.fresh(owner)
            talk = self._talks.get((owner, name)) or read  # another request may have been quicker
            if talk:
                self.keep(talk)
        return talk or self.fresh(owner)

    @staticmethod
    def fresh(owner: str) -> OpenConversation:
        """A new conversation, not kept yet."""
        return OpenConversation(secrets.token_urlsafe(16), owner)

    def keep(self, talk: OpenConversation) -> None:
        """Keep a conversation in memory, unless it was deleted; those not used for longest make room for it."""
        if (talk.owner, talk.name) in self._deleted:
            return
        self._talks[talk.owner, talk.name] = talk
        self._talks.move_to_end((talk.owner, talk.name))
        size = sum(1 + len(each.turns) for each in self._talks.values())
        for key, other in list(self._talks.items()):
            if size > self._most and not other.asking and other is not talk:
                size -= 1 + len(other.turns)
                del self._talks[key]

    async def remember(self, talk: OpenConversation, turn: Turn) -> None:
        """Write a turn to the database, then add it here: both, even if the browser disconnects meanwhile."""
        talk.keeping = asyncio.ensure_future(self._remembered(talk, turn))
        await asyncio.shield(talk.keeping)

    async def rate(self, talk: OpenConversation, number: int, thumb: Thumb | None) -> None:
        """Save the owner's feedback on an answer; None removes it. Raises `ConversationNotFound`."""
        await asyncio.to_thread(self._conversations.rate, talk.owner, talk.name, number, thumb)
        talk.thumbs.pop(number, None)
        if thumb:
            talk.thumbs[number] = thumb

    async def delete(self, owner: str, name: str) -> None:
        """Delete a conversation permanently."""
        await asyncio.to_thread(self._conversations.delete, owner, name)
        self._deleted.add((owner, name))
        self._talks.pop((owner, name), None)

    async def _remembered(self, talk: OpenConversation, turn: Turn) -> None:
        await asyncio.to_thread(self._write, talk, turn)
        talk.add(turn)

    def _write(self, talk: OpenConversation, turn: Turn) -> None:
        if not talk.kept:
            self._conversations.begin(talk.owner, name=talk.name)
            talk.kept = True
        self._conversations.append(talk.owner, talk.name, turn, instead=talk.instead)

    def _read(self, owner: str, name: str) -> OpenConversation | None:
        try:
            turns = self._conversations.turns(owner, name, limit=MOST_TURNS)
        except ConversationNotFound:
            return None
        return OpenConversation(
            name,
            owner,
            turns=tuple(kept.turn for kept in turns),
            earlier=turns[0].number - 1 if turns else 0,
            thumbs={kept.number: kept.thumb for kept in turns if kept.thumb},
            kept=True,
        )


def owner_of(cookies: Mapping[str, str]) -> str:
    """The secret that a browser was given; raises `Unidentified` if it has none."""
    secret = cookies.get(COOKIE, "")
    if not _SECRET.fullmatch(secret):
        raise Unidentified(
            "This page recognizes your conversations by a cookie, and your browser did not send it. "
            "Allow cookies for this address, then reload the page."
        )
    return secret


def is_owner(secret: str) -> bool:
    """Whether a cookie's value has the form of a secret."""
    return bool(_SECRET.fullmatch(secret))


def new_owner() -> str:
    """A secret for a browser that has none yet."""
    return secrets.token_urlsafe(32)
