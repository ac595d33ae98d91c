"""An answer in, its evidence as markup out: a card a paper, what else was looked at, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from ...core.export import start_of
from ...core.records import Answer, Citation, Hit, Paper, Source
from ...llm.ledger import bill
from ...show.showing import readable_answer
from .answers import why_title
from .markup import Attributes, Html, foreign, joined, online, tag

ALSO = 10
"""Papers looked at and not cited that are shown; the answer as JSON has them all."""
WELL = 0.8
"""Support from which a sentence that is not a quote is called well supported."""


def shown(answer: Answer, number: int, listings: Mapping[str, str], *, so_far: str = "") -> Html:
    """All evidence of answer `number` of a conversation; `listings` gives each listing's label.

    `so_far` says what language models took for all of the conversation.
    """
    answer = readable_answer(answer)
    if answer.declined:
        cards = [_near(hit, card, number, listings) for card, hit in enumerate(_nearest(answer), start=1)]
        heading = "Nearest papers" if cards else "Evidence"
    else:
        cards = [_cited(source, number, listings) for source in answer.sources]
        heading = "Evidence"
    return tag(
        "div",
        {"class": "evidence", "data-turn": number},
        tag("h2", {}, heading, " ", foreign("small", answer.question)),
        tag("ol", {"class": "cards"}, *cards) if cards else tag("p", {"class": "quiet"}, "No paper is cited."),
        _also(answer, listings),
        _rejected(answer),
        _why(answer, so_far),
    )


def making(answer: Answer, number: int, listings: Mapping[str, str]) -> Html:
    """The papers found for an answer in the making: cards of those it cites so far, then the others."""
    answer = readable_answer(answer)
    cards = [_cited(source, number, listings) for source in answer.sources]
    return tag(
        "div",
        {"class": "evidence", "data-turn": number},
        tag("h2", {}, "Evidence", " ", foreign("small", answer.question)),
        tag("ol", {"class": "cards"}, *cards) if cards else joined([]),
        _also(answer, listings, title="Papers found", unfolded=True),
    )


def nothing(message: str) -> Html:
    """What stands there before there is any."""
    return tag("div", {"class": "evidence"}, tag("h2", {}, "Evidence"), tag("p", {"class": "quiet"}, message))


def _nearest(answer: Answer) -> list[Hit]:
    titles = answer.declined.nearest if answer.declined else ()
    found = {hit.paper.title: hit for hit in answer.hits}
    return [found[title] for title in titles if title in found]


# -- cards


def _cited(source: Source, turn: int, listings: Mapping[str, str]) -> Html:
    paper = source.paper
    if not paper.abstract:  # a turn that was kept without its hits: the quotes stand for the abstract
        paper = Paper(source.title, " ".join(source.quotes))
    return _card(paper, source.number, turn, _support(source.citations), source.cited, listings)


def _near(hit: Hit, card: int, turn: int, listings: Mapping[str, str]) -> Html:
    return _card(hit.paper, card, turn, _bar(f"Relevance {hit.relevance:.2f}", hit.relevance), [], listings)


def _card(
    paper: Paper,
    card: int,
    turn: int,
    told: Html,
    citations: Sequence[tuple[int, Citation]],
    listings: Mapping[str, str],
) -> Html:
    front = card == 1 and bool(citations)
    head = tag(
        "h3", {}, tag("span", {"class": "number", "aria-hidden": "true"}, str(card)), foreign("span", paper.title)
    )
    whole = tag(
        "button",
        {"type": "button", "class": "plain whole", "data-do": "open", "aria-expanded": "true" if front else "false"},
        tag("span", {"class": "more"}, "Whole abstract"),
        tag("span", {"class": "less"}, "Less of it"),
    )
    back = tag("button", {"type": "button", "class": "plain back", "data-do": "back"}, "Back to the answer")
    return tag(
        "li",
        {
            "class": "card front" if front else "card",
            "id": f"card-{turn}-{card}",
            "data-card": card,
            "data-turn": turn,
            "tabindex": -1,
        },
        head,
        told,
        abstract(paper, citations),
        tag("p", {"class": "foot"}, whole, back, _listed(paper, listings), online(paper.title, paper.url)),
    )


def abstract(paper: Paper, citations: Sequence[tuple[int, Citation]]) -> Html:
    """A whole abstract, with each quote marked by the places of the claims that rest on it."""
    text = paper.abstract
    spans: list[tuple[int, int, int]] = []
    for place, citation in citations:
        start = start_of(citation, text)
        if start is not None:
            spans.append((start, start + len(citation.quote), place))
    edges = sorted({0, len(text), *(edge for start, end, _ in spans for edge in (start, end))})
    pieces = []
    for start, end in pairwise(edges):
        places = [str(place) for first, last, place in spans if first <= start and end <= last]
        if places:
            pieces.append(tag("mark", {"data-marks": " ".join(places)}, text[start:end]))
        else:
            pieces.append(tag("span", {"class": "rest"}, tag("span", {}, text[start:end])))
    return foreign_block("abstract", pieces)


def foreign_block(kind: str, pieces: Sequence[Html]) -> Html:
    """A paragraph of foreign text that is marked in places."""
    return tag("p", {"class": kind, "dir": "auto"}, *pieces)


def _support(citations: Sequence[Citation]) -> Html:
    """How well the abstract bears what is said of it: the word and bar of the weakest sentence."""
    weakest = min(citations, key=lambda citation: citation.support)
    if weakest.basis == "quoted":
        word = "Quoted word for word"
    elif weakest.basis == "judged":
        word = "Judged by a model to be supported"
    else:
        word = "Well supported" if weakest.support >= WELL else "Supported"
    return _bar(word, weakest.support)


def _bar(word: str, value: float) -> Html:
    level = f"{min(max(float(value), 0.0), 1.0):.2f}"
    meter: Attributes = {"role": "meter", "aria-valuemin": 0, "aria-valuemax": 1, "aria-valuenow": level}
    filled = tag("span", {"style": f"width: {float(level):.0%}"})
    bar = tag("span", {**meter, "class": "bar", "aria-label": word, "title": f"{level} of 1"}, filled)
    return tag("p", {"class": "support"}, bar, word)


def _listed(paper: Paper, listings: Mapping[str, str]) -> Html:
    """The listings that carry a paper, with their dates."""
    names = [f"{source} ({listings[source]})" if listings.get(source) else source for source in paper.sources]
    return foreign("span", f"In {', '.join(names)}", {"class": "listed"}) if names else joined([])


# -- folded


def _also(
    answer: Answer, listings: Mapping[str, str], *, title: str = "Also looked at", unfolded: bool = False
) -> Html:
    """The papers that were looked at and are not among the cards."""
    carded = {*answer.titles, *(hit.paper.title for hit in _nearest(answer))}
    others = [hit for hit in answer.hits if hit.paper.title not in carded]
    if not others:
        return joined([])
    items = [
        tag(
            "li",
            {},
            tag("details", {}, foreign("summary", hit.paper.title), *_other(hit, listings)),
        )
        for hit in others[:ALSO]
    ]
    more = [tag("p", {"class": "quiet"}, f"And {len(others) - ALSO} more.")] if len(others) > ALSO else []
    listed = tag("ul", {"class": "others"}, *items)
    return _folded("also", f"{title} ({len(others)})", listed, *more, unfolded=unfolded)


def _other(hit: Hit, listings: Mapping[str, str]) -> list[Html]:
    foot = tag("p", {"class": "foot"}, _listed(hit.paper, listings), online(hit.paper.title, hit.paper.url))
    return [_bar(f"Relevance {hit.relevance:.2f}", hit.relevance), foreign("p", hit.paper.abstract), foot]


def _rejected(answer: Answer) -> Html:
    if not answer.rejections:
        return joined([])
    items = [
        tag(
            "li",
            {},
            foreign("q", rejection.sentence),
            foreign("span", f"{rejection.reason}{f' (cited as {rejection.mark})' if rejection.mark else ''}"),
        )
        for rejection in answer.rejections
    ]
    return _folded("rejected", f"Rejected, and why ({len(items)})", tag("ul", {"class": "rejections"}, *items))


def _why(answer: Answer, so_far: str) -> Html:
    """How the answer came about: the question as searched, ranks and scores, and the time each step took."""
    if not answer.hits and not answer.timings:
        return joined([])
    facts = {
        "Searched for": foreign("span", answer.query),
        "Kind of question": joined([answer.kind]),
        "Written by": joined([answer.written_by or "nobody"]),
        "Time": joined([", ".join(f"{name} {1000 * spent:.0f} ms" for name, spent in answer.timings.items())]),
    }
    if answer.usage:
        facts["Language model"] = joined([bill(answer.usage, answer.cost)])
    if so_far:
        facts["This conversation"] = joined([so_far])
    told = tag("dl", {}, *(joined([tag("dt", {}, name), tag("dd", {}, value)]) for name, value in facts.items()))
    return _folded("why", why_title(answer), told, _ranks(answer.hits[:ALSO]))


def _ranks(hits: Sequence[Hit]) -> Html:
    if not hits:
        return joined([])
    lists = list(dict.fromkeys(name for hit in hits for name in hit.ranks))
    head = tag("tr", {}, *(tag("th", {"scope": "col"}, name) for name in ("Paper", "Relevance", "Score", *lists)))
    rows = [
        tag(
            "tr",
            {},
            foreign("th", hit.paper.title, {"scope": "row"}),
            tag("td", {}, f"{hit.relevance:.2f}"),
            tag("td", {}, f"{hit.score:.2f}"),
            *(tag("td", {}, str(hit.ranks.get(name) or "–")) for name in lists),
        )
        for hit in hits
    ]
    caption = tag("caption", {}, "Ranks in each list that was searched; – where the paper was not in it")
    return tag(
        "div",
        {"class": "wide", "tabindex": 0},
        tag("table", {}, caption, tag("thead", {}, head), tag("tbody", {}, *rows)),
    )


def _folded(kind: str, title: str, *content: str, unfolded: bool = False) -> Html:
    return tag("details", {"class": kind, "open": unfolded}, tag("summary", {}, title), *content)
