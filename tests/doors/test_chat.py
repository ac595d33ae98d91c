"""The conversation at the terminal."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.chain import Assistant, Event
from assistant.core.errors import LibraryError, StoreError
from assistant.doors.cli.chat import COMMANDS, SAMPLE_QUESTIONS, TerminalChat
from assistant.show.terminal import Screen

from ..doubles import HashEmbedder


@pytest.fixture
def assistant(home: Path, embedder: HashEmbedder, listing: Callable[..., Path]) -> Iterator[Assistant]:
    with Assistant.open(home, embedder=embedder) as opened:
        opened.ingest(listing())
        yield opened


@pytest.fixture
def typed(
    assistant: Assistant, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., list[str]]:
    """`typed(*lines)` types lines into a conversation and returns the lines printed after the greeting."""

    def run(*lines: str) -> list[str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        TerminalChat(assistant, Screen()).run()
        greeting, *printed = [line for line in capsys.readouterr().out.splitlines() if line]
        assert greeting == "8 papers. Ask a question, or type /help."
        return printed

    return run


def test_the_end_of_the_input_ends_it(typed: Callable[..., list[str]]) -> None:
    assert typed() == []


def test_quit_ends_it_whatever_follows(typed: Callable[..., list[str]]) -> None:
    assert typed("", "  /quit ", "/help") == []


def test_an_answer_lists_its_sources_and_quotes_them_on_demand(typed: Callable[..., list[str]]) -> None:
    printed = typed("What is PearRank?", "/sources", "/quit")
    title = "[1] PearRank: Ranking Orchards by Weak Supervision"
    assert printed.count(title) == 2
    first, second = (n for n, line in enumerate(printed) if line == title)
    assert not any(line.startswith("    “") for line in printed[:second])
    assert printed[second + 1].startswith("    “")
    assert first > 0


def test_the_papers_cited_so_far_are_listed_in_a_style(typed: Callable[..., list[str]]) -> None:
    assert typed("/references") == ["No paper has been cited yet."]
    printed = typed("What is PearRank?", "What is Ragnarök?", "/references ieee", "/references", "/references x")
    assert printed[-5].startswith("[1] “PearRank: Ranking Orchards by Weak Supervision.”")
    assert printed[-4].startswith("[2] “Ragnarök: A Sandbox for Retrieval Storms.”")
    assert printed[-3] == "PearRank: Ranking Orchards by Weak Supervision. (n.d.)."
    assert printed[-1].startswith("There is no form 'x'. There are: apa, ")


def test_why_explains_the_last_answer(typed: Callable[..., list[str]]) -> None:
    assert "Searched: What is PearRank?" in typed("What is PearRank?", "/why")


def test_new_starts_without_earlier_turns(
    typed: Callable[..., list[str]], assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    stream = assistant.stream
    monkeypatch.setattr(
        assistant,
        "stream",
        lambda question, turns, papers, where: seen.append(len(turns)) or stream(question, turns, papers=papers),
    )
    printed = typed("What is PearRank?", "What is Ragnarök?", "/new", "/why", "What is γ-MoD?")
    assert seen == [0, 1, 0]
    assert "A new conversation begins." in printed
    assert "You have not asked anything yet." in printed


def test_help_lists_every_command(typed: Callable[..., list[str]]) -> None:
    printed = typed("/help")
    assert [line.split()[0] for line in printed[1:]] == list(COMMANDS)


def test_an_unknown_command_lists_the_known_ones(typed: Callable[..., list[str]]) -> None:
    known = "/sources, /more, /why, /references, /new, /help, /quit"
    assert typed("/nope") == [f"There is no command /nope. The commands are: {known}."]


def test_an_error_does_not_end_it(
    typed: Callable[..., list[str]], assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(question: str, turns: object, papers: object, where: object) -> Iterator[Event]:
        raise StoreError("The store is away.")
        yield

    monkeypatch.setattr(assistant, "stream", fail)
    assert typed("why?", "!?", "/sources") == [
        "The store is away.",
        "The store is away.",
        "You have not asked anything yet.",
    ]


def test_ctrl_c_stops_the_answer_but_not_the_conversation(
    typed: Callable[..., list[str]], assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(question: str, turns: object, papers: object, where: object) -> Iterator[Event]:
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(assistant, "stream", stop)
    assert typed("why?", "/why") == [
        "Stopped. This question is not part of the conversation.",
        "You have not asked anything yet.",
    ]


def test_there_is_a_prompt_at_a_terminal(
    assistant: Assistant, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts, lines = [], iter(["/nope", ""])

    def answer(prompt: str) -> str:
        prompts.append(prompt)
        try:
            return next(lines)
        except StopIteration:
            raise EOFError from None

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", answer)
    TerminalChat(assistant, Screen()).run()
    assert prompts == ["> "] * 3
    assert capsys.readouterr().out.endswith("/quit.\n\n\n\n")


def test_without_papers_it_says_how_to_get_some(home: Path, embedder: HashEmbedder) -> None:
    with (
        Assistant.open(home, embedder=embedder) as empty,
        pytest.raises(LibraryError, match=r"assistant ingest PATH\.\.\. .*assistant chat --sample"),
    ):
        TerminalChat(empty, Screen()).run()


def test_the_questions_suggested_for_the_sample_are_answered(
    sample_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with Assistant.open(sample_home) as assistant:
        TerminalChat(assistant, Screen()).run()
        answers = [assistant.ask(question) for question in SAMPLE_QUESTIONS]
    printed = capsys.readouterr().out.splitlines()
    assert printed == [
        "120 papers. Ask a question, or type /help.",
        "For example:",
        *(f"  {q}" for q in SAMPLE_QUESTIONS),
    ]
    assert all(answer.answered for answer in answers)
    assert (
        "Challenging Decoder helps in Masked Auto-Encoder Pre-training for Dense Passage Retrieval" in answers[0].titles
    )
    assert answers[1].titles == ("VILA: On Pre-training for Visual Language Models",)
    assert answers[2].titles == ("Stretching Each Dollar: Diffusion Training from Scratch on a Micro-Budget",)
