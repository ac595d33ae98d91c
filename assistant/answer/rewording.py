"""A follow-up or a question of several steps in, plain questions out: what a language model makes of it.

What it says is held against the conversation and the question, and left aside where it does not hold; then, or where
the model fails, the offline way stands in (`conversation`, `bridging`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..core.bounds import QUESTION
from ..core.errors import LLMError
from ..core.records import Turn, fold
from ..core.text import content_words, names, parts, stem
from ..core.tokens import count_tokens
from ..llm import LLM, Message, Schema, objects
from ..llm.embedded_json import Objects
from ..llm.prompts import Prompts, as_it_stood, fenced
from ..question.conversation import bare, follows_up
from ..question.understanding import Asked
from ..search.bridging import KINDS

SECONDS = 15.0
"""How long a rewording may take; the answer itself needs the rest of the time."""
TURN_TOKENS, TURNS_TOKENS = 160, 1200
"""Most tokens of a turn, and of all of them, as they are told."""
MOST_ADDED = 400
"""Characters that the names and titles put into a follow-up may take."""
MOST_STEPS = 3
OF_THE_QUESTION = 0.6
"""Least share of a step's words that the question has, too: the rest ties it together."""
SCHEMA: Schema = {"title": "steps", **objects({"questions": {"type": "array", "items": {"type": "string"}}})}
_CLAUSES = re.compile(r"(?<=[.;?!:])\s+(?=\w)")


class Reworder:
    """Has a language model say a question in other words; each way costs one call, and none where it is not needed."""

    def __init__(self, llm: LLM, prompts: Prompts) -> None:
        self._llm, self._prompts = llm, prompts

    def self_contained(self, question: str, turns: Sequence[Turn], offline: str) -> str:
        """A follow-up with what it points at in its words; `offline` for another question, and where this fails."""
        if not follows_up(question, turns):
            return offline
        told = _told(turns)
        filled = self._prompts.condense.filled({"turns": told, "question": fenced("question", question)})
        try:
            said = self._line(filled, most=len(question) + MOST_ADDED)
        except LLMError:
            return offline
        return said if _holds(said, question, told) else offline

    def steps(self, asked: Asked) -> tuple[str, ...]:
        """Two or three questions of one step each, in order; () for a question of one, and where this fails."""
        if not several_steps(asked):
            return ()
        filled = self._prompts.split.filled({"question": fenced("question", asked.text)})
        try:
            reply = self._llm.complete(filled, schema=SCHEMA, seconds=SECONDS).text()
        except LLMError:
            return ()
        found = next((_listed(one) for one in Objects().feed(reply) if "questions" in one), ())
        sound = 2 <= len(found) <= MOST_STEPS and all(_is_part(step, asked.text) for step in found)
        return found if sound else ()

    def _line(self, messages: Sequence[Message], *, most: int) -> str:
        """The first line that is said, or the first `most` characters and one more; then the reply is called off."""
        reply = self._llm.complete(messages, seconds=SECONDS)
        said = ""
        for piece in reply:
            said = (said + piece).lstrip()
            if "\n" in said or len(said) > most:
                break
        reply.close()
        return _bare(said.partition("\n")[0][: most + 1])


def several_steps(asked: Asked) -> bool:
    """Whether a question may take a step to a second paper and says so in more than one clause."""
    return asked.leads_on and asked.kind in KINDS and len(_CLAUSES.split(asked.text)) > 1


def _told(turns: Sequence[Turn]) -> str:
    """The turns as data, the last ones that there is room for, oldest first."""
    shown: list[str] = []
    left = TURNS_TOKENS
    for turn in reversed(turns):
        one = fenced("turn", _turn(turn))
        left -= count_tokens(one)
        if left < 0:
            break
        shown.append(one)
    return "\n".join(reversed(shown))


def _turn(turn: Turn) -> str:
    """A question, the papers its answer cites, and as much of what it says as there is room for."""
    lines = [f"Question: {turn.question}"]
    lines += [f"[{number}] {title}" for number, title in enumerate(turn.answer.titles, start=1)]
    for claim in turn.answer.claims:
        if count_tokens("\n".join((*lines, claim.text))) > TURN_TOKENS:
            break
        lines.append(claim.text)
    return "\n".join(lines)


def _holds(said: str, question: str, told: str) -> bool:
    """Whether a follow-up was made self-contained: all its own words are kept, and what came in was said before.

    A question repeated as it is explains nothing; the offline way may.
    """
    if not said or fold(said) == fold(question) or len(said) > min(QUESTION, len(question) + MOST_ADDED):
        return False
    kept, asked = _stems(said), _stems(question)
    brought = kept - asked
    return _stems(bare(question)) <= kept and bool(brought) and brought <= _stems(told)


def _is_part(step: str, question: str) -> bool:
    """Whether a step asks for a part of a question: nearly in its words, with no name or number of its own."""
    said, asked = _stems(step), _stems(question)
    named = {stem(name) for name in names(step)} | {word for word in said if any(c.isdigit() for c in word)}
    return (
        0 < len(step) <= len(question) + MOST_ADDED
        and fold(step) != fold(question)
        and bool(said)
        and named & said <= asked
        and len(said & asked) >= OF_THE_QUESTION * len(said)
    )


def _stems(text: str) -> set[str]:
    """The stems of the content words, compounds in their parts."""
    return {stem(piece) for word in content_words(text) for piece in parts(word) or [word]}


def _listed(found: Mapping[str, Any]) -> tuple[str, ...]:
    given = found["questions"]
    return tuple(_bare(one) for one in given if isinstance(one, str)) if isinstance(given, list) else ()


def _bare(said: str) -> str:
    """A question without what a reply puts around it."""
    said = re.sub(r"^(?:question|rewritten question|standalone question)\s*:\s*", "", said.strip(), flags=re.I)
    return " ".join(as_it_stood(said).strip("\"'“”` \t").split())
