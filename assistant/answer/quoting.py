"""A paper that is cited in, the sentences of it that an answer quotes out: the likeliest first, edited to stand alone.

Most answers are one or two sentences. What else comes near is left out of the text, for readers who ask for more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..core.records import Evidence, Hit, Sentence
from ..core.text import content_words, names, numbers, stems_of
from ..question.understanding import Asked
from ..search.retrieval import PLAINLY
from .editing import depends, edited, introducing, shortened

AT_MOST = {"summary": 3, "list": 1, "count": 1, "overview": 1, "compare": 2}
"""Sentences quoted from one paper, by the kind of question; of any other kind at most two."""
SECOND = 0.4
"""Share of the best sentence's probability that another one must have; `eval.brevity` sets it."""
UNSURE = 0.3
"""If no sentence is likelier than this, there may be one more; set there as well."""
NEAR = 0.1
"""The same for a sentence that is left out of the text and shown to those who ask for more."""
MOST_MORE = 4
"""Most sentences that one paper has to show to them."""
AS_SURE = 0.8
"""The same for a shorter sentence to be quoted instead, where a brief answer is asked for."""
DEPENDING, DEPENDING_IN_LIST = 0.5, 0.3
"""How much less a sentence is worth that only the sentence before it explains; a list does not show that one."""
ELSEWHERE = 0.3
"""How much less a sentence of a list is worth that only says where something is to be had: it has an address."""

_WANTS_NAME = re.compile(r"(?:on |in |by |for )?which\b", re.I)


@dataclass(frozen=True, slots=True)
class Quoted:
    """The sentences that are quoted from one paper, the fact first, and those that are left out."""

    sentences: tuple[Sentence, ...]
    more: tuple[Sentence, ...]


def quoted(asked: Asked, hit: Hit, *, fewest: int = 1, most: int = 3) -> Quoted:
    """What an answer quotes from one paper. Its title, shown above, says what "it" and "the authors" mean.

    `fewest` sentences are quoted however probable they are.
    """
    texts = edited(hit.paper, hit.evidence)
    worth = {one.start: _worth(asked, one, texts[one.start]) for one in hit.evidence}
    if defining := _defining(asked, hit):
        worth[defining.start] = max(worth.values()) + 1
    ranked = sorted(hit.evidence, key=lambda one: -worth[one.start])
    chosen = [_shortest(ranked, worth, texts)] if asked.brief else _chosen(asked, ranked, worth, fewest)[:most]
    if asked.kind == "summary":
        chosen = [chosen[0], *sorted(chosen[1:], key=lambda one: one.start)]
    if not asked.several and not asked.brief:
        chosen = _explained(chosen, hit.evidence, texts)
    least = NEAR * max(one.signals.answers for one in hit.evidence)
    near = [one for one in ranked if one not in chosen and one.signals.answers >= least][:MOST_MORE]
    if asked.several or asked.brief:
        wanted = stems_of(asked.text)
        texts = texts | {one.start: shortened(texts[one.start], wanted) for one in chosen}
    if asked.several:
        near = []
    return Quoted(
        tuple(_sentence(asked, hit, texts[one.start], first=place == 0) for place, one in enumerate(chosen)),
        tuple(_sentence(asked, hit, texts[one.start]) for one in sorted(near, key=lambda one: one.start)),
    )


def _chosen(asked: Asked, ranked: Sequence[Evidence], worth: Mapping[int, float], fewest: int) -> list[Evidence]:
    """The best sentence, and those that are nearly as good."""
    best = max(one.signals.answers for one in ranked)
    most = max(fewest, AT_MOST.get(asked.kind, 3 if best < UNSURE else 2))
    sure = most if asked.kind == "summary" else fewest
    likely = (one for one in ranked[sure:most] if worth[one.start] >= SECOND * best)
    return [*ranked[:sure], *likely]


def _shortest(ranked: Sequence[Evidence], worth: Mapping[int, float], texts: Mapping[int, str]) -> Evidence:
    """The shortest of the sentences that are about as good as the best."""
    good = (one for one in ranked if worth[one.start] >= AS_SURE * worth[ranked[0].start])
    return min(good, key=lambda one: len(texts[one.start]))


def _explained(chosen: Sequence[Evidence], abstract: Sequence[Evidence], texts: Mapping[int, str]) -> list[Evidence]:
    """The chosen sentences; if the first depends on the one before it, after that one."""
    first = chosen[0]
    before = max((one for one in abstract if one.start < first.start), key=lambda one: one.start, default=None)
    if before is None or not depends(texts[first.start]):
        return list(chosen)
    return [before, first, *(one for one in chosen[1:] if one is not before and len(chosen) > 2)]


def _worth(asked: Asked, evidence: Evidence, text: str) -> float:
    """The probability that a sentence answers; for a summary, what the paper proposes and finds counts too.

    In a list it is how clearly the sentence says what the paper itself has to do with the question.
    """
    signals = evidence.signals
    worth = signals.answers
    if asked.kind == "summary":
        worth += 0.2 * (signals.proposal + signals.result)
    if asked.several:
        general = max(signals.background, signals.first * (1 - signals.proposal))
        worth = (
            signals.similarity + 0.2 * signals.coverage + 0.3 * signals.proposal + 0.15 * signals.own - 0.3 * general
        )
        worth *= ELSEWHERE if "://" in text else 1
    return worth * (DEPENDING_IN_LIST if asked.several else DEPENDING) if depends(text) else worth


def _defining(asked: Asked, hit: Hit) -> Evidence | None:
    """For a question about nothing but a name ("What is X?"), the sentence that says what it is.

    The paper's own name is introduced there, or else it is the first that says what the authors propose; any other name
    is spelt out: "... Low-Rank Adaptation (LoRA) enables ...".
    """
    if asked.several or not hit.signals.named or content_words(asked.focus):
        return None
    if hit.signals.named < PLAINLY:
        short = [f"({name.text})" for name in asked.named]
        return next((one for one in hit.evidence if any(name in one.text for name in short)), None)
    introduced = (one for one in hit.evidence if introducing(hit.paper, one.text))
    proposed = (one for one in hit.evidence if one.signals.proposal)
    return next(introduced, None) or next(proposed, None)


def _sentence(asked: Asked, hit: Hit, text: str, *, first: bool = False) -> Sentence:
    heading, answer = (hit.paper.title, _asked_for(asked, hit, text)) if first else ("", "")
    return Sentence(text, (hit.paper.id,), heading, asked_for=answer)


def _asked_for(asked: Asked, hit: Hit, text: str) -> str:
    """The figure or name that a sentence adds to the question, if that wants one and there is only one."""
    if asked.several:
        return ""
    if asked.wants_figure:
        known = {number.value for number in numbers(asked.text)}
        new = [number.text for number in numbers(text) if number.value not in known and not number.text.isalpha()]
    elif _WANTS_NAME.match(asked.text):
        known_words = f"{asked.text} {hit.paper.title}".casefold()
        new = [name for name in names(text) if name.casefold() not in known_words and not name.startswith("[")]
    else:
        return ""
    return new[0] if len(set(new)) == 1 else ""
