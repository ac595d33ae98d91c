"""Plain values in, markup out: the one place where text becomes HTML.

The templates are sets of macros, which put text and frozen views of it into elements; Jinja escapes every value. Only
what a template made is `Markup`, and is not escaped again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.ext import Extension
from markupsafe import Markup

from ...core import bounds
from ...core.records import Paper
from ...core.text import clean, counted
from ...show.markdown import ANYWHERE
from ...show.styles import LABELS, STYLES

TEMPLATES = Path(__file__).with_name("templates")

_ADDRESS = re.compile(r"https://[\w.-]+(?::\d+)?(?:[/?#][^\s<>\"'\\]*)?")
_IN_A_TEXT = re.compile(
    r"\bhttps://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?(?:[/?#][\w/?#%&=~+,.:;@!$*-]*)?", re.ASCII | re.I
)
"""An address as a text has it; it may have the punctuation that follows at its end."""
_BETWEEN_TAGS = re.compile(r"\s*\n\s*(?=[<{])|(?<=[>}])\s*\n\s*")
_BREAK = re.compile(r"\s*\n\s*")


@dataclass(frozen=True, slots=True)
class OnlineLink:
    """Where a paper can be read online, and what the link is called."""

    address: str
    label: str


def online(paper: Paper) -> tuple[OnlineLink, ...]:
    """A paper's own address if that is https, and those of its identifiers; without any, a search for its title."""
    known = {"Open online": paper.url, **paper.identifiers.links}
    links = {address: OnlineLink(address, label) for label, address in known.items() if _ADDRESS.fullmatch(address)}
    search = OnlineLink(ANYWHERE + quote(f'"{clean(paper.title)}"', safe=""), "Find online")
    return tuple(links.values()) or (search,)


def addresses(text: str) -> list[tuple[int, int]]:
    """Where addresses begin and end in a text, without the punctuation that follows them."""
    return [(match.start(), match.start() + len(match[0].rstrip(".,:;!?*"))) for match in _IN_A_TEXT.finditer(text)]


def render(name: str, *values: object) -> Markup:
    """What a macro makes of these values: `render("parts.quiet", text)` calls `quiet` of templates/parts.html."""
    template, _, macro = name.partition(".")
    markup = getattr(_environment().get_template(f"{template}.html").module, macro)(*values)
    assert isinstance(markup, Markup), "autoescaping is on"
    return markup


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_cleaned,
        extensions=[_Unindented],
        auto_reload=False,
    )
    environment.globals |= {"bounds": bounds, "forms": LABELS, "styles": tuple(STYLES)}
    environment.filters |= {"counted": counted, "excerpt": _excerpt, "thousands": "{:,}".format}
    return environment


def _cleaned(value: object) -> object:
    """A value without control characters; applied to every value before it is escaped."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _excerpt(text: str, most: int) -> str:
    """The beginning of a text in one line of at most `most` characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most]}…"


class _Unindented(Extension):
    """Removes line breaks and indentation between tags, where a browser would show them as spaces."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return _BREAK.sub(" ", _BETWEEN_TAGS.sub("", source))
