"""The tools: what each is for, the arguments it takes, the schema of what it returns, and an answer as text."""

from __future__ import annotations

import functools
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from ...core import bounds
from ...core.export import as_json, schemas
from ...core.records import Answer
from ...service.narrowing import Narrowing
from ...show.showing import readable_answer

MOST_HITS = 50
ANSWER_FIELDS = ("question", "answered", "verdict", "text", "titles", "filtered", "claims", "declined", "remark")
"""What an agent gets of an answer; the rest tells how it came about."""
Title = Annotated[str, Field(max_length=bounds.TITLE)]


class Arguments(BaseModel):
    """Arguments of a tool; unknown ones are refused, so that a typo is noticed at once."""

    model_config = ConfigDict(extra="forbid")


class AskArguments(Arguments):
    """Arguments of `ask`."""

    question: str = Field(
        min_length=1, max_length=bounds.QUESTION, description="One self-contained question, in English."
    )
    papers: list[Title] = Field(
        default=[], max_length=bounds.PAPERS, description="Titles or ids of the only papers to use; empty: all papers."
    )
    where: Narrowing = Field(default=Narrowing(), description="The only papers to use; empty: all papers.")


class SearchArguments(Arguments):
    """Arguments of `search_papers`."""

    query: str = Field(min_length=1, max_length=bounds.QUESTION, description="A question or a topic.")
    where: Narrowing = Field(default=Narrowing(), description="The only papers to search; empty: all papers.")
    limit: int = Field(default=10, ge=1, le=MOST_HITS, description="The most papers to return.")


class PaperArguments(Arguments):
    """Arguments of `get_paper`."""

    paper: Title = Field(min_length=1, description="Title or id.")


class CheckArguments(Arguments):
    """Arguments of `check_citation`."""

    sentence: str = Field(min_length=1, max_length=bounds.SENTENCE, description="The sentence to check.")
    paper: Title = Field(min_length=1, description="Title or id of the paper that it would cite.")


class FoundPaper(BaseModel):
    """A paper that fits a search."""

    model_config = ConfigDict(extra="allow")

    id: str
    title: str
    relevance: float = Field(description="The probability that the search is about this paper, 0 to 1.")
    text: str = Field(description="The passage that fits best.")


class FoundPapers(BaseModel):
    """The papers that fit, best first."""

    model_config = ConfigDict(extra="allow")

    papers: list[FoundPaper]


TOOLS: dict[str, tuple[str, type[Arguments]]] = {
    "ask": (
        "Answer a question from the papers. Every sentence carries the number of the paper it cites and was checked "
        "against that paper's abstract. If the papers do not answer the question, the result says so and why; then do "
        "not guess.",
        AskArguments,
    ),
    "search_papers": ("Find the papers that a question or a topic is about, best first.", SearchArguments),
    "get_paper": (
        "Read a paper's title and abstract. The structured content has them word for word.",
        PaperArguments,
    ),
    "check_citation": (
        "Check whether the abstract of a paper supports a sentence, and with which words.",
        CheckArguments,
    ),
}


@functools.cache
def output_schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema of what each tool returns: parts of the one schema of records, but for a search."""
    parts = schemas()
    answer = parts["Answer"]
    of_answer = {name: answer["properties"][name] for name in ANSWER_FIELDS}
    used = {name: parts[name] for name in ("Claim", "Citation", "Passage", "Decline")}
    return {
        "ask": {**answer, "properties": of_answer, "required": list(ANSWER_FIELDS), "$defs": used},
        "search_papers": FoundPapers.model_json_schema(mode="serialization"),
        "get_paper": {**parts["Paper"], "$defs": {"Identifiers": parts["Identifiers"]}},
        "check_citation": parts["Check"],
    }


def as_structure(answer: Answer) -> dict[str, Any]:
    """What `assistant ask --json` prints, without how the answer came about."""
    values = as_json(answer)
    return {name: values[name] for name in ANSWER_FIELDS}


def as_text(answer: Answer) -> str:
    """The answer, then each source with the words cited."""
    answer = readable_answer(answer)
    sources = [
        "\n".join([f"[{source.number}] {source.label}", *(f"    “{quote}”" for quote in source.quotes)])
        for source in answer.sources
    ]
    nearest = answer.declined.nearest if answer.declined else ()
    named = ["\n".join(["Nearest:", *(f"- {title}" for title in nearest)])] if nearest else []
    return "\n\n".join([answer.text, *sources, *named])
