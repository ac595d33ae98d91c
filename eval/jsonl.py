"""JSON and JSONL files as records that know their file, line and field.

Errors name all three, because these files are written by hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from assistant.core.errors import AssistantError

_SHOWN = 60
"""Characters of a wrong value that an error quotes."""


class FormatError(AssistantError):
    """A file is not in the documented format. `line` counts from 1; 0 is the whole file."""

    def __init__(self, path: str, line: int, field: str, problem: str) -> None:
        place = path + (f", line {line}" if line else "") + (f", field {field!r}" if field else "")
        super().__init__(f"{place}: {problem}. The format is described in eval/README.md.")
        self.path, self.line, self.field, self.problem = path, line, field, problem


@dataclass(frozen=True, slots=True)
class Record:
    """One JSON object and its place; `within` is the field that contains it, "" at the top."""

    values: Mapping[str, object]
    path: str
    line: int
    within: str = ""

    def error(self, field: str, problem: str) -> FormatError:
        return FormatError(self.path, self.line, self._name(field), problem)

    def only(self, known: Iterable[str]) -> None:
        """Refuse fields outside `known`; otherwise a misspelt field would be ignored silently."""
        allowed = tuple(known)
        for field in self.values:
            if field not in allowed:
                raise self.error(field, f"is unknown; the fields are {', '.join(allowed)}")

    def has(self, field: str) -> bool:
        return self.values.get(field) is not None

    def text(self, field: str) -> str:
        """A string that is not blank."""
        value = self._required(field)
        if not isinstance(value, str) or not value.strip():
            raise self.error(field, f"must be a text that is not blank, is {_shown(value)}")
        return self._sound(field, value)

    def optional(self, field: str) -> str | None:
        """Like `text`, or None if the field is missing or null."""
        return self.text(field) if self.has(field) else None

    def texts(self, field: str) -> tuple[str, ...]:
        """A list of strings that are not blank; empty if the field is missing or null."""
        values = self._list(field)
        for value in values:
            if not isinstance(value, str) or not value.strip():
                raise self.error(field, f"must contain texts that are not blank, contains {_shown(value)}")
            self._sound(field, value)
        return tuple(str(value) for value in values)

    def flag(self, field: str) -> bool:
        value = self._required(field)
        if not isinstance(value, bool):
            raise self.error(field, f"must be true or false, is {_shown(value)}")
        return value

    def whole(self, field: str) -> int:
        """An integer of at least 0."""
        value = self._required(field)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.error(field, f"must be a whole number of at least 0, is {_shown(value)}")
        return value

    def number(self, field: str) -> float | None:
        """A finite number, or None if the field is missing or null."""
        value = self.values.get(field)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < float("inf"):
            raise self.error(field, f"must be a number or null, is {_shown(value)}")
        return float(value)

    def record(self, field: str) -> Record:
        value = self._required(field)
        if not isinstance(value, dict):
            raise self.error(field, f"must be an object, is {_shown(value)}")
        return Record(value, self.path, self.line, self._name(field))

    def records(self, field: str) -> tuple[Record, ...]:
        """A list of objects, each with its place, such as `nuggets[0]`; empty if the field is missing or null."""
        records = []
        for position, value in enumerate(self._list(field)):
            name = f"{self._name(field)}[{position}]"
            if not isinstance(value, dict):
                raise FormatError(self.path, self.line, name, f"must be an object, is {_shown(value)}")
            records.append(Record(value, self.path, self.line, name))
        return tuple(records)

    def _name(self, field: str) -> str:
        return f"{self.within}.{field}" if self.within and field else self.within or field

    def _required(self, field: str) -> object:
        if field not in self.values:
            raise self.error(field, "is missing")
        return self.values[field]

    def _list(self, field: str) -> list[object]:
        value = self.values.get(field)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.error(field, f"must be a list, is {_shown(value)}")
        return value

    def _sound(self, field: str, value: str) -> str:
        # JSON can contain half a surrogate pair, and then no report could be written, an hour later.
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise self.error(field, "contains half a surrogate pair, which is not a character")
        return value


def read_lines(path: str | Path) -> tuple[Record, ...]:
    """The objects of a JSONL file, one a line. Blank lines are skipped but counted."""
    name = str(path)
    records = []
    for number, line in enumerate(_text(path).split("\n"), start=1):
        if line.strip():
            records.append(_record(line, name, number))
    if not records:
        raise FormatError(name, 0, "", "contains no records")
    return tuple(records)


def read_object(path: str | Path) -> Record:
    """The one object of a JSON file."""
    return _record(_text(path), str(path), 0)


def _text(path: str | Path) -> str:
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(str(path), 0, "", f"is not UTF-8 (byte {error.start})") from error
    except OSError as error:
        raise FormatError(str(path), 0, "", f"cannot be read: {error.strerror or error}") from error


def _record(text: str, path: str, line: int) -> Record:
    try:
        value = json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise FormatError(path, line or error.lineno, "", f"is not JSON: {error.msg}, column {error.colno}") from error
    except _TwiceError as error:
        raise FormatError(path, line, str(error), "occurs twice in one object") from error
    except RecursionError as error:
        raise FormatError(path, line, "", "is nested too deeply") from error
    if not isinstance(value, dict):
        raise FormatError(path, line, "", f"must be an object, is {_shown(value)}")
    return Record(value, path, line)


class _TwiceError(Exception):
    """A key occurs twice in an object; JSON would silently keep the last."""


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        raise _TwiceError(next(name for name in names if names.count(name) > 1))
    return values


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
