"""A tool's name in, the schema out that the values it returns fit."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ...core.records import Basis, DeclineKind


class ToolResult(BaseModel):
    """The values of a tool; further fields may come."""

    model_config = ConfigDict(extra="allow")


class PassageResult(ToolResult):
    """A passage of an abstract."""

    start: int
    text: str


class CitationResult(ToolResult):
    """The words that a sentence rests on."""

    reference: int = Field(description="The number in `text`.")
    paper_id: str
    title: str
    passage: PassageResult
    quote: str = Field(description="Word for word.")
    start: int | None = Field(description="The character of the abstract that it begins at, from 0.")
    support: float = Field(description="How far it supports the sentence, 0 to 1.")
    basis: Basis


class ClaimResult(ToolResult):
    """A checked sentence."""

    text: str
    heading: str
    citations: list[CitationResult]


class DeclineResult(ToolResult):
    """Why there is no answer."""

    kind: DeclineKind
    message: str
    nearest: list[str]


class AskResult(ToolResult):
    """An answer, or why there is none."""

    question: str
    answered: bool
    text: str = Field(description="`[n]` stands for the n-th of `titles`.")
    titles: list[str]
    claims: list[ClaimResult]
    declined: DeclineResult | None
    remark: str


class NearPaper(ToolResult):
    """A paper that fits a search."""

    id: str
    title: str
    relevance: float = Field(description="How probable it is that the search is about it, 0 to 1.")
    text: str = Field(description="The passage that fits best.")


class SearchResult(ToolResult):
    """The papers that fit, best first."""

    papers: list[NearPaper]


class PaperResult(ToolResult):
    """A paper with its abstract."""

    id: str
    title: str
    abstract: str
    url: str
    published: str
    sources: list[str] = Field(description="The listings that carry it.")


class CheckResult(ToolResult):
    """Whether an abstract supports a sentence."""

    supported: bool
    score: float = Field(description="0 to 1.")
    basis: Basis
    reasons: list[str] = Field(description="Why it does not.")
    quote: str = Field(description="The words of the abstract that come nearest.")


RESULTS: dict[str, type[ToolResult]] = {
    "ask": AskResult,
    "search_papers": SearchResult,
    "get_paper": PaperResult,
    "check_citation": CheckResult,
}


def schema_of(tool: str) -> dict[str, Any]:
    """The JSON Schema of what a tool returns."""
    return RESULTS[tool].model_json_schema(mode="serialization")
