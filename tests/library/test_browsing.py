"""browsing: papers kept by listing and by date."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.core.errors import PaperNotFound, QuestionError
from assistant.core.records import Paper
from assistant.library.browsing import SHOWN, Days, days, fitting

LISTINGS = {"a.txt": "Mar 11", "b.txt": "Mar 12", "c.txt": "", "d.txt": "April 3, 2025", "e.txt": "Mar 12"}
A, B, C, D, E, NONE = (
    Paper("A", "", sources=("a.txt",)),
    Paper("B", "", sources=("b.txt", "c.txt")),
    Paper("C", "", sources=("c.txt",)),
    Paper("D", "", sources=("d.txt", "a.txt")),
    Paper("E", "", published="2024-12-31", sources=("e.txt",)),
    Paper("F", ""),
)
ALL = (A, B, C, D, E, NONE)


def kept(*, listing: str = "", since: str = "", until: str = "") -> str:
    return "".join(p.title for p in fitting(ALL, LISTINGS, listing=listing, since=since, until=until))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2025-03-12", Days(2025, (3, 12), (3, 12))),
        ("2025-03-12T10:00:00Z", Days(2025, (3, 12), (3, 12))),
        (" 2025-3 ", Days(2025, (3, 1), (3, 31))),
        ("2025", Days(2025, (1, 1), (12, 31))),
        ("Mar 12", Days(0, (3, 12), (3, 12))),
        ("march  12, 2025", Days(2025, (3, 12), (3, 12))),
        ("Sept. 1 2025", Days(2025, (9, 1), (9, 1))),
    ],
)
def test_a_date_means_days(text: str, meant: Days) -> None:
    assert days(text) == meant


@pytest.mark.parametrize(
    "text", ["", "soon", "Mar", "Mar 0", "Mar 32", "12", "2025-13", "2025-01-32", "20250312", "2025-03-12!", "1/2"]
)
def test_anything_else_is_no_date(text: str) -> None:
    assert days(text) is None


@pytest.mark.parametrize(
    ("one", "other", "before"),
    [
        ("Mar 11", "Mar 12", True),
        ("Mar 12", "Mar 12", False),
        ("2024-12-31", "2025-01-01", True),
        ("2025-01-01", "2024-12-31", False),
        ("2024-12-31", "Mar 12", False),
        ("2025-03", "2025-03-12", False),
        ("2025-02", "2025-03-12", True),
    ],
)
def test_a_date_without_a_year_is_compared_by_month_and_day(one: str, other: str, before: bool) -> None:
    first, second = days(one), days(other)
    assert first is not None
    assert second is not None
    assert first.before(second) is before


def test_without_a_filter_all_papers_stay_in_order() -> None:
    assert kept() == "ABCDEF"
    assert [p.title for p in fitting(reversed(ALL), LISTINGS)] == list("FEDCBA")


@pytest.mark.parametrize(
    ("listing", "titles"),
    [("a.txt", "AD"), ("c.txt", "BC"), ("Mar 12", "BE"), ("mar  12", "BE"), ("April 3, 2025", "D")],
)
def test_a_listing_is_given_by_its_file_or_its_date(listing: str, titles: str) -> None:
    assert kept(listing=listing) == titles


def test_an_empty_name_does_not_match_a_listing_without_a_label() -> None:
    assert kept(listing=" ") == "ABCDEF"


@pytest.mark.parametrize(
    ("since", "until", "titles"),
    [
        ("Mar 12", "", "BDE"),
        ("", "Mar 11", "AD"),
        ("Mar 12", "Mar 12", "B"),
        ("2025", "", "ABD"),
        ("", "2024", "ABDE"),
        ("2024-12-31", "2024-12-31", "E"),
        ("2025-04", "2025-04", "D"),
    ],
)
def test_papers_are_filtered_by_date(since: str, until: str, titles: str) -> None:
    assert kept(since=since, until=until) == titles


def test_both_listing_and_date_must_match() -> None:
    assert kept(listing="a.txt", since="Mar 12") == "D"


def test_an_unknown_listing_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(
        PaperNotFound, match=r"No listing here is called 'z.txt'. There are: a.txt \(Mar 11\), .* c.txt, "
    ):
        kept(listing="z.txt")
    with pytest.raises(PaperNotFound, match="There are none yet"):
        fitting([], {}, listing="z.txt")
    many = {f"{n}.txt": "" for n in range(SHOWN + 2)}
    with pytest.raises(PaperNotFound, match=rf"{SHOWN - 1}.txt and 2 more\.$"):
        fitting([], many, listing="z.txt")


@pytest.mark.parametrize("end", ["since", "until"])
def test_an_invalid_date_is_refused(end: str) -> None:
    with pytest.raises(QuestionError, match=r"'yesterday' is no date. Write it as 2025-03-12, "):
        kept(**{end: "yesterday"})


@pytest.mark.parametrize(("since", "until"), [("Mar 13", "Mar 12"), ("2025", "2024-12"), ("2025-03-02", "Mar 1")])
def test_an_end_before_the_start_is_refused(since: str, until: str) -> None:
    with pytest.raises(QuestionError, match=f"'{until}' lies before '{since}', so no day fits"):
        kept(since=since, until=until)


@given(st.text(max_size=30))
def test_any_text_is_a_date_or_is_not(text: str) -> None:
    parsed = days(text)
    assert parsed is None or parsed.first <= parsed.last
