r"""A draft in, its paragraphs and its list of references out; each paragraph knows its first line.

Markdown is read by a parser. LaTeX is read line by line, because a draft seldom compiles: what is no prose is blanked,
so that every line keeps its number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from ..core.readable import readable

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_LATEX = re.compile(r"^\s*\\(?:documentclass|begin\{document\}|(?:sub)*section\*?\{|chapter\*?\{)", re.M)
"""What shows that a draft is LaTeX; a citation or a formula does not."""
_FRONT_MATTER = re.compile(r"\A(?:---\n.*?\n(?:---|\.\.\.)(?=\n|\Z)|\+\+\+\n.*?\n\+\+\+(?=\n|\Z))", re.S)
_REFERENCES = re.compile(r"[\W\d_]*(?:references|bibliography|works cited|literature(?: cited)?)[\W_]*", re.I)
_NUMBERED = re.compile(
    r"(?:\[(?P<bracketed>\d{1,3})\]:?|(?P<plain>\d{1,3})[.)]|\[(?P<note>\^[^\]\s]+)\]:|\[@(?P<key>[^\]\s]+)\]:?"
    r"|[-*+•])\s+"
)
_NOTE = re.compile(r"\[(\^[^\]\s]+)\]:\s+")

_COMMENT = re.compile(r"(?<!\\)%.*")
_PREAMBLE = re.compile(r"\A.*?\\begin\{document\}", re.S)
_LIST = re.compile(r"\\begin\{thebibliography\}.*?(?:\\end\{thebibliography\}|\Z)", re.S)
_ITEM = re.compile(r"\\bibitem(?:\[[^\[\]]*\])?\{([^{}]+)\}")
_NO_PROSE = re.compile(
    r"\\begin\{(?P<kind>(?:equation|align|gather|multline|eqnarray|figure|table|tabular|verbatim|lstlisting|algorithm|"
    r"algorithmic|tikzpicture|minted)\*?)\}.*?(?:\\end\{(?P=kind)\}|\Z)|\\\[.*?(?:\\\]|\Z)|\$\$.*?(?:\$\$|\Z)",
    re.S,
)
_COMMANDS = re.compile(
    r"\\(?:part|chapter|(?:sub)*section|paragraph|title|author|date|label|bibliography|bibliographystyle|input|include|"
    r"usepackage|documentclass|addbibresource|keywords)\*?(?:\[[^\[\]]*\])?\{(?:[^{}]|\{[^{}]*\})*\}"
    r"|\\(?:begin|end)\{[^{}]*\}(?:\[[^\[\]]*\])?|\\(?:maketitle|tableofcontents|printbibliography|centering|item|noindent)\b"
)


@dataclass(frozen=True, slots=True)
class DraftParagraph:
    """A paragraph as it is written, with its markup, and the number of its first line, from 1."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Manuscript:
    """What a draft says and what it lists: its paragraphs, and its references by their keys, "1", "^1" or "smith20".

    References without a key have one that no citation has: "#1".
    """

    paragraphs: tuple[DraftParagraph, ...]
    references: Mapping[str, str] = field(default_factory=dict)
    latex: bool = False

    def plain(self, text: str) -> str:
        """A part of a paragraph without its markup, in one line."""
        shown = readable(text.replace("~", " ")) if self.latex else _without_markdown(text)
        return " ".join(shown.split())


def manuscript(text: str) -> Manuscript:
    """A draft in Markdown, LaTeX or plain text."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _of_latex(text) if _LATEX.search(text) else _of_markdown(_blanked(_FRONT_MATTER, text))


def _blanked(pattern: re.Pattern[str], text: str) -> str:
    """A text in which every match is white space; line breaks stay."""
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


# -- Markdown


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("table").disable("reference")


def _without_markdown(text: str) -> str:
    parts = _markdown().parseInline(text)[0].children or []
    return "".join(" " if part.type.endswith("break") else part.content for part in parts if part.type != "html_inline")


def _of_markdown(text: str) -> Manuscript:
    lines = text.split("\n")
    paragraphs: list[DraftParagraph] = []
    entries: dict[str, str] = {}
    level = 0  # of the heading that the references are under; 0: none
    opened = ""
    for token in _markdown().parse(text):
        opened = token.type if token.nesting == 1 else opened
        first, last = token.map or (0, 0)
        if token.type == "heading_open":
            heading = int(token.tag[1:])
            if _REFERENCES.fullmatch(lines[first]):
                level = heading
            elif heading <= level:
                level = 0
        elif token.type != "inline" or opened in ("heading_open", "th_open", "td_open"):
            continue
        elif level or _REFERENCES.fullmatch(lines[first]):
            level = level or 6
            entries |= _references(lines[first:last], len(entries))
        elif note := _NOTE.match(token.content):
            entries[note[1]] = token.content[note.end() :]
            paragraphs.append(DraftParagraph(first + 1, token.content[note.end() :]))
        else:
            paragraphs.append(DraftParagraph(first + 1, token.content))
    return Manuscript(tuple(paragraphs), entries)


def _references(lines: Sequence[str], already: int) -> dict[str, str]:
    """The references in these lines: one begins at each number or bullet, or is all of them."""
    entries: dict[str, str] = {}
    key = f"#{already}"
    for line in (line.strip() for line in lines if not _REFERENCES.fullmatch(line)):
        start = _NUMBERED.match(line)
        if start:
            key = start["bracketed"] or start["plain"] or start["note"] or start["key"] or f"#{already + len(entries)}"
        entries[key] = f"{entries.get(key, '')} {line[start.end() if start else 0 :]}".strip()
    return entries


# -- LaTeX


def _of_latex(text: str) -> Manuscript:
    text = _blanked(_PREAMBLE, _blanked(_COMMENT, text).partition(r"\end{document}")[0])
    entries = {key.strip(): entry for part in _LIST.findall(text) for key, entry in _bibitems(part)}
    for pattern in (_LIST, _NO_PROSE, _COMMANDS):
        text = _blanked(pattern, text)
    return Manuscript(tuple(_paragraphs(text.split("\n"))), entries, latex=True)


def _bibitems(text: str) -> Iterator[tuple[str, str]]:
    starts = list(_ITEM.finditer(text))
    ends = [*(start.start() for start in starts[1:]), len(text)]
    for start, end in zip(starts, ends, strict=True):
        entry = text[start.end() : end].replace(r"\newblock", " ").replace(r"\end{thebibliography}", "")
        yield start[1], " ".join(entry.split())


def _paragraphs(lines: Iterable[str]) -> Iterator[DraftParagraph]:
    """The paragraphs of lines: white space separates them."""
    gathered: list[str] = []
    for number, line in enumerate([*lines, ""], start=1):
        if line.strip():
            gathered.append(line)
        elif gathered:
            yield DraftParagraph(number - len(gathered), "\n".join(gathered))
            gathered = []
