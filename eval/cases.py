"""The cases of a report: an outcome and its score, to JSON and back.

A case has everything that a report shows about a question, so a report read from its JSON is complete.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import get_args

from .jsonl import Record
from .metrics import METRICS, Abstracts, Miss, Outcome, Verdict, misses, score
from .questions import half

NAMES = tuple(metric.name for metric in METRICS)
JUDGED = 5
"""The first hits of a question, whose probabilities are compared with the gold titles. Later ones are nearly all 0."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The probability, according to the assistant, that a paper should be cited, and whether it should."""

    relevance: float
    right: bool


@dataclass(frozen=True, slots=True)
class Case:
    """One question with its verdict, its scores by measure, and its misses.

    `words` is the answer, decline or error as a person reads it. `titles` are those cited. `relevance` is that of the
    first hit, 0 without hits and None if the case failed. `judged` are the first hits except tolerated ones. `wording`
    is the hash of the prompts, "" if no language model was asked.
    """

    id: str
    type: str
    half: str
    question: str
    gold: tuple[str, ...]
    tolerated: tuple[str, ...]
    unanswerable: str | None
    conversation: str | None
    verdict: Verdict
    words: str
    titles: tuple[str, ...]
    relevance: float | None
    judged: tuple[Judgement, ...]
    written_by: str
    scores: Mapping[str, float | None]
    misses: tuple[Miss, ...]
    wording: str = ""


def cases(outcomes: Iterable[Outcome], abstracts: Mapping[str, str]) -> tuple[Case, ...]:
    """Every outcome scored, in order. abstracts: title -> abstract, of the whole library."""
    library = Abstracts(abstracts)
    return tuple(_case(outcome, library) for outcome in outcomes)


def to_json(case: Case) -> dict[str, object]:
    """The case as plain values, ready for `json.dumps`; the keys are documented in eval/README.md."""
    return {
        "id": case.id,
        "type": case.type,
        "half": case.half,
        "question": case.question,
        "gold": list(case.gold),
        "tolerated": list(case.tolerated),
        "unanswerable": case.unanswerable,
        "conversation": case.conversation,
        "verdict": case.verdict,
        "words": case.words,
        "titles": list(case.titles),
        "relevance": case.relevance,
        "judged": [{"relevance": one.relevance, "right": one.right} for one in case.judged],
        "written_by": case.written_by,
        "wording": case.wording,
        "scores": dict(case.scores),
        "misses": [{"kind": miss.kind, "detail": miss.detail} for miss in case.misses],
    }


def from_json(record: Record) -> Case:
    """The case that `to_json` wrote; FormatError names the field that is wrong."""
    scores = record.record("scores")
    return Case(
        id=record.text("id"),
        type=record.text("type"),
        half=record.text("half"),
        question=record.text("question"),
        gold=record.texts("gold"),
        tolerated=record.texts("tolerated"),
        unanswerable=record.optional("unanswerable"),
        conversation=record.optional("conversation"),
        verdict=_verdict(record),
        words=_maybe_blank(record, "words"),
        titles=record.texts("titles"),
        relevance=record.number("relevance"),
        judged=tuple(
            Judgement(part.number("relevance") or 0.0, part.flag("right"))
            for part in (record.records("judged") if record.has("judged") else ())  # not in reports before 0.2
        ),
        written_by=_maybe_blank(record, "written_by"),
        # A report by an earlier version may lack a newer measure, or have one that is gone.
        scores={name: scores.number(name) for name in NAMES},
        misses=tuple(Miss(part.text("kind"), _maybe_blank(part, "detail")) for part in record.records("misses")),
        wording=_maybe_blank(record, "wording") if record.has("wording") else "",  # not in reports before 0.2
    )


def _case(outcome: Outcome, abstracts: Abstracts) -> Case:
    question, answer = outcome.question, outcome.answer
    hits = answer.hits if answer is not None else ()
    relevance = None if answer is None else hits[0].relevance if hits else 0.0
    return Case(
        id=question.id,
        type=question.type,
        half=half(question),
        question=question.question,
        gold=question.gold,
        tolerated=question.tolerated,
        unanswerable=question.unanswerable,
        conversation=question.conversation,
        verdict=outcome.verdict,
        words=outcome.error if answer is None else answer.text,
        titles=answer.titles if answer is not None and answer.answered else (),
        relevance=relevance,
        judged=tuple(
            Judgement(hit.relevance, hit.paper.title in question.gold)
            for hit in hits[:JUDGED]
            if hit.paper.title not in question.tolerated
        ),
        written_by=answer.written_by if answer is not None else "",
        scores=score(outcome, abstracts).values(),
        misses=misses(outcome, abstracts),
        wording=answer.wording if answer is not None else "",
    )


def _verdict(record: Record) -> Verdict:
    word = record.text("verdict")
    known: tuple[Verdict, ...] = get_args(Verdict)
    for verdict in known:
        if word == verdict:
            return verdict
    raise record.error("verdict", f"must be one of {', '.join(known)}, is {word!r}")


def _maybe_blank(record: Record, field: str) -> str:
    return record.text(field) if record.values.get(field) != "" else ""
