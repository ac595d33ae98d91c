"""The measures: the score of an outcome, and what it missed.

Pure: no clock, files or models. A measure that does not apply is None. A case that failed or was declined gets its
zeros like any other, so that no failure improves a mean.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from assistant.core.records import Answer, fold

from .questions import Nugget, Question
from .wording import shown, supported

Verdict = Literal["answered", "declined", "failed"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A measure: its name in data, its heading and short heading in tables, and which way is better."""

    name: str
    heading: str
    short: str
    lower_is_better: bool = False


METRICS = (
    Metric("precision", "citation precision", "P"),
    Metric("recall", "citation recall", "R"),
    Metric("f1", "citation F1", "F1"),
    Metric("vital_nuggets", "vital nuggets shown", "vital"),
    Metric("nuggets", "all nuggets shown", "nugg."),
    Metric("support", "sentence support", "supp."),
    Metric("decided", "answered or declined rightly", "right"),
    Metric("answered_unanswerable", "answered though unanswerable", "answ.", lower_is_better=True),
    Metric("declined_answerable", "declined though answerable", "decl.", lower_is_better=True),
    Metric("failed", "failed", "fail", lower_is_better=True),
    Metric("recall_5", "retrieval recall@5", "R@5"),
    Metric("recall_10", "retrieval recall@10", "R@10"),
    Metric("recall_30", "retrieval recall@30", "R@30"),
    Metric("mrr_10", "retrieval MRR@10", "MRR"),
    Metric("ndcg_10", "retrieval nDCG@10", "nDCG"),
    Metric("seconds", "seconds", "s", lower_is_better=True),
)
"""Every measure, in the order of the reports."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a question: an answer or an error message, and how long it took."""

    question: Question
    answer: Answer | None
    error: str = ""
    seconds: float = 0.0

    @property
    def verdict(self) -> Verdict:
        """An answer without claims counts as declined; so does one about the library, which cites nothing."""
        if self.answer is None:
            return "failed"
        return "answered" if self.answer.answered and self.answer.claims else "declined"


@dataclass(frozen=True, slots=True)
class Score:
    """One case by every measure of METRICS, 0 to 1 except `seconds`; None if one does not apply."""

    id: str
    type: str
    precision: float | None
    recall: float | None
    f1: float | None
    vital_nuggets: float | None
    nuggets: float | None
    support: float | None
    decided: float
    answered_unanswerable: float | None
    declined_answerable: float | None
    failed: float
    recall_5: float | None
    recall_10: float | None
    recall_30: float | None
    mrr_10: float | None
    ndcg_10: float | None
    seconds: float

    def values(self) -> dict[str, float | None]:
        """Measure name -> value, in the order of METRICS."""
        return {metric.name: getattr(self, metric.name) for metric in METRICS}


@dataclass(frozen=True, slots=True)
class Miss:
    """One thing that went wrong in a case, with details."""

    kind: str
    detail: str


class Abstracts:
    """The library's abstracts by title, ignoring the title's case, width and spacing."""

    def __init__(self, abstracts: Mapping[str, str]) -> None:
        self._by_title = {fold(title): abstract for title, abstract in abstracts.items()}

    def of(self, title: str) -> str | None:
        return self._by_title.get(fold(title))


def score(outcome: Outcome, abstracts: Abstracts) -> Score:
    """The score of one case; the formulas are in eval/README.md."""
    question = outcome.question
    gold = [fold(title) for title in question.gold]
    answerable = question.unanswerable is None
    precision, recall, f1 = citation_scores(outcome)
    ranking = ranked_titles(outcome)
    # A crash is neither an answer nor a decline. It counts as a mistake either way, so it improves no score.
    mistaken = float(outcome.verdict != ("answered" if answerable else "declined"))
    return Score(
        id=question.id,
        type=question.type,
        precision=precision,
        recall=recall,
        f1=f1,
        vital_nuggets=_nugget_recall(outcome, [nugget for nugget in question.nuggets if nugget.vital]),
        nuggets=_nugget_recall(outcome, question.nuggets),
        support=_support(outcome, abstracts),
        decided=1.0 - mistaken,
        answered_unanswerable=None if answerable else mistaken,
        declined_answerable=mistaken if answerable else None,
        failed=float(outcome.verdict == "failed"),
        recall_5=recall_at(ranking, gold, 5),
        recall_10=recall_at(ranking, gold, 10),
        recall_30=recall_at(ranking, gold, 30),
        mrr_10=reciprocal_rank_at(ranking, gold, 10),
        ndcg_10=ndcg_at(ranking, gold, 10),
        seconds=outcome.seconds,
    )


def citation_scores(outcome: Outcome) -> tuple[float | None, float | None, float | None]:
    """Precision, recall and F1 of the cited titles, without tolerated ones.

    All None for an unanswerable question. All 0 for an answerable one that was declined, failed or cites no gold title,
    even if only tolerated titles are cited.
    """
    return title_scores(outcome.question, _cited(outcome))


def title_scores(question: Question, titles: Iterable[str]) -> tuple[float | None, float | None, float | None]:
    """The same of titles cited by anything; of none for a question that was declined."""
    if question.unanswerable is not None:
        return None, None, None
    gold = {fold(title) for title in question.gold}
    cited = {fold(title) for title in titles} - {fold(title) for title in question.tolerated}
    right = len(cited & gold)
    if not right:
        return 0.0, 0.0, 0.0
    # One division, so that the F1 of a perfect case is exactly 1.
    return right / len(cited), right / len(gold), 2 * right / (len(cited) + len(gold))


def ranked_titles(outcome: Outcome) -> list[str]:
    """The folded titles of the hits, best first, each paper once; empty if the case failed."""
    hits = outcome.answer.hits if outcome.answer is not None else ()
    return list(dict.fromkeys(fold(hit.paper.title) for hit in hits))


def recall_at(ranking: Sequence[str], gold: Sequence[str], depth: int) -> float | None:
    """The share of `gold` among the first `depth`; None without gold."""
    return len(set(ranking[:depth]) & set(gold)) / len(set(gold)) if gold else None


def reciprocal_rank_at(ranking: Sequence[str], gold: Sequence[str], depth: int) -> float | None:
    """1 / rank of the first of `gold` within `depth`, else 0; None without gold."""
    if not gold:
        return None
    return next((1 / rank for rank, title in enumerate(ranking[:depth], start=1) if title in gold), 0.0)


def ndcg_at(ranking: Sequence[str], gold: Sequence[str], depth: int) -> float | None:
    """The sum of 1 / log2(rank + 1) over gold within `depth`, divided by the best possible sum; None without gold."""
    if not gold:
        return None
    gained = sum(1 / math.log2(rank + 1) for rank, title in enumerate(ranking[:depth], start=1) if title in gold)
    return gained / sum(1 / math.log2(rank + 1) for rank in range(1, min(len(set(gold)), depth) + 1))


def misses(outcome: Outcome, abstracts: Abstracts) -> tuple[Miss, ...]:
    """What went wrong, most important first; empty for a case without faults."""
    question, answer = outcome.question, outcome.answer
    missed = []
    if answer is None:
        missed.append(Miss("failed", outcome.error))
    elif question.unanswerable is not None and outcome.verdict == "answered":
        missed.append(Miss("wrongly answered", f"there is no answer here: {question.unanswerable}"))
    elif question.unanswerable is None and outcome.verdict == "declined":
        missed.append(Miss("wrongly declined", answer.declined.kind if answer.declined else "no claim was made"))
    missed.extend(_missing_gold(outcome))
    missed.extend(_wrong_citations(outcome, abstracts))
    for nugget in question.nuggets:
        if not _shows(outcome, nugget):
            importance = "vital" if nugget.vital else "not vital"
            missed.append(Miss("nugget not shown", f"{nugget.fact} ({importance}; {' / '.join(nugget.shown_by)})"))
    for sentence, title, good in _judged(outcome, abstracts):
        if not good:
            missed.append(Miss("not supported", f"{sentence} — cited to {title}"))
    return tuple(missed)


def _missing_gold(outcome: Outcome) -> Iterable[Miss]:
    cited = {fold(title) for title in _cited(outcome)}
    ranking = ranked_titles(outcome)
    for title in outcome.question.gold:
        if fold(title) not in cited:
            rank = ranking.index(fold(title)) + 1 if fold(title) in ranking else 0
            why = f"found at rank {rank}, not cited" if rank else f"not among the {len(ranking)} papers found"
            yield Miss("missing gold", f"{title} ({why})")


def _wrong_citations(outcome: Outcome, abstracts: Abstracts) -> Iterable[Miss]:
    if outcome.question.unanswerable is not None:
        return
    right = {fold(title) for title in outcome.question.gold + outcome.question.tolerated}
    for title in _cited(outcome):
        if fold(title) not in right:
            yield Miss("wrong citation", title if abstracts.of(title) is not None else f"{title} (no such paper here)")


def _cited(outcome: Outcome) -> tuple[str, ...]:
    return outcome.answer.titles if outcome.answer is not None and outcome.answer.answered else ()


def _nugget_recall(outcome: Outcome, nuggets: Sequence[Nugget]) -> float | None:
    return sum(_shows(outcome, nugget) for nugget in nuggets) / len(nuggets) if nuggets else None


def _shows(outcome: Outcome, nugget: Nugget) -> bool:
    if outcome.answer is None or not outcome.answer.answered:
        return False
    # A reference number is not a figure: "[3]" must not count as saying that there are 3 papers.
    text = re.sub(r"\[\d+\]", " ", outcome.answer.text)
    return any(shown(spelling, text) for spelling in nugget.shown_by)


def _support(outcome: Outcome, abstracts: Abstracts) -> float | None:
    judged = [good for _, _, good in _judged(outcome, abstracts)]
    return sum(judged) / len(judged) if judged else None


def _judged(outcome: Outcome, abstracts: Abstracts) -> list[tuple[str, str, bool]]:
    """Every (sentence, cited title, supported), if there is an answer. An invented title supports nothing."""
    if outcome.answer is None or not outcome.answer.answered:
        return []
    judged = []
    for claim in outcome.answer.claims:
        for title in dict.fromkeys(citation.passage.title for citation in claim.citations):
            judged.append((claim.text, title, supported(claim.text, abstracts.of(title) or "")))
    return judged
