"""The tab "Papers" names the followed sources, and tells each visitor what is new on their own questions."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from assistant.core.records import Ingested, Paper
from assistant.doors.web import sources
from assistant.library.following import Followed
from assistant.service.news import News, OnTopic

from ..pages import Served, Visitor, serving
from ..papers import PAIRS

QUESTION = "Which papers rank figs in fog by weak supervision?"
FIGS = Paper(
    "FigRank: Ranking Figs in Fog by Weak Supervision",
    "We rank figs in fog by weak supervision. The ranker learns from the fog alone.",
)


def text(markup: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", str(markup)).split())


def source(**values: Any) -> Followed:
    return Followed(**{"name": "kites", "kind": "arxiv", "target": "abs:kites"} | values)


def test_a_source_is_shown_with_its_last_sync() -> None:
    at = datetime(2026, 1, 5, 6, 15, tzinfo=UTC)
    one = source(synced=at, brought=Ingested(12, 3, 1), remark="50 papers match; the newest 12 were taken.")
    shown = text(sources.shown([one], News(tuple("abc"))))
    assert shown == (
        "3 new papers this week. 1 followed source kites arxiv abs:kites "
        "Synced 2026-01-05 06:15 UTC: 12 added, 3 updated. 50 papers match; the newest 12 were taken."
    )
    assert text(sources.shown([source()], News())) == (
        "No new papers this week. 1 followed source kites arxiv abs:kites Not synced yet."
    )


def test_a_fault_is_shown_in_words() -> None:
    shown = text(sources.shown([source(fault="arXiv cannot be reached, 4 times in a row."), source()], News()))
    assert "2 followed sources, 1 with a fault" in shown
    assert "arXiv cannot be reached, 4 times in a row." in shown


def test_neither_folders_nor_secrets_are_shown() -> None:
    shown = sources.shown(
        [
            source(kind="folder", target="/home/ivy/secret/papers"),
            source(kind="feed", target="https://a:b@x.example/f?key=k"),
        ],
        News(),
    )
    assert "folder papers" in text(shown)
    assert "feed https://x.example/f " in text(shown)
    assert {word in shown for word in ("secret", "ivy", "a:b", "key=")} == {False}


def test_new_papers_are_under_the_question_that_they_are_on() -> None:
    shown = sources.shown([source()], News(("a", "b"), 1, (OnTopic(QUESTION, (FIGS,)),)))
    assert text(shown).startswith(f"2 new papers, 1 on what you asked last week: {QUESTION} {FIGS.title} 1 followed")
    assert f'data-paper="{FIGS.id}"' in shown


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>\"'&", '" onclick="alert(1)" x="', "</summary><iframe>"])
def test_texts_are_escaped(hostile: str) -> None:
    one = source(name=hostile, target=hostile, fault=hostile, remark=hostile, synced=datetime.now(UTC))
    shown = sources.shown([one], News(("a",), 1, (OnTopic(hostile, (Paper(hostile, "x"),)),)))
    assert not re.search(r"<(?:script|iframe)|<[^>]* onclick", shown)


# -- served


def followed(page: Served, visitor_asks: bool) -> str:
    async def scene() -> str:
        visitor = await Visitor.arrive(page.url)
        if visitor_asks:
            await visitor.does("question", "submit", [QUESTION, None])
        (shown,) = await visitor.does("search", "apply", [], {"revision": ""}, afterwards=True)
        await visitor.leave()
        return text(shown)

    return asyncio.run(scene())


def test_each_visitor_is_told_what_is_new_on_their_own_questions(tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "new.json").write_text(json.dumps({"title": FIGS.title, "abstract": FIGS.abstract}))
    with serving(tmp_path / "home", PAIRS) as page:
        assert followed(page, visitor_asks=True) == ""
        page.assistant.follow("folder", str(folder))
        assert followed(page, visitor_asks=False).startswith("No new papers this week. 1 followed source folder-papers")
        page.assistant.sync()
        mine, theirs = followed(page, visitor_asks=True), followed(page, visitor_asks=False)
    assert mine.startswith(f"1 new paper, 1 on what you asked last week: {QUESTION} {FIGS.title} 1 followed source")
    assert theirs.startswith("1 new paper this week. 1 followed source")
