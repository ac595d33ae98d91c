"""A record in, how it looks at a Python prompt or in a notebook out; nothing of its texts is markup there."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Sequence, Sized
from dataclasses import fields
from itertools import groupby
from typing import Protocol

from .prose import coded
from .text import clean

BRIEF = 60
"""Characters of a text, and entries of a tuple or mapping as Python writes them, that the `repr` of a record shows."""

_SPECIAL = re.compile(r"[\\`*_{}<>|~$&#]|\](?=\()")
"""What can begin markup anywhere in a line, mathematics and HTML among it; a backslash makes each a plain sign:
https://spec.commonmark.org/0.31.2/#backslash-escapes

Brackets are plain unless a link follows; escaped, many programs would read them as LaTeX's display mathematics."""
_OPENING = re.compile(r"^(?:[+=-]|\[(?!\d+\] )|\d+(?=[.)]))")
"""What can make a line a heading, an item, a rule, or the definition of a link; a reference number makes it none."""
_ADDRESS = re.compile(r"https?://[^\s<>\"'\\]+")


class Brief:
    """A dataclass whose `repr` fits a few lines: fields that are empty are left out, long ones cut or counted."""

    __slots__ = ()

    def __repr__(self) -> str:
        values = ((field.name, getattr(self, field.name)) for field in fields(self) if field.repr)  # type: ignore[arg-type]
        shown = (f"{name}={_brief(value)}" for name, value in values if not _is_empty(value))
        return f"{type(self).__name__}({', '.join(shown)})"


def _is_empty(value: object) -> bool:
    return value in ("", None, (), {}) or (isinstance(value, Brief) and not value)


def _brief(value: object) -> str:
    if isinstance(value, str):
        line = " ".join(value[: 10 * BRIEF].split())
        return repr(line if len(line) <= BRIEF else f"{line[: BRIEF - 1]}\u2026")
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Sized) and not isinstance(value, Brief):
        written = repr(value) if len(value) < 3 else ""
        return written if 0 < len(written) <= BRIEF else f"<{len(value):,}>"
    return repr(value)


class Cited(Protocol):
    """What is shown of a paper that an answer cites; `url` and `byline` are "" if the paper has none."""

    @property
    def number(self) -> int: ...

    @property
    def title(self) -> str: ...

    @property
    def byline(self) -> str: ...

    @property
    def label(self) -> str: ...

    @property
    def url(self) -> str: ...

    @property
    def quotes(self) -> Sequence[str]: ...


class Displayed(Brief):
    """A record that a person reads: as text, or in a notebook as Markdown or HTML.

    https://ipython.readthedocs.io/en/stable/config/integrating.html
    """

    __slots__ = ()

    def _parts(self) -> tuple[str, Sequence[Cited], tuple[str, ...], bool]:
        """Its text, its sources in the order of their numbers, the titles that came nearest, and whether it is a reply.

        A reply is of our own words, in which `...` encloses code.
        """
        raise NotImplementedError

    def __str__(self) -> str:
        return as_text(*self._parts())

    def _repr_markdown_(self) -> str:
        return as_markdown(*self._parts())

    def _repr_html_(self) -> str:
        return as_html(*self._parts())


def escaped(text: str) -> str:
    """Text as one line that Markdown shows as it is."""
    return _opened(_within(" ".join(clean(text).split())))


def _within(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text)


def _opened(line: str) -> str:
    return _OPENING.sub(lambda match: match[0] + "\\" if match[0].isdigit() else "\\" + match[0], line)


def escaped_reply(line: str) -> str:
    """A line of a reply as Markdown, in which code stays code."""
    pieces = [f"`{clean(piece)}`" if code else _within(piece) for piece, code in coded(line)]
    return "".join(pieces) if pieces and pieces[0].startswith("`") else _opened("".join(pieces))


def as_text(text: str, sources: Sequence[Cited], nearest: Sequence[str], reply: bool = False) -> str:
    """The answer, then its numbered titles; for a decline, the titles that came nearest."""
    titles = "\n".join(f"[{source.number}] {source.label}" for source in sources)
    near = "\n".join(["Nearest papers:", *(f"- {title}" for title in nearest)]) if nearest else ""
    return clean("\n\n".join(part for part in (text, titles, near) if part))


def as_markdown(text: str, sources: Sequence[Cited], nearest: Sequence[str], reply: bool = False) -> str:
    """The same as Markdown, with the words cited under each title."""
    shown = escaped_reply if reply else escaped
    lines = (f"- {shown(line[2:])}" if _is_item(line) else shown(line) for line in text.splitlines())
    near = ["Nearest papers:\n", *(f"- {escaped(title)}" for title in nearest)] if nearest else []
    return "\n\n".join(part for part in ("\n".join(lines), *map(_markdown_source, sources), "\n".join(near)) if part)


def _markdown_source(source: Cited) -> str:
    address = f" <{source.url}>" if _ADDRESS.fullmatch(source.url) else ""
    quotes = "\n>\n".join(f"> {escaped(quote)}" for quote in source.quotes)
    byline = f" ({escaped(source.byline)})" if source.byline else ""
    return f"[{source.number}] **{escaped(source.title)}**{byline}{address}\n\n{quotes}"


def as_html(text: str, sources: Sequence[Cited], nearest: Sequence[str], reply: bool = False) -> str:
    """The same as HTML. A price is no formula: MathJax passes over these classes."""
    shown = _reply if reply else _plain
    body = "".join(_block(lines, shown, items=items) for items, lines in groupby(text.splitlines(), _is_item))
    titles = "".join(map(_html_source, sources))
    near = "".join(f"<li>{_plain(title)}</li>" for title in nearest)
    cited = f"<ol>{titles}</ol>" if titles else ""
    close = f"<p>Nearest papers:</p><ul>{near}</ul>" if near else ""
    return f'<div class="tex2jax_ignore mathjax_ignore">{body}{cited}{close}</div>'


def _is_item(line: str) -> bool:
    return line.startswith("- ")


def _block(lines: Iterable[str], shown: Callable[[str], str], *, items: bool) -> str:
    if items:
        return f"<ul>{''.join(f'<li>{shown(line[2:])}</li>' for line in lines)}</ul>"
    return "".join(f"<p>{shown(line)}</p>" for line in lines if line)


def _reply(line: str) -> str:
    return "".join(f"<code>{_plain(piece)}</code>" if code else _plain(piece) for piece, code in coded(line))


def _html_source(source: Cited) -> str:
    title = f"<b>{_plain(source.title)}</b>"
    if _ADDRESS.fullmatch(source.url):
        title = f'<a href="{_plain(source.url)}" rel="noopener noreferrer" target="_blank">{title}</a>'
    byline = f" ({_plain(source.byline)})" if source.byline else ""
    return f"<li>{title}{byline}{''.join(f'<blockquote>{_plain(quote)}</blockquote>' for quote in source.quotes)}</li>"


def _plain(text: str) -> str:
    return html.escape(clean(text))
