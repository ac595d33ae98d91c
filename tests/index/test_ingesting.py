"""index.ingesting: files and folders in, slice by slice; dry runs, titles alone, and what is rejected."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant import Assistant, QuestionError
from assistant.core.records import Ingested
from assistant.index import ingesting
from assistant.index.holdings import Holdings
from assistant.library import sources
from assistant.library.mending import to_be_mended
from assistant.library.sources import Manner

from ..library.test_exports import ABSTRACT, EXPORTS, KITES, LANTERNS, SHOVELS

EXPORT = EXPORTS / "zotero.ris"


def counts(done: Ingested) -> tuple[int, int, int, int]:
    return done.added, done.updated, done.unchanged, done.rejected


def titles(holdings: Holdings) -> list[str]:
    return sorted(paper.title for paper in holdings.library.papers())


def test_an_export_is_added_once(holdings: Holdings) -> None:
    assert counts(holdings.ingest([EXPORT])) == (2, 0, 0, 1)
    assert counts(holdings.ingest([EXPORT])) == (0, 0, 2, 1)
    assert titles(holdings) == [KITES, LANTERNS]


def test_the_same_papers_in_other_formats_are_the_same_papers(holdings: Holdings) -> None:
    holdings.ingest([EXPORT])
    holdings.ingest([EXPORTS / name for name in ("mendeley.bib", "savedrecs.txt", "arxiv.atom", "zotero.csv")])
    assert titles(holdings) == [KITES, LANTERNS]


def test_a_folder_has_its_files(holdings: Holdings) -> None:
    done = holdings.ingest([EXPORTS])
    assert (done.added, titles(holdings)) == (2, [KITES, LANTERNS])
    assert len(holdings.library.listings()) == len([*EXPORTS.iterdir()]) - 1  # Google Scholar's has no abstracts


def test_a_dry_run_counts_and_changes_nothing(holdings: Holdings, tmp_path: Path) -> None:
    assert counts(holdings.ingest([EXPORT, EXPORT], dry_run=True)) == (2, 0, 2, 2)
    assert (titles(holdings), holdings.rejects(), holdings.library.revision) == ([], [], 0)
    file = tmp_path / "zotero.ris"
    file.write_bytes(EXPORT.read_bytes())
    holdings.ingest([file])
    file.write_bytes(EXPORT.read_bytes().replace(b"3.5%", b"4.5%"))
    assert counts(holdings.ingest([file], dry_run=True)) == (0, 1, 1, 1)
    assert "3.5%" in holdings.paper(LANTERNS).abstract


def test_a_paper_without_an_abstract_is_kept_by_its_title_if_wanted(holdings: Holdings) -> None:
    assert counts(holdings.ingest([EXPORT], manner=Manner(titles_only=True))) == (3, 0, 0, 0)
    paper = holdings.paper(SHOVELS)
    assert (paper.abstract, paper.authors, paper.year) == ("", ("A. B. Quince",), 1999)
    assert [one.title for one in holdings.papers("shovels")] == [SHOVELS]
    assert holdings.doctor() == []


def test_a_large_file_is_added_slice_by_slice(
    holdings: Holdings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "SLICE", 10)
    monkeypatch.setattr(ingesting, "SLICE", 10)
    papers = [{"title": f"Lantern {n} of the Orchard", "abstract": f"{ABSTRACT} It is {n}."} for n in range(35)]
    file = tmp_path / "many.jsonl"
    file.write_text("\n".join(map(json.dumps, papers)))
    sizes: list[int] = []
    put = holdings.library.put

    def counted(some, **place):  # noqa: ANN001, ANN003, ANN202
        sizes.append(len(some))
        return put(some, **place)

    monkeypatch.setattr(holdings.library, "put", counted)
    assert counts(holdings.ingest([file])) == (35, 0, 0, 0)
    assert sizes == [10, 10, 10, 5]


def test_rejects_are_listed_until_they_are_mended(holdings: Holdings, tmp_path: Path) -> None:
    holdings.ingest([EXPORT])
    (reject,) = holdings.rejects()
    assert (reject.source, reject.line, reject.reason, reject.title) == ("zotero.ris", 38, "has no abstract", SHOVELS)
    values = json.loads(to_be_mended([reject]))
    assert (values["title"], values["authors"], values["year"]) == (SHOVELS, ["A. B. Quince"], 1999)
    mended = tmp_path / "mended.jsonl"
    mended.write_text(json.dumps({**values, "abstract": ABSTRACT}))
    assert counts(holdings.ingest([mended])) == (1, 0, 0, 0)
    assert holdings.paper(SHOVELS).year == 1999
    assert holdings.rejects() == []


@pytest.mark.parametrize("name", ["zotero.csv", "zotero.bib", "endnote.xml", "pubmed.nbib", "semantic-scholar.json"])
def test_what_is_known_of_a_rejected_paper_is_kept_for_mending(name: str) -> None:
    (reject,) = sources.read(EXPORTS / name).rejects
    values = json.loads(to_be_mended([reject]))
    assert (values["title"], values["abstract"]) == (SHOVELS, "")
    assert values["rejected"]["source"] == name


def test_rejects_are_those_of_the_last_reading(holdings: Holdings, tmp_path: Path) -> None:
    file = tmp_path / "zotero.ris"
    file.write_bytes(EXPORT.read_bytes())
    holdings.ingest([file])
    file.write_bytes(EXPORT.read_bytes().replace(b"A Note on Shovels", b"A Note on Spades"))
    holdings.ingest([file])
    assert [one.title for one in holdings.rejects()] == ["A Note on Spades"]


def test_more_rejects_than_can_be_shown_are_counted(holdings: Holdings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingesting, "MOST_REJECTS", 3)
    done = holdings.ingest([EXPORTS])
    assert (len(done.rejects), done.rejected) == (
        3,
        len(holdings.rejects()) + 1,
    )  # one is here from elsewhere


def test_unknown_formats_and_fields_are_errors(tmp_path: Path) -> None:
    with Assistant.open(tmp_path) as assistant:
        with pytest.raises(QuestionError, match=r"There is no format 'refman'. There are: listing, ris, "):
            assistant.ingest(EXPORT, format="refman")
        with pytest.raises(QuestionError, match=r"A paper has no 'nom'. Columns can be named for: title, "):
            assistant.ingest(EXPORT, columns={"nom": "Name"})
        assert assistant.papers() == []
