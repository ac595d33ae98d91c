"""What programs send and get, as OpenAPI describes it. Records are described by the one schema of `core.export`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.config import JsonDict

from ...core import bounds
from ...core.export import schemas
from ...library.sources import FORMATS
from ...service.narrowing import AUTHORS, DATE, DATES, VENUES, Narrowing
from ...show.styles import FORMS

HAS_WORDS: JsonDict = {"pattern": r"[\p{L}\p{N}]"}
"""Describes every question: it has a letter or a digit. The check itself is made where questions are understood."""
TITLE = "SemantiCodec: An Ultra Low Bitrate Semantic Audio Codec for General Sound"
SENTENCE = "SemantiCodec compresses audio to fewer than a hundred tokens per second."
DRAFT = f"{SENTENCE.removesuffix('.')} [1].\n\n## References\n\n[1] {TITLE}. 2024."
Title = Annotated[str, Field(max_length=bounds.TITLE)]
Form = Annotated[str, Field(max_length=bounds.DAY, json_schema_extra={"enum": ["", *FORMS]})]
"""The form of references, or "" for none; the check itself is made where they are written."""


class RequestBody(BaseModel):
    """A body that is sent; unknown fields are refused, so that a typo is noticed at once."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Parameters(BaseModel):
    """The parameters of an address; unknown ones are refused, too."""

    model_config = ConfigDict(extra="forbid")


class ResponseBody(BaseModel):
    """A body that is returned; further fields may come."""

    model_config = ConfigDict(extra="allow")


# -- records

_RECORD = "x-record"
AnswerValues = Annotated[dict[str, Any], WithJsonSchema({_RECORD: "Answer"})]
DraftValues = Annotated[dict[str, Any], WithJsonSchema({_RECORD: "CheckedDraft"})]
CheckValues = Annotated[dict[str, Any], WithJsonSchema({_RECORD: "Check"})]
HitValues = Annotated[dict[str, Any], WithJsonSchema({_RECORD: "Hit"})]
IngestedValues = Annotated[dict[str, Any], WithJsonSchema({_RECORD: "Ingested"})]
PaperValues = Annotated[dict[str, Any], WithJsonSchema({_RECORD: "Paper"})]

_ADDED: dict[str, dict[str, Any]] = {
    "Answer": {
        "conversation": {"type": "string", "description": "Id of the conversation that keeps it; empty if none does."},
        "turn": {"anyOf": [{"type": "integer"}, {"type": "null"}], "description": "Its number there, from 1."},
        "references": {"type": "string", "description": "The papers cited, in the form asked for; empty if none was."},
    },
    "Check": {"title": {"type": "string", "description": "The title of the paper."}},
}
"""What the interface adds to records."""


def ref(name: str) -> dict[str, str]:
    """A reference to a schema of the description."""
    return {"$ref": f"#/components/schemas/{name}"}


def with_records(description: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI description, completed by the schemas of the records that it names."""
    records = schemas(ref("{model}")["$ref"])
    for name, added in _ADDED.items():
        records[name]["properties"].update(added)
    records["Check"]["required"] += _ADDED["Check"]
    description["components"]["schemas"].update(records)
    linked: dict[str, Any] = _linked(description)
    return linked


def _linked(part: Any) -> Any:
    if isinstance(part, list):
        return [_linked(one) for one in part]
    if isinstance(part, dict):
        return ref(part[_RECORD]) if _RECORD in part else {name: _linked(value) for name, value in part.items()}
    return part


# -- questions


class AskRequest(RequestBody):
    """A question; optionally the conversation it belongs to and the only papers to use."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"question": "What is SemantiCodec?"}]})

    question: str = Field(
        min_length=1, max_length=bounds.QUESTION, description="In English.", json_schema_extra=HAS_WORDS
    )
    papers: list[Title] = Field(
        default=[], max_length=bounds.PAPERS, description="Titles or ids of the only papers to use; empty: all papers."
    )
    where: Narrowing = Field(default=Narrowing(), description="The only papers to use; empty: all papers.")
    conversation: str = Field(
        default="",
        max_length=bounds.ID,
        description="Id of the conversation that the question continues and that keeps the answer; empty: none.",
    )
    references: Form = Field(default="", description="Also list the papers cited: in a style, or for other programs.")
    stream: bool = Field(default=False, description="Send the stages and claims as Server-Sent Events.")


class Stage(ResponseBody):
    """What is being done."""

    stage: str = Field(examples=["searching 120 papers"])


class CheckRequest(RequestBody):
    """A sentence and the paper to check it against."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"sentence": SENTENCE, "paper": TITLE}]})

    sentence: str = Field(min_length=1, max_length=bounds.SENTENCE)
    paper: Title = Field(min_length=1, description="Title or id.")


class CheckDraftRequest(RequestBody):
    """A draft whose citations are checked, and the BibTeX of the keys that it cites."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"draft": DRAFT}]})

    draft: str = Field(
        min_length=1,
        max_length=bounds.DRAFT,
        description="In Markdown, LaTeX or plain text.",
        json_schema_extra=HAS_WORDS,
    )
    bibliography: str = Field(default="", max_length=bounds.BIBLIOGRAPHY, description="BibTeX, or empty.")


class SearchParameters(Parameters):
    """What to search for."""

    question: str = Field(
        min_length=1, max_length=bounds.QUESTION, examples=["stereo vocoders"], json_schema_extra=HAS_WORDS
    )
    limit: int = Field(default=10, ge=1, le=50)


class SearchResults(ResponseBody):
    """The papers that a question is about, best first; hits as in an answer."""

    question: str
    kind: str
    hits: list[HitValues]


# -- papers


class PapersParameters(Parameters):
    """Which papers to list."""

    words: str = Field(default="", max_length=bounds.WORDS, description="Words to find: the best fifty, best first.")
    listing: str = Field(default="", max_length=bounds.TITLE, description="A listing's file or date.")
    since: str = Field(default="", max_length=bounds.DAY, description=DATES, json_schema_extra=DATE)
    until: str = Field(default="", max_length=bounds.DAY, description=DATES, json_schema_extra=DATE)
    author: list[Title] = Field(default=[], max_length=bounds.NAMES, description=AUTHORS)
    venue: list[Title] = Field(default=[], max_length=bounds.NAMES, description=VENUES)
    collection: str = Field(default="", max_length=bounds.COLLECTION, description="A collection by its name.")
    limit: int = Field(default=100, ge=0, le=1000)
    offset: int = Field(default=0, ge=0, le=10**9)
    references: Form = Field(default="", description="Also list these papers: in a style, or for other programs.")


class IngestParameters(Parameters):
    """How a file is added."""

    format: str = Field(
        default="",
        max_length=bounds.DAY,
        description="Its format; by default that of its content.",
        json_schema_extra={"enum": ["", *FORMATS]},
    )
    titles_only: bool = Field(default=False, description="Keep papers without an abstract, too.")
    dry_run: bool = Field(default=False, description="Change nothing; count what would be.")


class PapersPage(ResponseBody):
    """Some of the papers that fit, and how many fit in total."""

    total: int
    papers: list[PaperValues]
    references: str = Field(description="The papers in the form asked for; empty if none was.")


# -- collections

Papers = Annotated[list[Title], Field(max_length=bounds.PAPERS)]


class NewCollection(RequestBody):
    """A collection to make: of papers, of all papers that pass a filter now or later, or of both."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "codecs", "papers": [TITLE]}]})

    name: str = Field(min_length=1, max_length=bounds.COLLECTION, json_schema_extra=HAS_WORDS)
    papers: Papers = Field(default=[], description="Titles or ids of papers to put in.")
    where: Narrowing = Field(default=Narrowing(), description="All papers that fit this are in it; empty: none.")
    shared: bool = Field(default=False, description="Whether all callers may use it; only its owner may change it.")


class CollectionChange(RequestBody):
    """Papers to put into a collection, and to take out of it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"add": [TITLE]}]})

    add: Papers = Field(default=[], description="Titles or ids.")
    remove: Papers = Field(default=[], description="Titles or ids.")


class CollectionSummary(ResponseBody):
    """A collection without its papers, which `/api/papers?collection=` lists."""

    name: str
    papers: int = Field(description="How many papers are in it now.")
    where: str = Field(description="The filter whose papers are in it, in words; empty if it has none.")
    shared: bool
    own: bool = Field(description="Whether the caller may change it.")


class CollectionList(ResponseBody):
    """The collections that the caller may use, by name."""

    collections: list[CollectionSummary]


# -- sources


class SourceSummary(ResponseBody):
    """A followed source, and what its last sync brought."""

    name: str
    kind: str = Field(examples=["arxiv"])
    target: str = Field(description="What is followed there; of folders and addresses only what is no secret.")
    synced: str | None = Field(description="When it was last synced, in UTC; null: not yet.")
    added: int
    updated: int
    unchanged: int
    rejected: int
    remark: str = Field(description="What else there is to say of the last sync.")
    fault: str = Field(description="Why the last sync ended early; empty if it did not.")


class SourceList(ResponseBody):
    """The followed sources, by name."""

    sources: list[SourceSummary]
    syncing: bool = Field(description="Whether they are being synced, or will be in a moment.")


# -- conversations


class TitleRequest(RequestBody):
    """A conversation's title; if empty, the conversation is named after its first question."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"title": "Audio codecs"}]})

    title: Title = ""


class ConversationsParameters(Parameters):
    """How many conversations to list."""

    limit: int = Field(default=50, ge=0, le=1000)


class TurnsParameters(Parameters):
    """Which turns of a conversation to return."""

    limit: int = Field(default=20, ge=0, le=100, description="The number of turns, counted from the last.")
    before: int | None = Field(default=None, ge=1, le=10**9, description="Only turns before this number.")
    references: Form = Field(default="", description="Also list the papers that these turns cite, each once.")


class ConversationSummary(ResponseBody):
    """A conversation without its turns."""

    id: str
    title: str
    begun: str = Field(description="In UTC.", examples=["2025-03-12T09:30:00+00:00"])
    used: str = Field(description="When it was last used, in UTC.")
    length: int = Field(description="How many turns it has.")


class ConversationList(ResponseBody):
    """The caller's conversations, last used first."""

    conversations: list[ConversationSummary]


class ConversationTurn(ResponseBody):
    """A question of a conversation and its answer."""

    number: int
    asked: str
    question: str
    answer: AnswerValues
    thumb: dict[str, Any] | None


class ConversationExport(ResponseBody):
    """A conversation with its turns."""

    format: int
    title: str
    begun: str
    used: str
    turns: list[ConversationTurn]
    references: str = Field(description="The papers cited, in the form asked for; empty if none was.")


# -- the rest


class Health(ResponseBody):
    """How the service is."""

    status: str = Field(examples=["ok"])


class ProblemDetails(ResponseBody):
    """What went wrong, as RFC 9457 has it."""

    title: str = Field(examples=["Unprocessable Content"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["The question has no words. Ask something about the papers."])
