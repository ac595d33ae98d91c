"""A question, its hits and a writer in, checked claims out as they pass, and what became of everything else.

Each sentence is checked as soon as it is written and told only then. What did not pass gets one more try. Where a
language model fails, or too little of what it wrote stands, the answer is quoted instead, and says so.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

from .citations import Checker, checked
from .declining import decline, nothing_stood
from .errors import LLMError
from .question import Asked
from .records import STARTING_OVER, Claim, Decline, Event, Hit, Rejection
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
    """Composes one answer. `stand_in` writes it where `writer` fails; None where nobody is to stand in."""

    def __init__(self, writer: Writer, checker: Checker, clock: Clock, *, stand_in: Writer | None = None) -> None:
        self._writer, self._checker, self._clock, self._stand_in = writer, checker, clock, stand_in

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
        """Check what is written as it is written; how many sentences there were."""
        written = 0
        for one in writer.write(asked, hits, amiss):
            self._clock.lap("writing")
            if isinstance(one, Decline):
                made.declined = None if made.claims or amiss else one
                break
            claim, rejections = checked(one, hits, self._checker)
            self._clock.lap("checking")
            written += 1
            made.rejections += rejections
            if claim is not None:
                made.claims.append(claim)
                yield Event("answering", claim=claim)
        self._clock.lap("writing")
        self._clock.lap("checking")
        return written


def _fallen(made: Composition) -> list[Rejection]:
    """The first rejection of each sentence of which nothing stands."""
    standing = {claim.text for claim in made.claims}
    first = {r.sentence: r for r in reversed(made.rejections) if r.sentence not in standing}
    return [r for r in made.rejections if first.get(r.sentence) is r]
