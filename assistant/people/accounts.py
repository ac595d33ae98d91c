"""A name and a secret in, who it is and what it may out: people with passwords, programs with keys.

A password is hashed slowly and with salt, because people choose passwords that can be guessed. A key is 256 random
bits, which no speed of guessing finds: one SHA-256 is enough for it, and costs a request nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..core.database import Database
from ..core.errors import AccountError

Right = Literal["ask", "write"]
"""To ask and read; or, besides, to add and remove papers."""

COST = (2**15, 8, 3)
"""n, r and p of scrypt, 32 MiB and about 0.4 s: of the settings that the OWASP Password Storage Cheat Sheet gives as
equally strong, one that many log-ins at once can afford.
https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#scrypt"""
AT_ONCE = 2
"""Passwords hashed at the same time; others wait, so that a flood of log-ins takes 64 MiB and no more."""
SHORTEST = 15
"""Characters of a password, at least, where nothing else proves who it is: NIST SP 800-63B-4, 3.1.1.2.
https://pages.nist.gov/800-63-4/sp800-63b.html"""
LOGIN_DAYS = 14
"""Days after which a password is asked for again."""
PREFIX = "papers_"
"""What a key begins with, so that whoever finds one knows what it opens."""
PER_MINUTE = 60
"""Questions a minute that a key may ask where nothing else is said."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
_HASHING = threading.BoundedSemaphore(AT_ONCE)
_SCHEMAS = (
    """
create table users (
    name text primary key, id text not null, n integer not null, r integer not null, p integer not null,
    salt blob not null, hash blob not null);
create table keys (
    name text primary key, id text not null, hash blob not null unique, rights text not null,
    per_minute integer not null)
""",
    """
create table logins (
    hash blob primary key, name text not null references users(name) on delete cascade, until real not null)
""",
)
"""What each version of the file added to the one before."""


@dataclass(frozen=True, slots=True)
class User:
    """A person. `id` is theirs alone, even if the name is given to somebody else later."""

    name: str
    id: str

    @property
    def owner(self) -> str:
        """Who owns their conversations."""
        return f"user:{self.id}"


@dataclass(frozen=True, slots=True)
class Key:
    """A program's key, without its secret: what it may, and how often a minute."""

    name: str
    id: str
    rights: Right
    per_minute: int

    @property
    def owner(self) -> str:
        """Who owns the conversations that were had with it."""
        return f"key:{self.id}"

    def may(self, right: Right) -> bool:
        """Whether it has a right; writing comes with asking."""
        return right in ("ask", self.rights)


class Accounts:
    """The users and keys of a home; what is changed by one process counts at once in all.

    Raises `AccountError` for a name or password that is refused, `DatabaseError` when the file fails.
    """

    def __init__(self, home: str | Path, *, clock: Callable[[], float] = time.time) -> None:
        self._db = Database(Path(home).expanduser() / "accounts.sqlite", _SCHEMAS)
        self._clock = clock

    def close(self) -> None:
        self._db.close()

    # -- who is it?

    def user(self, name: str, password: str) -> User | None:
        """The user of that name and password; None takes as long, whichever of the two is wrong."""
        rows = self._db.rows("select name, id, n, r, p, salt, hash from users where name = ?", (_folded(name),))
        name, id_, *cost, salt, held = rows[0] if rows else ("", "", *COST, b"nobody's", b"")
        right = hmac.compare_digest(_hash(password, salt, (cost[0], cost[1], cost[2])), held)
        return User(name, id_) if right else None

    def key(self, token: str) -> Key | None:
        """The key that `add_key` gave this token for. It is looked up by its hash, of which time tells nothing."""
        rows = self._db.rows("select name, id, rights, per_minute from keys where hash = ?", (_digest(token),))
        return Key(*rows[0]) if rows else None

    # -- those who are logged in

    def log_in(self, user: User) -> str:
        """A token by which the user is known for `LOGIN_DAYS`, until they log out or the password is changed."""
        token, now = secrets.token_urlsafe(32), self._clock()
        self._db.change("delete from logins where until <= ?", (now,))
        values = (_digest(token), user.name, now + LOGIN_DAYS * 86400)
        self._db.change("insert into logins values (?, ?, ?)", values)
        return token

    def logged_in(self, token: str) -> User | None:
        """The user that `log_in` gave this token for, as long as it counts."""
        rows = self._db.rows(
            "select users.name, id from logins join users on users.name = logins.name where logins.hash = ? "
            "and until > ?",
            (_digest(token), self._clock()),
        )
        return User(*rows[0]) if rows else None

    def log_out(self, token: str) -> None:
        """Make a token useless."""
        self._db.change("delete from logins where hash = ?", (_digest(token),))

    # -- users

    def users(self) -> list[User]:
        return [User(*row) for row in self._db.rows("select name, id from users order by name")]

    def known(self, name: str) -> User:
        """The user of that name, or `AccountError`."""
        rows = self._db.rows("select name, id from users where name = ?", (_folded(name),))
        if not rows:
            raise self._unknown("users", name)
        return User(*rows[0])

    def vacant(self, name: str) -> str:
        """The name as a new user would bear it, or `AccountError`; names differ by more than case."""
        return self._vacant("users", name)

    def add_user(self, name: str, password: str) -> User:
        name, salt = self.vacant(name), secrets.token_bytes(16)
        hashed = _hash(_strong(password), salt, COST)
        with self._db.writing():
            user = User(self.vacant(name), secrets.token_hex(8))  # asked again: hashing takes its time
            self._db.change("insert into users values (?, ?, ?, ?, ?, ?, ?)", (name, user.id, *COST, salt, hashed))
        return user

    def set_password(self, name: str, password: str) -> None:
        """Give a user another password; what they own stays theirs, and they are logged out everywhere."""
        salt, known = secrets.token_bytes(16), self.known(name).name
        values = (*COST, salt, _hash(_strong(password), salt, COST), known)
        with self._db.writing():
            self._db.change("update users set n = ?, r = ?, p = ?, salt = ?, hash = ? where name = ?", values)
            self._db.change("delete from logins where name = ?", (known,))

    def remove_user(self, name: str) -> None:
        self._db.change("delete from users where name = ?", (self.known(name).name,))
        self._db.shrink()

    # -- keys

    def keys(self) -> list[Key]:
        return [Key(*row) for row in self._db.rows("select name, id, rights, per_minute from keys order by name")]

    def add_key(self, name: str, *, rights: Right = "ask", per_minute: int = PER_MINUTE) -> str:
        """A new key; its token, which is kept nowhere and cannot be told again."""
        token = PREFIX + secrets.token_urlsafe(32)
        with self._db.writing():
            values = (self._vacant("keys", name), secrets.token_hex(8), _digest(token), rights, per_minute)
            self._db.change("insert into keys values (?, ?, ?, ?, ?)", values)
        return token

    def known_key(self, name: str) -> Key:
        """The key of that name, or `AccountError`."""
        rows = self._db.rows("select name, id, rights, per_minute from keys where name = ?", (_folded(name),))
        if not rows:
            raise self._unknown("keys", name)
        return Key(*rows[0])

    def remove_key(self, name: str) -> None:
        self._db.change("delete from keys where name = ?", (self.known_key(name).name,))
        self._db.shrink()

    def _vacant(self, table: Literal["users", "keys"], name: str) -> str:
        folded = _folded(name)
        if not _NAME.fullmatch(folded):
            raise AccountError(
                f"{name!r} cannot be a name. Names have up to 64 of the letters a to z, digits and . _ @ -, "
                "and begin with a letter or digit."
            )
        if self._db.rows(f"select 1 from {table} where name = ?", (folded,)):
            raise AccountError(f"There is a {table[:-1]} {folded} already. Choose another name.")
        return folded

    def _unknown(self, table: Literal["users", "keys"], name: str) -> AccountError:
        held = ", ".join(row[0] for row in self._db.rows(f"select name from {table} order by name"))
        return AccountError(
            f"There is no {table[:-1]} {name!r}. {f'There are: {held}.' if held else 'There are none.'}"
        )


def _folded(name: str) -> str:
    return name.strip().casefold()


def _strong(password: str) -> str:
    if len(password) < SHORTEST:
        raise AccountError(
            f"The password has fewer than {SHORTEST} characters. Choose a longer one, such as four words."
        )
    return password


def _hash(password: str, salt: bytes, cost: tuple[int, int, int]) -> bytes:
    """The password's hash; the same characters typed on another keyboard give the same."""
    n, r, p = cost
    plain = unicodedata.normalize("NFKC", password).encode(errors="surrogatepass")
    with _HASHING:
        return hashlib.scrypt(plain, salt=salt, n=n, r=r, p=p, maxmem=256 * r * (n + p), dklen=32)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()
