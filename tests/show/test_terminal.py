"""What commands write to a terminal or a pipe."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.chain import Event
from assistant.core.records import (
    Answer,
    Citation,
    Claim,
    Decline,
    Hit,
    Paper,
    Passage,
    Reject,
    Rejection,
)
from assistant.core.signals import PaperSignals
from assistant.core.text import clean
from assistant.show.terminal import Screen

PEAR = Passage("1" * 16, "[red]Pears[/red] \x1b[31mand :smile:", "Pears fall. They fall far.", 0)
PLUM = Passage("2" * 16, "Plums", "Plums stay.", 0)
ANSWER = Answer(
    question="why?",
    query="why do pears fall?",
    claims=(
        Claim("Plums stay.", (Citation(PLUM, "Plums stay.", 1.0, "quoted"),)),
        Claim(
            "Pears fall, far.",
            (Citation(PEAR, "Pears fall.", 0.81, "checked"), Citation(PEAR, "They fall far.", 1.0, "quoted")),
        ),
    ),
    rejections=(Rejection("Pears fly.", "2", "the abstract does not say so"),),
    hits=(Hit(Paper("Plums", "Plums stay."), PLUM, 1.234, 0.5, {"bm25": 1, "cosine": None}, PaperSignals(bm25=2)),),
    written_by="extractive",
    timings={"retrieval": 0.0021},
)


def test_what_an_answer_leaves_out_is_under_its_papers(capsys: pytest.CaptureFixture[str]) -> None:
    fig = Passage("3" * 16, "Figs", "Figs ask.", 0)
    more = (
        Claim("[…] plums wait.", (Citation(PLUM, "Plums wait.", 1.0, "quoted"),)),
        Claim("Figs ask.", (Citation(fig, "Figs ask.", 1.0, "quoted"),), "Figs"),
    )
    Screen().more(replace(ANSWER, more=more))
    assert capsys.readouterr().out == (
        "More from [1] Plums\n  […] plums wait.\nThese papers may fit as well:\n- Figs: Figs ask.\n"
    )
    Screen().more(ANSWER)
    assert capsys.readouterr().out == "The answer leaves nothing out.\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param(
            "γ-MoD, Ragnarök, $VILA^2$, 検索\tand\nmore", "γ-MoD, Ragnarök, $VILA^2$, 検索\tand\nmore", id="text"
        ),
        pytest.param("a\x1b[1;31mb\x1b[0mc", "abc", id="colour"),
        pytest.param("a\x1b[2Jb\x9b2Jc", "abc", id="clear screen"),
        pytest.param("a\x1b]0;title\x07b\x1b]8;;https://e.x\x1b\\c", "abc", id="title and link"),
        pytest.param("a\x1b]0;never ended", "a0;never ended", id="unended string"),
        pytest.param("a\x1bcb\x1b(0c", "abc", id="reset"),
        pytest.param("a\rb\x08c\x00d\x7fe\x85f", "abcdef", id="control characters"),
        pytest.param("a\u202eb\u2066c", "abc", id="direction"),
        pytest.param("a\ud800b", "ab", id="half a surrogate pair"),
    ],
)
def test_clean_removes_control_characters_only(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_a_piped_answer_is_plain_unbroken_lines(capsys: pytest.CaptureFixture[str]) -> None:
    Screen().answer(ANSWER, quotes=True)
    assert capsys.readouterr().out == (
        "Read as: why do pears fall?\n"
        "Plums stay. [1] Pears fall, far. [2]\n"
        "\n"
        "[1] Plums\n"
        "    “Plums stay.”\n"
        "[2] [red]Pears[/red] and :smile:\n"
        "    “Pears fall.” (checked, support 0.81)\n"
        "    “They fall far.”\n"
    )


def test_a_long_piped_line_is_not_broken(capsys: pytest.CaptureFixture[str]) -> None:
    Screen().line("word " * 99 + "word")
    assert capsys.readouterr().out == "word " * 99 + "word\n"


def test_a_terminal_gets_short_lines_and_colour(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.delenv("NO_COLOR", raising=False)
    Screen().line("one two three four five six seven [1]", first="- ", rest="  ")
    printed = capsys.readouterr().out
    assert "\x1b[" in printed
    assert clean(printed) == "- one two three four five six\n  seven [1]\n"


def test_commands_that_a_reply_names_are_bold_on_a_terminal_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reply = Answer("q", "q", message="Use `assistant ingest FILE`.")
    Screen().answer(reply, quotes=True)
    assert capsys.readouterr().out == "Use `assistant ingest FILE`.\n"
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    Screen().answer(reply, quotes=True)
    assert "Use \x1b[1massistant ingest FILE\x1b[0m." in capsys.readouterr().out


def test_no_color_is_respected(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    Screen().line("See [1].")
    assert capsys.readouterr().out == "See [1].\n"


def test_a_decline_lists_the_nearest_papers(capsys: pytest.CaptureFixture[str]) -> None:
    Screen().answer(Answer("q", "q", declined=Decline("absent", "Nothing here.", ("Plums",))), quotes=True)
    assert capsys.readouterr().out == "Nothing here.\n\nNearest papers:\n- Plums\n"


def test_why_says_who_read_the_question_if_a_language_model_had_a_part(capsys: pytest.CaptureFixture[str]) -> None:
    for read_by in ("qwen", ""):
        Screen().why(replace(ANSWER, usage={"calls": 2}, read_by=read_by))
    read = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Kind")]
    assert read == [f"Kind of question: fact. Read by: {name}. Written by: extractive." for name in ("qwen", "rules")]


def test_why_explains_how_the_answer_came_about(capsys: pytest.CaptureFixture[str]) -> None:
    Screen().why(ANSWER)
    assert capsys.readouterr().out.splitlines() == [
        "Searched: why do pears fall?",
        "Kind of question: fact. Written by: extractive.",
        "Papers found: 1.",
        "  1. Plums",
        "     relevance 0.50; score 1.23; rank 1 by bm25; coverage 0.00, focus_coverage 0.00, title 0.00, maxsim 0.00, "
        "weakest 0.00, pair 0.00, named 0.00, bm25 2.00, cosine 0.00, bridge 0.00, weighted 0.00, company 0.00",
        "Sentences rejected: 1.",
        "- Pears fly. (mark 2): the abstract does not say so",
        "Time: retrieval 2.1 ms.",
    ]


def test_rejects_are_listed_with_file_line_reason_and_beginning(capsys: pytest.CaptureFixture[str]) -> None:
    Screen().rejects([Reject("a.txt", 3, "is no title", "x" * 80), Reject("b.txt", 0, "the file is empty")])
    assert capsys.readouterr().out == f"  a.txt:3: is no title ({'x' * 60}...)\n  b.txt: the file is empty\n"


@pytest.mark.parametrize("terminal", [False, True], ids=["piped", "terminal"])
def test_following_returns_the_answer_and_leaves_nothing_behind(
    terminal: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")
    claim = ANSWER.claims[0]
    events = [Event("searching 2 papers"), Event("answering", claim=claim), Event("answered", answer=ANSWER)]
    assert Screen().follow(iter(events)) is ANSWER
    printed = capsys.readouterr().out
    assert printed.endswith("\x1b[2K") if terminal else printed == ""


def test_progress_is_drawn_on_a_terminal_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Screen(stderr=True).progress() as report:
        assert report is None
    monkeypatch.setenv("FORCE_COLOR", "1")
    with Screen(stderr=True).progress() as report:
        assert report is not None
        report("embedding", 0, 4)
        report("embedding", 4, 4)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Embedding" in printed.err
    assert "4/4" in printed.err
