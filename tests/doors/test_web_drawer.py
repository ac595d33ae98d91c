"""The list of a person's conversations, and the names of their files."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assistant.doors import web
from assistant.people.conversations import KeptConversation

from ..pages import Visitor, serving
from ..papers import PAIRS

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)  # a Sunday


def kept(ago: timedelta, title: str = "Pears", number: int = 0) -> KeptConversation:
    return KeptConversation(f"id{number}", title, NOW - ago, NOW - ago, 2)


def shown(*conversations: KeptConversation, minutes: int = 0, page: int = 50, user: str = "", words: str = "") -> str:
    web._prepare()  # before Gradio is imported
    from assistant.doors.web.drawer import listed

    return listed(conversations, shown=page, now=NOW, minutes=minutes, user=user, words=words)


def days(markup: str) -> list[str]:
    return re.findall(r"<h3>(.*?)</h3>", markup)


def test_conversations_are_listed_by_day() -> None:
    ages = (0, 1, 20, 30, 24 * 5, 24 * 20, 24 * 80)
    markup = shown(*(kept(timedelta(hours=hours)) for hours in ages))
    assert days(markup) == ["Today", "Yesterday", "Tuesday, 24 February", "9 February", "11 December 2025"]
    assert markup.count("<li") == len(ages)


def test_days_follow_the_time_zone_of_the_reader() -> None:
    one = kept(timedelta(hours=11))  # at one in the morning, UTC
    assert days(shown(one)) == ["Today"]
    assert days(shown(one, minutes=-120)) == ["Yesterday"]
    assert days(shown(kept(timedelta(hours=13)), minutes=120)) == ["Today"]
    assert days(shown(one, minutes=10**6)) == days(shown(one, minutes=14 * 60))  # no time zone is so far from UTC


def test_a_long_list_can_be_extended() -> None:
    many = [kept(timedelta(), number=number) for number in range(4)]
    markup = shown(*many, page=3)
    assert markup.count("<li") == 3
    assert 'data-shown="53"' in markup
    assert "data-shown" not in shown(*many, page=4)


def test_titles_and_user_names_are_escaped() -> None:
    markup = shown(kept(timedelta(), "<img src=x onerror=a()>\"'"), user="<b>ann")
    assert "<img" not in markup
    assert "<b>&lt;b&gt;ann</b>" in markup
    assert 'value="&lt;img src=x onerror=a()&gt;&#34;&#39;"' in markup


def test_an_empty_list_says_what_it_will_show() -> None:
    assert "Your conversations are saved here. Nobody else can see them." in shown()


def test_a_search_is_offered_where_there_is_something_to_search() -> None:
    assert "search" not in shown()
    assert 'type="search" value=""' in shown(kept(timedelta()))
    nothing = shown(words='"><b>pears')
    assert 'value="&#34;&gt;&lt;b&gt;pears"' in nothing
    assert "No conversation has these words." in nothing


def test_the_list_is_filtered_on_the_server(tmp_path: Path) -> None:
    async def scene(url: str) -> list[str]:
        visitor = await Visitor.arrive(url)
        for question in ("What is PearRank?", "What is ZorbNet?"):
            await visitor.does("question", "submit", [question, None])
            await visitor.does("current", "clear", [None])
        about = {"minutes": 0, "shown": 0}
        lists = [
            str(await visitor.does("drawer", "apply", [], about | {"words": words}))
            for words in ("", "pearrank", "zorbnet pearrank")
        ]
        await visitor.leave()
        return lists

    with serving(tmp_path / "home", PAIRS) as page:
        every, one, none = asyncio.run(scene(page.url))
    assert [markup.count("<li") for markup in (every, one, none)] == [2, 1, 0]
    assert "What is PearRank?" in one


@pytest.mark.parametrize(
    ("title", "name"),
    [
        (
            "Which papers pre-train retrievers with a masked auto-encoder?",
            "pre-train-retrievers-masked-auto-encoder",
        ),
        ("State-of-the-art γ-MoD for R^2AG, 3D/4D", "State-of-the-art-MoD-R-2AG-3D-4D"),
        ("Ragnarök/../\u202e“x”; \r\nb=c", "x-b-c"),
        ("Что это?", ""),
    ],
)
def test_a_file_is_named_after_the_plain_words_of_the_title(title: str, name: str) -> None:
    web._prepare()
    from assistant.doors.web.drawer import _file_name

    assert _file_name(kept(timedelta(), title)) == "-".join(filter(None, [name, "2026-03-01"]))
