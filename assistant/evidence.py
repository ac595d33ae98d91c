"""A question's words and a paper in, its sentences out with how each bears on the question."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .interaction import Codes, join, similarities
from .records import Evidence, Paper
from .text import Span, content_words, parts, sentences, stem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """A question as the signals need it.

    tokens (t, d): its content words' vectors; focus (u, d): those of what is asked, names left out; rarity: the
    inverse document frequency of each of its stems. Both arrays have no rows when there is no embedder.
    """

    tokens: NDArray[np.float32]
    focus: NDArray[np.float32]
    rarity: Mapping[str, float]
    focus_rarity: Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """How alike the words of a question and of one paper are, (question words, paper words) each; `starts` says
    where in the abstract each word of the paper begins, below 0 in the title."""

    tokens: NDArray[np.float32]
    focus: NDArray[np.float32]
    starts: NDArray[np.int32]


def compare(probe: Probe, codes: Mapping[str, Codes]) -> dict[str, Matches]:
    """The matches of a question with each paper, all in one product."""
    import numpy as np

    if not codes or not len(probe.tokens):
        return {}
    together = join(list(codes.values()))
    product = similarities(np.concatenate([probe.tokens, probe.focus]), together)
    tokens, focus = product[: len(probe.tokens)], product[len(probe.tokens) :]
    found, first = {}, 0
    for paper_id, own in codes.items():
        rows = slice(first, first + len(own.starts))
        found[paper_id] = Matches(tokens[:, rows], focus[:, rows], own.starts)
        first = rows.stop
    return found


def stems_of(text: str) -> frozenset[str]:
    """The stems of the content words of `text`, compounds whole and in parts."""
    return frozenset(stem(piece) for word in content_words(text) for piece in (word, *parts(word)))


def coverage(rarity: Mapping[str, float], held: frozenset[str]) -> float:
    """The share of a question's rarity that the stems `held` cover, 0 to 1; 0 for a question without words."""
    total = sum(rarity.values())
    return sum(weight for stem_, weight in rarity.items() if stem_ in held) / total if total else 0.0


@functools.lru_cache(maxsize=4096)
def _read(title: str, abstract: str) -> tuple[frozenset[str], tuple[tuple[Span, frozenset[str]], ...]]:
    """The stems of a title, and each sentence of an abstract with its own."""
    return stems_of(title), tuple((span, stems_of(span.of(abstract))) for span in sentences(abstract))


def signals(probe: Probe, paper: Paper, matches: Matches | None) -> dict[str, float]:
    """How the paper as a whole bears on the question: `maxsim`, `weakest` (the worst matched word of what is
    asked), `coverage` and `title` (the share of the title's words that the question holds)."""
    title, told = _read(paper.title, paper.abstract)
    held = title.union(*(stems for _, stems in told))
    found = {
        "coverage": coverage(probe.rarity, held),
        "focus_coverage": coverage(probe.focus_rarity, held),
        "title": len(title & probe.rarity.keys()) / len(title) if title else 0.0,
        "maxsim": 0.0,
        "weakest": 0.0,
    }
    if matches is not None and len(matches.starts):
        found["maxsim"] = float(matches.tokens.max(axis=1).mean())
        found["weakest"] = float(matches.focus.max(axis=1).min()) if len(matches.focus) else 0.0
    return found


def evidence(probe: Probe, paper: Paper, matches: Matches | None) -> tuple[Evidence, ...]:
    """Every sentence of the abstract in order, with its signals."""
    import numpy as np

    _, told = _read(paper.title, paper.abstract)
    similarity = focus = np.zeros(len(told))
    if matches is not None and len(matches.starts):
        sentence = np.searchsorted([span.start for span, _ in told], matches.starts, side="right") - 1
        similarity = _by_sentence(matches.tokens, sentence, len(told))
        focus = _by_sentence(matches.focus, sentence, len(told))
    return tuple(
        Evidence(
            span.of(paper.abstract),
            span.start,
            {
                "similarity": float(similarity[n]),
                "focus": float(focus[n]),
                "coverage": coverage(probe.rarity, stems),
                "focus_coverage": coverage(probe.focus_rarity, stems),
            },
        )
        for n, (span, stems) in enumerate(told)
    )


def _by_sentence(matches: NDArray[np.float32], sentence: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """(count,) MaxSim of the question with each sentence's own words; title words (sentence -1) count for none."""
    import numpy as np

    scores = np.zeros(count)
    for n in range(count):
        own = matches[:, sentence == n]
        scores[n] = float(own.max(axis=1).mean()) if own.size else 0.0
    return scores
