"""Prose in, as it comes; its sentences out with their marks, each once the next one has begun."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...core.records import fold
from ...core.text import Span, sentences
from .marks import LONGEST, Written, mentioned, name_of, parts, read

_LINE_START = re.compile(r"^\s*(?:[-*•–]\s+|\d{1,2}[.)]\s+|#+\s*|>\s*)")
_LEADING_MARKS = re.compile(r"\s*(?:(?:\[[^\[\]]{1,40}\]|【[^】]{1,40}】)[.,;]?\s*)+")
_LIST_OF_SOURCES = re.compile(
    r"^[^\w\n]*(?:references|sources|citations|bibliography|works cited)[^\w\n]*$", re.I | re.M
)
_LABEL = re.compile(r"^(?:final )?answer\s*:\s*", re.I)
_SPACE = re.compile(r"\s")
_FIRST_WORD = re.compile(r"\S+\s")
AT_TIMES = 16
"""What is pending is looked through again once it has grown by this part of itself."""


class Prose:
    """Reads prose; a list of sources at its end is left out."""

    def __init__(self, titles: Sequence[str]) -> None:
        self._titles = tuple(titles)
        self._pending = ""
        self._look_at = 0
        self._over = False

    def feed(self, piece: str) -> list[Written]:
        """The sentences that are whole now that `piece` came."""
        if self._over:
            return []
        self._pending = (self._pending + piece).lstrip()
        endless = len(self._pending) > LONGEST + LONGEST // AT_TIMES
        if not endless and (len(self._pending) < self._look_at or not _SPACE.search(piece)):
            return []  # no word has ended, or too little has come to look through all of it again
        self._look_at = len(self._pending) + len(self._pending) // AT_TIMES
        if _LIST_OF_SOURCES.search(self._pending):
            found = self.end()
            self._over = True
            return found
        places = _places(self._pending)
        if len(places) < 2:
            return self.end() if endless else []
        if not endless and not _FIRST_WORD.match(places[-1].of(self._pending)):
            return []  # where the next sentence begins can be told once its first word is there
        found = [written for place in places[:-1] for written in self._read(place.of(self._pending))]
        self._pending, self._look_at = self._pending[places[-1].start :], 0
        return found

    def end(self) -> list[Written]:
        """The sentences still held back."""
        if self._over:
            return []
        rest, self._pending, self._look_at = self._pending, "", 0
        if listed := _LIST_OF_SOURCES.search(rest):
            rest = rest[: listed.start()]
        return [written for place in _places(rest) for written in self._read(place.of(rest))]

    def _read(self, sentence: str) -> list[Written]:
        plain = _LABEL.sub("", _LINE_START.sub("", sentence)).replace("**", "").replace("__", "").strip()
        text, marks = read(plain, self._titles)
        for title in self._titles:
            for name in filter(None, (title, name_of(title))):
                text = re.sub(rf"^[\"“*]?{re.escape(name)}[\"”*]?\s*[:–—]\s+(?=\S)", "", text, flags=re.I)
        bare = fold(text).strip(" .:;\"'“”")
        if not any(c.isalnum() for c in text) or bare in {fold(title) for title in self._titles}:
            return []
        whole = f"{text}." if text[-1].isalnum() else text  # items of a list often go without a stop
        return [Written(whole, marks or mentioned(plain, self._titles))]


def _places(text: str) -> list[Span]:
    """Where the sentences stand, each with the marks that follow its stop; a line ends a sentence."""
    found: list[Span] = []
    for line in re.finditer(r"[^\n]+", text):
        for place in sentences(line.group()):
            start, end = line.start() + place.start, line.start() + place.end
            marks = _LEADING_MARKS.match(text, start, end) if found else None
            if marks:
                found[-1] = Span(found[-1].start, marks.end())
                start = marks.end()
            if start < end:
                found.append(Span(start, end))
    return [part for place in found for part in parts(place)]
