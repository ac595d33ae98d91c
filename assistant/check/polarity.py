"""Finds what a sentence negates, but a passage does not, or the other way round.

A "not" alone says little: what matters is what it negates. So each negation is taken together with the first words in
its scope, and contradicts the other text only if that text has these words and does not negate them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..core.text import STOP_WORDS, parts, stem, words

SCOPE = 2
"""Content words in the scope of a negation."""
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


def _stems(word: str) -> list[str]:
    """The stem of a word, and without "re-": "retraining" is training."""
    again = _AGAIN.fullmatch(word)
    return [_stem(word), *([_stem(again[1])] if again else [])]


def _stem(word: str) -> str:
    """The stem, the same for "optimise" and "optimize"."""
    return stem(_BRITISH.sub("iz", word.casefold()))
