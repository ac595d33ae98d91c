"""A question's words and a paper in, its sentences out with how each bears on the question."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .interaction import Codes, join, similarities
from .logistic import model
from .names import key, names_of
from .records import Evidence, Paper
from .text import Span, content_words, numbers, parts, sentences, stem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


_RESULT = re.compile(
    r"\b(?:result|experiment|achiev|outperform|surpass|improv|demonstrat|show|find|found|observ|reveal|accurac|"
    r"state-of-the-art|compared|reduc|gain|faster|reach|attain|obtain|yield)",
    re.I,
)
_PROPOSAL = re.compile(
    r"\b(?:we|this (?:paper|work|article|study|report|thesis|survey)|our|here)\b.{0,60}\b(?:propos|introduc"
    r"|present|develop|"
    r"describ|design|build|built|releas|stud(?:y|ie)|investigat|explor|examin|provid|creat|collect|evaluat|analy)"
    r"|\b(?:called|named|dubbed|termed|namely)\b",
    re.I,
)
_BACKGROUND = re.compile(
    r"^(?:recent|however|although|despite|while|existing|previous|traditional|current|in recent|most|many|large"
    r"|with the|"
    r"there (?:is|are|has)|nevertheless|yet|unfortunately|typically|prior|conventional)"
    r"|\b(?:has|have) (?:been|become|shown|achieved|gained|made|emerged|revolutioni)"
    r"|\b(?:remain|challeng|limited|limitation|lack|struggle|suffer)",
    re.I,
)
_AVAILABLE = re.compile(r"https?://|github|\b(?:codes?|models?|data) (?:is|are|will be)\b.{0,40}\bavailable", re.I)


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """A question as the signals need it.

    tokens (t, d): its content words' vectors; focus (u, d): those of what is asked, names left out; rarity: the
    inverse document frequency of each of its stems. Both arrays have no rows when there is no embedder.
    figures: the numbers it states itself, which no answer has to repeat.
    """

    tokens: NDArray[np.float32]
    focus: NDArray[np.float32]
    rarity: Mapping[str, float]
    focus_rarity: Mapping[str, float]
    figures: frozenset[float] = frozenset()
    wants_figure: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """How alike the words of a question and of one paper are, (question words, paper words) each.

    `starts` says where in the abstract each word of the paper begins, below 0 in the title.
    """

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


@dataclass(frozen=True, slots=True)
class _Told:
    """What a sentence is before any question is asked: its place, stems, numbers and cues.

    Cues are 0 or 1, but `length`, in units of 30 words, and `place`, 0 for the first sentence to 1 for the last.
    """

    span: Span
    stems: frozenset[str]
    figures: frozenset[float]
    cues: Mapping[str, float]


@functools.lru_cache(maxsize=4096)
def _read(title: str, abstract: str) -> tuple[frozenset[str], tuple[_Told, ...]]:
    """The stems of a title, and each sentence of an abstract."""
    spans = sentences(abstract)
    coined = [name for name in names_of(Paper(title, abstract))[1:]]
    told = []
    for n, span in enumerate(spans):
        text = span.of(abstract)
        spelt = {key(word) for word in text.split()}
        cues = {
            "place": n / max(1, len(spans) - 1),
            "first": n == 0,
            "second": n == 1,
            "last": n == len(spans) - 1,
            "length": min(len(text.split()), 60) / 30,
            "result": bool(_RESULT.search(text)),
            "proposal": bool(_PROPOSAL.search(text)),
            "background": bool(_BACKGROUND.search(text)),
            "available": bool(_AVAILABLE.search(text)),
            "own": any(name in spelt for name in coined),
        }
        figures = frozenset(number.value for number in numbers(text) if not number.text.isalpha())
        told.append(_Told(span, stems_of(text), figures, {name: float(value) for name, value in cues.items()}))
    return stems_of(title), tuple(told)


def signals(probe: Probe, paper: Paper, matches: Matches | None) -> dict[str, float]:
    """How the paper as a whole bears on the question.

    `maxsim`, `weakest` (the worst matched word of what is asked), `coverage`, `focus_coverage` and `title` (the share
    of the title's words that the question holds).
    """
    title, told = _read(paper.title, paper.abstract)
    held = title.union(*(one.stems for one in told))
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
    """Every sentence of the abstract in order, with its signals and the probability that it holds the answer."""
    import numpy as np

    _, told = _read(paper.title, paper.abstract)
    similarity = focus = np.zeros(len(told))
    if matches is not None and len(matches.starts):
        firsts = np.searchsorted(matches.starts, [one.span.start for one in told])
        similarity = _by_sentence(matches.tokens, firsts)
        focus = _by_sentence(matches.focus, firsts)
    found = [
        {
            "similarity": float(similarity[n]),
            "focus": float(focus[n]),
            "coverage": coverage(probe.rarity, one.stems),
            "focus_coverage": coverage(probe.focus_rarity, one.stems),
        }
        for n, one in enumerate(told)
    ]
    most = {name: max(signals[name] for signals in found) for name in found[0]} if found else {}
    return tuple(
        Evidence(one.span.of(paper.abstract), one.span.start, _completed(probe, one, found, n, most))
        for n, one in enumerate(told)
    )


def _completed(
    probe: Probe, told: _Told, found: Sequence[Mapping[str, float]], n: int, most: Mapping[str, float]
) -> dict[str, float]:
    """A sentence's signals with its cues, how far it stands behind the best of its abstract, and its neighbours."""
    fresh = bool(told.figures - probe.figures)
    signals = {
        **found[n],
        **{f"{name}_gap": found[n][name] - most[name] for name in most},
        **told.cues,
        "figure": float(fresh),
        "figure_wanted": float(fresh and probe.wants_figure),
        "before": found[n - 1]["similarity"] if n else 0.0,
        "after": found[n + 1]["similarity"] if n + 1 < len(found) else 0.0,
    }
    return signals | {"answers": model("sentence").probability(signals)}


def _by_sentence(matches: NDArray[np.float32], firsts: NDArray[np.int64]) -> NDArray[np.float64]:
    """(sentences,) MaxSim of the question with each sentence's own words, which begin at column `firsts`.

    A sentence without words has 0; title words, before the first sentence, count for none.
    """
    import numpy as np

    count = matches.shape[1]
    if not matches.size:
        return np.zeros(len(firsts))
    best = np.maximum.reduceat(matches, np.minimum(firsts, count - 1), axis=1).mean(axis=0)
    return np.where(np.diff(firsts, append=count) > 0, best, 0.0)
