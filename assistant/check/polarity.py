"""A sentence and a passage in, what one of them denies or turns round and the other does not out. Pure.

Whether a sentence holds a "not" says little: what counts is what the "not" reaches. So each denial is taken with the
first words that it governs, and stands against the other text only where that one has these words and does not deny
them. "More" and "less" are taken with what they are said of in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..core.text import STOP_WORDS, content_words, parts, stem, words

REACH = 2
"""Content words after a denial, or around a direction, that it is taken to govern."""
_DENIAL = re.compile(
    r"\b(?:not|no|never|none|neither|nor|cannot|without|fail(?:s|ed|ing)?(?: to)?|unable|lack(?:s|ed|ing)?|hardly|"
    r"barely|scarcely|rarely|seldom|absence|unlike|free of|unnecessary|impossible|refus\w+|nothing(?! but)|nobody|"
    r"nowhere|ignor\w+|neglect\w*|overlook\w*|prevent\w*|keeps? (?:\w+ )?from|absent|missing|superfluous|"
    r"(?<!as )little(?! (?:over|more|above|under|less)))\b|n['’]t\b|-free\b",
    re.I,
)
_BEFORE_IT = ("-free", "absent", "missing", "superfluous")
"""Denials that govern the word before them."""
_HEDGE = re.compile(
    rf"{_DENIAL.pattern}|\b(?:few|little|scarc\w+|shortage|spar(?:es?|ed|ing)|obviat\w*|instead of|in place of|"
    r"rather than)\b",
    re.I,
)
"""What may deny in words of its own: a clause that holds it is not taken to affirm."""
_LOSS = re.compile(
    r"\W*(?:\w+ing )?(?:giv\w+ up|los(?:e|es|ing|s)|sacrific\w+|compromis\w+|harm\w*|hurt\w*|degrad\w+|damag\w+|"
    r"impair\w*|forg[eo]t\w*|waste\w*|delay\w*|the (?:expense|cost) of|(?:is|are|being) (?:kept back|withheld))\b",
    re.I,
)
"""What makes a denial before it affirm: "without giving up quality"."""
_LOST = re.compile(r"\b(?:giv\w+ up|los(?:es?|t|ing)|sacrific\w+|forg[eo]t\w*|waste\w*)\s*$", re.I)
"""The same before it: "forgets nothing"."""
_SUPERLATIVE = re.compile(r"^(?:no|none|nobody|nothing)$", re.I)
"""Before a "than" these deny no more than that there is a better one."""
_BOUND = re.compile(
    r"[,;:.()!?]|\b(?:but|yet|while|whereas|although|though|because|since|so|and|which|that|rather|instead|than|through"
    r"|when|if)\b",
    re.I,
)
_PREFIXED = re.compile(r"(?:un|in|im|non|dis|ir|il)-?(\w{4,})", re.I)
_AGAIN = re.compile(r"re-?(\w{4,})", re.I)
_BRITISH = re.compile(r"(?<=\w{3})is(?=(?:e|es|ed|ing|ation|ations)$)")

_CLAUSES = re.compile(
    r"[,;:.()!?]\s|\b(?:but|yet|while|whereas|although|though)\b|"
    r"(?=\b(?:without|instead of|in place of|rather than)\b)",
    re.I,
)
_OPPOSITES = (
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
_NO_MORE = re.compile(r"\bno (?:more|less|fewer|greater)(?= (?:\w+ ){0,3}than\b)", re.I)
"""The "more" of "no more than", which is no more."""

_UP = (
    r"more|greater|higher|larger|bigger|rises?|rising|rose|increas\w+|grow(?:s|ing|n)?|rais(?:es?|ed|ing)|"
    r"improv(?:es?|ed|ing)"
)
_DOWN = (
    r"less|fewer|lower(?:s|ed)?|smaller|falls?|falling|fell|decreas\w+|reduc(?:es?|ed|ing)|drops?|declin(?:es?|ed)|"
    r"shrinks?|cuts?|degrad(?:es?|ed)|worsens?"
)
_DIRECTION = re.compile(rf"\b(?:(?P<up>{_UP})|(?P<down>{_DOWN}))\b", re.I)
_COMPARED = re.compile(
    r"\b(?:(?P<over>exceed\w*|outperform\w*|surpass\w*|beats?|overtak\w*|outdo(?:es)?|ahead of|above|better than|"
    r"stronger than|superior to|match(?:es|ed|ing)?|rivals?|rivalled|(?:reach\w*|attain\w*) the (?:level|quality) of)|"
    r"(?P<under>underperform\w*|behind|below|trails?|lags?|short of|worse than|weaker than|inferior to|"
    r"los(?:es?|t|ing) (?:out )?(?:to|against)|(?:outperformed|surpassed|beaten|exceeded) by))\b",
    re.I,
)


def denied(sentence: str, passage: str) -> list[str]:
    """The words that the sentence denies and the passage affirms, or the other way round; [] where there are none.

    >>> denied("Sheds need no glass.", "A shed does need glass and a door.")
    ['glass']
    >>> denied("Sheds need no glass.", "Without glass a shed is a shed. It has no door.")
    []
    """
    found = [*_against(sentence, passage), *_against(passage, sentence)]
    found += [*_undone(sentence, passage), *_undone(passage, sentence)]
    return list(dict.fromkeys(found))


def turned(sentence: str, passage: str) -> list[str]:
    """The stems of what goes up, or comes out ahead, in one text and down, or behind, in the other alone.

    >>> turned("Sheds are less robust.", "The robustness of sheds increases.")
    ['robust']
    """
    said, stated = _directions(sentence), _directions(passage)
    return sorted(stem_ for stem_, signs in said.items() if stem_ in stated and not signs & stated[stem_])


def opposites(sentence: str, passage: str) -> list[str]:
    """The pairs of which the sentence has only the one and the passage only the other, neither of them denied.

    >>> opposites("Sheds are cheap.", "Sheds are expensive.")
    ['cheap / expensive']
    """
    said, stated = ({w.casefold() for w in words(_NO_MORE.sub("", text))} for text in (sentence, passage))
    refused = {w.casefold() for text in (sentence, passage) for governed in _governed(text) for w in governed}
    found = []
    for pair in _OPPOSITES:
        left, right = (set(side.split()) for side in pair)
        for one, other in ((left, right), (right, left)):
            if (
                said & one
                and stated & other
                and not said & other
                and not stated & one
                and not (refused & (one | other))
            ):
                found.append(f"{min(said & one)} / {min(stated & other)}")
    return found


def _against(text: str, other: str) -> Iterator[str]:
    """The words of each denial in `text` that `other` has, where `other` denies none of them."""
    plain = " . ".join(_affirmed(other, text))
    said = {one for word in _content(plain) for one in _stems(word)}
    refused = {one for governed in _governed(other) for word in governed for one in _stems(word)}
    refused |= {_stem(found[1]) for word in words(other) if (found := _PREFIXED.fullmatch(word))}
    for governed in _governed(text):
        if not refused & {one for word in governed for one in _stems(word)}:
            yield from (word for word in governed if set(_stems(word)) & said)


def _undone(text: str, other: str) -> Iterator[str]:
    """The words of `text` that a prefix denies ("unimportant") and `other` has without it ("importance")."""
    own, theirs = ({_stem(word) for word in words(t)} for t in (text, other))
    theirs -= {_stem(word) for governed in _governed(other) for word in governed}
    for word in words(text):
        found = _PREFIXED.fullmatch(word)
        if found and _stem(word) not in theirs and _stem(found[1]) in theirs - own:
            yield word


def _governed(text: str) -> Iterator[list[str]]:
    """For each denial, the first content words after it in its clause, or the word before it."""
    for found in _DENIAL.finditer(text):
        if found.group().casefold() in _BEFORE_IT:
            yield _content(text[: found.start()])[-1:]
            continue
        rest = text[found.end() : found.end() + 90]
        if _LOSS.match(rest) or _LOST.search(text[: found.start()]):
            continue
        if not (_SUPERLATIVE.match(found.group()) and re.search(r"\bthan\b", rest)):
            yield _content(_clause(rest))[:REACH]


def _affirmed(text: str, other: str) -> Iterator[str]:
    """The clauses of a text that deny nothing, or nothing but what `other` denies in the same words."""
    for clause in _CLAUSES.split(text):
        if not any(_told(hedge, clause) not in other.casefold() for hedge in _HEDGE.finditer(clause)):
            yield clause


def _told(hedge: re.Match[str], clause: str) -> str:
    """A denial with the word that follows it."""
    return " ".join([hedge.group(), *clause[hedge.end() :].split()[:1]]).casefold()


def _clause(text: str) -> str:
    """Up to the first bound that has a content word before it."""
    return next((text[: bound.start()] for bound in _BOUND.finditer(text) if _content(text[: bound.start()])), text)


def _content(text: str) -> list[str]:
    pieces = (piece for word in words(text) for piece in (parts(word) or [word]))
    return [piece for piece in pieces if piece.casefold() not in STOP_WORDS and not _DENIAL.fullmatch(piece)]


def _directions(text: str) -> dict[str, set[bool]]:
    """Stem -> whether it goes up (True), down (False) or, in different places, both."""
    found: dict[str, set[bool]] = {}
    for place in _DIRECTION.finditer(text):
        if not re.search(r"\b(?:no|not|never)\s*$", text[: place.start()], re.I):
            around = _near(text[: place.start()], last=True) + _near(text[place.end() :], last=False)
            for word in around:
                found.setdefault(_stem(word), set()).add(place["up"] is not None)
    for place in _COMPARED.finditer(text):
        refused = bool(re.search(r"\b(?:no|not|never|n['’]t)(?: \w+){0,2} ?$", text[: place.start()], re.I))
        for word in _near(text[place.end() :], last=False):
            found.setdefault(_stem(word), set()).add((place["over"] is not None) != refused)
    return found


def _near(text: str, *, last: bool) -> list[str]:
    """The content words next to a place, up to the next bound."""
    pieces = _BOUND.split(text)
    held = [w for w in content_words(pieces[-1] if last else pieces[0]) if not _DIRECTION.fullmatch(w)]
    return held[-REACH:] if last else held[:REACH]


def _stems(word: str) -> list[str]:
    """The stem of a word, and of what it repeats: "retraining" is training."""
    again = _AGAIN.fullmatch(word)
    return [_stem(word), *([_stem(again[1])] if again else [])]


def _stem(word: str) -> str:
    """The stem, one for "optimise" and "optimize"."""
    return stem(_BRITISH.sub("iz", word.casefold()))
