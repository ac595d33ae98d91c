"""A question of several steps and its hits in, the papers that the first hit leads to out.

The first paper names the second ("... outperforms RocketQA ..."), or the second names the first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from .names import LONGEST_NAME, key, names_of
from .question import Asked
from .records import Hit, Paper

DEPTH = 12
"""Hits among which a paper that names the first one is looked for."""
SHORTEST = 4
"""Letters of a name short of which it is too common to lead anywhere."""
_NAME = re.compile(r"[A-Z0-9]")
KINDS = ("fact", "figure", "lookup", "summary")
"""The kinds of question that may lead on; the others look for several papers anyway."""


class Bearers(Protocol):
    """The seam: who goes by a name."""

    def bearers(self, names: Sequence[str]) -> Mapping[str, Sequence[str]]: ...


def leads(asked: Asked, hits: Sequence[Hit], index: Bearers) -> list[str]:
    """The ids of papers that the first hit leads to, surest first; [] for a question of one step."""
    if not asked.leads_on or asked.kind not in KINDS or not hits:
        return []
    first = hits[0].paper
    mentioned = mentions(first.abstract)
    own = set(names_of(first))
    bearers = index.bearers(sorted(name for name in mentioned if len(name) >= SHORTEST and name not in own))
    forward = {paper_id for name, ids in bearers.items() for paper_id in ids if len(ids) == 1}
    called = {name for name in _called(first) if len(name) >= SHORTEST}
    found = []
    for place, hit in enumerate(hits[1:], start=1):
        backward = place < DEPTH and called and called & mentions(hit.paper.abstract)
        if backward or (hit.paper.id in forward and _called(hit.paper) & mentioned):
            found.append(hit.paper.id)
    return found or sorted(forward - {first.id})


def _called(paper: Paper) -> set[str]:
    """What a paper is called by others: what stands before its title's colon, whole and word by word."""
    before, colon, _ = paper.title.partition(":")
    if not colon or len(before.split()) > LONGEST_NAME:
        return set()
    coined = set(names_of(paper)[1:])
    return {key(before)} | ({key(word) for word in before.split()} & coined)


def mentions(abstract: str) -> set[str]:
    """The keys of the names in an abstract: words with a capital or a digit, singly and with the word after."""
    words = re.findall(r"[^\s()\[\],;:]+", abstract)
    pairs = zip(words, [*words[1:], ""], strict=False)
    return {name for a, b in pairs if _NAME.search(a) for name in (key(a), key(f"{a} {b}"))}
