"""Users with passwords, programs with keys, and what each may do."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.core.database import DataHome
from assistant.core.errors import AccountError
from assistant.people import accounts as accounts_module
from assistant.people.accounts import LOGIN_DAYS, Accounts, Key

from ..postgres import contents

PASSWORD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secure hash takes half a second; these tests are not about that."""
    monkeypatch.setattr(accounts_module, "COST", (2, 8, 3))


@pytest.fixture
def open_accounts(data_home: DataHome) -> Iterator[Callable[[], Accounts]]:
    opened: list[Accounts] = []

    def open_one() -> Accounts:
        opened.append(Accounts(data_home))
        return opened[-1]

    yield open_one
    for accounts in opened:
        accounts.close()


@pytest.fixture
def accounts(open_accounts: Callable[[], Accounts]) -> Accounts:
    return open_accounts()


@pytest.fixture
def hashings(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The parameters of every scrypt from here on."""
    calls: list[dict[str, Any]] = []
    real = hashlib.scrypt

    def scrypt(password: bytes, **parameters: Any) -> bytes:
        calls.append(parameters)
        return real(password, **parameters)

    monkeypatch.setattr(hashlib, "scrypt", scrypt)
    return calls


def stored_in(home: DataHome) -> bytes:
    if home.database_url:
        return contents(home.database_url)
    return b"".join(path.read_bytes() for path in home.folder.iterdir())


# -- users


def test_a_user_logs_in_with_name_and_password_and_nothing_else(
    accounts: Accounts, open_accounts: Callable[[], Accounts]
) -> None:
    ann = accounts.add_user(" Ann.B@x-1 ", PASSWORD)
    assert ann.name == "ann.b@x-1"
    other = open_accounts()
    assert other.user("ann.b@x-1", PASSWORD) == other.user("ANN.b@x-1", PASSWORD) == ann
    for name, password in (
        ("ann.b@x-1", PASSWORD + " "),
        ("ann.b@x-1", PASSWORD.upper()),
        ("ann.b@x-1", ""),
        ("ann", PASSWORD),
        ("", ""),
        ("", "nobody's"),
        ("\ud800", "\ud800"),
    ):
        assert other.user(name, password) is None


def test_the_password_is_salted_and_not_in_the_file(data_home: DataHome, accounts: Accounts) -> None:
    accounts.add_user("ann", PASSWORD)
    accounts.add_user("bob", PASSWORD)
    assert PASSWORD.encode() not in stored_in(data_home)
    salts, hashes = zip(*accounts._db.rows("select salt, hash from users"), strict=True)
    assert len(set(salts)) == len(set(hashes)) == 2
    assert all(len(salt) == 16 for salt in salts)
    n, r, p = accounts_module.COST
    assert hashes[0] == hashlib.scrypt(PASSWORD.encode(), salt=salts[0], n=n, r=r, p=p, dklen=32)


def test_the_cost_is_a_recommended_one() -> None:
    code = (Path(accounts_module.__file__)).read_text(encoding="utf-8")
    assert "\nCOST = (2**15, 8, 3)\n" in code


def test_one_password_of_the_real_cost_can_be_hashed() -> None:
    assert len(accounts_module._hash(PASSWORD, b"salt", (2**15, 8, 3))) == 32


def test_an_unknown_user_takes_as_long_as_a_wrong_password(accounts: Accounts, hashings: list[dict[str, Any]]) -> None:
    accounts.add_user("ann", PASSWORD)
    hashings.clear()
    assert accounts.user("ann", "wrong") is None
    assert accounts.user("nobody", "wrong") is None
    known, unknown = ({**call, "salt": None} for call in hashings)
    assert known == unknown


def test_a_hash_of_an_earlier_cost_is_still_accepted(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = accounts.add_user("ann", PASSWORD)
    monkeypatch.setattr(accounts_module, "COST", (4, 8, 1))
    assert accounts.user("ann", PASSWORD) == ann


def test_the_same_characters_from_another_keyboard_are_the_same_password(accounts: Accounts) -> None:
    accounts.add_user("ann", "naïve cafés à gogo")
    assert accounts.user("ann", "nai\u0308ve cafe\u0301s a\u0300 gogo") is not None


def test_a_password_can_be_changed_and_the_user_stays_the_same(accounts: Accounts) -> None:
    ann = accounts.add_user("ann", PASSWORD)
    accounts.set_password("Ann", PASSWORD[::-1])
    assert accounts.user("ann", PASSWORD) is None
    assert accounts.user("ann", PASSWORD[::-1]) == ann


def test_a_removed_user_cannot_log_in_and_the_name_gets_a_new_id(data_home: DataHome, accounts: Accounts) -> None:
    ann, _ = accounts.add_user("ann", PASSWORD), accounts.add_user("bob", PASSWORD)
    accounts.remove_user("ANN")
    assert accounts.user("ann", PASSWORD) is None
    assert [user.name for user in accounts.users()] == ["bob"]
    assert ann.id.encode() not in stored_in(data_home)
    assert accounts.add_user("ann", PASSWORD).id != ann.id


@pytest.mark.parametrize("name", ["", " ", "a b", "-a", "a:b", "a/b", "ä", "a\nb", "a" * 65, "../x"])
def test_an_ambiguous_name_is_refused(name: str, accounts: Accounts) -> None:
    for add in (lambda: accounts.add_user(name, PASSWORD), lambda: accounts.add_key(name)):
        with pytest.raises(AccountError, match=r" cannot be a name\. A name has up to 64 of the letters a to z"):
            add()


def test_a_short_password_is_refused(accounts: Accounts) -> None:
    accounts.add_user("ann", "x" * 15)
    for attempt in (lambda: accounts.add_user("bob", "x" * 14), lambda: accounts.set_password("ann", "x" * 14)):
        with pytest.raises(AccountError, match=r"The password has fewer than 15 characters\. Choose a longer one"):
            attempt()
    assert accounts.user("ann", "x" * 15) is not None


def test_a_name_that_is_taken_is_refused(accounts: Accounts) -> None:
    accounts.add_user("ann", PASSWORD)
    accounts.add_key("ann")
    with pytest.raises(AccountError, match=r"^There is already a user ann\. Choose another name\.$"):
        accounts.add_user("ANN", PASSWORD[::-1])
    with pytest.raises(AccountError, match=r"^There is already a key ann\. Choose another name\.$"):
        accounts.add_key("Ann")
    assert accounts.user("ann", PASSWORD) is not None


@pytest.mark.parametrize("names", [[], ["ann", "bob"]])
def test_an_error_about_an_unknown_name_lists_the_known_ones(names: list[str], accounts: Accounts) -> None:
    for name in names:
        accounts.add_user(name, PASSWORD)
        accounts.add_key(name)
    known = "There are: ann, bob." if names else "There are none."
    for kind, call in (
        ("user", accounts.remove_user),
        ("user", lambda name: accounts.set_password(name, PASSWORD)),
        ("key", accounts.remove_key),
    ):
        with pytest.raises(AccountError) as refused:
            call("Cat")
        assert str(refused.value) == f"There is no {kind} 'Cat'. {known}"


def test_two_threads_cannot_add_the_same_user(open_accounts: Callable[[], Accounts]) -> None:
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def add(accounts: Accounts, password: str) -> None:
        start.wait()
        try:
            outcomes.append(accounts.add_user("ann", password).id)
        except AccountError as error:
            outcomes.append(str(error))

    both = [open_accounts(), open_accounts()]
    threads = [threading.Thread(target=add, args=(a, f"{n}{PASSWORD}")) for n, a in enumerate(both)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(outcome.startswith("There is already a user ann") for outcome in outcomes) == 1
    assert [user.id for user in both[0].users()] == [outcome for outcome in outcomes if " " not in outcome]


def test_only_a_few_passwords_are_hashed_at_once(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts.add_user("ann", PASSWORD)
    running, most, lock = 0, 0, threading.Lock()
    full = threading.Barrier(accounts_module.AT_ONCE)
    real = hashlib.scrypt

    def scrypt(password: bytes, **parameters: Any) -> bytes:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        full.wait()
        with lock:
            running -= 1
        return real(password, **parameters)

    monkeypatch.setattr(hashlib, "scrypt", scrypt)
    threads = [threading.Thread(target=accounts.user, args=("ann", "x")) for _ in range(4 * accounts_module.AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == accounts_module.AT_ONCE


# -- keys


def test_a_key_is_found_by_its_token_and_stored_as_a_hash(
    data_home: DataHome, accounts: Accounts, open_accounts: Callable[[], Accounts]
) -> None:
    token = accounts.add_key("Bot", rights="write", per_minute=5)
    key = open_accounts().key(token)
    assert key == Key("bot", key.id if key else "", "write", 5)
    assert token.startswith("papers_")
    assert len(token) == len("papers_") + 43  # 256 random bits, six a character
    assert token.removeprefix("papers_").encode() not in stored_in(data_home)
    for wrong in ("", token[:-1], token.upper(), token + " ", token.removeprefix("papers_"), "\ud800"):
        assert accounts.key(wrong) is None


def test_the_rights_of_a_key() -> None:
    assert [(key.may("ask"), key.may("write")) for key in (Key("a", "1", "ask", 1), Key("a", "1", "write", 1))] == [
        (True, False),
        (True, True),
    ]


def test_keys_are_listed_without_their_tokens_and_can_be_removed(accounts: Accounts) -> None:
    tokens = [accounts.add_key(name) for name in ("bot", "ant")]
    keys = accounts.keys()
    assert [(key.name, key.rights, key.per_minute) for key in keys] == [("ant", "ask", 60), ("bot", "ask", 60)]
    accounts.remove_key("BOT")
    assert accounts.key(tokens[0]) is None
    assert accounts.key(tokens[1]) == accounts.keys()[0]
    assert accounts.add_key("bot") != tokens[0]


# -- logins


def test_a_login_expires_and_is_stored_as_a_hash(data_home: DataHome) -> None:
    now = [1000.0]
    accounts = Accounts(data_home, clock=lambda: now[0])
    ann = accounts.add_user("ann", "a battery of horses")
    token = accounts.log_in(ann)
    assert accounts.logged_in(token) == ann
    assert accounts.logged_in(token + "x") is None
    assert token.encode() not in stored_in(data_home)
    now[0] += LOGIN_DAYS * 86400 - 1
    assert accounts.logged_in(token) == ann
    now[0] += 1
    assert accounts.logged_in(token) is None
    accounts.close()


def test_logging_out_a_new_password_or_removal_end_a_login(data_home: DataHome) -> None:
    accounts = Accounts(data_home)
    ann, bob = accounts.add_user("ann", "a battery of horses"), accounts.add_user("bob", "a battery of horses")
    here, there, other = accounts.log_in(ann), accounts.log_in(ann), accounts.log_in(bob)
    accounts.log_out(here)
    assert [accounts.logged_in(token) for token in (here, there, other)] == [None, ann, bob]
    accounts.set_password("ann", "another battery of horses")
    assert [accounts.logged_in(token) for token in (there, other)] == [None, bob]
    accounts.remove_user("bob")
    accounts.add_user("bob", "a battery of horses")
    assert accounts.logged_in(other) is None
    accounts.close()
