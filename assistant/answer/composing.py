"""Composes one answer: has a writer write, checks each sentence, and records what became of it.

A sentence is checked as soon as it is written and shown only if it passes. Sentences that fail get a second try. If
the language model fails, or too little of what it wrote passes, the answer is quoted instead and says so.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace

from ..check.checker import Checker
from ..check.citations import CheckedMark, check_marks, checked, claim_of
from ..check.judging import Judge
from ..core.errors import LLMError
from ..core.records import STARTING_OVER, Answer, Claim, Decline, Event, Rejection, fold
from ..core.tracing import step
from ..question.understanding import Asked
from ..search.declining import nothing_stood
from .verdicts import AGAINST, opposes
from .writing import ExtractiveWriter, Writer, lead

ENOUGH = 0.5
"""Share of the written sentences that must pass; below it a language model's answer is discarded."""
MOST_REPAIRS = 5
"""Sentences that get a second try. A draft with more faults than this is not worth repairing."""
TOO_LITTLE = "Too little of what the language model wrote could be verified against the abstracts."
INSTEAD = "The answer is quoted from the abstracts instead."
STEPS = ("understanding", "retrieval", "writing", "checking")


class Clock:
    """Seconds that each step of an answer took."""

    def __init__(self) -> None:
        self.laps = dict.fromkeys(STEPS, 0.0)
        self._last = time.perf_counter()

    def lap(self, step: str) -> None:
        """Add the time since the last lap to this step."""
        now = time.perf_counter()
        self.laps[step] += now - self._last
        self._last = now


class Composer:
    """Composes one answer, starting from one with its question, hits and verdict. Only `_answer` changes as it grows.

    `stand_in` writes if `writer` fails; `judge` decides what the checker leaves undecided. Both are optional.
    """

    def __init__(
        self,
        answer: Answer,
        asked: Asked,
        writer: Writer,
        checker: Checker,
        clock: Clock,
        *,
        stand_in: Writer | None = None,
        judge: Judge | None = None,
    ) -> None:
        self._answer, self._asked = answer, asked
        self._writer, self._checker, self._clock = writer, checker, clock
        self._stand_in, self._judge = stand_in, judge

    def compose(self) -> Generator[Event, None, Answer]:
        """Each claim as it passes, as an event; in the end the whole answer."""
        problem = yield from self._written()
        if problem and self._stand_in:
            if self._answer.claims:
                yield Event(STARTING_OVER)
            name, remark = self._stand_in.name, f"{problem} {INSTEAD}"
            self._answer = replace(self._answer, claims=(), declined=None, written_by=name, remark=remark)
            yield from self._draft(self._stand_in)
        answer = self._answer
        declined = answer.declined or (None if answer.claims else nothing_stood(answer.hits))
        opening = lead(self._asked, len(answer.titles), answer.hits, answer.lead)
        return replace(answer, declined=declined, lead=opening, more=() if declined else self._more())

    def _more(self) -> tuple[Claim, ...]:
        """What a quoted answer leaves out, checked like the rest."""
        if self._answer.written_by != ExtractiveWriter.name:
            return ()
        left_out = ExtractiveWriter().more(self._asked, self._answer.hits)
        claims = (checked(sentence, self._answer.hits, self._checker)[0] for sentence in left_out)
        quoted = {claim.text for claim in self._answer.claims}
        return tuple(claim for claim in claims if claim is not None and claim.text not in quoted)

    def _written(self) -> Generator[Event, None, str]:
        """The writer's draft and its second try. Returns what is wrong with the result, or ""."""
        try:
            written = yield from self._draft(self._writer)
        except LLMError as error:
            self._answer = replace(self._answer, written_by=self._writer.name)
            return str(error)
        self._answer = replace(self._answer, written_by=self._writer.name)  # may be known only after the first call
        failed = self._failed()
        if failed and self._stand_in:
            with contextlib.suppress(LLMError):  # the sentences that passed remain
                yield from self._draft(self._writer, failed[:MOST_REPAIRS])
        return TOO_LITTLE if len(self._answer.claims) < ENOUGH * written else ""

    def _draft(self, writer: Writer, failed: Sequence[Rejection] = ()) -> Generator[Event, None, int]:
        """What `_checked_draft` gives, as one step."""
        with step("write") as writing:
            written = yield from self._checked_draft(writer, failed)
            writing.tell({"model": writer.name, "sentences": written, "again": bool(failed)})
        return written

    def _checked_draft(self, writer: Writer, failed: Sequence[Rejection]) -> Generator[Event, None, int]:
        """Check sentences as they are written; with `failed`, those that replace these. Returns how many there were.

        Once a sentence has to wait for the judge, all later ones wait too: the judge is called once, and the
        sentences keep their order.
        """
        written = 0
        waiting: list[tuple[CheckedMark, ...]] = []
        for sentence in writer.write(self._asked, self._answer.hits, failed):
            self._clock.lap("writing")
            if isinstance(sentence, Decline):
                kept = self._answer.claims or waiting or failed
                self._answer = replace(self._answer, declined=None if kept else sentence)
                break
            if failed and fold(sentence.text) in {fold(claim.text) for claim in self._answer.claims}:
                continue  # asked to repair a draft, models tend to repeat all of it
            if opposes(sentence, self._answer.verdict):
                rejection = Rejection(sentence.text, "", AGAINST)
                self._answer = replace(self._answer, rejections=(*self._answer.rejections, rejection))
                written += 1
                continue
            with step("check") as checking:
                marks = check_marks(sentence, self._answer.hits, self._checker)
                checking.tell({"citations": len(marks)})
            self._clock.lap("checking")
            written += 1
            if self._judge and (waiting or any(map(self._judge.is_undecided, marks))):
                waiting.append(marks)
            else:
                yield from self._settled(marks)
        self._clock.lap("writing")
        for judged in self._judged(waiting):
            yield from self._settled(judged)
        self._clock.lap("checking")
        return written

    def _judged(self, waiting: Sequence[tuple[CheckedMark, ...]]) -> list[list[CheckedMark]]:
        """The waiting sentences, judged in one call."""
        if not waiting or self._judge is None:
            return []
        judged = iter(self._judge.judged([one for marks in waiting for one in marks]))
        return [list(itertools.islice(judged, len(marks))) for marks in waiting]

    def _settled(self, checked: Sequence[CheckedMark]) -> Iterator[Event]:
        """Add a checked sentence to the answer, as a claim or as rejections."""
        claim, rejections = claim_of(checked[0].sentence, checked)
        answer = self._answer
        self._answer = replace(answer, rejections=(*answer.rejections, *rejections))
        if claim is not None:
            self._answer = replace(self._answer, claims=(*answer.claims, claim))
            yield Event("answering", claim=claim)

    def _failed(self) -> list[Rejection]:
        """The first rejection of each sentence that has no claim at all."""
        passed = {claim.text for claim in self._answer.claims}
        first = {r.sentence: r for r in reversed(self._answer.rejections) if r.sentence not in passed}
        return [r for r in self._answer.rejections if first.get(r.sentence) is r]
