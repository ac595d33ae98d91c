"""sources: what a careful exporter writes of a paper is read as the same paper, whatever the format."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.core.bibliography import Identifiers, authors_of
from assistant.core.records import Paper
from assistant.library.sample import sample_files
from assistant.library.sources import read

from ..conftest import ROOT
from .writers import WRITERS

ABSTRACTS = ROOT.parent / "shared" / "abstracts" / "abstracts.jsonl"
FORMATS = pytest.mark.parametrize("name", WRITERS)
KEPT = ("title", "abstract", "authors", "year", "venue", "url")


def of_paper(values: dict[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in ("year", "venue")}


@cache
def papers() -> list[Paper]:
    """The given papers or, without them, the sample with made-up authors."""
    if not ABSTRACTS.is_file():
        every = [paper for file in sample_files() for paper in read(file).papers]
        people = authors_of(["van der Veer, Laurens", "Núñez-Ríos, Ana María", "Moss, Ivy"])
        return [replace(one, authors=people[: n % 4], year=1990 + n % 30, venue="Kites") for n, one in enumerate(every)]
    values = map(json.loads, ABSTRACTS.read_text(encoding="utf-8").replace("\\u0002", "").splitlines())
    return [
        Paper(
            one["title"],
            one["abstract"],
            one["url"],
            authors=authors_of(one["authors"]),
            year=one["year"],
            venue=one["venue"],
        )
        for one in values
    ]


def as_read(name: str, some: list[Paper], folder: Path) -> tuple[Paper, ...]:
    (folder / "papers").write_text(WRITERS[name](some), encoding="utf-8", newline="")
    parsed = read(folder / "papers")
    assert parsed.rejects == ()
    return parsed.papers


@FORMATS
def test_thousands_of_papers_are_the_same_in_every_format(name: str, tmp_path: Path) -> None:
    if not ABSTRACTS.is_file():
        print(f"the given abstracts are not at {ABSTRACTS}: the sample is used")
    got = as_read(name, papers(), tmp_path)
    assert len(got) == len(papers())
    wrong = [
        (field, getattr(paper, field), getattr(other, field))
        for paper, other in zip(papers(), got, strict=True)
        for field in KEPT
        if getattr(paper, field) != getattr(other, field)
    ]
    assert wrong == []


# -- properties

WORDS = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Cf", "Zs", "Zl", "Zp", "Co", "Cn")), min_size=1, max_size=12
) | st.sampled_from(["<A>", "<b", "c>", "<s>", "x<y", "<title>"])
TITLES = st.lists(WORDS, min_size=1, max_size=8).map(lambda words: " ".join(["On", *words]))
SENTENCES = st.lists(WORDS, min_size=1, max_size=30).map(
    lambda words: f"In this work we show {' '.join(words)} at last."
)
NAMES = st.sampled_from(
    [
        *("Ivy Moss", "Örs Çelik", "Laurens van der Veer", "Ana María Núñez-Ríos", "Sammy Davis Jr.", "Plato"),
        *("Đorđe Ćirić", "Łukasz Żółć", "李 明", "Jean-Luc O'Neil", "A. B. Quince", "Šárka D'Angelo"),
    ]
)
ONES = st.builds(
    lambda title, abstract, authors, year, venue, doi: Paper(
        title, abstract, authors=tuple(authors), year=year, venue=venue, identifiers=Identifiers.of(doi=doi)
    ),
    TITLES,
    SENTENCES,
    st.lists(NAMES, unique=True, max_size=4),
    st.none() | st.integers(1500, 2099),
    st.sampled_from(["", "Journal of Orchard Studies", "Kites & Lanterns", "Proc. 9th {Meeting} on 100% Silk_Strings"]),
    st.sampled_from(["", "10.1234/orchard.2021.7", "10.1000/a_b%c(1)"]),
)


@FORMATS
def test_words_in_angle_brackets_are_no_markup(name: str, tmp_path: Path) -> None:
    paper = Paper("The <A> Operator", "If x < y and y > z, then <A> and <p> differ, and x <b and c> d holds.")
    (read,) = as_read(name, [paper], tmp_path)
    assert (read.title, read.abstract) == (paper.title, paper.abstract)


@FORMATS
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some=st.lists(ONES, min_size=1, max_size=3, unique_by=lambda paper: paper.id))
def test_any_text_comes_back_as_it_was(name: str, some: list[Paper], tmp_path: Path) -> None:
    got = as_read(name, some, tmp_path)
    fields = (*KEPT, "identifiers") if name not in ("atom",) else KEPT
    for paper, other in zip(some, got, strict=True):
        assert [getattr(other, field) for field in fields] == [getattr(paper, field) for field in fields]
