"""What a question asks for in, ranked hits out: dense, BM25, names and late interaction, fused by score.

Three lists find candidates; each candidate then gets every signal, so that scores and not ranks are fused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..core.records import Evidence, Hit, Paper, Passage
from ..core.text import numbers, stem, words
from ..index.interaction import maxsim, question_tokens
from ..index.names import is_called
from ..index.reading import stems_of
from ..question.understanding import Asked
from .evidence import Probe, compare, evidence, signals, weights

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..index.embedding import Embedder
    from ..index.generation import Held
    from ..index.searchable import Index
    from ..library.papers import Library

    _Search = tuple[Probe, NDArray[np.float32] | None, dict[str, dict[str, float]], set[str] | None]
    """The probe and vector of a question, the lists it found and the papers it keeps to."""

DEPTH, DEEP = 20, 30
"""Papers taken from each list for a question that wants one paper, and for one that wants all that fit: 20 for lists,
too, would cost 3 points of their F1 on the fitting questions."""
HITS = 20
"""Candidates that are read sentence by sentence."""
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
        self._last: tuple[Asked, _Search] | None = None

    def retrieve(self, asked: Asked, *, limit: int = HITS, also: Sequence[str] = ()) -> list[Hit]:
        """At most `limit` hits, best first; [] when nothing has anything in common with the question.

        The papers in `also` were reached through another hit: they come out whatever their rank, with the signal
        `bridge`. So do the chosen ones, but among all others: only beside these it shows whether they are meant.
        """
        if self._last is None or self._last[0] != asked:  # with `also` it is asked a second time
            self._last = (asked, self._search(asked))
        probe, vector, lists, allowed = self._last[1]
        lists = lists | {"bridge": {i: 1.0 for i in also if allowed is None or i in allowed}}
        chosen = self._chosen(asked, vector, allowed)
        wanted = [*chosen, *_candidates(lists, DEEP if asked.several else DEPTH)]
        if not (papers := {paper.id: paper for paper in self._library.papers(dict.fromkeys(wanted))}):
            return []
        held = self._index.held_of(papers.values(), self._library)
        matches = compare(probe, held) if self._embedder else {}
        cosines = cosines_of(held, vector) if vector is not None else {}
        found = {
            i: signals(probe, held[i].reading, matches.get(i))
            | {name: ranked.get(i, 0.0) for name, ranked in lists.items()}
            | {"cosine": cosines.get(i, 0.0)}
            for i in papers
        }
        scores = fused(found)
        first = {i: (i in chosen, signals["named"] + signals["bridge"], scores[i]) for i, signals in found.items()}
        order = sorted(sorted(papers), key=first.__getitem__, reverse=True)[: max(limit, len(chosen))]
        ranks, passages = _ranks(lists), self._index.passages_of([papers[i] for i in order])
        told = {i: evidence(probe, papers[i], held[i].reading, matches.get(i)) for i in order}
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

    def _search(self, asked: Asked) -> _Search:
        allowed = None if asked.sources is None else self._library.paper_ids_of(asked.sources)
        probe, vector = self._probe(asked)
        return probe, vector, self._lists(asked, vector, allowed), allowed

    def _probe(self, asked: Asked) -> tuple[Probe, NDArray[np.float32] | None]:
        import numpy as np

        rarity = self._index.keywords.rarity(stems_of(asked.text))
        focus_rarity = {s: rarity[s] for s in stems_of(asked.focus) if s in rarity}
        figures = frozenset(number.value for number in numbers(asked.text))
        if self._embedder is None:
            nothing = np.zeros((0, 0), np.float32)
            return Probe(nothing, (), (), rarity, focus_rarity, figures, asked.wants_figure), None
        encoding = self._embedder.encode([asked.text])[0]
        tokens, starts = question_tokens(encoding, asked.text)
        focus = [row for row, start in enumerate(starts) if not asked.names(start)]
        probe = Probe(
            tokens=tokens,
            focus=focus or range(len(tokens)),
            weights=weights(asked.text, starts, rarity),
            rarity=rarity,
            focus_rarity=focus_rarity,
            figures=figures,
            wants_figure=asked.wants_figure,
        )
        return probe, encoding.vector

    def _lists(
        self, asked: Asked, vector: NDArray[np.float32] | None, allowed: set[str] | None
    ) -> dict[str, dict[str, float]]:
        """Each list's papers with their raw scores, best first."""
        depth = DEEP * 10 if allowed is None else len(self._index)  # what is allowed may stand at any rank
        lists = {
            "named": self._named(asked),
            "bm25": dict(self._index.keywords.search(asked.text, limit=depth)),
            "cosine": {},
        }
        if vector is not None:
            within = None if allowed is None else sorted(allowed)
            for passage_id, cosine in self._index.store.nearest(vector, limit=DEEP * 2, paper_ids=within):
                lists["cosine"].setdefault(passage_id.partition(":")[0], cosine)
        if allowed is None:
            return lists
        return {name: {i: s for i, s in ranked.items() if i in allowed} for name, ranked in lists.items()}

    def _chosen(self, asked: Asked, vector: NDArray[np.float32] | None, allowed: set[str] | None) -> set[str]:
        """The ids of the chosen papers; of very many, those first in some list of them alone."""
        if asked.papers is None:
            return set()
        kept = {*asked.papers} if allowed is None else allowed.intersection(asked.papers)
        return set(_candidates(self._lists(asked, vector, kept), DEEP))

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


def cosines_of(held: Mapping[str, Held], vector: NDArray[np.float32]) -> dict[str, float]:
    """The cosine of `vector` (d,) with each paper that has one."""
    return {paper_id: float(own.vector @ vector) for paper_id, own in held.items() if own.vector.size}


def _candidates(lists: Mapping[str, Mapping[str, float]], depth: int) -> list[str]:
    """The ids of the first `depth` papers of each list."""
    return [paper_id for ranked in lists.values() for paper_id in list(ranked)[:depth]]


def _ranks(lists: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, int]]:
    """The place of each paper in each list, from 1."""
    return {name: {i: place for place, i in enumerate(ranked, start=1)} for name, ranked in lists.items()}


def _best(passages: Sequence[Passage], told: Sequence[Evidence]) -> Passage:
    """The passage that holds the sentence most likely to hold the answer."""
    best = max(told, key=lambda e: (e.signals["answers"], e.signals["coverage"]))
    return next(p for p in reversed(passages) if p.start <= best.start)


def likeness(index: Index, library: Library, embedder: Embedder, sentence: str, paper: Paper) -> float:
    """The late interaction of a sentence with a paper: how alike its words are to the nearest there, 0 to 1."""
    codes = index.held_of([paper], library)[paper.id].codes
    return max(0.0, maxsim(question_tokens(embedder.encode([sentence])[0], sentence)[0], codes))


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
