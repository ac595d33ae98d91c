"""filtering: filters in the words of a question, if the library has what they name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import pytest

from assistant.core.filters import ALL, Filter
from assistant.core.text import stem
from assistant.library.browsing import Kind, is_author, is_venue
from assistant.question import dates
from assistant.question.filtering import Filtered, filtered

AUTHORS = ("Martin Potthast", "Benno Stein", "Laurens van der Maaten", "Jian Long", "Ivy Chance")
VENUES = ("ACL", "Findings of EMNLP 2023", "Nature", "Information Retrieval", "AI Magazine")


class Shelf:
    """The `Facts` of a library whose papers use a few words."""

    def __init__(self, *, dated: bool = True) -> None:
        self.dated = dated
        self._used = {stem(word): count for word, count in (("long", 90), ("chance", 3), ("ai", 50), ("openai", 2))}

    def __len__(self) -> int:
        return 100

    def meant(self, kind: Kind, name: str) -> Sequence[str]:
        if kind == "author":
            return [author for author in AUTHORS if is_author(name, author)]
        return [venue for venue in VENUES if is_venue(name, venue)]

    def document_counts(self, stems: Iterable[str]) -> Mapping[str, int]:
        return {one: self._used.get(one, 0) for one in stems}


def by(*authors: str) -> Filter:
    return Filter(authors=authors)


def at(*venues: str) -> Filter:
    return Filter(venues=venues)


class Today(date):
    @classmethod
    def today(cls) -> Today:
        return cls(2023, 1, 15)


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dates, "date", Today)


@pytest.mark.parametrize(
    ("words", "since", "until"),
    [
        ("since 2023", "2023", ""),
        ("starting in 2023", "2023", ""),
        ("from 2023 on", "2023", ""),
        ("from 2023 onwards", "2023", ""),
        ("after 2022", "2023", ""),
        ("newer than 2022", "2023", ""),
        ("until 2020", "", "2020"),
        ("before 2020", "", "2019"),
        ("published before 2020", "", "2019"),
        ("from 2021 to 2023", "2021", "2023"),
        ("between 2023 and 2021", "2021", "2023"),
        ("2021-2023", "2021", "2023"),
        ("in 2022", "2022", "2022"),
        ("that were published in 2022", "2022", "2022"),
        ("from 2022", "2022", "2022"),
        ("of the year 2022", "2022", "2022"),
        ("in March 2022", "2022-03", "2022-03"),
        ("since Sept. 2022", "2022-09", ""),
        ("after December 2021", "2022-01", ""),
        ("before January 2022", "", "2021-12"),
        ("from March to June 2022", "2022-03", "2022-06"),
        ("between June 2022 and March 2021", "2021-03", "2022-06"),
        ("from May 2021 to 2022", "2021-05", "2022"),
        ("from spring 2022", "2022-03", "2022-05"),
        ("in the fall of 2022", "2022-09", "2022-11"),
        ("in winter 2022", "2022-12", "2023-02"),
        ("since last year", "2022", ""),
        ("from last year", "2022", "2022"),
        ("published this month", "2023-01", "2023-01"),
        ("from last month", "2022-12", "2022-12"),
        ("in the last two years", "2021-01", ""),
        ("of the past 3 months", "2022-10", ""),
        ("in the last year", "2022-01", ""),
        ("during the last two weeks", "2023-01-01", ""),
    ],
)
def test_times_are_read_by_their_form(words: str, since: str, until: str) -> None:
    for question in (f"Which papers {words} study parsing?", f"Which papers study parsing {words}?"):
        stated = filtered(question, Shelf())
        assert (stated.text, stated.where) == ("Which papers study parsing?", Filter(since, until))


def test_a_year_may_stand_before_the_papers() -> None:
    assert filtered("2022 papers on parsing", Shelf()) == Filtered("papers on parsing", Filter("2022", "2022"))


@pytest.mark.parametrize(
    "question",
    [
        "How good is BERT on ImageNet 2012?",
        "What happens with 2023 tokens?",
        "Which papers since 1776 study parsing?",
        "Who gains 0.2019 points in 2019-style tests?",
        "Regarding “Parsing since 2023”: how fast is it?",
        'What is the paper "By Potthast in 2023" about?',
        "What changed in the last two years of the trial?",
        "Which of them may 2023 study?",
        "How was last year's weather?",
    ],
)
def test_other_numbers_and_quoted_titles_are_no_filter(question: str) -> None:
    assert filtered(question, Shelf()) == Filtered(question)


def test_years_are_no_filter_of_papers_without_dates() -> None:
    question = "Does the parser stop after 2000 steps?"
    assert filtered(question, Shelf(dated=False)) == Filtered(question)
    for time in ("since last year", "since 2023", "from 2023 on", "published in 2023", "of 2021", "before 2020"):
        worded = f"Which papers {time} study parsing?"
        undated = filtered(worded, Shelf(dated=False))
        assert (undated.text, undated.undated) == ("Which papers study parsing?", time)
        assert filtered(worded, Shelf(), years=False) == Filtered(worded)


@pytest.mark.parametrize(
    ("question", "rest", "where"),
    [
        ("papers by Potthast on parsing", "papers on parsing", by("Potthast")),
        ("papers by potthast on parsing", "papers on parsing", by("potthast")),
        ("papers on parsing by Martin Potthast", "papers on parsing", by("Martin Potthast")),
        ("papers on parsing written by M. Potthast?", "papers on parsing?", by("M. Potthast")),
        ("parsing papers by Potthast and Stein", "parsing papers", by("Potthast", "Stein")),
        ("parsing papers by Stein, Potthast et al.", "parsing papers", by("Stein", "Potthast")),
        ("Potthast's papers on parsing", "papers on parsing", by("Potthast")),
        ("the work of van der Maaten on parsing", "the work on parsing", by("van der Maaten")),
        ("What did Potthast find about parsing?", "What did the papers find about parsing?", by("Potthast")),
        ("Which papers by Long study parsing?", "Which papers study parsing?", by("Long")),
        ("What do Long et al. say of parsing?", "What do the papers say of parsing?", by("Long")),
        ("papers on parsing not by Stein", "papers on parsing", Filter(without=by("Stein"))),
        ("parsing papers by Stein but not by Long", "parsing papers", Filter(authors=("Stein",), without=by("Long"))),
        ("papers at ACL on parsing", "papers on parsing", at("ACL")),
        ("papers on parsing published in Nature", "papers on parsing", at("Nature")),
        ("papers on parsing at ACL or in Nature", "papers on parsing", at("ACL", "Nature")),
        ("papers from EMNLP 2023 on parsing", "papers on parsing", at("EMNLP 2023")),
        ("papers at ACL 2021 on parsing", "papers on parsing", Filter("2021", "2021", venues=("ACL",))),
        ("papers in Information Retrieval on parsing", "papers on parsing", at("Information Retrieval")),
        (
            "Which papers since 2023 by Potthast at ACL study parsing?",
            "Which papers study parsing?",
            Filter("2023", "", ("Potthast",), ("ACL",)),
        ),
    ],
)
def test_authors_and_venues_that_are_here_are_filters(question: str, rest: str, where: Filter) -> None:
    assert filtered(question, Shelf()) == Filtered(rest, where)


@pytest.mark.parametrize(
    "question",
    [
        "How long are the contexts?",
        "Is parsing better by chance?",
        "Which models are trained by Adam?",
        "Who gains by how much?",
        "Which papers study trust in AI?",
        "advances in information retrieval",
        "What is looked up at inference?",
        "Which papers by OpenAI study parsing?",
    ],
)
def test_other_words_are_no_filter(question: str) -> None:
    assert filtered(question, Shelf()) == Filtered(question)


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("Which papers by Knuth study parsing?", "Knuth"),
        ("papers written by Donald E. Knuth?", "Donald E. Knuth"),
        ("What do Knuth et al. say?", "Knuth"),
        ("anything by Ludwig van Beethoven on parsing", "Ludwig van Beethoven"),
    ],
)
def test_an_author_who_is_asked_for_and_not_here_is_a_stranger(question: str, name: str) -> None:
    assert filtered(question, Shelf()) == Filtered(question, ALL, (name,))


@pytest.mark.parametrize(
    ("question", "topicless"),
    [
        ("papers by Potthast", True),
        ("What has Potthast published since 2021?", True),
        ("How many papers are there in Nature?", True),
        ("Which papers by Potthast study parsing?", False),
        ("What did Potthast find?", True),
    ],
)
def test_a_question_may_ask_for_nothing_but_its_filter(question: str, topicless: bool) -> None:
    stated = filtered(question, Shelf())
    assert (bool(stated.where), stated.topicless) == (True, topicless)
