"""sources: a damaged file gives papers of the file or rejects, and never an error or another paper."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path

import pytest

from assistant.core.records import Paper
from assistant.library.sources import read
from eval.fuzz import damaged, is_right, main, wrong_papers

from .test_exports import ABSTRACT, BOTH_KINDS, EXPORTS, KITES, LANTERNS, OF_KITES

COPIES = 80
"""Damaged copies of each file; `python -m eval.fuzz tests/library/exports` makes ten thousand."""


@BOTH_KINDS
def test_no_damage_makes_another_paper(name: str) -> None:
    assert [paper for _, paper in wrong_papers(EXPORTS / name, COPIES, seed=7)] == []


def test_no_damage_of_an_archive_makes_another_paper(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("zotero.ris", "mendeley.bib"):
            archive.write(EXPORTS / name, name)
    file, chance = tmp_path / "exports.zip", random.Random(3)
    file.write_bytes(buffer.getvalue())
    originals = read(file).papers
    assert len(originals) == 4
    for _ in range(300):
        file.write_bytes(damaged(buffer.getvalue(), chance))
        parsed = read(file)
        assert all(is_right(paper, originals) for paper in parsed.papers)


@pytest.mark.parametrize(
    "name", ["zotero.ris", "endnote.enw", "savedrecs.txt", "pubmed.nbib", "zotero.bib", "zotero.csv"]
)
def test_a_file_cut_anywhere_gives_whole_papers(name: str, tmp_path: Path) -> None:
    data, originals = (EXPORTS / name).read_bytes(), read(EXPORTS / name).papers
    for end in range(0, len(data), 11):
        (tmp_path / name).write_bytes(data[:end])
        parsed = read(tmp_path / name)
        assert all(paper.abstract in {original.abstract for original in originals} for paper in parsed.papers)
        assert parsed.papers or parsed.rejects


def test_a_wrong_paper_is_noticed() -> None:
    originals = [Paper(LANTERNS, ABSTRACT), Paper(KITES, OF_KITES)]
    assert is_right(Paper(LANTERNS, ABSTRACT.replace("orchard", "orhard")), originals)
    assert not is_right(Paper(LANTERNS, OF_KITES), originals)
    assert not is_right(Paper(LANTERNS, f"{ABSTRACT} {OF_KITES}"), originals)
    assert not is_right(Paper("PT AU TI", ABSTRACT), originals)
    assert not is_right(Paper(LANTERNS, "Lanterns are hung where paths meet."), originals)
    assert is_right(Paper(LANTERNS, "Lanterns are hung where paths meet."), originals, endless=True)


def test_the_command_counts_and_fails_on_wrong_papers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.ris").write_bytes((EXPORTS / "zotero.ris").read_bytes())
    assert main([str(tmp_path), "--times", "5"]) == 0
    assert capsys.readouterr().out == "0 wrong papers in 1 files, 5 damaged copies\n"
    monkeypatch.setattr("eval.fuzz.is_right", lambda *_, **__: False)
    assert main([str(tmp_path), "--times", "5"]) == 1
