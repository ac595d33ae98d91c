"""Exact scores of outcomes with known faults: the scorer is tested by mutation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.core.errors import AssistantError, StoreError
from assistant.core.records import Answer, Citation, Claim, Decline, Hit, Paper, Passage
from eval import doubles
from eval.metrics import METRICS, Abstracts, Miss, Outcome, misses, ndcg_at, recall_at, reciprocal_rank_at, score
from eval.questions import Nugget, Question
from eval.runner import outcomes
from eval.statistics import rows

LIBRARY = Abstracts(doubles.ABSTRACTS)
Answering = Callable[[Question], Answer | AssistantError]


def means(answering: Answering) -> dict[str, float | None]:
    """The mean of every measure but the seconds over the built-in questions."""
    asked = outcomes(doubles.scripted(answering), doubles.QUESTIONS)
    scored = [score(outcome, LIBRARY) for outcome in asked]
    overall = rows((s.type, s.values()) for s in scored)[0]
    return {name: value.mean if value else None for name, value in overall.intervals.items() if name != "seconds"}


PERFECT: dict[str, float | None] = {
    "precision": 1.0, "recall": 1.0, "f1": 1.0, "vital_nuggets": 1.0, "nuggets": 1.0, "support": 1.0, "decided": 1.0,
    "answered_unanswerable": 0.0, "declined_answerable": 0.0, "failed": 0.0, "recall_5": 1.0, "recall_10": 1.0,
    "recall_30": 1.0, "mrr_10": 1.0, "ndcg_10": 1.0,
}  # fmt: skip
UNCITED = {"precision": 0.0, "recall": 0.0, "f1": 0.0}
UNSAID = {"vital_nuggets": 0.0, "nuggets": 0.0}
# Six of eight questions have an answer, two have none.
MUTE = UNCITED | UNSAID | {"support": None, "declined_answerable": 1.0, "decided": 0.25}


def failing(question: Question) -> AssistantError:
    return StoreError(f"the store is gone at {question.id}")


@pytest.mark.parametrize(
    ("answering", "fall"),
    [
        (doubles.oracle, {}),
        (doubles.decliner, MUTE),
        (doubles.silent, MUTE),
        (doubles.swapped, UNCITED | {"support": 0.0}),
        (doubles.inventing, UNCITED | {"support": 0.0}),
        (doubles.wrong, UNSAID | {"support": 0.0}),
        (
            doubles.everything,
            {
                # 6 papers cited; gold 1, 1, 2, 2, 1, 1; one tolerated title leaves 5 in the first and the last.
                "precision": (1 / 5 + 1 / 6 + 2 / 6 + 2 / 6 + 1 / 6 + 1 / 5) / 6,
                "f1": (2 / 6 + 2 / 7 + 4 / 8 + 4 / 8 + 2 / 7 + 2 / 6) / 6,
                "answered_unanswerable": 1.0,
                "decided": 0.75,
            },
        ),
        (
            failing,
            UNCITED
            | UNSAID
            | {"support": None, "failed": 1.0, "declined_answerable": 1.0, "answered_unanswerable": 1.0, "decided": 0.0}
            | dict.fromkeys(("recall_5", "recall_10", "recall_30", "mrr_10", "ndcg_10"), 0.0),
        ),
    ],
)
def test_each_fault_lowers_its_measures_and_no_others(answering: Answering, fall: dict[str, float | None]) -> None:
    assert means(answering) == pytest.approx(PERFECT | fall)


def test_the_oracle_misses_nothing_and_every_faulty_double_something() -> None:
    for question in doubles.QUESTIONS:
        assert misses(Outcome(question, doubles.oracle(question)), LIBRARY) == ()
    question = doubles.QUESTIONS[0]
    for answering in (doubles.decliner, doubles.silent, doubles.swapped, doubles.inventing, doubles.wrong):
        assert misses(Outcome(question, answering(question)), LIBRARY)


def test_a_question_without_answer_has_no_citation_score() -> None:
    question = doubles.QUESTIONS[-1]
    for answering in (doubles.oracle, doubles.everything):
        scores = score(Outcome(question, answering(question)), LIBRARY).values()
        for name in (*UNCITED, *UNSAID, "declined_answerable", "recall_5", "recall_30", "mrr_10", "ndcg_10"):
            assert scores[name] is None


def claim(text: str, *titles: str) -> Claim:
    papers = [Paper(title, doubles.ABSTRACTS.get(title, "")) for title in titles]
    passages = [Passage(paper.id, paper.title, paper.abstract, 0) for paper in papers]
    return Claim(text, tuple(Citation(passage, passage.text, 1.0, "quoted") for passage in passages))


MOSS, BOOK, TIDE, KELP = (paper.title for paper in doubles.PAPERS[:4])
QUESTION = Question("q", "list", "?", (MOSS, TIDE), (BOOK,), (Nugget("n", True, MOSS, ("3",)),))


@pytest.mark.parametrize(
    ("titles", "expected"),
    [
        ((MOSS, TIDE), (1.0, 1.0, 1.0)),
        ((MOSS,), (1.0, 0.5, 2 / 3)),
        ((MOSS, BOOK), (1.0, 0.5, 2 / 3)),
        ((MOSS, KELP, BOOK), (0.5, 0.5, 0.5)),
        ((BOOK,), (0.0, 0.0, 0.0)),
        ((KELP,), (0.0, 0.0, 0.0)),
        ((MOSS.upper(), TIDE.replace(" ", "\u00a0")), (1.0, 1.0, 1.0)),
    ],
)
def test_citations_by_title(titles: tuple[str, ...], expected: tuple[float, float, float]) -> None:
    scores = score(Outcome(QUESTION, Answer("?", "?", claims=(claim("x", *titles),))), LIBRARY)
    assert (scores.precision, scores.recall, scores.f1) == expected


def test_a_decline_with_claims_is_a_decline() -> None:
    answer = Answer("?", "?", claims=(claim("x", MOSS),), declined=Decline("absent", "3"))
    scores = score(Outcome(QUESTION, answer), LIBRARY)
    assert (scores.f1, scores.vital_nuggets, scores.support, scores.declined_answerable) == (0.0, 0.0, None, 1.0)


def test_a_reference_number_shows_no_nugget() -> None:
    answer = Answer("?", "?", claims=(claim("x", MOSS), claim("x", TIDE), claim("x", KELP)))
    assert "[3]" in answer.text
    assert score(Outcome(QUESTION, answer), LIBRARY).vital_nuggets == 0.0
    assert score(Outcome(QUESTION, replace(answer, lead="There are 3.")), LIBRARY).vital_nuggets == 1.0


def test_nuggets_vital_and_all() -> None:
    nuggets = (Nugget("a", True, MOSS, ("moss", "lichen")), Nugget("b", False, MOSS, ("fern",)))
    answer = Answer("?", "?", claims=(claim("a lichen", MOSS),))
    scores = score(Outcome(replace(QUESTION, nuggets=nuggets), answer), LIBRARY)
    assert (scores.vital_nuggets, scores.nuggets) == (1.0, 0.5)
    only_minor = score(Outcome(replace(QUESTION, nuggets=nuggets[1:]), answer), LIBRARY)
    assert (only_minor.vital_nuggets, only_minor.nuggets) == (None, 0.0)
    none = score(Outcome(replace(QUESTION, nuggets=()), answer), LIBRARY)
    assert (none.vital_nuggets, none.nuggets) == (None, None)


def test_support_counts_each_sentence_with_each_title_once() -> None:
    sentence = "Radar sees kelp through clouds."
    answer = Answer("?", "?", claims=(claim(sentence, KELP, KELP, MOSS), claim(sentence, "Nobody's Paper")))
    assert score(Outcome(QUESTION, answer), LIBRARY).support == pytest.approx(1 / 3)


def test_misses_say_what_and_why() -> None:
    hits = doubles.oracle(doubles.QUESTIONS[1]).hits[:2]  # TIDE, then MOSS
    answer = Answer("?", "?", claims=(claim("Kelp sings.", KELP, "Nobody's Paper"),), hits=hits)
    assert misses(Outcome(replace(QUESTION, gold=(MOSS, KELP, "Lost"), tolerated=()), answer), LIBRARY) == (
        Miss("missing gold", f"{MOSS} (found at rank 2, not cited)"),
        Miss("missing gold", "Lost (not among the 2 papers found)"),
        Miss("wrong citation", "Nobody's Paper (no such paper here)"),
        Miss("nugget not shown", "n (vital; 3)"),
        Miss("not supported", f"Kelp sings. — cited to {KELP}"),
        Miss("not supported", "Kelp sings. — cited to Nobody's Paper"),
    )
    declined = Answer("?", "?", declined=Decline("unstated", "no"))
    assert misses(Outcome(QUESTION, declined), LIBRARY)[0] == Miss("wrongly declined", "unstated")
    assert misses(Outcome(QUESTION, Answer("?", "?")), LIBRARY)[0] == Miss("wrongly declined", "no claim was made")
    assert misses(Outcome(QUESTION, None, "StoreError: gone"), LIBRARY)[0] == Miss("failed", "StoreError: gone")
    unanswerable = Question("u", "unanswerable", "?", unanswerable="absent")
    assert misses(Outcome(unanswerable, answer), LIBRARY)[0] == Miss(
        "wrongly answered", "there is no answer here: absent"
    )


def test_a_paper_found_twice_counts_once() -> None:
    papers = [doubles.PAPERS[place] for place in (3, 3, 3, 0)]
    hits = tuple(Hit(paper, Passage(paper.id, paper.title, "", 0), 1.0) for paper in papers)
    scores = score(Outcome(replace(QUESTION, gold=(MOSS,)), Answer("?", "?", hits=hits)), LIBRARY)
    assert (scores.mrr_10, scores.recall_5) == (0.5, 1.0)


def test_measures_and_scores_have_the_same_names() -> None:
    scores = score(Outcome(QUESTION, None, "x", 2.5), LIBRARY)
    assert tuple(scores.values()) == tuple(metric.name for metric in METRICS)
    assert scores.seconds == 2.5


DOCUMENTS = [f"d{number}" for number in range(40)]


@settings(deadline=None, max_examples=300)
@given(
    ranking=st.lists(st.sampled_from(DOCUMENTS), unique=True, max_size=40),
    gold=st.lists(st.sampled_from(DOCUMENTS), unique=True, min_size=1, max_size=20),
)
def test_retrieval_measures_agree_with_trec_eval(ranking: list[str], gold: list[str]) -> None:
    def judged(depth: int) -> dict[str, float]:
        # trec_eval ranks by score, and its reciprocal rank has no depth: the run is cut instead.
        run = {title: float(len(ranking) - rank) for rank, title in enumerate(ranking[:depth])}
        names = {"recall.5,10,30", "ndcg_cut.10", "recip_rank"}
        results: dict[str, dict[str, float]] = pytrec_eval.RelevanceEvaluator(
            {"q": dict.fromkeys(gold, 1)}, names
        ).evaluate({"q": run})
        return (
            results["q"]
            if run
            else dict.fromkeys(("recall_5", "recall_10", "recall_30", "ndcg_cut_10", "recip_rank"), 0.0)
        )

    whole = judged(40)
    for depth in (5, 10, 30):
        assert recall_at(ranking, gold, depth) == pytest.approx(whole[f"recall_{depth}"])
    assert ndcg_at(ranking, gold, 10) == pytest.approx(whole["ndcg_cut_10"])
    assert reciprocal_rank_at(ranking, gold, 10) == pytest.approx(judged(10)["recip_rank"])


def test_retrieval_measures_need_gold() -> None:
    assert (recall_at(["a"], [], 5), ndcg_at(["a"], [], 10), reciprocal_rank_at(["a"], [], 10)) == (None, None, None)
