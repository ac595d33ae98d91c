"""A question in, what it points at outside itself out (pure)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..core.text import content_words
from .topics import defines

SHORT = 3
"""A question with fewer content words than this does not stand alone once a conversation is under way."""

NEW_TOPIC = re.compile(
    r"\b(?:other|another|new|different|separate|unrelated) (?:subject|topic|question|thing|matter)\b|\bchang(?:e"
    r"|ing) (?:of |the )?"
    r"(?:subject|topic)\b|\bswitching (?:topics?|gears)\b|\bsomething (?:else|different)\b|\bunrelated\b"
    r"|\bby the way\b|\bbtw\b",
    re.I,
)
POINTER = re.compile(
    r"(?:^|\b(?:is|was|did|does|do|on|of|for|with|in|to|from|about|by|at|and|or|but|than|like|how|why|what) )that\b|"
    r"\b(?:it|its|it's|itself|they|them|their|theirs|this|these|those|he|she|his|her|there|one|ones|same|both|"
    r"the (?:two|three|authors?|paper|method|model|approach|other|others|latter|former|result|results|dataset"
    r"|benchmark)|"
    r"such|so|then|above|mentioned|previous|earlier)\b",
    re.I,
)
OPENING = re.compile(
    r"^(?:and|but|so|also|or|then|what about|how about|why|how come|how so|since when|ok(?:ay)?,? and)\b", re.I
)
ORDINALS = {
    "first": 0,
    "1st": 0,
    "former": 0,
    "second": 1,
    "2nd": 1,
    "third": 2,
    "3rd": 2,
    "fifth": 4,
    "last": -1,
    "latter": -1,
}
ORDINAL = re.compile(
    rf"\bthe ({'|'.join(ORDINALS)})(?: (?:one|paper|of (?:them|these|those|the two)|method|model|work|result"
    rf"|approach))?\b(?! time)",
    re.I,
)
WHICH = re.compile(r"\bwhich (?:one|of (?:them|these|those|the two|the three))\b", re.I)
TWO = re.compile(r"\btwo\b|\bboth\b|\beither\b", re.I)
BOTH = re.compile(r"\bboth\b", re.I)
AMONG = re.compile(r"\b(?:ones?|they|them|those|these|which of)\b", re.I)
BACK = re.compile(
    r"\b(?:is|was|are|were|do|does|did|can|could|has|have|would|will) (?:it|this|that|they|these|those)\b"
    r"|^(?:and |but |so )?(?:it|they|its|their)\b|\b(?:to|with|from|like) (?:it|this|that|them|those)(?=$|[?.,!])",
    re.I,
)
"""A pronoun that a name after it does not explain: "is it better than BigNAS?"."""
BEYOND = re.compile(
    r"\b(?:than|beats?|outperforms?|outdoes|against|over|compared? (?:to|with)) (?:it|this|that|them|those)\b", re.I
)
"""A pronoun that no name explains: "does BigNAS beat it?"."""
NUMBERED = re.compile(r"(?:\[|\bnumber |\bno\. ?|#)(\d{1,2})\]?")
SEVERAL = re.compile(
    r"\b(?:they|them|their|these|those|both|all of|the (?:two|three)|each|either|which (?:of|one)|any of"
    r"|the others?)\b",
    re.I,
)

ANEW = re.compile(
    r"\b(?:are there|is there|any(?:thing|body|one)? (?:here|else)|any other|other papers"
    r"|which (?:other )?papers|what else(?!.*\b(?:this|that|it|they|the paper)\b)|"
    r"the ones? (?:with|that|about|on|from|where|using|for))\b",
    re.I,
)
ONE = re.compile(r"\bthe ((?:[\w-]+ ){1,3}?)(?:one|ones|paper|method|model|work|approach|study)\b", re.I)

ANEW_PAPERS = re.compile(r"\b(?:are|is) there (?:any |other |more )*(?:papers?|works?|stud(?:y|ies)|articles?)\b", re.I)
OF_PAPERS = re.compile(
    r"^(?:(?:which|what|any|list|show|find|name|how many)\b(?: [\w-]+){0,3}? )?"
    r"(?:papers|works|studies|articles)(?: [\w-]+){2}",
    re.I,
)
"""A question about papers that says what of them, however few words it has."""
ONE_THAT = re.compile(r"\bthe ones? (?:with|that|which|about|on|from|where|using|for) ([^,.;?]{3,60})", re.I)


def depends(question: str) -> bool:
    """Whether a question points outside itself."""
    return not defines(question) and bool(
        OPENING.search(question)
        or ORDINAL.search(question)
        or NUMBERED.search(question)
        or POINTER.search(question)
        or (len(content_words(question)) < SHORT and not OF_PAPERS.search(question))
    )


def points_back(question: str, named: Sequence[str]) -> bool:
    """Whether a question that names something means a paper of the conversation besides."""
    found = BACK.search(question)
    first = min(map(question.find, named), default=-1)
    return bool(BEYOND.search(question) or (found and found.start() < first))


def bare(question: str) -> str:
    """A question without the words that point outside it."""
    for pointing in (NUMBERED, ORDINAL, ONE, OPENING, POINTER):
        question = pointing.sub(" ", question)
    return " ".join(question.split())
