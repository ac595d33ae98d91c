"""A sentence and its hits in, a checked claim and recorded rejections out.

A mark is looked up among the marks that were shown; a sentence stands only if the abstract it names supports
it. Word for word is "quoted"; otherwise the offline signals decide, and "checked" says no more than that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..core.errors import ReaderError
from ..core.logistic import model
from ..core.records import Check, Citation, Claim, Hit, Paper, Passage, Rejection, Sentence
from ..core.text import Span, words
from ..reader import Reader, supports
from .appeals import appeals
from .support import Rarity, Signals, nearness, premise, read_features, signals

Likeness = Callable[[str, Paper], float]
"""The late interaction of a sentence with a paper, 0 to 1."""

LEFT = {
    **{
        "number": 0.1,
        "name": 0.15,
        "foreign": 0.35,
        "exchange": 0.3,
        "denial": 0.3,
        "turn": 0.35,
        "opposite": 0.35,
        "swap": 0.3,
    },
    "appeal": 0.0,
    **{"scope": 0.55, "reach": 0.75, "spelt": 0.6},
}
"""What is left of a sentence's support for each fault found in it; set on the fitting half of `eval/claims`."""
FEWEST_WORDS = 3
"""Words of a sentence: a single word of an abstract is a quote of it, and states nothing."""
RIVAL = 0.05
"""How much more of a sentence another source's best window must cover before its mark is taken for a slip; of 208 true
sentences over the sample one other was ever nearer by as much."""
RIVALS = 12
"""Hits, best first, that may be the one that was meant."""

RESTING = 0.15
"""Least probability, by the words, of a sentence that names the words it rests on. These stand in the abstract, so no
other paper is meant; without them the probability has to reach the fitted threshold. Of 151 such true sentences over
the sample it saves 8."""

UNSTATED = "the abstract does not clearly say this"
"""All that is known of a sentence that the reader turns down; it may be denied, or go further than the abstract."""
UNLIKE = "the abstract has little in common with this sentence"
SHARED = 0.35
"""Share of a sentence's rarity below which an abstract has little in common with it."""

_OPENS, _CLOSES = re.compile(r"(?<!\w)(?<!\d[.,])"), re.compile(r"(?![.,]?\d)(?:(?<!\w)|(?!\w))")
"""Where a quote may begin and end: not within a word or a number."""
_LEFT_OUT = re.compile(r"\[?(?:\.\.\.|…)\]?")
_FOLDED = {
    c: f"[{re.escape(alike)}]"
    for alike in (
        '"\u201c\u201d\u201e\u00ab\u00bb',
        "'\u2018\u2019\u201a`\u00b4",
        "-\u2010\u2011\u2013\u2014\u2212",
        "<\u2039\uff1c\ufe64",
        "[\u27e6\uff3b",
    )
    for c in alike
}
"""What is one character in a span, whatever its form."""


class Checker:
    """Whether an abstract supports a sentence.

    `rarity` gives the inverse document frequency of stems. The `reader` reads what is not quoted word for word; without
    one the words decide, and `likeness`, where it is given.
    """

    def __init__(self, rarity: Rarity, likeness: Likeness | None = None, reader: Reader | None = None) -> None:
        self._rarity, self._likeness, self._reader = rarity, likeness, reader

    def check(self, sentence: str, paper: Paper, span: str = "") -> Check:
        """The verdict, and the part of the abstract that comes nearest, or `span`, which the sentence rests on.

        A word-for-word quote is supported, also off topic: whether it answers anything is not asked here. What speaks
        to the reader as the abstract does not is never. A span
        must stand in the abstract; of case, spacing and the form of quotation marks and dashes nothing is made.
        """
        place = locate(sentence, paper.abstract)
        if place is not None and not appeals(sentence, paper.abstract, paper.abstract[slice(*place)]):
            return Check(True, 1.0, "quoted", (), paper.abstract[slice(*place)])
        rests_on = located(span, paper.abstract) if span else None
        if span and rests_on is None:
            missing = "the words it rests on do not stand in the abstract"
            return Check(False, 0.0, "checked", (missing,), "", certain=True)
        found = signals(sentence, paper, self._rarity, rests_on)
        if self._reader is not None:
            try:
                return self._read(self._reader, sentence, paper, found, rests_on)
            except ReaderError:  # a missing or altered file, which the reader has logged: words decide
                self._reader = None
        likeness = self._likeness(sentence, paper) if self._likeness else found.coverage
        fitted = model("support")
        score = fitted.probability({"coverage": found.coverage, "likeness": likeness})
        faults = _faults(found)
        if spoken := appeals(sentence, paper.abstract, found.quote):
            faults.append((f"speaks to the reader, as the abstract does not: {', '.join(spoken)}", LEFT["appeal"]))
        reasons = list(faults)
        if rests_on and score >= RESTING:
            score = max(score, fitted.threshold)
        if score < fitted.threshold:
            reasons.append((UNLIKE, 1.0))
        for _, left in reasons:
            score *= left
        supported = score >= fitted.threshold
        told = tuple(reason for reason, _ in reasons)
        return Check(supported, round(score, 4), "checked", told, found.quote, certain=bool(faults) and not supported)

    def _read(self, reader: Reader, sentence: str, paper: Paper, found: Signals, rests_on: Span | None) -> Check:
        """The verdict by meaning: what the reader makes of the nearest sentences, and the faults in the words."""
        passage = premise(sentence, paper.abstract, self._rarity, rests_on)
        fitted = model("read")
        score = fitted.probability(read_features(found, supports(reader, passage, sentence)))
        faults = [reason for reason, _ in _faults(found, literal=True)]
        if spoken := appeals(sentence, paper.abstract, found.quote):
            faults.append(f"speaks to the reader, as the abstract does not: {', '.join(spoken)}")
            score = 0.0
        supported = score >= fitted.threshold
        reasons = faults or ([] if supported else [UNLIKE if found.coverage < SHARED else UNSTATED])
        certain = bool(faults) and not supported
        return Check(supported, round(score, 4), "read", tuple(reasons), passage, certain=certain)

    def rival(self, sentence: str, hit: Hit, hits: Sequence[Hit]) -> Hit | None:
        """Another of the hits whose words come clearly nearer to the sentence; None where there is none."""
        to_beat = nearness(sentence, hit.paper, self._rarity) + RIVAL
        if to_beat >= 1:
            return None
        found = {place: nearness(sentence, one.paper, self._rarity) for place, one in enumerate(hits[:RIVALS])}
        nearest = max(found, key=lambda place: found[place])
        return hits[nearest] if found[nearest] > to_beat else None


def _faults(found: Signals, *, literal: bool = False) -> list[tuple[str, float]]:
    """What speaks against a sentence, in words, and what each leaves of its support; `literal`: in the words alone."""
    wider = LEFT["scope"] ** len(found.scope) * LEFT["reach"] ** len(found.reach)
    told = found.numbers or found.against or found.names
    swapped = ("the sides of the comparison have changed places",) if found.swapped else ()
    every: tuple[tuple[str, tuple[str, ...], float], ...] = (
        ("the abstract does not state", found.numbers, LEFT["number"]),
        ("the abstract counts other than", found.against, LEFT["number"]),
        ("the abstract does not name", found.names, LEFT["name"]),
        ("the abstract has another in the place of", () if told else found.exchanged, LEFT["exchange"]),
        ("the abstract does not speak of", found.foreign, LEFT["foreign"]),
    )
    if not literal:
        every += (
            ("one of sentence and abstract denies:", found.denied, LEFT["denial"]),
            ("the other way round:", found.turned, LEFT["turn"]),
            ("opposite words:", found.opposite, LEFT["opposite"]),
            ("", swapped, LEFT["swap"]),
            ("wider than the abstract:", (*found.scope, *found.reach), wider),
            ("the abstract does not count", found.spelt, LEFT["spelt"]),
        )
    return [(f"{said} {', '.join(words)}".strip(), left) for said, words, left in every if words]


def locate(sentence: str, abstract: str) -> tuple[int, int] | None:
    """Where `sentence` stands in whole words in `abstract`, white space aside; None where it does not."""
    sentence = sentence.strip()
    if not any(c.isalnum() for c in sentence) or _longer(sentence, abstract):
        return None
    start = abstract.find(sentence)  # to build a pattern of a sentence takes a hundred times as long
    if start >= 0 and _OPENS.match(abstract, start) and _CLOSES.match(abstract, start + len(sentence)):
        return start, start + len(sentence)
    whole = r"\s+".join(map(re.escape, sentence.split()))
    found = re.search(f"{_OPENS.pattern}{whole}{_CLOSES.pattern}", abstract)
    return found.span() if found else None


def located(span: str, abstract: str) -> Span | None:
    """Where a span stands in an abstract, folded, as whole words; parts left out with "..." may lie between."""
    if _longer(span, abstract):
        return None
    start: int | None = None
    end = 0
    for piece in (piece for piece in _LEFT_OUT.split(span) if any(c.isalnum() for c in piece)):
        whole = r"\s+".join("".join(_FOLDED.get(c, re.escape(c)) for c in word) for word in _bare(piece).split())
        found = re.compile(rf"(?<!\w){whole}(?!\w)", re.I).search(abstract, end)
        if found is None:
            return None
        start, end = found.start() if start is None else start, found.end()
    return None if start is None else Span(start, end)


def _longer(text: str, abstract: str) -> bool:
    """Whether a text has more letters than the abstract has characters: to look for it would take long, and in vain."""
    return len("".join(text.split())) > len(abstract)


def _bare(piece: str) -> str:
    """A piece without what quoting puts around it."""
    return piece.strip(" \t\n\"'“”‘’.,;:")


@dataclass(frozen=True, slots=True)
class CheckedMark:
    """A sentence with one of its marks: what it cites there, if that is known, and why it does not pass, or "".

    `certain`: no judgement of a model is to change it.
    """

    sentence: Sentence
    mark: str
    citation: Citation | None
    reason: str
    certain: bool


def checked(sentence: Sentence, hits: Sequence[Hit], checker: Checker) -> tuple[Claim | None, tuple[Rejection, ...]]:
    """The sentence with the citations that pass, if any does, and a rejection for each mark that does not."""
    return claim_of(sentence, check_marks(sentence, hits, checker))


def check_marks(sentence: Sentence, hits: Sequence[Hit], checker: Checker) -> tuple[CheckedMark, ...]:
    """The sentence with each of its marks."""
    if not sentence.marks:
        return (CheckedMark(sentence, "", None, "names no source", certain=True),)
    shown = {hit.paper.id: hit for hit in hits}
    unknown = "no source of that mark was shown"
    return tuple(
        _check_mark(sentence, shown[mark], hits, checker)
        if mark in shown
        else CheckedMark(sentence, mark, None, unknown, certain=True)
        for mark in sentence.marks
    )


def claim_of(sentence: Sentence, found: Sequence[CheckedMark]) -> tuple[Claim | None, tuple[Rejection, ...]]:
    """The claim with what passes, if anything does, and a rejection for everything else."""
    citations = tuple(one.citation for one in found if one.citation and not one.reason)
    rejections = tuple(Rejection(sentence.text, one.mark, one.reason) for one in found if one.reason)
    return (Claim(sentence.text, citations, sentence.heading) if citations else None), rejections


def _check_mark(sentence: Sentence, hit: Hit, hits: Sequence[Hit], checker: Checker) -> CheckedMark:
    mark = hit.paper.id
    if len(words(sentence.text)) < FEWEST_WORDS:
        return CheckedMark(sentence, mark, None, "too short to state anything", certain=True)
    verdict = checker.check(sentence.text, hit.paper, sentence.span)
    passage = Passage(mark, hit.paper.title, verdict.quote, hit.paper.abstract.find(verdict.quote))
    citation = Citation(passage, verdict.quote, verdict.score, verdict.basis)
    if verdict.basis == "quoted":
        return CheckedMark(sentence, mark, citation, "", certain=True)
    rival = None if verdict.certain and not verdict.supported else checker.rival(sentence.text, hit, hits)
    nearer = f"“{rival.paper.title}” comes nearer to it" if rival else ""
    reason = nearer if verdict.supported else "; ".join(verdict.reasons)
    return CheckedMark(sentence, mark, citation, reason, verdict.certain or rival is not None)
