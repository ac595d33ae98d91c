"""A source of chance in; absurd texts, values, bodies, events, calls and files out, of which each is nearly right.

What is nearly right reaches deeper than noise: a known question with a bidirectional mark in it, a right body with one
field of another type, an exported file with bytes that changed.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .fuzz import damaged

ODD = [
    *(
        "\0",
        "\ud800",
        "\u202e",
        "\u200b",
        "\ufeff",
        "e\u0301" * 9,
        "\U0001f9ff",
        "ﷺ",
        "İ",
        "ß",
        "　",
        "\r\n",
        "\t",
        "\x1b[31m",
    ),
    *(
        "“",
        "'",
        '"',
        "\\",
        "[1]",
        "[99]",
        "$x^2$",
        "\\frac{a}{b}",
        "<script>",
        "&amp;",
        "%s",
        "{}",
        "`",
        "```",
        "||",
        "#",
    ),
    *("not", "without", "since 2099", "before 0", "in 99999", "page -1", "' or 1=1 --", "NEAR(", "*", "(", "a" * 300),
    *("which", "and", "or", "it", "the first", "compare", "vs", "how many", "?", "??", "...", "1e309", "NaN", "٣", "½"),
]
"""Pieces that end, escape or mean something somewhere."""
LONGEST = 6000
"""Characters of the longest text, above what a question may have."""
VALUES: list[Any] = [None, True, 0, -1, 1e308, 2**70, "", " ", [], {}, [[]], "\ud800", "0" * 1000, {"a": {"b": [None]}}]


class Absurd:
    """Makes what no careful caller sends; `questions` are those that a careful one asks."""

    def __init__(self, chance: random.Random, questions: Sequence[str]) -> None:
        self._chance, self._questions = chance, questions

    def text(self) -> str:
        """A question with some faults."""
        text = self._chance.choice(self._questions)
        for _ in range(self._chance.choice([0, 1, 1, 2, 5])):
            text = self._changed(text)
        return text[:LONGEST]

    def _changed(self, text: str) -> str:
        chance = self._chance
        at, to = sorted(chance.randrange(len(text) + 1) for _ in range(2))
        words = text.split()
        match chance.randrange(9):
            case 0:
                return text[:at] + text[to:]
            case 1:
                return text[:at] + text[at:to] * chance.choice([2, 3, 50, 500]) + text[to:]
            case 2 | 3:
                return text[:at] + chance.choice(ODD) + text[at:]
            case 4:
                chance.shuffle(words)
                return " ".join(words)
            case 5:
                return f"{text} {chance.choice(self._questions)}"
            case 6:
                return chance.choice([text.upper(), text.swapcase(), text[::-1], text.replace(" ", "")])
            case 7:
                return "".join(chance.choices(ODD, k=chance.randrange(1, 30)))
            case _:
                return text[:at] + chr(chance.randrange(0x110000)) + text[at:]

    def value(self, schema: Mapping[str, Any], schemas: Mapping[str, Any], *, depth: int = 0) -> Any:
        """A value that fits a JSON schema, most of the time."""
        chance = self._chance
        if "$ref" in schema:
            schema = schemas.get(schema["$ref"].rpartition("/")[2], {})
        if chance.random() < 0.08 or depth > 6:
            return chance.choice(VALUES)
        if options := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
            return self.value(chance.choice(options), schemas, depth=depth + 1)
        if choices := schema.get("enum"):
            return chance.choice(choices)
        match schema.get("type"):
            case "object":
                fields = schema.get("properties", {})
                asked = {*schema.get("required", ())}
                given = [name for name in fields if name in asked or chance.random() < 0.3]
                return {name: self.value(fields[name], schemas, depth=depth + 1) for name in given}
            case "array":
                items = schema.get("items", {})
                return [self.value(items, schemas, depth=depth + 1) for _ in range(chance.choice([0, 1, 1, 3]))]
            case "integer" | "number":
                return chance.choice([0, 1, 2, 5, 20, -1, 10**9])
            case "boolean":
                return chance.random() < 0.5
            case _:
                return chance.choice([self.text(), chance.choice(ODD), "2024", "2024-02-30", "x"])

    def body(self, value: Any) -> bytes:
        """JSON of a value; now and then with a few bytes that changed."""
        data = json.dumps(value).encode()
        return damaged(data, self._chance) if self._chance.random() < 0.1 else data

    def event(self, event: dict[str, Any]) -> dict[str, Any]:
        """An event, with a field of another value or without it."""
        made: dict[str, Any] = json.loads(json.dumps(event))
        for _ in range(self._chance.choice([0, 1, 1, 2])):
            inside = self._chance.choice([made, *(one for one in made.values() if isinstance(one, dict))])
            if inside:
                field = self._chance.choice(sorted(inside))
                inside[field] = self._chance.choice([*VALUES, self.text()])
                if self._chance.random() < 0.3:
                    del inside[field]
        return made

    def file(self, files: Sequence[Path]) -> tuple[str, bytes]:
        """A name, and the bytes of a file with some faults; rarely under the name of another format."""
        path = self._chance.choice(files)
        data = path.read_bytes()
        for _ in range(self._chance.choice([0, 1, 2, 5])):
            data = damaged(data, self._chance) or b"?"
        name = path.name if self._chance.random() < 0.8 else self._chance.choice(files).name
        return name, data
