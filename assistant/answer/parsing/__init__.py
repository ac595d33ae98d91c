"""A model's words in, as they come; the sentences it wrote out, each as soon as it is whole.

Asked for is JSON. What comes may also be JSON within a fence or a letter, broken JSON, or prose with marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...core.records import fold
from ...core.text import sentences
from ...llm.embedded_json import Objects
from .marks import LONGEST_RANGE, Written, parts, read, titled
from .prose import Prose

__all__ = ["Parser", "Written"]

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
    """Reads one reply. `declined` once it is at its end: the reply says that the sources do not answer.

    titles: those of the sources, in the order of their numbers. A sentence said before is not said again; `loops`
    counts how often it was, in a row.
    """

    def __init__(self, titles: Sequence[str]) -> None:
        self._titles = tuple(titles)
        self._objects: Objects | None = None
        self._prose = Prose(self._titles)
        self._said: list[str] = []
        self._opening = ""
        self._seen: set[tuple[str, tuple[str, ...]]] = set()
        self._without_marks: list[Written] = []
        self._refused = False
        self.loops = 0
        self.declined = False

    def feed(self, piece: str) -> list[Written]:
        """The sentences that are whole now that `piece` came."""
        if self._objects is not None:
            return self._fresh(self._of_objects(self._objects.feed(piece)))
        self._said.append(piece)
        begun = self._opening + piece
        begins = _JSON.search(begun)
        if begins:
            self._objects = Objects()
            self._without_marks.clear()  # a letter before the JSON says nothing
            return self._fresh(self._of_objects(self._objects.feed(begun[begins.start() :])))
        self._opening = last if (last := begun.rstrip()[-1:]) in ("[", "{") else ""
        return self._fresh(self._marked(self._prose.feed(piece)))

    def end(self) -> list[Written]:
        """What was still held back: a last sentence of prose, and those without a mark."""
        last: list[Written] = []
        words = "".join(self._said) if self._objects is None else ""
        if self._objects is None and not _LIKE_JSON.search(words):
            last = self._fresh([*self._marked(self._prose.end()), *self._without_marks])
        marked = any(marks for _, marks in self._seen)
        self.declined = not marked and (self._refused or bool(_NOT_THERE.search(words)))
        return [] if self.declined else last

    def _marked(self, written: Iterable[Written]) -> list[Written]:
        """The sentences up to the last one that bears a mark; those after it wait for one that does."""
        found: list[Written] = []
        for one in written:
            self._without_marks.append(one)
            if one.marks:
                found += self._without_marks
                self._without_marks = []
        return found

    def _of_objects(self, objects: Iterable[Mapping[str, Any]]) -> list[Written]:
        found = []
        for one in objects:
            if one.get("answered") is False or one.get("answerable") is False:
                self._refused = True
            found += self._of_object(one)
        return found

    def _of_object(self, one: Mapping[str, Any]) -> list[Written]:
        text = next((one[key] for key in _TEXT if isinstance(one.get(key), str)), "")
        given = next((one[key] for key in _MARKS if one.get(key) not in (None, "", [])), None)
        span = next((_words(one[key]) for key in _SPAN if _words(one.get(key))), "")
        if not text.strip():
            return []
        if given is None and not span:
            prose = Prose(self._titles)
            return [*prose.feed(text), *prose.end()]
        objects = (item for key in _MARKS for item in _listed(one.get(key)) if isinstance(item, Mapping))
        inner = next((_words(item, _SPAN) for item in objects), "")
        marks = tuple(dict.fromkeys(mark for item in _listed(given)[:LONGEST_RANGE] for mark in self._marks(item)))
        found = []
        for place in (part for whole in sentences(text) for part in parts(whole)):
            bare, inline = read(place.of(text), self._titles)
            found.append(Written(bare, tuple(dict.fromkeys((*marks, *inline))), span or inner))
        return [one for one in found if any(c.isalnum() for c in one.text)]

    def _marks(self, given: Any) -> tuple[str, ...]:
        """The marks of a "source", in whatever form it is given."""
        if isinstance(given, Mapping):
            return tuple(mark for key in _MARKS if key in given for mark in self._marks(given[key]))
        if isinstance(given, bool) or given is None:
            return ()
        if isinstance(given, int | float):
            return (f"{given:g}",)
        words = str(given).strip()
        _, inline = read(f"[{words.strip('[]')}]", self._titles)
        return inline or titled(words, self._titles) or (words,)

    def _fresh(self, written: Iterable[Written]) -> list[Written]:
        found = []
        for one in written:
            key = fold(one.text), one.marks
            self.loops = self.loops + 1 if key in self._seen else 0
            if key not in self._seen:
                self._seen.add(key)
                found.append(one)
        return found


def _listed(given: Any) -> list[Any]:
    return given if isinstance(given, list) else [given]


def _words(given: Any, keys: Sequence[str] = ()) -> str:
    """A text, the first of a list, or that of an object under one of `keys`."""
    if isinstance(given, Mapping):
        return next((_words(given[key]) for key in keys if key in given), "")
    if isinstance(given, list):
        return " ... ".join(filter(None, (_words(item, keys) for item in given)))
    return given.strip() if isinstance(given, str) else ""
