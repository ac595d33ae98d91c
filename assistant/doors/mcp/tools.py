"""An answer in, what a tool says of it out; and what each tool is for and takes."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from ...core import bounds
from ...core.export import as_json
from ...core.records import Answer
from ...show.showing import readable_answer

MOST_HITS = 50
Title = Annotated[str, Field(max_length=bounds.TITLE)]


class Given(BaseModel):
    """Arguments; one that nothing reads is refused, so that a slip is told at once."""

    model_config = ConfigDict(extra="forbid")


class Ask(Given):
    """Arguments of `ask`."""

    question: str = Field(
        min_length=1, max_length=bounds.QUESTION, description="One self-contained question, in English."
    )
    papers: list[Title] = Field(
        default=[], max_length=bounds.PAPERS, description="Titles or ids of the only papers to look at; empty: all."
    )


class Search(Given):
    """Arguments of `search_papers`."""

    query: str = Field(min_length=1, max_length=bounds.QUESTION, description="A question or a topic.")
    limit: int = Field(default=10, ge=1, le=MOST_HITS, description="Papers at most.")


class Get(Given):
    """Arguments of `get_paper`."""

    paper: Title = Field(min_length=1, description="Title or id.")


class Check(Given):
    """Arguments of `check_citation`."""

    sentence: str = Field(min_length=1, max_length=bounds.SENTENCE, description="What might be said.")
    paper: Title = Field(min_length=1, description="Title or id of the paper that would be cited.")


TOOLS: dict[str, tuple[str, type[Given]]] = {
    "ask": (
        "Answer a question from the papers held here. Every sentence bears the number of the paper it cites and was "
        "checked against its abstract. If the papers do not answer, it says so and why; then do not guess.",
        Ask,
    ),
    "search_papers": ("Find the papers that a question or a topic is about, best first.", Search),
    "get_paper": ("Read a paper's title and abstract; the structured content has them word for word.", Get),
    "check_citation": ("Say whether the abstract of a paper supports a sentence, and by which words.", Check),
}


def as_text(answer: Answer) -> str:
    """The answer, then each source with the words cited."""
    answer = readable_answer(answer)
    sources = [
        "\n".join([f"[{source.number}] {source.title}", *(f"    “{quote}”" for quote in source.quotes)])
        for source in answer.sources
    ]
    nearest = answer.declined.nearest if answer.declined else ()
    named = ["\n".join(["Nearest:", *(f"- {title}" for title in nearest)])] if nearest else []
    return "\n\n".join([answer.text, *sources, *named])


def as_structure(answer: Answer) -> dict[str, Any]:
    """What `assistant ask --json` prints, without how the answer came about."""
    whole = as_json(answer)
    return {name: whole[name] for name in ("question", "answered", "text", "titles", "claims", "declined", "remark")}
