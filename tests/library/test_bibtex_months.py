"""BibTeX: the month of an entry is part of its date, however it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.library.sources import read

ABSTRACT = "We fly kites over orchards and measure the wind that carries them, for as long as it lasts."


@pytest.mark.parametrize(
    ("fields", "published"),
    [
        ("year = {2024}, month = mar", "2024-03"),
        ("year = 2024, month = {March}", "2024-03"),
        ("year = 2024, month = 3", "2024-03"),
        ("year = 2024, month = {12}", "2024-12"),
        ("year = 2024, month = {Spring}", ""),
        ("year = 2024, month = 13", ""),
        ("year = {in press}, month = mar", ""),
        ("year = 2024, month = mar, date = {2023-05-06}", "2023-05-06"),
    ],
)
def test_a_month_is_read(fields: str, published: str, tmp_path: Path) -> None:
    entry = f"@article{{a, title = {{Kites over Orchards}}, abstract = {{{ABSTRACT}}}, {fields}}}\n"
    (tmp_path / "a.bib").write_text(entry, encoding="utf-8")
    (paper,) = read(tmp_path / "a.bib").papers
    assert paper.published == published
