"""What is sent in, what is answered out, as OpenAPI describes it; an answer itself is described in the README."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from ...core import bounds

HAS_WORDS: JsonDict = {"pattern": r"[\p{L}\p{N}]"}
"""Told of every question: it has a letter or a digit. What has none is refused where questions are understood."""
TITLE = "SemantiCodec: An Ultra Low Bitrate Semantic Audio Codec for General Sound"
QUOTE = "SemantiCodec compresses audio to fewer than a hundred tokens per second"
Title = Annotated[str, Field(max_length=bounds.TITLE)]


class Sent(BaseModel):
    """A body that is sent: a field that nothing reads is refused, so that a slip is told at once."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Wanted(BaseModel):
    """The parameters of an address; one that nothing reads is refused, too."""

    model_config = ConfigDict(extra="forbid")


class Told(BaseModel):
    """A body that is answered; further fields may come."""

    model_config = ConfigDict(extra="allow")


# -- questions


class Ask(Sent):
    """A question; its conversation and the only papers to look at, if there are such."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"question": "What is SemantiCodec?"}]})

    question: str = Field(
        min_length=1, max_length=bounds.QUESTION, description="In English.", json_schema_extra=HAS_WORDS
    )
    papers: list[Title] = Field(
        default=[], max_length=bounds.PAPERS, description="Titles or ids of the only papers to look at; empty: all."
    )
    conversation: str = Field(
        default="",
        max_length=bounds.ID,
        description="Id of a conversation that the question continues; the answer is kept in it. Empty: of none.",
    )
    stream: bool = Field(default=False, description="Tell what is done as it is done, as Server-Sent Events.")


class Stage(Told):
    """What is being done."""

    stage: str = Field(examples=["searching 120 papers"])


class Citation(Told):
    """The words of an abstract that a sentence rests on."""

    reference: int = Field(description="The number in `text`.", examples=[1])
    paper_id: str
    title: str = Field(examples=[TITLE])
    quote: str = Field(description="Word for word.", examples=[QUOTE])
    start: int | None = Field(description="The character of the abstract that it begins at, from 0.")
    support: float = Field(description="How far it supports the sentence, 0 to 1.", examples=[1.0])
    basis: Literal["quoted", "checked", "judged"] = Field(examples=["quoted"])


class Claim(Told):
    """A checked sentence."""

    text: str
    heading: str
    citations: list[Citation]


class Decline(Told):
    """Why there is no answer."""

    kind: Literal["absent", "unstated", "off-corpus", "invented", "empty"]
    message: str
    nearest: list[str]


class Answer(Told):
    """An answer, or why there is none: the fields that `assistant ask --json` prints, and where it is kept."""

    format: int = Field(examples=[1])
    question: str = Field(examples=["What is SemantiCodec?"])
    query: str = Field(description="The self-contained question that was searched.")
    kind: str = Field(examples=["fact"])
    answered: bool
    text: str = Field(description="`[n]` stands for the n-th of `titles`.", examples=[f"{QUOTE}. [1]"])
    titles: list[str] = Field(examples=[[TITLE]])
    lead: str
    claims: list[Claim]
    remark: str
    declined: Decline | None
    rejections: list[dict[str, Any]]
    hits: list[dict[str, Any]]
    written_by: str
    wording: str
    usage: dict[str, int]
    timings: dict[str, float]
    conversation: str = Field(default="", description="Id of the conversation it is kept in.")
    turn: int | None = Field(default=None, description="Its number there, from 1.")


class Check(Sent):
    """A sentence and the paper it is held against."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"sentence": f"{QUOTE}.", "paper": TITLE}]}
    )

    sentence: str = Field(min_length=1, max_length=bounds.SENTENCE)
    paper: Title = Field(min_length=1, description="Title or id.")


class Verdict(Told):
    """Whether the abstract supports the sentence."""

    supported: bool
    score: float = Field(description="0 to 1.")
    basis: Literal["quoted", "checked", "judged"]
    reasons: list[str]
    quote: str = Field(description="The words of the abstract that come nearest.")
    title: str


class Found(Told):
    """The papers that a question is about, best first; hits as in an answer."""

    question: str
    kind: str
    hits: list[dict[str, Any]]


# -- papers


class Paper(Told):
    """A paper that is held."""

    id: str
    title: str
    abstract: str
    url: str
    published: str
    sources: list[str] = Field(description="The listings that carry it.")


class Papers(Told):
    """Some of the papers that fit, and how many fit in all."""

    total: int
    papers: list[Paper]


class Reject(Told):
    """A record that did not go in."""

    source: str
    line: int = Field(description="From 1; 0 stands for the whole file.")
    reason: str


class Ingested(Told):
    """What became of what was sent, in papers."""

    added: int
    updated: int
    unchanged: int
    removed: int
    rejects: list[Reject]


# -- conversations


class Named(Sent):
    """A conversation's title; empty, it bears its first question."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"title": "Audio codecs"}]})

    title: Title = ""


class Conversation(Told):
    """A kept conversation."""

    id: str
    title: str
    begun: str = Field(description="In UTC.", examples=["2025-03-12T09:30:00+00:00"])
    used: str
    length: int = Field(description="How many turns it has.")


class Conversations(Told):
    """One's conversations, those used last first."""

    conversations: list[Conversation]


class Turn(Told):
    """A question of a conversation and its answer."""

    number: int
    asked: str
    question: str
    answer: Answer
    thumb: dict[str, Any] | None


class Whole(Told):
    """A conversation with its turns, as it is exported."""

    format: int
    title: str
    begun: str
    used: str
    turns: list[Turn]


# -- the rest


class State(Told):
    """How the service is."""

    status: str = Field(examples=["ok"])


class Problem(Told):
    """What went wrong, as RFC 9457 has it."""

    title: str = Field(examples=["Unprocessable Content"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["The question has no words. Ask something about the papers."])
