"""sources: files in the shape of the real exporters; the papers, in our own words, are the same in all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.core.records import Paper
from assistant.library.sources import read

EXPORTS = Path(__file__).parent / "exports"
LANTERNS = "Lantern Graphs: Mapping Orchards by Night"
KITES = "Do Kites Remember the Wind? A Field Study"
SHOVELS = "A Note on Shovels"
ABSTRACT = (
    "Lanterns are hung where paths meet. We draw the graph of an orchard from the light of its lanterns alone. "
    "On twelve orchards the graph lacks 3.5% of the paths, and no lantern is counted twice."
)
OF_KITES = (
    "A kite that was flown for years may keep a memory of the wind. A probe of two layers reads the direction with 91% "
    "accuracy. The memory fades after 40 days without flight."
)
PUBMED = (
    "BACKGROUND: Lanterns are hung where paths meet. METHODS: We draw the graph of an orchard from the light of its "
    "lanterns alone. RESULTS: On twelve orchards the graph lacks 3.5% of the paths, and no lantern is counted twice."
)
IN_FULL, IN_SHORT = ("Ivy Moss", "Örs Çelik"), ("I. Moss", "Ö. Çelik")
BOTH_KINDS = pytest.mark.parametrize("name", sorted(path.name for path in EXPORTS.iterdir()))
OTHERWISE = {
    "asreview.csv": {KITES: OF_KITES.replace("A probe of two layers reads the direction with 91% accuracy. ", "")},
    "openalex.json": {
        LANTERNS: "Lanterns are hung where paths meet. We draw the graph of an orchard the light of its lanterns; on "
        "twelve orchards the graph lacks 3.5% of paths."
    },
    "pubmed.nbib": {LANTERNS: PUBMED},
    "pubmed.xml": {
        LANTERNS: "BACKGROUND: Lanterns are hung where paths meet. METHODS: We draw the graph of an orchard from 10⁻³ "
        "of its light."
    },
    "savedrecs.tsv": {
        LANTERNS: ABSTRACT.replace("paths meet", '"paths" meet').replace(", and no lantern is counted twice", ""),
        KITES: OF_KITES.replace("A probe of two layers reads the direction with 91% accuracy. ", ""),
    },
    "scopus.csv": {LANTERNS: f"{ABSTRACT} © 2021 Orchard Press."},
    "zotero.csv": {LANTERNS: ABSTRACT.replace("no lantern", '"no" lantern')},
    "zotero.ris": {LANTERNS: f"{ABSTRACT} AU - is not a tag here."},
}
"""The abstracts that are written otherwise in these files."""
WITHOUT_ABSTRACT = {
    "crossref.json": 2,
    "endnote.enw": 25,
    "endnote.xml": 3,
    "openalex.json": 2,
    "pubmed.nbib": 54,
    "pubmed.xml": 2,
    "savedrecs.txt": 49,
    "scopus.csv": 3,
    "semantic-scholar.json": 2,
    "zotero.bib": 30,
    "zotero.csl.json": 3,
    "zotero.csv": 7,
    "zotero.ris": 38,
}
"""Where the paper without an abstract stands: its line, or its number in XML and JSON."""


def papers_of(name: str) -> dict[str, Paper]:
    return {paper.title: paper for paper in read(EXPORTS / name).papers}


@BOTH_KINDS
def test_titles_and_abstracts_are_those_of_the_papers(name: str) -> None:
    for title, paper in papers_of(name).items():
        assert paper.abstract == OTHERWISE.get(name, {}).get(title, {LANTERNS: ABSTRACT, KITES: OF_KITES}[title])


@BOTH_KINDS
def test_authors_and_years_are_those_of_the_papers(name: str) -> None:
    papers = papers_of(name)
    if LANTERNS in papers and name != "notes.txt":
        assert papers[LANTERNS].authors == (IN_SHORT if name == "embase.ris" else IN_FULL)
        assert papers[LANTERNS].year == 2021
    if KITES in papers and not name.startswith("notes"):
        short = name in ("embase.ris", "pubmed.nbib")
        assert [author.split()[-1] for author in papers[KITES].authors] == ["Veer", "Núñez-Ríos"]
        assert papers[KITES].authors[0].startswith("L" if short else "Laurens van der ")
        assert papers[KITES].year == 2022


@BOTH_KINDS
def test_identifiers_and_venues_are_those_of_the_papers(name: str) -> None:
    paper = papers_of(name).get(LANTERNS)
    if paper and name != "notes.txt":
        assert paper.identifiers.doi == "10.1234/orchard.2021.7"
        assert paper.identifiers.pubmed in ("", "31000001")
        assert paper.identifiers.arxiv in ("", "2103.01234")
        assert paper.venue.casefold() in ("", "journal of orchard studies")


@BOTH_KINDS
def test_every_record_is_a_paper_or_a_reject(name: str) -> None:
    parsed = read(EXPORTS / name)
    if name == "scholar.bib":  # Google Scholar knows no abstracts
        assert [(one.line, one.reason, one.title) for one in parsed.rejects] == [(1, "has no abstract", LANTERNS)]
    elif line := WITHOUT_ABSTRACT.get(name):
        assert [(one.line, one.reason, one.title) for one in parsed.rejects] == [(line, "has no abstract", SHOVELS)]
        assert parsed.rejects[0].text
    else:
        assert parsed.rejects == ()
    expected = {KITES} if name == "acl.bib" else {LANTERNS} if len(parsed.papers) == 1 else {LANTERNS, KITES}
    assert {paper.title for paper in parsed.papers} == (set() if name == "scholar.bib" else expected)
