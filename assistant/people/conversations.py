"""Turns in, kept conversations out: private to their owners, in one file of the home.

An owner is what a door makes of whoever asks, a text that nobody else can bring about: "user:5f2c...",
"session:Xk9...", "slack:T1:C2:171.5". Only its hash is kept, so that a stolen copy of the file opens no session.
Every call names the owner; a conversation of another's is not found, as if it were not there.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import textwrap
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..core.database import Database
from ..core.errors import ConversationNotFound, ExportError
from ..core.export import FORMAT, as_json, from_json
from ..core.records import Turn

TITLE = 80
"""Characters of a title, at most."""
PAGE = 20
"""Turns read at once: about 2 MB of answers."""

_SCHEMAS = (
    """
create table conversations (
    number integer primary key, id text not null unique, owner text not null, title text not null,
    begun real not null, used real not null);
create index conversations_by_owner on conversations (owner, used desc);
create table turns (
    conversation integer not null references conversations(number) on delete cascade, number integer not null,
    key text, asked real not null, question text not null, answer blob not null,
    primary key (conversation, number), unique (conversation, key));
create table thumbs (
    conversation integer not null, turn integer not null, giver text not null, good integer not null,
    comment text not null, given real not null, primary key (conversation, turn, giver),
    foreign key (conversation, turn) references turns(conversation, number) on delete cascade)
""",
)
"""What each version of the file added to the one before. An answer is its JSON, as `export` makes it, compressed:
some 15 kB of 90, most of it the abstracts."""

_KEPT = """
select id, coalesce(nullif(title, ''), (select question from turns where conversation = conversations.number
    order by number limit 1), ''), begun, used, (select count(*) from turns where conversation = conversations.number)
from conversations where owner = ?"""


@dataclass(frozen=True, slots=True)
class Thumb:
    """What somebody thought of an answer: good or not, and in their words why."""

    good: bool
    comment: str = ""


@dataclass(frozen=True, slots=True)
class KeptTurn:
    """A turn, its number in the conversation, from 1, when it was asked, and the thumb it was given."""

    number: int
    asked: datetime
    turn: Turn
    thumb: Thumb | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A conversation without its turns; `length` is how many these are."""

    id: str
    title: str
    begun: datetime
    used: datetime
    length: int


class Conversations:
    """The kept conversations of a home; safe in several threads and processes at once.

    Calls raise `ConversationNotFound` for what is not there or is another's, `DatabaseError` when the file fails.
    """

    def __init__(self, home: str | Path, *, clock: Callable[[], float] = time.time) -> None:
        self._db = Database(Path(home).expanduser() / "conversations.sqlite", _SCHEMAS)
        self._clock = clock

    def close(self) -> None:
        self._db.close()

    # -- conversations

    def begin(self, owner: str, *, title: str = "", name: str = "") -> str:
        """A new conversation; its id. Without a title of its own it bears its first question.

        `name` becomes its id where a door has shown one already, which nobody can guess either.
        """
        id_, now = name or secrets.token_urlsafe(16), self._clock()
        self._db.change(
            "insert into conversations (id, owner, title, begun, used) values (?, ?, ?, ?, ?)",
            (id_, _hidden(owner), _short(title), now, now),
        )
        return id_

    def only(self, owner: str) -> str:
        """The id of the owner's latest conversation, begun if there is none: for an owner that is itself a thread."""
        with self._db.writing():
            held = self.listed(owner, limit=1)
            return held[0].id if held else self.begin(owner)

    def listed(self, owner: str, *, limit: int = 50) -> list[Kept]:
        """The owner's conversations, those used last first."""
        rows = self._db.rows(f"{_KEPT} order by used desc, number desc limit ?", (_hidden(owner), max(limit, 0)))
        return [_kept(*row) for row in rows]

    def get(self, owner: str, conversation: str) -> Kept:
        rows = self._db.rows(f"{_KEPT} and id = ?", (_hidden(owner), conversation))
        if not rows:
            raise _not_found()
        return _kept(*rows[0])

    def rename(self, owner: str, conversation: str, title: str) -> None:
        """Give a conversation a title; a blank one gives it its first question back."""
        changed = self._db.change(
            "update conversations set title = ? where owner = ? and id = ?",
            (_short(title), _hidden(owner), conversation),
        )
        if not changed:
            raise _not_found()

    def delete(self, owner: str, conversation: str) -> None:
        """Forget a conversation, its answers and the thumbs they were given, for good."""
        if not self._db.change("delete from conversations where owner = ? and id = ?", (_hidden(owner), conversation)):
            raise _not_found()
        self._db.shrink()

    def delete_all(self, owner: str) -> int:
        """Forget all conversations of an owner, as `delete` does; how many these were."""
        deleted = self._db.change("delete from conversations where owner = ?", (_hidden(owner),))
        self._db.shrink()
        return deleted

    # -- turns

    def append(
        self, owner: str, conversation: str, turn: Turn, *, key: str | None = None, instead: bool = False
    ) -> int:
        """Keep a turn, after the others or `instead` of the last; its number in the conversation, from 1.

        `key` names what brought the turn about, such as the id of an event: a turn of the same key is kept once, as
        it came first.
        """
        packed = zlib.compress(json.dumps(as_json(turn.answer)).encode())
        with self._db.writing():
            row = self._row(owner, conversation)
            held = self._db.rows("select number from turns where conversation = ? and key = ?", (row, key))
            if held:
                return int(held[0][0])
            now = self._clock()
            last = self._db.rows("select coalesce(max(number), 0) from turns where conversation = ?", (row,))[0][0]
            if instead:
                last -= self._db.change("delete from turns where conversation = ? and number = ?", (row, last))
            self._db.change(
                "insert into turns values (?, ?, ?, ?, ?, ?)", (row, last + 1, key, now, turn.question, packed)
            )
            self._db.change("update conversations set used = ? where number = ?", (now, row))
        return int(last) + 1

    def turns(
        self, owner: str, conversation: str, *, limit: int = PAGE, before: int | None = None, giver: str = ""
    ) -> list[KeptTurn]:
        """The last `limit` turns, or the last of those `before` a number; oldest first.

        Each bears the thumb that `giver`, or else the owner, gave it.
        """
        row = self._row(owner, conversation)
        rows = self._db.rows(
            "select turns.number, asked, question, answer, good, comment from turns left join thumbs on "
            "thumbs.conversation = turns.conversation and turn = turns.number and giver = ? "
            "where turns.conversation = ? and (? is null or turns.number < ?) order by turns.number desc limit ?",
            (_hidden(giver or owner), row, before, before, max(limit, 0)),
        )
        return [_kept_turn(*row) for row in reversed(rows)]

    def every(self, owner: str, conversation: str) -> Iterator[KeptTurn]:
        """All turns, oldest first, one in memory at a time."""
        for number in range(1, self.get(owner, conversation).length + 1):
            yield from self.turns(owner, conversation, limit=1, before=number + 1)

    def cut(self, owner: str, conversation: str, number: int) -> None:
        """Forget the turn of that number and those after it: the question is asked again, or another."""
        with self._db.writing():
            row = self._row(owner, conversation)
            if not self._db.change("delete from turns where conversation = ? and number >= ?", (row, number)):
                raise _not_found()
        self._db.shrink()

    # -- thumbs

    def rate(self, owner: str, conversation: str, number: int, thumb: Thumb | None, *, giver: str = "") -> None:
        """Keep what the owner, or `giver` among the owner's people, thinks of an answer; None takes it back."""
        with self._db.writing():
            place = (self._row(owner, conversation), number)
            if not self._db.rows("select 1 from turns where conversation = ? and number = ?", place):
                raise _not_found()
            who = _hidden(giver or owner)
            self._db.change("delete from thumbs where conversation = ? and turn = ? and giver = ?", (*place, who))
            if thumb:
                self._db.change(
                    "insert into thumbs values (?, ?, ?, ?, ?, ?)",
                    (*place, who, thumb.good, thumb.comment, self._clock()),
                )

    def rated(self) -> Iterator[tuple[str, KeptTurn]]:
        """Every thumb of every owner as its turn, oldest first, with the id of its conversation."""
        rows = self._db.rows("select conversation, turn, giver from thumbs order by given, conversation, turn")
        for place in rows:
            for id_, *row in self._db.rows(
                "select id, turns.number, asked, question, answer, good, comment from thumbs join turns on "
                "turns.conversation = thumbs.conversation and turns.number = turn join conversations on "
                "conversations.number = thumbs.conversation where thumbs.conversation = ? and turn = ? and giver = ?",
                place,
            ):
                yield id_, _kept_turn(*row)

    def _row(self, owner: str, conversation: str) -> int:
        rows = self._db.rows(
            "select number from conversations where owner = ? and id = ?", (_hidden(owner), conversation)
        )
        if not rows:
            raise _not_found()
        return int(rows[0][0])


def exported(kept: Kept, turns: Iterable[KeptTurn]) -> dict[str, Any]:
    """A whole conversation as plain JSON values, its answers as `export.as_json` makes them; told in the README."""
    return {
        "format": FORMAT,
        "title": kept.title,
        "begun": kept.begun.isoformat(),
        "used": kept.used.isoformat(),
        "turns": [
            {
                "number": kept_turn.number,
                "asked": kept_turn.asked.isoformat(),
                "question": kept_turn.turn.question,
                "answer": as_json(kept_turn.turn.answer),
                "thumb": kept_turn.thumb and {"good": kept_turn.thumb.good, "comment": kept_turn.thumb.comment},
            }
            for kept_turn in turns
        ],
    }


def _not_found() -> ConversationNotFound:
    return ConversationNotFound("There is no such conversation or turn of yours. It may have been deleted.")


def _hidden(owner: str) -> str:
    if not owner:
        raise ValueError("whoever owns a conversation needs a name: without one, strangers would share theirs")
    return hashlib.sha256(owner.encode(errors="surrogatepass")).hexdigest()


def _short(text: str) -> str:
    """A line of at most `TITLE` characters, cut at a word where there is one."""
    line = " ".join(text.split())
    if " " in line[:TITLE]:
        return textwrap.shorten(line, TITLE, placeholder="…")
    return line if len(line) <= TITLE else line[: TITLE - 1] + "…"


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _kept(id_: str, title: str, begun: float, used: float, length: int) -> Kept:
    return Kept(id_, _short(title), _time(begun), _time(used), length)


def _kept_turn(number: int, asked: float, question: str, packed: bytes, good: Any, comment: Any) -> KeptTurn:
    try:
        values = json.loads(zlib.decompress(packed))
    except (zlib.error, ValueError) as error:
        raise ExportError(f"The kept answer to “{question}” is damaged: {error}. Ask the question again.") from error
    thumb = None if good is None else Thumb(bool(good), comment)
    return KeptTurn(number, _time(asked), Turn(question, from_json(values)), thumb)
