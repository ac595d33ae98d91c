"""How papers and their sentences match a question: the signals by which they are judged."""

from __future__ import annotations

import math
import operator
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from ..core.logistic import model
from ..core.records import Evidence
from ..core.signals import PaperSignals, SentenceSignals
from ..core.text import stem
from ..index.interaction import similarities

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..index.generation import Features

_JUDGED_BY = tuple(signal.name for signal in fields(SentenceSignals) if signal.name != "answers")
"""The signals that the sentence model judges a sentence by, in the order of the columns below."""
LEAST = 1e-3
"""The weight of a word that every paper uses."""


@dataclass(frozen=True, slots=True, eq=False)
class EvidenceQuery:
    """A question, as papers and sentences are compared with it.

    tokens (t, d): the vectors of its content words, without rows if there is no embedder. focus: the rows of the words
    that are no names. weights (t,): how rare the word of each row is, shared among its pieces. rarity: the inverse
    document frequency of each of its stems. focus_rarity: of those that are no names. figures: the numbers it states,
    which are no answer to it.
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
    """How similar the words of a question are to those of one paper.

    `maxsim`: with the whole question. `weighted`: the same, rare words weighing more. `weakest`: the worst matched word
    that is no name. `pair`: the two neighbouring sentences that match best together, weighted like that. `sentences`
    (n, 2): for each sentence its MaxSim with the whole question and with its words that are no names, 0 if the sentence
    has no words.
    """

    maxsim: float
    weighted: float
    weakest: float
    pair: float
    sentences: Sequence[Sequence[float]]


UNMATCHED = Matches(0.0, 0.0, 0.0, 0.0, ())
"""A paper without vectors."""

# -- late interaction


def compare(query: EvidenceQuery, papers: Mapping[str, Features]) -> dict[str, Matches]:
    """The matches of a question with each paper that has words, all in one product."""
    import numpy as np

    papers = {paper_id: paper for paper_id, paper in papers.items() if paper.codes.starts}
    if not papers or not len(query.tokens):
        return {}
    product = similarities(query.tokens, b"".join(paper.codes.bits for paper in papers.values()))
    parts, titles = _parts(papers.values())
    worded = np.diff(parts, append=len(product)) > 0
    best = np.full((len(parts), len(query.tokens)), -np.inf, np.float32)
    best[worded] = np.maximum.reduceat(product, np.array(parts)[worded], axis=0)
    of_papers = np.maximum.reduceat(best, titles, axis=0)
    best[~worded] = 0.0
    maxsims, weakest = of_papers.mean(axis=1).tolist(), of_papers[:, query.focus].min(axis=1).tolist()
    shares = np.array(query.weights, np.float32) / sum(query.weights)
    weighted, pairs = (of_papers @ shares).tolist(), _pairs(shares, best, titles).tolist()
    sentences = np.stack([best.mean(axis=1), best[:, query.focus].mean(axis=1)], axis=1).tolist()
    return {
        paper_id: Matches(maxsims[n], weighted[n], weakest[n], pairs[n], sentences[title + 1 : after])
        for n, (paper_id, title, after) in enumerate(zip(papers, titles, [*titles[1:], len(parts)], strict=True))
    }


def _parts(papers: Iterable[Features]) -> tuple[list[int], list[int]]:
    """The first word of each part, counted over all papers, and which parts are titles.

    A part is a title or a sentence. It has no words if the next part begins at the same word.
    """
    parts: list[int] = []
    titles: list[int] = []
    before = 0
    for paper in papers:
        starts = paper.codes.starts
        titles.append(len(parts))
        parts.append(before)
        parts += [before + bisect_left(starts, sentence.span.start) for sentence in paper.reading.sentences]
        before += len(starts)
    return parts, titles


def _pairs(shares: NDArray[np.float32], best: NDArray[np.float32], titles: Sequence[int]) -> NDArray[np.float32]:
    """For each paper the best weighted match of two neighbouring sentences; a title has no neighbour.

    shares (t,): the weight of each word, 1 in all. best (parts, t): the match of each word with each part.
    """
    import numpy as np

    is_title = np.zeros(len(best), bool)
    is_title[titles] = True
    alone = np.append(is_title[1:], True)
    together = best.copy()
    together[~alone] = np.maximum(best, np.roll(best, -1, axis=0))[~alone]
    scores = together @ shares
    scores[is_title & ~alone] = -np.inf
    pairs: NDArray[np.float32] = np.maximum.reduceat(scores, titles)
    return pairs


# -- words


def weights(text: str, starts: Sequence[int], rarity: Mapping[str, float]) -> list[float]:
    """How rare the word of each token of `text` is, given where the tokens start; all above 0.

    The pieces of a word share its rarity. A word without a rarity counts as the rarest word that has one.
    """
    most = max(rarity.values(), default=1.0)
    spans = [match.span() for match in re.finditer(r"[^\W_]+", text)]
    word_of = [max(0, bisect_right(spans, start, key=operator.itemgetter(0)) - 1) for start in starts]
    pieces = Counter(word_of)
    return [max(rarity.get(stem(text[slice(*spans[n])]), most), LEAST) / pieces[n] for n in word_of]


def coverages(rarity: Mapping[str, float], texts: Iterable[frozenset[str]]) -> list[float]:
    """The share of a question's rarity that the stems of each text cover, 0 to 1; 0 for a question without words."""
    total = math.fsum(rarity.values()) or 1.0
    return [math.fsum(map(rarity.__getitem__, stems.intersection(rarity))) / total for stems in texts]


# -- signals


def signals(
    query: EvidenceQuery,
    papers: Mapping[str, Features],
    matches: Mapping[str, Matches],
    lists: Mapping[str, Mapping[str, float]],
) -> dict[str, PaperSignals]:
    """The signals of each paper, given its matches and the lists that found it: `named`, `bm25`, `cosine`, `bridge`."""
    stems = [paper.reading.stems for paper in papers.values()]
    covered = zip(coverages(query.rarity, stems), coverages(query.focus_rarity, stems), strict=True)
    return {
        paper_id: PaperSignals(
            coverage=coverage,
            focus_coverage=focus_coverage,
            title=len(title.intersection(query.rarity)) / len(title) if (title := paper.reading.title) else 0.0,
            maxsim=(match := matches.get(paper_id, UNMATCHED)).maxsim,
            weakest=match.weakest,
            pair=match.pair,
            named=lists["named"].get(paper_id, 0.0),
            bm25=lists["bm25"].get(paper_id, 0.0),
            cosine=lists["cosine"].get(paper_id, 0.0),
            bridge=lists["bridge"].get(paper_id, 0.0),
            weighted=match.weighted,
        )
        for (paper_id, paper), (coverage, focus_coverage) in zip(papers.items(), covered, strict=True)
    }


def evidence(
    query: EvidenceQuery, papers: Mapping[str, Features], matches: Mapping[str, Matches]
) -> dict[str, tuple[Evidence, ...]]:
    """For each paper every sentence of its abstract in order, with the probability that it holds the answer."""
    columns = _columns(query, papers, matches)
    answers = model("sentence").probabilities(columns)
    judged = iter([SentenceSignals(*row) for row in zip(*columns.values(), answers, strict=True)])
    every = {}
    for paper_id, own in papers.items():
        spans = [sentence.span for sentence in own.reading.sentences]
        texts = [own.paper.abstract[span.start : span.end] for span in spans]
        every[paper_id] = tuple(map(Evidence, texts, [span.start for span in spans], judged))
    return every


def _columns(
    query: EvidenceQuery, papers: Mapping[str, Features], matches: Mapping[str, Matches]
) -> dict[str, list[float]]:
    """The signals of all sentences of all papers, each signal a column."""
    import numpy as np

    sentences = [sentence for paper in papers.values() for sentence in paper.reading.sentences]
    if not sentences:
        return {name: [] for name in _JUDGED_BY}
    counts = [len(paper.reading.sentences) for paper in papers.values() if paper.reading.sentences]
    firsts = np.cumsum([0, *counts[:-1]])
    stems = [sentence.stems for sentence in sentences]
    late = [
        values
        for paper_id, paper in papers.items()
        for values in matches.get(paper_id, UNMATCHED).sentences or [(0.0, 0.0)] * len(paper.reading.sentences)
    ]
    covered = np.column_stack([coverages(query.rarity, stems), coverages(query.focus_rarity, stems)])
    matched = np.hstack([np.array(late), covered])  # (sentences, 4): similarity, focus, and their coverages
    gaps = matched - np.repeat(np.maximum.reduceat(matched, firsts), counts, axis=0)
    figure = np.array([not sentence.figures <= query.figures for sentence in sentences], float)
    before, after = np.roll(matched[:, 0], 1), np.roll(matched[:, 0], -1)
    before[firsts] = after[firsts - 1] = 0.0  # the first of a paper comes after the last of the one before it
    cues = np.array([sentence.cues for sentence in sentences])
    table = np.column_stack([matched, gaps, cues, figure, figure * query.wants_figure, before, after])
    return dict(zip(_JUDGED_BY, table.T.tolist(), strict=True))
