"""A text of tagged lines in, its records out: RIS, EndNote's tags, PubMed's text and Web of Science's.

Each record is read by `rispy`. What it is given is one record with its lines, since rispy itself passes over a record
that has no end, takes two records for one if the line between them is missing, and does not say where a record stands.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

MAX_RECORD = 50_000
"""Most lines of a record: ten for each author of the longest list known."""


@dataclass(frozen=True, slots=True)
class Tags:
    """How a format marks its lines.

    `line` matches the start of a tagged line, with the tag as its group; `first` is the tag of a record's first line,
    and `last` that of its last one, "" if the format has none. `outside` are tags between the records, `once` those
    that a record has once: it is two if a line between them is missing. `broken` matches a line that is neither tagged
    nor the continuation of a text.
    """

    line: re.Pattern[str]
    first: str
    last: str = ""
    outside: frozenset[str] = frozenset()
    once: frozenset[str] = frozenset()
    broken: re.Pattern[str] = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class Record:
    """The texts of each tag, where the record starts, its lines, and what is wrong with it, if anything."""

    line: int
    lines: tuple[str, ...]
    fields: Mapping[str, list[str]]
    problem: str = ""

    def all(self, *tags: str) -> list[str]:
        """The texts of the first of these tags that has any."""
        return next((texts for tag in tags if (texts := [text for text in self.fields.get(tag, ()) if text])), [])

    def one(self, *tags: str) -> str:
        """The first text of the first of these tags that has any."""
        return next(iter(self.all(*tags)), "")

    def joined(self, *tags: str) -> str:
        """The lines of the first of these tags that has any, as one text."""
        return " ".join(self.all(*tags))

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def records(lines: Iterable[str], tags: Tags) -> Iterator[Record]:
    """The records of a text. What stands outside of them is a record with a problem."""
    gathered: list[str] = []
    start, raw = 0, ""
    for number, raw in enumerate(lines, start=1):
        line = raw.rstrip("\n")
        tag = match[1] if (match := tags.line.match(line)) else ""
        if tag in tags.outside or not (line.strip() or gathered):
            continue
        if (tag == tags.first or len(gathered) == MAX_RECORD) and gathered:
            yield _record(start, gathered, tags)
            gathered = []
        start = start if gathered else number
        gathered.append(line)
        if tags.last and tag == tags.last:
            yield _record(start, gathered, tags)
            gathered = []
    if any(map(str.strip, gathered)):
        yield _record(start, gathered, tags, last=True, cut=not raw.endswith("\n"))


def _record(start: int, lines: list[str], tags: Tags, *, last: bool = False, cut: bool = False) -> Record:
    given = [match[1] if (match := tags.line.match(line)) else "" for line in lines]
    if given[0] != tags.first:
        problem = f"stands outside of a record, which starts with {tags.first!r}"
        return Record(start, tuple(lines), {}, problem)
    if tags.last and given[-1] != tags.last:
        where = "the file ends" if last else "the next record starts"
        return Record(start, tuple(lines), {}, f"{where} before this record has its last line, {tags.last!r}")
    if cut:
        return Record(start, tuple(lines), {}, "the file ends in the middle of a line, so this record may not be whole")
    untagged = (line for line, tag in zip(lines, given, strict=True) if not tag)
    if line := next(filter(tags.broken.match, untagged), ""):
        return Record(start, tuple(lines), {}, f"has a line whose tag is damaged: {line[:40]!r}")
    if twice := [tag for tag in sorted(tags.once) if given.count(tag) > 1]:
        return Record(start, tuple(lines), {}, f"has {twice[0]!r} twice, so it may be two records in one")
    body = lines if tags.last else [*lines, _END]
    parsed = _parser(tags).parse_lines(iter(body))
    if not parsed:
        return Record(start, tuple(lines), {}, "cannot be read")
    fields = {tag: [texts] if isinstance(texts, str) else texts for tag, texts in parsed[0].items()}
    return Record(start, tuple(lines), fields)


_END = "\0end of the record"


class _AsItIs(dict[str, str]):
    """Maps every tag to itself."""

    def __missing__(self, tag: str) -> str:
        return tag


class _Every:
    """Has every tag: rispy keeps all texts of each."""

    def __contains__(self, tag: object) -> bool:
        return True


@functools.cache
def _parser(tags: Tags):  # type: ignore[no-untyped-def]  # noqa: ANN202 -- rispy has no types
    from rispy import RisParser

    class TagParser(RisParser):  # type: ignore[misc]
        START_TAG = tags.first
        END_TAG = tags.last or _END

        def parse_line(self, line: str) -> tuple[str | None, str]:
            match = tags.line.match(line)
            if line == _END:
                return _END, ""
            return (match[1], line[match.end() :].strip()) if match else (None, line.strip())

    return TagParser(mapping=_AsItIs(), list_tags=_Every(), delimiter_tags_mapping={})
