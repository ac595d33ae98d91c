"""eval.drafts: the sets are complete, and sentences counted as reaching the reader do."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from assistant.chain import Assistant
from eval import stock
from eval.drafts import (
    MECHANICAL,
    OF_A_KIND,
    PLANTED,
    SETS,
    TRUE,
    Drafted,
    Form,
    Judging,
    Passed,
    part,
    passed,
    read,
    table,
    with_marks,
)

from ..papers import PAIRS, write_listing

PEAR = PAIRS[0][0]
SPAN = "gains 3.5 points over the BM25 baseline"
DRAFTS = (
    Drafted("t", "close", PEAR, SPAN, "On OrchardBench, PearRank gains 3.5 points over BM25."),
    Drafted("n", "number", PEAR, SPAN, "On OrchardBench, PearRank gains 9.5 points over BM25."),
    Drafted("w", "wrong mark", PEAR, SPAN, "On OrchardBench, PearRank gains 3.5 points over BM25."),
    Drafted("i", "invented paper", PEAR, SPAN, "On OrchardBench, PearRank gains 3.5 points over BM25."),
)


@pytest.mark.parametrize("name", SETS)
def test_a_set_has_two_hundred_true_sentences_and_forty_faults_of_a_kind(name: str) -> None:
    kinds = Counter(one.kind for one in with_marks(read(stock.set_file(name))))
    assert {kind: kinds[kind] for kind in TRUE} == {"close": 100, "free": 100}
    assert {kind: kinds[kind] for kind in (*PLANTED, *MECHANICAL)} == dict.fromkeys((*PLANTED, *MECHANICAL), OF_A_KIND)


def test_the_halves_have_different_papers_and_make_up_the_whole() -> None:
    every = read(stock.set_file("drafts-blind"))
    fit, report = part(every, "fit"), part(every, "report")
    assert not {one.paper for one in fit} & {one.paper for one in report}
    assert len(fit) + len(report) == len(part(every, "all")) == len(every)


@pytest.mark.parametrize("name", SETS)
def test_every_quote_is_in_its_paper(name: str) -> None:
    from assistant.check.quotes import find_span
    from assistant.library.sources import read as read_listing

    abstracts = {paper.title: paper.abstract for file in stock.sample() for paper in read_listing(file).papers}
    assert [one.id for one in read(stock.set_file(name)) if not find_span(one.quote, abstracts[one.paper])] == []


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drafts")
    with Assistant.open(folder / "home") as opened:
        opened.ingest(write_listing(folder / "a.txt", PAIRS))
    return folder / "home"


@pytest.mark.parametrize("form", ["JSON", "prose"])
def test_true_sentences_get_through_and_planted_faults_do_not(shelf: Path, form: Form) -> None:
    results = list(passed(shelf, DRAFTS, form))
    assert [one.through for one in results] == [True, False, False, False]
    assert results[1].reasons[0] == "the abstract does not state 9.5"
    assert results[3].reasons[0] == "no source with this mark was shown"


@pytest.mark.parametrize(
    ("judging", "through"),
    [("nobody", [True, True]), ("one who believes", [True, True]), ("one who knows", [True, False])],
)
def test_the_judge_decides_open_cases(shelf: Path, judging: Judging, through: list[bool]) -> None:
    span = "a ranker that learns from weak labels alone"
    drafts = [
        Drafted("t", "free", PEAR, span, "PearRank always has only weak labels to learn from."),
        Drafted("f", "entity", PEAR, span, "PearRank always has only weak labels to go by."),
    ]
    assert [one.through for one in passed(shelf, drafts, "JSON", judging)] == through


def test_the_table_counts_by_kind() -> None:
    counts = table([Passed(one, one.kind == "close", ()) for one in DRAFTS], "JSON")
    assert counts.rows[0] == ("close", "1", "1", "")
    assert counts.rows[2] == ("number", "0", "1", "5%")
