"""An answer in, questions out that may come next: each has an answer here, and it says something else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, zip_longest

from ..answer.tables import compared
from ..core.records import Answer, Hit, Paper, fold
from ..core.text import content_words
from ..question.understanding import Asked
from ..search.answering import ONE_PAPER
from ..search.declining import decline
from .suggestions import phrases

MOST = 3
TRIED = 6
"""Candidates of each sort that are searched for, some 50 ms each."""
SHARING = 2
"""Titles among the papers considered that make a phrase a topic."""
COMMON = 0.25
"""Share of the abstracts considered that may contain a phrase; beyond that it does not narrow the topic."""
ASPECTS = (
    "What are the results of {}?",
    "How does {} work?",
    "What data does {} use?",
    "What problem does {} address?",
)

Understood = Callable[[str], tuple[Asked, Sequence[Hit]]]
"""A self-contained question in, how it is understood and its hits out: `Assistant.understood`."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question, the kinds that it may be of, and the papers that have to answer it; none: any that are new."""

    text: str
    kinds: tuple[str, ...]
    papers: tuple[Paper, ...] = ()


def next_questions(answer: Answer, understood: Understood) -> tuple[str, ...]:
    """At most three: about an aspect of a paper, a comparison, and a topic.

    The papers are those that the answer cites or, if it was declined, the nearest. Each question stands alone.
    """

    def answered(sort: Iterator[Candidate]) -> Iterator[str]:
        for candidate in islice(sort, TRIED):
            if fold(candidate.text) != fold(answer.query) and _adds(candidate, answer, *understood(candidate.text)):
                yield candidate.text

    sorts = map(answered, (_aspects(answer), _comparisons(answer), _topics(answer)))
    in_turn = chain.from_iterable(zip_longest(*sorts))
    return tuple(islice(filter(None, in_turn), MOST))


def _adds(candidate: Candidate, answer: Answer, asked: Asked, hits: Sequence[Hit]) -> bool:
    """Whether a question passes the gates, is answered by the right papers, and not by what is quoted already."""
    if asked.kind not in candidate.kinds or decline(asked, hits):
        return False
    if not candidate.papers:
        return any(hit.paper.title not in answer.titles for hit in hits[:SHARING])
    if {hit.paper.id for hit in hits[: len(candidate.papers)]} != {paper.id for paper in candidate.papers}:
        return False
    if len(candidate.papers) > 1:
        return any(compared(asked, hits[: len(candidate.papers)]))
    best = max(hits[0].evidence, key=lambda sentence: sentence.signals.answers).text
    quotes = [citation.quote for claim in answer.claims for citation in claim.citations]
    return not any(best in quote or quote in best for quote in quotes)


# -- the candidates


def _aspects(answer: Answer) -> Iterator[Candidate]:
    for aspect in ASPECTS:
        for paper in _papers(answer):
            yield Candidate(aspect.format(_name(paper) or f"“{paper.title}”"), ONE_PAPER, (paper,))


def _comparisons(answer: Answer) -> Iterator[Candidate]:
    """The first paper that has a name with each other one considered that has another, the most similar first."""
    first = next(filter(_name, _papers(answer)), None)
    if first is None or answer.kind == "compare":
        return
    others = [hit.paper for hit in answer.hits if _name(hit.paper) not in ("", _name(first))]
    own = _words(first)
    for other in sorted(others, key=lambda paper: -len(own & _words(paper))):
        yield Candidate(f"How does {_name(first)} differ from {_name(other)}?", ("compare",), (first, other))


def _topics(answer: Answer) -> Iterator[Candidate]:
    """The longest phrases that titles of the papers share with others considered, unless it was asked about them."""
    titles = [_phrases(hit.paper) for hit in answer.hits]
    abstracts = [fold(hit.paper.abstract) for hit in answer.hits]
    for paper in _papers(answer):
        shared = [phrase for phrase in _phrases(paper) if sum(phrase in title for title in titles) >= SHARING]
        for phrase in sorted(shared, key=lambda one: -len(one.split())):
            usual = sum(fold(phrase) in abstract for abstract in abstracts) > COMMON * len(abstracts)
            if not usual and fold(phrase) not in fold(answer.query):
                yield Candidate(f"Which papers are about {phrase}?", ("list", "overview"))


def _papers(answer: Answer) -> list[Paper]:
    papers = {hit.paper.title: hit.paper for hit in answer.hits}
    titles = answer.declined.nearest if answer.declined else answer.titles
    return [papers[title] for title in titles if title in papers]


def _name(paper: Paper) -> str:
    """The single word before the colon of a title, if the abstract uses it."""
    name, colon, _ = paper.title.partition(":")
    return name if colon and len(name.split()) == 1 and name in paper.abstract else ""


def _words(paper: Paper) -> set[str]:
    return set(content_words(f"{paper.title} {paper.abstract}".casefold()))


def _phrases(paper: Paper) -> list[str]:
    """The phrases of a title, without its name, that are complete and not interrupted by punctuation."""
    rest = paper.title.partition(":")[2] or paper.title
    return [phrase for phrase, ends in phrases(rest).items() if ends and fold(phrase) in fold(rest)]
