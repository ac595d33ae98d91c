"""An owner and the name of a conversation in, its turns out.

An owner is a browser, known by a secret cookie that no script can read. A conversation is found only together with
its owner, so that whoever learns its name learns nothing else.
"""

from __future__ import annotations

import re
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..errors import AssistantError
from ..records import Paper, Turn

COOKIE = "assistant-browser"
COOKIE_DAYS = 180
MOST_HELD = 4000
"""Turns held at once, of all conversations: 300 MB. The conversation that rested longest goes first."""
MOST_TURNS = 100
"""Turns held of a conversation; the oldest go first."""

_SECRET = re.compile(r"[\w-]{32,64}")
_NAME = re.compile(r"[\w-]{8,32}")


class Unknown(AssistantError):
    """A browser that keeps no cookie cannot be told from any other."""


@dataclass(slots=True)
class Talk:
    """One conversation: its turns, the question being answered, and one whose answer was stopped, if there are such.

    `instead`: the next turn replaces the last one. `chosen`: the papers that questions keep to, if any.
    """

    name: str
    turns: tuple[Turn, ...] = ()
    asking: str = ""
    stopped: str = ""
    instead: bool = False
    chosen: tuple[Paper, ...] = ()

    @property
    def before(self) -> tuple[Turn, ...]:
        """The turns that stand before the next one."""
        return self.turns[:-1] if self.instead else self.turns

    def add(self, turn: Turn) -> None:
        """Remember a turn, after the others or instead of the last.

        The scores of every sentence of every hit, four fifths of an answer, are not looked at again and left out.
        """
        hits = tuple(replace(hit, evidence=()) for hit in turn.answer.hits)
        slim = Turn(turn.question, replace(turn.answer, hits=hits))
        self.turns, self.instead = (*self.before, slim)[-MOST_TURNS:], False


class Sessions:
    """The conversations of all browsers, in memory; used from the event loop alone."""

    def __init__(self, *, most: int = MOST_HELD) -> None:
        self._most = most
        self._talks: OrderedDict[tuple[str, str], Talk] = OrderedDict()

    def talk(self, owner: str, name: str) -> Talk:
        """The conversation of that name, or a new one, not kept yet, where this owner has none of it."""
        return self._talks.get((owner, name)) or Talk(secrets.token_urlsafe(9))

    def keep(self, owner: str, talk: Talk) -> None:
        """Keep a conversation that something is said in; those that rested longest make room for it."""
        self._talks[owner, talk.name] = talk
        self._talks.move_to_end((owner, talk.name))
        held = sum(1 + len(one.turns) for one in self._talks.values())
        for key, one in list(self._talks.items()):
            if held > self._most and not one.asking and one is not talk:
                held -= 1 + len(one.turns)
                del self._talks[key]


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
