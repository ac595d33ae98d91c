"""How a paper and its sentences match a question."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.core.logistic import model
from assistant.core.records import Evidence, Paper
from assistant.core.signals import PaperSignals, SentenceSignals
from assistant.core.text import numbers
from assistant.index.generation import Features
from assistant.index.interaction import maxsim, pack, placed, question_tokens
from assistant.index.reading import CUES, read, stems_of
from assistant.search.evidence import LEAST, EvidenceQuery, Matches, compare, coverages, evidence, signals, weights

from ..doubles import HashEmbedder
from ..papers import PAIRS

PEAR = Paper(*PAIRS[0])
KITE = Paper(*PAIRS[6])
NOTHING = np.zeros((0, 0), np.float32)


def query_of(question: str, *, focus: str = "", wants_figure: bool = False, embedded: bool = True) -> EvidenceQuery:
    rarity = dict.fromkeys(stems_of(question), 1.0)
    focus_rarity = {s: rarity[s] for s in stems_of(focus or question) if s in rarity}
    figures = frozenset(number.value for number in numbers(question))
    if not embedded:
        return EvidenceQuery(NOTHING, (), (), rarity, focus_rarity, figures, wants_figure)
    tokens, starts = question_tokens(HashEmbedder().encode([question])[0], question)
    asked = [row for row, start in enumerate(starts) if start >= question.index(focus)]
    return EvidenceQuery(tokens, asked, weights(question, starts, rarity), rarity, focus_rarity, figures, wants_figure)


def indexed(*papers: Paper) -> dict[str, Features]:
    """The papers as the index has them: words start in the abstract, those of the title below 0."""
    every = {}
    for paper in papers:
        text = f"{paper.title}\n{paper.abstract}"
        codes = placed(*pack(HashEmbedder().encode([text])[0], text), title=len(paper.title), start=0)
        every[paper.id] = Features(paper, read(paper), codes, np.zeros(0, np.float32))
    return every


def matches(asked: EvidenceQuery, paper: Paper) -> Matches | None:
    return compare(asked, indexed(paper)).get(paper.id)


def signals_of(asked: EvidenceQuery, paper: Paper) -> PaperSignals:
    """The signals of one paper that no list found."""
    papers = indexed(paper)
    lists: dict[str, dict[str, float]] = {"named": {}, "bm25": {}, "cosine": {}, "bridge": {}}
    return signals(asked, papers, compare(asked, papers), lists)[paper.id]


def evidence_of(asked: EvidenceQuery, paper: Paper) -> tuple[Evidence, ...]:
    papers = indexed(paper)
    return evidence(asked, papers, compare(asked, papers))[paper.id]


def sentences_of(
    question: str, paper: Paper, *, wants_figure: bool = False, embedded: bool = True
) -> list[SentenceSignals]:
    asked = query_of(question, wants_figure=wants_figure, embedded=embedded)
    return [one.signals for one in evidence_of(asked, paper)]


@pytest.mark.parametrize(
    ("stems", "share"),
    [((), 0.0), (("pear",), 0.25), (("pear", "kite"), 1.0), (("snow",), 0.0), (("kite", "snow"), 0.75)],
)
def test_coverage_is_a_share_of_rarity(stems: tuple[str, ...], share: float) -> None:
    assert coverages({"pear": 1.0, "kite": 3.0}, [frozenset(stems), frozenset({"pear"})]) == [share, 0.25]


def test_a_question_without_words_is_not_covered() -> None:
    assert coverages({}, [frozenset({"pear"})]) == [0.0]


def test_many_papers_are_compared_like_each_alone() -> None:
    asked = query_of("weak labels of kites", focus="kites")
    silent, trailing, bare = Paper("", "It is. So."), Paper("Snow", "Snow falls. It is so."), Paper("Kites", "")
    papers = [PEAR, silent, KITE, trailing, bare]  # the last sentence before "Kites" has no words
    together = compare(asked, indexed(*papers))
    assert list(together) == [PEAR.id, KITE.id, trailing.id, bare.id]
    for paper in (PEAR, KITE, trailing, bare):
        alone = matches(asked, paper)
        assert alone is not None
        beside = together[paper.id]
        assert (beside.maxsim, beside.weakest) == pytest.approx((alone.maxsim, alone.weakest), abs=1e-6)
        assert beside.pair == pytest.approx(alone.pair, abs=1e-6)
        np.testing.assert_allclose(beside.sentences, alone.sentences, atol=1e-6)
        assert len(beside.sentences) == len(read(paper).sentences)


def test_each_word_of_the_question_has_its_best_match() -> None:
    asked = query_of("weak kites", focus="kites")
    weak, kites = (question_tokens(HashEmbedder().encode([word])[0], word)[0] for word in ("weak", "kites"))
    words = {
        word: placed(*pack(HashEmbedder().encode([word])[0], word), title=-1, start=0) for word in ("weak", "snow")
    }
    alike = {(n, word): maxsim(question, words[word]) for n, question in enumerate((weak, kites)) for word in words}
    matched = matches(asked, Paper("Snow", "It is weak. It is. Weak snow."))
    assert matched is not None
    best = max(alike[1, "weak"], alike[1, "snow"])
    assert matched.maxsim == pytest.approx((alike[0, "weak"] + best) / 2, abs=1e-6)
    assert matched.weakest == pytest.approx(best, abs=1e-6)
    only = [(alike[0, "weak"] + alike[1, "weak"]) / 2, alike[1, "weak"]]
    expected = [only, [0.0, 0.0], [matched.maxsim, best]]
    np.testing.assert_allclose(matched.sentences, expected, atol=1e-6)


def test_a_pair_is_two_neighbouring_sentences_without_the_title() -> None:
    asked = query_of("weak kites")
    beside, apart = Paper("Snow", "It is weak. Kites fly. It is so."), Paper("Snow", "It is weak. It is so. Kites fly.")
    titled = Paper("Weak", "Kites fly. Snow falls. It is so.")
    together, scattered, above = (signals_of(asked, one) for one in (beside, apart, titled))
    assert together.pair == pytest.approx(together.maxsim, abs=1e-6)
    assert scattered.maxsim == pytest.approx(together.maxsim, abs=1e-6)
    assert scattered.pair < together.pair
    assert above.pair < above.maxsim


def test_a_title_alone_is_matched_like_a_sentence() -> None:
    asked = query_of("kites")
    matched = matches(asked, Paper("Kites", ""))
    assert matched is not None
    assert matched.pair == pytest.approx(matched.maxsim, abs=1e-6)


def test_in_a_pair_rare_words_weigh_more() -> None:
    asked, paper = query_of("weak kites"), Paper("Snow", "Kites fly.")
    rare = replace(asked, weights=(1.0, 3.0))
    (common, weighted) = (matches(one, paper) for one in (asked, rare))
    assert common is not None
    assert weighted is not None
    assert weighted.pair > common.pair
    assert weighted.weighted > common.weighted == pytest.approx(common.maxsim)
    assert (weighted.maxsim, weighted.sentences) == (common.maxsim, common.sentences)


def test_the_pieces_of_a_word_share_its_rarity() -> None:
    rarity = {"weak": 1.0, "label": 4.0, "of": 0.0}
    assert weights("weak labels, unseen", [0, 5, 8, 13], rarity) == [1.0, 2.0, 2.0, 4.0]
    assert weights("weak-labels of", [0, 5, 12], rarity) == [1.0, 4.0, LEAST]
    assert weights("kites", [0], {}) == [1.0]


def test_without_vectors_or_papers_nothing_is_compared() -> None:
    assert compare(query_of("pears", embedded=False), indexed(PEAR)) == {}
    assert compare(query_of("pears"), {}) == {}


def test_a_paper_with_every_word_is_covered_and_matched() -> None:
    asked = query_of("PearRank learns from weak labels")
    pear, kite = signals_of(asked, PEAR), signals_of(asked, KITE)
    assert pear.coverage == pear.focus_coverage == 1.0
    assert kite.coverage == 0.0
    assert pear.maxsim > kite.maxsim
    assert pear.weakest > kite.weakest


def test_the_weakest_word_is_no_name() -> None:
    """A name that is missing from the paper must not hide that the paper has everything asked about it."""
    named = query_of("What Zyzzyva learns from weak labels", focus="learns from weak labels")
    whole = query_of("What Zyzzyva learns from weak labels")
    assert signals_of(named, PEAR).weakest > signals_of(whole, PEAR).weakest


def test_the_title_signal_is_the_share_of_title_words_in_the_question() -> None:
    assert signals_of(query_of("Do kites remember the wind?"), KITE).title == 1.0
    assert signals_of(query_of("kites"), KITE).title == pytest.approx(1 / 3)
    assert signals_of(query_of("what is it", embedded=False), Paper("It", "It is.")).title == 0.0


def test_every_sentence_has_its_start_in_the_abstract() -> None:
    sentences = evidence_of(query_of("wind"), KITE)
    assert [KITE.abstract[one.start :][: len(one.text)] for one in sentences] == [one.text for one in sentences]
    assert [one.text.split()[0] for one in sentences] == ["We", "A", "The"]


def test_words_are_matched_in_their_own_sentence() -> None:
    first, probed, last = sentences_of("probe direction accuracy", KITE)
    assert probed.similarity > max(first.similarity, last.similarity)
    assert probed.coverage == 1.0
    assert first.coverage == last.coverage == 0.0
    assert probed.similarity_gap == probed.coverage_gap == 0.0
    assert first.similarity_gap < 0
    assert (first.before, last.after) == (0.0, 0.0)
    assert first.after == last.before == probed.similarity


def test_title_words_count_for_no_sentence() -> None:
    paper = Paper("Zeppelins", "Pears are green. Kites are red.")
    assert max(one.similarity for one in sentences_of("zeppelins", paper)) < 0.5
    assert signals_of(query_of("zeppelins"), paper).maxsim > 0.7


def test_cues_say_what_a_sentence_is_for() -> None:
    paper = Paper(
        "PearRank: Ranking",
        "Existing rankers lack labels. We propose PearRank, a ranker. It outperforms BM25 by 3 points. "
        "Code is available at https://example.org.",
    )
    background, proposal, result, available = sentences_of("ranker", paper)
    assert background.background == proposal.proposal == result.result == available.available == 1.0
    assert proposal.background == background.proposal == background.available == 0.0
    assert [one.own for one in (background, proposal, result, available)] == [0.0, 1.0, 0.0, 0.0]
    assert [one.place for one in (background, available)] == [0.0, 1.0]
    assert (background.first, proposal.second, available.last, result.last) == (1.0, 1.0, 1.0, 0.0)


def test_a_figure_that_the_question_states_is_no_answer() -> None:
    """The answer to "after 40 days, how accurate?" is 91 %, not 40."""
    assert [one.figure for one in sentences_of("how accurate is the probe", KITE)] == [0.0, 1.0, 1.0]
    assert [one.figure for one in sentences_of("after 40 days, how accurate is the probe", KITE)] == [0.0, 1.0, 0.0]
    assert [one.figure_wanted for one in sentences_of("how accurate", KITE, wants_figure=True)] == [0.0, 1.0, 1.0]
    assert [one.figure_wanted for one in sentences_of("how accurate", KITE)] == [0.0, 0.0, 0.0]


def test_without_an_embedder_words_decide() -> None:
    sentences = sentences_of("probe direction accuracy", KITE, embedded=False)
    assert [one.similarity for one in sentences] == [0.0] * 3
    assert sentences[1].answers == max(one.answers for one in sentences)


def test_a_paper_of_one_sentence_is_its_first_and_last() -> None:
    (only,) = sentences_of("pears", Paper("Pears", "Pears are green."))
    assert (only.place, only.first, only.last, only.before, only.after) == (0.0, 1.0, 1.0, 0.0, 0.0)


def test_an_empty_abstract_has_no_evidence() -> None:
    asked = query_of("pears")
    assert evidence_of(asked, Paper("Pears", "")) == ()
    assert signals_of(asked, Paper("Pears", "")).coverage == 1.0


def test_the_sentences_of_many_papers_are_judged_as_those_of_each_alone() -> None:
    asked = query_of("how accurate is the probe of weak labels", wants_figure=True)
    papers = indexed(PEAR, Paper("Pears", ""), KITE, Paper("Snow", "Snow falls."))
    together = evidence(asked, papers, matches := compare(asked, papers))
    assert list(together) == list(papers)
    for paper_id, own in papers.items():
        assert evidence(asked, {paper_id: own}, matches) == {paper_id: together[paper_id]}


def test_the_lists_that_found_a_paper_are_among_its_signals() -> None:
    papers = indexed(PEAR, KITE)
    lists = {"named": {PEAR.id: 1.0}, "bm25": {KITE.id: 2.5}, "cosine": {PEAR.id: 0.3}, "bridge": {KITE.id: 1.0}}
    pear, kite = signals(query_of("snow"), papers, {}, lists).values()
    assert (pear.named, pear.bm25, pear.cosine, pear.bridge) == (1.0, 0.0, 0.3, 0.0)
    assert (kite.named, kite.bm25, kite.cosine, kite.bridge) == (0.0, 2.5, 0.0, 1.0)


def test_the_signals_of_a_sentence_are_those_the_model_was_fitted_on() -> None:
    names = [field.name for field in fields(SentenceSignals)]
    assert names == [*model("sentence").features, "answers"]
    assert set(CUES) < set(names)


@given(st.text(max_size=60), st.text(max_size=200))
def test_any_question_and_abstract_can_be_judged(question: str, abstract: str) -> None:
    paper = Paper("Pears", abstract)
    for one in evidence_of(query_of(question, embedded=False), paper):
        assert abstract[one.start : one.start + len(one.text)] == one.text
        assert 0 < one.signals.answers < 1
        assert 0 <= one.signals.coverage <= 1 + 1e-9
