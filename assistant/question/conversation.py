"""Earlier turns and a question in, one self-contained question out.

What a follow-up points at is a paper of the conversation, so resolving it means naming that paper by its title:
`and how big is it?` becomes `Regarding “MUVERA: ...”: and how big is it?` Where no paper was found, or hardly, the
words of the questions before are named in its place: `Regarding throat cancer: Is it treatable?`
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence

from ..core.records import Decline, Turn
from ..core.text import content_words, parts, stem
from .pointing import (
    AMONG,
    ANEW,
    ANEW_PAPERS,
    BOTH,
    NEW_TOPIC,
    NUMBERED,
    OF_PAPERS,
    ONE,
    ONE_THAT,
    ORDINAL,
    ORDINALS,
    POINTER,
    SEVERAL,
    SHORT,
    TWO,
    WHICH,
    depends,
    points_back,
)
from .topics import topic

MEANT = 4
"""Papers that one follow-up may mean at once."""
UNSURE = 0.2
"""Least relevance at which the paper of an answer is what a follow-up means; below it both are asked as one."""
LOST = Decline(
    "absent",
    "The question before found nothing, so I do not know what this one refers to. Please ask it in full.",
)
ASKED_OF = 12
"""Chosen papers that one question may mean at once: as many as an answer names."""

_INSTEAD = re.compile(r"^(?:and|but|or|ok(?:ay)?,?)?\s*(?:what about|how about|and|on|for|with|in)\b\s*", re.I)
_REGARDING = re.compile(r"^Regarding (?P<what>“.*?”(?: and “.*?”)*|[^“:]*): (?P<question>.*)$", re.S)
_ASIDE = " — "
"""Stands between what a question names anew and the question that is asked of it."""

Names = Callable[[str], Sequence[str]]
"""The names of papers or methods that a question uses."""


def self_contained(question: str, turns: Sequence[Turn], names: Names) -> str:
    """`question` with what it refers to in the turns before it spelt out; as it is when it stands alone."""
    cited = [turn for turn in turns if turn.answer.titles]
    if not turns or NEW_TOPIC.search(question):
        return _without_topic_change(question)
    if _found_nothing(question, turns):
        return _on_the_topic(question, turns, names)
    if not cited or _asks_anew(question, cited):
        return question
    pointing = bool(POINTER.search(question))
    named = [name for name in names(question) if not (pointing and name.islower())]
    if named and not _INSTEAD.match(question) and not points_back(question, named):
        return question
    if not depends(question):
        return question
    if named and not points_back(question, named):
        return _instead(question, named, turns[-1], names)
    if _is_unsure(question, turns[-1]):
        return f"{turns[-1].question} {question}"
    titles = _meant(question, cited)
    return regarding(titles, question) if titles else question


def is_lost(question: str, turns: Sequence[Turn]) -> bool:
    """Whether a question goes on from one that found nothing."""
    return bool(turns) and not NEW_TOPIC.search(question) and _found_nothing(question, turns)


def follows_up(question: str, turns: Sequence[Turn]) -> bool:
    """Whether a question points at what an answer before it said."""
    cited = [turn for turn in turns if turn.answer.titles]
    return bool(cited and not NEW_TOPIC.search(question) and not _asks_anew(question, cited) and depends(question))


def regarding(titles: Sequence[str], question: str) -> str:
    """The question asked of the papers of these titles."""
    return f"Regarding {' and '.join(f'“{title}”' for title in titles)}: {question}"


def of_the_chosen(question: str, turns: Sequence[Turn], names: Names, *, chosen: Sequence[str], general: bool) -> str:
    """`self_contained` for a question that keeps to the papers whose titles are `chosen`: it means them.

    So does a `general` one, which fits any paper, and a short one that points at something no turn about them said.
    """
    kept = [turn for turn in turns if turn.answer.titles and {*turn.answer.titles} <= {*chosen}]
    found = self_contained(question, kept, names)
    points = len(content_words(question)) < SHORT and POINTER.search(question)
    return regarding(chosen[:ASKED_OF], question) if found == question and (general or points) else found


def _found_nothing(question: str, turns: Sequence[Turn]) -> bool:
    """Whether a question points at what the one before asked for and did not find, and at no paper."""
    last = turns[-1].answer
    if last.titles or last.declined is None or last.declined.kind not in ("absent", "invented"):
        return False
    lately = not any(turn.answer.titles for turn in turns)
    among = not _REGARDING.match(last.query) and AMONG.search(question)
    return bool(depends(question) and (lately or among) and not OF_PAPERS.search(question))


def _on_the_topic(question: str, turns: Sequence[Turn], names: Names) -> str:
    """The question asked of what those since the last answer were about."""
    since = itertools.takewhile(lambda turn: not turn.answer.titles, reversed(turns))
    about = topic([(turn.question, depends(turn.question)) for turn in reversed(list(since))])
    return f"Regarding {about}: {question}" if about and not names(question) else question


def _is_unsure(question: str, last: Turn) -> bool:
    """Whether the paper of the last answer is too doubtful to be what a question means."""
    hits = [hit for hit in last.answer.hits if hit.paper.title == last.answer.titles[0]] if last.answer.titles else []
    alone = last.answer.query == last.question and not ORDINAL.search(question) and not NUMBERED.search(question)
    return alone and any(0 < hit.relevance < UNSURE for hit in hits)


def _asks_anew(question: str, cited: Sequence[Turn]) -> bool:
    """Whether a question asks what else there is, and means none of the papers cited."""
    anew = ANEW_PAPERS.search(question) or (ANEW.search(question) and len(content_words(question)) > SHORT)
    return bool(anew) and not _described(question, cited)


def _meant(question: str, cited: Sequence[Turn]) -> list[str]:
    """The titles a follow-up means: by number or ordinal, all of the last answer's, or its first.

    [] for a number that none of them bears.
    """
    titles = cited[-1].answer.titles
    described = _described(question, cited)
    if described:
        return [described]
    numbered = NUMBERED.search(question)
    if numbered and 1 <= int(numbered[1]) <= len(titles):
        return [titles[int(numbered[1]) - 1]]
    if numbered:
        return []
    ordinal = ORDINAL.search(question)
    if ordinal:
        pool = next((t.answer.titles for t in reversed(cited) if len(t.answer.titles) > 1), titles)
        place = ORDINALS[ordinal[1].casefold()]
        if -len(pool) <= place < len(pool):
            return [pool[place]]
        return []
    several = _several(question, cited)
    if SEVERAL.search(question) and len(several) > 1:
        return _picked(question, several, cited) or several[:MEANT]
    return [titles[0]]


def _several(question: str, cited: Sequence[Turn]) -> list[str]:
    """The titles that "they" means; of a single one, where two are spoken of, and what was found next.

    "Both" means that of the answer before it, too, where there is one.
    """
    last = cited[-1].answer
    titles = list(last.titles)
    if len(titles) > 1 or not TWO.search(question):
        return titles
    before = (turn.answer.titles[0] for turn in reversed(cited[:-1] if BOTH.search(question) else ()))
    found = (hit.paper.title for hit in last.hits)
    others = (title for title in itertools.chain(before, found) if title not in titles)
    return titles + list(itertools.islice(others, 1))


def _picked(question: str, titles: Sequence[str], cited: Sequence[Turn]) -> list[str]:
    """The one of several papers that "which of them" asks for, by the words it shares with it and the others do not."""
    if not WHICH.search(question):
        return []
    wanted = _starts(question)
    shared = {title: wanted & _starts(f"{title} {_abstracts(cited).get(title, '')}") for title in titles}
    best, second = sorted(shared.values(), key=len, reverse=True)[:2]
    return [title for title in titles if shared[title] == best][:1] if len(best) > len(second) else []


def _abstracts(cited: Sequence[Turn]) -> dict[str, str]:
    return {hit.paper.title: hit.paper.abstract for turn in cited for hit in turn.answer.hits}


def _described(question: str, cited: Sequence[Turn]) -> str:
    """The cited paper that "the other one", "the self-distilling one" or "the one that uses COCO" means.

    "" where nothing of the kind is said or none fits.
    """
    found = ONE.search(question) or ONE_THAT.search(question)
    if not found:
        return ""
    every = list(dict.fromkeys(title for turn in reversed(cited) for title in turn.answer.titles))
    if found[1].casefold().startswith("other") and found.re is ONE:
        others = [title for title in every if title != cited[-1].answer.titles[0]]
        return others[0] if others else ""
    wanted = _starts(found[1])
    abstracts = _abstracts(cited)
    shared = {title: len(wanted & _starts(f"{title} {abstracts.get(title, '')}")) for title in every}
    best = max(every, key=lambda title: shared[title])
    return best if shared[best] > len(wanted) / 2 else ""


def _starts(text: str) -> set[str]:
    """How the content words of a text begin: enough to match "self-distilling" with "self-distillation"."""
    return {stem(piece)[:5] for word in content_words(text) for piece in (word, *parts(word)) if len(piece) > 2}


def _instead(question: str, named: Sequence[str], last: Turn, names: Names) -> str:
    """The question before, asked of what this one names: "and on MMWorld?"; a longer one stands alone."""
    if len(content_words(question)) > SHORT + len(named):
        return question
    regarded = _REGARDING.match(last.answer.query)
    before = (regarded["question"] if regarded else last.answer.query).rpartition(_ASIDE)[2]
    replaced = names(before)
    for name in replaced:
        before = before.replace(name, named[0])
    rest = _INSTEAD.sub("", question)
    asked = before if replaced and not content_words(rest.replace(named[0], " ")) else f"{rest}{_ASIDE}{before}"
    return f"Regarding {regarded['what']}: {asked}" if regarded and replaced else asked


def _without_topic_change(question: str) -> str:
    """The question without the words that announce a change of topic."""
    announced = re.match(r"^[^.!?:]{0,40}[.!?:]\s+(?=\S)", question)
    if announced and NEW_TOPIC.search(announced.group()) and len(question) > announced.end() + 10:
        return question[announced.end() :]
    return question
