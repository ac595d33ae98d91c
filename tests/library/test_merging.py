"""merging: one paper of what several sources say, and where they differ."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.core.bibliography import Identifiers
from assistant.core.records import Paper
from assistant.library.merging import Difference, differences, merged, packed, unpacked

texts = st.text(max_size=10)
several = st.lists(texts, max_size=2).map(tuple)
papers = st.builds(
    Paper,
    *(texts, texts, texts, texts),
    authors=several,
    year=st.none() | st.integers(1, 2100),
    venue=texts,
    identifiers=st.builds(Identifiers, texts, texts, texts, texts),
    keywords=several,
    identity=texts,
)


def test_the_first_record_that_says_something_counts() -> None:
    first = Paper("T", "", "u", sources=("b",), authors=("Ivy Moss",), identifiers=Identifiers(arxiv="1"))
    second = Paper(
        *("t", "a", "v", "2024", ("a",)),
        authors=("I. Moss",),
        keywords=("k",),
        identifiers=Identifiers(doi="2", arxiv="3"),
    )
    assert merged([first, second]) == Paper(
        *("T", "a", "u", "2024", ("a", "b")),
        authors=("Ivy Moss",),
        keywords=("k",),
        identifiers=Identifiers(doi="2", arxiv="1"),
    )


def test_the_year_is_that_of_the_venue() -> None:
    preprint, unknown = Paper("T", "", year=2023), Paper("T", "")
    published = Paper("T", "", year=2024, venue="Orchards")
    assert (merged([preprint, published]).year, merged([preprint, published]).venue) == (2024, "Orchards")
    assert merged([unknown, preprint]).year == 2023
    assert merged([unknown]) == unknown


def test_no_records_are_no_paper() -> None:
    with pytest.raises(ValueError, match="a paper needs a record"):
        merged([])


def test_sources_differ_where_they_say_different_things() -> None:
    records = [
        Paper("T", "a", sources=("a",), year=2023, identifiers=Identifiers(doi="1")),
        Paper("T", "", sources=("b",), year=2024, authors=("Ivy Moss",)),
        Paper("T", "", sources=("c",), year=2024, identifiers=Identifiers(doi="1", arxiv="2")),
    ]
    assert differences(records) == [
        Difference("year", (("a", "2023"), ("b", "2024"), ("c", "2024"))),
        Difference("identifiers", (("a", "doi 1"), ("c", "doi 1; arxiv 2"))),
    ]
    assert differences(records[:1]) == []


@given(papers)
def test_what_is_packed_is_unpacked(paper: Paper) -> None:
    assert Paper(**{"title": "", "abstract": "", **unpacked(packed(paper))}) == paper


def test_little_is_packed_in_little() -> None:
    assert packed(Paper("T", "", year=2024)) == '{"title": "T", "abstract": "", "year": 2024}'
    assert packed(Paper("T", "a", "u", "p"), without=("title", "abstract", "url", "published")) == ""
