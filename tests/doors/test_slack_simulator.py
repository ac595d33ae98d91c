"""slack.simulator: a terminal shows what Slack would show, and keeps nothing."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.chain import Assistant
from assistant.core.settings import Settings
from assistant.doors import slack
from assistant.doors.slack.simulator import COMMANDS
from assistant.show.terminal import Screen

from ..doubles import HashEmbedder
from ..papers import PAIRS

PEAR, KITE = PAIRS[0][0], PAIRS[6][0]
QUESTION = "What does PearRank learn from?"
Typed = Callable[..., str]


@pytest.fixture
def typed(
    home: Path,
    embedder: HashEmbedder,
    listing: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Typed]:
    """`typed(line, ...)`: everything that is shown when these lines are typed."""
    with Assistant.open(home, embedder=embedder) as opened:
        opened.ingest(listing())

        def run(*lines: str) -> str:
            monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines)))
            slack.simulate(opened, Settings(), Screen())
            return capsys.readouterr().out

        yield run


def test_an_answer_shows_its_papers_and_its_buttons(typed: Typed) -> None:
    shown = typed(QUESTION)
    assert f"\n[1] {PEAR}\n“" in shown
    assert "[ Show evidence ] [ More ] [ 👍 Helpful ] [ 👎 Not helpful ] [ Ask again ]" in shown


def test_each_thread_has_its_own_context(typed: Typed) -> None:
    shown = typed(QUESTION, "/thread", "What do kites remember?", "/thread 1", "and what does it gain?")
    before, after = shown.split("In thread 1.")
    assert KITE in before
    assert PEAR in after


def test_a_mention_is_not_part_of_the_question(typed: Typed) -> None:
    plain = typed(QUESTION)
    assert typed(f"@papers {QUESTION}") == typed(f"@papers: {QUESTION}") == plain
    assert typed("@papers hello").splitlines()[1].startswith("Hello. ")


def test_the_buttons_do_what_they_say(typed: Typed) -> None:
    assert f"Abstract: {PAIRS[0][1]}" in typed(QUESTION, "/evidence")
    assert typed(QUESTION, "/again").count(f"[1] {PEAR}") == 2
    assert "Thank you for the feedback." in typed(QUESTION, "/down")
    assert "There is no answer yet" in typed("/up")


def test_the_blocks_can_be_shown_as_json(typed: Typed) -> None:
    assert '"type": "context"' in typed(QUESTION, "/blocks")


def test_the_conversation_continues_after_an_error(typed: Typed) -> None:
    shown = typed("?!", f"/papers {QUESTION}", "/nothing", "/thread 9", "/help", "/quit", "never read")
    assert "The question has no words." in shown
    assert PEAR in shown
    assert "There is no command /nothing." in shown
    assert "The threads are 1 to 1." in shown
    assert all(name in shown for name in COMMANDS)


def test_nothing_is_kept(typed: Typed, home: Path) -> None:
    typed(QUESTION)
    assert not list(home.glob("conversations*"))
    assert not list(home.glob("slack*"))
