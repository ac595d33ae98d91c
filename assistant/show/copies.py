"""An answer in, a copy to paste elsewhere out: text, Markdown, or its papers as BibTeX.

Titles and sentences are foreign text: in BibTeX their special characters are escaped, but not those of formulas.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from ..core.notebook import escaped
from ..core.readable import readable
from ..core.records import Answer, Claim, Paper
from ..core.text import clean, content_words
from .markdown import of_answer
from .showing import readable_answer

_MATHS = re.compile(r"(\$[^$\n]{1,80}\$)")
_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    **{mark: f"\\{mark}" for mark in "&%$#_"},
}


def as_text(answer: Answer) -> str:
    """The question, the answer and the titles it cites, as plain text."""
    answer = readable_answer(answer)
    sources = (f"[{source.number}] {source.title}" for source in answer.sources)
    return clean("\n\n".join(part for part in (answer.question, answer.text, "\n".join(sources)) if part))


def as_markdown(answer: Answer) -> str:
    """The same as Markdown, with each quote under its paper."""
    return f"**{escaped(answer.question)}**\n\n{of_answer(answer)}"


def paragraphs(answer: Answer) -> list[list[Claim]]:
    """The claims in groups, each under the heading of its first."""
    groups: list[list[Claim]] = []
    for claim in answer.claims:
        if claim.heading or not groups:
            groups.append([])
        groups[-1].append(claim)
    return groups


def as_bibtex(papers: Sequence[Paper]) -> str:
    """An entry for each paper; authors are not known here, so they are left for the reader to fill in."""
    keys = _keys(papers)
    return "\n\n".join(_entry(key, paper) for key, paper in zip(keys, papers, strict=True)) + "\n" * bool(papers)


def cited(answer: Answer) -> list[Paper]:
    """The papers an answer cites, in the order of their numbers; if it cites none, the nearest it names."""
    if answer.sources:
        return [source.paper for source in answer.sources]
    papers = {hit.paper.title: hit.paper for hit in answer.hits}
    return [papers.get(title) or Paper(title, "") for title in (answer.declined.nearest if answer.declined else ())]


def _entry(key: str, paper: Paper) -> str:
    fields = {
        "title": f"{{{_latex(paper.title)}}}",  # double braces keep its capitals in every style
        "year": "".join(re.findall(r"^\d{4}", paper.published)),
        "url": paper.url if re.fullmatch(r"https?://[^\s{}\\]+", paper.url) else "",
    }
    lines = (f"  {name} = {{{value}}}" for name, value in fields.items() if value)
    return f"@misc{{{key},\n" + ",\n".join(lines) + "\n}"


def _latex(text: str) -> str:
    """Readable text with LaTeX's special characters escaped; balanced `$...$` is kept as a formula."""
    parts = _MATHS.split(" ".join(clean(text).split()))
    return "".join(
        part if index % 2 and part.count("{") == part.count("}") else _escaped(readable(part))
        for index, part in enumerate(parts)
    )


def _escaped(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in text)


def _keys(papers: Iterable[Paper]) -> list[str]:
    """A key for each paper: the first two words of its title, and the start of its id, which makes it unique."""
    return ["-".join([*_ascii(paper.title)[:2], paper.id[:6]]) for paper in papers]


def _ascii(title: str) -> list[str]:
    """The content words of a title in letters that BibTeX allows in a key."""
    folded = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return [re.sub(r"\W", "", word) for word in content_words(folded)]
