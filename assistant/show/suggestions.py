"""Papers in, questions that they answer out, to begin a conversation with.

The questions are about a topic that several titles share, a method named in a title, and how two methods of one topic
differ.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from ..core.records import Paper, fold
from ..core.text import STOP_WORDS, words

FEWEST, MOST = 3, 12
"""Titles that share a topic: fewer do not make one, and an answer lists no more."""
COMMON = 1.0
"""Most abstracts, for each title, that may contain a phrase; beyond that it is not a topic but common usage."""
ENOUGH = 2000
"""Papers considered; a large library need not be read in full for this."""
_NAME = re.compile(r"(?=.{3,20}$)(?=.*[a-z])(?=.+[A-Z0-9])[A-Z][\w.+-]*")
"""A coined name: it begins with a capital and contains another, or a digit."""


def suggested(papers: Sequence[Paper]) -> tuple[str, ...]:
    """A topic, a name and a comparison, if the titles have them; the same papers give the same questions."""
    considered = sorted(papers, key=_order)[:ENOUGH]
    names, topics = _names(considered), _topics(considered)
    about = ([paper for paper in sharing if paper.id in names] for sharing in topics.values())
    pair = next((tuple(sharing[:2]) for sharing in about if len(sharing) > 1), None)
    questions = [f"Which papers are about {phrase}?" for phrase in list(topics)[:1]]
    compared = [names[paper.id] for paper in pair or ()]
    questions += [f"What is {name}?" for name in names.values() if name not in compared][:1]
    if pair:
        questions.append(f"How does {compared[0]} differ from {compared[1]}?")
    return tuple(questions)


def _names(papers: Iterable[Paper]) -> dict[str, str]:
    """By paper id, the name before the colon of its title, if no other title has it and its abstract mentions it."""
    with_name: dict[str, list[Paper]] = defaultdict(list)
    for paper in papers:
        name, colon, _ = paper.title.partition(":")
        if colon and _NAME.fullmatch(name):
            with_name[name].append(paper)
    mentions = Counter(word for paper in papers for word in set(re.findall(r"[\w.+-]+", paper.title)))
    first = ((named[0], name) for name, named in with_name.items())
    return {paper.id: name for paper, name in first if mentions[name] <= 1 and name in paper.abstract}


def _topics(papers: Sequence[Paper]) -> Mapping[str, list[Paper]]:
    """Phrases of two or three words that several titles share, and their papers; frequent and long ones first."""
    sharing: dict[str, list[Paper]] = defaultdict(list)
    ending: Counter[str] = Counter()
    for paper in papers:
        for phrase, ends in phrases(paper.title.partition(":")[2] or paper.title).items():
            sharing[phrase].append(paper)
            ending[phrase] += ends
    kept = {
        phrase: some
        for phrase, some in sharing.items()
        if FEWEST <= len(some) <= MOST and 2 * ending[phrase] > len(some)  # "multimodal large" is incomplete
    }
    ranked = sorted(kept.items(), key=lambda item: (-len(item[1]) * len(item[0].split()), item[0]))
    abstracts = [fold(paper.abstract) for paper in papers]
    return {
        phrase: some
        for phrase, some in ranked
        if sum(fold(phrase) in abstract for abstract in abstracts) <= COMMON * len(some)
    }


def phrases(title: str) -> dict[str, bool]:
    """Phrases of two or three consecutive words, and whether a run of content words ends with them."""
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
    """A word without the capital of title case."""
    return word.lower() if word[1:].islower() else word


def _order(paper: Paper) -> str:
    """An order that favours no letter of the alphabet and is the same on every machine."""
    return paper.id
