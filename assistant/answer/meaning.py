"""Has a language model say what a question asks for, in one call, where the rules may misread it.

Its reply is compared with the conversation and the question, and whatever is not borne out by them is dropped. If it
fails, or its question adds or loses a name or number, the reading of the rules stands (`search.following`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

from pydantic import model_validator

from ..core.bounds import NAMES, QUESTION
from ..core.errors import LLMError
from ..core.filters import Filter
from ..core.records import Turn, fold
from ..core.text import content_words, names, numbers, parts, stem, stems_of, words
from ..core.tokens import count_tokens
from ..library import browsing
from ..llm import LLM
from ..llm.embedded_json import ModelReply
from ..llm.prompts import Prompts, fenced, restored
from ..question.conditions import Bound, Conditions
from ..question.kinds import Kind
from ..question.understanding import Asked, is_foreign
from ..search import Search
from ..search.bridging import KINDS

SECONDS = 15.0
"""Time limit of the call; the rest of the question's time is for the answer."""
UNSURE = 0.5
"""The rules are unsure of a kind that is less probable than all others together: 5 % of the fitting questions."""
SHARE = 0.5
"""What the model's word on the kind counts, against the wording; what is found decides between the two. Not fitted."""
TURN_TOKENS, TURNS_TOKENS = 160, 1200
"""Most tokens of one turn, and of all turns, in the prompt."""
MOST_ADDED = 400
"""Most characters that the model may add to a question, for names and titles."""
TRANSLATED = 4
"""How many times as long a translation may be: Chinese takes few characters."""
MOST_STEPS = 3
FROM_QUESTION = 0.6
"""Lowest share of a step's words that must come from the question; the others connect them."""
_CLAUSES = re.compile(r"(?<=[.;?!:])\s+(?=\w)")
_QUOTED = re.compile(r"“([^”]+)”|\"([^\"]+)\"")
_YEAR = re.compile(r"(?:19|20)\d\d")
_DIGITS = re.compile(r"\d[\d.,]*")


class StatedFigure(ModelReply):
    """A number of something that the papers have to state, within bounds."""

    unit: str
    least: float | None
    most: float | None


class QuestionRead(ModelReply):
    """What a question asks for, as a language model reads it; fields are empty for what it does not ask."""

    question: str
    kind: Kind | None
    steps: list[str]
    without: list[str]
    since: str
    until: str
    authors: list[str]
    venues: list[str]
    figures: list[StatedFigure]

    @model_validator(mode="before")
    @classmethod
    def _with_empty_fields(cls, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Fill in what a model leaves out; a kind that is not known is none."""
        stated = {name: value for name, value in values.items() if value is not None}
        kind = stated.get("kind")
        return {
            **{name: [] for name in ("steps", "without", "authors", "venues", "figures")},
            **stated,
            **{name: str(stated.get(name, "")) for name in ("since", "until")},
            "kind": kind if kind in get_args(Kind) else None,
        }


class Interpreter:
    """Has a language model read questions: one call for each that is in doubt."""

    def __init__(self, llm: LLM, prompts: Prompts) -> None:
        self._llm, self._prompts = llm, prompts

    def read(self, question: str, turns: Sequence[Turn], asked: Asked, search: Search, *, alone: bool) -> Asked:
        """What a question after these turns asks for; as the rules read it (`asked`) if the model is no help.

        `alone`: by the rules it stands alone. If it does not, a model that repeats it unchanged explains nothing.
        """
        conversation = _fenced(turns)
        reply = self._reply(question, conversation)
        text = _self_contained(reply, question, conversation, search) if reply else ""
        if not reply or not text or (not alone and fold(text) == fold(question)):
            return asked
        read = search.understood(text, also=_filter(reply, question, search))
        if reply.kind and not read.everything:
            read = read.as_probably(reply.kind, SHARE)
        steps = _steps(reply, text)
        return replace(
            read,
            papers=asked.papers,
            without=asked.without,
            brief=read.brief or asked.brief,
            steps=steps,
            leads_on=read.leads_on or bool(steps),
            conditions=_completed(read.conditions, reply, question, text),
            read_by=self._llm.name,
        )

    def _reply(self, question: str, conversation: str) -> QuestionRead | None:
        """The model's reply; None if it fails, or is not in the form that was asked for by the length it may have."""
        values = {"turns": conversation, "question": fenced("question", question)}
        try:
            reply = self._llm.complete(
                self._prompts.understand.filled(values), schema=QuestionRead.schema_sent(), seconds=SECONDS
            )
            text = ""
            for piece in reply:
                text += piece
                if len(text) > 2 * _longest(question) + MOST_ADDED:
                    break
            reply.close()
        except LLMError:
            return None
        return QuestionRead.first_in(text)


def in_doubt(asked: Asked, turns: Sequence[Turn]) -> bool:
    """Whether a language model should read a question.

    The rules may misread a later turn of a conversation, several steps, other languages, and an unclear kind; whatever
    the kind, a question none of whose words is here has no answer.
    """
    unsure = asked.prior < UNSURE and not asked.everything and not asked.nowhere
    return bool(turns) or asked.foreign or unsure or several_steps(asked)


def several_steps(asked: Asked) -> bool:
    """Whether a question has more than one clause and may lead from one paper to a second."""
    return asked.leads_on and asked.kind in KINDS and len(_CLAUSES.split(asked.text)) > 1


# -- what the model is shown


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


# -- what counts of its reply


def _self_contained(reply: QuestionRead, question: str, conversation: str, search: Search) -> str:
    """The question on its own, in English; "" if the model's is not borne out by the question and the conversation.

    The first question of a conversation is taken as it stands if it is in English.
    """
    foreign, text = is_foreign(question), _plain(reply.question)
    if not foreign and not conversation:
        return question
    known = restored(f"{question}\n{conversation}")
    if not content_words(text) or len(text) > _longest(question):
        return ""
    if any(fold(first or second) not in fold(known) for first, second in _QUOTED.findall(text)):
        return ""
    sound = _is_translation(text, question, known, search) if foreign else _is_faithful(text, question, known)
    return text if sound else ""


def _longest(question: str) -> int:
    """Most characters of a question on its own."""
    return min(QUESTION, len(question) * (TRANSLATED if is_foreign(question) else 1) + MOST_ADDED)


def _is_faithful(text: str, question: str, known: str) -> bool:
    """Whether a text keeps what the question names, and adds no name or number that is not known."""
    kept, known_stems = _stems(text), _stems(known)
    return _definite(question) <= kept and _definite(text) <= known_stems and bool(kept & known_stems)


def _is_translation(text: str, question: str, known: str, search: Search) -> bool:
    """The same of an English text for a question in another language.

    There the word for a language or place has a capital, too, and names cannot be told by it: only those that name
    papers here are compared, and coined words.
    """
    if is_foreign(text):
        return False
    added, named = _names(search.understood(text)), _names(search.understood(question))
    return (
        all(fold(name) in fold(known) for name in added)
        and all(fold(name) in fold(text) for name in named)
        and _digits(question) <= _digits(text) <= _digits(known)
    )


def _names(asked: Asked) -> list[str]:
    """What is written like a name in the papers and coined words that a question names: "SQL" in "text-to-SQL"."""
    named = words(" ".join((*(name.text for name in asked.named), *asked.coined)))
    pieces = (piece for word in named for piece in parts(word) or [word])
    return [piece for piece in pieces if any(c.isupper() or c.isdigit() for c in piece)]


def _digits(text: str) -> set[str]:
    """The numbers of a text, by their digits: "1.600" is "1,600" in other languages."""
    return {re.sub(r"\D", "", number) for number in _DIGITS.findall(fold(text))}


def _steps(reply: QuestionRead, question: str) -> tuple[str, ...]:
    """Two or three questions of one step each, in order; () unless each is a part of the question."""
    steps = tuple(map(_plain, reply.steps))
    sound = 2 <= len(steps) <= MOST_STEPS and all(_is_part(step, question) for step in steps)
    return steps if sound else ()


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


def _filter(reply: QuestionRead, question: str, search: Search) -> Filter:
    """The years, authors and venues that stand in the question, the latter two as far as the papers have them.

    "After 2022" is since 2023, and "before 2022" until 2021.
    """
    years = {int(year) for year in _YEAR.findall(fold(question))} if search.index.dated else set()

    def year(given: str, *, beside: int) -> str:
        return given if _YEAR.fullmatch(given) and years & {int(given), int(given) + beside} else ""

    def known(kind: browsing.Kind, given: Iterable[str]) -> tuple[str, ...]:
        stated = [name for name in map(_plain, given) if _stands(name, question) and search.index.meant(kind, name)]
        return tuple(stated[:NAMES])

    return Filter(
        since=year(reply.since, beside=-1),
        until=year(reply.until, beside=1),
        authors=known("author", reply.authors),
        venues=known("venue", reply.venues),
    )


def _completed(conditions: Conditions, reply: QuestionRead, question: str, text: str) -> Conditions:
    """The conditions that the wording shows; where it shows none, those of the model that stand in the question."""
    asked = f"{question}\n{text}" if is_foreign(question) else question
    without = tuple(what for what in map(_plain, reply.without) if _stands(what, asked))[:NAMES]
    bounds = tuple(bound for figure in reply.figures if (bound := _bound(figure, asked)))[:NAMES]
    return replace(
        conditions,
        without=conditions.without or without,
        exclusions=conditions.exclusions or without,
        bounds=conditions.bounds or bounds,
    )


def _bound(figure: StatedFigure, asked: str) -> Bound | None:
    """The bound as the search applies it; None unless the question has its numbers and its unit."""
    stated = {number.value for number in numbers(asked)}
    ends = {end for end in (figure.least, figure.most) if end is not None}
    unit = words(figure.unit)
    if not ends or not ends <= stated or len(unit) != 1 or not _stands(unit[0], asked):
        return None
    least, most = figure.least or 0.0, float("inf") if figure.most is None else figure.most
    ends_said = [f"at {side} {end:,.12g}" for side, end in (("least", figure.least), ("most", figure.most)) if end]
    return Bound(f"{' and '.join(ends_said)} {unit[0]}", unit[0], least, most)


def _stands(what: str, text: str) -> bool:
    """Whether the words of something stand in a text."""
    wanted = stems_of(what)
    return bool(wanted) and wanted <= stems_of(text)


def _definite(text: str) -> set[str]:
    """The stems of the names and numbers of a text."""
    stems = _stems(text)
    return {one for one in stems if any(c.isdigit() for c in one)} | (stems & {stem(name) for name in names(text)})


def _stems(text: str) -> set[str]:
    """The stems of the content words, compounds in their parts."""
    return {stem(piece) for word in content_words(text) for piece in parts(word) or [word]}


def _plain(text: str) -> str:
    """A text of the model's on one line, with the brackets that were replaced in the prompt."""
    return " ".join(restored(text).split())
