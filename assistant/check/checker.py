"""Checks a sentence against an abstract.

A sentence that the abstract has word for word is "quoted". Any other sentence is "read" by an entailment model, or
without one "checked" by its words alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ..core.errors import ReaderError
from ..core.logistic import model
from ..core.records import Check, Paper
from ..core.text import Span
from ..reader import Reader, supports
from .appeals import appeals
from .quotes import find_quote, find_span
from .reading import MOST, BestPremise, features, premises, read
from .support import Rarity, Signals, nearness, signals
from .unsupported import doubtful, literal

Likeness = Callable[[str, Paper], float]
"""The late interaction of a sentence with a paper, 0 to 1."""

REMAINING = {
    "number": 0.1,
    "name": 0.15,
    "foreign": 0.15,
    "exchange": 0.3,
    "negation": 0.3,
    "wider": 0.55,
    "appeal": 0.0,
}
"""Share of a sentence's support that remains after each kind of fault; set on the fitting half of `eval/claims`."""
BASED_ON = 0.15
"""Lowest probability by words for a sentence that names the words it is based on. These are in the abstract, so the
sentence does not mean another paper; other sentences have to reach the fitted threshold. Of 151 such true sentences
over the sample this saves 8."""
SHARED = 0.35
"""An abstract with less than this share of the sentence's rarity has little in common with it."""
RIVAL = 0.05
"""How much more of a sentence another abstract's best window must cover before the mark counts as a mix-up; of 208 true
sentences over the sample only one other was closer by this much."""
RIVALS = 12
"""How many of the best papers are tried as rivals."""

UNSTATED = "the abstract does not clearly say this"
"""The reader rejects without saying why: the abstract may contradict the sentence, or say less."""
UNLIKE = "the abstract has little in common with this sentence"
SPAN_MISSING = "the words it is based on are not in the abstract"


@dataclass(frozen=True, slots=True)
class Fault:
    """A reason not to believe a sentence, and the share of its support that remains."""

    reason: str
    remaining: float


class Checker:
    """Checks whether an abstract supports a sentence.

    `rarity` gives the inverse document frequency of stems. Without a `reader` the words decide, together with
    `likeness` if there is one.
    """

    def __init__(self, rarity: Rarity, likeness: Likeness | None = None, reader: Reader | None = None) -> None:
        self._rarity, self._likeness, self._reader = rarity, likeness, reader

    def check(self, sentence: str, paper: Paper, span: str = "") -> Check:
        """The verdict, with the part of the abstract that is closest to the sentence.

        A `span`, the words that the sentence is based on, must be in the abstract. A quote is supported even if it is
        off topic. A sentence that addresses the user is not supported, unless the abstract has it as it is.
        """
        quote = find_quote(sentence, paper.abstract)
        words = quote.of(paper.abstract) if quote else ""
        if words and not appeals(words, paper.abstract, words):
            return Check(True, 1.0, "quoted", (), words)
        based_on = find_span(span, paper.abstract) if span else None
        if span and based_on is None:
            return Check(False, 0.0, "checked", (SPAN_MISSING,), "", certain=True)
        signs = signals(sentence, paper, self._rarity, based_on)
        if self._reader is not None:
            try:
                return self._by_reader(self._reader, sentence, paper, signs, based_on)
            except ReaderError:  # a missing or altered file, which the reader has logged
                self._reader = None
        return self._by_words(sentence, paper, signs, based_on)

    def explained(self, sentence: str, paper: Paper, check: Check) -> Check:
        """The same check; if it refuses the sentence, with the words that the abstract does not bear out."""
        if check.supported:
            return check
        signs = signals(sentence, paper, self._rarity)
        if signs.coverage < SHARED:
            return check
        words = literal(sentence, signs)
        if not words and self._reader is not None:
            try:
                words = self._doubtful(self._reader, sentence, paper)
            except ReaderError:
                self._reader = None
        return replace(check, unsupported=words)

    def _doubtful(self, reader: Reader, sentence: str, paper: Paper) -> tuple[str, ...]:
        passage = self._read(reader, sentence, paper).premise.text
        return doubtful(sentence, lambda text: supports(reader, passage, text))

    def rival(self, sentence: str, paper: Paper, others: Sequence[Paper]) -> Paper | None:
        """Another paper whose abstract is clearly closer to the sentence, and supports it more if there is a reader."""
        closest = self._closer(sentence, paper, others)
        if closest is None or self._reader is None:
            return closest
        try:
            own, other = (self._read(self._reader, sentence, one).log_odds for one in (paper, closest))
        except ReaderError:
            self._reader = None
            return closest
        return closest if other > own else None

    def _closer(self, sentence: str, paper: Paper, others: Sequence[Paper]) -> Paper | None:
        to_beat = nearness(sentence, paper, self._rarity) + RIVAL
        if to_beat >= 1:
            return None
        closeness = [nearness(sentence, other, self._rarity) for other in others[:RIVALS]]
        closest = max(closeness, default=0.0)
        return others[closeness.index(closest)] if closest > to_beat else None

    def _read(
        self, reader: Reader, sentence: str, paper: Paper, based_on: Span | None = None, *, most: int = MOST
    ) -> BestPremise:
        """The passage that supports the sentence best, of the `most` likeliest ones."""
        passages = premises(sentence, paper.abstract, self._rarity, based_on)[:most]
        return read(passages, lambda passage: supports(reader, passage, sentence))

    def _by_words(self, sentence: str, paper: Paper, signs: Signals, based_on: Span | None) -> Check:
        """The verdict by shared words, likeness and faults."""
        likeness = self._likeness(sentence, paper) if self._likeness else signs.coverage
        fitted = model("support")
        score = fitted.probability({"coverage": signs.coverage, "likeness": likeness})
        if based_on and score >= BASED_ON:
            score = max(score, fitted.threshold)
        faults = [*literal_faults(signs), *_other_faults(signs), *_appeal(sentence, paper, signs)]
        reasons = [*(fault.reason for fault in faults), *([UNLIKE] if score < fitted.threshold else [])]
        score *= remains(faults)
        supported = score >= fitted.threshold
        certain = bool(faults) and not supported
        return Check(supported, round(score, 4), "checked", tuple(reasons), signs.quote, certain=certain)

    def _by_reader(self, reader: Reader, sentence: str, paper: Paper, signs: Signals, based_on: Span | None) -> Check:
        """The verdict by meaning: what the reader makes of the closest sentences, less the literal faults."""
        fitted = model("read")
        faults = [*literal_faults(signs), *_appeal(sentence, paper, signs)]
        remaining = remains(faults)
        most = MOST if remaining >= fitted.threshold else 1  # whatever the others say, the sentence is refused
        reading = self._read(reader, sentence, paper, based_on, most=most)
        score = remaining * fitted.probability(features(signs, reading))
        supported = score >= fitted.threshold
        unexplained = [] if supported else [UNLIKE if signs.coverage < SHARED else UNSTATED]
        reasons = [fault.reason for fault in faults] or unexplained
        certain = bool(faults) and not supported
        return Check(supported, round(score, 4), "read", tuple(reasons), reading.premise.quote, certain=certain)


def literal_faults(signs: Signals) -> list[Fault]:
    """Faults in numbers, names and terms."""
    exchanged = () if signs.numbers or signs.against or signs.names else signs.exchanged
    return [
        *_fault("the abstract does not state", signs.numbers, REMAINING["number"]),
        *_fault("the abstract gives a count other than", signs.against, REMAINING["number"]),
        *_fault("the abstract does not name", signs.names, REMAINING["name"]),
        *_fault("the abstract has something else in place of", exchanged, REMAINING["exchange"]),
        *_fault("the abstract does not mention", signs.foreign, REMAINING["foreign"]),
    ]


def _other_faults(signs: Signals) -> list[Fault]:
    """Faults in what the sentence states, which a reader judges better than these signals."""
    wider = REMAINING["wider"] ** len(signs.wider)
    return [
        *_fault("sentence and abstract disagree on a negation:", signs.negations, REMAINING["negation"]),
        *_fault("claims more than the abstract:", signs.wider, wider),
    ]


def remains(faults: Sequence[Fault]) -> float:
    """The share of a sentence's support that remains after these faults."""
    return math.prod(fault.remaining for fault in faults)


def _appeal(sentence: str, paper: Paper, signs: Signals) -> list[Fault]:
    spoken = appeals(sentence, paper.abstract, signs.quote, paper.title)
    return _fault("addresses the user, which the abstract does not do:", spoken, REMAINING["appeal"])


def _fault(reason: str, words: Sequence[str], remaining: float) -> list[Fault]:
    """The fault that these words show, if there are any."""
    return [Fault(f"{reason} {', '.join(words)}", remaining)] if words else []
