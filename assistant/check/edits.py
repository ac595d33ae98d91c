"""What an editor may change in a quotation, so that it stands alone, and how to undo it.

Every change is shown in square brackets: what only joins a sentence to the one before it becomes "[…]", and words that
mean the authors or their work become "[the authors]" or the name of the work. `unedited` finds the words of an abstract
that an edited sentence stands for; it accepts these changes and no others.

    >>> abstract = "Trees are slow. To address this issue, we propose PearTree. It grows fast."
    >>> unedited("[The authors] propose PearTree.", abstract).of(abstract)
    'To address this issue, we propose PearTree.'
    >>> unedited("[PearTree] grows slowly.", abstract)
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence

from ..core.text import Span, sentences

CUT = "[…]"
ENDS_CLAUSE = (",", ";", ":")
"""The signs at which the end of a sentence may be cut off."""
METHOD = (
    r"(?:method|approach|model|framework|system|algorithm|technique|architecture|pipeline|strategy|network|mechanism"
    r"|paradigm|scheme|procedure|solution|tool|toolkit|library|platform|methodology|metric|agent|parser)"
)
DATA = r"(?:dataset|data ?set|benchmark|corpus|resource|collection|test ?bed|test suite|treebank|lexicon)"
WORK = r"(?:paper|work|study|article|survey|report|thesis|chapter)"
_JOINING = (
    r"however|moreover|furthermore|additionally|in addition|therefore|thus|hence|consequently|accordingly|besides"
    r"|nevertheless|nonetheless|(?:more )?specifically|in particular|particularly|concretely|meanwhile|as a result"
    r"|as such|further|also|then|next|first(?:ly)?|second(?:ly)?|third(?:ly)?|finally|last(?:ly)?|subsequently"
    r"|for example|for instance|in contrast|on the (?:other|one) hand|conversely|instead|yet|here|indeed"
    r"|at the same time|in other words|in fact|in response(?: to this)?|in this way|(?:in|by) doing so|that is|and|but"
    rf"|in (?:this|our) (?:\w+ )?{WORK}"
)
_POINTER = r"(?:this|these|those|that|such|the above|the aforementioned)"
_PURPOSE = (
    rf"to (?:\w+ ){{0,2}}{_POINTER}(?: (?!we\b)[\w-]+){{0,3}}"
    r"|to \w+ the (?:\w+ )?(?:problem|issue|challenge|gap|limitation|shortcoming|drawback)s?(?: above)?"
    rf"|for {_POINTER} (?:purposes?|reasons?|ends?)|with {_POINTER}(?: \w+)? in mind"
    rf"|(?:(?:based|building) (?:up)?on|(?:motivated|inspired|guided) by|despite|in light of) {_POINTER}"
    r"(?: (?:\w+ )?(?:insight|observation|finding|idea|advance|advancement|success|progress|intuition)s?)?"
)
_ONE_OPENING = rf"(?:(?:{_JOINING}|{_PURPOSE}),|(?:thus|hence|therefore|then|finally)(?=\s+(?:we|our)\b))"
OPENING = rf"(?:{_ONE_OPENING}(?:\s+{_ONE_OPENING})?)"
"""An opening that joins a sentence to the one before it, and says nothing without that."""
_SELF = r"(?:(?:proposed|new|novel|simple|full|final|best|own)\s+)?"
NAMED = rf"(?:our\s+{_SELF}(?:{METHOD}|{DATA})|(?:this|the\s+proposed)\s+(?:{METHOD}|{DATA})|it)"
"""What the name of a paper's method or data may replace."""

ALONE = r"(?![\w-]|['’](?!s\b))"
"""After a word that may be replaced: "we" is not part of "we're"."""
REPLACED = {
    "the authors": r"we|us",
    "they": "we",
    "the authors'": rf"our|this(?=\s+(?:{METHOD}|{DATA})\b)",
    "them": "us",
    "their": "our",
    "theirs": "ours",
    "themselves": "ourselves",
    "the paper": rf"this\s+{WORK}",
    "the paper's": rf"this\s+{WORK}['’]s",
}
"""What may stand in brackets, and the words that it replaces."""
_BRACKET = re.compile(r"\[([^\[\]\n]{1,80})\]")


def unedited(text: str, abstract: str) -> Span | None:
    """Where the abstract has the words that an edited sentence stands for; None if it has not, or nothing is edited."""
    whole = text.strip()
    kept = whole.removesuffix(f" {CUT}")
    parts = _BRACKET.split(kept)
    if (len(parts) == 1 and kept == whole) or not any(c.isalnum() for part in parts[::2] for c in part):
        return None
    starts = [span.start for span in sentences(abstract)] if not parts[0] else _all(parts[0], abstract)
    ends = ((start, _end(parts, abstract, start)) for start in starts)
    spans = [Span(start, end) for start, end in ends if end is not None]
    return next((one for one in spans if kept == whole or abstract[one.end : one.end + 1] in ENDS_CLAUSE), None)


def _all(part: str, abstract: str) -> Iterator[int]:
    """Every place where the abstract has a part, as whole words."""
    start = abstract.find(part)
    while start >= 0:
        if not abstract[start - 1 : start].isalnum():
            yield start
        start = abstract.find(part, start + 1)


def _end(parts: Sequence[str], abstract: str, start: int) -> int | None:
    """Where the parts end that begin at `start`; None if the abstract has something else there."""
    place = start
    for number, part in enumerate(parts):
        if number % 2:
            match = _bracket(part, first=number == 1 and not parts[0]).match(abstract, place)
            if match is None or (match.lastgroup == "named" and not _has(part, abstract)):
                return None
            place = match.end()
        elif abstract.startswith(part, place):
            place += len(part)
        else:
            return None
    inside_word = abstract[place - 1].isalnum() and abstract[place : place + 1].isalnum()
    return None if inside_word else place


def _has(inside: str, abstract: str) -> bool:
    name = re.escape(inside.removesuffix("'s"))
    return bool(re.search(rf"(?<!\w){name}(?!\w)", abstract))


@functools.lru_cache(maxsize=1024)
def _bracket(inside: str, *, first: bool) -> re.Pattern[str]:
    """A pattern of what a bracket may stand for: itself, or the words it replaces; `named` if it is a name."""
    itself = re.escape(f"[{inside}]")
    if inside == "…":
        return re.compile(rf"{itself}|{OPENING}" if first else itself, re.I)
    opening = rf"(?:{OPENING}\s+)?" if first else ""
    if words := REPLACED.get(inside[:1].lower() + inside[1:]):
        return re.compile(rf"{itself}|{opening}(?:{words}){ALONE}", re.I)
    words = "its" if inside.endswith("'s") else NAMED
    return re.compile(rf"{itself}|(?P<named>{opening}{words}{ALONE})", re.I)
