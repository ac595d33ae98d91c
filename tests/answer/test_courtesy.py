"""courtesy: small talk gets a reply; all other messages are searched for."""

from __future__ import annotations

import pytest

from assistant.answer.courtesy import courtesy


def reply(question: str, papers: int = 1828) -> str:
    decline = courtesy(question, papers)
    assert decline is None or decline.kind == "off-corpus"
    return decline.message if decline else ""


@pytest.mark.parametrize(
    ("questions", "begins"),
    [
        (
            ("hello", "Hi there!", "good morning", "Hallo", "你好", "test", "Hello everyone, how are you today?"),
            "Hello. I answer questions about 1,828 papers, ",
        ),
        (("thanks", "Thank you, that helps!", "ok, thanks a lot", "Danke", "great", "bye"), "You're welcome."),
        (("Great, thanks for your help!", "thanks, bye", "lol nice", "ok then", "that's it"), "You're welcome."),
        (("how are you", "Nice to meet you!"), "Hello. I answer questions about "),
        (("you are stupid", "That's wrong!", "this is really bad", "no"), "Sorry that was no help."),
    ],
)
def test_small_talk_gets_a_reply(questions: tuple[str, ...], begins: str) -> None:
    assert [reply(question)[: len(begins)] for question in questions] == [begins] * len(questions)


@pytest.mark.parametrize(
    "question",
    [
        *("hello world models", "test-time training", "What is new in Mamba?", "what is new in it?", "thanks to LoRA"),
        *("how many papers are about retrieval?", "Which papers do you have on music?", "help LLMs reason"),
        *("how does it work?", "what does it do?", "what is this about?", "summarise all of them", "and the second?"),
        *("How large is the dataset?", "Summarise all papers on retrieval", "Is this wrong?", "What is VILA?", ""),
        *("Great, which one is faster?", "great papers", "all", "and that one?", "nice work on pears"),
        *("ok, and what about VILA?", "which papers are in the listing of Mar 12?", "no decoder at all?"),
    ],
)
def test_questions_that_may_be_about_papers_are_searched_for(question: str) -> None:
    assert courtesy(question, 1828) is None


def test_a_very_long_greeting_gets_no_reply() -> None:
    assert reply("hi " * 16)
    assert not reply("hi " * 17)
    assert not reply("great, thanks that is it " * 200 + "x")


def test_one_paper_is_singular() -> None:
    assert reply("hello", 1).startswith("Hello. I answer questions about 1 paper, ")
