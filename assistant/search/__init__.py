"""Turns what a question asks for into judged hits, or says why it has no answer. Read in this order.

this file       the steps joined: retrieve, judge, bridge
retrieval       the candidates of a question, ranked
evidence        the signals of each: how the paper and its sentences match the question
relevance       how probable it is that an answer should cite a hit
readings        which of the ways to read a question its hits bear out, and the two sides of a comparison
excluding       how probable it is that a hit is about what a question excludes
applying        the conditions of a question, which its hits meet or not
bridging        the papers that the first hit leads to
answering       whether the first hit answers, and which of its sentences does; asks the reader
declining       why a question has no answer here
anew            whether a later turn asks for other papers than the conversation has spoken of
following       a later turn of a conversation: how it is read, by what each reading finds
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ..core.errors import NoSuchDays
from ..core.filters import ALL, Filter
from ..core.logistic import model
from ..core.records import Hit, fold
from ..core.text import words
from ..index.searchable import Index
from ..library.paper_ids import PaperIds
from ..question.filtering import Filtered, filtered
from ..question.kinds import Kind
from ..question.understanding import ASIDE, FOR_THE_DESK, Asked, understand, without_dates
from ..reader import Reader
from .answering import considered
from .applying import applied
from .bridging import KINDS, leads, with_mentioned
from .declining import decline
from .readings import FAMILIAR, chosen, sides
from .relevance import judged, kept
from .retrieval import HITS, Retriever

ANY_TOPIC = "What is proposed, and what is the main result?"
"""What a question without a topic is taken to ask of each paper."""
Desk = Callable[[str, Kind], float]
"""How near the nearest question is that is answered without papers, about the library or the assistant."""


@dataclass(frozen=True)
class Search:
    """Answers questions with hits from one index; if that has no embedder, by keywords and names alone.

    The reader, if there is one, says whether the first hit answers, and where. Only papers that pass `where` count.
    Without a `desk`, a question worded like one about the library or the assistant is taken to be near to one.
    """

    index: Index
    reader: Reader | None = None
    where: Filter = ALL
    desk: Desk | None = None

    @functools.cached_property
    def retriever(self) -> Retriever:
        """It remembers the last questions, so that the readings of one share what they find."""
        return Retriever(self.index)

    def understood(self, question: str, *, also: Filter = ALL) -> Asked:
        """What a self-contained question asks for, of the papers that pass its own filter and `where`.

        `also` has what its own filter may lack.
        """
        stated = _completed(filtered(question, self.index), also)
        asked = self._limited(stated)
        about_time = stated.years and self._is_about(stated.years, question, asked)
        desk = stated.time and not stated.topicless and self._is_for_the_desk(stated.text)
        if about_time or desk or (stated.time and self._says(stated.time, question)):
            undated = replace(also, since="", until="")
            asked = self._limited(_completed(filtered(question, self.index, years=False), undated))
        return asked

    def _is_for_the_desk(self, question: str) -> bool:
        """Whether a question without its time is about the library: "What was added?"."""
        return self._chosen(understand(question, self.index, self.index.library.listings())).kind in FOR_THE_DESK

    def _says(self, time: str, question: str) -> bool:
        """Whether a time is part of what a question is about: the paper that it is about names it, too."""
        return fold(time) in fold(self._meant(question))

    def _meant(self, question: str) -> str:
        """The text of the paper that a question without its time is probably about; "" if there is none."""
        best = self._hits(self._limited(filtered(question, self.index, years=False)))[:1]
        if not best or best[0].relevance < model("single").threshold:
            return ""
        return f"{best[0].paper.title} {best[0].paper.abstract}"

    def _limited(self, stated: Filtered) -> Asked:
        asked = understand(stated.text, self.index, self.index.library.listings())
        listing = self._whole_listing(asked, stated)
        filters = tuple(one for one in (stated.where, replace(self.where, not_about=()), listing) if one)
        allowed = self._passing(filters)
        asked = replace(asked, where=filters, allowed=allowed, strangers=stated.strangers, undated=stated.undated)
        if self.where.not_about:
            asked = replace(asked, conditions=replace(asked.conditions, always=self.where.not_about))
        months = {end[:4] for one in filters for end in (one.since, one.until) if "-" in end}
        if allowed and months:
            asked = replace(asked, by_year=self.index.library.of_whole_years(allowed, years=months))
        if filters and (stated.topicless or listing):
            kind = asked.kind if asked.several else "list"
            asked = replace(
                asked, kind=kind, text=ANY_TOPIC, named=(), coined=(), unknown=(), nowhere=(), everything=True
            )
        return asked

    def _whole_listing(self, asked: Asked, stated: Filtered) -> Filter:
        """The filter for the one listing that a question wants all papers of ("papers from Mar 12")."""
        labels = {self.index.library.listings()[source] for source in asked.sources or ()}
        if len(labels) != 1 or not replace(stated, text=without_dates(stated.text)).topicless:
            return ALL
        return Filter(source=labels.pop())

    def _passing(self, filters: tuple[Filter, ...]) -> PaperIds | None:
        """The ids of the papers that pass, None if all do; none if a last day is before a first."""
        try:
            return self.index.library.passing(filters)
        except NoSuchDays:
            return PaperIds()

    def _is_about(self, years: Sequence[str], question: str, asked: Asked) -> bool:
        """Whether years are part of what a question is about: it names a paper of other years, or an abstract has them.

        Only what is searched for without the filter of the years can tell.
        """
        if asked.allowed is not None and any(
            name.exact and asked.allowed.isdisjoint(name.paper_ids) for name in asked.named
        ):
            return True
        if not any(self.index.document_counts(years).values()):
            return False
        meant = words(self._meant(question))
        return any(year in meant for year in years)

    def read(self, asked: Asked) -> tuple[Asked, tuple[Hit, ...]]:
        """The reading of a question that its evidence bears out, and the hits of that reading, best first."""
        asked = self._chosen(asked)
        asked, hits = applied(asked, self.hits(asked), self.index)
        return asked, tuple(hits)

    def _chosen(self, asked: Asked) -> Asked:
        """The reading that the evidence bears out."""
        if asked.everything or not (asked.alternatives or asked.kind in ASIDE):
            return asked
        nearness = self.desk(asked.text, asked.kind) if self.desk else FAMILIAR
        return chosen(asked, self._judged(asked), nearness)

    def hits(self, asked: Asked) -> list[Hit]:
        """The judged hits, best first, with the papers that the question or its first hit leads to."""
        return considered(asked, self._hits(asked), self.reader)

    def _hits(self, asked: Asked) -> list[Hit]:
        """The same, as the cheap signals judge them."""
        if asked.everything:
            return self._newest(asked)
        hits = self._judged(asked)
        led_to = self._of_steps(asked, hits) or leads(asked, hits, self.index)[:1]
        if not led_to and asked.kind in ("compare", "steps"):
            led_to = sides(asked, self._alone)
        if led_to:
            return self._judged(asked, led_to)
        return with_mentioned(asked, hits, self.index, functools.partial(self._judged, asked))

    def _judged(self, asked: Asked, also: Sequence[str] = ()) -> list[Hit]:
        return kept(asked, judged(asked, self.retriever.retrieve(replace(asked, text=asked.topic), also=also)))

    def _newest(self, asked: Asked) -> list[Hit]:
        """The newest of the papers that pass the filters and are among the chosen ones, every one of them wanted."""
        chosen = PaperIds(asked.papers or ())
        wanted = chosen if asked.allowed is None else asked.allowed
        wanted = (wanted if asked.papers is None else wanted & chosen) - PaperIds(asked.without)
        newest = self.index.library.newest(wanted, limit=HITS)
        hits = {hit.paper.id: hit for hit in self.retriever.retrieve(replace(asked, papers=tuple(newest)))}
        return [replace(hits[i], relevance=1.0) for i in newest if i in hits]

    def _of_steps(self, asked: Asked, hits: Sequence[Hit]) -> list[str]:
        """The ids of the papers, other than the first hit, that answer the steps of a question."""
        paper_ids: list[str] = []
        for step in asked.steps if asked.kind in KINDS and not decline(asked, hits) else ():
            best = self._alone(step, asked)
            paper_ids += [best.paper.id] if best else []
        return [paper_id for paper_id in dict.fromkeys(paper_ids) if paper_id != hits[0].paper.id]

    def _alone(self, question: str, asked: Asked) -> Hit | None:
        """The best hit of a part of what was asked, taken as a question about one paper; None if it has no answer."""
        one = replace(
            self.understood(question),
            kind="fact",
            sources=asked.sources,
            papers=asked.papers,
            where=asked.where,
            allowed=asked.allowed,
        )
        hits = self._judged(one)
        return None if decline(one, hits) else hits[0]


def _completed(stated: Filtered, also: Filter) -> Filtered:
    return replace(stated, where=stated.where.completed(also))
