"""A comparison in, its sides out: what it holds against each other, and the question as asked of each."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..core.text import content_words

_DESCRIBED = (
    r"(?:the|that|an?) (?:[\w-]+ ){0,3}?(?:paper|work|stud(?:y|ies)|article|survey|method|model|approach|recipe"
    r"|technique|scheme|system|framework|benchmark|data ?set|corpus)\b"
)
"""How the description of one paper begins: "the rewarming study on ..."."""
_A = r"(?P<a>(?:(?! [-–—] |\. )[^;:?!,]){3,200}?)"
_B = r"(?P<b>(?:(?! [-–—] |\. )[^;:?!,]){3,200}?)"
_END = (
    r"(?=[.]*$|[;:?!,]| [-–—] | (?:each|both|either|agree|disagree|differ|compare|report|claim|say|in (?:what|how)|when"
    r"|do|does|as to)\b)"
)
_VERSUS = r"(?:versus|vs\.?|against)"
_FORMS = (
    (r"\b(?:between|both) ", "and"),
    (r"\bcompar(?:e|ing|ison of) (?:[^:;?]*: *)?", rf"(?:and|with|to|{_VERSUS})"),
    (r"(?:^|[;:,] )(?:how (?:do|does) |what about )?", _VERSUS),
    (r"\b(?:do|does|did|is|are|was) ", r"(?:do )?differ(?:s|ent|ently)? (?:from|than|to)"),
    (r"\bthe same for ", "as for"),
    (r"^(?:which (?:is|of|one)[^:,]*[:,] *)?", r"or(?=[^;:?!,]*[:,?])"),
    (r"\b(?:do|does|did|would|can) ", "and"),
    (r"^", r"and(?=[^;:?!,]*[:,] (?:which|what|how|who|do|does|is|are)\b)"),
)
"""What stands before the first side, and between the two."""
_PAIRS = tuple(
    re.compile(f"{before}{_A} {between} {next_one}{_B}{_END}", re.I)
    for before, between in _FORMS
    for next_one in (f"(?={_DESCRIBED})", "")  # "on cats and dogs and the paper on birds" is parted before "the paper"
)
_COMPARING = re.compile(
    r"\b(?:each|both|either|respectively|versus|vs|compar(?:e|ing|ison)|agree|disagree|against|or)\b"
    r"|\bdiffer(?:s|ent|ently|ences?)?\b|\bthe same for\b|[:,] which\b",
    re.I,
)
_SURELY = re.compile(r"^compare\b|\bbetween\b|\bversus\b|\bvs\b|\bthe same for\b|\beach\b|\brespectively\b", re.I)
"""Words by which what stands beside a named paper is another, however it is described."""
_NO_PAPER = re.compile(
    r"^(?:the |an? |its |their |any )?(?:its|their|it|them|they|those|these|this|that|each|earlier|previous|prior"
    r"|existing|others?|another|standard|traditional|conventional|ordinary|usual|plain|typical|common|normal|vanilla"
    r"|regular|baselines?|single|one|two|what|which|how|humans?|people)\b(?! (?:paper|work|study)\b)",
    re.I,
)
"""How what no paper stands for begins: "earlier methods", "its baseline"."""


def sides(question: str) -> tuple[str, ...]:
    """The two things that a question compares, as it puts them; () for one that compares none.

    >>> sides("Batch Normalization vs the linearity paper on adversarial inputs: which gains more?")
    ('Batch Normalization', 'the linearity paper on adversarial inputs')
    """
    if not _COMPARING.search(question):
        return ()
    for pattern in _PAIRS:
        found = pattern.search(question)
        if found and all(_is_thing(found[name]) for name in ("a", "b")):
            return found["a"].strip(), found["b"].strip()
    return ()


def compares(question: str, names: Sequence[str]) -> bool:
    """Whether a question holds two papers against each other of which it describes one or both.

    They are described as such, "the paper on ...", or one stands beside a name and a word that surely compares.
    """
    both = sides(question)
    named = [any(side.startswith(name) for name in names) for side in both]
    described = [bool(re.match(_DESCRIBED, side, re.I)) for side in both]
    surely = any(named) and bool(_SURELY.search(question))
    return bool(both) and (surely or all(map(max, named, described)))


def of_each(question: str, names: Sequence[str]) -> list[str]:
    """For each side that has none of these names, the question without what stands on the other side."""
    both = sides(question)
    others = [other for side, other in zip(both, both[::-1], strict=True) if not any(name in side for name in names)]
    return [" ".join(question.replace(other, " ").split()) for other in others]


def _is_thing(side: str) -> bool:
    return bool(content_words(side)) and not _NO_PAPER.match(side.strip())
