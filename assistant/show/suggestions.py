"""Papers in, questions out that they answer, to begin a conversation with.

Asked are a topic that several titles share, a method named in a title, and how two methods of one topic differ.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from ..core.records import Paper, fold
from ..core.text import STOP_WORDS, words

FEWEST, MOST = 3, 12
"""Titles that share a topic: fewer are no topic yet, and an answer lists no more."""
COMMON = 1.0
"""A phrase that more than so many abstracts hold, for one title that does, is no topic but what everybody speaks of."""
ENOUGH = 2000
"""Papers looked at; a large library need not be read to begin with."""
_NAME = re.compile(r"(?=.{3,20}$)(?=.*[a-z])(?=.+[A-Z0-9])[A-Z][\w.+-]*")
"""A name that somebody coined: a capital first, and another, or a digit, within."""


def suggested(papers: Sequence[Paper]) -> tuple[str, ...]:
    """A topic, a name and a comparison, as far as the titles have them; the same papers give the same questions."""
    some = sorted(papers, key=_order)[:ENOUGH]
    named, topics = _named(some), _topics(some)
    about = ([paper for paper in sharing if paper.id in named] for sharing in topics.values())
    pair = next((tuple(sharing[:2]) for sharing in about if len(sharing) > 1), None)
    questions = [f"Which papers are about {phrase}?" for phrase in list(topics)[:1]]
    compared = [named[paper.id] for paper in pair or ()]
    questions += [f"What is {name}?" for name in named.values() if name not in compared][:1]
    if pair:
        questions.append(f"How does {compared[0]} differ from {compared[1]}?")
    return tuple(questions)


def _named(papers: Iterable[Paper]) -> dict[str, str]:
    """By paper id, the name that its title alone bears before the colon and its abstract speaks of."""
    bearers: dict[str, list[Paper]] = defaultdict(list)
    for paper in papers:
        name, colon, _ = paper.title.partition(":")
        if colon and _NAME.fullmatch(name):
            bearers[name].append(paper)
    mentions = Counter(word for paper in papers for word in set(re.findall(r"[\w.+-]+", paper.title)))
    kept = [(some[0], name) for name, some in bearers.items() if mentions[name] <= 1 and name in some[0].abstract]
    return {paper.id: name for paper, name in kept}


def _topics(papers: Sequence[Paper]) -> Mapping[str, list[Paper]]:
    """What several titles say in the same two or three words, and the papers of those; the most and longest first."""
    sharing: dict[str, list[Paper]] = defaultdict(list)
    whole: Counter[str] = Counter()
    for paper in papers:
        for phrase, ends in _phrases(paper.title.partition(":")[2] or paper.title).items():
            sharing[phrase].append(paper)
            whole[phrase] += ends
    kept = {
        phrase: some
        for phrase, some in sharing.items()
        if FEWEST <= len(some) <= MOST and 2 * whole[phrase] > len(some)  # "multimodal large" wants another word
    }
    ranked = sorted(kept.items(), key=lambda item: (-len(item[1]) * len(item[0].split()), item[0]))
    abstracts = [fold(paper.abstract) for paper in papers]
    return {
        phrase: some
        for phrase, some in ranked
        if sum(fold(phrase) in abstract for abstract in abstracts) <= COMMON * len(some)
    }


def _phrases(title: str) -> dict[str, bool]:
    """Two and three words that stand together, and whether the phrase ends with them."""
    runs: list[list[str]] = [[]]
    for word in words(title):
        if word.casefold() in STOP_WORDS:
            runs.append([])
        else:
            runs[-1].append(_plain(word))
    return {
        " ".join(run[start : start + length]): start + length == len(run)
        for run in runs
        for length in (2, 3)
        for start in range(len(run) - length + 1)
    }


def _plain(word: str) -> str:
    """A word without the capital that titles give to every word."""
    return word.lower() if word[1:].islower() else word


def _order(paper: Paper) -> str:
    """An order that favours no letter and is the same on every machine."""
    return paper.id
