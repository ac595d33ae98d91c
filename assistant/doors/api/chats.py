"""What a client of OpenAI's models sends in, the question, the turns before it and what is not done here out.

Nothing is kept here: who asks sends the whole conversation along, and the papers that an earlier answer cited are read
from its text.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from ...chain import Assistant
from ...core import bounds
from ...core.errors import PaperNotFound, QuestionError
from ...core.records import Answer, Citation, Claim, Hit, Passage, Turn
from ...show.markdown import titles_in

UNSUPPORTED = "unsupported_parameter"
"""The code by which OpenAI's own models refuse a field that asks for what they do not do."""
MOST_MESSAGES = 1000
MOST_CHARACTERS = 200_000
"""Of one message: an earlier answer with its quotes comes back whole."""


class Loose(BaseModel):
    """What is sent in this dialect: fields that mean nothing here are passed over, as its clients expect."""

    model_config = ConfigDict(extra="allow", strict=True)


def refused(asks: Callable[[Any], bool], reason: str) -> BeforeValidator:
    """Refuses a value that `asks` for what is not done here, with a reason that says what to send instead."""

    def checked(value: object) -> object:
        if asks(value):
            raise PydanticCustomError(UNSUPPORTED, "{reason}", {"reason": reason})
        return value

    return BeforeValidator(checked)


class TextFormat(Loose):
    """The one form that answers have."""

    type: Literal["text"]


def another_format(value: object) -> bool:
    """Whether a format other than text is asked for."""
    return value is not None and not (isinstance(value, dict) and value.get("type") == "text")


Format = Annotated[
    TextFormat | None,
    refused(another_format, "Answers are text with citations, not JSON. Leave out the format."),
]
NoTools = Annotated[
    list[Any] | None,
    Field(max_length=0),
    refused(bool, "Tools are not called here: every answer comes from the papers. Leave out the tools."),
]

TEXTS = ("text", "input_text", "output_text", "refusal")


class Part(Loose):
    """A part of a message; there is only text."""

    type: Annotated[
        Literal["text", "input_text", "output_text", "refusal"],
        refused(lambda kind: kind not in TEXTS, "Only text is read here. Leave out images, sound and files."),
    ]
    text: str = Field(default="", max_length=MOST_CHARACTERS)


class Message(Loose):
    """A message of the chat; of those that neither the user nor the assistant wrote, nothing is read."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: (
        Annotated[str, Field(max_length=MOST_CHARACTERS)]
        | Annotated[list[Part], Field(max_length=MOST_MESSAGES)]
        | None
    ) = None

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.text)
        return self.content or ""


def question_in(messages: Sequence[Message]) -> str:
    """The last message, which is the user's; raises `QuestionError` where it is not."""
    spoken = _spoken(messages)
    if not spoken or spoken[-1].role != "user":
        raise QuestionError("The last message must be the user's and hold the question.")
    return spoken[-1].text


def turns_in(assistant: Assistant, messages: Sequence[Message], most: int) -> list[Turn]:
    """The turns before the question, the last `most` of them."""
    pairs = [
        (one.text, other.text)
        for one, other in itertools.pairwise(_spoken(messages))
        if (one.role, other.role) == ("user", "assistant")
    ]
    recent = pairs[-most:] if most else []
    return [_remembered(assistant, question, answer) for question, answer in recent]


def _spoken(messages: Sequence[Message]) -> list[Message]:
    return [message for message in messages if message.role in ("user", "assistant")]


def _remembered(assistant: Assistant, question: str, markdown: str) -> Turn:
    """An earlier turn, as much as a question may refer to of it: the papers cited, where they are still here."""
    hits = []
    for title in titles_in(markdown)[: bounds.PAPERS]:
        try:
            paper = assistant.paper(title)
        except PaperNotFound:
            continue
        hits.append(Hit(paper, Passage(paper.id, paper.title, paper.abstract, 0), 0.0))
    claims = tuple(Claim(hit.paper.title, (Citation(hit.passage, hit.passage.text, 1.0, "quoted"),)) for hit in hits)
    return Turn(question, Answer(question, question, claims, hits=tuple(hits)))
