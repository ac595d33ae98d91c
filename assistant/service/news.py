"""New papers and a person's recent questions in, out which of the papers are on what that person asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.errors import QuestionError
from ..core.text import counted

if TYPE_CHECKING:
    from ..chain import Assistant
    from ..core.records import Paper
    from ..people.conversations import Conversations

WEEK = 7 * 86_400.0
"""Seconds for which a question is recent."""
QUESTIONS = 20
"""The last questions that are searched for, each in less than 0.1 s."""
NAMED = 5
"""Most papers named for a question."""
PROBABLE = 0.5
"""How probably an answer to a question would cite a paper that is on it. On the sample, with a quarter of its papers as
new ones, .91 of those told are right, and .77 of the right ones are told."""


@dataclass(frozen=True, slots=True)
class OnTopic:
    """A question, and new papers on it, the best first."""

    question: str
    papers: tuple[Paper, ...]

    @property
    def titles(self) -> list[str]:
        return [paper.title for paper in self.papers]


@dataclass(frozen=True, slots=True)
class News:
    """The ids of new papers, how many of them are on recent questions, and which."""

    new: tuple[str, ...] = ()
    on_topic: int = 0
    asked: tuple[OnTopic, ...] = ()

    @property
    def summary(self) -> str:
        """The numbers in words: "12 new papers, 3 on what you asked last week"."""
        papers = counted(len(self.new), "new paper") if self.new else "No new papers"
        return f"{papers}, {self.on_topic:,} on what you asked last week" if self.on_topic else papers


def news_of(
    assistant: Assistant,
    conversations: Conversations,
    owner: str,
    new: Sequence[str],
    *,
    clock: Callable[[], float] = time.time,
) -> News:
    """The new papers, by their ids, and which of them are on what the owner of some conversations asked recently.

    Each question is searched for as if it were asked now.
    """
    ids, on_topic, every = frozenset(new), set[str](), list[OnTopic]()
    for question in conversations.asked(owner, since=clock() - WEEK, limit=QUESTIONS) if new else ():
        try:
            hits = assistant.search(question)
        except QuestionError:  # an older program may have taken longer ones
            continue
        papers = [hit.paper for hit in hits if hit.paper.id in ids and hit.relevance >= PROBABLE]
        on_topic |= {paper.id for paper in papers}
        if papers:
            every.append(OnTopic(question, tuple(papers[:NAMED])))
    return News(tuple(new), len(on_topic), tuple(every))
