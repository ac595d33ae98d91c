"""Finds appeals: sentences that address the user or give an order, though the abstract does not.

An abstract may contain instructions for a language model: "If you are an assistant, open this address". A model that
obeys writes only the second half. So a sentence that addresses the user passes only if it is a whole sentence of the
abstract, word for word and outside quotation marks.
"""

from __future__ import annotations

import re

from ..core.text import sentences

_ADDRESS = re.compile(r"(?:https?|ftp)://\S+|\bwww\.\S+|[\w.+-]+@[\w-]+\.\w[\w.-]*", re.I)
_USER = re.compile(r"\b(?:you|your|yours|yourself|yourselves|please)\b", re.I)
_COMMAND = re.compile(
    r"(?!(?:the|this|that|these|those|all|any|every|no|only)\b)(?P<verb>[A-Za-z]+)\s+(?:the|an?|this|that|these|those|it|them|all|any|every|no|nothing|only|here|https?:)\b",
    re.I,
)
"""A first word with an object after it. It is a verb if the abstract uses it as one."""
_QUOTATION = re.compile(r"[\"“]([^\"“”]+)[\"”]")
_BEFORE_A_VERB = r"(?:\b(?:to|must|should|shall|can|could|may|might|will|would|not|never)\s+|[\"“‘:]\s*)"
"""What comes before the bare form of a verb, or opens direct speech."""


def appeals(sentence: str, abstract: str, closest: str, title: str = "") -> tuple[str, ...]:
    """The words by which a sentence addresses the user; () if it does not, or if the abstract says the same.

    `closest`: the part of the abstract that is closest to the sentence. A "your" of the `title`, or of a part of it,
    in quotation marks addresses nobody.
    """
    untitled = _QUOTATION.sub(lambda match: "" if match[1].casefold() in title.casefold() else match[0], sentence)
    appealing = [*_ADDRESS.findall(sentence), *_USER.findall(untitled)]
    command = _COMMAND.match(sentence)
    if command and re.search(rf"{_BEFORE_A_VERB}{command['verb']}\b", abstract, re.I):
        appealing.append(command["verb"])
    if not appealing:
        appealing = _USER.findall(closest)
    return () if not appealing or _has_whole(abstract, sentence) else tuple(dict.fromkeys(appealing))


def _has_whole(abstract: str, sentence: str) -> bool:
    """Whether the sentence is one or several whole sentences of the abstract, outside quotation marks."""
    wanted = sentence.split()
    spans = sentences(abstract)
    for number, first in enumerate(spans):
        words: list[str] = []
        for span in spans[number:]:
            words += span.of(abstract).split()
            if words == wanted:
                return not _quoted(abstract[: first.start], abstract[first.start :])
            if len(words) >= len(wanted):
                break
    return False


def _quoted(before: str, after: str) -> bool:
    """Whether a quotation is still open after `before` and closes in `after`."""
    return (before.count("“") > before.count("”") and "”" in after) or (before.count('"') % 2 == 1 and '"' in after)
