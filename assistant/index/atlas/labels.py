"""Texts and the cluster of each in, a label a cluster out: the words that set it apart, as they are written."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from ...core.text import STOP_WORDS, parts, stem, words

TERMS = 2
"""Terms of a label: as much as a map has room for."""
LONGEST = 4
"""Words of a term."""
WORTH = (0.0, 1.0, 1.4, 1.4, 1.4)
"""What a term of so many words counts for: two words say more than one that is as telling."""
WHOLE = 0.6
"""A longer term stands for its part when this share of those that use the part use the whole."""
LEAST = 0.08
"""Share of a cluster's texts, and at least two of them, that must use a term for it to stand for all."""
AS_USUAL = 0.25
"""A spelling with fewer capitals is taken if it is found this often against the commonest."""

Stems = tuple[str, ...]


def labels(texts: Sequence[str], clusters: Sequence[int]) -> list[str]:
    """The label of each cluster from 0 on; "" for one whose texts share no term.

    A term is the better the more texts of the cluster use it and the fewer others do: p log(p / q), where p is the
    share in the cluster and q the share in all.
    """
    spellings: dict[Stems, Counter[str]] = defaultdict(Counter)
    used = []
    for text in texts:
        found = list(_terms(text))
        used.append({stems for stems, _ in found})
        for stems, written in found:
            spellings[stems][written] += 1
    everywhere = Counter(stems for some in used for stems in some)
    members: dict[int, list[set[Stems]]] = defaultdict(list)
    for some, cluster in zip(used, clusters, strict=True):
        members[cluster].append(some)
    return [
        ", ".join(_spelt(spellings[stems]) for stems in _telling(members[cluster], everywhere, len(texts)))
        for cluster in range(max(clusters, default=-1) + 1)
    ]


def _telling(members: Sequence[set[Stems]], everywhere: Mapping[Stems, int], texts: int) -> list[Stems]:
    counts = Counter(stems for some in members for stems in some)
    shares = {s: count / len(members) for s, count in counts.items() if count >= max(2, LEAST * len(members))}
    worth = {s: WORTH[len(s)] * p * math.log(p * texts / everywhere[s]) for s, p in shares.items()}
    chosen: list[Stems] = []
    said: set[str] = set()
    for stems in sorted(worth, key=lambda s: (-worth[s], s)):
        if worth[stems] > 0 and len(chosen) < TERMS and said.isdisjoint(_pieces(stems)):
            chosen.append(_whole(stems, counts))
            said |= _pieces(chosen[-1])
    return chosen


def _pieces(stems: Stems) -> set[str]:
    """The words of a term, and the parts of those that are compounds."""
    return {*stems, *(stem(part) for word in stems for part in parts(word))}


def _whole(stems: Stems, counts: Mapping[Stems, int]) -> Stems:
    """The longest term that most of those use who use this one: "large language" becomes "large language models"."""
    longer = [
        s
        for s, n in counts.items()
        if len(s) == len(stems) + 1 and stems in (s[1:], s[:-1]) and n >= WHOLE * counts[stems]
    ]
    return _whole(max(longer, key=lambda s: (counts[s], s)), counts) if longer else stems


def _terms(text: str) -> Iterator[tuple[Stems, str]]:
    """The runs of words of a text with no stop word and no stop in them, by their stems and as written."""
    for phrase in re.split(r"[.,;:()!?]\s|\s\(|\n", text):
        run: list[str] = []
        for word in words(phrase):
            if word.casefold() in STOP_WORDS or len(word) < 2 or not any(c.isalpha() for c in word):
                run = []
                continue
            run = [*run[1 - LONGEST :], word]
            for start in range(len(run)):
                yield tuple(map(stem, run[start:])), " ".join(run[start:])


def _spelt(spellings: Mapping[str, int]) -> str:
    """The spelling to show: without the capitals that titles and beginnings lend, if it is at all usual so."""
    usual = max(spellings.values())
    enough = [written for written, count in spellings.items() if count >= AS_USUAL * usual]
    return min(enough, key=lambda w: (sum(c.isupper() for c in w), -spellings[w], w))
