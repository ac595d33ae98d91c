"""What a question asks for in, ranked hits out: dense, BM25, names and late interaction, fused by score.

Three lists find candidates; each candidate then gets every signal, so that scores and not ranks are fused.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from .evidence import Probe, compare, evidence, signals
from .interaction import maxsim, question_tokens
from .names import is_called
from .question import Asked
from .reading import stems_of
from .records import Evidence, Hit, Paper, Passage
from .text import numbers, stem, words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .embedding import Embedder
    from .index import Index
    from .interaction import Codes
    from .library import Library

CANDIDATES = 30
"""Papers taken from each list; together they hold 99 % of the papers wanted by the fitting questions."""
WEIGHTS = {"bm25": 0.5, "cosine": 0.5, "maxsim": 1.0}
"""Weight of each signal in the fused score, once standardised over the candidates."""
CALLED, COINED, LOOSELY = 1.0, 0.2, 0.1
"""How surely a name means a paper: the paper is called so, it coined the name that others use too, or the name is
misspelt or merely mentioned."""
OWN = 2
"""A name that no more papers use, and that one of them coined, means that one as surely as its title."""


class Retriever:
    """Ranked hits over one index. `embedder` None: BM25 and names alone."""

    def __init__(self, index: Index, library: Library, embedder: Embedder | None) -> None:
        self._index, self._library, self._embedder = index, library, embedder

    def retrieve(self, asked: Asked, *, limit: int = CANDIDATES, also: Sequence[str] = ()) -> list[Hit]:
        """At most `limit` hits, best first; [] when nothing has anything in common with the question.

        The papers in `also` were reached through another hit: they come out whatever their rank, with the signal
        `bridge`. So do the chosen ones, but among all others: only beside these it shows whether they are meant.
        """
        allowed = None if asked.sources is None else self._library.paper_ids_of(asked.sources)
        probe, vector = self._probe(asked)
        lists = self._lists(asked, vector, allowed) | {
            "bridge": {i: 1.0 for i in also if allowed is None or i in allowed}
        }
        chosen = self._chosen(asked, vector, allowed)
        if not (papers := {p.id: p for p in self._library.papers(dict.fromkeys([*chosen, *_candidates(lists)]))}):
            return []
        readings = self._index.readings_of(papers.values())
        matches = compare(probe, self._codes(papers.values()), readings)
        cosines = self._index.cosines_of(papers, vector, self._library) if vector is not None else {}
        found = {
            i: signals(probe, readings[i], matches.get(i))
            | {name: ranked.get(i, 0.0) for name, ranked in lists.items()}
            | {"cosine": cosines.get(i, 0.0)}
            for i in papers
        }
        scores = fused(found)
        first = {i: (i in chosen, signals["named"] + signals["bridge"], scores[i]) for i, signals in found.items()}
        order = sorted(sorted(papers), key=first.__getitem__, reverse=True)[: max(limit, len(chosen))]
        ranks = _ranks(lists)
        passages = self._index.passages_of([papers[i] for i in order])
        told = {i: evidence(probe, papers[i], readings[i], matches.get(i)) for i in order}
        return [
            Hit(
                paper=papers[i],
                passage=_best(passages[i], told[i]),
                score=scores[i],
                ranks={name: ranked.get(i) for name, ranked in ranks.items()},
                signals=found[i],
                evidence=told[i],
            )
            for i in order
        ]

    def _probe(self, asked: Asked) -> tuple[Probe, NDArray[np.float32] | None]:
        import numpy as np

        rarity = self._index.keywords.rarity(stems_of(asked.text))
        focus_rarity = {s: rarity[s] for s in stems_of(asked.focus) if s in rarity}
        figures = frozenset(number.value for number in numbers(asked.text))
        if self._embedder is None:
            nothing = np.zeros((0, 0), np.float32)
            return Probe(nothing, nothing, rarity, focus_rarity, figures, asked.wants_figure), None
        texts = list(dict.fromkeys((asked.text, asked.focus or asked.text)))
        encodings = self._embedder.encode(texts)
        tokens = [question_tokens(e, text) for e, text in zip(encodings, texts, strict=True)]
        probe = Probe(tokens[0], tokens[-1], rarity, focus_rarity, figures, asked.wants_figure)
        return probe, encodings[0].vector

    def _lists(
        self, asked: Asked, vector: NDArray[np.float32] | None, allowed: set[str] | None
    ) -> dict[str, dict[str, float]]:
        """Each list's papers with their raw scores, best first."""
        depth = CANDIDATES * 10 if allowed is None else len(self._index)  # what is allowed may stand at any rank
        lists = {
            "named": self._named(asked),
            "bm25": dict(self._index.keywords.search(asked.text, limit=depth)),
            "cosine": {},
        }
        if vector is not None:
            within = None if allowed is None else sorted(allowed)
            for passage_id, cosine in self._index.store.nearest(vector, limit=CANDIDATES * 2, paper_ids=within):
                lists["cosine"].setdefault(passage_id.partition(":")[0], cosine)
        if allowed is None:
            return lists
        return {name: {i: s for i, s in ranked.items() if i in allowed} for name, ranked in lists.items()}

    def _chosen(self, asked: Asked, vector: NDArray[np.float32] | None, allowed: set[str] | None) -> set[str]:
        """The ids of the chosen papers; of very many, those first in some list of them alone."""
        if asked.papers is None:
            return set()
        kept = {*asked.papers} if allowed is None else allowed.intersection(asked.papers)
        return set(_candidates(self._lists(asked, vector, kept)))

    def _named(self, asked: Asked) -> dict[str, float]:
        """How surely the question names each paper, surest first."""
        papers = {p.id: p for p in self._library.papers(i for n in asked.named for i in n.paper_ids)}
        strengths: dict[str, float] = {}
        for named in asked.named:
            alone = named.exact and len(named.paper_ids) == 1 and self._users(named.text) <= OWN
            for paper in (papers[i] for i in named.paper_ids if i in papers):
                called = alone or (named.exact and is_called(paper, named.text))
                strength = CALLED if called else COINED if named.exact else LOOSELY
                strengths[paper.id] = max(strength, strengths.get(paper.id, 0.0))
        return dict(sorted(strengths.items(), key=lambda item: -item[1]))

    def _users(self, name: str) -> int:
        """How many papers use the rarest word of a name."""
        return min(self._index.document_counts(stem(word) for word in words(name)).values(), default=0)

    def _codes(self, papers: Collection[Paper]) -> dict[str, Codes]:
        if self._embedder is None:
            return {}
        return self._index.codes_of(papers, self._library)


def _candidates(lists: Mapping[str, Mapping[str, float]]) -> list[str]:
    """The ids of the papers that are first in some list."""
    return [paper_id for ranked in lists.values() for paper_id in list(ranked)[:CANDIDATES]]


def _ranks(lists: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, int]]:
    """The place of each paper in each list, from 1."""
    return {name: {i: place for place, i in enumerate(ranked, start=1)} for name, ranked in lists.items()}


def _best(passages: Sequence[Passage], told: Sequence[Evidence]) -> Passage:
    """The passage that holds the sentence most likely to hold the answer."""
    best = max(told, key=lambda e: (e.signals["answers"], e.signals["coverage"]))
    return next(p for p in reversed(passages) if p.start <= best.start)


def likeness(index: Index, library: Library, embedder: Embedder, sentence: str, paper: Paper) -> float:
    """The late interaction of a sentence with a paper: how alike its words are to the nearest there, 0 to 1."""
    codes = index.codes_of([paper], library).get(paper.id)
    if codes is None:
        return 0.0
    return max(0.0, maxsim(question_tokens(embedder.encode([sentence])[0], sentence), codes))


def fused(found: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """The score of each candidate: the weighted sum of its standardised signals; names are left to the relevance.

    Adding scores rather than ranks is worth 4 points of R@1 on the fitting questions.
    """
    scores = dict.fromkeys(found, 0.0)
    for name, weight in WEIGHTS.items():
        values = [found[paper_id][name] for paper_id in found]
        mean = sum(values) / len(values)
        spread = (sum((v - mean) ** 2 for v in values) / len(values)) ** 0.5
        for paper_id in found:
            scores[paper_id] += weight * (found[paper_id][name] - mean) / spread if spread > 1e-9 else 0.0
    return scores
