"""sides: a comparison in, its sides out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.chain import Assistant
from assistant.index.holdings import Holdings
from assistant.library.papers import Library
from assistant.question.sides import compares, of_each, sides

from ..doubles import HashEmbedder
from ..papers import PAIRS, write_listing

PAPERS = ("the paper on pears and apples", "the storm study of Anna")


@pytest.mark.parametrize(
    "question",
    [
        "What is the difference between {} and {}?",
        "Compare {} with {}.",
        "Compare the costs: {} against {}",
        "How does {} differ from {}?",
        "What does {} do differently from {}?",
        "{} vs {}: which is larger?",
        "{} or {}, which one is larger?",
        "{} and {}: which reports the larger gain?",
        "Do {} and {} agree about snow?",
        "How many pears do {} and {} each need?",
        "Is its effect the same for {} as for {}?",
    ],
)
def test_the_sides_of_a_comparison(question: str) -> None:
    assert sides(question.format(*PAPERS)) == PAPERS
    assert compares(question.format(*PAPERS), [])
    assert compares(question.format("PearRank", PAPERS[1]), ["PearRank"])
    assert not compares(question.format("pears", "apples"), [])


@pytest.mark.parametrize(
    "question",
    [
        "What does the paper on pears report?",
        "How does PearRank differ from earlier methods?",
        "Does PearRank work for pears or apples?",
        "How does PearRank compare with the usual baselines?",
        "What is the difference between PearRank and earlier orchard sorting?",
        "Which two tools does PearRank use for pears and snow?",
        "Does PearRank speed up both picking and sorting?",
    ],
)
def test_what_compares_no_two_papers(question: str) -> None:
    assert not compares(question, ["PearRank"])


def test_a_bare_description_is_a_side_where_the_question_surely_compares() -> None:
    assert compares("What is the difference between PearRank and orchard sorting?", ["PearRank"])
    assert not compares("PearRank or orchard sorting, is it cheap?", ["PearRank"])


def test_each_side_without_a_name_is_asked_about_without_the_other() -> None:
    question = "Compare the costs: PearRank against the storm study of Anna"
    assert of_each(question, ["PearRank"]) == ["Compare the costs: against the storm study of Anna"]
    assert of_each(question, []) == [
        "Compare the costs: PearRank against",
        "Compare the costs: against the storm study of Anna",
    ]
    assert of_each("What does PearRank learn?", []) == []


# -- in an answer


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder: Path = tmp_path_factory.mktemp("sides")
    holdings = Holdings(Library(folder / "home"), HashEmbedder())
    holdings.ingest([write_listing(folder / "a.txt", PAIRS)])
    yield Assistant(holdings)
    holdings.close()


def test_a_described_side_is_looked_for_by_itself(assistant: Assistant) -> None:
    asked, hits = assistant.understood("How does PearRank differ from the paper on kites that remember the wind?")
    assert asked.kind == "compare"
    assert [hit.paper.title for hit in hits if hit.signals["bridge"]] == ["Do Kites Remember the Wind?"]


def test_a_question_on_one_paper_looks_for_no_side(assistant: Assistant) -> None:
    asked, hits = assistant.understood("How does PearRank differ from earlier kites that remember the wind?")
    assert asked.kind != "compare"
    assert not any(hit.signals["bridge"] for hit in hits)


def test_of_two_names_no_side_is_only_described(assistant: Assistant) -> None:
    asked, _ = assistant.understood("Compare snow with ice for PearRank and Ragnarök.")
    assert (asked.kind, asked.unnamed_sides) == ("compare", [])


def test_a_question_asked_of_one_paper_compares_it_only_where_it_says_so(assistant: Assistant) -> None:
    of_one = f"Regarding “{PAIRS[0][0]}”: "
    assert assistant.understood(f"{of_one}which is used, and does Ragnarök see it?")[0].kind != "compare"
    assert assistant.understood(f"{of_one}how does it differ on Ragnarök?")[0].kind == "compare"
