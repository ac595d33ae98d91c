"""Finds what a sentence negates, reverses or calls the opposite, but a passage does not, or the other way round.

A "not" alone says little: what matters is what it negates. So each negation is taken together with the first words in
its scope, and contradicts the other text only if that text has these words and does not negate them. In the same way
"more" and "less" are taken together with the words they describe.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..core.text import STOP_WORDS, content_words, parts, stem, words

SCOPE = 2
"""Content words in the scope of a negation, or of a direction."""
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|neither|nor|cannot|without|fail(?:s|ed|ing)?(?: to)?|unable|lack(?:s|ed|ing)?|hardly|"
    r"barely|scarcely|rarely|seldom|absence|unlike|free of|unnecessary|impossible|refus\w+|nothing(?! but)|nobody|"
    r"nowhere|ignor\w+|neglect\w*|overlook\w*|prevent\w*|keeps? (?:\w+ )?from|absent|missing|superfluous|"
    r"(?<!as )little(?! (?:over|more|above|under|less)))\b|n['’]t\b|-free\b",
    re.I,
)
_FOLLOWING = ("-free", "absent", "missing", "superfluous")
"""Negations of the word before them."""
_HEDGE = re.compile(
    rf"{_NEGATION.pattern}|\b(?:few|little|scarc\w+|shortage|spar(?:es?|ed|ing)|obviat\w*|instead of|in place of|"
    r"rather than)\b",
    re.I,
)
"""What may negate in another way: a clause with such words does not count as affirming."""
_LOSS = re.compile(
    r"\W*(?:\w+ing )?(?:giv\w+ up|los(?:e|es|ing|s)|sacrific\w+|compromis\w+|harm\w*|hurt\w*|degrad\w+|damag\w+|"
    r"impair\w*|forg[eo]t\w*|waste\w*|delay\w*|the (?:expense|cost) of|(?:is|are|being) (?:kept back|withheld))\b",
    re.I,
)
"""Words that cancel a negation before them: "without giving up quality"."""
_LOST = re.compile(r"\b(?:giv\w+ up|los(?:es?|t|ing)|sacrific\w+|forg[eo]t\w*|waste\w*)\s*$", re.I)
"""Words that cancel a negation after them: "forgets nothing"."""
_SUPERLATIVE = re.compile(r"^(?:no|none|nobody|nothing)$", re.I)
"""Before a "than", these only say that nothing is better."""
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
"""The "more" of "no more than", which does not mean more."""

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


def negations(sentence: str, passage: str) -> list[str]:
    """The words that the sentence negates and the passage affirms, or the other way round.

    >>> negations("Sheds need no glass.", "A shed does need glass and a door.")
    ['glass']
    >>> negations("Sheds need no glass.", "Without glass a shed is a shed. It has no door.")
    []
    """
    negated = [*_negated(sentence, passage), *_negated(passage, sentence)]
    prefixed = [*_negated_by_prefix(sentence, passage), *_negated_by_prefix(passage, sentence)]
    return list(dict.fromkeys(negated + prefixed))


def reversals(sentence: str, passage: str) -> list[str]:
    """The stems of what goes up or wins in one text, but goes down or loses in the other.

    >>> reversals("Sheds are less robust.", "The robustness of sheds increases.")
    ['robust', 'shed']
    """
    ours, theirs = _directions(sentence), _directions(passage)
    return sorted(stem_ for stem_, signs in ours.items() if stem_ in theirs and not signs & theirs[stem_])


def opposites(sentence: str, passage: str) -> list[str]:
    """Pairs of opposites, one only in the sentence and the other only in the passage, and neither of them negated.

    >>> opposites("Sheds are cheap.", "Sheds are expensive.")
    ['cheap / expensive']
    """
    ours, theirs = ({w.casefold() for w in words(_NO_MORE.sub("", text))} for text in (sentence, passage))
    negated = {w.casefold() for text in (sentence, passage) for scope in _scopes(text) for w in scope}
    pairs = []
    for pair in _OPPOSITES:
        left, right = (set(side.split()) for side in pair)
        for one, other in ((left, right), (right, left)):
            if ours & one and theirs & other and not (ours & other or theirs & one or negated & (one | other)):
                pairs.append(f"{min(ours & one)} / {min(theirs & other)}")
    return pairs


def _negated(text: str, other: str) -> Iterator[str]:
    """The words that `text` negates and `other` affirms."""
    plain = " . ".join(_affirmed(other, text))
    affirmed = {stem_ for word in _content(plain) for stem_ in _stems(word)}
    negated = {stem_ for scope in _scopes(other) for word in scope for stem_ in _stems(word)}
    negated |= {_stem(match[1]) for word in words(other) if (match := _PREFIXED.fullmatch(word))}
    for scope in _scopes(text):
        if not negated & {stem_ for word in scope for stem_ in _stems(word)}:
            yield from (word for word in scope if set(_stems(word)) & affirmed)


def _negated_by_prefix(text: str, other: str) -> Iterator[str]:
    """The words of `text` with a negating prefix ("unimportant") that `other` has without it ("importance")."""
    ours, theirs = ({_stem(word) for word in words(t)} for t in (text, other))
    theirs -= {_stem(word) for scope in _scopes(other) for word in scope}
    for word in words(text):
        match = _PREFIXED.fullmatch(word)
        if match and _stem(word) not in theirs and _stem(match[1]) in theirs - ours:
            yield word


def _scopes(text: str) -> Iterator[list[str]]:
    """What each negation negates: the first content words after it in its clause, or the word before it."""
    for negation in _NEGATION.finditer(text):
        if negation.group().casefold() in _FOLLOWING:
            yield _content(text[: negation.start()])[-1:]
            continue
        rest = text[negation.end() : negation.end() + 90]
        if _LOSS.match(rest) or _LOST.search(text[: negation.start()]):
            continue
        if not (_SUPERLATIVE.match(negation.group()) and re.search(r"\bthan\b", rest)):
            yield _content(_clause(rest))[:SCOPE]


def _affirmed(text: str, other: str) -> Iterator[str]:
    """The clauses of a text without negations, except for those that `other` has in the same words."""
    for clause in _CLAUSES.split(text):
        if not any(_with_next_word(hedge, clause) not in other.casefold() for hedge in _HEDGE.finditer(clause)):
            yield clause


def _with_next_word(hedge: re.Match[str], clause: str) -> str:
    return " ".join([hedge.group(), *clause[hedge.end() :].split()[:1]]).casefold()


def _clause(text: str) -> str:
    """The text up to the first clause boundary with a content word before it."""
    return next((text[: bound.start()] for bound in _BOUND.finditer(text) if _content(text[: bound.start()])), text)


def _content(text: str) -> list[str]:
    pieces = (piece for word in words(text) for piece in (parts(word) or [word]))
    return [piece for piece in pieces if piece.casefold() not in STOP_WORDS and not _NEGATION.fullmatch(piece)]


def _directions(text: str) -> dict[str, set[bool]]:
    """Whether the thing with each stem goes up (True), down (False), or both in different places."""
    signs: dict[str, set[bool]] = {}
    for match in _DIRECTION.finditer(text):
        if not re.search(r"\b(?:no|not|never)\s*$", text[: match.start()], re.I):
            around = _near(text[: match.start()], last=True) + _near(text[match.end() :], last=False)
            for word in around:
                signs.setdefault(_stem(word), set()).add(match["up"] is not None)
    for match in _COMPARED.finditer(text):
        negated = bool(re.search(r"\b(?:no|not|never|n['’]t)(?: \w+){0,2} ?$", text[: match.start()], re.I))
        for word in _near(text[match.end() :], last=False):
            signs.setdefault(_stem(word), set()).add((match["over"] is not None) != negated)
    return signs


def _near(text: str, *, last: bool) -> list[str]:
    """The first content words of a text, or the last, up to the nearest clause boundary."""
    pieces = _BOUND.split(text)
    nearby = [w for w in content_words(pieces[-1] if last else pieces[0]) if not _DIRECTION.fullmatch(w)]
    return nearby[-SCOPE:] if last else nearby[:SCOPE]


def _stems(word: str) -> list[str]:
    """The stem of a word, and without "re-": "retraining" is training."""
    again = _AGAIN.fullmatch(word)
    return [_stem(word), *([_stem(again[1])] if again else [])]


def _stem(word: str) -> str:
    """The stem, the same for "optimise" and "optimize"."""
    return stem(_BRITISH.sub("iz", word.casefold()))
