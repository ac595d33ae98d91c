"""identity: which records are of one paper."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.core.bibliography import Identifiers
from assistant.core.records import Paper
from assistant.library.identity import is_one_paper, keys_of

from ..papers import PAIRS

PEAR = Paper(*PAIRS[0], identifiers=Identifiers(doi="10.1234/5"))
PLUM = Paper("Plums of the South", PAIRS[1][1])
LONG = " ".join(f"The gardener waters plot {number} of the orchard and weighs its pears." for number in range(9))


def doi(paper: Paper, value: str = "10.1234/6") -> Paper:
    return replace(paper, identifiers=Identifiers(doi=value))


def bare(paper: Paper) -> Paper:
    return replace(paper, identifiers=Identifiers())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(bare(PEAR), replace(bare(PEAR), abstract=PLUM.abstract), id="the same title"),
        pytest.param(PEAR, Paper(PEAR.title.replace(":", " –").upper(), ""), id="nearly the same title"),
        pytest.param(PEAR, doi(Paper("On Pears", PEAR.abstract), "10.1234/5"), id="an identifier and the abstract"),
        pytest.param(PEAR, doi(Paper("On Pears", ""), "10.1234/5"), id="an identifier, nothing against it"),
        pytest.param(PEAR, doi(Paper(PEAR.title, PLUM.abstract), "10.1234/5"), id="an identifier and the title"),
        pytest.param(PEAR, doi(PEAR), id="a preprint"),
        pytest.param(
            replace(PEAR, authors=("Ivy Moss",)),
            replace(doi(PEAR), abstract="", authors=("I. Moss",)),
            id="a preprint without an abstract",
        ),
        pytest.param(Paper("Pears and Their Trees", LONG), Paper("Pears and Trees", LONG), id="a similar title"),
    ],
)
def test_these_are_one_paper(one: Paper, other: Paper) -> None:
    assert is_one_paper(one, other)
    assert is_one_paper(other, one)
    assert {one.id, *keys_of(one)} & {other.id, *keys_of(other)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(PEAR, PLUM, id="nothing in common"),
        pytest.param(PEAR, doi(PLUM, "10.1234/5"), id="the chapters of one book"),
        pytest.param(Paper("C++", ""), Paper("C#", ""), id="a title that is all punctuation"),
        pytest.param(doi(Paper("Preface", "")), doi(Paper("Preface", ""), "10.1234/7"), id="two prefaces"),
        pytest.param(PEAR, doi(Paper(PEAR.title, PLUM.abstract)), id="one title, other identifiers and abstracts"),
        pytest.param(Paper("Pears", LONG), Paper("A Survey of Plums", LONG), id="one abstract, other titles"),
        pytest.param(Paper("On Pears 1", LONG), Paper("On Pears 2", LONG), id="two parts with one abstract"),
        pytest.param(Paper("Pear Trees", ""), Paper("Pear Tree", ""), id="similar titles without abstracts"),
    ],
)
def test_these_are_two_papers(one: Paper, other: Paper) -> None:
    assert not is_one_paper(one, other)
    assert not is_one_paper(other, one)


def test_a_paper_without_letters_has_no_keys() -> None:
    assert keys_of(Paper("?!", "...")) == []
