"""A thing that a question excludes and a hit in, how probable it is that the paper is about the thing out.

A paper that names it may still be wanted: it may do without, or name it in passing. So words and the embedder are only
signals, which the model `breaks`, fitted by `eval/conditions.py`, weighs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.logistic import model
from ..core.records import Hit, Paper
from ..core.text import content_words, parts, stem, stems, words
from ..index.interaction import maxsim, question_tokens

if TYPE_CHECKING:
    from ..index.searchable import Index

FAMILY = 5
"""Letters that two stems have in common if they are of one family ("recurr": recurrent, recurrence)."""
DENIALS = frozenset(
    "without no not neither nor never cannot free eliminate avoid instead rather unlike w/o lack absence remov".split()
)
"""Stems before a thing that say that a paper does without it."""
USUAL = 0.36
"""How alike papers and excluded things are in the mean of the fitting pairs."""
BEFORE = 6
"""Words before a thing among which a denial counts."""


@dataclass(frozen=True, slots=True)
class Mention:
    """How much of a thing a paper names: in its title, in its best sentence, in how many sentences, and denied there.

    title, best: 0 to 1, rare words weighing more. `often`: the share of the sentences that name all of it.
    """

    title: float
    best: float
    often: float
    denied: float


def mention(paper: Paper, texts: Sequence[str], what: str, rarity: Mapping[str, float]) -> Mention:
    """How a paper whose sentences are `texts` mentions a thing."""
    title, shares = _share(what, paper.title, rarity), [_share(what, text, rarity) for text in texts]
    best = max(shares, default=0.0)
    full = [text for text, share in zip(texts, shares, strict=True) if share == best > 0]
    denied = sum(_denied(what, text) for text in full) / max(1, len(full))
    return Mention(title, best, sum(share > 0.99 for share in shares) / max(1, len(shares)), denied)


def pieces(what: str) -> list[str]:
    """The stems that name a thing, compounds in their parts."""
    return list(dict.fromkeys(stems([piece for word in content_words(what) for piece in parts(word) or [word]])))


def _share(what: str, text: str, rarity: Mapping[str, float]) -> float:
    """The share of a thing that a text names, by the rarity of its words."""
    wanted, written = pieces(what), _pieces(text)
    if _initials(what, text):
        return 1.0
    weights = [rarity.get(one, 1.0) for one in wanted]
    named = [any(_related(one, other) for other in written) for one in wanted]
    return sum(w for w, is_named in zip(weights, named, strict=True) if is_named) / (sum(weights) or 1.0)


def _pieces(text: str) -> list[str]:
    return list(dict.fromkeys(stems([piece for word in words(text) for piece in parts(word) or [word]])))


def _related(one: str, other: str) -> bool:
    """Whether two stems are of one family."""
    return one == other or (len(one) >= FAMILY and len(other) >= FAMILY and _common(one, other))


def _common(one: str, other: str) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter] and abs(len(one) - len(other)) <= 3


def _initials(what: str, text: str) -> bool:
    """Whether a text abbreviates a thing ("LLM"), or spells out the abbreviation that it is."""
    asked = [piece for word in words(what) for piece in parts(word) or [word]]
    written = [piece for word in words(text) for piece in parts(word) or [word]]
    if len(asked) == 1:
        short = asked[0].removesuffix("s")
        letters = "".join(word[0] for word in written).casefold()
        return len(short) > 1 and short.isupper() and len(short) < FAMILY and short.casefold() in letters
    short = "".join(word[0] for word in asked).upper()
    return len(short) > 1 and any(word.removesuffix("s") == short for word in written)


def _denied(what: str, text: str) -> bool:
    """Whether a denial stands shortly before a thing that a text names."""
    wanted, written = pieces(what), [stem(piece) for word in words(text) for piece in parts(word) or [word]]
    places = [n for n, word in enumerate(written) if any(_related(one, word) for one in wanted)]
    return any(word in DENIALS for n in places for word in (*written[max(0, n - BEFORE) : n], *written[n + 1 : n + 2]))


def features(what: str, hits: Sequence[Hit], index: Index) -> dict[str, list[float]]:
    """What the model sees of each hit, each feature a column."""
    rarity = index.keywords.rarity(pieces(what))
    mentions = [mention(hit.paper, [one.text for one in hit.evidence], what, rarity) for hit in hits]
    return {
        "title": [one.title for one in mentions],
        "best": [one.best for one in mentions],
        "often": [one.often for one in mentions],
        "denied": [one.denied for one in mentions],
        "alike": _alike(what, hits, index),
    }


def _alike(what: str, hits: Sequence[Hit], index: Index) -> list[float]:
    """How alike the words of each paper are to a thing, by late interaction; `USUAL` without an embedder."""
    if index.embedder is None:
        return [USUAL] * len(hits)
    tokens, _ = question_tokens(index.encoding_of(what), what)
    papers = index.features_of([hit.paper for hit in hits])
    return [maxsim(tokens, papers[hit.paper.id].codes) for hit in hits]


def breaking(what: str, hits: Sequence[Hit], index: Index) -> list[float]:
    """The probability of each hit that its paper is about a thing."""
    return model("breaks").probabilities(features(what, hits, index)) if hits else []
