"""The conversations that are kept, private to their owners.

A door identifies whoever asks by an owner, a text that nobody else can produce: "user:5f2c...", "session:Xk9...",
"slack:T1:C2:171.5". Only its hash is stored, so a stolen copy of the file opens no session. Every call names the owner.
Somebody else's conversation is reported as missing, exactly like one that does not exist.
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

from ..core.archive import Chapter, Table
from ..core.database import DataHome
from ..core.errors import ConversationNotFound, ExportError, QuestionError
from ..core.export import FORMAT, as_json, from_json
from ..core.records import Turn, fold

FILE = "conversations.sqlite"
TITLE = 80
"""Maximum characters of a title."""
PAGE = 20
"""Turns read at once, about 2 MB of answers."""
MOST_TURNS = 2**31
"""No conversation has as many."""

LINKS = 1000
"""Links of one owner."""
SEARCHED = 500
"""Turns of one owner that a search reads, the last ones: half a second."""

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
    """
create table links (
    id text primary key, conversation integer not null references conversations(number) on delete cascade,
    turn integer not null, asked real not null, question text not null, answer blob not null, made real not null);
create index links_by_turn on links (conversation, turn)
""",
)
"""The changes from each version of the file to the next. An answer is stored as the compressed JSON of `export`:
15 kB instead of 90, most of it abstracts. A link has a copy of its turn, which stays as it was when a later answer
replaces it, and goes with its conversation."""

CHAPTER = Chapter(
    FILE,
    _SCHEMAS,
    (
        Table("conversations", ("number", "id", "owner", "title", "begun", "used"), "number", numbered=True),
        Table("turns", ("conversation", "number", "key", "asked", "question", "answer"), "conversation, number"),
        Table("thumbs", ("conversation", "turn", "giver", "good", "comment", "given"), "conversation, turn, giver"),
        Table("links", ("id", "conversation", "turn", "asked", "question", "answer", "made"), "id"),
    ),
)
"""What a backup has of them."""
_KEPT = """
select id, coalesce(nullif(title, ''), (select question from turns where conversation = conversations.number
    order by number limit 1), ''), begun, used, (select count(*) from turns where conversation = conversations.number)
from conversations where owner = ?"""


@dataclass(frozen=True, slots=True)
class Thumb:
    """A rating of an answer: good or bad, and why in the person's own words."""

    good: bool
    comment: str = ""


@dataclass(frozen=True, slots=True)
class KeptTurn:
    """A turn with its number in the conversation, from 1, the time it was asked, and its rating."""

    number: int
    asked: datetime
    turn: Turn
    thumb: Thumb | None = None


@dataclass(frozen=True, slots=True)
class KeptConversation:
    """A conversation without its turns; `length` counts them."""

    id: str
    title: str
    begun: datetime
    used: datetime
    length: int


class Conversations:
    """The kept conversations of a home; safe in several threads and processes at once.

    Calls raise `ConversationNotFound` for one that is missing or somebody else's, `DatabaseError` if the file fails.
    """

    def __init__(self, home: str | Path | DataHome, *, clock: Callable[[], float] = time.time) -> None:
        self._db = DataHome.of(home).open(FILE, _SCHEMAS)
        self._clock = clock

    def close(self) -> None:
        self._db.close()

    # -- conversations

    def begin(self, owner: str, *, title: str = "", name: str = "") -> str:
        """Begin a conversation and return its id. Without a title it is listed by its first question.

        name: an id to use because a door has already shown it; it must be as hard to guess.
        """
        id_, now = name or secrets.token_urlsafe(16), self._clock()
        self._db.change(
            "insert into conversations (id, owner, title, begun, used) values (?, ?, ?, ?, ?)",
            (id_, _hidden(owner), _short(title), now, now),
        )
        return id_

    def only(self, owner: str) -> str:
        """The id of the owner's latest conversation, or of a new one. For an owner that is itself a thread."""
        with self._db.transaction():
            latest = self.listed(owner, limit=1)
            return latest[0].id if latest else self.begin(owner)

    def listed(self, owner: str, *, limit: int = 50) -> list[KeptConversation]:
        """The owner's conversations, most recently used first."""
        rows = self._db.rows(f"{_KEPT} order by used desc, number desc limit ?", (_hidden(owner), max(limit, 0)))
        return [_kept(*row) for row in rows]

    def matching(self, owner: str, words: str, *, limit: int = 50) -> list[KeptConversation]:
        """Those of `listed` that have all these words in their title, or in a question and its answer.

        Words match from their beginning or within, whatever their case. Of the turns, the last `SEARCHED` are read.
        """
        wanted = fold(words).split()
        turns = self._db.rows(
            "select id, question, answer from turns join conversations on conversations.number = conversation "
            "where owner = ? order by asked desc limit ?",
            (_hidden(owner), SEARCHED),
        )
        matched = {id_ for id_, question, packed in turns if _has(wanted, f"{question} {_text(packed)}")}
        listed = self.listed(owner, limit=SEARCHED)
        return [kept for kept in listed if kept.id in matched or _has(wanted, kept.title)][: max(limit, 0)]

    def get(self, owner: str, conversation: str) -> KeptConversation:
        rows = self._db.rows(f"{_KEPT} and id = ?", (_hidden(owner), conversation))
        if not rows:
            raise _not_found()
        return _kept(*rows[0])

    def rename(self, owner: str, conversation: str, title: str) -> None:
        """Give a conversation a title. A blank title restores its first question."""
        changed = self._db.change(
            "update conversations set title = ? where owner = ? and id = ?",
            (_short(title), _hidden(owner), conversation),
        )
        if not changed:
            raise _not_found()

    def delete(self, owner: str, conversation: str) -> None:
        """Delete a conversation, its answers and their ratings, for good."""
        if not self._db.change("delete from conversations where owner = ? and id = ?", (_hidden(owner), conversation)):
            raise _not_found()
        self._db.shrink()

    def delete_all(self, owner: str) -> int:
        """Delete all conversations of an owner, as `delete` does, and return how many there were."""
        deleted = self._db.change("delete from conversations where owner = ?", (_hidden(owner),))
        self._db.shrink()
        return deleted

    # -- turns

    def append(
        self, owner: str, conversation: str, turn: Turn, *, key: str | None = None, instead: bool = False
    ) -> int:
        """Keep a turn, after the others or `instead` of the last, and return its number, from 1.

        key: identifies what caused the turn, such as an event's id. Of the turns with one key only the first is kept.
        """
        packed = zlib.compress(json.dumps(as_json(turn.answer)).encode())
        with self._db.transaction():
            row = self._row(owner, conversation)
            earlier = self._db.rows("select number from turns where conversation = ? and key = ?", (row, key))
            if earlier:
                return int(earlier[0][0])
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
        """The last `limit` turns, or the last `limit` before a turn's number; oldest first.

        Each has the rating by `giver`, or by the owner if there is no giver.
        """
        row = self._row(owner, conversation)
        rows = self._db.rows(
            "select turns.number, asked, question, answer, good, comment from turns left join thumbs on "
            "thumbs.conversation = turns.conversation and turn = turns.number and giver = ? "
            "where turns.conversation = ? and turns.number < ? order by turns.number desc limit ?",
            (_hidden(giver or owner), row, MOST_TURNS if before is None else before, max(limit, 0)),
        )
        return [_kept_turn(*row) for row in reversed(rows)]

    def every(self, owner: str, conversation: str) -> Iterator[KeptTurn]:
        """All turns, oldest first, with one at a time in memory."""
        for number in range(1, self.get(owner, conversation).length + 1):
            yield from self.turns(owner, conversation, limit=1, before=number + 1)

    def asked(self, owner: str, *, since: float, limit: int) -> list[str]:
        """The questions to papers that the owner asked since then, in seconds, as they were understood.

        The last come first, each once; the last `limit` turns are read.
        """
        rows = self._db.rows(
            "select answer from turns join conversations on conversations.number = conversation "
            "where owner = ? and asked >= ? order by asked desc limit ?",
            (_hidden(owner), since, limit),
        )
        return list(dict.fromkeys(filter(None, (_query(packed) for (packed,) in rows))))

    def cut(self, owner: str, conversation: str, number: int) -> None:
        """Delete the turn with this number and all after it, to ask the question again or another one."""
        with self._db.transaction():
            row = self._row(owner, conversation)
            if not self._db.change("delete from turns where conversation = ? and number >= ?", (row, number)):
                raise _not_found()
        self._db.shrink()

    # -- links

    def share(self, owner: str, conversation: str, number: int) -> str:
        """The id of a link to a turn as it is now, by which whoever has it may read it; made again, it is the same.

        Raises `ConversationNotFound`, and `QuestionError` if the owner has too many links.
        """
        with self._db.transaction():
            row = self._row(owner, conversation)
            turn = self._db.rows(
                "select asked, question, answer from turns where conversation = ? and number = ?", (row, number)
            )
            if not turn:
                raise _not_found()
            query = "select id from links where conversation = ? and turn = ? and asked = ?"
            if known := self._db.rows(query, (row, number, turn[0][0])):
                return str(known[0][0])
            count = "select count(*) from links join conversations on conversation = number where owner = ?"
            if self._db.rows(count, (_hidden(owner),))[0][0] >= LINKS:
                raise QuestionError(f"You have {LINKS:,} links already. Withdraw one, or delete a conversation.")
            id_ = secrets.token_urlsafe(24)
            self._db.change(
                "insert into links values (?, ?, ?, ?, ?, ?, ?)", (id_, row, number, *turn[0], self._clock())
            )
        return id_

    def shared(self, link: str) -> KeptTurn:
        """The turn that a link leads to, as it was. Raises `ConversationNotFound` for any other id."""
        rows = self._db.rows("select turn, asked, question, answer, null, null from links where id = ?", (link,))
        if not rows:
            raise ConversationNotFound("There is no such answer. Its link may have been withdrawn.")
        return _kept_turn(*rows[0])

    def may_withdraw(self, owner: str, link: str) -> bool:
        """Whether an owner made a link."""
        query = "select 1 from links join conversations on conversation = number where links.id = ? and owner = ?"
        return bool(self._db.rows(query, (link, _hidden(owner))))

    def withdraw(self, owner: str, link: str) -> None:
        """Make a link lead nowhere, for good. Raises `ConversationNotFound` if it is not the owner's."""
        query = "delete from links where id = ? and conversation in (select number from conversations where owner = ?)"
        if not self._db.change(query, (link, _hidden(owner))):
            raise ConversationNotFound("There is no such answer. Its link may have been withdrawn.")
        self._db.shrink()

    # -- ratings

    def rate(self, owner: str, conversation: str, number: int, thumb: Thumb | None, *, giver: str = "") -> None:
        """Keep the rating by the owner, or by `giver`, one of several people who share it; None withdraws it."""
        with self._db.transaction():
            turn = (self._row(owner, conversation), number)
            if not self._db.rows("select 1 from turns where conversation = ? and number = ?", turn):
                raise _not_found()
            who = _hidden(giver or owner)
            self._db.change("delete from thumbs where conversation = ? and turn = ? and giver = ?", (*turn, who))
            if thumb:
                self._db.change(
                    "insert into thumbs values (?, ?, ?, ?, ?, ?)",
                    (*turn, who, int(thumb.good), thumb.comment, self._clock()),
                )

    def rated(self) -> Iterator[tuple[str, KeptTurn]]:
        """Every rated turn of every owner, oldest rating first, each with its conversation's id."""
        rows = self._db.rows("select conversation, turn, giver from thumbs order by given, conversation, turn")
        for rating in rows:
            for id_, *row in self._db.rows(
                "select id, turns.number, asked, question, answer, good, comment from thumbs join turns on "
                "turns.conversation = thumbs.conversation and turns.number = turn join conversations on "
                "conversations.number = thumbs.conversation where thumbs.conversation = ? and turn = ? and giver = ?",
                rating,
            ):
                yield id_, _kept_turn(*row)

    def _row(self, owner: str, conversation: str) -> int:
        rows = self._db.rows(
            "select number from conversations where owner = ? and id = ?", (_hidden(owner), conversation)
        )
        if not rows:
            raise _not_found()
        return int(rows[0][0])


def exported(kept: KeptConversation, turns: Iterable[KeptTurn]) -> dict[str, Any]:
    """A whole conversation as plain JSON values, its answers as in `export.as_json`; the README has the format."""
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


def _has(words: Iterable[str], text: str) -> bool:
    """Whether a text has all these words, which are folded."""
    folded = fold(text)
    return all(word in folded for word in words)


def _text(packed: bytes) -> str:
    """The text of a packed answer; "" if it is damaged."""
    try:
        return str(json.loads(zlib.decompress(packed))["text"])
    except (zlib.error, ValueError, LookupError):
        return ""


def _query(packed: bytes) -> str:
    """The self-contained question of a packed answer; "" if it asked nothing of the papers, or is damaged."""
    try:
        answer = json.loads(zlib.decompress(packed))
        return "" if answer.get("message") or answer.get("kind") == "talk" else str(answer["query"])
    except (zlib.error, ValueError, LookupError):
        return ""


def _not_found() -> ConversationNotFound:
    return ConversationNotFound("You have no such conversation or turn. It may have been deleted.")


def _hidden(owner: str) -> str:
    if not owner:
        raise ValueError("a conversation needs an owner: without one, strangers would share it")
    return hashlib.sha256(owner.encode(errors="surrogatepass")).hexdigest()


def _short(text: str) -> str:
    """A line of at most `TITLE` characters, cut between words if it has any."""
    line = " ".join(text.split())
    if " " in line[:TITLE]:
        return textwrap.shorten(line, TITLE, placeholder="…")
    return line if len(line) <= TITLE else line[: TITLE - 1] + "…"


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _kept(id_: str, title: str, begun: float, used: float, length: int) -> KeptConversation:
    return KeptConversation(id_, _short(title), _time(begun), _time(used), length)


def _kept_turn(
    number: int, asked: float, question: str, packed: bytes, good: int | None, comment: str | None
) -> KeptTurn:
    try:
        values = json.loads(zlib.decompress(packed))
    except (zlib.error, ValueError) as error:
        raise ExportError(f"The saved answer to “{question}” is damaged: {error}. Ask the question again.") from error
    thumb = None if good is None else Thumb(bool(good), comment or "")
    return KeptTurn(number, _time(asked), Turn(question, from_json(values)), thumb)
