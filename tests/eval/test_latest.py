"""A folder of reports in, the one made last out."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from eval import doubles
from eval.compare import compare
from eval.jsonl import FormatError
from eval.latest import latest, read
from eval.report import Report, to_text

from .test_report import made


def written(folder: Path, found: Report, *, at: int) -> Path:
    folder.mkdir(parents=True)
    path = folder / "report.json"
    path.write_text(to_text(found), encoding="utf-8")
    os.utime(path, (at, at))
    return path


def test_the_report_written_last_is_found(tmp_path: Path) -> None:
    assert latest(tmp_path / "nowhere") is None
    assert latest(tmp_path) is None
    written(tmp_path / "b", made(), at=1000)
    newer = written(tmp_path / "a", made(), at=2000)
    written(tmp_path / "a" / "library", made(), at=3000)
    assert latest(tmp_path) == newer


def test_a_report_reads_as_it_was_made(tmp_path: Path) -> None:
    before, found = made(doubles.decliner), replace(made(doubles.everything), problems=("a problem",))
    compared = replace(found, comparison=compare(before.cases, found.cases, "before.json"))
    assert compared.comparison
    assert compared.comparison.changes
    assert compared.comparison.tests
    assert read(written(tmp_path / "plain", found, at=1)) == found
    assert read(written(tmp_path / "compared", compared, at=1)) == compared


def test_what_is_no_report_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text('{"format": 99}', encoding="utf-8")
    with pytest.raises(FormatError, match="must be 1"):
        read(path)
