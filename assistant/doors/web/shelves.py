"""Papers in, the shelves they stand on as markup out: the search above them, their list, one of them opened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ...core.readable import readable
from ...core.records import Paper
from ...core.text import counted
from ...index.holdings import FOUND
from ...library.browsing import days
from ...show.showing import readable_paper
from .markup import Attributes, Html, foreign, joined, online, tag

PAGE = 50
"""Papers listed at once."""
LIT = 2000
"""Papers found that the map shows, at most; of more, the map tells nothing."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person looks for: words, a listing, days; and how many of what is found to show."""

    words: str = ""
    listing: str = ""
    since: str = ""
    until: str = ""
    shown: int = PAGE

    @property
    def anything(self) -> bool:
        """Whether it leaves any paper out."""
        return bool(self.words.strip() or self.listing or self.since.strip() or self.until.strip())


def search(listings: Mapping[str, str], dates: Iterable[str], revision: int) -> Html:
    """The form: words and, where there are several listings or any dates, these. `dates` may be as written anywhere."""
    fields = [_field("search", "words", "Search", "Words of a title or abstract")]
    if len(listings) > 1:
        options = [tag("option", {"value": source}, _listing(source, label)) for source, label in listings.items()]
        everything = tag("option", {"value": ""}, "All listings")
        choice = tag("select", {"name": "listing"}, everything, *options)
        fields.append(tag("label", {}, tag("span", {}, "Listing"), choice))
    told = _in_order(dates)
    if told:
        fields += [_field("text", "since", "From", f"such as {told[0]}", "held")]
        fields += [_field("text", "until", "To", f"such as {told[-1]}", "held")]
        fields.append(tag("datalist", {"id": "held"}, *(tag("option", {"value": date}) for date in told)))
    fields.append(tag("button", {"type": "submit", "class": "sr-only", "tabindex": -1}, "Search"))  # lets Enter search
    about: Attributes = {"class": "search", "role": "search", "aria-label": "Papers", "data-revision": revision}
    return tag("form", about, *fields)


def _field(kind: str, name: str, label: str, example: str, options: str = "") -> Html:
    about: Attributes = {"type": kind, "name": name, "placeholder": example, "autocomplete": "off", "maxlength": 200}
    given: Attributes = {**about, "list": options or False}
    return tag("label", {}, tag("span", {}, label), tag("input", given))


def _in_order(dates: Iterable[str]) -> list[str]:
    """The dates among these, each once, the earliest first."""
    known = {date: found for date in dates if (found := days(date))}
    return sorted(known, key=lambda date: (known[date].year, known[date].first, date))


def _listing(source: str, label: str) -> str:
    return f"{label} ({source})" if label else source


def listed(papers: Sequence[Paper], wanted: Wanted, listings: Mapping[str, str]) -> Html:
    """What was found, as a list of titles to open."""
    if not papers:
        message = "No paper fits that." if wanted.anything else "There are no papers here yet."
        return joined([_count(message)])
    some = papers[: wanted.shown]
    items = (
        tag(
            "li",
            {},
            foreign("button", readable(paper.title), {"type": "button", "data-paper": paper.id}),
            _small(paper, listings),
        )
        for paper in some
    )
    more: Attributes = {"type": "button", "class": "plain", "data-more": wanted.shown + PAGE}
    left = len(papers) - len(some)
    rest = [tag("button", more, f"Show {min(left, PAGE)} more")] if left else []
    ids = " ".join(paper.id for paper in papers) if wanted.anything and len(papers) <= LIT else False
    return joined([_count(_told(papers, wanted)), tag("ul", {"class": "titles", "data-found": ids}, *items), *rest])


def _told(papers: Sequence[Paper], wanted: Wanted) -> str:
    if wanted.words.strip() and len(papers) == FOUND:
        return f"The {FOUND} papers that fit best"
    return f"{counted(len(papers), 'paper')} {'found' if wanted.anything else 'here'}"


def unfound(message: str) -> Html:
    """Why there is no list: a sentence."""
    return _count(message)


def _count(message: str) -> Html:
    return tag("p", {"class": "quiet", "role": "status"}, message)


def _small(paper: Paper, listings: Mapping[str, str]) -> Html:
    """The day of a paper, or the days of its listings, in a few characters."""
    told = [paper.published] if paper.published else [listings.get(source, "") for source in paper.sources]
    return foreign("small", ", ".join(dict.fromkeys(date for date in told if date)))


def opened(paper: Paper, listings: Mapping[str, str], *, removable: bool = False) -> Html:
    """One paper whole, with what can be done about it; one that is `removable` only once that is confirmed."""
    ask = {"type": "button", "class": "about", "data-do": "about", "data-paper": paper.id}
    close = {"type": "button", "class": "plain", "data-do": "shut"}
    shown = readable_paper(paper)
    names = ", ".join(_listing(source, listings.get(source, "")) for source in paper.sources)
    foot = [foreign("span", f"In {names}", {"class": "listed"})] if names else []
    foot += [foreign("span", f"Published {paper.published}")] if paper.published else []
    return tag(
        "article",
        {"class": "paper", "data-open": paper.id, "tabindex": -1},
        foreign("h2", shown.title),
        foreign("p", shown.abstract, {"class": "abstract"}),
        tag("p", {"class": "foot"}, *foot, online(shown.title, paper.url)),
        tag(
            "p",
            {"class": "tools"},
            tag("button", ask, "Ask about this paper"),
            tag("button", close, "Close"),
            *([tag("button", _deed("removing"), "Remove")] if removable else []),
        ),
        *([_removing(paper)] if removable else []),
    )


def _removing(paper: Paper) -> Html:
    """What has to be confirmed before a paper is removed."""
    return tag(
        "p",
        {"class": "removing", "hidden": True},
        tag("span", {}, "Remove this paper for everybody? Answers that cite it stay as they are."),
        tag("button", {**_deed("remove"), "data-paper": paper.id}, "Remove it"),
        tag("button", _deed("spare"), "Keep"),
    )


def removed(title: str) -> Html:
    """What stands where a paper was opened that was removed then."""
    return tag("p", {"class": "quiet", "role": "status", "data-removed": True}, "Removed: ", foreign("span", title))


def _deed(name: str) -> dict[str, str]:
    return {"type": "button", "class": "plain", "data-do": name}


def chips(papers: Sequence[Paper]) -> Html:
    """The papers that the next questions keep to, each of which can be taken off."""
    if not papers:
        return joined([])
    items = (
        tag(
            "li",
            {},
            foreign("span", readable(paper.title)),
            tag(
                "button",
                {
                    "type": "button",
                    "class": "plain",
                    "data-do": "leave",
                    "data-paper": paper.id,
                    "aria-label": f"Ask about more than {readable(paper.title)}",
                },
                "×",
            ),
        )
        for paper in papers
    )
    only = (
        "Only this paper is asked about:" if len(papers) == 1 else f"Only these {len(papers)} papers are asked about:"
    )
    return tag("div", {"class": "chosen"}, tag("p", {}, only), tag("ul", {}, *items))
