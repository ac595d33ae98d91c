"""The sample listings and the question sets: whole, readable, and in our own words."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from assistant.core.records import Paper, fold
from assistant.library.sample import sample_files
from assistant.library.sources import read

from ..conftest import ROOT

SETS = ROOT / "eval" / "sets"
REAL = ROOT.parent / "shared" / "corpus"
LONGEST_SHARED = 8
"""Words in a row that a text of ours may have in common with a real abstract."""

needs_real = pytest.mark.skipif(not REAL.is_dir(), reason=f"the real listings are missing from {REAL}")


def runs(text: str, length: int) -> Iterator[tuple[str, ...]]:
    """Every run of so many words, case and punctuation aside."""
    tokens = re.findall(r"\w+", text.casefold())
    return zip(*(tokens[n:] for n in range(length)), strict=False)


def lines(name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in (SETS / name).read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def sample() -> list[Paper]:
    return [paper for path in sample_files() for paper in read(path).papers]


@pytest.fixture(scope="module")
def real() -> list[Paper]:
    matches = [paper for path in sorted(REAL.glob("*.txt")) for paper in read(path).papers]
    assert len(matches) > 500
    return matches


@pytest.fixture(scope="module")
def real_runs(real: Iterable[Paper]) -> set[tuple[str, ...]]:
    """Every run of nine words of a real abstract."""
    return {run for paper in real for run in runs(paper.abstract, LONGEST_SHARED + 1)}


# -- the sample


def test_four_listings_of_thirty_papers_without_a_reject() -> None:
    listings = [read(path) for path in sample_files()]
    assert [(len(one.papers), one.rejects) for one in listings] == [(30, ())] * 4


def test_two_files_have_each_layout() -> None:
    glued = Counter(bool(re.search(r"^Subscribe\S", path.read_text(encoding="utf-8"), re.M)) for path in sample_files())
    assert glued == {True: 2, False: 2}
    assert sorted(read(path).label for path in sample_files()) == ["", "", "Mar 11", "Mar 12"]


def test_there_are_120_different_papers(sample: list[Paper]) -> None:
    assert len({paper.id for paper in sample}) == len({fold(paper.abstract) for paper in sample}) == 120


def test_abstracts_have_90_to_160_words(sample: list[Paper]) -> None:
    lengths = {paper.title: len(paper.abstract.split()) for paper in sample}
    assert {title: length for title, length in lengths.items() if not 90 <= length <= 160} == {}


@needs_real
def test_the_titles_are_real(sample: list[Paper], real: list[Paper]) -> None:
    assert {paper.title for paper in sample} - {paper.title for paper in real} == set()


@needs_real
def test_no_abstract_shares_eight_words_in_a_row_with_its_original(sample: list[Paper], real: list[Paper]) -> None:
    originals: dict[str, set[tuple[str, ...]]] = {}
    for paper in real:
        originals.setdefault(paper.id, set()).update(runs(paper.abstract, 8))
    shared = {
        paper.title: [" ".join(run) for run in runs(paper.abstract, 8) if run in originals[paper.id]]
        for paper in sample
    }
    assert {title: matches for title, matches in shared.items() if matches} == {}


# -- the questions and claims


def test_no_listing_span_has_words_of_a_real_abstract() -> None:
    spans = [span for line in lines("listings.jsonl") for span in line["spans"]]  # type: ignore[attr-defined]
    assert len(spans) > 100
    assert {key for span in spans for key in span} == {"paper", "start", "end", "sha256"}


@needs_real
@pytest.mark.parametrize(
    ("name", "field"),
    [
        *(("listings.jsonl", "question"), ("sample.jsonl", "question"), ("claims-listings.jsonl", "claim")),
        *((f"{name}.jsonl", field) for name in ("drafts", "drafts-blind") for field in ("text", "quote")),
    ],
)
def test_no_question_or_claim_quotes_a_real_abstract(name: str, field: str, real_runs: set[tuple[str, ...]]) -> None:
    texts = {str(line["id"]): str(line[field]) for line in lines(name)}
    assert len(texts) > 100
    shared = {
        key: [" ".join(run) for run in runs(text, LONGEST_SHARED + 1) if run in real_runs]
        for key, text in texts.items()
    }
    assert {key: matches for key, matches in shared.items() if matches} == {}


def test_every_set_is_checked() -> None:
    """A new file of questions or claims has to be added to the tests above."""
    assert {path.name for path in Path(SETS).glob("*.jsonl")} == {
        "claims-listings.jsonl",
        "drafts-blind.jsonl",
        "drafts.jsonl",
        "listings.jsonl",
        "pairs-blind.jsonl",
        "pairs.jsonl",
        "sample.jsonl",
        "verdicts-blind.jsonl",
        "verdicts.jsonl",
    }
    for name, field in (("pairs", "claim"), ("verdicts", "question")):
        for twin in (name, f"{name}-blind"):
            assert all(
                line["paper"] and line[field] and isinstance(line["spans"], list) for line in lines(f"{twin}.jsonl")
            )
    assert not {line["paper"] for line in lines("pairs.jsonl")} & {line["paper"] for line in lines("pairs-blind.jsonl")}
