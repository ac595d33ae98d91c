"""A question and the turns before it in, what it asks for out: the reading that what it finds speaks for.

A later turn can be read in several ways: it stands alone, goes on about a paper, or goes on with the topic. It is
looked up by itself and with the topic, and a fitted model weighs what was found and how it is worded (`eval/talks.py`).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

from ..core.logistic import Preference, preference
from ..core.records import Hit, Paper, Turn
from ..core.text import content_words, stem
from ..question.conversation import Earlier, bare, cues, earlier, joined, numbered, own_words, regarding
from ..question.understanding import ASIDE, Asked
from .declining import decline
from .relevance import judged, kept
from .retrieval import SURELY, Retriever

if TYPE_CHECKING:
    from . import Search

Meaning = Literal["alone", "same", "earlier", "numbered", "each", "against", "topic", "list", "others", "other list"]
"""What a turn can mean, in the order of `readings`."""
MEANINGS: tuple[Meaning, ...] = get_args(Meaning)
LEAST = 0.002
"""Lowest relevance that is told apart from none."""
CLEARLY = 0.1
"""How much more relevant than the first paper another must be for a turn to be about it."""
EACH = 4
"""Most papers that "they" refers to."""


@dataclass(frozen=True, slots=True)
class TurnReading:
    """One way to understand a turn: what it means, and `read`, which says what it then asks for, once it is chosen.

    `about`: the titles of the papers that it is then about, if it takes them from the conversation.
    """

    meaning: Meaning
    read: Callable[[], Asked]
    about: tuple[str, ...] = ()

    @property
    def asked(self) -> Asked:
        return self.read()


@dataclass(frozen=True, slots=True)
class Look:
    """What one wording of a turn asks for, and its hits, the papers of the conversation always among them."""

    asked: Asked
    hits: Sequence[Hit]


@dataclass(frozen=True, slots=True)
class Looks:
    """What a turn finds by itself, and together with the topic."""

    alone: Look
    topical: Look


def followed(
    question: str, turns: Sequence[Turn], search: Search, *, papers: tuple[str, ...] | None = None
) -> TurnReading:
    """The most probable reading of a question after these turns. `papers`: the ids it is limited to (None: all)."""
    if not turns or bare(question) != question:  # it may name its papers itself
        return TurnReading("alone", lambda: replace(search.understood(question), papers=papers))
    talk = earlier(turns)
    looks = look(question, talk, search, papers)
    every = readings(question, talk, looks, search)
    best = probable(every, features(question, talk, looks), preference("turns"))
    named = {paper_id for name in looks.alone.asked.named if name.exact for paper_id in name.paper_ids}
    says_so = best.about and set(map(_id, best.about)) <= named  # it names these papers itself
    return every[MEANINGS.index("alone")] if says_so else best


def unquoted(question: str, turns: Sequence[Turn], hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """The hits; for a turn that asks for more, without the sentences that were quoted before, if others are left."""
    if not turns or not cues(question)["more"]:
        return tuple(hits)
    quotes = earlier(turns).quoted
    left = [tuple(one for one in hit.evidence if not any(quote in one.text for quote in quotes)) for hit in hits]
    return tuple(replace(hit, evidence=new or hit.evidence) for hit, new in zip(hits, left, strict=True))


def probable(every: Sequence[TurnReading], values: Mapping[str, float], fitted: Preference) -> TurnReading:
    """The reading whose meaning is the most probable."""
    scores = fitted.scores(values)
    return max(every, key=lambda reading: scores[reading.meaning])


def look(question: str, talk: Earlier, search: Search, papers: tuple[str, ...] | None = None) -> Looks:
    """What the readings of a turn find."""
    alone = replace(search.understood(question), papers=papers)
    topical = replace(search.understood(joined(talk.topic, question)), papers=papers).as_kind("fact")
    return Looks(*(Look(asked, _hits(asked, talk, search)) for asked in (alone, topical)))


def _hits(asked: Asked, talk: Earlier, search: Search) -> list[Hit]:
    retrieved = Retriever(search.index).retrieve(replace(asked, papers=tuple(map(_id, talk.seen))))
    return kept(asked, judged(asked, retrieved)) if retrieved else []


def readings(question: str, talk: Earlier, looks: Looks, search: Search) -> list[TurnReading]:
    """Every way to understand a turn."""
    shown = tuple(map(_id, talk.seen))
    alone, topical = looks.alone.asked, looks.topical.asked
    every = [
        TurnReading("alone", lambda: alone),
        TurnReading("topic", lambda: topical),
        TurnReading("list", lambda: topical.as_kind("list")),
        TurnReading("others", lambda: replace(alone, without=shown).as_kind("list")),
        TurnReading("other list", lambda: replace(topical, without=shown).as_kind("list")),
    ]
    titles: dict[Meaning, tuple[str, ...]] = {
        "same": _best(talk.last, looks.alone.hits),
        "earlier": _best([title for title in talk.seen if title not in talk.last], looks.alone.hits),
        "numbered": numbered(question, talk),
        "each": talk.several[:EACH],
        "against": _against(talk, looks),
    }
    wording = question if own_words(question) else joined(talk.before, question)

    def about(meant: Sequence[str]) -> Asked:
        asked = replace(search.understood(regarding(meant, wording)), papers=alone.papers)
        of_one = "fact" if asked.several or asked.kind in ASIDE else asked.kind
        return asked.as_kind("compare" if len(meant) > 1 else of_one)

    of_papers = ((meaning, meant) for meaning, meant in titles.items() if meant)
    return every + [TurnReading(meaning, functools.partial(about, meant), meant) for meaning, meant in of_papers]


def _best(titles: Sequence[str], hits: Sequence[Hit]) -> tuple[str, ...]:
    """The first of these papers, unless the turn is clearly about another of them."""
    relevance = {hit.paper.title: hit.relevance for hit in hits}
    best = max(titles, key=lambda title: relevance.get(title, 0.0), default="")
    clear = best and relevance.get(best, 0.0) - relevance.get(titles[0], 0.0) > CLEARLY
    return (best,) if clear else tuple(titles[:1])


def _against(talk: Earlier, looks: Looks) -> tuple[str, ...]:
    """The last paper, and another that the turn names, by itself or as part of the topic."""
    firsts = [
        next((hit for hit in one.hits if hit.paper.title not in talk.last[:1]), None)
        for one in (looks.alone, looks.topical)
    ]
    others = sorted(filter(None, firsts), key=lambda hit: (hit.signals.named, hit.relevance))
    return (talk.last[0], others[-1].paper.title) if talk.last and others else ()


def features(question: str, talk: Earlier, looks: Looks) -> dict[str, float]:
    """What the model sees of a turn: its wording, what it shares with the conversation, and what its readings find."""
    asked = {stem(word) for word in own_words(question)}
    return {
        **cues(question),
        "shared_topic": _shared(asked, talk.topic),
        "shared_titles": _shared(asked, " ".join(talk.last)),
        "no_paper": float(not talk.last),
        "one_paper": float(len(talk.last) == 1),
        "two_papers": float(len(talk.last) == 2),
        "several": float(len(talk.several) > 1),
        "numbered": float(bool(numbered(question, talk))),
        "names": float(any(name.exact for name in looks.alone.asked.named)),
        "wants_list": float(looks.alone.asked.several),
        "compares": float(looks.alone.asked.kind == "compare"),
        **_of_look("alone", looks.alone, talk),
        **_of_look("topic", looks.topical, talk),
    }


def _of_look(name: str, look: Look, talk: Earlier) -> dict[str, float]:
    """What one look found: how relevant its best hits are, in all, of the last answer, and new."""
    hits = look.hits
    last = [hit for hit in hits if hit.paper.title in talk.last]
    seen = [hit for hit in hits if hit.paper.title in talk.seen]
    new = [hit for hit in hits if hit.paper.title not in talk.seen]
    named = [hit for hit in hits if hit.signals.named == SURELY]
    return {
        f"{name}_declined": float(decline(look.asked, hits) is not None),
        f"{name}_last": _logit(last),
        f"{name}_seen": _logit(seen),
        f"{name}_new": _logit(new),
        f"{name}_maxsim_last": max((hit.signals.maxsim for hit in last), default=0.0),
        f"{name}_maxsim_new": max((hit.signals.maxsim for hit in new), default=0.0),
        f"{name}_cosine_last": max((hit.signals.cosine for hit in last), default=0.0),
        f"{name}_cosine_new": max((hit.signals.cosine for hit in new), default=0.0),
        f"{name}_first_is_last": float(hits[:1] == last[:1] != []),
        f"{name}_first_is_seen": float(hits[:1] == seen[:1] != []),
        f"{name}_names_seen": float(any(hit.paper.title in talk.seen for hit in named)),
        f"{name}_names_new": float(any(hit.paper.title not in talk.seen for hit in named)),
    }


def _logit(hits: Sequence[Hit]) -> float:
    """The log-odds that the most relevant of the hits should be cited, within bounds."""
    most = min(max((hit.relevance for hit in hits), default=0.0), 1 - LEAST)
    return math.log(max(most, LEAST) / (1 - max(most, LEAST)))


def _shared(stems: set[str], text: str) -> float:
    """The share of the stems that a text uses."""
    return len(stems & {stem(word) for word in content_words(text)}) / max(1, len(stems))


def _id(title: str) -> str:
    return Paper(title, "").id
