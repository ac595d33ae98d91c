"""The tools: what each is for, the arguments it takes, the schema of what it returns, and an answer as text."""

from __future__ import annotations

import functools
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ...core import bounds
from ...core.drafts import CheckedDraft, CheckedSentence
from ...core.export import as_json, schemas
from ...core.readable import readable
from ...core.records import Answer, Ingested
from ...library.sources import FORMATS
from ...service.narrowing import Narrowing
from ...show.drafts import summary
from ...show.showing import readable_answer
from ...show.styles import Form

MOST_HITS = 50
REFERENCES = {
    "references": {"type": "string", "description": "The papers cited, in the form asked for; empty if none was."}
}
"""What `ask` returns beside the fields of an answer."""
ANSWER_FIELDS = ("question", "answered", "verdict", "text", "titles", "filtered", "claims", "declined", "remark")
"""What an agent gets of an answer; the rest tells how it came about."""
Title = Annotated[str, Field(max_length=bounds.TITLE)]


References = Annotated[
    Form | Literal[""], Field(description="Also list the papers in this style or form; empty: do not.")
]


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
    references: References = ""


class SearchArguments(Arguments):
    """Arguments of `search_papers`."""

    query: str = Field(min_length=1, max_length=bounds.QUESTION, description="A question or a topic.")
    where: Narrowing = Field(default=Narrowing(), description="The only papers to search; empty: all papers.")
    limit: int = Field(default=10, ge=1, le=MOST_HITS, description="The most papers to return.")
    references: References = ""


class PaperArguments(Arguments):
    """Arguments of `get_paper`."""

    paper: Title = Field(min_length=1, description="Title or id.")


class CheckArguments(Arguments):
    """Arguments of `check_citation`."""

    sentence: str = Field(min_length=1, max_length=bounds.SENTENCE, description="The sentence to check.")
    paper: Title = Field(min_length=1, description="Title or id of the paper that it would cite.")


class CheckDraftArguments(Arguments):
    """Arguments of `check_draft`."""

    draft: str = Field(
        min_length=1, max_length=bounds.DRAFT, description="The draft, in Markdown, LaTeX or plain text."
    )
    bibliography: str = Field(
        default="", max_length=bounds.BIBLIOGRAPHY, description="BibTeX of the keys that the draft cites, or empty."
    )


class AddArguments(Arguments):
    """Arguments of `add_papers`: the text of a file and its name, or the path of a file on the server's machine."""

    text: str = Field(default="", max_length=bounds.UPLOAD, description="The whole text of a file of papers.")
    name: str = Field(default="", max_length=bounds.TITLE, description="The name of that file, such as refs.bib.")
    path: str = Field(
        default="", max_length=bounds.TITLE, description="Instead of a text: a file on the machine of the library."
    )
    format: str = Field(
        default="",
        max_length=bounds.DAY,
        description="Its format; by default that of its content.",
        json_schema_extra={"enum": ["", *FORMATS]},
    )
    titles_only: bool = Field(default=False, description="Keep papers without an abstract, too.")
    dry_run: bool = Field(default=False, description="Change nothing; count what would be.")


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
    references: str = Field(description="The same papers in the style or form asked for; empty if none was.")


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
    "check_draft": (
        "Check the citations of a draft: each sentence against the abstracts of the papers that it cites, as [@key], "
        "\\cite{key}, [1] with a list of references, (Author, year) or by title. The text lists only the sentences "
        "that are not supported, or whose papers are not here; the structured content has all.",
        CheckDraftArguments,
    ),
}


ADDING: dict[str, tuple[str, type[Arguments]]] = {
    "add_papers": (
        "Add the papers of a file to the library: BibTeX, RIS, CSV, JSON and other formats, up to 20 MB. Records that "
        "cannot be added are returned with the reason. Adding a file again changes nothing.",
        AddArguments,
    ),
}
"""The tools that change the library; they are offered only where that is allowed."""


@functools.cache
def output_schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema of what each tool returns: parts of the one schema of records, but for a search."""
    parts = schemas()
    answer = parts["Answer"]
    of_answer = {name: answer["properties"][name] for name in ANSWER_FIELDS}
    used = {name: parts[name] for name in ("Claim", "Citation", "Passage", "Decline")}
    return {
        "ask": {
            **answer,
            "properties": of_answer | REFERENCES,
            "required": [*ANSWER_FIELDS, *REFERENCES],
            "$defs": used,
        },
        "search_papers": FoundPapers.model_json_schema(mode="serialization"),
        "get_paper": {**parts["Paper"], "$defs": {"Identifiers": parts["Identifiers"]}},
        "check_citation": parts["Check"],
        "add_papers": {**parts["Ingested"], "$defs": {"Reject": parts["Reject"]}},
        "check_draft": {
            **parts["CheckedDraft"],
            "$defs": {name: parts[name] for name in ("CheckedSentence", "CheckedCitation", "Check")},
        },
    }


def as_structure(answer: Answer, listed: str = "") -> dict[str, Any]:
    """What `assistant ask --json` prints, without how the answer came about; `listed` are its references."""
    values = as_json(answer)
    return {name: values[name] for name in ANSWER_FIELDS} | {"references": listed}


def as_text(answer: Answer, listed: str = "") -> str:
    """The answer, then each source with the words cited, then its references if they were asked for."""
    answer = readable_answer(answer)
    sources = [
        "\n".join([f"[{source.number}] {source.label}", *(f"    “{quote}”" for quote in source.quotes)])
        for source in answer.sources
    ]
    nearest = answer.declined.nearest if answer.declined else ()
    named = ["\n".join(["Nearest:", *(f"- {title}" for title in nearest)])] if nearest else []
    return "\n\n".join([answer.text, *sources, *named, *([listed.rstrip()] if listed else [])])


def ingested_as_text(ingested: Ingested, *, dry_run: bool) -> str:
    """How many papers were added, and why records were rejected."""
    counts = f"{ingested.added} added, {ingested.updated} updated, {ingested.unchanged} unchanged"
    lines = [f"{'Nothing was changed. It would be: ' if dry_run else ''}{counts}, {ingested.rejected} rejected."]
    lines += [f"- {one.title or one.source}, line {one.line}: {one.reason}" for one in ingested.rejects[:MOST_HITS]]
    return "\n".join(lines)


def draft_as_text(draft: CheckedDraft) -> str:
    """What became of a draft, then each sentence that did not pass."""
    failed = [one for one in draft.sentences if one.standing in ("not supported", "not in the library")]
    return "\n\n".join([summary(draft), *map(_sentence_as_text, failed)])


def _sentence_as_text(sentence: CheckedSentence) -> str:
    lines = [f"Line {sentence.line}, {sentence.standing}: {sentence.text}"]
    for citation in sentence.citations:
        reasons = "; ".join(citation.check.reasons) if citation.check else citation.reason
        title = f" “{citation.title}”" if citation.title else ""
        lines.append(f"- {citation.mark}{title}: {readable(reasons)}")
    if sentence.closer:
        lines.append(f"- Closer: “{readable(sentence.closer.title)}”")
    return "\n".join(lines)
