"""Earlier turns and a question in, one self-contained question out.

What a follow-up points at is a paper of the conversation, so resolving it means naming that paper by its title:
`and how big is it?` becomes `Regarding “MUVERA: ...”: and how big is it?`
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from .records import Turn
from .text import content_words, parts, stem

SHORT = 3
"""A question with fewer content words than this does not stand alone once a conversation is under way."""
MEANT = 4
"""Papers that one follow-up may mean at once."""
ASKED_OF = 12
"""Chosen papers that one question may mean at once: as many as an answer names."""

_NEW_TOPIC = re.compile(
    r"\b(?:other|another|new|different|separate|unrelated) (?:subject|topic|question|thing|matter)\b|\bchang(?:e"
    r"|ing) (?:of |the )?"
    r"(?:subject|topic)\b|\bswitching (?:topics?|gears)\b|\bsomething (?:else|different)\b|\bunrelated\b"
    r"|\bby the way\b|\bbtw\b",
    re.I,
)
_POINTER = re.compile(
    r"(?:^|\b(?:is|was|did|does|do|on|of|for|with|in|to|from|about|by|at|and|or|but|than|like|how|why|what) )that\b|"
    r"\b(?:it|its|it's|itself|they|them|their|theirs|this|these|those|he|she|his|her|there|one|ones|same|both|"
    r"the (?:two|three|authors?|paper|method|model|approach|other|others|latter|former|result|results|dataset"
    r"|benchmark)|"
    r"such|so|then|above|mentioned|previous|earlier)\b",
    re.I,
)
_OPENING = re.compile(
    r"^(?:and|but|so|also|or|then|what about|how about|why|how come|how so|since when|ok(?:ay)?,? and)\b", re.I
)
_INSTEAD = re.compile(r"^(?:and|but|or|ok(?:ay)?,?)?\s*(?:what about|how about|and|on|for|with|in)\b\s*", re.I)
_ORDINALS = {
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
_ORDINAL = re.compile(
    rf"\bthe ({'|'.join(_ORDINALS)})(?: (?:one|paper|of (?:them|these|those|the two)|method|model|work|result"
    rf"|approach))?\b(?! time)",
    re.I,
)
_NUMBERED = re.compile(r"(?:\[|\bnumber |\bno\. ?|#)(\d{1,2})\]?")
_SEVERAL = re.compile(
    r"\b(?:they|them|their|these|those|both|all of|the (?:two|three)|each|either|which (?:of|one)|any of"
    r"|the others?)\b",
    re.I,
)

_ANEW = re.compile(
    r"\b(?:are there|is there|any(?:thing|body|one)? (?:here|else)|any other|other papers"
    r"|which (?:other )?papers|what else(?!.*\b(?:this|that|it|they|the paper)\b)|"
    r"the ones? (?:with|that|about|on|from|where|using|for))\b",
    re.I,
)
_ONE = re.compile(r"\bthe ((?:[\w-]+ ){1,3}?)(?:one|ones|paper|method|model|work|approach|study)\b", re.I)

_ANEW_PAPERS = re.compile(
    r"\b(?:are|is) there (?:any |other |more )*(?:papers?|works?|stud(?:y|ies)|articles?)\b", re.I
)
_OF_PAPERS = re.compile(
    r"^(?:which|what|any|list|show|find|name)\b(?: [\w-]+){0,3}? (?:papers|works|studies|articles)(?: [\w-]+){2}", re.I
)
"""A question about papers that says what of them, however few words it has."""
_ONE_THAT = re.compile(r"\bthe ones? (?:with|that|which|about|on|from|where|using|for) ([^,.;?]{3,60})", re.I)

Names = Callable[[str], Sequence[str]]
"""The names of papers or methods that a question uses."""


def self_contained(question: str, turns: Sequence[Turn], names: Names) -> str:
    """`question` with what it refers to in the turns before it spelt out; as it is when it stands alone."""
    cited = [turn for turn in turns if turn.answer.titles]
    if not cited or _NEW_TOPIC.search(question):
        return _without_topic_change(question)
    if _asks_anew(question, cited):
        return question
    pointing = bool(_POINTER.search(question))
    named = [name for name in names(question) if not (pointing and name.islower())]
    if named and not _INSTEAD.match(question):
        return question
    if named or not _depends(question):
        return _instead(question, turns) if named and len(content_words(question)) <= SHORT + len(named) else question
    titles = _meant(question, cited)
    if not titles:
        return question
    return regarding(titles, question)


def follows_up(question: str, turns: Sequence[Turn]) -> bool:
    """Whether a question points at what an answer before it said."""
    cited = [turn for turn in turns if turn.answer.titles]
    return bool(cited and not _NEW_TOPIC.search(question) and not _asks_anew(question, cited) and _depends(question))


def bare(question: str) -> str:
    """A question without the words that point outside it."""
    for pointing in (_NUMBERED, _ORDINAL, _ONE, _OPENING, _POINTER):
        question = pointing.sub(" ", question)
    return " ".join(question.split())


def regarding(titles: Sequence[str], question: str) -> str:
    """The question asked of the papers of these titles."""
    return f"Regarding {' and '.join(f'“{title}”' for title in titles)}: {question}"


def of_the_chosen(question: str, turns: Sequence[Turn], names: Names, *, chosen: Sequence[str], general: bool) -> str:
    """`self_contained` for a question that keeps to the papers whose titles are `chosen`: it means them.

    So does a `general` one, which fits any paper, and a short one that points at something no turn about them said.
    """
    kept = [turn for turn in turns if {*turn.answer.titles} <= {*chosen}]
    found = self_contained(question, kept, names)
    points = len(content_words(question)) < SHORT and _POINTER.search(question)
    return regarding(chosen[:ASKED_OF], question) if found == question and (general or points) else found


def _asks_anew(question: str, cited: Sequence[Turn]) -> bool:
    """Whether a question asks what else there is, and means none of the papers cited."""
    anew = _ANEW_PAPERS.search(question) or (_ANEW.search(question) and len(content_words(question)) > SHORT)
    return bool(anew) and not _described(question, cited)


def _depends(question: str) -> bool:
    """Whether a question points outside itself."""
    return bool(
        _OPENING.search(question)
        or _ORDINAL.search(question)
        or _NUMBERED.search(question)
        or _POINTER.search(question)
        or (len(content_words(question)) < SHORT and not _OF_PAPERS.search(question))
    )


def _meant(question: str, cited: Sequence[Turn]) -> list[str]:
    """The titles a follow-up means: by number or ordinal, all of the last answer's, or its first.

    [] for a number that none of them bears.
    """
    titles = cited[-1].answer.titles
    described = _described(question, cited)
    if described:
        return [described]
    numbered = _NUMBERED.search(question)
    if numbered and 1 <= int(numbered[1]) <= len(titles):
        return [titles[int(numbered[1]) - 1]]
    if numbered:
        return []
    ordinal = _ORDINAL.search(question)
    if ordinal:
        pool = next((t.answer.titles for t in reversed(cited) if len(t.answer.titles) > 1), titles)
        place = _ORDINALS[ordinal[1].casefold()]
        if -len(pool) <= place < len(pool):
            return [pool[place]]
        return []
    if _SEVERAL.search(question) and len(titles) > 1:
        return list(titles[:MEANT])
    return [titles[0]]


def _described(question: str, cited: Sequence[Turn]) -> str:
    """The cited paper that "the other one", "the self-distilling one" or "the one that uses COCO" means.

    "" where nothing of the kind is said or none fits.
    """
    found = _ONE.search(question) or _ONE_THAT.search(question)
    if not found:
        return ""
    every = list(dict.fromkeys(title for turn in reversed(cited) for title in turn.answer.titles))
    if found[1].casefold().startswith("other") and found.re is _ONE:
        others = [title for title in every if title != cited[-1].answer.titles[0]]
        return others[0] if others else ""
    wanted = _starts(found[1])
    abstracts = {hit.paper.title: hit.paper.abstract for turn in cited for hit in turn.answer.hits}
    shared = {title: len(wanted & _starts(f"{title} {abstracts.get(title, '')}")) for title in every}
    best = max(every, key=lambda title: shared[title])
    return best if shared[best] > len(wanted) / 2 else ""


def _starts(text: str) -> set[str]:
    """How the content words of a text begin: enough to match "self-distilling" with "self-distillation"."""
    return {stem(piece)[:5] for word in content_words(text) for piece in (word, *parts(word)) if len(piece) > 2}


def _instead(question: str, turns: Sequence[Turn]) -> str:
    """The question before, asked of what this one names: "and on MMWorld?"."""
    return f"{_INSTEAD.sub('', question)} — {turns[-1].question}"


def _without_topic_change(question: str) -> str:
    """The question without the words that announce a change of topic."""
    announced = re.match(r"^[^.!?:]{0,40}[.!?:]\s+(?=\S)", question)
    if announced and _NEW_TOPIC.search(announced.group()) and len(question) > announced.end() + 10:
        return question[announced.end() :]
    return question
