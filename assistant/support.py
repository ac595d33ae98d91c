"""A sentence and an abstract in, the signals of support out. Pure: what they add up to is decided in citations.

None of these is an entailment model. They see other papers, changed numbers and names, flipped polarity and
words the abstract has nothing like; they do not see exchanged roles or most half-truths.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from .records import Paper
from .text import Number, Span, names, numbers, parts, sentences, stem, terms, words

Rarity = Callable[[Iterable[str]], Mapping[str, float]]

NEAR = 0.005
"""Relative distance at which two numbers are one: "about 62.4 %" and "62.4%", not 62.4 and 62.8."""

_LOOSE = frozenset({"one", "half", "twice", "zero"})
"""Spelt-out numbers that are used without counting."""

_SCALED = re.compile(r"\d[\d.,]*[kmbtx]?", re.I)
"""A number with its scale, "12M", which is no name."""

_NEGATION = re.compile(
    r"\b(?:not|no|never|none|neither|nor|cannot|without|fails?|failed|failing|unable|lacks?|lacking|hardly|barely|"
    r"absence|unlike|free of|unnecessary|impossible|little|refus\w+)\b|n['’]t\b|\b\w+-free\b",
    re.I,
)
_OPPOSITES = (
    ("more greater", "fewer less"),
    (
        "increase increases increased increasing raise raises rise grow grows boost boosts lift lifts",
        "decrease decreases "
        "decreased decreasing reduce reduces reduced reducing lower lowers drop drops shrink shrinks cut cuts"
        " decline fall falls",
    ),
    (
        "improve improves improved improving enhance enhances benefit benefits help helps",
        "degrade degrades worsen worsens hurt hurts harm harms impair impairs damage damages",
    ),
    ("better superior best comparable competitive matching", "worse inferior worst short behind poorer"),
    ("higher high", "lower low"),
    ("larger large bigger", "smaller small tiny"),
    ("faster fast quicker accelerate accelerates", "slower slow slows"),
    ("stronger strong", "weaker weak"),
    (
        "outperform outperforms outperforming surpass surpasses exceed exceeds beat beats",
        "underperform underperforms lag lags trail trails",
    ),
    ("important crucial essential necessary", "unimportant irrelevant unnecessary negligible"),
    (
        "keep keeps retain retains maintain maintains preserve preserves",
        "lose loses lost sacrifice sacrifices forget forgets",
    ),
    ("before", "after"),
    ("able can", "unable cannot"),
    ("stable stabilize robust", "unstable fragile"),
    ("easy easier simple", "hard harder difficult"),
    ("cheap cheaper", "expensive costlier"),
    ("supervised labelled labeled", "unsupervised unlabelled unlabeled self-supervised"),
    ("frozen fixed", "trained fine-tuned updated learned"),
    ("agree consistent aligned", "disagree inconsistent misaligned"),
    ("many most often", "few rarely seldom"),
    ("succeed succeeds", "fail fails"),
    ("positive", "negative"),
    ("same identical", "different distinct"),
    ("independent regardless", "depends dependent"),
)
_COMPARATOR = re.compile(
    r"\b(?:outperform\w*|surpass\w*|exceed\w*|beat\w*|overtak\w*|improv\w* (?:on|over|upon)|ahead of|than|over|into|"
    r"instead of|rather than|compared (?:to|with)|in place of|replac\w*)\b",
    re.I,
)
_SCOPE = re.compile(
    r"\b(?:all|always|every|everything|never|any|entirely|completely|fully|perfect\w*|prov(?:e|es|ed|en)"
    r"|guarantee\w*|universal\w*|"
    r"regardless|whatsoever|no matter|solv(?:e|es|ed)|eliminat\w*|best|only|none|first|must|whichever|whatever"
    r"|everywhere|"
    r"state[- ]of[- ]the[- ]art|100 ?%|optimal\w*|any other|each)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Signals:
    """How a sentence stands to an abstract; `quote` is the window of it that comes nearest.

    coverage, window: the share of the sentence's rarity found in title and abstract, and in the window (0 to 1).
    numbers, spelt, names: the figures, spelt-out numbers and names of the sentence that the paper has not.
    negated: one of sentence and window denies, the other does not. opposite: pairs of opposite words, one on each
    side. swapped: what stands before and after a comparison has changed places. scope: words that widen a claim
    ("always", "every") which the window has not.
    """

    coverage: float
    window: float
    numbers: tuple[str, ...]
    spelt: tuple[str, ...]
    names: tuple[str, ...]
    negated: bool
    opposite: tuple[str, ...]
    swapped: bool
    scope: tuple[str, ...]
    quote: str


def signals(sentence: str, paper: Paper, rarity: Rarity) -> Signals:
    """The signals of `sentence` against the title and abstract of `paper`."""
    whole = f"{paper.title}. {paper.abstract}"
    wanted = rarity(set(terms(sentence)))
    windows = _windows(paper.abstract)
    best = max(windows, key=lambda span: _share(wanted, span.of(paper.abstract)), default=Span(0, 0))
    near = best.of(paper.abstract)
    held = numbers(whole)
    strange = [n.text for n in numbers(sentence) if not _stated(n, held)]
    return Signals(
        coverage=_share(wanted, whole),
        window=_share(wanted, near),
        numbers=tuple(n for n in strange if n[-1].isdigit() or not n.isalpha()),
        spelt=tuple(n for n in strange if n.isalpha() and n.casefold() not in _LOOSE),
        names=tuple(n for n in names(sentence) if not _SCALED.fullmatch(n) and not _named(n, whole)),
        negated=bool(_NEGATION.search(sentence)) != bool(_NEGATION.search(near)),
        opposite=_opposites(sentence, near),
        swapped=_swapped(sentence, near),
        scope=tuple(w for w in _SCOPE.findall(sentence) if w.casefold() not in near.casefold()),
        quote=near,
    )


def _share(wanted: Mapping[str, float], text: str) -> float:
    total = sum(wanted.values())
    held = set(terms(text))
    return sum(weight for stem_, weight in wanted.items() if stem_ in held) / total if total else 0.0


def _windows(abstract: str) -> list[Span]:
    """Every sentence, then every pair of neighbours: the shortest that covers a claim is the better quote."""
    spans = sentences(abstract)
    return spans + [Span(a.start, b.end) for a, b in itertools.pairwise(spans)]


def _stated(wanted: Number, held: list[Number]) -> bool:
    return any(
        abs(wanted.value - n.value) <= NEAR * abs(n.value) + 1e-9
        and (wanted.unit == n.unit or not (wanted.unit and n.unit))
        for n in held
    )


def _named(name: str, text: str) -> bool:
    """Whether a name stands in a text, whole, as a part of a compound, in plural, or as its parts."""
    folded = text.casefold()
    candidates = (name.casefold(), name.casefold().removesuffix("s"), stem(name))
    if any(re.search(rf"(?<!\w){re.escape(c)}(?:s|es)?(?!\w)", folded) for c in candidates if c):
        return True
    pieces = parts(name)
    held = {stem(w) for w in words(text)} | {stem(p) for w in words(text) for p in parts(w)}
    return (bool(pieces) and all(stem(p) in held for p in pieces)) or stem(name) in held


def _opposites(sentence: str, near: str) -> tuple[str, ...]:
    """The pairs ("more", "fewer") of which the sentence has only the one and the window only the other."""
    said, stated = ({w.casefold() for w in words(text)} for text in (sentence, near))
    found = []
    for pair in _OPPOSITES:
        left, right = (set(side.split()) for side in pair)
        for one, other in ((left, right), (right, left)):
            if said & one and stated & other and not said & other and not stated & one:
                found.append(f"{min(said & one)} / {min(stated & other)}")
    return tuple(found)


def _swapped(sentence: str, near: str) -> bool:
    """Whether the words around a comparison stand in the window the other way round."""
    for said in _COMPARATOR.finditer(sentence):
        left, right = (set(terms(part)) for part in (sentence[: said.start()], sentence[said.end() :]))
        for stated in _COMPARATOR.finditer(near):
            before, after = (set(terms(part)) for part in (near[: stated.start()], near[stated.end() :]))
            crossed = min(len(left & (after - before)), len(right & (before - after)))
            straight = len(left & (before - after)) + len(right & (after - before))
            if crossed and len(left & (after - before)) + len(right & (before - after)) > straight:
                return True
    return False
