"""How long people wait who ask at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from eval.crowd import Wait, alone, table, together

from ..pages import Served, serving
from ..papers import PAIRS


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("crowd") / "home", PAIRS) as page:
        yield page


def test_everyone_is_timed_and_gets_their_own_answer(served: Served) -> None:
    questions = ["What is PearRank?", "What is Ragnarök & what does <b> do?", "What does ZorbNet do?"]
    for way in (alone, together):
        waits = asyncio.run(way(served.url, questions))
        assert [one.fault for one in waits] == ["", "", ""]
        assert all(0 < one.sign <= one.answer for one in waits)


def test_an_answer_that_failed_is_counted(served: Served) -> None:
    failed, right = asyncio.run(together(served.url, ["Will it crash on PearRank?", "What is PearRank?"]))
    assert (failed.fault, right.fault) == ("it failed", "")


def test_the_table_compares_the_longest_wait_with_the_median() -> None:
    apart = [Wait(0.1, 1.0), Wait(0.1, 1.0), Wait(0.1, 4.0)]
    crowd = [Wait(0.2, 1.0), Wait(0.3, 2.0), Wait(0.5, 3.0, "it failed")]
    results = table([(apart, crowd)])
    assert [row[1:] for row in results.rows] == [
        ("1.000", "1.00"),
        ("6.000", "6.00"),
        ("0.300", "0.30"),
        ("0.500", "0.50"),
        ("1.000", "1.00"),
        ("2.000", "2.00"),
        ("3.000", "3.00"),
    ]
    assert "1.50 times the median" in results.note
    assert "0.50 times as long" in results.note
    assert "1 of 6 answers had a fault: it failed." in results.note
