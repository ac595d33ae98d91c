r"""Text of a paper in, readable text without LaTeX out.

    >>> readable(r"It costs 88.5\% less and draws 128times128 pixels with $VILA^2$.")
    'It costs 88.5% less and draws 128×128 pixels with VILA^2.'

For display only: stored, searched, checked and exported texts stay as they were written. Only certain LaTeX is changed:
"5% of $10", "a_b" and "{x}" are not, and half a formula stays as it is. Listings have lost the backslashes of
"mathcal{O}" and "128times128", which are read as if they were there.
"""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from .text import Span

if TYPE_CHECKING:
    from pylatexenc.latex2text import LatexNodes2Text
    from pylatexenc.latexwalker import LatexMacroNode

LONGEST = 300
"""Most characters of a formula, quotation or argument; anything without an end within them is none."""
USUAL = 5000
"""Most characters of a text whose edits are cached: ten megabytes at most for all."""
DEEPEST = 8
"""Deepest nesting of braces."""

_GREEK = """alpha beta gamma delta epsilon varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon
    phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell""".split()
_ABBREVIATED = {"eg": "e.g.", "ie": "i.e.", "etc": "etc.", "etal": "et al.", "aka": "a.k.a.", "wrt": "w.r.t."}
"""Commands that conference templates define; authors' own commands, such as \\model, are shown by name."""
PLAIN = frozenset(
    """cite citep citet citeauthor ref eqref autoref url emph text textbf textit texttt textsc textrm textsf textup
    underline mbox hbox mathcal mathbb mathbf mathrm mathit mathsf mathtt mathfrak mathscr boldsymbol bm operatorname
    ensuremath footnote""".split()
)
"""Commands of which only the argument is shown."""
_SWITCHES = "it em bf tt sc sf rm itshape bfseries ttfamily scshape small".split()
SILENT = (
    *_SWITCHES,
    *"left right big Big bigl bigr Bigl Bigr displaystyle limits nolimits centering item begin end label".split(),
)

_SMALL = "|".join(_GREEK)
_TOKEN = re.compile(
    rf"""(?P<address>https?://[^\s\\]+)
    | \\(?P<escaped>[%&\#_{{}}$])
    | (?P<accent>\{{\\["'`^~=.][A-Za-z]\}} | \\["'`^~=.](?:\{{[A-Za-z]\}}|[A-Za-z]))
    | \\(?P<gap>[,;:\ ]|\\)
    | \\(?P<command>[A-Za-z]{{2,}}|[A-Za-z](?=\{{))
    | (?P<switch>\{{\\(?:{"|".join(_SWITCHES)})\b\s*)
    | (?P<maths>\$\$?(?=[^\s$]))
    | (?P<opening>``(?=[^\s`"]) | (?<![^\s(])''(?=\w))
    | (?P<closing>''|")
    | \b(?P<lost>math(?:cal|bb|bf|rm|frak|it|sf|tt|scr))(?=\{{)
    | (?P<greek>(?<![\w\\^])(?:{_SMALL})(?=[_^](?:\{{|\w\b)) | (?<=\W[A-Za-z]_)(?:{_SMALL})\b)
    | (?P<script>(?<=\w)\^|(?<=\W\w)_)\{{(?P<power>[^{{}}\s\\]{{1,20}})\}}
    | (?P<times>(?<=\d)times(?=\d|[A-Z]|\b))
    | (?P<about>(?<![\w\\-])sim(?=\d+(?:\.\d+)?(?:(?:x|%|times|[kKMB])(?![A-Za-z])|\ times\b)))
    | (?P<tie>(?<=[A-Za-z).,])~(?=[A-Za-z(\\-]) | (?<=\d)~(?=\() | (?<=[A-Za-z][A-Za-z.])~(?=\d))""",
    re.X,
)
_SIGNS = re.compile(r"[\\$~^_`]|''|\dtimes|sim\d|math[a-z]+\{")
"""Every token has one of these; most texts have none, and are done in microseconds."""
_SUMS = re.compile(r"([\^_])\{([^{}\\]*[^{}\\\w][^{}\\]*)\}")
_LOST = re.compile(rf"(?<![A-Za-z\\])({_SMALL}|circ|cdot|infty|times|log)(?![A-Za-z])")


class _Edit(NamedTuple):
    start: int
    end: int
    text: str


def readable(text: str) -> str:
    """The text without LaTeX; raises nothing, and takes time in proportion to the length."""
    return _applied(text, _edits(text))


def readable_with(text: str, spans: Iterable[Span]) -> tuple[str, list[Span]]:
    r"""The same, and the position of each span in it.

    >>> readable_with(r"Up 5\% now", [Span(3, 6), Span(7, 10)])
    ('Up 5% now', [Span(start=3, end=5), Span(start=6, end=9)])
    """
    edits = _edits(text)
    return _applied(text, edits), [Span(_moved(s.start, edits, last=False), _moved(s.end, edits)) for s in spans]


# -- edits


def _applied(text: str, edits: Sequence[_Edit]) -> str:
    pieces, end = [], 0
    for edit in edits:
        pieces += [text[end : edit.start], edit.text]
        end = edit.end
    return "".join([*pieces, text[end:]])


def _moved(place: int, edits: Sequence[_Edit], *, last: bool = True) -> int:
    """The new position of a position in the text; inside an edit its start, or its end if `last`."""
    shift = 0
    for edit in edits:
        if edit.end <= place:
            shift += len(edit.text) - (edit.end - edit.start)
        elif edit.start < place:
            return edit.start + shift + (len(edit.text) if last else 0)
    return place + shift


def _edits(text: str) -> tuple[_Edit, ...]:
    """The edits from left to right; cached for texts of usual length, which are shown again."""
    if not _SIGNS.search(text):
        return ()
    return _cached(text) if len(text) <= USUAL else tuple(_walked(text))


@functools.lru_cache(maxsize=2048)
def _cached(text: str) -> tuple[_Edit, ...]:
    return tuple(_walked(text))


def _walked(text: str) -> Iterator[_Edit]:
    place = 0
    closing: set[int] = set()
    while token := _TOKEN.search(text, place):
        edit = _edit(text, token, closing)
        if edit is not None:
            yield edit
        place = edit.end if edit is not None else max(token.end(), place + 1)


def _edit(text: str, token: re.Match[str], closing: set[int]) -> _Edit | None:
    """The edit of a token, or None if it stays. `closing` has the closing marks of the opened quotations."""
    kind, start, end = token.lastgroup, token.start(), token.end()
    match kind:
        case "command":
            return _command(text, token)
        case "maths":
            return _maths(text, token)
        case "switch" | "lost":
            return _group(text, token)
        case "opening":
            marks = ("''", '"') if token[0] == "``" else ("''",)
            ends = [at for mark in marks if (at := text.find(mark, end, end + LONGEST)) > 0]
            closing.update([min(ends)] if ends else [])
            return _Edit(start, end, "“") if ends else None
        case "closing":
            return _Edit(start, end, "”") if start in closing else None
        case "address":
            return None
        case "power":
            power = token["power"]
            return _Edit(start, end, token["script"] + (power if power.isalnum() else f"({power})"))
    replacement = {
        "escaped": token["escaped"],
        "gap": " ",
        "accent": _converted(token["accent"] or ""),
        "greek": _converted(f"\\{token['greek']}"),
        "times": "×",
        "about": "~",
        "tie": " ",
    }
    return _Edit(start, end, replacement[kind or ""] or "")


def _command(text: str, token: re.Match[str]) -> _Edit | None:
    name, start, end = token["command"], token.start(), token.end()
    known = name in PLAIN or name in _ABBREVIATED or _is_known(name)
    if not known and (len(name) == 1 or text[start - 1 : start].isalpha() or text[start - 1 : start] in (":", "\\")):
        return None  # a path, or an escape sequence of a programming language
    if name in _ABBREVIATED:
        return _Edit(start, end + text.startswith(".", end), _ABBREVIATED[name])
    groups: list[str] = []
    after = end
    while len(groups) < 2 and (close := _close(text, after)):
        groups.append(text[after + 1 : close])
        after = close + 1
    if groups and (name in PLAIN or not known):
        inside, after = groups[0], end + len(groups[0]) + 2
        return _Edit(start, after, inside if name in ("url", "ref", "cite") else readable(inside))
    if name == "href" and len(groups) == 2:
        return _Edit(start, after, f"{readable(groups[1])} ({groups[0]})")
    if not known or name in PLAIN:
        return _Edit(start, end, name)
    shown = "" if name in SILENT else _converted(text[start:after])
    return _Edit(start, after, shown) if shown or name in SILENT else None


def _maths(text: str, token: re.Match[str]) -> _Edit | None:
    """A formula between dollar signs, told from money as by pandoc: https://pandoc.org/MANUAL.html#math ."""
    mark, start, end = token[0], token.start(), token.end()
    close = end
    while (close := text.find(mark, close + 1, end + LONGEST)) > 0 and text[close - 1] == "\\":
        pass
    inside = text[end:close]
    if close < 0 or "\n" in inside or inside[-1:].isspace():
        return None
    if "\\" not in inside and (text[close + 1 : close + 2].isdigit() or _is_prose(inside)):
        return None
    shown = _formula(inside)
    return _Edit(start, close + len(mark), shown) if shown else None


def _is_prose(inside: str) -> bool:
    """Whether the text between two dollar signs is prose between two prices."""
    return bool(re.search(r"\s", inside) and not re.search(r"[\^_=<>+*/|{}]", inside))


def _group(text: str, token: re.Match[str]) -> _Edit | None:
    r"""`{\it words}`, or `mathcal{O}` without its backslash."""
    start, end = token.start(), token.end()
    close = _close(text, start if token["switch"] else end)
    if not close:
        return None
    if token["switch"]:
        return _Edit(start, close + 1, readable(text[end:close]))
    shown = _formula(_LOST.sub(r"\\\1", text[end + 1 : close]))
    return _Edit(start, close + 1, shown) if shown else None


def _close(text: str, start: int) -> int:
    """The position of the brace that closes the one at `start`; 0 if there is none, or none nearby."""
    depth = 0
    for place in range(start, min(len(text), start + LONGEST)):
        sign = text[place] if text[place - 1 : place] != "\\" else ""
        depth += (sign == "{") - (sign == "}")
        if depth == 0 or depth > DEEPEST:
            return place if sign == "}" and place > start else 0
    return 0


# -- LaTeX


def _formula(inside: str) -> str:
    """A formula as text; "" for an incomplete one."""
    bare = re.sub(r"\\[{}]", "", inside)
    depth = deepest = 0
    for sign in bare:
        depth += (sign == "{") - (sign == "}")
        deepest = max(deepest, depth)
        if depth < 0:
            return ""
    if depth or deepest > DEEPEST:
        return ""
    if not re.search(r"[\\{}~]", inside):
        return inside.strip()
    return _converted("$" + _SUMS.sub(r"\1(\2)", inside) + "$")


@functools.lru_cache(maxsize=4096)
def _converted(latex: str) -> str:
    """A short piece of LaTeX as text; "" if it shows nothing, or is invalid."""
    from pylatexenc.latexwalker import LatexWalkerError

    bare = re.sub(r"(?<!\\)([%#&])", r"\\\1", latex)  # otherwise starts a comment, an argument or a column
    try:
        converted = " ".join(_converter().latex_to_text(bare).split())
    except (LatexWalkerError, LookupError):  # LookupError: an argument is missing
        return ""
    return "" if "%s" in converted else converted  # of some commands, too, an argument is missing


@functools.cache
def _is_known(name: str) -> bool:
    context = _converter().latex_context
    return context.get_macro_spec(name) is not context.unknown_macro_spec


@functools.cache
def _converter() -> LatexNodes2Text:
    from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db

    def name(node: LatexMacroNode) -> str:
        return str(node.macroname)

    kept = ("latex-base", "nonascii-specials", "advanced-symbols")  # some of the others read files, or store a title
    context = get_default_latex_context_db().filter_context(keep_categories=kept)
    ours = [MacroTextSpec(macro, simplify_repl="%s") for macro in (*PLAIN, "overline", "widehat", "widetilde")]
    ours += [MacroTextSpec(macro, simplify_repl="%s/%s") for macro in ("frac", "nicefrac")]
    ours += [MacroTextSpec(macro, simplify_repl="") for macro in SILENT]
    ours += [MacroTextSpec(macro, simplify_repl=name) for macro in ("input", "include")]
    context.add_context_category("assistant", macros=ours, prepend=True)
    logging.getLogger("pylatexenc").setLevel(logging.CRITICAL)  # it would log every incomplete fraction
    context.set_unknown_macro_spec(MacroTextSpec("", simplify_repl=name))
    return LatexNodes2Text(latex_context=context, math_mode="text", keep_comments=True)
