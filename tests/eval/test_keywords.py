"""Our keyword index compared with FTS5 and bm25s."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.core.records import Paper
from eval.keywords import KINDS, Cost, cost, cost_table, quality
from eval.multiply import of_sentences
from eval.questions import Question

from ..papers import PAIRS

PAPERS = [Paper(title, abstract) for title, abstract in PAIRS]


@pytest.mark.parametrize("name", KINDS)
def test_every_index_finds_adds_and_can_be_reopened(name: str, tmp_path: Path) -> None:
    index = KINDS[name](tmp_path / "index")
    index.put(PAPERS[:3])
    assert index.search("orchards sorted by PearRank") == [PAPERS[0].id]
    assert index.search("kites") == []
    index.put([PAPERS[6]])
    assert index.search("kites") == [PAPERS[6].id]
    index.close()
    again = KINDS[name](tmp_path / "index")
    assert again.search("kites") == [PAPERS[6].id]
    assert again.search("zyx") == []
    again.close()


@pytest.mark.parametrize("name", KINDS)
def test_quality_is_that_of_the_first_gold_paper(name: str) -> None:
    asked = [
        Question("1", "fact", "orchards sorted by PearRank", (PAPERS[0].title,)),
        Question("2", "fact", "kites", (PAPERS[0].title,)),
        Question("3", "fact", "kites and wind", (PAPERS[0].title,), conversation="c"),
        Question("4", "unanswerable", "kites and boats", unanswerable="absent"),
    ]
    assert quality(KINDS[name], PAPERS, asked) == (0.5, 0.5)


def test_costs_are_measured_and_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eval.keywords.RUNS", 1)
    made = list(of_sentences(PAPERS, 30))
    costs = {name: cost(name, made, ["orchards", "kites"], tmp_path / name) for name in KINDS}
    for one in costs.values():
        assert min(one.build, one.add, one.open, one.median, one.p95, one.disk) > 0
    table = cost_table("30 papers", costs)
    assert table.heading == "Cost at 30 papers"
    assert table.columns == ("", "ours", "FTS5", "bm25s", "FTS5 / ours", "bm25s / ours")
    one, two, three = (Cost(*(times * n for n in range(1, 7))) for times in (1, 2, 3))
    assert {row[-2:] for row in cost_table("", {"ours": one, "FTS5": two, "bm25s": three}).rows} == {("2", "3")}
