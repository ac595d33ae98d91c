"""The page's references: of an answer, a conversation and the papers listed, for those who may see them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from assistant.doors.web.entrance import Entrance
from assistant.doors.web.sessions import COOKIE
from assistant.people.conversations import Conversations

from ..pages import Served, Visitor, serving
from ..papers import PAIRS

PEAR, STORMS = PAIRS[0][0], PAIRS[2][0]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("references") / "home", PAIRS) as served:
        yield served


@pytest.fixture(scope="module")
def visited(page: Served) -> tuple[str, str, str]:
    """The owner's cookie and the name of a conversation of two answers, and what the page shows of the second."""

    async def scene() -> tuple[str, str, str]:
        visitor = await Visitor.arrive(page.url)
        await visitor.does("question", "submit", ["What is PearRank?", None])
        shown = str(await visitor.does("question", "submit", ["What is Ragnarök?", None]))
        cookie = visitor._client.cookies[COOKIE]
        await visitor.leave()
        with closing(Conversations(page.assistant.status().home)) as kept:
            return cookie, kept.listed(Entrance(None).owner({COOKIE: cookie}))[0].id, shown

    return asyncio.run(scene())


def got(page: Served, path: str, cookie: str = "", **more: str) -> httpx.Response:
    return httpx.get(f"{page.url}/references/{path}", params=more, cookies={COOKIE: cookie} if cookie else {})


def test_an_answer_and_a_whole_conversation_are_for_their_owner(page: Served, visited: tuple[str, str, str]) -> None:
    cookie, name, shown = visited
    assert re.search(r'<select data-references=\\?"answer\\?"', shown)
    first = got(page, f"apa/conversation/{name}", cookie, turn="1")
    assert first.text == f"{PEAR}. (n.d.).\n"
    assert first.headers["content-type"] == "text/plain; charset=utf-8"
    assert first.headers["cache-control"] == "no-store"
    assert first.headers["content-disposition"] == 'attachment; filename="references-apa.txt"'
    whole = got(page, f"bibtex/conversation/{name}", cookie)
    assert whole.text.count("@misc{") == 2
    assert whole.headers["content-disposition"].endswith('.bib"')
    for refused in (got(page, f"apa/conversation/{name}"), got(page, f"apa/conversation/{name}", "x" * 43)):
        assert refused.status_code == 404
        assert PEAR not in refused.text
    assert got(page, f"apa/conversation/{name}", cookie, turn="3").text == "This answer is no longer kept."


def test_the_papers_listed_are_those_of_the_form(page: Served) -> None:
    assert got(page, "ieee/papers").text.count("\n") == len(PAIRS)
    assert STORMS in got(page, "apa/papers", words="storms").text
    assert got(page, "apa/papers", author="Nobody").text == ""
    assert got(page, "apa/papers", listing="nowhere.txt").status_code == 404
    assert got(page, "apa/papers", since="soon").text.startswith("'soon' is no date.")
    assert got(page, "harvard/papers").status_code == 422
    assert got(page, "apa/papers", words="x" * 1001).status_code == 422
