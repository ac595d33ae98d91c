"""A question in, the filter that it states in words and the question without these words out.

Years, months and spans of time are read by their form: see `dates`. Authors and venues are those that the
library has: "by chance" is an author only if one of that name is here, and "Long" only in "by Long" or "Long et al.",
because abstracts use the word. So nothing is a filter without evidence, whatever it looks like.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from ..core.filters import ALL, Filter
from ..core.text import content_words, stem, words
from ..library.browsing import Kind, name_words
from .dates import Time, time_in

LONGEST = 5
"""Most words of a name."""
RARE = 0.007
"""An abbreviation that a larger share of the papers uses is a topic ("AI"), not a venue."""

_Y = r"((?:19|20)\d\d)"
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"")
_NO = r"(?P<no>(?:,? ?but )?(?:not|except|excluding) )?"
_WRITTEN = r"(?:(?:that |which )?(?:were |was |are |is )?(?:co-?)?(?:written|authored|published|presented|accepted) )?"
_LEADING: Mapping[Kind, re.Pattern[str]] = {
    "author": re.compile(rf"\b{_NO}(?:{_WRITTEN}(?P<surely>by) |(?:of|from) )$", re.I),
    "venue": re.compile(rf"\b{_NO}{_WRITTEN}(?P<surely>at|in|from) (?:the )?$", re.I),
}
"""What leads to a name; `surely` to nothing else that has a capital letter."""
_AUXILIARY = re.compile(r"\b(?:did|does|do|has|have) $", re.I)
_AND = re.compile(r",? and | or |, | & ", re.I)
_ET_AL = re.compile(r",? et\.? al\b\.?", re.I)
_AFTER = re.compile(rf"(?:{_ET_AL.pattern})?['’]s?(?!\w)|{_ET_AL.pattern}", re.I)
_YEAR_AFTER = re.compile(rf"(?: in)? {_Y}(?![-\w])")
_WORD = re.compile(r"(?<![\w-])[^\W\d_](?:[\w-]*\w)?\.?(?<!['’])")
_ASKED_FOR = re.compile(
    r"\b(?:papers?|articles?|works?|publications?|stud(?:y|ies)|anything|something|written|authored|published)"
    r" by (?P<by>[A-Z][\w.’'-]*(?: (?:[a-z]{2,3} ){0,2}[A-Z][\w.’'-]*)*)"
    r"|\b(?P<al>[A-Z][\w’'-]+(?: [A-Z][\w’'-]+)*),? et\.? al\b"
)
"""Wording that asks for an author, whoever it is."""
_NO_TOPIC = frozenset(
    """paper papers article articles work works publication publications study studies abstract abstracts title titles
    publish published publishes write written wrote author authors authored appear appeared appears present presented
    show list find give name tell year years new newest latest recent accepted everything anything library collection
    listing listings written did have does are there""".split()
)
"""Words that say no more than that papers are wanted."""


class Facts(Protocol):
    """The seam: what the library has of authors and venues, and how many papers use a word."""

    def __len__(self) -> int: ...

    def meant(self, kind: Kind, name: str) -> Sequence[str]:
        """The authors or venues here that a name means."""
        ...

    def document_counts(self, stems: Iterable[str]) -> Mapping[str, int]: ...

    @property
    def dated(self) -> bool:
        """Whether any paper here has a date."""
        ...


@dataclass(frozen=True, slots=True)
class Filtered:
    """A question without the words of its filter, the filter, and the authors it asks for who are not here.

    `time`: the months or span of time that it asks for. `undated`: the same, if no paper here has a date.
    """

    text: str
    where: Filter = ALL
    strangers: tuple[str, ...] = ()
    undated: str = ""
    time: str = ""

    @property
    def years(self) -> tuple[str, ...]:
        """The years that its filter names."""
        return tuple(dict.fromkeys(end for end in (self.where.since, self.where.until) if end.isdigit()))

    @property
    def topicless(self) -> bool:
        """Whether what is left of the question is about nothing."""
        return not {word.casefold() for word in content_words(self.text)} - _NO_TOPIC


@dataclass(frozen=True, slots=True)
class _Mention:
    """An author or venue in a question, where its words start and end, and whether its papers are unwanted.

    `instead`: what stands there without it. `year`: one that follows the name of a venue.
    """

    name: str
    start: int
    end: int
    unwanted: bool = False
    instead: str = ""
    year: str = ""


def filtered(question: str, facts: Facts, *, years: bool = True) -> Filtered:
    """The filter that a question states; its years are left in it if not `years`. Quoted titles state none."""
    text = _QUOTED.sub(lambda title: "_" * len(title[0]), question)
    time = time_in(text) if years else Time()
    authors, venues = _mentions(text, "author", facts), _mentions(text, "venue", facts)
    undated = "" if facts.dated else time.words or time.year
    time = time if facts.dated or undated else Time()
    since, until = (time.since, time.until) if facts.dated else ("", "")
    if years and facts.dated and not since + until:
        since = until = next((venue.year for venue in venues if venue.year), "")

    def names(mentions: Sequence[_Mention], *, unwanted: bool) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.name for one in mentions if one.unwanted == unwanted))

    without = Filter(authors=names(authors, unwanted=True), venues=names(venues, unwanted=True))
    where = Filter(since, until, names(authors, unwanted=False), names(venues, unwanted=False), without=without or None)
    spans = [*((one.start, one.end, one.instead) for one in (*authors, *venues)), (time.start, time.end, "")]
    strangers = () if authors else _strangers(text, facts)
    rest = _tidy(_cut(question, spans)) if where or undated else question
    return Filtered(rest, where, strangers, undated, time.words)


def _mentions(text: str, kind: Kind, facts: Facts) -> list[_Mention]:
    """The authors or venues that a text names, in its order."""
    mentions: list[_Mention] = []
    place = 0
    while word := _WORD.search(text, place):
        place = word.end()
        leading = _LEADING[kind].search(text, 0, word.start())
        last = mentions[-1] if mentions and _AND.fullmatch(text, mentions[-1].end, word.start()) else None
        surely = bool(last or (leading and leading["surely"]))
        end = _end_of_name(text, word.start(), kind, facts, led=surely)
        if end:
            unwanted = bool(leading["no"]) if leading else bool(last and last.unwanted)
            start = leading.start() if leading else last.end if last else word.start()
            instead = "the papers" if kind == "author" and _AUXILIARY.search(text, 0, start) else ""
            mention = _Mention(text[word.start() : end], start, end, unwanted, instead)
            mentions.append(_completed(mention, text, kind, facts))
            place = mentions[-1].end
    return mentions


def _completed(mention: _Mention, text: str, kind: Kind, facts: Facts) -> _Mention:
    """The mention with what follows the name: "'s", "et al.", or the year of a venue, which may be part of its name."""
    year = _YEAR_AFTER.match(text, mention.end) if kind == "venue" else None
    if year:
        name = f"{mention.name} {year[1]}"
        if facts.meant("venue", name):
            return replace(mention, name=name, end=year.end())
        return replace(mention, year=year[1], end=year.end())
    after = _AFTER.match(text, mention.end)
    return replace(mention, end=after.end()) if after else mention


def _end_of_name(text: str, start: int, kind: Kind, facts: Facts, *, led: bool) -> int:
    """Where the longest name that begins at `start` ends; 0 if none does."""
    ends: list[int] = []
    place = start
    while len(ends) < LONGEST and (word := _WORD.match(text, place)):
        ends.append(word.end())
        place = word.end() + 1
        if text[word.end() : place] != " ":
            break
    for end in reversed(ends):
        surely = led or bool(_ET_AL.match(text, end))
        if _may_be(text[start:end], kind, facts, led=surely) and facts.meant(kind, text[start:end]):
            return end
    return 0


def _may_be(name: str, kind: Kind, facts: Facts, *, led: bool) -> bool:
    """Whether a name may be meant as one: words lead to it, or no abstract uses it."""
    capital = any(word[:1].isupper() for word in name.split())
    if kind == "author":
        several = len(name_words(name)) > 1
        return (capital and (led or several)) or ((capital or led) and not _used(name, facts))
    if not (led and capital):
        return False
    short = name.isupper() and _used(name, facts) <= RARE * len(facts)
    return short or any(name_words(venue) == name_words(name) for venue in facts.meant("venue", name))


def _used(name: str, facts: Facts) -> int:
    """How many papers use the most frequent word of a name."""
    return max(facts.document_counts({stem(word) for word in words(name)}).values(), default=0)


def _strangers(question: str, facts: Facts) -> tuple[str, ...]:
    """The author that a question asks for in so many words, if neither papers nor their abstracts have the name."""
    match = _ASKED_FOR.search(question)
    name = (match["by"] or match["al"]).strip(" .,’'") if match else ""
    return (name,) if name and not facts.meant("author", name) and not _used(name, facts) else ()


def _cut(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    """The text with something else in place of these spans, which may overlap."""
    kept, place = "", 0
    for start, end, instead in sorted(spans):
        kept += f"{text[place:start]} {instead} "
        place = max(place, end)
    return kept + text[place:]


def _tidy(text: str) -> str:
    """The text without what the words cut from it leave behind."""
    text = re.sub(r"\s+(?=[?.!,;:])", "", " ".join(text.split()))
    text = re.sub(r"[,;:]+(?=[?.!]|$)|^[,;:]\s*", "", text)
    return re.sub(r"(?: \b(?:and|or|but|by|at|in|from|that|which|were|are))+(?=\s*[?.!]*$)", "", text).strip()
