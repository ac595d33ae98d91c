"""Text with markup in, plain text out: HTML and JATS, as publishers write them, and LaTeX, as BibTeX needs it.

Only what a format demands is undone. Formulas and commands that authors wrote themselves, `$O(n)$`, stay as they are:
`core.readable` shows them without LaTeX.
"""

from __future__ import annotations

import functools
import html
import re
import unicodedata
from typing import TYPE_CHECKING

from ...core.readable import PLAIN, SILENT

if TYPE_CHECKING:
    from pylatexenc.latex2text import LatexNodes2Text

INLINE = frozenset(
    """a abbr b bold em font i inf italic inline-formula monospace roman sans-serif sc scp script small span strong
    styled-content sub sup tex-math tt u underline xref""".split()
)
BLOCKS = frozenset(
    "abstract br div h1 h2 h3 h4 label li list list-item ol p sec section table tbody td title tr ul".split()
)
"""Elements without which a text is the same. Any others stay as they are: an abstract may be on the tag `<s>`."""
UNCLOSED = frozenset("br li p td tr".split())
"""Elements that HTML need not close."""
SPACING = 20
"""Characters before an element in which the end of the paragraph before it is looked for."""
_ATTRIBUTES = r"""(?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>=]+))*\s*"""
_MARKUP = re.compile(
    rf"""<(?:\w+:)?sup\b{_ATTRIBUTES}>(?P<raised>[^<>]*)</(?:\w+:)?sup>
    | <(?P<end>/?)(?:(?P<prefix>\w+):)?(?P<name>[a-z][\w-]*)(?P<attributes>{_ATTRIBUTES})(?P<empty>/?)>
    | &(?P<entity>\#\d{{1,7}}|\#x[0-9a-f]{{1,6}}|[a-z][a-z0-9]{{1,30}});""",
    re.I | re.X,
)
_TITLED = re.compile(r"<((?:jats:)?title)>\s*(?:abstract|summary)\s*</\1>", re.I)
"""The heading that JATS puts over an abstract."""
_RAISED = str.maketrans("0123456789+-−–=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾ⁿⁱ")


def without_html(text: str) -> str:
    """Text without elements and entities of HTML and JATS; "10<sup>-3</sup>" is "10⁻³".

    An element is one that is closed, has attributes or begins a paragraph. "<A>" alone is what the authors wrote.

    >>> without_html("<jats:p>We fly <i>kites</i> &amp; lanterns, 10<sup>-3</sup> at a time.</jats:p>")
    'We fly kites & lanterns, 10⁻³ at a time.'
    >>> without_html("The <A> Operator")
    'The <A> Operator'
    """
    if "<" not in text and "&" not in text:
        return text
    text = _TITLED.sub("", text)
    elements = _elements(text)
    return _MARKUP.sub(lambda markup: _shown(markup, written=markup.start() not in elements), text).strip()


def _elements(text: str) -> set[int]:
    """Where the starts and ends of elements are in a text; anything else in angle brackets belongs to it."""
    places: set[int] = set()
    opened: dict[str, list[int]] = {}
    last = 0
    for markup in _MARKUP.finditer(text):
        if not markup["name"]:
            continue
        name, place = markup["name"].casefold(), markup.start()
        before = text[max(last, place - SPACING) : place].rstrip()[-1:]
        begins = name == "br" or (name in UNCLOSED and before in ("", *".!?:;"))
        ends = markup["end"] and name in BLOCKS
        if markup["prefix"] or markup["attributes"].strip() or markup["empty"] or begins or ends:
            places.add(place)
        if not markup["end"]:
            opened.setdefault(name, []).append(place)
        elif opened.get(name):
            places |= {opened[name].pop(), place}
        last = markup.end() if place in places else last
    return places


def _shown(markup: re.Match[str], *, written: bool) -> str:
    """What is shown of an element's start or end, of a superscript, or of an entity; `written` if it is no markup."""
    if markup["entity"]:
        return html.unescape(markup[0])
    if markup["raised"] is not None:
        return raised(html.unescape(markup["raised"]))
    name = markup["name"].casefold()
    if written or not (name in BLOCKS or name in INLINE or markup["prefix"] in ("mml", "jats")):
        return markup[0]
    return " " if name in BLOCKS else ""


def raised(text: str) -> str:
    """A superscript in characters that are raised, or after "^" if there are none for it."""
    high = text.translate(_RAISED)
    return high if not set(high) & set(text) else f"^{text}"


_LATEX = re.compile(r"[\\{}~]|``|''|--")
_TOKEN = re.compile(
    r"""(?P<maths>\$\$?(?:[^$\\]|\\.)+?\$\$?)
    | \\url\{(?P<address>[^{}]*)\}
    | \\(?P<escaped>[%&\#_{}$\ ])
    | (?P<accent>\\(?:[`'^"~=.]\s*|[bcdHkrtuv](?:\s+|(?=\{)))(?:\{\s*(?:\\[ij]|\w)?\s*\}|\\[ij](?![A-Za-z])\ ?|\w))
    | \\(?P<command>[A-Za-z]+)(?:\{\}|\s+(?=[\w{\\])|)
    | (?P<brace>[{}])
    | (?P<sign>---?|``|''|~)""",
    re.X,
)
_FURTHER = {"textasciicircum": "^", "textquotedbl": '"', "textquotesingle": "'", "textasciigrave": "`"}
_SIGNS = {"--": "–", "---": "—", "``": "“", "''": "”", "~": " "}


def without_latex(text: str) -> str:
    r"""Text without what BibTeX needs: braces, accents and escapes; formulas stay as they are.

    >>> without_latex(r"{BERT} na{\"\i}vely costs 5\% of $O(n^2)$ -- M{\'a}rquez")
    'BERT naïvely costs 5% of $O(n^2)$ – Márquez'
    """
    return _TOKEN.sub(_plain, text) if _LATEX.search(text) else text


def _plain(token: re.Match[str]) -> str:
    match token.lastgroup:
        case "maths":
            return token[0]
        case "address":
            return token["address"]
        case "escaped":
            return token["escaped"]
        case "accent":
            return unicodedata.normalize("NFC", _symbol(token[0]))
        case "command":
            return _symbol(f"\\{token['command']}")
        case "sign":
            return _SIGNS[token[0]]
    return ""


@functools.lru_cache(maxsize=4096)
def _symbol(latex: str) -> str:
    """What a command without arguments shows: a symbol, nothing or, for an unknown one, its name."""
    from pylatexenc.latexwalker import LatexWalkerError

    converter = _converter()
    name, context = latex[1:], converter.latex_context
    if name in _FURTHER or name in PLAIN or name in SILENT:
        return _FURTHER.get(name, "")
    if name.isalpha() and context.get_macro_spec(name) is context.unknown_macro_spec:
        return name
    try:
        shown = converter.latex_to_text(latex)
    except (LatexWalkerError, LookupError):  # LookupError: an argument is missing
        return ""
    return "" if "%s" in shown else shown


@functools.cache
def _converter() -> LatexNodes2Text:
    import logging

    from pylatexenc.latex2text import LatexNodes2Text, get_default_latex_context_db

    logging.getLogger("pylatexenc").setLevel(logging.CRITICAL)  # it would log every argument that is missing
    kept = ("latex-base", "nonascii-specials", "advanced-symbols")  # some of the others read files, or store a title
    return LatexNodes2Text(latex_context=get_default_latex_context_db().filter_context(keep_categories=kept))
