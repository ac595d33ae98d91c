"""Papers are found and ranked, each with every signal."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.core.records import Hit, Paper
from assistant.core.signals import PaperSignals
from assistant.core.text import sentences
from assistant.index.embedding import Embedder
from assistant.index.holdings import Holdings
from assistant.index.store import MemoryStore
from assistant.library.papers import Library
from assistant.question.understanding import Asked, understand
from assistant.search import retrieval
from assistant.search.evidence import EvidenceQuery, Matches
from assistant.search.retrieval import COINED, DEPTH, PLAINLY, SURELY, USUAL, Lookup, Retriever, company, fused

from ..doubles import HashEmbedder
from ..papers import PAIRS, write_listing

LISTED = tuple(Paper(t, a, sources=("odd.txt" if n % 2 else "even.txt",)) for n, (t, a) in enumerate(PAIRS))
PEAR, MOD, RAGNAROK, VILLA, READING, LEDGER, KITE, SNOW = (title for title, _ in PAIRS)
QUESTIONS = (
    "What does PearRank learn from?",
    "Which papers are about orchards?",
    "How long does the memory of a kite last?",
    "shadows of a lantern",
    "What is in the ledger of plot 7?",
)


class Shelf:
    """Papers indexed in a folder, and their `Retriever`. With `exact` a `MemoryStore` replaces Chroma."""

    def __init__(
        self, folder: Path, papers: Sequence[Paper] = LISTED, *, embedder: Embedder | None, exact: bool = True
    ) -> None:
        self.embedder = embedder
        self.library = Library(folder / "home")
        self._holdings = Holdings(self.library, embedder)
        paths = []
        for name, date in (("odd.txt", "Mar 11"), ("even.txt", "Mar 12")):
            pairs = [(paper.title, paper.abstract) for paper in papers if name in paper.sources]
            paths.append(write_listing(folder / name, pairs, date=date))
        assert self._holdings.ingest(paths).added == len(papers)
        index = self._holdings.index()
        assert index is not None
        self.index = index
        if embedder and exact:
            index.store.close()
            index.store = self._remembered(embedder)
        self.retriever = Retriever(index)

    def _remembered(self, embedder: Embedder) -> MemoryStore:
        store = MemoryStore()
        for passages in self.index.passages_of(self.library.papers()).values():
            encodings = embedder.encode([f"{passage.title}\n{passage.text}" for passage in passages])
            store.put({passage: e.vector for passage, e in zip(passages, encodings, strict=True)})
        return store

    def asked(self, question: str) -> Asked:
        return understand(question, self.index, self.library.listings())

    def hits(self, question: str, **knobs: object) -> list[Hit]:
        return self.retriever.retrieve(self.asked(question), **knobs)  # type: ignore[arg-type]

    def titles(self, question: str, **knobs: object) -> list[str]:
        return [hit.paper.title for hit in self.hits(question, **knobs)]

    def id_of(self, title: str) -> str:
        (paper,) = (paper for paper in self.library.papers() if paper.title == title)
        return paper.id

    def close(self) -> None:
        self._holdings.close()


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Shelf]]:
    """`make(papers, embedder=..., exact=...)` makes a shelf, which is closed at the end."""
    made: list[Shelf] = []

    def one(papers: Sequence[Paper] = LISTED, *, embedder: Embedder | None, exact: bool = True) -> Shelf:
        made.append(Shelf(tmp_path_factory.mktemp("shelf"), papers, embedder=embedder, exact=exact))
        return made[-1]

    yield one
    for shelf in made:
        shelf.close()


@pytest.fixture(scope="module")
def shelf(make: Callable[..., Shelf]) -> Shelf:
    return make(embedder=HashEmbedder())


@pytest.fixture(scope="module")
def wordy(make: Callable[..., Shelf]) -> Shelf:
    return make(embedder=None)


# -- signals and evidence


def test_rare_words_weigh_more_in_a_pair_of_sentences(make: Callable[..., Shelf]) -> None:
    rest = "stay in the old walled orchard of the north, where the snow is deep and the days are short until late May."
    texts = [f"{fruit} {rest}" for fruit in ("Pears", "Pears", "Pears", "Zephyrs")]
    papers = [
        Paper(f"Leaf {n} of the orchard", text, sources=(("odd.txt", "even.txt")[n % 2],))
        for n, text in enumerate(texts)
    ]
    shelf = make(papers, embedder=HashEmbedder())
    signals = {hit.paper.abstract: hit.signals for hit in shelf.hits("pears zephyrs")}
    assert signals[texts[3]].pair > signals[texts[3]].maxsim
    assert signals[texts[0]].pair < signals[texts[0]].maxsim


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_hit_says_why_it_was_found(shelf: Shelf, question: str) -> None:
    hits = shelf.hits(question)
    assert hits
    for hit in hits:
        assert set(hit.ranks) == {"named", "bm25", "cosine", "bridge"}
        assert any(rank is not None for rank in hit.ranks.values())
        assert hit.signals.named in (0.0, 0.1, 0.2, 1.0)
    for name in ("named", "bm25", "cosine"):
        ranks = [hit.ranks[name] for hit in hits if hit.ranks[name] is not None]
        assert len(ranks) == len(set(ranks))
        assert all(rank and rank >= 1 for rank in ranks)


def test_ranks_follow_the_raw_scores(shelf: Shelf) -> None:
    hits = [hit for hit in shelf.hits("Which papers are about orchards?") if hit.ranks["bm25"]]
    ranked = sorted(hits, key=lambda hit: hit.ranks["bm25"] or 0)
    assert [hit.signals.bm25 for hit in ranked] == sorted((hit.signals.bm25 for hit in hits), reverse=True)


@pytest.mark.parametrize("question", QUESTIONS)
def test_evidence_is_every_sentence_verbatim(shelf: Shelf, question: str) -> None:
    for hit in shelf.hits(question):
        abstract = hit.paper.abstract
        assert [sentence.text for sentence in hit.evidence] == [span.of(abstract) for span in sentences(abstract)]
        assert all(abstract[one.start : one.start + len(one.text)] == one.text for one in hit.evidence)
        assert all(0 < one.signals.answers < 1 for one in hit.evidence)


def test_the_passage_is_the_one_with_the_best_sentence(shelf: Shelf) -> None:
    """The ledger has passages of several sentences; the question is about one of the last."""
    hit = next(
        hit for hit in shelf.hits("In experiment 14, what is the sum of grams of plot 14?") if hit.paper.title == LEDGER
    )
    best = max(hit.evidence, key=lambda one: (one.signals.answers, one.signals.coverage))
    assert len(shelf.index.passages_of([hit.paper])[hit.paper.id]) > 1
    assert hit.passage.start <= best.start < hit.passage.start + len(hit.passage.text)
    assert hit.paper.abstract[hit.passage.start :].startswith(hit.passage.text)


# -- the ranking


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("What does PearRank learn from?", PEAR),
        ("How long does the memory of a kite last?", KITE),
        ("snow pressed by shovels", SNOW),
        ("signs woven into the prompt for the reader", READING),
    ],
)
@pytest.mark.parametrize("which", ["shelf", "wordy"])
def test_the_right_paper_comes_first(request: pytest.FixtureRequest, which: str, question: str, title: str) -> None:
    assert request.getfixturevalue(which).titles(question)[0] == title


def test_a_paper_named_by_its_title_comes_before_more_similar_ones(shelf: Shelf) -> None:
    hits = shelf.hits("In what way do Ragnarök and kites flown for years keep a memory of the wind?")
    assert hits[0].paper.title == RAGNAROK
    assert hits[0].signals.named == 1.0
    assert hits[0].score < max(hit.score for hit in hits)


def test_a_misspelt_name_counts_for_less_than_an_exact_one(shelf: Shelf) -> None:
    exact, misspelt = (shelf.hits(f"What does {name} learn from?")[0] for name in ("PearRank", "PaerRank"))
    assert exact.paper.title == misspelt.paper.title == PEAR
    assert 0 < misspelt.signals.named < exact.signals.named


@pytest.mark.parametrize(("users", "strength"), [(2, SURELY), (3, COINED)])
def test_a_name_that_many_use_does_not_surely_mean_its_own_paper(tmp_path: Path, users: int, strength: float) -> None:
    more = "Every row is watered twice a week, and what comes up is counted by two people who do not speak. " * 2
    abstracts = [
        "We introduce Wait Seed, which sleeps in the ground.",
        *["We sow Wait Seed by hand in the north."] * (users - 1),
    ]
    coined, *others = (
        Paper(f"Seeds of field {n}", f"{one} {more}", sources=("odd.txt",)) for n, one in enumerate(abstracts)
    )
    shelf = Shelf(tmp_path, (*LISTED, coined, *others), embedder=None)
    hits = {hit.paper.title: hit for hit in shelf.hits("What does Wait Seed do?")}
    assert hits[coined.title].signals.named == strength


def test_a_name_written_like_any_other_word_means_its_paper_less_surely(shelf: Shelf) -> None:
    plainly, surely = (shelf.hits(f"What does {name} learn from?")[0] for name in ("pearrank", "PearRank"))
    assert plainly.paper.title == surely.paper.title == PEAR
    assert (plainly.signals.named, surely.signals.named) == (PLAINLY, SURELY)


def test_a_paper_with_nothing_in_common_is_not_found(wordy: Shelf) -> None:
    assert wordy.hits("umbrellas in Lisbon") == []


def test_without_an_embedder_words_decide(wordy: Shelf) -> None:
    hits = wordy.hits("Which papers are about orchards?")
    assert {hit.paper.title for hit in hits} == {PEAR, LEDGER}
    assert {(hit.signals.cosine, hit.signals.maxsim, hit.signals.weakest) for hit in hits} == {(0.0, 0.0, 0.0)}
    assert all(hit.ranks["cosine"] is None for hit in hits)
    assert all(one.signals.similarity == 0.0 for hit in hits for one in hit.evidence)


# -- chosen papers


def test_the_readings_of_a_question_share_what_it_finds(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[str] = []
    retriever, lookup = Retriever(shelf.index), Retriever._lookup

    def counted(self: Retriever, asked: Asked) -> Lookup:
        looked_up.append(asked.text)
        return lookup(self, asked)

    one = shelf.asked(QUESTIONS[0])
    without = replace(one.as_kind("list"), without=(shelf.id_of(PEAR),))
    of_two = replace(one, papers=(shelf.id_of(SNOW), shelf.id_of(KITE)))
    alone = [Retriever(shelf.index).retrieve(asked) for asked in (one, without, of_two)]
    monkeypatch.setattr(Retriever, "_lookup", counted)
    assert [retriever.retrieve(asked) for asked in (one, without, of_two)] == alone
    retriever.retrieve(shelf.asked(QUESTIONS[1]))
    assert retriever.retrieve(one) == alone[0]
    assert looked_up == list(QUESTIONS[:2])


@pytest.mark.parametrize("which", ["shelf", "wordy"])
def test_chosen_papers_are_found_among_all_others(request: pytest.FixtureRequest, which: str) -> None:
    shelf = request.getfixturevalue(which)
    asked = replace(shelf.asked("Which papers are about orchards?"), papers=(shelf.id_of(LEDGER),))
    hits = shelf.retriever.retrieve(asked, limit=1)
    assert [hit.paper.title for hit in hits] == [LEDGER]
    assert [hit.paper.title for hit in shelf.retriever.retrieve(asked)][:2] == [LEDGER, PEAR]


def test_a_chosen_paper_is_found_whatever_it_has_in_common(shelf: Shelf) -> None:
    asked = replace(shelf.asked("What does PearRank learn from?"), papers=(shelf.id_of(SNOW), shelf.id_of(KITE)))
    assert {hit.paper.title for hit in shelf.retriever.retrieve(asked, limit=2)} == {SNOW, KITE}


def test_a_chosen_paper_has_the_signals_it_has_among_all(shelf: Shelf) -> None:
    asked = shelf.asked("What does PearRank learn from?")
    signals = {hit.paper.title: hit.signals for hit in shelf.retriever.retrieve(asked)}
    chosen = shelf.retriever.retrieve(replace(asked, papers=(shelf.id_of(SNOW),)))
    assert {hit.paper.title: hit.signals for hit in chosen} == signals


def test_a_chosen_paper_outside_the_listing_is_not_found(shelf: Shelf) -> None:
    asked = replace(shelf.asked("What does PearRank learn from?"), sources=("odd.txt",))
    hits = shelf.retriever.retrieve(replace(asked, papers=(shelf.id_of(PEAR),)))
    assert PEAR not in {hit.paper.title for hit in hits}


@pytest.mark.parametrize("limit", [0, 1, 3])
def test_the_limit_cuts_the_same_ranking(shelf: Shelf, limit: int) -> None:
    assert shelf.titles(QUESTIONS[1], limit=limit) == shelf.titles(QUESTIONS[1])[:limit]


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_same_question_gives_the_same_hits(shelf: Shelf, question: str) -> None:
    assert shelf.hits(question) == shelf.hits(question)


def test_the_order_of_ingestion_does_not_matter(make: Callable[..., Shelf], shelf: Shelf) -> None:
    shuffled = list(LISTED)
    random.Random(4).shuffle(shuffled)
    other = make(shuffled, embedder=HashEmbedder())
    for question in QUESTIONS:
        assert other.titles(question) == shelf.titles(question)


def test_chroma_ranks_like_exact_search(make: Callable[..., Shelf], shelf: Shelf) -> None:
    chroma = make(embedder=HashEmbedder(), exact=False)
    assert not isinstance(chroma.index.store, MemoryStore)
    for question in QUESTIONS:
        assert chroma.titles(question) == shelf.titles(question)
        for ours, exact in zip(chroma.hits(question), shelf.hits(question), strict=True):
            assert ours.score == pytest.approx(exact.score, abs=1e-4)
            assert ours.ranks == exact.ranks


# -- listings, bridges


@pytest.mark.parametrize("which", ["shelf", "wordy"])
@pytest.mark.parametrize(("day", "source"), [("March 11", "odd.txt"), ("March 12", "even.txt")])
def test_hits_are_limited_to_the_listing(request: pytest.FixtureRequest, which: str, day: str, source: str) -> None:
    chosen: Shelf = request.getfixturevalue(which)
    for question in ("Which papers are on orchards, kites or snow", "What does PearRank say of shovels"):
        hits = chosen.hits(f"{question} in the {day} listing?")
        assert hits
        assert {s for hit in hits for s in hit.paper.sources} == {source}


def test_a_name_does_not_find_a_paper_of_another_listing(shelf: Shelf) -> None:
    assert PEAR in shelf.titles("What is PearRank in the March 12 listing?")
    assert PEAR not in shelf.titles("What is PearRank in the March 11 listing?")


def test_a_paper_reached_through_another_has_the_signal_bridge(shelf: Shelf) -> None:
    snow = shelf.id_of(SNOW)
    hits = shelf.hits("How long does the memory of a kite last?", also=[snow])
    marked = [hit.paper.title for hit in hits if hit.signals.bridge]
    assert marked == [SNOW]
    assert hits[0].paper.title == SNOW
    assert hits[0].ranks["bridge"] == 1
    assert {hit.paper.title for hit in hits} == {*shelf.titles("How long does the memory of a kite last?"), SNOW}


def test_the_same_question_is_not_embedded_again_for_a_bridge(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = shelf.asked("How long does the memory of a kite last?")
    alone = shelf.retriever.retrieve(asked)
    monkeypatch.setattr(shelf.embedder, "encode", lambda texts, **_: pytest.fail(str(texts)))
    assert shelf.retriever.retrieve(asked, also=[shelf.id_of(SNOW)])[0].paper.title == SNOW
    assert shelf.retriever.retrieve(asked) == alone
    with pytest.raises(pytest.fail.Exception):
        shelf.hits("Who remembers the wind?")


def test_a_paper_reached_through_another_needs_no_other_list(wordy: Shelf) -> None:
    hits = wordy.hits("How long does the memory of a kite last?", also=[wordy.id_of(MOD)], limit=1)
    assert [hit.paper.title for hit in hits] == [MOD]
    assert [rank for name, rank in hits[0].ranks.items() if name != "bridge"] == [None] * 3


def test_a_bridge_is_limited_to_the_listing_too(shelf: Shelf) -> None:
    hits = shelf.hits("What came on March 11 about kites?", also=[shelf.id_of(PEAR)])
    assert {s for hit in hits for s in hit.paper.sources} == {"odd.txt"}


# -- the score


def test_signals_are_standardised_before_they_are_added() -> None:
    small = [PaperSignals(bm25=1.0, cosine=0.1, maxsim=0.1), PaperSignals(bm25=2.0, cosine=0.2, maxsim=0.3)]
    large = [replace(signals, bm25=signals.bm25 * 1000 + 5) for signals in small]
    first, second = fused(small)
    assert fused(large) == pytest.approx([first, second])
    assert second == pytest.approx(-first)
    assert second > 0


def test_equal_signals_decide_nothing() -> None:
    assert fused([PaperSignals(bm25=1.0, cosine=0.5, maxsim=0.5)] * 2) == [0.0, 0.0]
    assert fused([PaperSignals(bm25=9.0, cosine=0.9, maxsim=0.9)]) == [0.0]


def test_a_candidate_like_those_that_match_best_is_in_better_company() -> None:
    rest = np.random.default_rng(0).normal(size=(DEPTH - 4, 8))
    vectors = np.array([[3.0, 0, 0, 0, 0, 0, 0, 0]] * 3 + [[0, 3.0, 0, 0, 0, 0, 0, 0], *rest], np.float32)
    scores = [3.0, 2.5, 1.0, 1.0, *[-0.5] * len(rest)]
    shared = company([*vectors], scores)
    assert min(shared[:3]) > 0.9
    assert max(shared[3:]) < 0.8
    moved = company([*(vectors + 5.0)], scores)
    assert moved == pytest.approx(shared, abs=1e-4), "what all candidates have in common counts nothing"


def test_a_candidate_is_no_company_of_its_own() -> None:
    vectors = [*np.eye(DEPTH, dtype=np.float32)]  # each as unlike every other
    best = company(vectors, [5.0, *[0.0] * (DEPTH - 1)])[0]
    assert best == pytest.approx(-1 / (DEPTH - 1), abs=1e-4)


def test_few_candidates_or_one_without_a_vector_are_in_the_usual_company() -> None:
    vectors = [*np.eye(DEPTH, dtype=np.float32)]
    assert company(vectors[1:], [1.0] * (DEPTH - 1)) == [USUAL] * (DEPTH - 1)
    assert company([*vectors, np.zeros(0, np.float32)], [1.0] * (DEPTH + 1)) == [USUAL] * (DEPTH + 1)
    assert company(vectors, [1.0] * DEPTH) != [USUAL] * DEPTH


def test_likeness_is_highest_for_the_paper_a_sentence_is_of(shelf: Shelf) -> None:
    assert shelf.embedder is not None
    sentence = "A probe of two layers reads the direction with 91% accuracy."
    likenesses = {paper.title: shelf.index.likeness(sentence, paper) for paper in shelf.library.papers()}
    assert max(likenesses, key=lambda title: likenesses[title]) == KITE
    assert all(0 <= value <= 1 for value in likenesses.values())


def test_likeness_to_an_unindexed_paper_is_zero(shelf: Shelf) -> None:
    assert shelf.embedder is not None
    assert shelf.index.likeness("pears", Paper("New", "Not indexed yet.")) == 0.0


def test_the_focus_has_no_words_of_a_name(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[tuple[int, int]] = []

    def compare(query: EvidenceQuery, _: object) -> dict[str, Matches]:
        rows.append((len(query.tokens), len(query.focus)))
        return {}

    monkeypatch.setattr(retrieval, "compare", compare)
    for question in ("What does PearRank learn from?", "PearRank"):
        shelf.retriever.retrieve(shelf.asked(question))
    assert rows == [(2, 1), (1, 1)]
