"""Hits in, the same hits out, with the sentences of the first one judged by the reader; and whether it answers.

A paper may be exactly what a question is about and still not say what is asked. Cheap signals give a first probability
that it does. Then the reader reads the abstract together with the question, once, and says which of its sentences
answer and whether any does. Where the first look leaves it open which paper is meant, it reads several, and the one
that seems to answer comes first. All models are fitted by `eval/fit.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from ..core.errors import ReaderError
from ..core.logistic import Logistic, model
from ..core.records import Evidence, Hit, Read
from ..core.text import Span
from ..index.names import unnamed
from ..question.conversation import bare
from ..question.understanding import Asked
from ..reader import Reader, answers

ONE_PAPER = ("fact", "figure", "summary")
"""The kinds of question that one abstract must answer."""
TWO_PAPERS = ("compare", "steps")
"""The kinds of question that two abstracts answer together."""
SIDES = 2
"""Most papers that are read for one of these."""
DOUBTED = 0.5
"""If no hit is more relevant than this, another one than the first may be meant, and the reader chooses."""
RIVALS = 5
"""Hits that it then reads. Of questions by hands that no model had seen a fifth were in doubt, and the right paper came
first in .952 of all instead of .927; with three read it was .947."""
WORDS, SENTENCES = 25, 20
"""Words of a question and sentences of an abstract that count: the fewer of the one and the more of the other, the more
likely they are similar by chance."""


def considered(asked: Asked, hits: Sequence[Hit], reader: Reader | None) -> list[Hit]:
    """The hits; the sentences of the first ones, if one has to answer, or of each side are judged by the reader."""
    if reader is None or not hits:
        return list(hits)
    one = decides(asked, hits)
    read = {hit.paper.id for hit in (rivals(hits) if one else _sides(asked, hits))}
    try:
        seen = [_considered(asked, hit, reader) if hit.paper.id in read else hit for hit in hits]
    except ReaderError:  # the reader has said so; the first look has to do
        return list(hits)
    return preferred(seen, model("meant")) if one and len(read) > 1 else seen


def rivals(hits: Sequence[Hit]) -> Sequence[Hit]:
    """The hits one of which is meant: the first alone, unless the first look leaves that open."""
    return hits[:1] if hits[0].relevance >= DOUBTED else hits[:RIVALS]


def preferred(hits: Sequence[Hit], fitted: Logistic) -> list[Hit]:
    """The hits that were read, with their relevance by what was read and the likeliest first, then the others."""
    read = [hit for hit in hits if reads(hit)]
    values = [fitted.probability(meant_features(hit)) for hit in read]
    again = [replace(hit, relevance=value) for hit, value in zip(read, values, strict=True)]
    return [*sorted(again, key=lambda hit: -hit.relevance), *(hit for hit in hits if not reads(hit))]


def meant_features(hit: Hit) -> dict[str, float]:
    """What the model for a paper that was read among others sees."""
    return {"first_look": _log_odds(hit.relevance), "read_stated": reads(hit)[0].stated}


def _sides(asked: Asked, hits: Sequence[Hit]) -> list[Hit]:
    """The hits that a comparison or two steps are probably answered from."""
    if asked.kind not in TWO_PAPERS or asked.foreign:
        return []
    named = {paper_id for name in asked.named if name.exact for paper_id in name.paper_ids}
    likely = [hit for hit in hits if hit.signals.maxsim > 0]
    return sorted(likely, key=lambda hit: (hit.paper.id not in named, not hit.signals.bridge))[:SIDES]


def decides(asked: Asked, hits: Sequence[Hit]) -> bool:
    """Whether the first hit alone has to answer: not for lists, steps, other languages, or without vectors."""
    one = asked.kind in ONE_PAPER and not asked.foreign
    return one and bool(hits) and hits[0].signals.maxsim > 0 and not any(hit.signals.bridge for hit in hits)


def answered(asked: Asked, hits: Sequence[Hit]) -> bool:
    """Whether the first hit probably answers the question."""
    return probability(asked, hits) >= model(_name(hits[0])).threshold


def probability(asked: Asked, hits: Sequence[Hit]) -> float:
    """The probability that the first hit is about the question and answers it."""
    return model(_name(hits[0])).probability(features(asked, hits))


def features(asked: Asked, hits: Sequence[Hit]) -> dict[str, float]:
    """What the models see: of the question, the first hit and its best sentence, and what the reader said of it.

    Its relevance counts only where it was not read: a paper may be the one that is meant and not say what is asked.
    """
    top = hits[0]
    read = reads(top)
    return {
        "maxsim": top.signals.maxsim,
        "pair": top.signals.pair,
        "weakest": top.signals.weakest,
        "coverage": top.signals.coverage,
        "focus_coverage": top.signals.focus_coverage,
        "named": float(bool(asked.named)),
        "unnamed": float(bool(unnamed(asked.coined, top.paper))),
        "words": min(len(asked.text.split()), WORDS) / WORDS,
        "sentences": min(len(top.evidence), SENTENCES) / SENTENCES,
        "figure_asked": float(asked.wants_figure),
        "summary": float(asked.kind == "summary"),
        **_of_sentences(top.evidence),
        **(_of_read(read) if read else {"relevance": top.relevance}),
    }


def _of_sentences(evidence: Sequence[Evidence]) -> dict[str, float]:
    """The signals of the best sentence, and how probably it and the next best answer."""
    ranked = sorted(evidence, key=lambda sentence: -sentence.signals.answers)
    first, second = ranked[0].signals, ranked[min(1, len(ranked) - 1)].signals
    return {
        "best": _log_odds(first.answers),
        "next": _log_odds(second.answers),
        "best_similarity": first.similarity,
        "best_focus": first.focus,
        "best_coverage": first.coverage,
        "best_focus_coverage": first.focus_coverage,
        "best_figure": first.figure,
        "best_figure_wanted": first.figure_wanted,
    }


def _of_read(read: Sequence[Read]) -> dict[str, float]:
    """The best two sentences that were read, and what the reader says of the abstract."""
    ranked = sorted((one.answers for one in read), reverse=True)
    return {"read_best": ranked[0], "read_next": ranked[min(1, len(ranked) - 1)], "read_stated": read[0].stated}


def _log_odds(probability: float) -> float:
    bounded = min(1 - 1e-6, max(1e-6, probability))
    return math.log(bounded / (1 - bounded))


# -- what the reader says


def page(hit: Hit) -> tuple[str, list[Span]]:
    """A paper as the reader reads it, and where its sentences are: the title says what "we" and "it" are."""
    heading = f"{hit.paper.title}. "
    starts = [len(heading) + one.start for one in hit.evidence]
    spans = [Span(start, start + len(one.text)) for start, one in zip(starts, hit.evidence, strict=True)]
    return heading + hit.paper.abstract, spans


def reads(hit: Hit) -> list[Read]:
    """What the reader said of a hit's sentences; [] if it was not asked."""
    return [sentence.read for sentence in hit.evidence if sentence.read]


def reread(hit: Hit, said: Sequence[Read], fitted: Logistic) -> Hit:
    """A hit with what the reader says of each sentence, and so with other probabilities that they answer."""
    values = [sentence_features(*pair) for pair in zip(hit.evidence, said, strict=True)]
    evidence = tuple(
        replace(one, signals=replace(one.signals, answers=fitted.probability(value)), read=read)
        for one, value, read in zip(hit.evidence, values, said, strict=True)
    )
    return replace(hit, evidence=evidence)


def sentence_features(sentence: Evidence, read: Read) -> dict[str, float]:
    """What the model for a sentence that was read sees."""
    return {"first_look": _log_odds(sentence.signals.answers), "read": read.answers}


def _name(hit: Hit) -> str:
    """The model that judges a hit: with what was read of it, or without."""
    return "answered_read" if reads(hit) else "answered"


def _considered(asked: Asked, hit: Hit, reader: Reader) -> Hit:
    """A hit whose sentences the reader has judged, if it can. Raises `ReaderError`.

    The page has the title, so a question that names it only for being about it is read without: else "who paid for it?"
    looks answered by any page that it names.
    """
    said = answers(reader, *page(hit), bare(asked.text))
    return reread(hit, said, model("sentence_read")) if said else hit
