"""Sentences and the words they are held against in, a language model's verdicts out: many in one call, each only once.

Word-level signals miss changed relations and swapped roles. So where they leave a sentence undecided a model reads it
against the words it cites. Where they found a fault that rejects it (a number, a name, a denial), it is never asked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from ..core.errors import LLMError
from ..core.records import Check, digest
from ..core.tokens import count_tokens
from ..llm import LLM, Schema, objects
from ..llm.embedded_json import Objects
from ..llm.prompts import Prompts, fenced
from .citations import CheckedMark

UNDECIDED = (0.3, 0.6)
"""Scores from and below which a sentence is not decided by the offline signals: 8 % of the true ones that `eval.drafts`
may be tuned on lie between, and 6 of the 26 faults that the signals let through."""
SECONDS = 20.0
PAIRS_TOKENS = 3000
"""Most tokens of what is judged in one call; what has no room stays as the signals left it."""
REASON = 160
"""Characters of a reason that are handed on."""
_VERDICT = objects({"pair": {"type": "integer"}, "reason": {"type": "string"}, "supported": {"type": "boolean"}})
SCHEMA: Schema = {"title": "verdicts", **objects({"verdicts": {"type": "array", "items": _VERDICT}})}


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence, and the words of a paper it is held against."""

    claim: str
    title: str
    passage: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a passage states a claim, and why."""

    supported: bool
    reason: str


class Memory(Protocol):
    """The seam: what was kept under a key."""

    def kept(self, key: str) -> str | None: ...

    def keep(self, key: str, value: str) -> None: ...


class Judge:
    """Has a language model judge the undecided, with `always` all that is neither quoted nor rejected for certain."""

    def __init__(self, llm: LLM, prompts: Prompts, memory: Memory, *, always: bool = False) -> None:
        self._llm, self._prompts, self._memory, self._always = llm, prompts, memory, always

    def is_undecided(self, one: CheckedMark) -> bool:
        """Whether this is left to the judge."""
        return one.citation is not None and not one.certain and self._open(one.citation.support)

    def judged(self, found: Sequence[CheckedMark]) -> list[CheckedMark]:
        """The same with the judge's verdicts, where it gives any, on those that are left to it."""
        cited = [(place, one.sentence.text, one.citation) for place, one in enumerate(found) if self.is_undecided(one)]
        pairs = [Pair(text, c.passage.title, c.quote) for _, text, c in cited if c]
        verdicts = dict(zip((place for place, _, _ in cited), self.verdicts(pairs), strict=True))
        return [_with_verdict(one, verdicts.get(place)) for place, one in enumerate(found)]

    def check(self, sentence: str, title: str, check: Check) -> Check:
        """The check with the judge's verdict, if it is left to it and there is one."""
        if check.basis == "quoted" or check.certain or not self._open(check.score):
            return check
        (verdict,) = self.verdicts([Pair(sentence, title, check.quote)])
        if verdict is None:
            return check
        reasons = () if verdict.supported else (*check.reasons, _told(verdict))
        return replace(check, supported=verdict.supported, basis="judged", reasons=reasons)

    def verdicts(self, pairs: Sequence[Pair]) -> list[Verdict | None]:
        """A verdict for each pair; None where the model fails or says nothing of it."""
        keys = [self._key(pair) for pair in pairs]
        known = {key: _kept(value) for key in keys if (value := self._memory.kept(key)) is not None}
        new = {key: pair for key, pair in zip(keys, pairs, strict=True) if key not in known}
        for key, verdict in self._asked(new).items():
            self._memory.keep(key, json.dumps([verdict.supported, verdict.reason]))
            known[key] = verdict
        return [known.get(key) for key in keys]

    def _open(self, score: float) -> bool:
        least, enough = UNDECIDED
        return score >= least and (self._always or score < enough)

    def _key(self, pair: Pair) -> str:
        return digest("verdict", pair.claim, pair.title, pair.passage, self._prompts.wording, self._llm.name)

    def _asked(self, pairs: Mapping[str, Pair]) -> dict[str, Verdict]:
        """The verdicts on pairs by their keys, from one call."""
        told: dict[str, str] = {}
        left = PAIRS_TOKENS
        for number, (key, pair) in enumerate(pairs.items(), start=1):
            lines = f"Title: {pair.title}\nClaim: {pair.claim}\nPassage: {pair.passage}"
            one = fenced("pair", lines, number=number)
            left -= count_tokens(one)
            if left < 0:
                break
            told[key] = one
        if not told:
            return {}
        filled = self._prompts.judge.filled({"pairs": "\n".join(told.values())})
        try:
            reply = self._llm.complete(filled, schema=SCHEMA, seconds=SECONDS).text()
        except LLMError:
            return {}
        found = _read(reply)
        return {key: found[number] for number, key in enumerate(told, start=1) if number in found}


def _read(reply: str) -> dict[int, Verdict]:
    """The verdicts of a reply by the numbers of their pairs; of two on one pair the worse."""
    found: dict[int, Verdict] = {}
    for one in Objects().feed(reply):
        number, supported, reason = one.get("pair"), one.get("supported"), one.get("reason")
        if not isinstance(number, int) or not isinstance(supported, bool):
            continue
        if number not in found or not supported:
            found[number] = Verdict(supported, " ".join(str(reason or "").split())[:REASON])
    return found


def _kept(value: str) -> Verdict:
    supported, reason = json.loads(value)
    return Verdict(supported, reason)


def _told(verdict: Verdict) -> str:
    return f"judged unsupported: {verdict.reason}" if verdict.reason else "judged unsupported"


def _with_verdict(one: CheckedMark, verdict: Verdict | None) -> CheckedMark:
    if verdict is None or one.citation is None:
        return one
    reason = "" if verdict.supported else "; ".join(filter(None, (one.reason, _told(verdict))))
    return replace(one, citation=replace(one.citation, basis="judged"), reason=reason, certain=True)
