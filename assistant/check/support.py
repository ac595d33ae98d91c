"""Compares the words of a sentence with an abstract: the signals from which the checker computes its verdict.

They detect a wrong paper, changed numbers and names, flipped polarity and terms that the abstract does not have. They
miss exchanged roles, reversed comparisons and most half-truths.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

from ..core.records import Paper
from ..core.text import STOP_WORDS, Span, content_words, names, numbers, parts, sentences, stem, terms, words
from .polarity import negations
from .quantities import unstated

Rarity = Callable[[Iterable[str]], Mapping[str, float]]

OWN = 0.75
"""Share of a sentence's content words that the text must have before two missing ones count as a foreign term."""

_EVERYDAY = re.compile(
    r"authors?|better|worse|fewer|less|more|far|behind|ahead|gets?|much|many|hundreds?|thousands?", re.I
)
_MANNER = re.compile(r"-(?:style|like|based|type|class|sized?|level)$", re.I)
_LETTERS = re.compile(r"[A-Za-z]{3,}(?=\d)")
_SPELT_OUT = {
    **{"ai": "artificial intelligence", "asr": "speech recognition", "cnn": "convolutional", "gan": "adversarial"},
    **{"llm": "language model", "ml": "machine learning", "mllm": "multimodal .*language model", "nlp": "language"},
    **{"qa": "question.answer", "rag": "retrieval.augmented", "rl": "reinforcement", "rnn": "recurrent"},
    **{"vlm": "vision.*language", "vqa": "question.answer", "ssl": "self-supervised"},
}
"""What common abbreviations of the field stand for."""

_SCALED = re.compile(r"\d[\d.,]*[kmbtx]?", re.I)
"""A number with its scale, "12M", which is not a name."""

_BARE = re.compile(r"['’]s$|(?<=\d)(?:x|%|-fold)$")
"""Endings that make no difference to a name or figure."""
_ASIDE = re.compile(r"\s*\([^()]*\)")
_WIDER = re.compile(
    r"\b(?:all|always|every|everything|never|entirely|completely|fully|perfect\w*|prov(?:e|es|ed|en)"
    r"|guarantee\w*|universal\w*|"
    r"regardless|whatsoever|no matter|solv(?:e|es|ed)|eliminat\w*|none|whatever|everywhere|"
    r"state[- ]of[- ]the[- ]art|100 ?%|optimal\w*|any other)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Signals:
    """How well a sentence agrees with an abstract, compared with the window (`quote`) that is closest to it.

    coverage, window: share of the sentence's rarity in title and abstract, and in the window (0 to 1).
    numbers, names: figures and names of the sentence that the paper does not have.
    against: spelt-out numbers where the paper counts the same things differently.
    foreign: terms of several words that the paper does not have.
    negations: words that only one side negates.
    exchanged: names and figures in place of which the window has others.
    wider: words that widen a claim ("always", "every") and are not in the window.
    """

    coverage: float
    window: float
    numbers: tuple[str, ...]
    against: tuple[str, ...]
    names: tuple[str, ...]
    foreign: tuple[str, ...]
    negations: tuple[str, ...]
    exchanged: tuple[str, ...]
    wider: tuple[str, ...]
    quote: str


def signals(sentence: str, paper: Paper, rarity: Rarity, based_on: Span | None = None) -> Signals:
    """Compares a sentence with the title and abstract of a paper.

    With `based_on`, words of the abstract, the window is the sentences that contain them, and the numbers must be in
    the window or the title.
    """
    whole = f"{paper.title}. {paper.abstract}"
    wanted = rarity(set(terms(sentence)))
    windows = [_around(based_on, paper.abstract)] if based_on else _windows(paper.abstract)
    texts = (span.of(paper.abstract) for span in windows)
    window = max(texts, key=lambda text: _share(wanted, text), default="")
    missing = unstated(sentence, f"{paper.title}. {window}" if based_on else whole)
    return Signals(
        coverage=_share(wanted, whole),
        window=_share(wanted, window),
        numbers=missing.figures,
        against=missing.against,
        names=tuple(n for n in names(sentence) if not _SCALED.fullmatch(n) and not _has_name(n, whole)),
        foreign=_foreign(sentence, whole),
        negations=tuple(negations(sentence, window)),
        exchanged=_exchanged(sentence, window, paper),
        wider=tuple(word for word in _WIDER.findall(sentence) if word.casefold() not in window.casefold()),
        quote=window,
    )


def nearness(sentence: str, paper: Paper, rarity: Rarity) -> float:
    """The largest share of the sentence's rarity in any window of the abstract, 0 to 1."""
    wanted = rarity(set(terms(sentence)))
    return max((_share(wanted, span.of(paper.abstract)) for span in _windows(paper.abstract)), default=0.0)


def _share(wanted: Mapping[str, float], text: str) -> float:
    total = sum(wanted.values())
    stems = set(terms(text))
    return sum(weight for stem_, weight in wanted.items() if stem_ in stems) / total if total else 0.0


def _around(part: Span, abstract: str) -> Span:
    """The sentences that a part of an abstract is in."""
    spans = [span for span in sentences(abstract) if span.start < part.end and part.start < span.end]
    return Span(spans[0].start, spans[-1].end)


def _windows(abstract: str) -> list[Span]:
    """Every sentence, then every pair of neighbours: of equally good quotes the shorter is better."""
    spans = sentences(abstract)
    return spans + [Span(a.start, b.end) for a, b in itertools.pairwise(spans)]


def _has_name(name: str, text: str) -> bool:
    """Whether a text has a name: whole, in a compound, in the plural, in parts, or spelt out."""
    name = _MANNER.sub("", name)
    folded = text.casefold()
    candidates = (name.casefold(), name.casefold().removesuffix("s"), stem(name))
    if any(re.search(rf"(?<!\w){re.escape(c)}(?:s|es)?(?!\w)", folded) for c in candidates if c):
        return True
    pieces = parts(name)
    stems = {stem(w) for w in words(text)} | {stem(p) for w in words(text) for p in (*parts(w), *_LETTERS.findall(w))}
    adjacent = bool(pieces) and re.search(r"[\W_]*".join(map(re.escape, pieces)), text, re.I)
    return bool(adjacent) or stem(name) in stems or _is_spelt_out(name, text)


def _is_spelt_out(name: str, text: str) -> bool:
    """Whether a text spells an abbreviation out: "convolutional networks" for "CNN"."""
    if not name.removesuffix("s").isupper():
        return False
    initials = "".join(w[0].casefold() for w in re.findall(r"[A-Za-z]+", text))
    shorts = {name.casefold(), name.casefold().removesuffix("s")}
    return any(
        (len(short) > 2 and short in initials) or bool(short in _SPELT_OUT and re.search(_SPELT_OUT[short], text, re.I))
        for short in shorts
    )


def _foreign(sentence: str, text: str) -> tuple[str, ...]:
    """Adjacent words that a text does not have, in a sentence whose other words it does have."""
    stems = {piece for word in words(text) for piece in map(stem, (word, *parts(word)))}
    pieces = [piece for word in content_words(sentence) for piece in (parts(word) or [word]) if len(piece) > 1]
    strange = [
        word for word in pieces if stem(word) not in stems and not _EVERYDAY.fullmatch(word) and not numbers(word)
    ]
    if len(strange) > (1 - OWN) * len(pieces):
        return ()
    pairs = [f"{a} {b}" for a, b in itertools.pairwise(strange) if re.search(rf"\b{a}[ -]{b}\b", sentence)]
    return tuple(pair for pair in pairs if pair.replace(" ", "").isalpha())


def _exchanged(sentence: str, window: str, paper: Paper) -> tuple[str, ...]:
    """The names and figures of a sentence in place of which, between the same words, the window has others."""
    known = {*names(sentence), *names(paper.abstract), *words(sentence)[:1]}
    ours, theirs = list(_with_neighbours(sentence, known)), list(_with_neighbours(window, known))
    mentioned = {word for word, _, _ in ours}
    at_home = {(word, side) for word, sides, _ in theirs for side in sides}
    return tuple(
        dict.fromkeys(
            word
            for word, sides, around in ours
            if word not in paper.title.casefold() and not any((word, side) in at_home for side in sides)
            for other, _, around_other in theirs
            if other not in mentioned and word[0].isdigit() == other[0].isdigit() and around & around_other
        )
    )


def _with_neighbours(text: str, known: Set[str]) -> Iterator[tuple[str, set[tuple[str, int]], set[tuple[str, ...]]]]:
    """The names and figures of a text, case-folded, with their neighbours and with the pairs of words around them."""
    plain = words(_ASIDE.sub("", text))
    folded = ["", "", *(_BARE.sub("", word.casefold()) for word in plain), "", ""]
    for n, word in enumerate(plain, start=2):
        if word in known or word[0].isdigit():
            before, after = folded[n - 2 : n], folded[n + 1 : n + 3]
            sides = {(one, at) for one, at in ((before[1], -1), (after[0], 1)) if one}
            around = {("", *before), (*after, ""), (before[1], "", after[0])}
            yield folded[n], sides, {one for one in around if one.count("") == 1 and not STOP_WORDS.issuperset(one)}
