"""A tool's name in, the schema out that the values it returns fit."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ..records import Basis, DeclineKind


class Result(BaseModel):
    """The values of a tool; further fields may come."""

    model_config = ConfigDict(extra="allow")


class Place(Result):
    """A passage of an abstract."""

    start: int
    text: str


class Cited(Result):
    """The words that a sentence rests on."""

    reference: int = Field(description="The number in `text`.")
    paper_id: str
    title: str
    passage: Place
    quote: str = Field(description="Word for word.")
    start: int | None = Field(description="The character of the abstract that it begins at, from 0.")
    support: float = Field(description="How far it supports the sentence, 0 to 1.")
    basis: Basis


class Sentence(Result):
    """A checked sentence."""

    text: str
    heading: str
    citations: list[Cited]


class Declined(Result):
    """Why there is no answer."""

    kind: DeclineKind
    message: str
    nearest: list[str]


class Answered(Result):
    """An answer, or why there is none."""

    question: str
    answered: bool
    text: str = Field(description="`[n]` stands for the n-th of `titles`.")
    titles: list[str]
    claims: list[Sentence]
    declined: Declined | None
    remark: str


class Near(Result):
    """A paper that fits a search."""

    id: str
    title: str
    relevance: float = Field(description="How probable it is that the search is about it, 0 to 1.")
    text: str = Field(description="The passage that fits best.")


class Papers(Result):
    """The papers that fit, best first."""

    papers: list[Near]


class Whole(Result):
    """A paper with its abstract."""

    id: str
    title: str
    abstract: str
    url: str
    published: str
    sources: list[str] = Field(description="The listings that carry it.")


class Verdict(Result):
    """Whether an abstract supports a sentence."""

    supported: bool
    score: float = Field(description="0 to 1.")
    basis: Basis
    reasons: list[str] = Field(description="Why it does not.")
    quote: str = Field(description="The words of the abstract that come nearest.")


RESULTS: dict[str, type[Result]] = {
    "ask": Answered,
    "search_papers": Papers,
    "get_paper": Whole,
    "check_citation": Verdict,
}


def schema_of(tool: str) -> dict[str, Any]:
    """The JSON Schema of what a tool returns."""
    return RESULTS[tool].model_json_schema(mode="serialization")
