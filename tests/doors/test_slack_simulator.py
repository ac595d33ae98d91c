"""slack.simulator: what Slack would show, at a terminal, with nothing kept."""

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
Told = Callable[..., str]


@pytest.fixture
def told(
    home: Path,
    embedder: HashEmbedder,
    listing: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Told]:
    """`told(line, ...)`: all that is shown when these are typed."""
    with Assistant.open(home, embedder=embedder) as opened:
        opened.ingest(listing())

        def run(*lines: str) -> str:
            monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines)))
            slack.simulate(opened, Settings(), Screen())
            return capsys.readouterr().out

        yield run


def test_an_answer_shows_its_papers_and_its_buttons(told: Told) -> None:
    shown = told(QUESTION)
    assert f"\n[1] {PEAR}\n“" in shown
    assert "[ Show evidence ] [ 👍 Helpful ] [ 👎 Not helpful ] [ Ask again ]" in shown


def test_a_thread_keeps_its_context_and_another_has_its_own(told: Told) -> None:
    shown = told(QUESTION, "/thread", "What do kites remember?", "/thread 1", "and what does it gain?")
    before, after = shown.split("In thread 1.")
    assert KITE in before
    assert PEAR in after


def test_a_mention_is_no_part_of_the_question(told: Told) -> None:
    plain = told(QUESTION)
    assert told(f"@papers {QUESTION}") == told(f"@papers: {QUESTION}") == plain
    assert told("@papers hello").splitlines()[1].startswith("Hello. ")


def test_the_buttons_do_what_they_say(told: Told) -> None:
    assert f"Abstract: {PAIRS[0][1]}" in told(QUESTION, "/evidence")
    assert told(QUESTION, "/again").count(f"[1] {PEAR}") == 2
    assert "Thank you for the feedback." in told(QUESTION, "/down")
    assert "There is no answer yet" in told("/up")


def test_the_blocks_can_be_seen_as_slack_gets_them(told: Told) -> None:
    assert '"type": "context"' in told(QUESTION, "/blocks")


def test_an_error_is_said_and_the_conversation_goes_on(told: Told) -> None:
    shown = told("?!", f"/papers {QUESTION}", "/nothing", "/thread 9", "/help", "/quit", "never read")
    assert "The question has no words." in shown
    assert PEAR in shown
    assert "There is no command /nothing." in shown
    assert "The threads are 1 to 1." in shown
    assert all(name in shown for name in COMMANDS)


def test_nothing_is_kept(told: Told, home: Path) -> None:
    told(QUESTION)
    assert not list(home.glob("conversations*"))
    assert not list(home.glob("slack*"))
