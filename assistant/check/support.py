"""A sentence and an abstract in, the signals of support out. Pure: what they add up to is decided in citations.

None of these is an entailment model. They see other papers, changed numbers and names, flipped polarity and
words the abstract has nothing like; they do not see exchanged roles or most half-truths.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

from ..core.records import Paper
from ..core.text import STOP_WORDS, Span, content_words, names, numbers, parts, sentences, stem, terms, words
from .polarity import denied, opposites, turned
from .quantities import unstated

Rarity = Callable[[Iterable[str]], Mapping[str, float]]

OWN = 0.75
"""Share of a sentence's content words that the text must have before two it has not are taken for a foreign term."""

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
"""What the field's everyday abbreviations stand for."""

_SCALED = re.compile(r"\d[\d.,]*[kmbtx]?", re.I)
"""A number with its scale, "12M", which is no name."""

_COMPARATOR = re.compile(
    r"\b(?:outperform\w*|surpass\w*|exceed\w*|beat\w*|overtak\w*|improv\w* (?:on|over|upon)|ahead of|than|over|into|"
    r"instead of|rather than|compared (?:to|with)|in place of|replac\w*)\b",
    re.I,
)
_BARE = re.compile(r"['’]s$|(?<=\d)(?:x|%|-fold)$")
"""What a word or figure is the same without."""
_ASIDE = re.compile(r"\s*\([^()]*\)")
_WEAKER = re.compile(r"\b(?:less|worse|weaker|lower|slower|poorer|inferior|fewer)\b[^,;.]{0,30}$", re.I)
"""What turns a comparison round, before its "than"."""
_SCOPE = re.compile(
    r"\b(?:all|always|every|everything|never|entirely|completely|fully|perfect\w*|prov(?:e|es|ed|en)"
    r"|guarantee\w*|universal\w*|"
    r"regardless|whatsoever|no matter|solv(?:e|es|ed)|eliminat\w*|none|whatever|everywhere|"
    r"state[- ]of[- ]the[- ]art|100 ?%|optimal\w*|any other)\b",
    re.I,
)
_REACH = re.compile(r"\b(?:any(?! other)|best|only|(?<!the )first|must|whichever|each(?! other))\b", re.I)


@dataclass(frozen=True, slots=True)
class Signals:
    """How a sentence stands to an abstract; `quote` is the window of it that comes nearest.

    coverage, window: the share of the sentence's rarity found in title and abstract, and in the window (0 to 1).
    numbers, spelt, names: the figures, spelt-out numbers and names of the sentence that the paper has not; against:
    those spelt-out numbers for which it has another; foreign: a term of several words that it has not. denied, turned:
    words that one of sentence and window denies, or lets go down, and the other does not. opposite: pairs of opposite
    words, one on each side. exchanged: names and figures in whose place the window has another. swapped: the sides of
    a comparison have changed places. scope: words that widen a claim ("always", "every") which the window has not;
    reach: those that often do not ("each", "first").
    """

    coverage: float
    window: float
    numbers: tuple[str, ...]
    against: tuple[str, ...]
    spelt: tuple[str, ...]
    names: tuple[str, ...]
    foreign: tuple[str, ...]
    denied: tuple[str, ...]
    turned: tuple[str, ...]
    opposite: tuple[str, ...]
    exchanged: tuple[str, ...]
    swapped: bool
    scope: tuple[str, ...]
    reach: tuple[str, ...]
    quote: str


def signals(sentence: str, paper: Paper, rarity: Rarity, place: Span | None = None) -> Signals:
    """The signals of `sentence` against the title and abstract of `paper`.

    Where it is said to rest on the words at `place`, these with the rest of their sentences are the window, and its
    numbers must stand in it or in the title.
    """
    whole = f"{paper.title}. {paper.abstract}"
    wanted = rarity(set(terms(sentence)))
    windows = [_around(place, paper.abstract)] if place else _windows(paper.abstract)
    best = max(windows, key=lambda span: _share(wanted, span.of(paper.abstract)), default=Span(0, 0))
    near = best.of(paper.abstract)
    counted = unstated(sentence, f"{paper.title}. {near}" if place else whole)
    return Signals(
        coverage=_share(wanted, whole),
        window=_share(wanted, near),
        numbers=counted.figures,
        against=counted.against,
        spelt=counted.spelt,
        names=tuple(n for n in names(sentence) if not _SCALED.fullmatch(n) and not _named(n, whole)),
        foreign=_foreign(sentence, whole),
        denied=tuple(denied(sentence, near)),
        turned=tuple(turned(sentence, near)),
        opposite=tuple(opposites(sentence, near)),
        exchanged=_exchanged(sentence, near, paper),
        swapped=_swapped(sentence, near),
        scope=_widened(_SCOPE, sentence, near),
        reach=_widened(_REACH, sentence, near),
        quote=near,
    )


LITERAL = ("numbers", "against", "names", "foreign", "exchanged")
"""Faults that show in the words themselves; the reader is weakest there (see `eval/README.md`, the reader)."""


def premise(sentence: str, abstract: str, rarity: Rarity, place: Span | None = None) -> str:
    """What a reader reads: the sentences around `place`, or the two neighbours that hold most of the sentence's rarity.

    Fewer and more both score worse; the whole abstract much worse.
    """
    if place is not None:
        return _around(place, abstract).of(abstract)
    spans = sentences(abstract)
    pairs = [Span(a.start, b.end) for a, b in itertools.pairwise(spans)] or spans
    wanted = rarity(set(terms(sentence)))
    return max((span.of(abstract) for span in pairs), key=lambda text: _share(wanted, text), default="")


def read_features(signals: Signals, log_odds: float) -> dict[str, float]:
    """What the model `read` decides by: what the reader says, shared words, and faults in the words themselves."""
    covered = signals.coverage
    missing = {"lacks_half": max(0.0, 0.5 - covered), "lacks_some": max(0.0, 0.7 - covered)}  # a line would bend there
    literal = {name: float(bool(getattr(signals, name))) for name in LITERAL}
    return {"entailed": log_odds, "coverage": covered, **missing, "window": signals.window, **literal}


def nearness(sentence: str, paper: Paper, rarity: Rarity) -> float:
    """The share of the sentence's rarity that the window of the abstract that comes nearest holds, 0 to 1."""
    wanted = rarity(set(terms(sentence)))
    return max((_share(wanted, span.of(paper.abstract)) for span in _windows(paper.abstract)), default=0.0)


def _share(wanted: Mapping[str, float], text: str) -> float:
    total = sum(wanted.values())
    held = set(terms(text))
    return sum(weight for stem_, weight in wanted.items() if stem_ in held) / total if total else 0.0


def _around(place: Span, abstract: str) -> Span:
    """A place with the whole of the sentences that it is in."""
    held = [span for span in sentences(abstract) if span.start < place.end and place.start < span.end]
    return Span(held[0].start, held[-1].end)


def _windows(abstract: str) -> list[Span]:
    """Every sentence, then every pair of neighbours: the shortest that covers a claim is the better quote."""
    spans = sentences(abstract)
    return spans + [Span(a.start, b.end) for a, b in itertools.pairwise(spans)]


def _named(name: str, text: str) -> bool:
    """Whether a name stands in a text: whole, as part of a compound, in plural, as its parts, or spelt out."""
    name = _MANNER.sub("", name)
    folded = text.casefold()
    candidates = (name.casefold(), name.casefold().removesuffix("s"), stem(name))
    if any(re.search(rf"(?<!\w){re.escape(c)}(?:s|es)?(?!\w)", folded) for c in candidates if c):
        return True
    pieces = parts(name)
    held = {stem(w) for w in words(text)} | {stem(p) for w in words(text) for p in (*parts(w), *_LETTERS.findall(w))}
    adjacent = bool(pieces) and re.search(r"[\W_]*".join(map(re.escape, pieces)), text, re.I)
    return bool(adjacent) or stem(name) in held or _spelt_out(name, text)


def _spelt_out(name: str, text: str) -> bool:
    """Whether an abbreviation's words stand in a text: "CNN" where it says "convolutional networks"."""
    if not name.removesuffix("s").isupper():
        return False
    initials = "".join(w[0].casefold() for w in re.findall(r"[A-Za-z]+", text))
    shorts = {name.casefold(), name.casefold().removesuffix("s")}
    return any(
        (len(short) > 2 and short in initials) or bool(short in _SPELT_OUT and re.search(_SPELT_OUT[short], text, re.I))
        for short in shorts
    )


def _foreign(sentence: str, text: str) -> tuple[str, ...]:
    """Words side by side that a text has not, in a sentence that is otherwise its own."""
    held = {piece for word in words(text) for piece in map(stem, (word, *parts(word)))}
    said = [piece for word in content_words(sentence) for piece in (parts(word) or [word]) if len(piece) > 1]
    strange = [word for word in said if stem(word) not in held and not _EVERYDAY.fullmatch(word) and not numbers(word)]
    if len(strange) > (1 - OWN) * len(said):
        return ()
    pairs = [f"{a} {b}" for a, b in itertools.pairwise(strange) if re.search(rf"\b{a}[ -]{b}\b", sentence)]
    return tuple(pair for pair in pairs if pair.replace(" ", "").isalpha())


def _exchanged(sentence: str, near: str, paper: Paper) -> tuple[str, ...]:
    """The names and figures of a sentence in whose place, between the same words, the window has another one."""
    known = {*names(sentence), *names(paper.abstract), *words(sentence)[:1]}
    own, theirs = list(_placed(sentence, known)), list(_placed(near, known))
    said = {word for word, _, _ in own}
    at_home = {(word, side) for word, sides, _ in theirs for side in sides}
    return tuple(
        dict.fromkeys(
            word
            for word, sides, around in own
            if word not in paper.title.casefold() and not any((word, side) in at_home for side in sides)
            for other, _, place in theirs
            if other not in said and word[0].isdigit() == other[0].isdigit() and around & place
        )
    )


def _placed(text: str, known: Set[str]) -> Iterator[tuple[str, set[tuple[str, int]], set[tuple[str, ...]]]]:
    """The names and figures of a text, folded, with their neighbours and with the pairs of words around them."""
    said = words(_ASIDE.sub("", text))
    folded = ["", "", *(_BARE.sub("", word.casefold()) for word in said), "", ""]
    for place, word in enumerate(said, start=2):
        if word in known or word[0].isdigit():
            before, after = folded[place - 2 : place], folded[place + 1 : place + 3]
            sides = {(one, at) for one, at in ((before[1], -1), (after[0], 1)) if one}
            around = {("", *before), (*after, ""), (before[1], "", after[0])}
            yield folded[place], sides, {one for one in around if one.count("") == 1 and not STOP_WORDS.issuperset(one)}


def _widened(words_of: re.Pattern[str], sentence: str, near: str) -> tuple[str, ...]:
    return tuple(word for word in words_of.findall(sentence) if word.casefold() not in near.casefold())


def _swapped(sentence: str, near: str) -> bool:
    """Whether the words around a comparison stand in the window the other way round."""
    for said in _COMPARATOR.finditer(sentence):
        left, right = (set(terms(part)) for part in (sentence[: said.start()], sentence[said.end() :]))
        sides = []
        for stated in _COMPARATOR.finditer(near):
            before, after = (set(terms(part)) for part in (near[: stated.start()], near[stated.end() :]))
            if _turned_round(said, sentence) != _turned_round(stated, near):
                continue  # "A is weaker than B" is "B surpasses A"
            crossed = min(len(left & (after - before)), len(right & (before - after)))
            straight = len(left & (before - after)) + len(right & (after - before))
            sides.append((len(left & (after - before)) + len(right & (before - after)) if crossed else 0, straight))
        if sides and max(crossed for crossed, _ in sides) > max(straight for _, straight in sides):
            return True
    return False


def _turned_round(comparison: re.Match[str], text: str) -> bool:
    """Whether the first side comes off worse: "A is weaker than B", "A is surpassed by B"."""
    passive = re.match(r" by\b", text[comparison.end() :])
    return bool(_WEAKER.search(text[: comparison.start()])) != bool(passive)
