"""JSON and JSON lines in, raw papers out: each object by the keys that its database gives it.

`shapes` has one function for each: CSL and Crossref, OpenAlex, Semantic Scholar, arXiv's snapshot, and plain fields.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .opening import HEAD, Content, Unreadable
from .raw import RawPaper
from .shapes import SHAPES, plain, shape_of

ENVELOPES = ("results", "data", "items", "papers", "records", "references", "message", "works")
"""Keys under which databases and programs put the list of papers."""

Shape = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def raw_papers_as(name: str) -> Callable[[Content, Mapping[str, str]], Iterator[RawPaper]]:
    """What reads JSON whose objects have the shape of that name, or with "" that which their keys show."""

    def raw_papers(content: Content, columns: Mapping[str, str]) -> Iterator[RawPaper]:
        form = SHAPES.get(name)
        for number, value, text in _values(content):
            if isinstance(value, str):
                yield RawPaper(line=number, text=text, problem=value)
            else:
                yield _entry(number, value, text, form, columns)

    return raw_papers


def _values(content: Content) -> Iterator[tuple[int, dict[str, Any] | str, str]]:
    """Each object with its line, or its number in a document, and its text; or what is wrong in place of the object."""
    if _is_lines(content.head):
        for number, line in enumerate(content.lines(), start=1):
            if line.strip():
                whole = _loaded(line)
                for place, value in enumerate(_unpacked(whole), start=1):
                    alone = value is whole
                    yield number if alone else place, value, line if alone else ""
        return
    value = _loaded(content.text())
    if isinstance(value, str):
        raise Unreadable(value)
    for number, one in enumerate(_unpacked(value), start=1):
        yield number, one, ""


def _is_lines(head: bytes) -> bool:
    """Whether the first line that is not blank is a whole object, and no list of them."""
    for line in head.removeprefix(b"\xef\xbb\xbf").splitlines(keepends=True)[:100]:
        if line.strip():
            whole = len(line) < HEAD and line.lstrip().startswith(b"{")
            return whole and isinstance(_loaded(line.decode(errors="surrogateescape")), dict)
    return False


def _loaded(text: str) -> Any:
    """The value of a JSON text, or why it is none."""
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_refused)
    except RecursionError:
        return "is not JSON that can be read: it is nested too deeply"
    except ValueError as error:
        return f"is not JSON ({error})"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; a key that stands twice shows that something between two objects is missing."""
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return value


def _refused(name: str) -> None:
    """NaN and the infinities are no JSON; of some exports they are what is missing."""
    return None


def _unpacked(value: Any) -> Iterator[dict[str, Any] | str]:
    """The objects in a value: a list, an object that has a list of papers, or an object that is one."""
    if isinstance(value, list):
        for one in value:
            yield one if isinstance(one, dict) else "is no object with fields"
    elif isinstance(value, dict):
        inner = next((value[key] for key in ENVELOPES if isinstance(value.get(key), list | dict)), None)
        yield from _unpacked(inner) if inner is not None and "title" not in value else iter([value])
    else:
        yield value if isinstance(value, str) and value.startswith("is not JSON") else "is no object with fields"


def _entry(number: int, value: dict[str, Any], text: str, form: Shape | None, columns: Mapping[str, str]) -> RawPaper:
    renamed = {**value, **{field: value[name] for name, field in columns.items() if name in value}}
    shape = form or (plain if columns else shape_of(value))
    fields: dict[str, Any] = {"text": text or (lambda: json.dumps(value, ensure_ascii=False)), "line": number}
    try:
        return RawPaper(**fields, **shape(renamed))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        return RawPaper(**fields, problem=f"has a field of an unexpected kind ({error})")
