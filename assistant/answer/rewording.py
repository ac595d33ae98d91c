"""Has a language model rewrite a follow-up so that it stands alone, and split a question of several steps.

Its result is compared with the conversation and the question, and dropped if it adds or loses anything. Then, or if
the model fails, the rules decide instead (`question.conversation`, `search.bridging`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..core.bounds import QUESTION
from ..core.errors import LLMError
from ..core.records import Turn, fold
from ..core.text import content_words, names, parts, stem
from ..core.tokens import count_tokens
from ..llm import LLM, Message
from ..llm.embedded_json import ModelReply
from ..llm.prompts import Prompts, fenced, restored
from ..question.understanding import Asked
from ..search.bridging import KINDS

SECONDS = 15.0
"""Time limit of one rewording; the rest of the question's time is for the answer."""
TURN_TOKENS, TURNS_TOKENS = 160, 1200
"""Most tokens of one turn, and of all turns, in the prompt."""
MOST_ADDED = 400
"""Most characters that a rewording may add to a question, for names and titles."""
MOST_STEPS = 3
FROM_QUESTION = 0.6
"""Lowest share of a step's words that must come from the question; the others connect them."""
_CLAUSES = re.compile(r"(?<=[.;?!:])\s+(?=\w)")


class Steps(ModelReply):
    """The questions that a question was split into."""

    questions: list[str]


class Reworder:
    """Has a language model reword questions. Each rewording is one call, made only where one is needed."""

    def __init__(self, llm: LLM, prompts: Prompts) -> None:
        self._llm, self._prompts = llm, prompts

    def self_contained(self, question: str, turns: Sequence[Turn], offline: str) -> str:
        """A follow-up with what it refers to spelt out; its `offline` reading if the rewording fails."""
        conversation = _fenced(turns)
        messages = self._prompts.condense.filled({"turns": conversation, "question": fenced("question", question)})
        try:
            reworded = self._first_line(messages, longest=len(question) + MOST_ADDED)
        except LLMError:
            return offline
        return reworded if _is_faithful(reworded, question, conversation) else offline

    def steps(self, asked: Asked) -> tuple[str, ...]:
        """Two or three questions of one step each, in order; () for a question of one step, or if this fails."""
        if not several_steps(asked):
            return ()
        messages = self._prompts.split.filled({"question": fenced("question", asked.text)})
        try:
            reply = self._llm.complete(messages, schema=Steps.schema_sent(), seconds=SECONDS).text()
        except LLMError:
            return ()
        split = Steps.first_in(reply)
        steps = tuple(map(_bare, split.questions)) if split else ()
        sound = 2 <= len(steps) <= MOST_STEPS and all(_is_part(step, asked.text) for step in steps)
        return steps if sound else ()

    def _first_line(self, messages: Sequence[Message], *, longest: int) -> str:
        """The first line of the reply, cut one character past `longest`; the rest of the reply is cancelled."""
        reply = self._llm.complete(messages, seconds=SECONDS)
        text = ""
        for piece in reply:
            text = (text + piece).lstrip()
            if "\n" in text or len(text) > longest:
                break
        reply.close()
        return _bare(text.partition("\n")[0][: longest + 1])


def several_steps(asked: Asked) -> bool:
    """Whether a question has more than one clause and may lead from one paper to a second."""
    return asked.leads_on and asked.kind in KINDS and len(_CLAUSES.split(asked.text)) > 1


def _fenced(turns: Sequence[Turn]) -> str:
    """The turns as data, oldest first: as many of the last ones as fit."""
    shown: list[str] = []
    left = TURNS_TOKENS
    for turn in reversed(turns):
        text = fenced("turn", _shown(turn))
        left -= count_tokens(text)
        if left < 0:
            break
        shown.append(text)
    return "\n".join(reversed(shown))


def _shown(turn: Turn) -> str:
    """A question, the papers its answer cites, and as many of its sentences as fit."""
    lines = [f"Question: {turn.question}"]
    lines += [f"[{source.number}] {source.title}" for source in turn.answer.sources]
    for claim in turn.answer.claims:
        if count_tokens("\n".join((*lines, claim.text))) > TURN_TOKENS:
            break
        lines.append(claim.text)
    return "\n".join(lines)


def _is_faithful(reworded: str, question: str, conversation: str) -> bool:
    """Whether a rewording keeps what the follow-up names, and adds no name or number that is not in the conversation.

    A question repeated unchanged explains nothing, so it does not count.
    """
    if not reworded or fold(reworded) == fold(question) or len(reworded) > min(QUESTION, len(question) + MOST_ADDED):
        return False
    kept, known = _stems(reworded), _stems(question) | _stems(conversation)
    return _definite(question) <= kept and _definite(reworded) <= known and bool(kept & known)


def _is_part(step: str, question: str) -> bool:
    """Whether a step asks for part of a question: mostly in its words, with no new name or number."""
    own, asked = _stems(step), _stems(question)
    return (
        0 < len(step) <= len(question) + MOST_ADDED
        and fold(step) != fold(question)
        and bool(own)
        and _definite(step) <= asked
        and len(own & asked) >= FROM_QUESTION * len(own)
    )


def _definite(text: str) -> set[str]:
    """The stems of the names and numbers of a text."""
    stems = _stems(text)
    return {one for one in stems if any(c.isdigit() for c in one)} | (stems & {stem(name) for name in names(text)})


def _stems(text: str) -> set[str]:
    """The stems of the content words, compounds in their parts."""
    return {stem(piece) for word in content_words(text) for piece in parts(word) or [word]}


def _bare(line: str) -> str:
    """A question without the label, quotation marks and spaces that a reply puts around it."""
    line = re.sub(r"^(?:question|rewritten question|standalone question)\s*:\s*", "", line.strip(), flags=re.I)
    return " ".join(restored(line).strip("\"'“”` \t").split())
