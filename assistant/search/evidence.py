"""A question's words and papers in, how the papers and their sentences bear on the question out."""

from __future__ import annotations

import math
import operator
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.logistic import model
from ..core.records import Evidence, Paper
from ..core.text import stem
from ..index.interaction import similarities
from ..index.reading import CUES, Reading

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..index.generation import Held

_BEARING = ("similarity", "focus", "coverage", "focus_coverage")
_SIGNALS = (*_BEARING, *(f"{name}_gap" for name in _BEARING), *CUES, "figure", "figure_wanted", "before", "after")
"""How alike a sentence is, how far it stands behind the best of its abstract, its cues and its neighbours' likeness."""
LEAST = 1e-3
"""What a word weighs that every paper has."""


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """A question as the signals need it.

    tokens (t, d): its content words' vectors, no rows when there is no embedder; focus: the rows of what is asked,
    names left out; weights (t,): how rare the word of each row is, shared among its pieces; rarity: the inverse
    document frequency of each of its stems.
    figures: the numbers it states itself, which no answer has to repeat.
    """

    tokens: NDArray[np.float32]
    focus: Sequence[int]
    weights: Sequence[float]
    rarity: Mapping[str, float]
    focus_rarity: Mapping[str, float]
    figures: frozenset[float] = frozenset()
    wants_figure: bool = False


@dataclass(frozen=True, slots=True)
class Matches:
    """How alike the words of a question and of one paper are.

    `maxsim` with the whole question, `weakest`, the worst matched word of what is asked, and `pair`, the match of the
    two neighbouring sentences that match best together, rare words weighing more, are the paper's; `sentences` has for
    each sentence its MaxSim with the question and with what is asked, 0 where it has no words.
    """

    maxsim: float
    weakest: float
    pair: float
    sentences: Sequence[Sequence[float]]


def compare(probe: Probe, held: Mapping[str, Held]) -> dict[str, Matches]:
    """The matches of a question with each paper that has words, all in one product."""
    import numpy as np

    held = {paper_id: own for paper_id, own in held.items() if own.codes.starts}
    if not held or not len(probe.tokens):
        return {}
    product = similarities(probe.tokens, b"".join(own.codes.bits for own in held.values()))
    firsts, papers = _parts(held.values())
    worded = np.diff(firsts, append=len(product)) > 0
    best = np.full((len(firsts), len(probe.tokens)), -np.inf, np.float32)
    best[worded] = np.maximum.reduceat(product, np.array(firsts)[worded], axis=0)
    of_papers = np.maximum.reduceat(best, papers, axis=0)
    best[~worded] = 0.0
    maxsims, weakest = of_papers.mean(axis=1).tolist(), of_papers[:, probe.focus].min(axis=1).tolist()
    pairs = _pairs(probe, best, papers).tolist()
    sentences = np.stack([best.mean(axis=1), best[:, probe.focus].mean(axis=1)], axis=1).tolist()
    return {
        paper_id: Matches(maxsims[n], weakest[n], pairs[n], sentences[first + 1 : last])
        for n, (paper_id, first, last) in enumerate(zip(held, papers, [*papers[1:], len(firsts)], strict=True))
    }


def _pairs(probe: Probe, best: NDArray[np.float32], papers: Sequence[int]) -> NDArray[np.float32]:
    """For each paper, whose parts begin at `papers`, the best weighted match of two sentences that stand together.

    best (parts, t): the match of each word with each part. A title stands with no sentence.
    """
    import numpy as np

    titles = np.zeros(len(best), bool)
    titles[papers] = True
    lone = np.append(titles[1:], True)
    together = best.copy()
    together[~lone] = np.maximum(best, np.roll(best, -1, axis=0))[~lone]
    weights = np.array(probe.weights, np.float32)
    scores = together @ (weights / weights.sum())
    scores[titles & ~lone] = -np.inf
    found: NDArray[np.float32] = np.maximum.reduceat(scores, papers)
    return found


def _parts(held: Iterable[Held]) -> tuple[list[int], list[int]]:
    """Where each part begins, counted in the words of all the papers, and which is each paper's first.

    A part is a title or a sentence; it has no words where the next begins at the same one.
    """
    firsts: list[int] = []
    papers: list[int] = []
    before = 0
    for own in held:
        starts = own.codes.starts
        papers.append(len(firsts))
        firsts.append(before)
        firsts += [before + bisect_left(starts, told.span.start) for told in own.reading.sentences]
        before += len(starts)
    return firsts, papers


def weights(text: str, starts: Sequence[int], rarity: Mapping[str, float]) -> list[float]:
    """How rare the word of each token of `text` is, the tokens given by where they start; all above 0.

    The pieces of a word share its rarity. A word that the rarities do not tell is as rare as the rarest they do.
    """
    most = max(rarity.values(), default=1.0)
    spans = [found.span() for found in re.finditer(r"[^\W_]+", text)]
    places = [max(0, bisect_right(spans, start, key=operator.itemgetter(0)) - 1) for start in starts]
    pieces = Counter(places)
    return [max(rarity.get(stem(text[slice(*spans[n])]), most), LEAST) / pieces[n] for n in places]


def coverages(rarity: Mapping[str, float], texts: Iterable[frozenset[str]]) -> list[float]:
    """The share of a question's rarity that each text's stems cover, 0 to 1; 0 for a question without words."""
    total = math.fsum(rarity.values()) or 1.0
    return [math.fsum(map(rarity.__getitem__, held.intersection(rarity))) / total for held in texts]


def signals(probe: Probe, reading: Reading, matches: Matches | None) -> dict[str, float]:
    """How the paper as a whole bears on the question.

    `maxsim`, `weakest` (the worst matched word of what is asked), `pair` (the match of its two best neighbouring
    sentences), `coverage`, `focus_coverage` and `title` (the share of the title's words that the question holds).
    """
    title = reading.title
    return {
        "coverage": coverages(probe.rarity, [reading.stems])[0],
        "focus_coverage": coverages(probe.focus_rarity, [reading.stems])[0],
        "title": len(title.intersection(probe.rarity)) / len(title) if title else 0.0,
        "maxsim": matches.maxsim if matches else 0.0,
        "weakest": matches.weakest if matches else 0.0,
        "pair": matches.pair if matches else 0.0,
    }


def evidence(probe: Probe, paper: Paper, reading: Reading, matches: Matches | None) -> tuple[Evidence, ...]:
    """Every sentence of the abstract in order, with its signals and the probability that it holds the answer."""
    stems = [told.stems for told in reading.sentences]
    alike = matches.sentences if matches else [(0.0, 0.0)] * len(stems)
    shares = zip(coverages(probe.rarity, stems), coverages(probe.focus_rarity, stems), strict=True)
    found = [(*some, *more) for some, more in zip(alike, shares, strict=True)]
    most = [max(values) for values in zip(*found, strict=True)]
    around = [0.0, *(similarity for similarity, *_ in found), 0.0]
    fitted, every = model("sentence"), []
    for n, told in enumerate(reading.sentences):
        fresh = not told.figures <= probe.figures
        gaps = map(operator.sub, found[n], most)
        figures = (float(fresh), float(fresh and probe.wants_figure))
        signals = dict(zip(_SIGNALS, (*found[n], *gaps, *told.cues, *figures, around[n], around[n + 2]), strict=True))
        signals["answers"] = fitted.probability(signals)
        every.append(Evidence(told.span.of(paper.abstract), told.span.start, signals))
    return tuple(every)
