"""filters: a filter in words, and its limits."""

from __future__ import annotations

import pytest

from assistant.core.bounds import COLLECTION, DAY, NAMES, TITLE
from assistant.core.errors import QuestionError
from assistant.core.filters import ALL, Filter, bounded_filter


@pytest.mark.parametrize(
    ("where", "words"),
    [
        (Filter(), ""),
        (Filter(since=" 2023 "), "since 2023"),
        (Filter(until="2023-05"), "until 2023-05"),
        (Filter("2021", "2023"), "from 2021 to 2023"),
        (Filter("2022", "2022"), "of 2022"),
        (Filter(authors=("Moss", "Ash Reed")), "by Moss and Ash Reed"),
        (Filter(venues=("ACL", "Nature"), source="Mar 12"), "at ACL or Nature, from Mar 12"),
        (Filter("2023", collection=" my  codecs "), "since 2023, in the collection “my codecs”"),
        (Filter(collection=" "), ""),
        (Filter("2023", without=Filter(authors=("Moss",))), "since 2023, not by Moss"),
    ],
)
def test_a_filter_is_said_in_words(where: Filter, words: str) -> None:
    assert (where.words, bool(where)) == (words, bool(words))


def test_one_name_may_be_given_as_it_is() -> None:
    assert Filter(authors="Ash  Reed", venues="ACL") == Filter(authors=("Ash Reed",), venues=("ACL",))  # type: ignore[arg-type]
    assert Filter(authors=(" ", "Moss")) == Filter(authors=("Moss",))


OTHER = Filter("2020", "2021", ("Reed",), ("ACL",), "Mar 12", Filter(venues=("Nature",)))


@pytest.mark.parametrize(
    ("where", "completed"),
    [
        (Filter(), Filter("2020", "2021", ("Reed",), ("ACL",))),
        (Filter(until="2019"), Filter("", "2019", ("Reed",), ("ACL",))),
        (Filter(authors=("Moss",)), Filter("2020", "2021", ("Moss",), ("ACL",))),
        (Filter(venues=("Nature",)), Filter("2020", "2021", ("Reed",), ("Nature",))),
        (Filter(without=Filter(authors=("Reed",))), Filter("2020", "2021", without=Filter(authors=("Reed",)))),
    ],
)
def test_a_filter_is_completed_where_it_says_nothing(where: Filter, completed: Filter) -> None:
    assert where.completed(OTHER) == completed
    assert where.completed(Filter()) == where
    assert not Filter(since=" ", authors=(" ",))


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (Filter(since="x" * (DAY + 1)), "first day"),
        (Filter(until="x" * (DAY + 1)), "last day"),
        (Filter(source="x" * (TITLE + 1)), "listing's name"),
        (Filter(collection="x" * (COLLECTION + 1)), "collection's name"),
        (Filter(authors=("x" * (TITLE + 1),)), "name"),
        (Filter(without=Filter(venues=("x" * (TITLE + 1),))), "name"),
        (Filter(authors=("x",) * NAMES, venues=("y",)), f"more than {NAMES} names"),
    ],
)
def test_a_filter_has_limits(where: Filter, message: str) -> None:
    with pytest.raises(QuestionError, match=message):
        bounded_filter(where)


def test_an_owner_is_given_to_what_is_left_out_too_and_is_not_shown() -> None:
    where = Filter(collection="a", without=Filter(collection="b")).owned_by("ann")
    assert where.without
    assert (where.owner, where.without.owner) == ("ann", "ann")
    assert "ann" not in repr(where) + where.words
    assert not Filter(owner="ann")


def test_a_filter_within_the_limits_is_itself() -> None:
    assert bounded_filter(ALL) is ALL
