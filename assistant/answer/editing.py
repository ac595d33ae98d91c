"""The sentences of an abstract in, the same edited to stand alone out: every change is shown in square brackets.

An opening that only joins a sentence to the one before is cut, the authors' "we" becomes "[the authors]", and "our
method" or "it" becomes the name of the work, where the abstract leaves no doubt which name that is. Where in doubt, a
sentence stays as it is. `check.edits` says what may be changed, and undoes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from ..check.edits import ALONE, CUT, DATA, METHOD, OPENING, WORK
from ..core.records import Evidence, Paper
from ..core.text import names, stems_of

_CUT = re.compile(rf"{OPENING}\s+", re.I)
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"|‘[^’]*’|(?<!\w)'[^']*'(?!\w)|\$[^$]*\$|https?://\S+|\[[^\]]*\]")
"""Words that are somebody else's, or no words."""
_AUTHORS = re.compile(rf"\b(?:(?P<we>[Ww]e)|(?P<our>[Oo]ur)|(?P<us>us)|(?P<ours>ours)|(?P<self>ourselves)){ALONE}")
_EVERYBODY = re.compile(
    r"(?:\bour (?:daily|everyday|day-to-day|lives|life|society|societies|planet|world|cultures?|brains?|minds?|modern"
    r"|digital|understanding|ability|future|history|own|interests|homes|communities|(?<!of our )knowledge of)\b"
    r"|\bwe (?:humans|live|speak|encounter|interact|communicate|as)\b|\b(?:all|many|most|of) of us\b|\blet us\b"
    r"|\baround us\b|\bus humans\b)",
    re.I,
)
"""Words that mean people in general, not the authors."""
_PAPER = re.compile(rf"this (?:{WORK}){ALONE}", re.I)
_OURS = re.compile(
    rf"\bour (?:(?:proposed|new|novel|simple|full|final|best|own) )?(?P<kind>{METHOD}|{DATA})"
    r"(?='s\b|’s\b|[,.;:)]"
    r"| (?:\w+ly )?(?:\w+s|\w+ed|can|could|will|may|with|on|in|to|by|for|over|from|and|without|when|then|also)\b)",
    re.I,
)
"""The work by its kind, before what is no other noun: "our model outperforms", not "our model parameters"."""
_THIS = re.compile(
    rf"(?:(?P<this>this)|the proposed) (?P<kind>{METHOD}|{DATA})(?= (?:\w+ly )?(?:\w+s|can|will)\b)", re.I
)
_IT = re.compile(
    r"it(?= (?:\w+ly |also |then |first |further )*(?:\w+s|can|will)\b)(?! is (?:\w+ )?(?:that|to)\b)|its\b", re.I
)
_PROPOSE = r"(?:propose|introduce|present|develop|design|release|create|build|construct|describe)s?"
_NAMING = re.compile(
    r"\b(?:[Ww]e|[Pp]aper|[Ww]ork) (?:\w+ )?(?:propose|introduce|present|develop)s? (?:"
    r"(?P<name>[A-Z][\w-]*[A-Z0-9][\w-]*)|an? [^,.;()]*\((?P<short>[A-Z][\w-]*[A-Z0-9])\))"
)
_DEPENDS = re.compile(
    r"(?:\[…\] )?(?:(?:to|by|in|with|from|for|on|under|through|following|based on|despite|given) (?:\w+ )?)?"
    r"(?:this|these|those|such)\b|(?:\[…\] )?(?:it|its|they|their)\b(?! is (?:\w+ )?(?:that|to)\b)",
    re.I,
)
"""Openings that point back and could not be edited."""
LONG, FEWEST, TOO_LONG = 28, 10, 50
"""Words from which a sentence in a list is shortened, those that stay at least, and from which it always is."""
_CLAUSE = re.compile(
    r"[,;:](?= (?:which|where|whose|while|achieving|resulting|enabling|allowing|leading|demonstrating|showing|making"
    r"|thereby|including|so|and (?:\[|then|find|show|demonstrate|introduce|propose|conduct|evaluate))\b)|;(?= )"
    r"|[,:](?= (?:including |namely |(?:which|that) )?\((?:1|i|a)\) )"
)
"""Where a clause or an enumeration may be cut off."""
_KIND = re.compile(rf"\b(?:(?P<method>{METHOD})|(?P<data>{DATA}))\b", re.I)


@dataclass(frozen=True, slots=True)
class Work:
    """What a paper calls its work, and which kind of thing that is: "method" or "data"."""

    name: str
    kind: str

    def is_meant(self, kind: str, sentence: str) -> bool:
        """Whether a sentence that says "our" and this kind of thing means the work, and does not name it itself."""
        return _kind(kind) == self.kind and self.name not in sentence

    def is_subject_of(self, sentence: str) -> bool:
        """Whether an edited sentence begins with the name or introduces it, so that "it" means the work in the next."""
        name = re.escape(self.name)
        return bool(
            re.match(rf"(?:\[…\] )?\[?{name}(?!\w)", sentence)
            or re.search(rf"\b{_PROPOSE},? (?:[^,.;]* )?\(?{name}(?!\w)", sentence)
        )


def edited(paper: Paper, sentences: Sequence[Evidence]) -> dict[int, str]:
    """Each sentence as it is quoted, by where it starts; `sentences` are those of the abstract in order."""
    work = _work(paper, sentences)
    texts: dict[int, str] = {}
    before = ""
    for sentence in sentences:
        texts[sentence.start] = before = _edited(sentence.text, before, work)
    return texts


def _edited(sentence: str, before: str, work: Work | None) -> str:
    """The sentence after `before`, which is edited already."""
    cut = _CUT.match(sentence)
    start = cut.end() if cut else 0
    subject, end = _subject(sentence, start, before, work)
    opening = f"[{subject}]" if subject else f"{CUT} " if cut else ""
    rest = sentence[end:]
    if _EVERYBODY.search(rest):
        return opening + rest
    return opening + _others(rest, work, known=subject.casefold().startswith("the authors"))


def _subject(sentence: str, start: int, before: str, work: Work | None) -> tuple[str, int]:
    """What replaces the words that a sentence begins with, and where those end; "" and `start` if nothing does."""
    rest = sentence[start:]
    if match := _PAPER.match(rest):
        return "The paper", start + match.end()
    if work and (match := _OURS.match(rest)) and work.is_meant(match["kind"], rest):
        return work.name, start + match.end()
    if work and work.is_subject_of(before):
        if (match := _THIS.match(rest)) and work.is_meant(match["kind"], rest):
            return work.name, start + match.end()
        if match := _IT.match(rest):
            return work.name + "'s" * (match[0].casefold() == "its"), start + match.end()
    if (match := _THIS.match(rest)) and match["this"] and _introduces(before, match["kind"]):
        return "The authors'", start + len("this")
    if (match := _AUTHORS.match(rest)) and match.lastgroup in ("we", "our") and not _EVERYBODY.match(rest):
        return "The authors" + "'" * (match.lastgroup == "our"), start + match.end()
    return "", start


def _others(rest: str, work: Work | None, *, known: bool) -> str:
    """The rest of a sentence with the authors in the third person; `known`: they were named before."""
    done, place = "", 0
    for match in _first_persons(rest):
        ours = _OURS.match(rest, match.start())
        done += rest[place : match.start()]
        if work and ours and not known and work.is_meant(ours["kind"], rest):
            done, place = f"{done}[{work.name}]", ours.end()
        else:
            done += f"[{_THIRD[match.lastgroup or ''][known]}]"
            place, known = match.end(), True
    return done + rest[place:]


_THIRD = {
    "we": ("the authors", "they"),
    "our": ("the authors'", "their"),
    "us": ("the authors", "them"),
    "ours": ("theirs", "theirs"),
    "self": ("themselves", "themselves"),
}
"""The first and every later mention of the authors, by what it replaces."""


def _first_persons(text: str) -> Iterator[re.Match[str]]:
    """Where the authors speak of themselves, outside what they quote."""
    quoted = [match.span() for match in _QUOTED.finditer(text)]
    return (m for m in _AUTHORS.finditer(text) if not any(start <= m.start() < end for start, end in quoted))


def shortened(text: str, wanted: Set[str]) -> str:
    """An edited sentence without its last clauses if it is long.

    The `wanted` stems that it has stay in, unless it is `TOO_LONG`: then as many of them as can.
    """
    if len(text.split()) <= LONG:
        return text
    wanted = wanted & stems_of(text)
    most = TOO_LONG if len(text.split()) > TOO_LONG else LONG
    cuts = [text[: match.start()] for match in _CLAUSE.finditer(text)]
    cuts = [cut for cut in cuts if FEWEST <= len(cut.split()) <= most]
    short = [cut for cut in cuts if wanted <= stems_of(cut)] or (cuts if most == TOO_LONG else [])
    return f"{max(short, key=lambda cut: len(wanted & stems_of(cut)))} {CUT}" if short else text


def depends(text: str) -> bool:
    """Whether only the sentence before explains an edited sentence: "This allows ...", "They fail ..."."""
    return bool(_DEPENDS.match(text))


def introducing(paper: Paper, sentence: str) -> bool:
    """Whether a sentence introduces the name that a paper gives its work."""
    called = paper.title.partition(":")[0].strip() if ":" in paper.title else ""
    name = re.escape(called) if called and called in sentence else ""
    coined = {match["name"] or match["short"] for match in _NAMING.finditer(sentence)}
    said = name and (re.search(rf"(?<!\w){name} is an? ", sentence) or _kind_after(called, sentence))
    return bool(coined or said or (name and _kind_before(called, sentence)))


# -- what the work is called


def _work(paper: Paper, sentences: Sequence[Evidence]) -> Work | None:
    """The one name that a paper gives its work, if title or abstract say what kind of thing it is."""
    before, colon, after = paper.title.partition(":")
    called = {before.strip()} if colon and before.strip() in names(f"A {before}") else _coined(sentences)
    name = called.pop() if len(called) == 1 else ""
    introduced = next(
        (one.text for one in sentences if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", one.text)), ""
    )
    if not name or not introduced:
        return None
    kind = _kind_after(name, introduced) or _kind_before(name, introduced) or _KIND.search(after)
    return Work(name, kind.lastgroup or "") if kind else None


def _coined(sentences: Sequence[Evidence]) -> set[str]:
    """The names that the authors say they give to something."""
    return {
        name for one in sentences for match in _NAMING.finditer(one.text) for name in [match["name"] or match["short"]]
    }


def _kind_after(name: str, sentence: str) -> re.Match[str] | None:
    """The kind of thing a sentence says the name is: "X, a framework for data"."""
    match = re.search(rf"(?<!\w){re.escape(name)}\)?,? (?:which is |is )?an? (?P<text>[^,.;:]*)", sentence)
    return _KIND.search(match["text"]) if match else None


def _kind_before(name: str, sentence: str) -> re.Match[str] | None:
    """The same where it comes first: "a framework called X"."""
    match = re.search(
        rf"\b(?i:an?|the|our) (?P<text>[^,.;:]*?)(?:,| called| named| dubbed| termed)* \(?{re.escape(name)}", sentence
    )
    kinds = list(_KIND.finditer(match["text"])) if match else []
    return kinds[-1] if kinds else None


def _introduces(before: str, kind: str) -> bool:
    """Whether a sentence introduces something of that kind as the authors' own."""
    return bool(re.search(rf"\[the authors\] (?:\w+ )?{_PROPOSE}\b[^.;]*\b{kind}\b", before, re.I))


def _kind(word: str) -> str:
    return "data" if re.fullmatch(DATA, word, re.I) else "method"
