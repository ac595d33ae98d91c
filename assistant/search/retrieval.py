"""Finds the papers that match a question and ranks them, by keywords, vectors, names and late interaction.

Three lists find candidates. Every candidate then gets every signal, so scores are fused and not ranks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from typing import TYPE_CHECKING

from ..core.records import Evidence, Hit, Paper, Passage
from ..core.signals import PaperSignals
from ..core.text import numbers, stem, words
from ..index.interaction import question_tokens
from ..index.names import is_called
from ..index.reading import stems_of
from ..library.chunking import has_passages
from ..library.paper_ids import PaperIds
from ..question.understanding import Asked
from .evidence import EvidenceQuery, compare, evidence, signals, weights

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..index.generation import Features
    from ..index.searchable import Index

DEPTH, DEEP = 20, 30
"""Candidates taken from each list for a question about one paper, and for one that wants every matching paper. With 20,
lists would lose 3 points of F1 on the fitting questions."""
HITS = 20
"""Candidates that are read sentence by sentence."""
LOOKUPS = 4
"""Questions whose lists are kept, the last ones: the readings of a turn, one of which is then searched for."""
WEIGHTS = {"bm25": 0.5, "cosine": 0.5, "maxsim": 1.0}
"""The weight of each standardised signal in the fused score."""
SURELY, PLAINLY, COINED, LOOSELY = 1.0, 0.5, 0.2, 0.1
"""How surely a name means a paper: the paper is called that; it is, but the question writes the name like any other
word ("got", of GoT); it coined a name that others use too; or the name is misspelt or merely mentioned."""
FEW = 4000
"""Allowed papers that are compared one by one at once."""
MARGIN, MOST_SIFTED = 1.5, 4000
"""How many times the passages are got that should have enough of allowed papers, and the most to get; the store takes
as long for these as comparing `FEW` papers."""
SHARPNESS = 2.0
"""How much more a better match counts as company: e to this power for each point of score. With 1 a list loses half a
point of F1 on hands that the model was not fitted on."""
USUAL = 0.1
"""The company of a paper that nothing is known of: in between that of the right papers of the fitting lists, .18, and
that of the others, .01."""
OWN = 2
"""A name that at most this many papers use, and that one of them coined, means that one as surely as its title."""


@dataclass(frozen=True, slots=True, eq=False)
class Lookup:
    """A question as it was looked up: its vector, the papers it is limited to (None: all), and the lists it found."""

    asked: Asked
    query: EvidenceQuery
    vector: NDArray[np.float32] | None
    allowed: PaperIds | None
    lists: Mapping[str, Mapping[str, float]]


class Retriever:
    """Ranked hits from one index; if that has no embedder, from keywords and names alone.

    It serves one question and its readings, which share what they find: papers that change meanwhile stay as they were.
    """

    def __init__(self, index: Index) -> None:
        self._index, self._library, self._embedder = index, index.library, index.embedder
        self._lookups: list[Lookup] = []
        self._fetched: dict[str, Paper] = {}

    def retrieve(self, asked: Asked, *, limit: int = HITS, also: Sequence[str] = ()) -> list[Hit]:
        """At most `limit` hits, best first; [] if no paper has anything in common with the question.

        The papers in `also` were reached through another hit: they are returned whatever their rank, with the signal
        `bridge`. So are the chosen papers, but among all others, which show whether the question is about them.
        """
        lookup = self._looked_up(asked)
        allowed = lookup.allowed
        lists = {**lookup.lists, "bridge": {i: 1.0 for i in also if allowed is None or i in allowed}}
        chosen = self._chosen(asked, lookup)
        candidates = dict.fromkeys([*chosen, *_firsts(lists, DEEP if asked.several else DEPTH)])
        if not (papers := [paper for paper in self._papers(candidates) if has_passages(paper)]):
            return []
        indexed = self._index.features_of(papers)
        matches = compare(lookup.query, indexed) if self._embedder else {}
        cosines = cosines_of(indexed, lookup.vector) if lookup.vector is not None else {}
        by_paper = signals(lookup.query, indexed, matches, {**lists, "cosine": cosines})
        scores = dict(zip(by_paper, fused([*by_paper.values()]), strict=True))
        shared = company([indexed[i].vector for i in by_paper], [*scores.values()])
        by_paper = {i: replace(one, company=alike) for (i, one), alike in zip(by_paper.items(), shared, strict=True)}
        first = {i: (i in chosen, one.named + one.bridge, scores[i]) for i, one in by_paper.items()}
        order = sorted(sorted(by_paper), key=first.__getitem__, reverse=True)[: max(limit, len(chosen))]
        sentences = evidence(lookup.query, {i: indexed[i] for i in order}, matches)
        passages = self._index.passages_of([indexed[i].paper for i in order])
        ranks = _ranks(lists)
        return [
            Hit(
                paper=indexed[i].paper,
                passage=_best(passages[i], sentences[i]),
                score=scores[i],
                ranks={name: ranked.get(i) for name, ranked in ranks.items()},
                signals=by_paper[i],
                evidence=sentences[i],
            )
            for i in order
        ]

    def _papers(self, paper_ids: Collection[str]) -> list[Paper]:
        """The papers with these ids, in that order; unknown ids are left out. Each is fetched once."""
        missing = [paper_id for paper_id in paper_ids if paper_id not in self._fetched]
        self._fetched |= {paper.id: paper for paper in self._library.papers(missing)}
        return [self._fetched[paper_id] for paper_id in paper_ids if paper_id in self._fetched]

    def _looked_up(self, asked: Asked) -> Lookup:
        """What a question finds. It may have come before, as another kind or with other papers chosen for it."""
        same = replace(asked.as_kind("fact"), papers=None, without=())
        lookup = next((one for one in self._lookups if one.asked == same), None) or self._lookup(same)
        self._lookups = [lookup, *(one for one in self._lookups if one is not lookup)][:LOOKUPS]
        return lookup

    def _lookup(self, asked: Asked) -> Lookup:
        allowed = asked.allowed
        if asked.sources is not None:
            listed = self._library.paper_ids_of(asked.sources)
            allowed = listed if allowed is None else allowed & listed
        query, vector = self._query(asked)
        return Lookup(asked, query, vector, allowed, self._lists(asked, vector, allowed))

    def _query(self, asked: Asked) -> tuple[EvidenceQuery, NDArray[np.float32] | None]:
        import numpy as np

        rarity = self._index.keywords.rarity(stems_of(asked.text))
        focus_rarity = {one: rarity[one] for one in stems_of(asked.focus) if one in rarity}
        figures = frozenset(number.value for number in numbers(asked.text))
        if self._embedder is None:
            nothing = np.zeros((0, 0), np.float32)
            return EvidenceQuery(nothing, (), (), rarity, focus_rarity, figures, asked.wants_figure), None
        encoding = self._index.encoding_of(asked.text)
        tokens, starts = question_tokens(encoding, asked.text)
        names = asked.name_spans
        focus = [row for row, start in enumerate(starts) if not any(begin <= start < end for begin, end in names)]
        query = EvidenceQuery(
            tokens=tokens,
            focus=focus or range(len(tokens)),
            weights=weights(asked.text, starts, rarity),
            rarity=rarity,
            focus_rarity=focus_rarity,
            figures=figures,
            wants_figure=asked.wants_figure,
        )
        return query, encoding.vector

    def _lists(
        self, asked: Asked, vector: NDArray[np.float32] | None, allowed: PaperIds | None
    ) -> dict[str, dict[str, float]]:
        """The papers that each list finds, with their scores, best first."""
        named = self._named(asked)
        return {
            "named": {i: named[i] for i in named if allowed is None or i in allowed},
            "bm25": dict(self._index.keywords.search(asked.text, limit=DEEP * 10, within=allowed)),
            "cosine": {} if vector is None else self._nearest(vector, allowed),
        }

    def _nearest(self, vector: NDArray[np.float32], allowed: PaperIds | None) -> dict[str, float]:
        """The papers nearest to the question, with the cosine of their nearest passage, best first."""
        depth = DEEP * 2
        papers = self._first(vector, depth) if allowed is None else self._first_of(allowed, vector, depth)
        nearest: dict[str, float] = {}
        for paper_id, cosine in papers:
            nearest.setdefault(paper_id, cosine)
        return nearest

    def _first_of(self, allowed: PaperIds, vector: NDArray[np.float32], depth: int) -> list[tuple[str, float]]:
        """The papers of the `depth` nearest passages of those allowed, best first.

        If many are, they are looked for among the first of all passages; should these have too few, or if few are
        allowed, these are compared one by one.
        """
        limit = int(MARGIN * depth * len(self._index) / max(1, len(allowed)))
        while len(allowed) > FEW and limit <= MOST_SIFTED:
            papers = self._first(vector, limit)
            kept = list(compress(papers, allowed.has([paper_id for paper_id, _ in papers])))
            if len(kept) >= depth or len(papers) < limit:
                return kept[:depth]
            limit *= 4
        return self._index.nearest_of(allowed, vector, limit=depth)

    def _first(self, vector: NDArray[np.float32], limit: int) -> list[tuple[str, float]]:
        """The papers of the `limit` nearest passages of all, with their cosines, best first."""
        passages = self._index.store.nearest(vector, limit=limit)
        return [(passage_id.partition(":")[0], cosine) for passage_id, cosine in passages]

    def _chosen(self, asked: Asked, lookup: Lookup) -> set[str]:
        """The ids of the chosen papers; if there are very many, of those that come first among them in some list."""
        if asked.papers is None:
            return set()
        chosen = PaperIds(asked.papers) if lookup.allowed is None else lookup.allowed & PaperIds(asked.papers)
        if len(chosen) <= DEEP and self._embedder:
            return set(chosen)
        return set(_firsts(self._lists(asked, lookup.vector, chosen), DEEP))

    def _named(self, asked: Asked) -> dict[str, float]:
        """How surely the question names each paper, surest first."""
        papers = {paper.id: paper for paper in self._library.papers(i for name in asked.named for i in name.paper_ids)}
        strengths: dict[str, float] = {}
        for name in asked.named:
            alone = name.exact and len(name.paper_ids) == 1 and self._users(name.text) <= OWN
            for paper_id, paper in ((i, papers[i]) for i in name.paper_ids if i in papers):
                surely = alone or (name.exact and is_called(paper, name.text))
                called = PLAINLY if name.text.islower() else SURELY
                strength = called if surely else COINED if name.exact else LOOSELY
                strengths[paper_id] = max(strength, strengths.get(paper_id, 0.0))
        return dict(sorted(strengths.items(), key=lambda item: -item[1]))

    def _users(self, name: str) -> int:
        """How many papers use the rarest word of a name."""
        return min(self._index.document_counts(stem(word) for word in words(name)).values(), default=0)


def fused(signals: Sequence[PaperSignals]) -> list[float]:
    """The score of each candidate: the weighted sum of its standardised signals. Names are left to the relevance.

    Fusing scores rather than ranks gains 4 points of R@1 on the fitting questions.
    """
    scores = [0.0] * len(signals)
    for name, weight in WEIGHTS.items():
        values: list[float] = [getattr(one, name) for one in signals]
        mean = sum(values) / len(values)
        spread = (sum([(value - mean) ** 2 for value in values]) / len(values)) ** 0.5
        if spread > 1e-9:
            scores = [score + weight * (value - mean) / spread for score, value in zip(scores, values, strict=True)]
    return scores


def company(vectors: Sequence[NDArray[np.float32]], scores: Sequence[float]) -> list[float]:
    """How alike each candidate is to the others, the better these match the more, apart from what all have in common.

    The papers of a list are on one topic; one that merely shares a word with the question is unlike the best others.
    With few candidates, or if any has no vector (d,), it is `USUAL` for all.
    """
    import numpy as np

    if len(vectors) < DEPTH or not all(vector.size for vector in vectors):
        return [USUAL] * len(vectors)
    apart = np.stack(vectors) - np.mean(vectors, axis=0)
    apart /= np.maximum(np.linalg.norm(apart, axis=1, keepdims=True), 1e-9)
    alike = apart @ apart.T
    np.fill_diagonal(alike, 0.0)
    matching = np.exp(SHARPNESS * (np.array(scores) - max(scores)))
    shared: list[float] = (alike @ matching / (matching.sum() - matching)).tolist()
    return shared


def cosines_of(papers: Mapping[str, Features], vector: NDArray[np.float32]) -> dict[str, float]:
    """The cosine of `vector` (d,) with each paper that has a vector."""
    return {paper_id: float(paper.vector @ vector) for paper_id, paper in papers.items() if paper.vector.size}


def _firsts(lists: Mapping[str, Mapping[str, float]], depth: int) -> list[str]:
    """The ids of the first `depth` papers of each list."""
    return [paper_id for ranked in lists.values() for paper_id in list(ranked)[:depth]]


def _ranks(lists: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, int]]:
    """The rank of each paper in each list, from 1."""
    return {name: {i: rank for rank, i in enumerate(ranked, start=1)} for name, ranked in lists.items()}


def _best(passages: Sequence[Passage], sentences: Sequence[Evidence]) -> Passage:
    """The passage with the sentence that most probably holds the answer."""
    best = max(sentences, key=lambda sentence: (sentence.signals.answers, sentence.signals.coverage))
    return next(passage for passage in reversed(passages) if passage.start <= best.start)
