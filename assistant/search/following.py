"""A question and the turns before it in, what it asks for out: the reading that what it finds speaks for.

A later turn can be read in several ways: it stands alone, goes on about a paper, or goes on with the topic. It is
looked up by itself, with the topic, and with the last paper. Each reading would cite some of what that finds, and a
fitted model weighs what these papers have in common with the turn, and how the turn is worded (`eval/talks.py`).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

from ..core.logistic import Preference, preference
from ..core.records import Evidence, Hit, Paper, Turn
from ..core.text import content_words, stem
from ..index.names import name_like, unnamed
from ..question.conversation import Earlier, bare, cues, earlier, joined, numbered, own_words, regarding
from ..question.understanding import Asked
from .bridging import KINDS
from .declining import decline
from .relevance import judged, kept, worth_citing
from .retrieval import SURELY

if TYPE_CHECKING:
    from . import Search

Meaning = Literal["alone", "topic", "list", "others", "other list", "instead", "narrowed", "paper", "each", "against"]
"""What a turn can mean, in the order of `readings`."""
MEANINGS: tuple[Meaning, ...] = get_args(Meaning)
LEAST = 0.002
"""Lowest relevance that is told apart from none."""
EACH = 4
"""Most papers that "they" refers to."""
SEEN = 20
"""Most papers of a conversation that a turn may be about, the latest first."""
AS_GOOD = 0.8
"""How alike to "only those that ..." a paper must be, as a share of the most alike one, for both to be among these. Of
102 lists of the talks, that keeps the right papers with an F1 of .83; their relevance to the turn does with .75."""


@dataclass(frozen=True, slots=True)
class TurnReading:
    """One way to understand a turn: what it means, and `read`, which says what it then asks for, once it is chosen.

    `cites`: the titles that it would probably cite. `about`: those that it takes from the conversation. `declined`: it
    would probably find no answer.
    """

    meaning: Meaning
    read: Callable[[], Asked]
    cites: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    declined: bool = False

    @property
    def asked(self) -> Asked:
        return self.read()


@dataclass(frozen=True, slots=True)
class Look:
    """What one wording of a turn asks for, and its hits, as relevant as to a question that wants one paper.

    The papers of the conversation are always among the hits.
    """

    asked: Asked
    hits: Sequence[Hit]

    @property
    def named(self) -> tuple[str, ...]:
        """The titles that the wording surely names."""
        return tuple(hit.paper.title for hit in self.hits if hit.signals.named == SURELY)

    def first(self, number: int = 1, *, without: Sequence[str] = ()) -> tuple[str, ...]:
        """The most relevant titles that are none of these."""
        return tuple(hit.paper.title for hit in self.hits if hit.paper.title not in without)[:number]

    def listed(self, *, without: Sequence[str] = ()) -> tuple[str, ...]:
        """The titles that a list would have."""
        several = judged(self.asked.as_kind("list"), self.hits) if self.hits else []
        hits = [hit for hit in several if hit.paper.title not in without]
        relevances = [hit.relevance for hit in hits]
        return tuple(hit.paper.title for hit in hits[: worth_citing(relevances, sum(relevances)) if hits else 0])

    def among(self, titles: Sequence[str]) -> tuple[str, ...]:
        """Those of these titles that are about as much like the turn as the most alike of them."""
        alike = {hit.paper.title: _alike(hit) for hit in self.hits if hit.paper.title in titles}
        return tuple(title for title, value in alike.items() if value >= AS_GOOD * max(alike.values()))

    def apart(self, titles: Sequence[str], of: Sequence[str]) -> float:
        """How far some titles stand out from the others by how much they are like the turn; 0 without others."""
        alike = {hit.paper.title: _alike(hit) for hit in self.hits if hit.paper.title in of}
        inside = [alike.pop(title) for title in titles if title in alike]
        return min(inside) - max(alike.values()) if inside and alike else 0.0


@dataclass(frozen=True, slots=True)
class Looks:
    """What a turn finds by itself, together with the topic, and together with the title of the last paper."""

    alone: Look
    topical: Look
    alike: Look


def followed(question: str, turns: Sequence[Turn], search: Search, alone: Asked) -> TurnReading:
    """The most probable reading of a question after these turns. `alone`: what it asks for if it stands alone."""
    if not turns or bare(question) != question:  # it may name its papers itself
        return TurnReading("alone", lambda: alone)
    talk = earlier(turns)
    looks = look(question, talk, search, alone)
    every = readings(question, talk, looks, search)
    best = probable(every, features(question, talk, looks, every), preference("turns"))
    named = {paper_id for name in looks.alone.asked.named if name.exact for paper_id in name.paper_ids}
    says_so = best.about and set(map(_id, best.about)) <= named  # it names these papers itself
    return every[0] if says_so else best


def unquoted(question: str, turns: Sequence[Turn], hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """The hits; for a turn that asks for more, with the sentences that the answers left out, or others not quoted."""
    if not turns or not cues(question)["more"]:
        return tuple(hits)
    talk = earlier(turns)
    return tuple(replace(hit, evidence=_unread(hit.evidence, talk) or hit.evidence) for hit in hits)


def _unread(evidence: Sequence[Evidence], talk: Earlier) -> tuple[Evidence, ...]:
    """The sentences that were left out so far; without any, those that were not quoted."""
    new = tuple(one for one in evidence if not any(quote in one.text for quote in talk.quoted))
    return tuple(one for one in new if any(quote in one.text for quote in talk.left_out)) or new


def probable(every: Sequence[TurnReading], values: Sequence[Mapping[str, float]], fitted: Preference) -> TurnReading:
    """The most probable reading, given what the model sees of each."""
    scores = [fitted.score(reading.meaning, row) for reading, row in zip(every, values, strict=True)]
    return every[scores.index(max(scores))]


def look(question: str, talk: Earlier, search: Search, alone: Asked) -> Looks:
    """What the readings of a turn find."""
    last = talk.last[0] if talk.last else ""
    topical = joined(talk.topic, question) if own_words(question) else talk.topic or question
    joint = (search.understood(one) for one in (topical, joined(last, question)))
    asked = (alone, *(replace(one, papers=alone.papers).as_kind("fact") for one in joint))
    return Looks(*(Look(one, _hits(one, talk, search)) for one in asked))


def _hits(asked: Asked, talk: Earlier, search: Search) -> list[Hit]:
    retrieved = search.retriever.retrieve(replace(asked, papers=tuple(map(_id, talk.seen))))
    return kept(asked, judged(asked.as_kind("fact"), retrieved)) if retrieved else []


# -- the readings


def readings(question: str, talk: Earlier, looks: Looks, search: Search) -> list[TurnReading]:
    """Every way to understand a turn; that it stands alone comes first."""
    return [*_searching(talk, looks), *_about(question, talk, looks, search)]


def _searching(talk: Earlier, looks: Looks) -> Iterator[TurnReading]:
    """Those that search for papers."""

    def reading(meaning: Meaning, asked: Asked, cites: tuple[str, ...], declined: bool = False) -> TurnReading:
        return TurnReading(meaning, lambda: asked, cites, declined=declined)

    alone, topical, shown = looks.alone, looks.topical, tuple(map(_id, talk.seen))
    itself: tuple[tuple[Meaning, Look], ...] = (("alone", alone), ("topic", topical))
    for meaning, one in itself:
        pair = one.first(2 if one.asked.kind == "compare" else 1)
        cites = one.listed() if one.asked.several else one.named[:2] if len(one.named) > 1 else pair
        yield reading(meaning, one.asked, cites, decline(one.asked, one.hits) is not None)
    yield reading("list", topical.asked.as_kind("list"), topical.listed())
    others: tuple[tuple[Meaning, Look], ...] = (("others", alone), ("other list", topical))
    for meaning, one in others:
        yield reading(meaning, replace(one.asked, without=shown).as_kind("list"), one.listed(without=talk.seen))
    for one in (topical, looks.alike) if talk.last else ():
        without = tuple(map(_id, talk.last))
        yield reading("instead", replace(one.asked, without=without), one.first(without=talk.last))
    if some := alone.among(talk.several):
        narrowed = replace(topical.asked.as_kind("list"), papers=tuple(map(_id, some)), everything=True)
        yield reading("narrowed", replace(narrowed, conditions=alone.asked.conditions), some)  # the topic's are met


def _about(question: str, talk: Earlier, looks: Looks, search: Search) -> Iterator[TurnReading]:
    """Those that are about papers of the conversation."""
    own = {stem(word) for word in own_words(question)}
    shown = " ".join(
        f"{hit.paper.title} {hit.paper.abstract}" for hit in looks.alone.hits if hit.paper.title in talk.seen
    )
    shorter = bool(cues(question)["shorter"]) and not _shared(own, shown)  # it says nothing of the papers itself
    again = talk.before if shorter and talk.before else joined(talk.before, question)
    wording = question if own else again

    def asked(meant: Sequence[str]) -> Asked:
        understood = search.understood(regarding(meant, wording))
        understood = replace(understood, papers=looks.alone.asked.papers, brief=understood.brief or shorter)
        of_one = understood.kind if understood.kind in KINDS else "fact"
        return understood.as_kind("compare" if len(meant) > 1 else of_one)

    papers = [(title,) for title in talk.seen[:SEEN]]
    each = dict.fromkeys(talk.several[:number] for number in (EACH, 2) if len(talk.several) > 1)
    against = [pair] if (pair := _against(talk, looks)) else []
    meant: tuple[tuple[Meaning, Iterable[tuple[str, ...]]], ...]
    meant = (("paper", papers), ("each", each), ("against", against))
    for meaning, some in meant:
        yield from (TurnReading(meaning, functools.partial(asked, titles), titles, titles) for titles in some)


def _against(talk: Earlier, looks: Looks) -> tuple[str, ...]:
    """The last paper, and another that the turn names, by itself or as part of the topic."""
    firsts = [
        next((hit for hit in one.hits if hit.paper.title not in talk.last[:1]), None)
        for one in (looks.alone, looks.topical)
    ]
    others = sorted(filter(None, firsts), key=lambda hit: (hit.signals.named, hit.relevance))
    return (talk.last[0], others[-1].paper.title) if talk.last and others else ()


# -- what the model sees


def features(question: str, talk: Earlier, looks: Looks, every: Sequence[TurnReading]) -> list[dict[str, float]]:
    """What the model sees of each reading: the wording of the turn, and the papers that the reading would cite."""
    wording = worded(question, talk, looks)
    return [{**wording, **_of_cited(question, talk, looks, reading)} for reading in every]


def worded(question: str, talk: Earlier, looks: Looks) -> dict[str, float]:
    """How a turn is worded, and what it goes on from: the same for each of its readings."""
    asked = {stem(word) for word in own_words(question)}
    return {
        **cues(question),
        "shared_topic": _shared(asked, talk.topic),
        "shared_titles": _shared(asked, " ".join(talk.last)),
        "no_paper": float(not talk.last),
        "one_paper": float(len(talk.last) == 1),
        "two_papers": float(len(talk.last) == 2),
        "several": float(len(talk.several) > 1),
        "numbers": float(bool(numbered(question, talk))),
        "names": float(any(name.exact for name in looks.alone.asked.named)),
        "wants_list": float(looks.alone.asked.several),
        "compares": float(looks.alone.asked.kind == "compare"),
    }


def _of_cited(question: str, talk: Earlier, looks: Looks, reading: TurnReading) -> dict[str, float]:
    """How the papers that a reading would cite fit the turn, and whether the conversation has them."""
    cites, names = reading.cites, name_like(question)
    every = (hit.paper for one in (looks.alone, looks.topical, looks.alike) for hit in one.hits)
    papers = {paper for paper in every if paper.title in cites}
    lacks = [name for name in names if all(unnamed([name], paper) for paper in papers)]
    return {
        **_of_look("alone", looks.alone, cites),
        **_of_look("topic", looks.topical, cites),
        **_of_look("alike", looks.alike, cites),
        "last": _part(cites, talk.last),
        "whole": _part(talk.last, cites),
        "apart": looks.alone.apart(cites, talk.several),
        "seen": _part(cites, talk.seen),
        "lacks": len(lacks) / max(1, len(names)),
        "repeated": cues(question)["others"] * _part(cites, talk.seen),
        "numbered": float(bool(cites) and {*cites} == {*numbered(question, talk)}),
        "count": math.log1p(len(cites)),
        "declined": float(reading.declined),
    }


def _of_look(name: str, look: Look, cites: Sequence[str]) -> dict[str, float]:
    """How one wording of the turn fits these titles: each of them, the best of them, and that among all hits."""
    cited = [hit for hit in look.hits if hit.paper.title in cites]
    odds = [*map(_logit, cited), *[_logit(None)] * (len(cites) - len(cited))] or [_logit(None)]
    most = max((hit.signals.maxsim for hit in look.hits), default=0.0)
    return {
        f"{name}_mean": math.fsum(odds) / len(odds),
        f"{name}_best": max(odds),
        f"{name}_first": float(look.first()[:1] == tuple(hit.paper.title for hit in cited[:1]) != ()),
        f"{name}_maxsim": max((hit.signals.maxsim for hit in cited), default=0.0) - most,
        f"{name}_named": float(any(title in cites for title in look.named)),
        f"{name}_unnamed": float(any(title not in cites for title in look.named)),
    }


def _alike(hit: Hit) -> float:
    """How much a paper is like a wording, whatever else is: by late interaction or, without vectors, by its words."""
    return hit.signals.maxsim or hit.signals.coverage


def _logit(hit: Hit | None) -> float:
    """The log-odds that a hit should be cited, within bounds."""
    relevance = min(max(hit.relevance if hit else 0.0, LEAST), 1 - LEAST)
    return math.log(relevance / (1 - relevance))


def _part(titles: Sequence[str], of: Sequence[str]) -> float:
    """The share of the titles that are among others."""
    return sum(title in of for title in titles) / max(1, len(titles))


def _shared(stems: set[str], text: str) -> float:
    """The share of the stems that a text uses."""
    return len(stems & {stem(word) for word in content_words(text)}) / max(1, len(stems))


@functools.lru_cache(maxsize=1024)
def _id(title: str) -> str:
    return Paper(title, "").id
