"""Foreign text in, escaped markup out: the one place where text becomes HTML.

A string is text and is escaped, wherever it comes from. Only `Html` passes as it is, and only this file makes it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from ...core.text import clean
from ...show.markdown import ANYWHERE

Attributes = Mapping[str, str | int | float | bool]

_ADDRESS = re.compile(r"https://[\w.-]+(?::\d+)?(?:[/?#][^\s<>\"'\\]*)?")


class Html(str):
    """Markup that is safe to show: every text in it is escaped."""

    __slots__ = ()


def tag(name: str, attributes: Attributes, *content: str) -> Html:
    """An element; text among its content and the values of its attributes are escaped.

    >>> tag("p", {"class": "lead", "hidden": True}, "1 < 2")
    '<p class="lead" hidden>1 &lt; 2</p>'
    """
    told = "".join(_attribute(key, value) for key, value in attributes.items() if value is not False)
    return Html(f"<{name}{told}>{joined(content)}</{name}>")


def joined(content: Iterable[str]) -> Html:
    """Pieces of markup and text one after the other."""
    return Html("".join(piece if isinstance(piece, Html) else _escaped(piece) for piece in content))


def foreign(name: str, text: str, attributes: Attributes | None = None) -> Html:
    """An element around text of a paper or a person: it has its own direction and cannot turn that of the page."""
    return tag(name, {**(attributes or {}), "dir": "auto"}, text)


def online(title: str, url: str) -> Html:
    """A link that opens a paper elsewhere, at its own address if that is https, else as a search for its title."""
    known = bool(_ADDRESS.fullmatch(url))
    address = url if known else ANYWHERE + quote(f'"{clean(title)}"', safe="")
    words = "Open online" if known else "Find online"
    where = {"href": address, "target": "_blank", "rel": "noopener noreferrer", "class": "online"}
    return tag("a", where, words)


def _attribute(name: str, value: str | float | bool) -> str:
    return f" {name}" if value is True else f' {name}="{_escaped(str(value))}"'


def _escaped(text: str) -> str:
    return html.escape(clean(text), quote=True)
