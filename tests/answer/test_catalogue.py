"""catalogue: what is said of a library is what it has."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.answer.catalogue import COUNTS
from assistant.core.records import Paper
from assistant.index import atlas
from assistant.index.holdings import Holdings
from assistant.index.searchable import Index
from assistant.library.papers import Library

from ..doubles import HashEmbedder

PAPERS = [
    Paper(
        "Kites in Strong Wind", "Kites fly.", authors=("Ivy Moss", "Ash Reed"), year=2021, venue="ACL", sources=("a",)
    ),
    Paper("Pears in Strong Wind", "Pears fall.", authors=("Ash Reed",), year=2024, venue="ACL", sources=("a",)),
    Paper("Snow", "Snow melts.", published="2024-02-01", year=2024, venue="Nature", sources=("b",)),
]


@pytest.fixture
def index(home: Path) -> Iterator[Index]:
    yield from opened(home, PAPERS)


def opened(home: Path, papers: list[Paper], label: str = "") -> Iterator[Index]:
    library = Library(home)
    library.put(papers, label=label)
    holdings = Holdings(library, HashEmbedder())
    with holdings.reading() as index:
        assert index is not None
        yield index
    holdings.close()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "size",
            "The library has 3 papers. They are from 2021 to 2024. The most frequent venues are ACL (2), Nature (1). "
            "The papers come from 2 files: a (2), b (1).",
        ),
        ("titles", "The library has 3 papers.\n- Kites in Strong Wind\n- Pears in Strong Wind\n- Snow"),
        (
            "newest",
            "The papers published last are:\n- Pears in Strong Wind (2024)\n- Snow (2024-02-01)\n"
            "- Kites in Strong Wind (2021)",
        ),
        ("years", "Of 3 papers, 3 have a year, from 2021 to 2024; most are of 2024. By year: 2021 (1), 2024 (2)."),
        (
            "venues",
            "Of 3 papers, 3 name their venue. By number of papers, all of them: ACL (2), Nature (1). The library knows "
            "a paper's venue only where its file names it.",
        ),
        ("identified", "Of 3 papers, 0 have a DOI, or an arXiv, PubMed or Semantic Scholar number."),
        (
            "topics",
            "These phrases are the most frequent in 3 titles: Strong Wind (2). The page has a map of the topics under "
            "Papers.",
        ),
    ],
)
def test_every_number_and_title_is_the_librarys(index: Index, name: str, text: str) -> None:
    assert COUNTS[name](index) == text


def test_the_topics_are_those_of_the_map_once_it_is_drawn(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = atlas.Atlas(clusters=(atlas.Cluster("snow", 0, 0, 1), atlas.Cluster("wind", 0, 0, 2)))
    atlas._write(index.library.home / atlas.FILE, atlas._stamp(index), drawn)
    assert COUNTS["topics"](index).startswith(
        "The map of the papers sorts 3 papers into these topics: wind (2), snow (1)."
    )


@pytest.mark.parametrize("name", ["years", "venues", "authors", "oldest"])
def test_what_the_files_do_not_have_is_said(home: Path, name: str) -> None:
    for index in opened(home, [Paper("Oaks", "Oaks grow.", sources=("c",))]):
        assert COUNTS[name](index).startswith("No paper here names its ")
        assert COUNTS[name](index).endswith("The papers come from 1 file: c (1).")


def test_without_years_the_newest_listing_counts(home: Path) -> None:
    for index in opened(home, [dataclasses.replace(PAPERS[0], year=None)], label="Mar 12"):
        assert COUNTS["newest"](index).startswith("The newest listing is of Mar 12.")


def test_only_the_first_titles_are_listed(home: Path) -> None:
    for index in opened(home, [Paper(f"Oak {n:02}", "Oaks grow.", sources=("c",)) for n in range(12)]):
        lines = COUNTS["titles"](index).splitlines()
        assert lines[0] == "The library has 12 papers. The first 10 by title are:"
        assert lines[1:-1] == [f"- Oak {n:02}" for n in range(10)]
        assert lines[-1] == "`assistant papers` lists all of them, and so does the page under Papers."
        assert COUNTS["added"](index).startswith(
            "When a paper was added is not recorded. The last change added or updated 12 papers, the first 10 of which"
        )
