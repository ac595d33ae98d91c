"""An owner and the name of a conversation in, its turns out.

An owner is a browser, known by a secret cookie that no script can read, or whoever logged in. A conversation is found
only together with its owner, so that whoever learns its name learns nothing else. What is said in it is kept in the
file of conversations before it is shown; what is held here is what was in use last.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ...core.errors import AssistantError, ConversationNotFound
from ...core.records import Paper, Turn
from ...people.conversations import Conversations, Thumb

COOKIE = "assistant-browser"
COOKIE_DAYS = 180
MOST_HELD = 4000
"""Turns held at once, of all conversations: 300 MB. The conversation that rested longest goes first."""
MOST_TURNS = 100
"""Turns shown of a conversation; those before stay in the file and its exports."""

_SECRET = re.compile(r"[\w-]{32,64}")
_NAME = re.compile(r"[\w-]{8,32}")


class Unknown(AssistantError):
    """Who sent no cookie, or one that counts no longer, cannot be told from anybody else."""


@dataclass(slots=True)
class Talk:
    """One conversation: its turns, the question being answered, and one whose answer was stopped, if there are such.

    `instead`: the next turn replaces the last one. `chosen`: the papers that questions keep to, if any. `earlier`: how
    many turns came before those held. `kept`: whether the file has it. `keeping`: what is being written, if anything.
    """

    name: str
    owner: str = ""
    turns: tuple[Turn, ...] = ()
    asking: str = ""
    stopped: str = ""
    instead: bool = False
    chosen: tuple[Paper, ...] = ()
    earlier: int = 0
    thumbs: dict[int, Thumb] = field(default_factory=dict)
    kept: bool = False
    keeping: asyncio.Future[None] | None = None

    @property
    def before(self) -> tuple[Turn, ...]:
        """The turns that stand before the next one."""
        return self.turns[:-1] if self.instead else self.turns

    @property
    def begun(self) -> bool:
        """Whether anything was asked in it."""
        return bool(self.turns or self.asking or self.stopped)

    @property
    def last(self) -> int:
        """The number of the last turn; 0 where there is none."""
        return self.earlier + len(self.turns)

    @property
    def coming(self) -> int:
        """The number that the next turn will bear."""
        return self.earlier + len(self.before) + 1

    def turn(self, number: object) -> Turn | None:
        """The turn of that number, if it is held."""
        if not isinstance(number, int) or not self.earlier < number <= self.last:
            return None
        return self.turns[number - self.earlier - 1]

    def add(self, turn: Turn) -> None:
        """Remember a turn, after the others or instead of the last.

        The scores of every sentence of every hit, four fifths of an answer, are not looked at again and left out.
        """
        hits = tuple(replace(hit, evidence=()) for hit in turn.answer.hits)
        slim = Turn(turn.question, replace(turn.answer, hits=hits))
        self.thumbs.pop(self.coming, None)
        turns = (*self.before, slim)
        self.earlier += max(0, len(turns) - MOST_TURNS)
        self.turns, self.instead = turns[-MOST_TURNS:], False


class Sessions:
    """The conversations of all browsers; used from the event loop alone, which never waits for the file."""

    def __init__(self, conversations: Conversations, *, most: int = MOST_HELD) -> None:
        self._conversations = conversations
        self._most = most
        self._talks: OrderedDict[tuple[str, str], Talk] = OrderedDict()
        self._firsts: OrderedDict[str, str] = OrderedDict()

    def first(self, owner: str, page: str) -> Talk:
        """The conversation that a page begins with: the same for all it asks for before it knows the name."""
        name = self._firsts.setdefault(page, secrets.token_urlsafe(16))
        while len(self._firsts) > self._most:
            self._firsts.popitem(last=False)
        return self._talks.get((owner, name)) or Talk(name, owner)

    def is_held(self, talk: Talk) -> bool:
        """Whether something is being said, or was said, in the conversation of that name."""
        return (talk.owner, talk.name) in self._talks

    async def talk(self, owner: str, name: str) -> Talk:
        """The conversation of that name, or a new one, not kept yet, where this owner has none of it."""
        held = self._talks.get((owner, name))
        if not held and _NAME.fullmatch(name):
            read = await asyncio.to_thread(self._read, owner, name)
            held = self._talks.get((owner, name)) or read  # somebody may have been quicker
            if held:
                self.keep(held)
        return held or self.fresh(owner)

    @staticmethod
    def fresh(owner: str) -> Talk:
        """A new conversation, not kept yet."""
        return Talk(secrets.token_urlsafe(16), owner)

    def keep(self, talk: Talk) -> None:
        """Hold a conversation that something is said in; those that rested longest make room for it."""
        self._talks[talk.owner, talk.name] = talk
        self._talks.move_to_end((talk.owner, talk.name))
        held = sum(1 + len(one.turns) for one in self._talks.values())
        for key, one in list(self._talks.items()):
            if held > self._most and not one.asking and one is not talk:
                held -= 1 + len(one.turns)
                del self._talks[key]

    async def remember(self, talk: Talk, turn: Turn) -> None:
        """Keep a turn in the file, then here: both, also when whoever asked is gone meanwhile."""
        talk.keeping = asyncio.ensure_future(self._remembered(talk, turn))
        await asyncio.shield(talk.keeping)

    async def rate(self, talk: Talk, number: int, thumb: Thumb | None) -> None:
        """Keep what its owner thinks of an answer; None takes it back. Raises `ConversationNotFound`."""
        await asyncio.to_thread(self._conversations.rate, talk.owner, talk.name, number, thumb)
        talk.thumbs.pop(number, None)
        if thumb:
            talk.thumbs[number] = thumb

    async def delete(self, owner: str, name: str) -> None:
        """Forget a conversation for good."""
        self._talks.pop((owner, name), None)
        await asyncio.to_thread(self._conversations.delete, owner, name)

    async def _remembered(self, talk: Talk, turn: Turn) -> None:
        await asyncio.to_thread(self._write, talk, turn)
        talk.add(turn)

    def _write(self, talk: Talk, turn: Turn) -> None:
        if not talk.kept:
            self._conversations.begin(talk.owner, name=talk.name)
            talk.kept = True
        self._conversations.append(talk.owner, talk.name, turn, instead=talk.instead)

    def _read(self, owner: str, name: str) -> Talk | None:
        try:
            found = self._conversations.turns(owner, name, limit=MOST_TURNS)
        except ConversationNotFound:
            return None
        return Talk(
            name,
            owner,
            turns=tuple(one.turn for one in found),
            earlier=found[0].number - 1 if found else 0,
            thumbs={one.number: one.thumb for one in found if one.thumb},
            kept=True,
        )


def owner_of(cookies: Mapping[str, str]) -> str:
    """The secret that a browser was given; `Unknown` where it has none."""
    secret = cookies.get(COOKIE, "")
    if not _SECRET.fullmatch(secret):
        raise Unknown(
            "This page tells your conversation from others' by a cookie, and your browser sent none. "
            "Allow cookies for this address, then load the page again."
        )
    return secret


def is_owner(secret: str) -> bool:
    """Whether a cookie's value is one that we may have given."""
    return bool(_SECRET.fullmatch(secret))


def new_owner() -> str:
    """A secret for a browser that has none."""
    return secrets.token_urlsafe(32)
