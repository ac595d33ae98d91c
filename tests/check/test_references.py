"""references: a citation stands for a paper of the library, for none, or for several; nothing is guessed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from assistant.check.marks import Mark
from assistant.check.references import References, bibtex
from assistant.core.records import Paper

TITLES = (
    "Do Kites Remember the Wind?",
    "Do Kites Remember the Wind in Winter?",
    "Pear-Training: Ranking Orchards by Weak Supervision",
    "Unsupervised Snow Compression with Learned Shovels 2",
    "Lantern",
    "A Method for Lamps: First Part",
    "A Method for Lamps: Second Part",
)


class Shelf:
    """A library and a keyword index in which every paper is a candidate."""

    def __init__(self) -> None:
        papers = [Paper(title, "It is so.", authors=("Ada van Lamp", "Ben Snow"), year=2001) for title in TITLES[:1]]
        self.every = {paper.id: paper for paper in [*papers, *(Paper(title, "It is so.") for title in TITLES[1:])]}
        self.keywords = SimpleNamespace(search=lambda _, limit: [(paper_id, 1.0) for paper_id in self.every][:limit])
        self.library = SimpleNamespace(
            papers=lambda ids: [self.every[paper_id] for paper_id in ids],
            find=self.every.get,
            fitting=lambda where: {i for i, paper in self.every.items() if str(paper.year) == where.since},
        )


def titles(mark: Mark, **entries: str) -> list[str]:
    index: Any = Shelf()
    return [paper.title for paper in References(entries, index).papers(mark)]


def listed(entry: str) -> list[str]:
    return titles(Mark("[@key]", "key", "key"), key=entry)


@pytest.mark.parametrize(
    ("entry", "number"),
    [
        ("Kite, A. (2020). Do kites remember the wind? Journal of Air, 3.", 0),
        ('A. Kite, "Do kites remember the wind," in Proc. Air, 2020.', 0),
        ("A. Kite. 2020. Do kites remember the wind in winter? In Air.", 1),
        ("Kite, A.: Pear training: ranking orchards by weak supervision. In: Pears (2021)", 2),
        ("Kite, A. Pear-Training. 2021.", None),
        ("Snow, B. Unsupervised snow compresion with learned shovels 2. 2020.", 3),
        ("Snow, B. Unsupervised snow compression with learned shovels 3. 2020.", None),
        ("Snow, B. Supervised snow compression with learned shovels 2. 2020.", None),
        ("Lamp, C. Lantern. 2020.", 4),
        ("Lamp, C. A lantern, and other lights. 2020.", None),
        ("Lamp, C. Why do kites remember the wind? 2020.", None),
        ("", None),
    ],
)
def test_a_reference_stands_for_the_paper_whose_title_it_has(entry: str, number: int | None) -> None:
    assert listed(entry) == ([] if number is None else [TITLES[number]])


def test_a_reference_that_has_two_titles_may_stand_for_either() -> None:
    assert titles(Mark("[@key]", "key", "key"), key="1. Do kites remember the wind? 2. Lantern.") == [
        TITLES[0],
        TITLES[4],
    ]


def test_a_title_without_its_subtitle_may_stand_for_several() -> None:
    assert listed("Lamp, C. A Method for Lamps. 2020.") == [TITLES[5], TITLES[6]]


def test_a_key_without_a_reference_is_an_id_or_nothing() -> None:
    paper = Paper(TITLES[0], "")
    assert titles(Mark("[@x]", "key", paper.id)) == [paper.title]
    assert titles(Mark("[@kites2020]", "key", "kites2020")) == []
    assert titles(Mark("[7]", "listed", "7")) == []


def test_a_name_and_a_year_find_the_reference_by_its_first_author() -> None:
    entries = {
        "1": "Kite, A. and Snow, B. Do kites remember the wind? 2020.",
        "2": "B. Snow and A. Kite. Lantern. 2020a.",
        "3": "Snow, B. A Method for Lamps: First Part. 2020b.",
    }
    assert titles(Mark("(Kite, 2020)", "byline", "Kite 2020"), **entries) == [TITLES[0]]
    assert titles(Mark("(Snow, 2020b)", "byline", "Snow 2020b"), **entries) == [TITLES[5]]
    assert titles(Mark("(Snow, 2020)", "byline", "Snow 2020"), **entries) == [TITLES[4], TITLES[5]]
    assert titles(Mark("(Kite, 2021)", "byline", "Kite 2021"), **entries) == []


def test_bibtex_is_read_and_broken_entries_are_left_out() -> None:
    entries = bibtex(
        "@article{kite, author={Kite, A. and Snow, B.}, title={{Do} Kites Remember the Wind?}, year=2020}\n"
        "@misc{lamp, title={Lantern}, date={2021-03}}\n@book{broken, title={x"
    )
    assert entries == {
        "kite": "Kite, A. and Snow, B. (2020). “{Do} Kites Remember the Wind?”",
        "lamp": " (2021). “Lantern”",
    }
    assert titles(Mark("[@kite]", "key", "kite"), **entries) == [TITLES[0]]
    assert bibtex("") == bibtex("no BibTeX") == {}


def test_a_name_and_a_year_without_a_reference_find_the_paper_by_its_first_author() -> None:
    assert titles(Mark("(van Lamp et al., 2001)", "byline", "Lamp 2001")) == [TITLES[0]]
    assert titles(Mark("(van Lamp et al., 2001b)", "byline", "Lamp 2001b")) == [TITLES[0]]
    assert titles(Mark("(Snow, 2001)", "byline", "Snow 2001")) == []
    listed_otherwise = {"1": "Lamp, A. Another Paper Altogether. 2001."}
    assert titles(Mark("(van Lamp, 2001)", "byline", "Lamp 2001"), **listed_otherwise) == []
