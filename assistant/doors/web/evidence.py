"""An answer in, its evidence as markup out: a card for each paper, what else was considered, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise

from markupsafe import Markup

from ...core.export import start_of
from ...core.records import Answer, Citation, Hit, Paper, Rejection, Source
from ...llm.ledger import bill
from ...show.showing import readable_answer, written
from .answers import why_title
from .markup import OnlineLink, addresses, online, render

ALSO = 10
"""Papers considered and not cited that are shown; the answer as JSON has them all."""
WELL = 0.8
"""Support from which more is said of a sentence that is neither quoted nor judged."""

MarkedCitation = tuple[int, Citation]
"""A citation and the number of the claim that rests on it."""


# -- what the templates show


@dataclass(frozen=True, slots=True)
class Meter:
    """A value from 0 to 1, and what it means in words."""

    label: str
    value: float

    @property
    def level(self) -> str:
        return f"{min(max(float(self.value), 0.0), 1.0):.2f}"

    @property
    def percent(self) -> str:
        return f"{float(self.level):.0%}"


@dataclass(frozen=True, slots=True)
class AbstractSpan:
    """A stretch of an abstract.

    `marks` are the numbers of the claims that quote it, separated by spaces; `address` is the one that it is part of.
    """

    text: str
    marks: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class PaperCard:
    """A paper that was found; of the numbered cards, the one in `front` shows its whole abstract."""

    number: int
    title: str
    meter: Meter
    abstract: tuple[AbstractSpan, ...]
    front: bool
    listed: str
    online: tuple[OnlineLink, ...]
    written: str


@dataclass(frozen=True, slots=True)
class WhyView:
    """How an answer came about: the question as searched, facts by name, and the figures of each paper."""

    title: str
    query: str
    facts: tuple[tuple[str, str], ...]
    lists: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """All evidence of an answer; `others` are the first of `others_in_all`."""

    number: int
    heading: str
    question: str
    cards: tuple[PaperCard, ...]
    others: tuple[PaperCard, ...]
    others_in_all: int
    rejections: tuple[Rejection, ...] = ()
    why: WhyView | None = None


# -- from records to markup


def shown(answer: Answer, number: int, listings: Mapping[str, str], *, so_far: str = "") -> Markup:
    """All evidence of answer `number` of a conversation; `listings` gives each listing's label.

    `so_far` is what language models took for the whole conversation.
    """
    answer = readable_answer(answer)
    view = evidence_view(answer, number, listings, rejections=answer.rejections, why=_why(answer, so_far))
    return render("evidence.shown", view)


def making(answer: Answer, number: int, listings: Mapping[str, str]) -> Markup:
    """The papers found for an answer in the making: cards of those it cites so far, then the others."""
    return render("evidence.making", evidence_view(readable_answer(answer), number, listings))


def nothing(message: str) -> Markup:
    """What is shown before there is any evidence."""
    return render("evidence.nothing", message)


def evidence_view(
    answer: Answer,
    number: int,
    listings: Mapping[str, str],
    *,
    rejections: tuple[Rejection, ...] = (),
    why: WhyView | None = None,
) -> EvidenceView:
    """The evidence of an answer that is `readable`: `shown` and `making` render it."""
    nearest = _nearest(answer)
    if answer.declined:
        cards = [_uncited(hit, card, listings) for card, hit in enumerate(nearest, start=1)]
    else:
        cards = [_cited(source, listings) for source in answer.sources]
    with_card = {*answer.titles, *(hit.paper.title for hit in nearest)}
    others = [hit for hit in answer.hits if hit.paper.title not in with_card]
    return EvidenceView(
        number,
        "Nearest papers" if nearest else "Evidence",
        answer.question,
        tuple(cards),
        tuple(_uncited(hit, 0, listings) for hit in others[:ALSO]),
        len(others),
        rejections,
        why,
    )


def _nearest(answer: Answer) -> list[Hit]:
    titles = answer.declined.nearest if answer.declined else ()
    hits = {hit.paper.title: hit for hit in answer.hits}
    return [hits[title] for title in titles if title in hits]


def _cited(source: Source, listings: Mapping[str, str]) -> PaperCard:
    paper = source.paper
    if not paper.abstract:  # a turn that was saved without its hits: the quotes replace the abstract
        paper = replace(paper, abstract=" ".join(source.quotes))
    return _card(paper, source.number, _support(source.citations), source.cited, listings)


def _uncited(hit: Hit, number: int, listings: Mapping[str, str]) -> PaperCard:
    return _card(hit.paper, number, Meter(f"Relevance {hit.relevance:.2f}", hit.relevance), [], listings)


def _card(
    paper: Paper, number: int, meter: Meter, citations: Sequence[MarkedCitation], listings: Mapping[str, str]
) -> PaperCard:
    return PaperCard(
        number,
        paper.title,
        meter,
        abstract(paper, citations),
        number == 1 and bool(citations),
        _listed(paper, listings),
        online(paper),
        written(paper),
    )


def abstract(paper: Paper, citations: Sequence[MarkedCitation] = ()) -> tuple[AbstractSpan, ...]:
    """A whole abstract, cut where a quote or an address begins or ends."""
    text = paper.abstract
    quotes = [
        (start, start + len(citation.quote), mark)
        for mark, citation in citations
        if (start := start_of(citation, text)) is not None
    ]
    links = addresses(text)
    edges = {0, len(text), *chain.from_iterable(links), *(edge for start, end, _ in quotes for edge in (start, end))}
    return tuple(
        AbstractSpan(
            text[start:end],
            " ".join(str(mark) for first, last, mark in quotes if first <= start and end <= last),
            next((text[first:last] for first, last in links if first <= start and end <= last), ""),
        )
        for start, end in pairwise(sorted(edges))
    )


def _support(citations: Sequence[Citation]) -> Meter:
    """How strongly the abstract supports the sentences that cite it: as strongly as the weakest of them."""
    weakest = min(citations, key=lambda citation: citation.support)
    if weakest.basis == "quoted":
        label = "Quoted word for word"
    elif weakest.basis == "judged":
        label = "Judged supported by a model"
    elif weakest.basis == "read":
        label = "Read as clearly supported" if weakest.support >= WELL else "Read as supported"
    else:
        label = "Words agree well" if weakest.support >= WELL else "Words agree"
    return Meter(label, weakest.support)


def _listed(paper: Paper, listings: Mapping[str, str]) -> str:
    """The listings that contain a paper, with their dates."""
    names = [f"{source} ({listings[source]})" if listings.get(source) else source for source in paper.sources]
    return f"In {', '.join(names)}" if names else ""


def _why(answer: Answer, so_far: str) -> WhyView | None:
    """How the answer came about: the question as searched, ranks and scores, and the time each step took."""
    if not answer.hits and not answer.timings:
        return None
    facts = {
        "Kind of question": answer.kind,
        "Written by": answer.written_by or "nobody",
        "Time": ", ".join(f"{name} {1000 * spent:.0f} ms" for name, spent in answer.timings.items()),
    }
    if answer.usage:
        facts["Read by"] = answer.read_by or "rules"
        facts["Language model"] = bill(answer.usage, answer.cost)
    if so_far:
        facts["This conversation"] = so_far
    hits = answer.hits[:ALSO]
    lists = tuple(dict.fromkeys(name for hit in hits for name in hit.ranks))
    rows = tuple((hit.paper.title, _figures(hit, lists)) for hit in hits)
    return WhyView(why_title(answer), answer.query, tuple(facts.items()), lists, rows)


def _figures(hit: Hit, lists: Sequence[str]) -> tuple[str, ...]:
    ranks = (str(hit.ranks.get(name) or "–") for name in lists)
    return (f"{hit.relevance:.2f}", f"{hit.score:.2f}", *ranks)
