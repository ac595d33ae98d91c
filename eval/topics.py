"""Papers in, questions out that ask for a topic which several of their titles name.

Our own questions describe what they look for, and few papers fit. People also ask for a whole field, where a dozen are
as good as each other; how sure to be of each is learnt from these.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from assistant.core.records import Paper, digest
from assistant.core.text import STOP_WORDS, stem, words

from .questions import Question, half

LEAST, MOST = 4, 14
"""Titles that hold a topic: fewer make no field, and of more an answer names only some."""
LONGEST = 3
ASKED = (
    "Which papers are about {}?",
    "Which papers deal with {}?",
    "How many papers are on {}?",
    "List the papers on {}.",
    "What papers do you have about {}?",
    "papers on {}",
)


def topical(papers: Sequence[Paper], *, most: int) -> list[Question]:
    """At most so many questions of the fitting half, the same for the same papers.

    Right are the papers whose titles hold the topic; those whose abstracts alone do are neither right nor wrong.
    """
    ordered = sorted(papers, key=lambda paper: paper.id)
    titles = {paper.title: _stems(paper.title) for paper in ordered}
    abstracts = {paper.title: _stems(paper.abstract) for paper in ordered}
    found = []
    for key, topic in sorted(_topics(ordered).items(), key=lambda item: digest(item[0])):
        gold = tuple(title for title, held in titles.items() if key in held)
        also = tuple(title for title, held in abstracts.items() if key in held and title not in gold)
        asked = random.Random(key).choice(ASKED)
        question = Question(f"topic:{key.strip()}", "list", asked.format(topic), gold, also)
        found += [question] if LEAST <= len(gold) <= MOST and half(question) == "fit" else []
    return found[:most]


def _topics(papers: Iterable[Paper]) -> dict[str, str]:
    """Runs of words of titles, stemmed, and as one title has them."""
    found: dict[str, str] = {}
    held: dict[str, set[str]] = defaultdict(set)
    for paper in papers:
        for run in _runs(words(paper.title)):
            key = _stems(" ".join(run))
            found.setdefault(key, " ".join(run))
            held[key].add(paper.id)
    return {key: topic for key, topic in found.items() if len(held[key]) >= LEAST}


def _runs(title: Sequence[str]) -> Iterator[Sequence[str]]:
    """Words side by side that begin and end with one that counts; one alone only where it is an abbreviation."""
    for start, first in enumerate(title):
        for run in (title[start : start + length] for length in range(1, LONGEST + 1)):
            ends = (first, run[-1])
            if any(len(word) < 3 or word.isdigit() or word.casefold() in STOP_WORDS for word in ends):
                continue
            if len(run) > 1 or any(letter.isupper() for letter in first[1:]):
                yield run


def _stems(text: str) -> str:
    """The stems with a space on either side, so that a run of them is found as a part."""
    return f" {' '.join(stem(word) for word in words(text))} "
