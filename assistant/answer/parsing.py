"""Reads the sentences out of a language model's reply as it arrives, each as soon as it is complete.

The prompt asks for JSON. The reply may also be JSON inside a code fence or a letter, broken JSON, or prose with marks.

A mark is what stands for a source: `[1]`, `[1, 2]`, `[1][2]`, `[1-3]`, `【1†source】`, `(source 1)`, `[^1]`, a title in
brackets, or what looks like a citation of something that was never shown. Marks are passed on as written; what they
mean is decided elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..core.records import fold
from ..core.text import Span, sentences
from ..llm.embedded_json import Objects

LONGEST = 1000
"""Characters of a sentence. Checking takes the square of its length, so a longer one counts as several."""
LONGEST_RANGE = 20
"""Sources that "[1-20]" may name; a longer range is no mark."""
SHORT_NAME = 4
"""Letters that a name before a title's colon must have; a shorter one could be any word."""
GROWTH = 16
"""Pending prose is searched again only after it has grown by one part in so many."""

# -- marks

_WORD = r"(?:sources?|refs?\.?|references?|papers?|abstracts?|docs?|documents?|citations?|see)"
_NUMBER = rf"(?:{_WORD}\s*)?[#^]?(-?\d{{1,9}})"
_NUMBERS = re.compile(rf"{_NUMBER}(?:\s*(?:,|;|&|and|to|-|–|\s)\s*{_NUMBER})*", re.I)
_GROUP = re.compile(
    r"[\[【]([^\[\]【】]{1,300})[\]】]|\(([^()]{1,300})\)|(?<![¹²³⁴⁵⁶⁷⁸⁹])([¹²³⁴⁵⁶⁷⁸⁹]++)(?=[.,;]?\s*$)"
)
_CITATION = re.compile(r"et al|\b(?:19|20)\d\d[a-z]?\b|^[A-Z][\w-](?>[\w-]*?[ :,-])[\w :,-]*[\w-]$")
_AUTHOR_YEAR = re.compile(r"[A-Z][\w’'-]+(?: (?:et al\.?|and|&) ?(?:[A-Z][\w’'-]+)?)?,? (?:19|20)\d\d[a-z]?(?:;.*)?")
_SUPERSCRIPT = str.maketrans("¹²³⁴⁵⁶⁷⁸⁹", "123456789")


@dataclass(frozen=True, slots=True)
class Written:
    """A sentence as a model wrote it: its text, its marks, and its quote from the source, if it gives one."""

    text: str
    marks: tuple[str, ...]
    span: str = ""


def read_marks(sentence: str, titles: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The sentence without its marks, and the marks.

    >>> read_marks("Kites fly [1, 3] and fall【2】.", ())
    ('Kites fly and fall.', ('1', '3', '2'))
    """
    marks: list[str] = []

    def take(group: re.Match[str]) -> str:
        taken = _marks_of(group, titles)
        marks.extend(taken)
        return "" if taken else group.group()

    text = " ".join(_GROUP.sub(take, sentence).split())
    return re.sub(r"\s+([.,;:!?])", r"\1", text) if marks else text, tuple(dict.fromkeys(marks))


def _marks_of(group: re.Match[str], titles: Sequence[str]) -> tuple[str, ...]:
    square, round_, raised = group.groups()
    if raised:
        return tuple(raised.translate(_SUPERSCRIPT))
    inner = " ".join((square or round_).split("†")[0].split())
    if _NUMBERS.fullmatch(inner) and (square or re.match(_WORD, inner, re.I)):
        return _expanded(inner)
    if titled := _titled(inner, titles):
        return titled
    citation = (_CITATION.search(inner) and len(inner) > SHORT_NAME) if square else _AUTHOR_YEAR.fullmatch(inner)
    return (inner,) if citation else ()


def _expanded(inner: str) -> tuple[str, ...]:
    """The numbers of "1, 3-5" one by one; of a range that is too long, its ends."""
    numbers: list[str] = []
    for first, last, alone in re.findall(r"(\d+)\s*(?:-|–|to)\s*(\d+)|(-?\d+)", inner):
        if alone:
            numbers.append(alone)
        elif int(first) < int(last) <= int(first) + LONGEST_RANGE:
            numbers += [str(n) for n in range(int(first), int(last) + 1)]
        else:
            numbers += [first, last]
    return tuple(numbers)


def _titled(words: str, titles: Sequence[str]) -> tuple[str, ...]:
    """The number of the source whose title, whole or up to its colon, is `words`; () for none or several."""
    wanted = fold(words.strip(" \"'“”‘’*_.,:;"))
    whole = [n for n, title in enumerate(titles, start=1) if fold(title) == wanted]
    short = [n for n, title in enumerate(titles, start=1) if fold(_name_in(title)) == wanted != ""]
    numbers = whole or short
    return (str(numbers[0]),) if len(numbers) == 1 else ()


def _mentioned(text: str, titles: Sequence[str]) -> tuple[str, ...]:
    """The numbers of the sources whose title, or the name before its colon, occurs in a text."""
    folded = fold(text)
    return tuple(
        str(n)
        for n, title in enumerate(titles, start=1)
        if fold(title) in folded or (_name_in(title) and re.search(rf"(?<!\w){re.escape(_name_in(title))}(?!\w)", text))
    )


def _name_in(title: str) -> str:
    """The name before a title's colon, unless it is so short that it could be any word."""
    name, colon, _ = title.partition(":")
    return name.strip() if colon and len(name.strip()) >= SHORT_NAME else ""


def _cut_to_length(sentence: Span) -> list[Span]:
    """The sentence in parts short enough to check."""
    return [Span(start, min(start + LONGEST, sentence.end)) for start in range(sentence.start, sentence.end, LONGEST)]


# -- prose

_LINE_START = re.compile(r"^\s*(?:[-*•–]\s+|\d{1,2}[.)]\s+|#+\s*|>\s*)")
_LEADING_MARKS = re.compile(r"\s*(?:(?:\[[^\[\]]{1,40}\]|【[^】]{1,40}】)[.,;]?\s*)+")
_LIST_OF_SOURCES = re.compile(
    r"^[^\w\n]*(?:references|sources|citations|bibliography|works cited)[^\w\n]*$", re.I | re.M
)
_LABEL = re.compile(r"^(?:final )?answer\s*:\s*", re.I)
_SPACE = re.compile(r"\s")
_FIRST_WORD = re.compile(r"\S+\s")


class Prose:
    """Reads prose, each sentence once the next one has begun. A list of sources at the end is left out."""

    def __init__(self, titles: Sequence[str]) -> None:
        self._titles = tuple(titles)
        self._pending = ""
        self._search_at = 0
        self._ended = False

    def feed(self, piece: str) -> list[Written]:
        """The sentences that `piece` completes."""
        if self._ended:
            return []
        self._pending = (self._pending + piece).lstrip()
        endless = len(self._pending) > LONGEST + LONGEST // GROWTH
        if not endless and (len(self._pending) < self._search_at or not _SPACE.search(piece)):
            return []  # no word has ended, or too little is new to search all of it again
        self._search_at = len(self._pending) + len(self._pending) // GROWTH
        if _LIST_OF_SOURCES.search(self._pending):
            complete = self.end()
            self._ended = True
            return complete
        spans = _sentence_spans(self._pending)
        if len(spans) < 2:
            return self.end() if endless else []
        if not endless and not _FIRST_WORD.match(spans[-1].of(self._pending)):
            return []  # without its first word it is unclear where the next sentence begins
        complete = [written for span in spans[:-1] for written in self._read(span.of(self._pending))]
        self._pending, self._search_at = self._pending[spans[-1].start :], 0
        return complete

    def end(self) -> list[Written]:
        """The sentences still pending."""
        if self._ended:
            return []
        rest, self._pending, self._search_at = self._pending, "", 0
        if heading := _LIST_OF_SOURCES.search(rest):
            rest = rest[: heading.start()]
        return [written for span in _sentence_spans(rest) for written in self._read(span.of(rest))]

    def _read(self, sentence: str) -> list[Written]:
        plain = _LABEL.sub("", _LINE_START.sub("", sentence)).replace("**", "").replace("__", "").strip()
        text, marks = read_marks(plain, self._titles)
        for title in self._titles:
            for name in filter(None, (title, _name_in(title))):
                text = re.sub(rf"^[\"“*]?{re.escape(name)}[\"”*]?\s*[:–—]\s+(?=\S)", "", text, flags=re.I)
        bare = fold(text).strip(" .:;\"'“”")
        if not any(c.isalnum() for c in text) or bare in {fold(title) for title in self._titles}:
            return []
        whole = f"{text}." if text[-1].isalnum() else text  # list items often lack a full stop
        return [Written(whole, marks or _mentioned(plain, self._titles))]


def _sentence_spans(text: str) -> list[Span]:
    """Each sentence with the marks after its full stop; the end of a line ends a sentence."""
    spans: list[Span] = []
    for line in re.finditer(r"[^\n]+", text):
        for span in sentences(line.group()):
            start, end = line.start() + span.start, line.start() + span.end
            marks = _LEADING_MARKS.match(text, start, end) if spans else None
            if marks:
                spans[-1] = Span(spans[-1].start, marks.end())
                start = marks.end()
            if start < end:
                spans.append(Span(start, end))
    return [part for span in spans for part in _cut_to_length(span)]


# -- JSON

_JSON = re.compile(r"\{\s*\"|\[\s*\{")
_LIKE_JSON = re.compile(r"[\[{]\s*$|```\w*\s*$")
_TEXT = ("text", "sentence", "claim", "statement", "answer")
_SPAN = ("quote", "span", "evidence", "excerpt", "support", "passage")
_MARKS = ("source", "sources", "citation", "citations", "mark", "marks", "reference", "references", "ref", "refs", "n")
_NOT_THERE = re.compile(
    r"\b(?:sources?|abstracts?|papers?|passages?|documents?|context|texts?|they)\b[^.]{0,60}"
    r"\b(?:do(?:es)? not|don['’]t|doesn['’]t|did not|never|cannot|no)\b|"
    r"\bnot (?:\w+ ){0,3}(?:in|by|from) (?:any of )?the (?:\w+ )?(?:sources?|abstracts?|papers?|passages?)|"
    r"\b(?:cannot|can['’]t|unable to|not able to) (?:be )?(?:answer|determin|say|tell|find)",
    re.I,
)


class Parser:
    """Reads one reply.

    `titles` are those of the sources, in the order of their numbers. A repeated sentence is left out; `loops` counts
    the repetitions in a row. `declined` is set by `end` if the reply says that the sources do not answer.
    """

    def __init__(self, titles: Sequence[str]) -> None:
        self._titles = tuple(titles)
        self._objects: Objects | None = None
        self._prose = Prose(self._titles)
        self._pieces: list[str] = []
        self._opening = ""
        self._seen: set[tuple[str, tuple[str, ...]]] = set()
        self._without_marks: list[Written] = []
        self._refused = False
        self.loops = 0
        self.declined = False

    def feed(self, piece: str) -> list[Written]:
        """The sentences that `piece` completes."""
        if self._objects is not None:
            return self._new(self._from_objects(self._objects.feed(piece)))
        self._pieces.append(piece)
        begun = self._opening + piece
        begins = _JSON.search(begun)
        if begins:
            self._objects = Objects()
            self._without_marks.clear()  # a letter before the JSON holds no sentences
            return self._new(self._from_objects(self._objects.feed(begun[begins.start() :])))
        self._opening = last if (last := begun.rstrip()[-1:]) in ("[", "{") else ""
        return self._new(self._marked(self._prose.feed(piece)))

    def end(self) -> list[Written]:
        """The sentences still pending: the last one of prose, and those without a mark."""
        last: list[Written] = []
        prose = "".join(self._pieces) if self._objects is None else ""
        if self._objects is None and not _LIKE_JSON.search(prose):
            last = self._new([*self._marked(self._prose.end()), *self._without_marks])
        marked = any(marks for _, marks in self._seen)
        self.declined = not marked and (self._refused or bool(_NOT_THERE.search(prose)))
        return [] if self.declined else last

    def _marked(self, written: Iterable[Written]) -> list[Written]:
        """The sentences up to the last one with a mark; those after it wait for the next mark."""
        ready: list[Written] = []
        for one in written:
            self._without_marks.append(one)
            if one.marks:
                ready += self._without_marks
                self._without_marks = []
        return ready

    def _from_objects(self, objects: Iterable[Mapping[str, Any]]) -> list[Written]:
        written = []
        for one in objects:
            if one.get("answered") is False or one.get("answerable") is False:
                self._refused = True
            written += self._from_object(one)
        return written

    def _from_object(self, one: Mapping[str, Any]) -> list[Written]:
        text = next((one[key] for key in _TEXT if isinstance(one.get(key), str)), "")
        sources = next((one[key] for key in _MARKS if one.get(key) not in (None, "", [])), None)
        quote = next((_words(one[key]) for key in _SPAN if _words(one.get(key))), "")
        if not text.strip():
            return []
        if sources is None and not quote:
            prose = Prose(self._titles)
            return [*prose.feed(text), *prose.end()]
        nested = (item for key in _MARKS for item in _as_list(one.get(key)) if isinstance(item, Mapping))
        quote = quote or next((_words(item, _SPAN) for item in nested), "")
        marks = [mark for item in _as_list(sources)[:LONGEST_RANGE] for mark in self._marks(item)]
        written = []
        for span in (part for whole in sentences(text) for part in _cut_to_length(whole)):
            bare, inline = read_marks(span.of(text), self._titles)
            written.append(Written(bare, tuple(dict.fromkeys((*marks, *inline))), quote))
        return [sentence for sentence in written if any(c.isalnum() for c in sentence.text)]

    def _marks(self, source: Any) -> tuple[str, ...]:
        """The marks in a "source", whatever its form."""
        if isinstance(source, Mapping):
            return tuple(mark for key in _MARKS if key in source for mark in self._marks(source[key]))
        if isinstance(source, bool) or source is None:
            return ()
        if isinstance(source, int | float):
            return (f"{source:g}",)
        words = str(source).strip()
        _, inline = read_marks(f"[{words.strip('[]')}]", self._titles)
        return inline or _titled(words, self._titles) or (words,)

    def _new(self, written: Iterable[Written]) -> list[Written]:
        new = []
        for one in written:
            key = fold(one.text), one.marks
            self.loops = self.loops + 1 if key in self._seen else 0
            if key not in self._seen:
                self._seen.add(key)
                new.append(one)
        return new


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _words(value: Any, keys: Sequence[str] = ()) -> str:
    """The text of a string, of all strings in a list, or of an object under one of `keys`."""
    if isinstance(value, Mapping):
        return next((_words(value[key]) for key in keys if key in value), "")
    if isinstance(value, list):
        return " ... ".join(filter(None, (_words(item, keys) for item in value)))
    return value.strip() if isinstance(value, str) else ""
