"""Links to answers: made on a click, unguessable, shown as the answer was, withdrawn by who made them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from assistant.core.records import Paper
from assistant.doors import web
from assistant.doors.web.entrance import LOGIN, Entrance
from assistant.doors.web.sessions import COOKIE
from assistant.people.accounts import Accounts
from assistant.people.conversations import Conversations

from ..pages import OFTEN, Served, Visitor, serving
from ..papers import PAIRS

PEAR, ABSTRACT = PAIRS[0]
PASSWORD = "a battery of horses"


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "home", PAIRS) as served:
        yield served


def asked(page: Served, question: str = "What is PearRank?") -> tuple[str, str]:
    """The cookie of a browser that asked a question, and the name of its conversation."""

    async def scene() -> str:
        visitor = await Visitor.arrive(page.url)
        shown = str(await visitor.does("question", "submit", [question, None]))
        assert 'data-do="link"' in shown.replace("\\", "")
        cookie = visitor._client.cookies[COOKIE]
        await visitor.leave()
        return cookie

    cookie = asyncio.run(scene())
    with closing(Conversations(page.assistant.status().home)) as kept:
        return cookie, kept.listed(Entrance(None).owner({COOKIE: cookie}))[0].id


def shared(page: Served, cookie: str, talk: str, turn: int = 1, *, site: str = "same-origin") -> httpx.Response:
    params = {"talk": talk, "turn": str(turn)}
    return httpx.post(f"{page.url}/answer", params=params, cookies={COOKIE: cookie}, headers={"sec-fetch-site": site})


def seen(page: Served, link: str, cookie: str = "") -> httpx.Response:
    return httpx.get(f"{page.url}{link}", cookies={COOKIE: cookie} if cookie else {})


def test_a_link_shows_a_stranger_the_answer_as_it_was(page: Served) -> None:
    cookie, talk = asked(page)
    made = shared(page, cookie, talk)
    link = made.text
    assert made.status_code == 201
    assert re.fullmatch(r"/answer/[\w-]{32}", link)
    assert shared(page, cookie, talk).text == link
    response = seen(page, link)
    assert response.status_code == 200
    assert '<h1 dir="auto">What is PearRank?</h1>' in response.text
    assert "ranker that learns from weak labels alone" in response.text
    assert 'href="#card-1-1"' in response.text
    assert 'id="card-1-1"' in response.text
    assert "<mark>" in response.text
    assert re.search(r"Asked on \d{1,2} \w+ \d{4}, \d\d:\d\d UTC", response.text)
    assert "have changed" not in response.text
    assert "Withdraw" not in response.text
    assert "<script" not in response.text
    assert talk not in response.text
    assert response.headers["x-robots-tag"] == "noindex, nofollow"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["referrer-policy"] == "same-origin"
    assert "default-src 'none'" in response.headers["content-security-policy"]


def test_only_its_maker_can_make_and_withdraw_it(page: Served) -> None:
    cookie, talk = asked(page)
    other, _ = asked(page, "What is Ragnarök?")
    assert shared(page, other, talk).status_code == 404
    assert shared(page, cookie, talk, 2).status_code == 404
    assert shared(page, cookie, talk, site="cross-site").status_code == 403
    link = shared(page, cookie, talk).text
    assert f'action="{link}/withdraw"' in seen(page, link, cookie).text
    assert "Withdraw" not in seen(page, link, other).text
    assert httpx.post(f"{page.url}{link}/withdraw", cookies={COOKIE: other}).status_code == 404
    assert seen(page, link).status_code == 200
    withdrawn = httpx.post(f"{page.url}{link}/withdraw", cookies={COOKIE: cookie})
    assert (withdrawn.status_code, withdrawn.headers["location"]) == (303, link)
    gone, never = seen(page, link), seen(page, f"/answer/{'x' * 32}")
    assert (gone.status_code, gone.text) == (never.status_code, never.text)
    assert gone.status_code == 404
    assert "Its link may have been withdrawn." in gone.text


def test_the_answer_stays_when_its_papers_change_and_says_so(page: Served) -> None:
    cookie, talk = asked(page)
    link = shared(page, cookie, talk).text
    paper = page.assistant.paper(PEAR)
    page.assistant._holdings.library.put([Paper(PEAR, "It is about apples now.", sources=paper.sources)])
    edited = seen(page, link).text
    assert "The papers have changed since: 1 paper edited." in edited
    assert "ranker that learns from weak labels alone" in edited
    page.assistant.remove(PEAR)
    removed = seen(page, link).text
    assert "The papers have changed since: 1 paper removed." in removed
    assert "ranker that learns from weak labels alone" in removed


def test_a_link_goes_with_its_conversation_and_stays_when_the_answer_is_replaced(page: Served) -> None:
    cookie, talk = asked(page)
    link = shared(page, cookie, talk).text
    owner = Entrance(None).owner({COOKIE: cookie})
    with closing(Conversations(page.assistant.status().home)) as kept:
        kept.append(owner, talk, kept.turns(owner, talk)[0].turn, instead=True)
        assert seen(page, link).status_code == 200
        again = shared(page, cookie, talk).text
        assert again != link
        kept.delete(owner, talk)
    assert [seen(page, one).status_code for one in (link, again)] == [404, 404]


def test_a_question_is_shown_as_text(page: Served) -> None:
    cookie, talk = asked(page, "What is PearRank? <img src=x onerror=hit()>")
    text = seen(page, shared(page, cookie, talk).text).text
    assert "<img" not in text
    assert "&lt;img src=x onerror=hit()&gt;" in text


def test_a_decline_can_be_linked_too(page: Served) -> None:
    cookie, talk = asked(page, "Who won the chess tournament in Reykjavik?")
    response = seen(page, shared(page, cookie, talk).text)
    assert response.status_code == 200
    assert 'class="declined"' in response.text


@pytest.mark.parametrize("link", ["x", "x" * 33, "../x", "%00", "x" * 5000])
def test_what_is_no_link_is_not_found(page: Served, link: str) -> None:
    assert httpx.get(f"{page.url}/answer/{link}").status_code == 404


def test_with_a_log_in_only_users_see_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.people.accounts.COST", (2, 8, 1))
    home = tmp_path / "home"
    with closing(Accounts(home)) as accounts:
        for name in ("ann", "bob"):
            accounts.add_user(name, PASSWORD)

    async def scene(url: str) -> tuple[str, list[httpx.Response]]:
        ann, bob = [await Visitor.arrive(url, {"name": name, "password": PASSWORD}) for name in ("ann", "bob")]
        await ann.does("question", "submit", ["What is PearRank?", None])
        with closing(Accounts(home)) as accounts, closing(Conversations(home)) as kept:
            user = accounts.logged_in(ann._client.cookies[LOGIN])
            assert user
            talk = kept.listed(user.owner)[0].id
        link = (await ann._client.post("/answer", params={"talk": talk, "turn": 1})).text
        async with httpx.AsyncClient(base_url=url) as stranger:
            responses = [
                await ann._client.get(link),
                await bob._client.get(link),
                await stranger.get(link),
                await stranger.post(f"{link}/withdraw"),
                await stranger.post("/login", data={"name": "bob", "password": PASSWORD, "talk": link[1:]}),
                await stranger.post("/login", data={"name": "bob", "password": PASSWORD, "talk": "/elsewhere.example"}),
            ]
        for visitor in (ann, bob):
            await visitor.leave()
        return link, responses

    with serving(home, PAIRS, web.Rules(login=True, per_minute=OFTEN.per_minute)) as page:
        link, (ann, bob, stranger, withdrawing, back, elsewhere) = asyncio.run(scene(page.url))
    assert "Withdraw the link" in ann.text
    assert bob.status_code == 200
    assert "Withdraw" not in bob.text
    assert (stranger.status_code, stranger.headers["location"]) == (303, f"/login?talk={link[1:].replace('/', '%2F')}")
    assert PEAR not in stranger.text
    assert withdrawing.status_code == 401
    assert back.headers["location"] == link
    assert elsewhere.headers["location"] == "/"
