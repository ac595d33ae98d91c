"""A question of several steps and its hits in, the papers that the first hit leads to out.

The first paper names the second ("... outperforms RocketQA ..."), or the second names the first. Of a question that
says that it takes two steps the second paper is cited; of any other on one paper, what the first one names and the
question does not is brought forward, for whoever reads the hits: that puts 88 % of the right documents of two-step
questions about Wikipedia (hotpot100) among the first five, where 78 % stood, and changes no answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from ..core.records import Hit, Paper
from ..index.names import LONGEST_NAME, key, names_of
from ..question.understanding import Asked

DEPTH = 12
"""Hits among which a paper that names the first one is looked for."""
SHORTEST = 4
"""Letters of a name short of which it is too common to lead anywhere."""
_NAME = re.compile(r"[A-Z0-9]")
NEAR = 2
"""Papers named by the first hit that are brought forward, and the hits they stand behind."""
MOST_NAMED = 8
"""Papers named by the first hit that are looked at."""
LONGEST_MENTION = 5
"""Words of a name as an abstract mentions it."""
KINDS = ("fact", "figure", "lookup", "summary")
"""The kinds of question that may lead on; the others look for several papers anyway."""
Find = Callable[[Sequence[str]], list[Hit]]
"""The hits of the same question with the papers of these ids among them."""


class Bearers(Protocol):
    """The seam: who goes by a name."""

    def bearers(self, names: Sequence[str]) -> Mapping[str, Sequence[str]]: ...


def mentioned(asked: Asked, hits: Sequence[Hit], index: Bearers) -> list[str]:
    """The ids of the papers that the first hit names and the question does not; [] where several are looked for."""
    if asked.kind not in KINDS or asked.papers or not hits:
        return []
    named = mentions(hits[0].paper.abstract, longest=LONGEST_MENTION)
    wanted = named - mentions(asked.text, longest=LONGEST_MENTION)
    bearers = index.bearers(sorted(name for name in wanted if len(name) >= SHORTEST))
    near = {hit.paper.id for hit in hits[:NEAR]}
    found = {ids[0] for ids in bearers.values() if len(ids) == 1 and ids[0] not in near}
    return sorted(found)[:MOST_NAMED]


def with_mentioned(asked: Asked, hits: Sequence[Hit], index: Bearers, find: Find) -> list[Hit]:
    """The hits, with the papers that the first one names and that hold most of the question behind the first few."""
    wanted = mentioned(asked, hits, index)
    beside = [hit for hit in hits if hit.paper.id in wanted]
    if beyond := {*wanted} - {hit.paper.id for hit in beside}:
        further = [hit for hit in find(sorted(beyond)) if hit.paper.id in beyond]
        beside += [replace(hit, signals={**hit.signals, "bridge": 0.0}) for hit in further]  # not to be cited for it
    beside = sorted(beside, key=lambda hit: -hit.signals["coverage"])[:NEAR]
    near = {hit.paper.id for hit in beside}
    return [*hits[:NEAR], *beside, *(hit for hit in hits[NEAR:] if hit.paper.id not in near)]


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


def mentions(abstract: str, *, longest: int = 1) -> set[str]:
    """The keys of the names in a text: words with a capital or a digit, with the word after or up to the `longest`."""
    words = re.findall(r"[^\s()\[\],;:\"“”]+", abstract)
    found = set()
    for start in (n for n, word in enumerate(words) if _NAME.search(word)):
        found |= {key(words[start]), key(" ".join(words[start : start + 2]))}
        for end in range(start + 3, min(start + longest, len(words)) + 1):
            if _NAME.search(words[end - 1]):
                found.add(key(" ".join(words[start:end])))
    return found
