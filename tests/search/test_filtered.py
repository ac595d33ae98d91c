"""Questions under a filter: what is searched, listed and declined."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.chain import Assistant
from assistant.core.filters import ALL, Filter
from assistant.core.records import Answer, Paper
from assistant.core.settings import Settings
from assistant.search import retrieval

from ..doubles import HashEmbedder
from ..papers import PAIRS

TOPICS = ("orchards", "lanterns", "storms", "villas", "umbrellas", "ledgers", "kites", "shovels")
PAPERS = [
    Paper(
        title,
        f"{abstract} Its garden was planted in {1990 + number}." if number == 3 else f"{abstract} It has a garden.",
        sources=("lib.bib",),
        authors=("Ivy Moss", "Ash Reed") if number % 2 else ("Ash Reed",),
        year=2017 + number,
        venue="ACL" if number < 4 else "Nature",
    )
    for number, (title, abstract) in enumerate(PAIRS)
]
MOSS = [paper.title for paper in PAPERS[1::2]]


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    alone = Settings(home=tmp_path_factory.mktemp("filtered"), reader="none")
    with Assistant.open(settings=alone, embedder=HashEmbedder()) as assistant:
        assistant._holdings.library.put([*PAPERS, Paper("A Bare Title", "", year=2030)])
        yield assistant


def hit_titles(assistant: Assistant, question: str, where: Filter = ALL) -> set[str]:
    return {hit.paper.title for hit in assistant.search(question, where=where)}


@pytest.mark.parametrize(
    ("question", "where", "titles"),
    [
        ("Which papers have a garden?", Filter(authors=("Moss",)), MOSS),
        ("Which papers by Moss have a garden?", ALL, MOSS),
        ("Which papers by Moss have a garden?", Filter(since="2022"), MOSS[2:]),
        ("Which papers not by Moss have a garden?", ALL, [paper.title for paper in PAPERS[::2]]),
        ("Which papers in Nature since 2022 have a garden?", ALL, [paper.title for paper in PAPERS[5:]]),
        ("Which papers have a garden?", Filter(source="lib.bib", until="2018"), [paper.title for paper in PAPERS[:2]]),
    ],
)
def test_only_papers_that_pass_are_searched(
    assistant: Assistant, question: str, where: Filter, titles: list[str]
) -> None:
    assert hit_titles(assistant, question, where) == set(titles)


@pytest.mark.parametrize("few", [0, 100])
def test_papers_far_from_the_question_are_reached(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """However the store is asked, and however few of its first passages are allowed."""
    monkeypatch.setattr(retrieval, "FEW", few)
    monkeypatch.setattr(retrieval, "MARGIN", 0.1)
    monkeypatch.setattr(retrieval, "DEEP", 1)
    best, *_ = assistant.search("Which papers have a garden with kites?", where=Filter(until="2017"))
    assert best.paper == PAPERS[0]
    assert best.ranks["cosine"] == 1


def test_an_answer_says_what_was_searched(assistant: Assistant) -> None:
    answer = assistant.ask("Which papers by Moss have a garden?")
    assert answer.filtered == "4 papers by Moss"
    assert answer.lead.startswith("Searched the 4 papers by Moss. ")
    assert set(answer.titles) <= set(MOSS)
    assert assistant.ask("Which papers have a garden?").filtered == ""


@pytest.mark.parametrize("question", ["papers by Moss", "What has Ivy Moss published?", "How many papers by Moss?"])
def test_without_a_topic_all_that_pass_are_listed_newest_first(assistant: Assistant, question: str) -> None:
    answer = assistant.ask(question)
    assert answer.titles == tuple(reversed(MOSS))
    assert answer.lead == f"Searched the {answer.filtered}."


def test_the_newest_are_listed_if_there_are_many(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.answer.writing.MOST_PAPERS", 3)
    answer = assistant.ask("Which papers are there since 2018?")
    assert answer.titles == tuple(paper.title for paper in reversed(PAPERS[-3:]))
    assert answer.lead == "Searched the 8 papers since 2018. The newest 3:"


def said(answer: Answer) -> tuple[str, str]:
    assert answer.declined is not None
    return answer.declined.kind, answer.declined.message


def test_a_filter_that_no_paper_passes_is_why_there_is_no_answer(assistant: Assistant) -> None:
    for question, words in (
        ("Which papers since 2090 have a garden?", "since 2090"),
        ("Which papers by Moss since 2090 have a garden?", "since 2090, by Moss"),
        ("papers by Moss since 2090", "since 2090, by Moss"),
    ):
        assert said(assistant.ask(question)) == ("absent", f"There are no papers here {words}.")
    backwards = assistant.ask("Which papers have a garden?", where=Filter("2024", "2018"))
    assert said(backwards) == ("absent", "There are no papers here from 2024 to 2018.")
    answer = assistant.ask("Which papers have a garden?", where=Filter(authors=("Nobody",)))
    assert said(answer) == ("absent", "There are no papers here by Nobody.")


def test_an_author_who_is_not_here_is_why_there_is_no_answer(assistant: Assistant) -> None:
    kind, message = said(assistant.ask("Which papers by Quorum have a garden?"))
    assert kind == "absent"
    assert message.startswith("No paper here is by Quorum.")


def test_a_decline_under_a_filter_says_what_was_searched(assistant: Assistant) -> None:
    kind, message = said(assistant.ask("Which papers by Moss study dentistry?"))
    assert kind == "absent"
    assert message.endswith("Only the 4 papers by Moss were looked at.")


def test_a_year_that_an_abstract_has_may_be_the_topic(assistant: Assistant) -> None:
    answer = assistant.ask("Whose garden was planted in 1993?")
    assert (answer.filtered, answer.titles) == ("", (PAPERS[3].title,))


def test_a_named_paper_of_another_year_is_not_filtered_out(assistant: Assistant) -> None:
    answer = assistant.ask("What is PearRank in 2031?")
    assert (answer.filtered, answer.titles[:1]) == ("", (PAPERS[0].title,))


def test_a_conversation_and_a_retriever_take_filters(assistant: Assistant) -> None:
    chat = assistant.conversation()
    assert chat.ask("Which papers have a garden?", where=Filter(authors=("Moss",))).filtered == "4 papers by Moss"
    nodes = assistant.retriever(where=Filter(authors=("Moss",))).retrieve("Which papers have a garden?")
    assert {node.metadata["title"] for node in nodes} == set(MOSS)


# -- topics


def test_papers_about_a_topic_are_left_out_of_lists_and_facts(assistant: Assistant) -> None:
    everything = hit_titles(assistant, "Which papers have a garden?")
    without = hit_titles(assistant, "Which papers have a garden?", Filter(not_about=("kites", "snow")))
    assert everything - without == {PAIRS[6][0], PAIRS[7][0]}
    question = "Does a kite keep a memory of the wind?"
    assert PAIRS[6][0] in hit_titles(assistant, question)
    assert PAIRS[6][0] not in hit_titles(assistant, question, Filter(not_about=("kites",)))


def test_what_was_left_out_is_said_and_what_changes_nothing_too(assistant: Assistant) -> None:
    answer = assistant.ask("Which papers have a garden?", where=Filter(not_about=("kites", "penguins")))
    assert "Papers whose abstracts are about “kites” were left out." in answer.remark
    assert "Nothing had to be left out for “penguins”." in answer.remark
    assert answer.filtered == ""


def test_a_listing_of_papers_leaves_a_topic_out(assistant: Assistant) -> None:
    where = Filter(authors=("Moss",), not_about=("snow",))
    assert {paper.title for paper in assistant.papers(where=where)} == set(MOSS) - {PAIRS[7][0]}


# -- months


@pytest.fixture(scope="module")
def monthly(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    alone = Settings(home=tmp_path_factory.mktemp("monthly"), reader="none")
    dates = ("2021-03-04", "2021-03", "2021-06", "2021", "2022", "2020-12", "", "2023-01")
    papers = [
        Paper(title, f"{abstract} It has a garden.", published=day, year=int(day[:4]) if day else None)
        for (title, abstract), day in zip(PAIRS, dates, strict=True)
    ]
    with Assistant.open(settings=alone, embedder=HashEmbedder()) as assistant:
        assistant._holdings.library.put(papers)
        yield assistant


@pytest.mark.parametrize(
    ("time", "places", "searched"),
    [
        ("from March 2021", [0, 1, 3], "3 papers of 2021-03 (of 1, only the year is known)"),
        ("since June 2021", [2, 3, 4, 7], "4 papers since 2021-06 (of 1, only the year is known)"),
        ("in winter 2022", [4, 7], "2 papers from 2022-12 to 2023-02 (of 1, only the year is known)"),
        ("between 2021 and 2022", [0, 1, 2, 3, 4], "5 papers from 2021 to 2022"),
    ],
)
def test_months_are_a_filter_and_a_year_alone_may_be_of_any(
    monthly: Assistant, time: str, places: list[int], searched: str
) -> None:
    asked, hits = monthly.understood(f"Which papers {time} have a garden?")
    assert asked.filtered == searched
    assert {hit.paper.title for hit in hits} == {PAIRS[place][0] for place in places}


def test_a_month_that_the_paper_itself_names_is_no_filter(monthly: Assistant) -> None:
    title = "Kites of a Storm"
    monthly._holdings.library.put([Paper(title, "Zephyrs tore nine kites in March 2019 at the lighthouse.", year=2020)])
    asked, hits = monthly.understood("Which zephyrs tore nine kites in March 2019 at the lighthouse?")
    assert (asked.where, hits[0].paper.title) == ((), title)


def test_a_month_that_only_a_paper_on_something_else_names_is_a_filter(monthly: Assistant) -> None:
    title = "Kites of a Storm"
    monthly._holdings.library.put([Paper(title, "Zephyrs tore nine kites in March 2019 at the lighthouse.", year=2020)])
    asked, _ = monthly.understood("What do glaciers, penguins and volcanoes have in common in March 2019?")
    assert asked.filtered.endswith("of 2019-03")


def test_a_time_is_declined_in_words_where_no_paper_has_a_date(tmp_path: Path) -> None:
    with Assistant.open(settings=Settings(home=tmp_path / "home", reader="none"), embedder=HashEmbedder()) as undated:
        undated._holdings.library.put([Paper(title, abstract) for title, abstract in PAIRS])
        answer = undated.ask("Which papers from March 2021 are about orchards?")
    assert answer.text == "No paper here has a date, so I cannot tell which of them are “from March 2021”."
