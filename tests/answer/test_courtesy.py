"""courtesy: small talk and questions about the library get a reply; all other questions are searched for."""

from __future__ import annotations

import pytest

from assistant.answer.courtesy import courtesy

LISTINGS = {"a.txt": "Mar 12", "b.txt": "Mar 11", "c.txt": "", "d.txt": "Feb 28"}


def reply(question: str, papers: int = 1828, listings: dict[str, str] = LISTINGS) -> str:
    decline = courtesy(question, papers, listings)
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
        (("Who are you?", "what can you do", "help", "Can you help me?", "how are you"), "I answer questions about "),
        (
            (
                *("how many papers do you have", "How many papers are in the library?", "how many papers are there?"),
                *("Which papers do you have?", "what\u2019s in the library?", "how big is your library"),
            ),
            "The library has 1,828 papers from 4 listings.",
        ),
        (
            ("summarise all papers", "What are the papers about?", "Summarize everything"),
            "An answer draws on a few papers",
        ),
        (("you are stupid", "That's wrong!", "this is really bad", "no"), "Sorry that was no help."),
    ],
)
def test_small_talk_and_questions_about_the_library_get_a_reply(questions: tuple[str, ...], begins: str) -> None:
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
    assert courtesy(question, 1828, LISTINGS) is None


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        ("What is new?", "The newest listing is Mar 12. "),
        ("show me the latest papers", "The newest listing is Mar 12. "),
        ("what is new in March", "The listings from that month are Mar 11, Mar 12. "),
        ("what's new in feb 2025", "The listings from that month are Feb 28. "),
        ("what is new in May", "No listing here has such a date. "),
    ],
)
def test_new_papers_are_found_by_the_dates_of_the_listings(question: str, begins: str) -> None:
    assert reply(question).startswith(begins)


def test_without_dated_listings_nothing_is_new() -> None:
    assert reply("what is new", 3, {"a.txt": ""}).startswith("No listing here has such a date.")


@pytest.mark.parametrize("question", ["Which papers are there?", "what is new", "What are the papers about?"])
def test_with_chosen_papers_a_question_about_all_papers_is_searched_for(question: str) -> None:
    assert reply(question)
    assert courtesy(question, 1828, LISTINGS, chosen=True) is None
    assert courtesy("hello", 1828, LISTINGS, chosen=True) == courtesy("hello", 1828, LISTINGS)


def test_a_very_long_greeting_gets_no_reply() -> None:
    assert reply("hi " * 16)
    assert not reply("hi " * 17)
    assert not reply("great, thanks that is it " * 200 + "x")


def test_one_paper_is_singular() -> None:
    assert reply("how many papers are there", 1, {"a.txt": ""}).startswith("The library has 1 paper from 1 listing. ")
