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
_MARKUP = re.compile(
    r"""<(?:\w+:)?sup\b[^<>]*>(?P<raised>[^<>]*)</(?:\w+:)?sup>
    | </?(?:(?P<prefix>\w+):)?(?P<name>[a-z][\w-]*)(?:\s[^<>]*)?/?>
    | &(?P<entity>\#\d{1,7}|\#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});""",
    re.I | re.X,
)
_TITLED = re.compile(r"<((?:jats:)?title)>\s*(?:abstract|summary)\s*</\1>", re.I)
"""The heading that JATS puts over an abstract."""
_RAISED = str.maketrans("0123456789+-−–=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾ⁿⁱ")


def without_html(text: str) -> str:
    """Text without elements and entities of HTML and JATS; "10<sup>-3</sup>" is "10⁻³".

    >>> without_html("<jats:p>We fly <i>kites</i> &amp; lanterns, 10<sup>-3</sup> at a time.</jats:p>")
    'We fly kites & lanterns, 10⁻³ at a time.'
    """
    return _MARKUP.sub(_shown, _TITLED.sub("", text)).strip() if "<" in text or "&" in text else text


def _shown(markup: re.Match[str]) -> str:
    """What is shown of an element's start or end, of a superscript, or of an entity."""
    if markup["entity"]:
        return html.unescape(markup[0])
    if markup["raised"] is not None:
        return raised(html.unescape(markup["raised"]))
    name = markup["name"].casefold()
    if name in BLOCKS:
        return " "
    return "" if name in INLINE or markup["prefix"] in ("mml", "jats") else markup[0]


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
