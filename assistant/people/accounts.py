"""Users who log in with a password, programs that use a key, and what each may do.

Passwords are salted and hashed slowly, because people choose passwords that can be guessed. A key is 256 random bits,
which cannot be guessed at any speed, so one SHA-256 is enough and costs a request next to nothing.
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

from ..core.archive import Chapter, Table
from ..core.database import DataHome
from ..core.errors import AccountError

Right = Literal["ask", "write"]
"""`ask`: ask and read. `write`: also add and remove papers."""

COST = (2**15, 8, 3)
"""n, r and p of scrypt, 32 MiB and about 0.4 s. Of the settings that the OWASP Password Storage Cheat Sheet calls
equally strong, this one is affordable when many users log in at once.
https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#scrypt"""
AT_ONCE = 2
"""Passwords hashed at the same time. Others wait, so a flood of logins takes no more than 64 MiB."""
SHORTEST = 15
"""Minimum characters of a password used as the only factor: NIST SP 800-63B-4, 3.1.1.2.
https://pages.nist.gov/800-63-4/sp800-63b.html"""
LOGIN_DAYS = 14
"""Days that a login lasts."""
AWAY = 600
"""Seconds that a log-in at an OpenID provider may take."""
PREFIX = "papers_"
"""Start of every key. It tells whoever comes across one what it opens."""
PER_MINUTE = 60
"""Default limit of a key, in questions a minute."""

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
    """
create table identities (
    issuer text not null, subject text not null, name text not null references users(name) on delete cascade,
    primary key (issuer, subject))
""",
)
"""The changes from each version of the file to the next."""
CHAPTER = Chapter(
    "accounts.sqlite",
    _SCHEMAS,
    (
        Table("users", ("name", "id", "n", "r", "p", "salt", "hash"), "name"),
        Table("keys", ("name", "id", "hash", "rights", "per_minute"), "name"),
        Table("identities", ("issuer", "subject", "name"), "issuer, subject"),
    ),
    left_out=("logins",),  # whoever was logged out since must not be logged in again
)
"""What a backup has of them: hashes, as they are stored."""


@dataclass(frozen=True, slots=True)
class User:
    """A person. The `id` is never reused, even if the name is."""

    name: str
    id: str

    @property
    def owner(self) -> str:
        """The owner of their conversations."""
        return f"user:{self.id}"


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody at an OpenID provider. The issuer and the subject identify them for ever; the name is for people."""

    issuer: str
    subject: str
    name: str


class NotIdentified(AccountError):
    """Nobody was identified; `reason` is for the log, and `status` that of the response."""

    def __init__(self, message: str, reason: str, status: int = 401) -> None:
        super().__init__(message)
        self.reason, self.status = reason, status


@dataclass(frozen=True, slots=True)
class Key:
    """A program's key without its secret: its rights, and its limit in questions a minute."""

    name: str
    id: str
    rights: Right
    per_minute: int

    @property
    def owner(self) -> str:
        """The owner of the conversations held with it."""
        return f"key:{self.id}"

    def may(self, right: Right) -> bool:
        """Whether the key has this right. The right to write includes the right to ask."""
        return right in ("ask", self.rights)


class Accounts:
    """The users and keys of a home. A change by one process takes effect in all of them at once.

    Raises `AccountError` for a name or password it refuses, `DatabaseError` if the file fails.
    """

    def __init__(self, home: str | Path | DataHome, *, clock: Callable[[], float] = time.time) -> None:
        self._db = DataHome.of(home).open(CHAPTER.file, _SCHEMAS)
        self._clock = clock

    def close(self) -> None:
        self._db.close()

    # -- authentication

    def user(self, name: str, password: str) -> User | None:
        """The user with this name and password, or None. A wrong name takes as long as a wrong password."""
        rows = self._db.rows("select name, id, n, r, p, salt, hash from users where name = ?", (_folded(name),))
        name, id_, *cost, salt, expected = rows[0] if rows else ("", "", *COST, b"nobody's", b"")
        matches = hmac.compare_digest(_hash(password, salt, (cost[0], cost[1], cost[2])), expected)
        return User(name, id_) if matches else None

    def key(self, token: str) -> Key | None:
        """The key with this token, or None. The look-up is by hash, so its time gives nothing away."""
        rows = self._db.rows("select name, id, rights, per_minute from keys where hash = ?", (_digest(token),))
        return Key(*rows[0]) if rows else None

    # -- logins

    def log_in(self, user: User) -> str:
        """A token that identifies the user for `LOGIN_DAYS`, or until they log out or the password changes."""
        token, now = secrets.token_urlsafe(32), self._clock()
        self._db.change("delete from logins where until <= ?", (now,))
        values = (_digest(token), user.name, now + LOGIN_DAYS * 86400)
        self._db.change("insert into logins values (?, ?, ?)", values)
        return token

    def logged_in(self, token: str) -> User | None:
        """The user with this token, or None once it is no longer valid."""
        rows = self._db.rows(
            "select users.name, id from logins join users on users.name = logins.name where logins.hash = ? "
            "and until > ?",
            (_digest(token), self._clock()),
        )
        return User(*rows[0]) if rows else None

    def log_out(self, token: str) -> None:
        """Invalidate a token."""
        self._db.change("delete from logins where hash = ?", (_digest(token),))

    def identified(self, identity: Identity) -> User:
        """The user whom a provider identified; made when they first log in, with no password.

        The name is theirs at the provider as far as it can be a name here and nobody has it.
        """
        issuer, subject = identity.issuer, identity.subject
        known = "select users.name, id from identities join users using (name) where issuer = ? and subject = ?"
        with self._db.transaction():
            if rows := self._db.rows(known, (issuer, subject)):
                return User(*rows[0])
            name = re.sub(r"[^a-z0-9._@-]+", "-", _folded(identity.name)).lstrip("._@-")[:50] or "user"
            if self._db.rows("select 1 from users where name = ?", (name,)):
                name += f"-{secrets.token_hex(4)}"
            user = User(name, secrets.token_hex(8))
            # No password has an empty hash.
            self._db.change("insert into users values (?, ?, ?, ?, ?, ?, ?)", (name, user.id, *COST, b"", b""))
            self._db.change("insert into identities values (?, ?, ?)", (issuer, subject, name))
        return user

    # -- users

    def users(self) -> list[User]:
        return [User(*row) for row in self._db.rows("select name, id from users order by name")]

    def known(self, name: str) -> User:
        """The user with this name, or `AccountError`."""
        rows = self._db.rows("select name, id from users where name = ?", (_folded(name),))
        if not rows:
            raise self._unknown("users", name)
        return User(*rows[0])

    def vacant(self, name: str) -> str:
        """The name in lower case, if a new user can have it; otherwise `AccountError`."""
        return self._vacant("users", name)

    def add_user(self, name: str, password: str) -> User:
        name, salt = self.vacant(name), secrets.token_bytes(16)
        hashed = _hash(_strong(password), salt, COST)
        with self._db.transaction():
            user = User(self.vacant(name), secrets.token_hex(8))  # checked again, because hashing takes time
            self._db.change("insert into users values (?, ?, ?, ?, ?, ?, ?)", (name, user.id, *COST, salt, hashed))
        return user

    def set_password(self, name: str, password: str) -> None:
        """Change a user's password. Their conversations stay, and they are logged out everywhere."""
        salt, name = secrets.token_bytes(16), self.known(name).name
        values = (*COST, salt, _hash(_strong(password), salt, COST), name)
        with self._db.transaction():
            self._db.change("update users set n = ?, r = ?, p = ?, salt = ?, hash = ? where name = ?", values)
            self._db.change("delete from logins where name = ?", (name,))

    def remove_user(self, name: str) -> None:
        self._db.change("delete from users where name = ?", (self.known(name).name,))
        self._db.shrink()

    # -- keys

    def keys(self) -> list[Key]:
        return [Key(*row) for row in self._db.rows("select name, id, rights, per_minute from keys order by name")]

    def add_key(self, name: str, *, rights: Right = "ask", per_minute: int = PER_MINUTE) -> str:
        """Make a key and return its token, which is not stored and cannot be recovered."""
        token = PREFIX + secrets.token_urlsafe(32)
        with self._db.transaction():
            values = (self._vacant("keys", name), secrets.token_hex(8), _digest(token), rights, per_minute)
            self._db.change("insert into keys values (?, ?, ?, ?, ?)", values)
        return token

    def known_key(self, name: str) -> Key:
        """The key with this name, or `AccountError`."""
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
                f"{name!r} cannot be a name. A name has up to 64 of the letters a to z, digits and . _ @ -, "
                "and begins with a letter or digit."
            )
        if self._db.rows(f"select 1 from {table} where name = ?", (folded,)):
            raise AccountError(f"There is already a {table[:-1]} {folded}. Choose another name.")
        return folded

    def _unknown(self, table: Literal["users", "keys"], name: str) -> AccountError:
        names = ", ".join(row[0] for row in self._db.rows(f"select name from {table} order by name"))
        return AccountError(
            f"There is no {table[:-1]} {name!r}. {f'There are: {names}.' if names else 'There are none.'}"
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
    """The password's hash. Unicode is normalised, so every keyboard gives the same hash."""
    n, r, p = cost
    plain = unicodedata.normalize("NFKC", password).encode(errors="surrogatepass")
    with _HASHING:
        return hashlib.scrypt(plain, salt=salt, n=n, r=r, p=p, maxmem=256 * r * (n + p), dklen=32)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()
