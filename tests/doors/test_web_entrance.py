"""Names, passwords and cookies in, who is let in out: log-in, log-out, tries slowed, other hosts and sites refused."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from assistant.doors import web
from assistant.doors.web.entrance import (
    LOGIN,
    TRIES,
    TRIES_AT_A_NAME,
    TRIES_AT_A_NAME_IN_ALL,
    TRIES_IN_ALL,
    Entrance,
    Refused,
)
from assistant.people.accounts import Accounts
from assistant.people.limits import Limits

from ..pages import Served, Visitor, serving
from ..papers import PAIRS

PASSWORD = "a battery of horses"
RIGHT = {"name": "ann", "password": PASSWORD}
WRONG = "The name or the password is not right."


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """Passwords are hashed at no cost: what is tried here is all around it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("assistant.people.accounts.COST", (2, 8, 1))
        yield


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("entrance") / "home"
    accounts = Accounts(folder)
    accounts.add_user("ann", PASSWORD)
    accounts.close()
    return folder


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Accounts]:
    with closing(Accounts(tmp_path / "home")) as one:
        yield one


@pytest.fixture(scope="module")
def served(home: Path) -> Iterator[Served]:
    rules = web.Rules(login=True, per_minute=1, hosts=frozenset({"127.0.0.1", "papers.example", "::1"}))
    with serving(home, PAIRS[:3], rules) as page:
        yield page


@pytest.fixture
def browser(served: Served, request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """A browser at an address of its own, so that tests do not slow each other down."""
    address = {"x-forwarded-for": f"10.0.0.{hash(request.node.name) % 250}"}
    with httpx.Client(base_url=served.url, headers=address) as client:
        yield client


# -- in and out


PRIVATE = (
    *("/config", "/theme.css", "/own/page.js", "/own/head.html", "/gradio_api/queue/data?session_hash=x", "/nowhere"),
    *("/gradio_api/heartbeat/x", "/conversations/abcdefgh.md", "/own/login.css/../page.js", "/loginx"),
)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT"])
@pytest.mark.parametrize("path", PRIVATE)
def test_nothing_is_told_to_who_is_not_logged_in(browser: httpx.Client, method: str, path: str) -> None:
    request = browser.build_request(method, "/")
    request.url = request.url.copy_with(raw_path=path.encode())  # as it stands, dots and all
    assert browser.send(request).status_code == 401


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_not_even_at_the_front_door(browser: httpx.Client, method: str) -> None:
    assert browser.request(method, "/").status_code == 303


def test_a_path_written_into_the_host_header_opens_nothing(browser: httpx.Client) -> None:
    for host in ("127.0.0.1/login?", "127.0.0.1/healthz#", "papers.example/slack/"):
        assert browser.get("/config", headers={"host": host}).status_code in (400, 401, 421)


@pytest.mark.parametrize("path", ["/login", "/own/login.css", "/own/icon.svg", "/healthz", "/door/knock"])
def test_what_the_log_in_needs_is_open_and_so_are_doors_with_locks_of_their_own(
    browser: httpx.Client, path: str
) -> None:
    assert browser.get(path).status_code == 200


def test_one_logs_in_and_out(browser: httpx.Client) -> None:
    sent = browser.get("/?talk=abcdefgh1234")
    assert (sent.status_code, sent.headers["location"]) == (303, "/login?talk=abcdefgh1234")
    done = browser.post("/login", data=RIGHT | {"talk": "abcdefgh1234"})
    assert (done.status_code, done.headers["location"]) == (303, "/?talk=abcdefgh1234")
    (cookie,) = (told for told in done.headers.get_list("set-cookie") if told.startswith(LOGIN))
    name, *rules = re.split(r"; ", cookie)
    assert len(name) > 50
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(rules)
    assert "Secure" not in rules
    assert "gradio" in browser.get("/").text
    assert browser.get("/login").headers["location"] == "/"
    stolen = browser.cookies[LOGIN]
    assert browser.post("/logout").headers["location"] == "/login"
    assert LOGIN not in browser.cookies
    browser.cookies.set(LOGIN, stolen)
    assert browser.get("/config").status_code == 401


def test_the_cookie_keeps_to_https_where_that_is(browser: httpx.Client) -> None:
    done = browser.post("/login", data=RIGHT, headers={"x-forwarded-proto": "https"})
    assert "Secure" in done.headers["set-cookie"]


@pytest.mark.parametrize("elsewhere", ["//elsewhere.example", "https://elsewhere.example", "x\r\nSet-Cookie: a=b", "é"])
def test_the_log_in_leads_nowhere_else(browser: httpx.Client, elsewhere: str) -> None:
    assert browser.post("/login", data=RIGHT | {"talk": elsewhere}).headers["location"] == "/"


def test_a_new_password_logs_everybody_out(served: Served, home: Path) -> None:
    accounts = Accounts(home)
    accounts.add_user("eve", PASSWORD)
    with httpx.Client(base_url=served.url, headers={"x-forwarded-for": "10.0.1.1"}) as browser:
        browser.post("/login", data=RIGHT | {"name": "eve"})
        assert browser.get("/config").status_code == 200
        accounts.set_password("eve", "another battery of horses")
        assert browser.get("/config").status_code == 401
        browser.post("/login", data={"name": "eve", "password": "another battery of horses"})
        assert browser.get("/config").status_code == 200
        accounts.remove_user("eve")
        assert browser.get("/config").status_code == 401
    accounts.close()


# -- wrong tries


def test_which_part_is_wrong_is_not_told_and_the_log_holds_no_password(
    browser: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    hostile = '"><script>1</script><!-- talk -->'
    with caplog.at_level(logging.WARNING):
        known = browser.post("/login", data={"name": "ann", "password": hostile})
        unknown = browser.post("/login", data={"name": hostile, "password": PASSWORD})
    assert (known.status_code, unknown.status_code) == (401, 401)
    assert WRONG in known.text
    shown = "&quot;&gt;&lt;script&gt;1&lt;/script&gt;&lt;!-- talk --&gt;"
    assert known.text.replace('value="ann"', f'value="{shown}"') == unknown.text
    told = [record.getMessage() for record in caplog.records]
    assert [message.rsplit(" ", 1)[0] for message in told] == [
        "log-in as 'ann' refused from",
        "log-in as an unknown name refused from",
    ]
    assert "set-cookie" not in {name for name in known.headers if LOGIN in known.headers[name]}


@pytest.mark.parametrize("name", ["ann", "nobody"])
def test_tries_are_slowed_down_alike_for_a_known_name_and_an_unknown_one(browser: httpx.Client, name: str) -> None:
    told = [browser.post("/login", data={"name": name, "password": "x"}) for _ in range(TRIES_AT_A_NAME + 1)]
    assert [response.status_code for response in told] == [*([401] * TRIES_AT_A_NAME), 429]
    assert re.search(r"Too many attempts\. Try again in \d+ seconds?\.", told[-1].text)
    assert browser.post("/login", data=RIGHT | {"name": name}).status_code == 429
    if name == "ann":  # nobody can lock another out from afar
        again = browser.post("/login", data=RIGHT, headers={"x-forwarded-for": "10.0.2.2"})
        assert again.status_code == 303


def test_one_address_may_not_try_names_for_ever(browser: httpx.Client) -> None:
    told = [browser.post("/login", data={"name": f"n{n}", "password": ""}).status_code for n in range(TRIES + 1)]
    assert told == [*([401] * TRIES), 429]


@pytest.mark.parametrize(
    ("names", "most"),
    [pytest.param(1, TRIES_AT_A_NAME_IN_ALL, id="one name"), pytest.param(1000, TRIES_IN_ALL, id="all")],
)
def test_nobody_guesses_for_ever_from_ever_new_addresses(accounts: Accounts, names: int, most: int) -> None:
    async def scene() -> None:
        with closing(Entrance(accounts)) as entrance:
            entrance._limits = Limits(clock=lambda: 0.0)
            for n in range(most):
                with pytest.raises(Refused, match=WRONG):
                    await entrance.log_in(f"name{n % names}", "x", f"10.1.{n // 250}.{n % 250}")
            with pytest.raises(Refused, match="Too many attempts"):
                await entrance.log_in("name0", "x", "10.2.0.0")

    asyncio.run(scene())


def test_a_form_that_is_too_long_is_not_read(browser: httpx.Client) -> None:
    assert browser.post("/login", data=RIGHT | {"name": "x" * 5000}).status_code == 413


# -- other names, other sites


@pytest.mark.parametrize(
    ("host", "status"),
    [
        *(("127.0.0.1", 200), ("127.0.0.1:1", 200), ("[::1]:7860", 200), ("Papers.Example:443", 200)),
        *(("elsewhere.example", 421), ("127.0.0.1.elsewhere.example", 421), ("elsewhere.example:7860", 421), ("", 421)),
    ],
)
def test_a_page_that_leads_its_own_name_here_reads_nothing(browser: httpx.Client, host: str, status: int) -> None:
    assert browser.get("/login", headers={"host": host}).status_code == status


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("path", ["/login", "/logout", "/gradio_api/queue/join"])
def test_another_site_can_send_nothing(browser: httpx.Client, site: str, path: str) -> None:
    assert browser.post(path, data=RIGHT, headers={"sec-fetch-site": site}).status_code == 403


# -- what each may


def test_a_user_asks_so_many_questions_a_minute(served: Served) -> None:
    async def scene() -> list[str]:
        visitor = await Visitor.arrive(served.url, RIGHT)
        told = [str(await visitor.does("question", "submit", ["What is PearRank?", None])) for _ in range(2)]
        await visitor.leave()
        return told

    first, second = asyncio.run(scene())
    assert "weak labels" in first
    assert re.search(
        r"You asked 1 questions? within a minute, and more are not answered. Ask again in \d+ seconds?\.", second
    )
