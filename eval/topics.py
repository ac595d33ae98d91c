"""Questions about a topic that several titles name, generated from the papers.

Our own questions describe what they look for, and few papers match. People also ask about a whole field, where a dozen
papers are equally good. These questions teach the models how sure to be of each.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from assistant.core.records import Paper, digest
from assistant.core.text import STOP_WORDS, stem, words

from .questions import Question, half

LEAST, MOST = 4, 14
"""Titles that name a topic: fewer are not a field, and of more an answer would cite only some."""
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
    """At most `most` questions of the fitting half, always the same for the same papers.

    Papers whose titles name the topic are gold; those where only the abstract does are tolerated.
    """
    ordered = sorted(papers, key=lambda paper: paper.id)
    titles = {paper.title: _stems(paper.title) for paper in ordered}
    abstracts = {paper.title: _stems(paper.abstract) for paper in ordered}
    questions = []
    for key, topic in sorted(_topics(ordered).items(), key=lambda item: digest(item[0])):
        gold = tuple(title for title, stems in titles.items() if key in stems)
        also = tuple(title for title, stems in abstracts.items() if key in stems and title not in gold)
        asked = random.Random(key).choice(ASKED)
        question = Question(f"topic:{key.strip()}", "list", asked.format(topic), gold, also)
        questions += [question] if LEAST <= len(gold) <= MOST and half(question) == "fit" else []
    return questions[:most]


def _topics(papers: Iterable[Paper]) -> dict[str, str]:
    """The topics of the titles: stemmed, and as the first title writes them."""
    topics: dict[str, str] = {}
    papers_of: dict[str, set[str]] = defaultdict(set)
    for paper in papers:
        for run in _runs(words(paper.title)):
            key = _stems(" ".join(run))
            topics.setdefault(key, " ".join(run))
            papers_of[key].add(paper.id)
    return {key: topic for key, topic in topics.items() if len(papers_of[key]) >= LEAST}


def _runs(title: Sequence[str]) -> Iterator[Sequence[str]]:
    """Runs of words that begin and end with a content word; a single word only if it is an abbreviation."""
    for start, first in enumerate(title):
        for run in (title[start : start + length] for length in range(1, LONGEST + 1)):
            ends = (first, run[-1])
            if any(len(word) < 3 or word.isdigit() or word.casefold() in STOP_WORDS for word in ends):
                continue
            if len(run) > 1 or any(letter.isupper() for letter in first[1:]):
                yield run


def _stems(text: str) -> str:
    """The stems with spaces around them, to search for runs of whole stems."""
    return f" {' '.join(stem(word) for word in words(text))} "
