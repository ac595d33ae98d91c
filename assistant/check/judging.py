"""Has a language model judge what the checker leaves undecided: many pairs in one call, each pair only once.

Signals from words miss changed relations and swapped roles, so a model reads these sentences with the words they cite.
It is never asked about a sentence that the checker rejected for a definite fault: a number, a name, a negation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from pydantic import model_validator

from ..core.errors import LLMError
from ..core.records import Check, digest
from ..core.tokens import count_tokens
from ..llm import LLM
from ..llm.embedded_json import ModelReply
from ..llm.prompts import Prompts, fenced
from .citations import CheckedMark

UNDECIDED = (0.3, 0.6)
"""The checker is undecided from the first score up to the second: 8 % of the true sentences that `eval.drafts` may be
tuned on are in this range, and 6 of the 26 faults that the signals let through."""
SECONDS = 20.0
PAIRS_TOKENS = 3000
"""Most tokens of pairs in one call; for pairs that do not fit, the checker's verdict stays."""
REASON = 160
"""Most characters of a reason."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence, and the words of a paper that it cites."""

    claim: str
    title: str
    passage: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the passage of a pair supports the claim, and why."""

    supported: bool
    reason: str

    @property
    def objection(self) -> str:
        """The reason for a rejection, as users see it."""
        return f"judged unsupported: {self.reason}" if self.reason else "judged unsupported"


class PairVerdict(ModelReply):
    """A verdict on the pair with this number."""

    pair: int
    reason: str
    supported: bool

    @model_validator(mode="before")
    @classmethod
    def _with_short_reason(cls, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Cut a long reason; a model may also leave it out."""
        return {**values, "reason": " ".join(str(values.get("reason") or "").split())[:REASON]}


class Verdicts(ModelReply):
    """One verdict for each pair."""

    verdicts: list[PairVerdict]


class Memory(Protocol):
    """Keeps verdicts, as text."""

    def kept(self, key: str) -> str | None: ...

    def keep(self, key: str, value: str) -> None: ...


class Judge:
    """Judges the undecided sentences; with `always`, all that are neither quoted nor rejected for a definite fault."""

    def __init__(self, llm: LLM, prompts: Prompts, memory: Memory, *, always: bool = False) -> None:
        self._llm, self._prompts, self._memory, self._always = llm, prompts, memory, always

    def is_undecided(self, mark: CheckedMark) -> bool:
        """Whether the judge decides about this mark."""
        return mark.citation is not None and not mark.certain and self._may_judge(mark.citation.support)

    def judged(self, marks: Sequence[CheckedMark]) -> list[CheckedMark]:
        """The marks in their order, the undecided ones with a verdict wherever the model gives one."""
        cited = [(n, mark.sentence.text, mark.citation) for n, mark in enumerate(marks) if self.is_undecided(mark)]
        pairs = [Pair(text, citation.passage.title, citation.quote) for _, text, citation in cited if citation]
        verdicts = dict(zip((n for n, _, _ in cited), self.verdicts(pairs), strict=True))
        return [_with_verdict(mark, verdicts.get(n)) for n, mark in enumerate(marks)]

    def check(self, sentence: str, title: str, check: Check) -> Check:
        """The check, with the model's verdict if it is undecided and the model gives one."""
        if check.basis == "quoted" or check.certain or not self._may_judge(check.score):
            return check
        (verdict,) = self.verdicts([Pair(sentence, title, check.quote)])
        if verdict is None:
            return check
        reasons = () if verdict.supported else (*check.reasons, verdict.objection)
        return replace(check, supported=verdict.supported, basis="judged", reasons=reasons)

    def verdicts(self, pairs: Sequence[Pair]) -> list[Verdict | None]:
        """A verdict for each pair; None if the model fails or leaves the pair out."""
        keys = [self._key(pair) for pair in pairs]
        known = {key: Verdict(*json.loads(value)) for key in keys if (value := self._memory.kept(key)) is not None}
        new = {key: pair for key, pair in zip(keys, pairs, strict=True) if key not in known}
        for key, verdict in self._ask(new).items():
            self._memory.keep(key, json.dumps([verdict.supported, verdict.reason]))
            known[key] = verdict
        return [known.get(key) for key in keys]

    def _may_judge(self, score: float) -> bool:
        least, enough = UNDECIDED
        return score >= least and (self._always or score < enough)

    def _key(self, pair: Pair) -> str:
        return digest("verdict", pair.claim, pair.title, pair.passage, self._prompts.wording, self._llm.name)

    def _ask(self, pairs: Mapping[str, Pair]) -> dict[str, Verdict]:
        """The model's verdicts by the keys of their pairs, from one call."""
        shown: dict[str, str] = {}
        left = PAIRS_TOKENS
        for number, (key, pair) in enumerate(pairs.items(), start=1):
            lines = f"Title: {pair.title}\nClaim: {pair.claim}\nPassage: {pair.passage}"
            text = fenced("pair", lines, number=number)
            left -= count_tokens(text)
            if left < 0:
                break
            shown[key] = text
        if not shown:
            return {}
        messages = self._prompts.judge.filled({"pairs": "\n".join(shown.values())})
        try:
            reply = self._llm.complete(messages, schema=Verdicts.schema_sent(), seconds=SECONDS).text()
        except LLMError:
            return {}
        verdicts = _verdicts_in(reply)
        return {key: verdicts[number] for number, key in enumerate(shown, start=1) if number in verdicts}


def _verdicts_in(reply: str) -> dict[int, Verdict]:
    """The verdicts by the numbers of their pairs, also from a reply that was cut off.

    A pair with several verdicts is supported only if all say so.
    """
    verdicts: dict[int, Verdict] = {}
    for verdict in PairVerdict.all_in(reply):
        if verdict.pair not in verdicts or not verdict.supported:
            verdicts[verdict.pair] = Verdict(verdict.supported, verdict.reason)
    return verdicts


def _with_verdict(mark: CheckedMark, verdict: Verdict | None) -> CheckedMark:
    if verdict is None or mark.citation is None:
        return mark
    reason = "" if verdict.supported else "; ".join(filter(None, (mark.reason, verdict.objection)))
    return replace(mark, citation=replace(mark.citation, basis="judged"), reason=reason, certain=True)
