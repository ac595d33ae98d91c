"""browsing: papers kept by listing, date, author and venue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.core.errors import LibraryError, PaperNotFound, QuestionError
from assistant.core.filters import Filter
from assistant.core.records import Paper
from assistant.library.browsing import SHOWN, Days, days, days_of, is_author
from assistant.library.papers import Library

LISTINGS = {"a.txt": "Mar 11", "b.txt": "Mar 12", "c.txt": "", "d.txt": "April 3, 2025", "e.txt": "Mar 12"}
A, B, C, D, E, NONE = (
    Paper("A", "", sources=("a.txt",)),
    Paper("B", "", sources=("b.txt", "c.txt")),
    Paper("C", "", sources=("c.txt",)),
    Paper("D", "", sources=("d.txt", "a.txt")),
    Paper("E", "", published="2024-12-31", sources=("e.txt",)),
    Paper("F", ""),
)
MOSS = Paper("G", "", published="2025-04-30", authors=("Ivy Moss", "Ash Reed"), venue="ACL")
FINDINGS = Paper("H", "", year=2026, authors=("Oak Moss", "Ula van der Żółw"), venue="Findings of ACL 2026")
ALL = (A, B, C, D, E, NONE, MOSS, FINDINGS)
Kept = Callable[..., str]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    library = Library(tmp_path_factory.mktemp("browsing"))
    for paper in ALL:
        for source in paper.sources or ("",):
            library.put([replace(paper, sources=(source,) if source else ())], label=LISTINGS.get(source, ""))
    yield library
    library.close()


@pytest.fixture
def kept(shelf: Library) -> Kept:
    """`kept(since="2025")`: the titles of the papers that pass, a letter each."""

    def titles(**knobs: Any) -> str:
        ids = shelf.fitting(Filter(**knobs))
        return "".join(paper.title for paper in ALL if ids is None or paper.id in ids)

    return titles


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


def test_without_a_filter_all_papers_stay(shelf: Library) -> None:
    assert shelf.fitting(Filter(source=" ", since="", until=" ")) is None


@pytest.mark.parametrize(
    ("source", "titles"),
    [("a.txt", "AD"), ("c.txt", "BC"), ("Mar 12", "BE"), ("mar  12", "BE"), ("April 3, 2025", "D")],
)
def test_a_listing_is_given_by_its_file_or_its_date(kept: Kept, source: str, titles: str) -> None:
    assert kept(source=source) == titles


@pytest.mark.parametrize(
    ("since", "until", "titles"),
    [
        ("Mar 12", "", "BDEGH"),
        ("", "Mar 11", "ADH"),
        ("Mar 12", "Mar 12", "BH"),
        ("2025", "", "DGH"),
        ("", "2024", "E"),
        ("2024-12-31", "2024-12-31", "E"),
        ("2025-04", "2025-04", "DG"),
        ("2026", "2026", "H"),
    ],
)
def test_papers_are_filtered_by_date(kept: Kept, since: str, until: str, titles: str) -> None:
    assert kept(since=since, until=until) == titles


@pytest.mark.parametrize(
    ("paper", "date"),
    [
        (Paper("T", ""), None),
        (Paper("T", "", published="soon"), None),
        (Paper("T", "", published="soon", year=2024), days("2024")),
        (Paper("T", "", published="2024-05-01", year=2024), days("2024-05-01")),
        (Paper("T", "", published="2023-05-01", year=2024), days("2024")),
        (Paper("T", "", published="May 1", year=2024), days("2024-05-01")),
        (Paper("T", "", year=800), days("0800")),
    ],
)
def test_the_year_of_a_paper_decides_over_another_date(paper: Paper, date: Days | None) -> None:
    assert days_of(paper) == date


def test_all_parts_of_a_filter_must_be_passed(kept: Kept) -> None:
    assert kept(source="a.txt", since="Mar 12") == "D"
    assert kept(authors=("Moss",), since="2026") == "H"


@pytest.mark.parametrize(
    ("authors", "titles"),
    [
        (("Moss",), "GH"),
        (("moss", "Reed"), "G"),
        (("Ivy Moss",), "G"),
        (("I. Moss",), "G"),
        (("Oak Moss",), "H"),
        (("van der Zolw",), "H"),
        (("Zółw",), "H"),
        (("Ash",), ""),
        (("Nobody",), ""),
        (("?",), ""),
    ],
)
def test_papers_are_filtered_by_author(kept: Kept, authors: tuple[str, ...], titles: str) -> None:
    assert kept(authors=authors) == titles


@pytest.mark.parametrize(
    ("author", "wanted"),
    [
        ("Christopher D. Manning", "C. D. Manning"),
        ("C. Manning", "Christopher Manning"),
        ("Plato", "Plato"),
        ("Laurens van der Maaten", "Maaten"),
    ],
)
def test_a_name_may_be_short(author: str, wanted: str) -> None:
    assert is_author(wanted, author)


@pytest.mark.parametrize(
    ("author", "wanted"),
    [
        ("Christopher D. Manning", "D. C. Manning"),
        ("Christopher D. Manning", "D. Manning"),
        ("Christopher D. Manning", "Danqi Manning"),
        ("Plato", "Ivy Plato"),
        ("Laurens van der Maaten", "van Maaten"),
        ("Ivy Moss-Reed", "Moss"),
        ("Ivy Moss", ""),
        ("?", "?"),
    ],
)
def test_a_name_may_be_another_persons(author: str, wanted: str) -> None:
    assert not is_author(wanted, author)


@pytest.mark.parametrize(
    ("venues", "titles"),
    [
        (("ACL",), "G"),
        (("acl 2026",), "H"),
        (("Findings",), "H"),
        (("ACL", "findings of"), "GH"),
        (("AC",), ""),
        ((" ",), "ABCDEFGH"),
    ],
)
def test_papers_are_filtered_by_venue(kept: Kept, venues: tuple[str, ...], titles: str) -> None:
    assert kept(venues=venues) == titles


def test_a_venue_written_in_several_ways_is_one(library: Library) -> None:
    for title, venue in (("A", "ACL"), ("B", "Acl"), ("C", "TACL")):
        library.put([Paper(title, "", venue=venue)])
    assert library.meant("venue", "acl") == ["ACL"]
    assert len(library.fitting(Filter(venues=("acl",))) or ()) == 2


def test_what_passes_another_filter_can_be_left_out(kept: Kept) -> None:
    assert kept(without=Filter(authors=("Moss",))) == "ABCDEF"
    assert kept(authors=("Moss",), without=Filter(venues=("ACL",))) == "H"
    assert kept(without=Filter(without=Filter(source="a.txt"))) == "AD"
    assert kept(without=Filter(authors=("Nobody",))) == "ABCDEFGH"


def test_an_unknown_listing_is_an_error_that_names_the_known_ones(kept: Kept, library: Library) -> None:
    with pytest.raises(
        PaperNotFound, match=r"No listing here is called 'z.txt'. There are: a.txt \(Mar 11\), .* c.txt, "
    ):
        kept(source="z.txt")
    with pytest.raises(PaperNotFound, match="There are none yet"):
        library.fitting(Filter(source="z.txt"))
    for number in range(SHOWN + 2):
        library.put([Paper("A", "", sources=(f"{number}.txt",))])
    with pytest.raises(PaperNotFound, match=rf"{SHOWN - 1}.txt and 2 more\.$"):
        library.fitting(Filter(source="z.txt"))


@pytest.mark.parametrize("end", ["since", "until"])
def test_an_invalid_date_is_refused(kept: Kept, end: str) -> None:
    with pytest.raises(QuestionError, match=r"'yesterday' is no date. Write it as 2025-03-12, "):
        kept(**{end: "yesterday"})


@pytest.mark.parametrize(("since", "until"), [("Mar 13", "Mar 12"), ("2025", "2024-12"), ("2025-03-02", "Mar 1")])
def test_an_end_before_the_start_is_refused(kept: Kept, since: str, until: str) -> None:
    with pytest.raises(QuestionError, match=f"'{until}' lies before '{since}', so no day fits"):
        kept(since=since, until=until)


def test_an_edited_paper_is_reached_by_what_it_says_now(library: Library) -> None:
    paper = Paper("A", "b.", sources=("a.bib",), authors=("Ivy Moss",), venue="ACL", year=2024)
    library.put([paper])
    library.put([replace(paper, authors=("Ash Reed",), venue="", year=2025)])
    assert library.fitting(Filter(authors=("Moss",))) == library.fitting(Filter(until="2024")) == set()
    assert library.fitting(Filter(authors=("Reed",), since="2025")) == {paper.id}
    library.remove([paper.id])
    assert library.fitting(Filter(authors=("Reed",))) == set()


def test_a_damaged_id_is_an_error_of_the_library(library: Library) -> None:
    library.put([Paper("A", "", year=2024)])
    library.rows("pragma foreign_keys = off")
    library.rows("update days set paper_id = 'not an id'")
    with pytest.raises(LibraryError, match=r"has an id that is not one .* Restore a copy\."):
        library.fitting(Filter(since="2024"))


@given(st.text(max_size=30))
def test_any_text_is_a_date_or_is_not(text: str) -> None:
    parsed = days(text)
    assert parsed is None or parsed.first <= parsed.last
