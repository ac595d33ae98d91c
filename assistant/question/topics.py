"""Earlier questions in, what they are about out: the words a follow-up goes on from where no paper was found."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..core.text import STOP_WORDS, content_words

LONG = 4
"""Words a question must say of its own to bring up another subject."""
_OF_ANYTHING = frozenset(
    """tell know mean means happen happens happened main important common best popular better good bad kind kinds type
    types sort difference differences different way ways role purpose history origin significance impact effect effects
    benefit benefits advantage advantages disadvantages cause causes symptom symptoms treatment compare related
    relationship made make makes help used many much long often big large explain describe interesting okay ok wow cool
    really oh thanks heard said think need start new first last famous known notable example examples thing things
    people person time day year reason reasons name called deal like sound sounds talk led seem seems consider cost
    wonder wondering saw lot lots choose developed based come came found besides i've i’ve i'm i’m i’d let’s let's
    don’t don't didn't""".split()
)
"""Words that are said of any subject and name none."""
_INTRODUCED = re.compile(
    r"^(?:(?:ok(?:ay)?|so|and|but|interesting|thanks|cool|really|wow|hmm?)[,.!?]? )*"
    r"(?P<form>(?:what|who)(?:'s|’s| is| are| was| were)|tell(?: me)?(?: more)? about|describe|explain"
    r"|(?:what|how) about)"
    r"(?P<article> an?| the)? (?P<thing>(?:[\w’'/-]+ ?){1,4})[?.!]*$",
    re.I,
)
"""A question that asks of a thing what it is, and no more."""
_POINTING = re.compile(
    r"\b(?:its?|it's|they|them|their|th(?:is|at|ese|ose)|he|she|his|her|ones?|others?|there|same|such|two)\b", re.I
)
_TOKEN = re.compile(r"\w[\w'’.-]*\w|\w|[^\w\s]")
_OF = re.compile(r".*\b(?:of|about)\b(?P<thing>.+)", re.S)


def defines(question: str) -> bool:
    """Whether a question only asks what something is that it names itself: "What is taurine?"."""
    asked = _INTRODUCED.match(question.strip())
    about = asked and asked["form"].casefold().endswith("about") and not asked["form"].casefold().startswith("tell")
    if not asked or about or (asked["article"] or "").strip().casefold() == "the":
        return False
    one_word = asked["form"].casefold().endswith("re") and len(asked["thing"].split()) == 1
    return bool(_introduced(question)) and not one_word  # "What are limitations?" asks of something else


def topic(questions: Iterable[tuple[str, bool]]) -> str:
    """What a conversation is about: its subject, and the thing that came up last.

    Each question comes with whether it points at those before it.

    >>> topic([("What is throat cancer?", False), ("Is it treatable?", True), ("What about Botox?", True)])
    'throat cancer and Botox'
    """
    subject = latest = ""
    for question, points in questions:
        new = _introduced(question)
        if not subject or (not points and len(_own(question)) >= LONG):
            subject, latest = new or _subject(question), ""
        elif new and new != subject:
            latest = new
    return " and ".join(filter(None, (subject, latest)))


def _introduced(question: str) -> str:
    """The thing that a question brings up: all it asks about, or a name it writes with a capital."""
    said = [part for part in re.split(r"(?<=[.!?])\s+", question) if _own(part)]
    asked = _INTRODUCED.match(said[-1].strip()) if said else None
    if asked and not _POINTING.search(said[-1]):
        own = _own(asked["thing"])
        if own and own == content_words(asked["thing"]):
            return " ".join(own)
    names = [run for run in _runs(question) if any(word[0].isupper() and _within(word, question) for word in run)]
    return " ".join(names[-1]) if names else ""


def _subject(question: str) -> str:
    """What a question is about by its place: what stands after its last "of" or "about", or first."""
    after = _OF.match(question)
    runs = (_runs(after["thing"]) if after else []) or _runs(question)
    return " ".join(runs[0]) if runs else ""


def _own(text: str) -> list[str]:
    return [word for word in content_words(text) if not _is_general(word)]


def _is_general(word: str) -> bool:
    return word.casefold() in _OF_ANYTHING or word.isdigit()


def _within(word: str, question: str) -> bool:
    """Whether a word stands inside a sentence, where a capital is no accident."""
    before = question[: question.find(word)].rstrip()
    return bool(before) and before[-1] not in ".!?:"


def _runs(text: str) -> list[list[str]]:
    """The runs of words that name something, without the words between them."""
    found: list[list[str]] = [[]]
    for token in _TOKEN.findall(text):
        word = re.sub(r"['’]s$", "", token)
        if word[0].isalnum() and word.casefold() not in STOP_WORDS and not _is_general(word):
            found[-1].append(word)
        elif found[-1]:
            found.append([])
    return [run for run in found if run]
