"""A string in; its sentences, words, stems, numbers or names out.

Pure functions over plain strings. The sentence splitter is our own: those of other libraries split "e.g. GPT-4" and
"Fig. 3" in two, and a citation is a sentence.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import Stemmer  # type: ignore[import-not-found]  # a compiled module without stubs

_ABBREVIATIONS = frozenset(
    """al alg algs avg ca cf ch co def dept dr e.g eq eqs est etc fig figs i.e i.i.d a.k.a inc incl lem ltd mr mrs ms no
    nos p pp prof prop approx ref refs resp s.t sec secs st tab tabs thm univ viz vol vs w.r.t
    jan feb apr jun jul aug sept oct nov dec""".split()
)
_NEVER_LAST = frozenset(
    "alg algs approx ca cf dr e.g eq eqs fig figs i.e lem mr mrs ms prof resp sec secs thm viz vs w.r.t".split()
)
"""Abbreviations that never end a sentence; the others may, before a word that starts one."""
_STARTERS = frozenset(
    """the a an we our in this these that those it its they their he she however moreover furthermore for to
    as by with on from at when while although though experiments results code additionally finally here
    extensive specifically based using unlike despite to""".split()
)
_BREAK = re.compile(r"""(?<![.!?。！？])([.!?。！？]+)(["'”’)\]}]*\.?)(\s+|(?<=[。！？])|(?=[A-Z][a-z]+\s)|$)""")
_OPENING = "\"'“‘([{$\\~*`"
_LATEX = re.compile(r"""["'“‘(\[]*(?:\$|\\[(a-zA-Z])""")
"""A formula or command, which may start a sentence in lower case: "It works. $k$ is small."."""
_SMALL_NAME = re.compile(r"[a-z]{1,4}[A-Z]")
"""A name that opens a sentence in lower case: "mSLAM", "iBOT"."""

_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # a control sequence, as for colours
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"  # a control string: a title
    r"|\x1b[ -/]*[0-~]"  # any other escape
)
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)  # C0 except tab and line feed, C1, direction marks, lone surrogates

STOP_WORDS = frozenset(
    """a about above after again all also am an and any are as at be because been before being below between
    both but by can could did do does doing done down during each few for from further get give given gives
    had has have having he her here hers him his how i if in into is it its itself just let like ll many me more
    most much my no nor not now of off on once only or other our ours out over own please s same she should so
    some such t tell than that the their them then there these they this those through to too under until
    up us use used uses using very via want was we were what when where which while who whom whose why will
    with within without would you your paper papers work works propose proposes proposed show shows
    find anyone anything something im whats does there's""".split()
)

_WORD = re.compile(r"[^\W_]+(?:[-.'’+/][^\W_]+)*[+]*", re.UNICODE)
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_BESIDE_CJK = re.compile(rf"(?<={_CJK.pattern})(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])(?={_CJK.pattern})")
_NUMBER = re.compile(
    r"(?<![\w.])(?:[$€£]\s?)?(\d+(?:,\d{3})+|\d+)(\.\d+)?"
    r"(?:\s?(%|percent\b|×|x\b|k\b|m\b|b\b|t\b|thousand\b|million\b|billion\b|trillion\b|-?fold\b|times\b))?",
    re.IGNORECASE,
)
_SCALES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "b": 1e9, "billion": 1e9, "t": 1e12, "trillion": 1e12}
_UNITS = {"%": "%", "percent": "%", "×": "x", "x": "x", "fold": "x", "-fold": "x", "times": "x"}
_SPELT = {
    word: float(value)
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen".split()
    )
} | {"twenty": 20.0, "thirty": 30.0, "forty": 40.0, "fifty": 50.0, "hundred": 100.0, "half": 0.5, "twice": 2.0}


class _Stemmer(threading.local):
    """Snowball's English stemmer, one per thread: a stemmer keeps its current word in itself.

    Four threads that shared a pure Python one got 3,800 of 80,000 words wrong and raised 843 errors. This one, in C,
    gives the same stems in 0.4 us a word instead of 17, so it needs neither a lock nor a cache.
    """

    def __init__(self) -> None:
        self.english = Stemmer.Stemmer("english", 0)  # 0: without a cache of its own


_STEMMER = _Stemmer()


def clean(text: str) -> str:
    """`text` without what could control a terminal: escape sequences, control characters, direction marks."""
    return _CONTROLS.sub("", _ESCAPES.sub("", text))


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open slice of a string, in characters."""

    start: int
    end: int

    def of(self, text: str) -> str:
        return text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Number:
    """A number: its value, its unit ("%", "x" or "") and its text as written."""

    value: float
    unit: str
    text: str


def counted(number: int, what: str) -> str:
    """A number and a noun that agree.

    >>> counted(1, "paper"), counted(1828, "paper")
    ('1 paper', '1,828 papers')
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def sentences(text: str) -> list[Span]:
    """The sentences of `text` in order, without the white space around them; nothing else is left out.

    >>> text = "RAG (Lewis et al. 2020) wins. See Fig. 3."
    >>> [span.of(text) for span in sentences(text)]
    ['RAG (Lewis et al. 2020) wins.', 'See Fig. 3.']
    """
    spans: list[Span] = []
    start = 0
    for match in _BREAK.finditer(text):
        if _ends_sentence(text, match):
            spans.extend(_trimmed(text, start, match.end(2)))
            start = match.end(2)
    spans.extend(_trimmed(text, start, len(text)))
    return spans


def _ends_sentence(text: str, match: re.Match[str]) -> bool:
    marks, rest = match.group(1), text[match.end() : match.end() + 64]
    if marks[0] in "!?。！？" and marks[-1] != ".":
        return not rest or marks[0] in "。！？" or not rest.lstrip(_OPENING)[:1].islower()
    before = text[max(0, match.start() - 24) : match.start()].split()
    word = before[-1].lstrip(_OPENING) if before and not text[match.start() - 1].isspace() else ""
    if not match.group(3):  # no space: "performance.Extensive experiments", but not "Node.js" or an address
        return not rest or (len(word) > 3 and word.isalpha() and word.islower())
    if not rest:
        return True
    following = rest.lstrip(_OPENING).split(maxsplit=1)[0] if rest.lstrip(_OPENING) else ""
    if following[:1].islower() and not _LATEX.match(rest) and not _SMALL_NAME.match(following):
        return False
    folded = word.rstrip(".").casefold()
    starts = following.rstrip(",.:;").casefold() in _STARTERS
    if folded in _NEVER_LAST:
        return False
    if folded in _ABBREVIATIONS:
        return starts and folded not in ("no", "p", "st")
    if re.fullmatch(r"(?:[a-z]\.)+[a-z]", folded) or (len(word) == 1 and word.isupper() and len(before) > 1):
        return starts  # "U.S. Government" and "J. Doe" go on; "in the U.S. We" does not
    return not re.fullmatch(r"\(?(?:\d{1,2}|[ivx]{1,4})", word) or not _is_item(text, match.start() - len(word))


def _is_item(text: str, start: int) -> bool:
    """Whether a short numeral before a full stop starts a list item, as in "1. First"."""
    before = text[max(0, start - 64) : start].rstrip()
    last = before.split()[-1] if before else ""
    return not before or (before[-1] in ".:;!?" and last.rstrip(".").casefold() not in _ABBREVIATIONS)


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield Span(start, end)


def words(text: str) -> list[str]:
    """The words of `text` as written: "GPT-4", "wasn't" and "3.5" are one word each; each CJK character is one."""
    return _WORD.findall(_CJK.sub(r" \g<0> ", text))


def apart(text: str) -> str:
    """The text with a space wherever Chinese, Japanese or Korean and other characters meet: "用BERT" is "用 BERT"."""
    return _BESIDE_CJK.sub(" ", text)


def stem(word: str) -> str:
    """The Snowball (English) stem of one word, casefolded."""
    return stems([word])[0]


def stems(some_words: Iterable[str]) -> list[str]:
    """The stem of each word."""
    folded = [word.casefold().removesuffix("'s").removesuffix("’s") for word in some_words]
    return list(_STEMMER.english.stemWords(folded))


def parts(word: str) -> list[str]:
    """A compound word's parts: `"retrieval-augmented"` -> `["retrieval", "augmented"]`; [] for a plain one."""
    if word.isalnum():
        return []
    pieces = [p for p in re.split(r"[-./+'’]", word) if p]
    return [] if pieces == [word] or word.replace(".", "").isdigit() else pieces


def terms(text: str) -> list[str]:
    """The stems used for searching and comparing: without stop words, compounds whole and in parts.

    >>> terms("Retrieval-augmented GPT-4")
    ['retrieval-aug', 'retriev', 'augment', 'gpt-4', 'gpt', '4']
    """
    return stems([w for word in words(text) for w in (word, *parts(word)) if w.casefold() not in STOP_WORDS])


def stems_of(text: str) -> frozenset[str]:
    """The stems of the content words of `text`, compounds whole and in parts."""
    return frozenset(stems([piece for word in content_words(text) for piece in (word, *parts(word))]))


def content_words(text: str) -> list[str]:
    """The words of `text` as written that are not stop words."""
    return [word for word in words(text) if word.casefold() not in STOP_WORDS]


def numbers(text: str) -> list[Number]:
    """The numbers of `text`: "1,024", "3.5%", "70B" (7e10), "2.5x", and those spelt out up to fifty."""
    result = []
    for match in _NUMBER.finditer(text):
        value = float(match.group(1).replace(",", "") + (match.group(2) or ""))
        unit = (match.group(3) or "").casefold()
        result.append(Number(value * _SCALES.get(unit, 1.0), _UNITS.get(unit, ""), match.group().strip()))
    result.extend(Number(_SPELT[w.casefold()], "", w) for w in words(text) if w.casefold() in _SPELT)
    return result


def names(text: str) -> list[str]:
    """The words of `text` that look like names ("RocketQA", "GPT-4", "BM25", "Adam").

    They have a capital after their first letter, a digit beside letters, or a capital that does not start a sentence.
    """
    return list(dict.fromkeys(name for span in sentences(text) for name in _names_of_sentence(span.of(text))))


def _names_of_sentence(sentence: str) -> Iterable[str]:
    for position, word in enumerate(words(sentence)):
        if word.casefold() in STOP_WORDS or len(word) < 2 or word.isdigit():
            continue
        letters = [c for c in word if c.isalpha()]
        mixed = any(c.isupper() for c in word[1:]) or (letters and any(c.isdigit() for c in word))
        if mixed or (position > 0 and word[0].isupper()):
            yield word
