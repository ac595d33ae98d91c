"""figures: the papers counted by name, year and listing, and the first and last of them."""

from __future__ import annotations

from assistant.core.bibliography import Identifiers
from assistant.core.records import Paper
from assistant.library import figures
from assistant.library.papers import Library

KITES = Paper("Kites", "", authors=("Ivy Moss", "Ash Reed"), year=2021, venue="ACL", sources=("a.bib",))
PEARS = Paper("Pears", "", authors=("Ash Reed",), published="2024-05-02", year=2024, venue="acl", sources=("a.bib",))
SNOW = Paper("Snow", "", year=2024, venue="Nature", identifiers=Identifiers(doi="10.1/snow"), sources=("b.bib",))
OAKS = Paper("Oaks", "", sources=("b.bib", "a.bib"))


def filled(library: Library) -> Library:
    library.put([KITES, PEARS])
    library.put([SNOW, OAKS], label="Mar 12")
    return library


def test_names_are_counted_by_papers(library: Library) -> None:
    authors = figures.names(filled(library), "author", most=1)
    assert authors == ([("Ash Reed", 2)], 2, 2)
    assert figures.names(library, "venue", most=5) == ([("ACL", 2), ("Nature", 1)], 2, 3)


def test_papers_without_a_year_are_not_counted_by_year(library: Library) -> None:
    assert figures.years(filled(library)) == [("2021", 1), ("2024", 2)]
    library.put([Paper("Moss", "", published="Mar 3")])
    assert figures.years(library) == [("2021", 1), ("2024", 2)]


def test_a_paper_counts_for_each_of_its_listings(library: Library) -> None:
    assert figures.listings(filled(library)) == [("Mar 12", 3), ("Mar 12", 2)]


def test_the_newest_and_the_oldest_papers_come_first(library: Library) -> None:
    filled(library)
    assert [paper.title for paper in figures.by_date(library, "newest", limit=2)] == ["Snow", "Pears"]
    assert [paper.title for paper in figures.by_date(library, "oldest", limit=1)] == ["Kites"]


def test_the_last_change_is_that_of_the_last_papers(library: Library) -> None:
    assert figures.last_changed(filled(library), limit=1) == (2, ["Oaks"])
    library.put([KITES])
    assert figures.last_changed(library, limit=9) == (2, ["Oaks", "Snow"])


def test_titles_are_listed_by_the_alphabet(library: Library) -> None:
    assert figures.first_titles(filled(library), limit=3) == ["Kites", "Oaks", "Pears"]
    assert sorted(figures.some_titles(library, limit=9)) == ["Kites", "Oaks", "Pears", "Snow"]
    assert figures.random_title(library) in ("Kites", "Oaks", "Pears", "Snow")


def test_identified_papers_are_counted(library: Library) -> None:
    assert figures.identified(filled(library)) == 1


def test_an_empty_library_has_nothing_to_count(library: Library) -> None:
    assert figures.names(library, "author", most=3) == ([], 0, 0)
    assert (figures.years(library), figures.listings(library), figures.first_titles(library, limit=3)) == ([], [], [])
    assert (figures.last_changed(library, limit=3), figures.random_title(library)) == ((0, []), "")
