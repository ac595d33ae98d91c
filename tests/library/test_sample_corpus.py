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
ABSTRACTS = ROOT.parent / "shared" / "abstracts" / "abstracts.jsonl"
TEXTS = {
    **dict.fromkeys(("sample", "listings", "single", "single-more", "single-blind"), ("question",)),
    **dict.fromkeys(("several", "several-more", "several-blind"), ("question",)),
    **dict.fromkeys(("verdicts", "verdicts-more", "verdicts-blind"), ("question",)),
    **dict.fromkeys(("talks", "talks-blind"), ("question", "alone")),
    **dict.fromkeys(("pairs", "pairs-blind", "claims-listings"), ("claim",)),
    **dict.fromkeys(("drafts", "drafts-blind"), ("text", "quote")),
    **dict.fromkeys(("kinds", "kinds-blind"), ("message",)),
}
"""Every set in the project, and its fields with words of ours."""
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
def real_runs(real: Iterable[Paper]) -> set[int]:
    """The hash of every run of nine words of a real abstract."""
    written = ABSTRACTS.read_text(encoding="utf-8").splitlines() if ABSTRACTS.is_file() else []
    abstracts = [*(paper.abstract for paper in real), *(json.loads(line)["abstract"] for line in written)]
    return {hash(run) for abstract in abstracts for run in runs(abstract, LONGEST_SHARED + 1)}


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
@pytest.mark.parametrize("name", TEXTS)
def test_no_text_of_ours_quotes_a_real_abstract(name: str, real_runs: set[int]) -> None:
    written = lines(f"{name}.jsonl")
    assert len(written) > 50
    shared = {
        line["id"]: [" ".join(run) for run in runs(text, LONGEST_SHARED + 1) if hash(run) in real_runs]
        for line in written
        for text in (str(line.get(field, "")) for field in TEXTS[name])
    }
    assert {key: matches for key, matches in shared.items() if matches} == {}


def test_every_set_is_checked() -> None:
    """A new file of questions or claims has to be added to `TEXTS`."""
    assert {path.stem for path in Path(SETS).glob("*.jsonl")} == set(TEXTS)


@pytest.mark.parametrize("name", [name for name in TEXTS if f"{name}-blind" in TEXTS and name != "drafts"])
def test_a_blind_twin_is_about_other_papers_or_in_other_words(name: str) -> None:
    """What is fitted on is never what is reported."""
    papers, texts = zip(*map(about, (name, f"{name}-blind")), strict=True)
    assert not papers[0] & papers[1]
    assert not texts[0] & texts[1]


def about(name: str) -> tuple[set[str], set[str]]:
    """The papers that a set is about, and its texts."""
    papers: set[str] = set()
    texts: set[str] = set()
    for line in lines(f"{name}.jsonl"):
        papers |= {str(line["paper"])} if "paper" in line else {*line.get("gold", ()), *line.get("tolerated", ())}  # type: ignore[misc]
        texts |= {str(line[field]) for field in TEXTS[name] if field in line and "conversation" not in line}
    return papers, texts
