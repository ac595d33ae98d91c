"""A question, its hits and a writer in, checked claims out as they pass, and what became of everything else.

Each sentence is checked as soon as it is written and told only then. What did not pass gets one more try. Where a
language model fails, or too little of what it wrote stands, the answer is quoted instead, and says so.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field

from ..check.citations import Checker, Weighed, settled, weighed
from ..check.judging import Judge
from ..core.errors import LLMError
from ..core.records import STARTING_OVER, Claim, Decline, Event, Hit, Rejection, fold
from ..question.understanding import Asked
from ..search.declining import decline, nothing_stood
from .writing import ExtractiveWriter, Writer, lead

ENOUGH = 0.5
"""Share of the sentences written that must stand for a language model's answer to be given."""
MOST_REPAIRS = 5
"""Sentences that get a second try; of a draft with more faults little would stand."""
TOO_LITTLE = "Too little of what the language model wrote could be held against the abstracts."
INSTEAD = "The answer is quoted from the abstracts instead."


class Clock:
    """Seconds that each step took, by its name."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        """Count the time since the last lap for this step."""
        now = time.perf_counter()
        self.laps[name] = self.laps.get(name, 0.0) + now - self._last
        self._last = now


@dataclass(slots=True)
class Composition:
    """An answer as it is composed: what stands so far and what does not."""

    written_by: str
    claims: list[Claim] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    declined: Decline | None = None
    lead: str = ""
    remark: str = ""


class Composer:
    """Composes one answer. `stand_in` writes it where `writer` fails; `judge` decides what the checker leaves open.

    Either may be None: then nobody does.
    """

    def __init__(
        self,
        writer: Writer,
        checker: Checker,
        clock: Clock,
        *,
        stand_in: Writer | None = None,
        judge: Judge | None = None,
    ) -> None:
        self._writer, self._checker, self._clock = writer, checker, clock
        self._stand_in, self._judge = stand_in, judge

    def compose(self, asked: Asked, hits: Sequence[Hit]) -> Generator[Event, None, Composition]:
        """The claims, as events, and the whole composition in the end."""
        made = Composition(self._writer.name, declined=decline(asked, hits))
        self._clock.lap("writing")
        if made.declined:
            made.written_by = ExtractiveWriter.name  # it was declined before anybody was asked to write
            self._clock.lap("checking")
            return made
        why = yield from self._tried(made, asked, hits)
        if why and self._stand_in:
            if made.claims:
                yield Event(STARTING_OVER)
            made.claims, made.written_by, made.declined = [], self._stand_in.name, None
            yield from self._draft(made, self._stand_in, asked, hits)
            made.remark = f"{why} {INSTEAD}"
        if not made.claims and made.declined is None:
            made.declined = nothing_stood(hits)
        made.lead = lead(asked, len({c.passage.paper_id for claim in made.claims for c in claim.citations}))
        return made

    def _tried(self, made: Composition, asked: Asked, hits: Sequence[Hit]) -> Generator[Event, None, str]:
        """The writer's draft and second try; why it is not good enough, or ""."""
        try:
            written = yield from self._draft(made, self._writer, asked, hits)
        except LLMError as error:
            return str(error)
        made.written_by = self._writer.name  # a server's first model is known by name once it was asked
        fallen = _fallen(made)
        if fallen and self._stand_in:
            with contextlib.suppress(LLMError):  # what stands of the draft, stands
                yield from self._draft(made, self._writer, asked, hits, fallen[:MOST_REPAIRS])
        return TOO_LITTLE if len(made.claims) < ENOUGH * written else ""

    def _draft(
        self,
        made: Composition,
        writer: Writer,
        asked: Asked,
        hits: Sequence[Hit],
        amiss: Sequence[Rejection] = (),
    ) -> Generator[Event, None, int]:
        """Check what is written as it is written; how many sentences there were.

        From the first one on that is left to the judge all wait for it: it is asked once, and they keep their order.
        """
        written = 0
        waiting: list[tuple[Weighed, ...]] = []
        for one in writer.write(asked, hits, amiss):
            self._clock.lap("writing")
            if isinstance(one, Decline):
                made.declined = None if made.claims or waiting or amiss else one
                break
            if amiss and fold(one.text) in {fold(claim.text) for claim in made.claims}:
                continue  # a model that puts a draft right likes to say all of it again
            found = weighed(one, hits, self._checker)
            self._clock.lap("checking")
            written += 1
            if self._judge and (waiting or any(map(self._judge.weighs, found))):
                waiting.append(found)
            else:
                yield from _told(made, found)
        self._clock.lap("writing")
        for settled_now in self._judged(waiting):
            yield from _told(made, settled_now)
        self._clock.lap("checking")
        return written

    def _judged(self, waiting: Sequence[tuple[Weighed, ...]]) -> list[list[Weighed]]:
        """What waits for the judge, judged in one call."""
        if not waiting or self._judge is None:
            return []
        found = iter(self._judge.reweighed([one for some in waiting for one in some]))
        return [list(itertools.islice(found, len(some))) for some in waiting]


def _told(made: Composition, found: Sequence[Weighed]) -> Iterator[Event]:
    """Take in what became of a sentence; tell it if it stands."""
    claim, rejections = settled(found[0].sentence, found)
    made.rejections += rejections
    if claim is not None:
        made.claims.append(claim)
        yield Event("answering", claim=claim)


def _fallen(made: Composition) -> list[Rejection]:
    """The first rejection of each sentence of which nothing stands."""
    standing = {claim.text for claim in made.claims}
    first = {r.sentence: r for r in reversed(made.rejections) if r.sentence not in standing}
    return [r for r in made.rejections if first.get(r.sentence) is r]
