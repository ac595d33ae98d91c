"""Log-in and log-out, limits on attempts, and requests that are refused: by host name and by site."""

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
    LoginRefused,
)
from assistant.people.accounts import Accounts
from assistant.people.limits import Limits

from ..pages import Served, Visitor, serving
from ..papers import PAIRS

PASSWORD = "a battery of horses"
RIGHT = {"name": "ann", "password": PASSWORD}
WRONG = "Wrong name or password."


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """Hash passwords at no cost: the hashing itself is not tested here."""
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
    """A browser at its own address, so that tests do not use up each other's attempts."""
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
def test_without_a_log_in_nothing_can_be_read(browser: httpx.Client, method: str, path: str) -> None:
    request = browser.build_request(method, "/")
    request.url = request.url.copy_with(raw_path=path.encode())  # unchanged, with its dots
    assert browser.send(request).status_code == 401


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_the_front_page_leads_to_the_log_in(browser: httpx.Client, method: str) -> None:
    assert browser.request(method, "/").status_code == 303


def test_a_path_in_the_host_header_opens_nothing(browser: httpx.Client) -> None:
    for host in ("127.0.0.1/login?", "127.0.0.1/healthz#", "papers.example/slack/"):
        assert browser.get("/config", headers={"host": host}).status_code in (400, 401, 421)


@pytest.mark.parametrize("path", ["/login", "/own/login.css", "/own/icon.svg", "/healthz", "/door/knock"])
def test_the_files_of_the_log_in_page_and_doors_with_their_own_checks_are_open(
    browser: httpx.Client, path: str
) -> None:
    assert browser.get(path).status_code == 200


def test_users_log_in_and_out(browser: httpx.Client) -> None:
    sent = browser.get("/?talk=abcdefgh1234")
    assert (sent.status_code, sent.headers["location"]) == (303, "/login?talk=abcdefgh1234")
    done = browser.post("/login", data=RIGHT | {"talk": "abcdefgh1234"})
    assert (done.status_code, done.headers["location"]) == (303, "/?talk=abcdefgh1234")
    (cookie,) = (cookie for cookie in done.headers.get_list("set-cookie") if cookie.startswith(LOGIN))
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


def test_over_https_the_cookie_is_secure(browser: httpx.Client) -> None:
    done = browser.post("/login", data=RIGHT, headers={"x-forwarded-proto": "https"})
    assert "Secure" in done.headers["set-cookie"]


@pytest.mark.parametrize("elsewhere", ["//elsewhere.example", "https://elsewhere.example", "x\r\nSet-Cookie: a=b", "é"])
def test_the_log_in_redirects_to_no_other_site(browser: httpx.Client, elsewhere: str) -> None:
    assert browser.post("/login", data=RIGHT | {"talk": elsewhere}).headers["location"] == "/"


def test_a_new_password_logs_all_browsers_out(served: Served, home: Path) -> None:
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


def test_a_refusal_does_not_say_which_part_is_wrong_and_the_log_has_no_password(
    browser: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    hostile = '"><script>1</script><!-- talk -->'
    with caplog.at_level(logging.WARNING):
        known = browser.post("/login", data={"name": "ann", "password": hostile})
        unknown = browser.post("/login", data={"name": hostile, "password": PASSWORD})
    assert (known.status_code, unknown.status_code) == (401, 401)
    assert WRONG in known.text
    shown = "&#34;&gt;&lt;script&gt;1&lt;/script&gt;&lt;!-- talk --&gt;"
    assert known.text.replace('value="ann"', f'value="{shown}"') == unknown.text
    messages = [record.getMessage() for record in caplog.records]
    assert [message.rsplit(" ", 1)[0] for message in messages] == [
        "log-in as 'ann' refused from",
        "log-in as an unknown name refused from",
    ]
    assert "set-cookie" not in {name for name in known.headers if LOGIN in known.headers[name]}


@pytest.mark.parametrize("name", ["ann", "nobody"])
def test_attempts_are_limited_alike_for_known_and_unknown_names(browser: httpx.Client, name: str) -> None:
    responses = [browser.post("/login", data={"name": name, "password": "x"}) for _ in range(TRIES_AT_A_NAME + 1)]
    assert [response.status_code for response in responses] == [*([401] * TRIES_AT_A_NAME), 429]
    assert re.search(r"Too many attempts\. Try again in \d+ seconds?\.", responses[-1].text)
    assert browser.post("/login", data=RIGHT | {"name": name}).status_code == 429
    if name == "ann":  # nobody can lock out someone else from another address
        again = browser.post("/login", data=RIGHT, headers={"x-forwarded-for": "10.0.2.2"})
        assert again.status_code == 303


def test_attempts_from_one_address_are_limited_over_all_names(browser: httpx.Client) -> None:
    def status(number: int) -> int:
        return browser.post("/login", data={"name": f"n{number}", "password": ""}).status_code

    assert {status(number) for number in range(TRIES)} == {401}
    assert 429 in {status(number) for number in range(TRIES)}  # some attempts become free again meanwhile


@pytest.mark.parametrize(
    ("names", "most"),
    [pytest.param(1, TRIES_AT_A_NAME_IN_ALL, id="one name"), pytest.param(1000, TRIES_IN_ALL, id="all")],
)
def test_attempts_from_many_addresses_are_limited_together(accounts: Accounts, names: int, most: int) -> None:
    async def scene() -> None:
        with closing(Entrance(accounts)) as entrance:
            entrance._limits = Limits(clock=lambda: 0.0)
            for n in range(most):
                with pytest.raises(LoginRefused, match=WRONG):
                    await entrance.log_in(f"name{n % names}", "x", f"10.1.{n // 250}.{n % 250}")
            with pytest.raises(LoginRefused, match="Too many attempts"):
                await entrance.log_in("name0", "x", "10.2.0.0")

    asyncio.run(scene())


def test_a_form_that_is_too_long_is_refused(browser: httpx.Client) -> None:
    assert browser.post("/login", data=RIGHT | {"name": "x" * 5000}).status_code == 413


# -- other names, other sites


@pytest.mark.parametrize(
    ("host", "status"),
    [
        *(("127.0.0.1", 200), ("127.0.0.1:1", 200), ("[::1]:7860", 200), ("Papers.Example:443", 200)),
        *(("elsewhere.example", 421), ("127.0.0.1.elsewhere.example", 421), ("elsewhere.example:7860", 421), ("", 421)),
    ],
)
def test_a_foreign_host_name_is_refused(browser: httpx.Client, host: str, status: int) -> None:
    assert browser.get("/login", headers={"host": host}).status_code == status


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("path", ["/login", "/logout", "/gradio_api/queue/join"])
def test_requests_from_other_sites_are_refused(browser: httpx.Client, site: str, path: str) -> None:
    assert browser.post(path, data=RIGHT, headers={"sec-fetch-site": site}).status_code == 403


# -- what each may


def test_questions_a_minute_are_limited_for_each_user(served: Served) -> None:
    async def scene() -> list[str]:
        visitor = await Visitor.arrive(served.url, RIGHT)
        outputs = [str(await visitor.does("question", "submit", ["What is PearRank?", None])) for _ in range(2)]
        await visitor.leave()
        return outputs

    first, second = asyncio.run(scene())
    assert "weak labels" in first
    assert re.search(r"You have reached the limit of 1 question a minute. Ask again in \d+ seconds?\.", second)
