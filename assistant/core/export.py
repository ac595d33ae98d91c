"""Records as plain JSON values, an answer read back from them, and the one schema that describes both.

pydantic reads the fields off the records: a field that a record gains is written, described and read back without a
change here. The JSON differs from the records in three ways. An answer also carries what can be computed from it; a
citation and a hit name their paper themselves, not inside the passage; and `Hit.evidence` and `Reject.text` are left
out: only the writer reads the former, which would be three quarters of the whole, and the latter can be a whole file.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Literal

from .drafts import STANDINGS, CheckedDraft
from .errors import ExportError
from .records import Answer, Check, Citation, Ingested, Paper

if TYPE_CHECKING:
    from pydantic import TypeAdapter

FORMAT = 1
"""Raised when a field goes or changes its meaning; adding a field does not raise it."""
Exported = Answer | Check | CheckedDraft | Ingested | Paper
Values = dict[str, Any]
"""A JSON object, as `json.dumps` takes it and `json.loads` gives it."""

_LEFT_OUT = {"Answer": {"hits": {"__all__": {"evidence"}}}, "Ingested": {"rejects": {"__all__": {"text"}}}}
_OF_PASSAGE = ("paper_id", "title")
"""Fields of a passage that its citation or hit carries instead."""
_OF_PAPER = {
    "authors": "Its authors as they are shown, in order.",
    "year": "The year of publication; null if unknown.",
    "venue": "The journal or meeting, or empty.",
    "url": "Its address, or empty.",
    "published": "When it was published, or empty.",
    "identifiers": "What it is called elsewhere.",
    "keywords": "The keywords its sources give.",
    "sources": "The listings that contain it.",
    "identity": "What its id is the hash of, if not of its title; usually empty.",
    "abstract": "Its abstract, as it was read.",
}
_FIELDS = {
    "Answer": {
        "format": "The version of this schema.",
        "question": "As asked.",
        "query": "The self-contained question that was searched; in a conversation it may differ from `question`.",
        "kind": "The kind of answer asked for, such as `fact`, `list`, `compare` or `overview`.",
        "answered": "Whether there is an answer.",
        "text": "The answer, or why there is none; `[n]` stands for the n-th of `titles`.",
        "titles": "The titles cited, word for word, in the order of their numbers.",
        "verdict": "`yes`, `no` or `partly`, for a question that can be answered so and where the abstracts are clear; "
        "otherwise empty.",
        "filtered": "How many papers were searched, and which, if not all; else empty.",
        "message": "The answer to a question about the library or the assistant, which cites no paper; or empty.",
        "lead": "A line before the claims, about the papers searched or what the question takes for granted; or empty.",
        "claims": "The checked sentences of the answer.",
        "more": "What `text` leaves out: other sentences of the papers cited, and other papers that may fit a list.",
        "remark": "Something unusual about how the answer was made, such as a model that failed; usually empty.",
        "declined": "Why there is no answer; null if there is one.",
        "rejections": "What was written and did not pass the checks.",
        "hits": "The papers found, best first.",
        "read_by": "The language model by whose reading of the question was searched; empty if by that of the rules.",
        "written_by": "`extractive` for quotations, otherwise the name of a language model.",
        "wording": "The hash of the prompts; empty if no language model was used.",
        "usage": "What language models used: `calls`, of which `estimated`, `prompt_tokens`, `completion_tokens`.",
        "cost": "What that costs in US dollars; null where a price is not known.",
        "timings": "Seconds by step.",
    },
    "Claim": {
        "text": "The sentence; of a quotation, words in square brackets are not in the abstract.",
        "asked_for": "The words of `text` that name what was asked for, or empty.",
        "heading": "The title it is listed under, or empty.",
        "section": "The aspect of a comparison or the theme of an overview that it belongs to, or empty.",
        "citations": "What it rests on; at least one.",
    },
    "Citation": {
        "reference": "The number in `text`; 0 for a paper that only `more` names.",
        "paper_id": "The id of the paper.",
        "title": "The title of the paper.",
        "passage": "The passage of its abstract that was read.",
        "quote": "The words cited, word for word.",
        "start": "The character of the abstract at which the quote begins, from 0; null if unknown.",
        "support": "How strongly it supports the sentence, 0 to 1.",
        "basis": "`quoted`: word for word; `read`: by an entailment model; `checked`: by words, numbers and names; "
        "`judged`: by a language model.",
    },
    "Passage": {"start": "The character of the abstract at which it begins, from 0.", "text": "Word for word."},
    "Decline": {
        "kind": "`absent`: nothing on it here; `unstated`: the papers do not say; `off-corpus`: not a question for "
        "papers; `invented`: a name that is in no paper; `empty`: there are no papers.",
        "message": "The reason in words.",
        "nearest": "The titles of the nearest papers.",
    },
    "Rejection": {
        "sentence": "The sentence as written.",
        "mark": "The reference that did not pass, or empty for the whole sentence.",
        "reason": "Why it did not pass.",
    },
    "Hit": {
        "paper_id": "The id of the paper.",
        "title": "The title of the paper.",
        **_OF_PAPER,
        "passage": "The passage that fits best.",
        "score": "The score by which hits are ranked.",
        "relevance": "The probability that the question is about this paper, 0 to 1.",
        "ranks": "Its rank in each list, from 1; null if it is not in the list.",
        "signals": "Its raw score in each list.",
    },
    "Paper": {"id": "The hash of its title.", "title": "Word for word.", **_OF_PAPER},
    "Identifiers": {
        "doi": "Its DOI in lower case, or empty.",
        "arxiv": "Its arXiv number without a version, or empty.",
        "pubmed": "Its PubMed number, or empty.",
        "semantic_scholar": "Its id at Semantic Scholar, or empty.",
    },
    "Check": {
        "supported": "Whether the abstract supports the sentence.",
        "score": "How strongly, 0 to 1.",
        "basis": "As in a citation.",
        "reasons": "Why it does not.",
        "quote": "The closest words of the abstract.",
        "certain": "Whether a definite error was found, which no judgement of a model outweighs.",
        "unsupported": "The words of a refused sentence that the abstract does not bear out; empty if none stand out.",
    },
    "CheckedDraft": {
        "format": "The version of this schema.",
        "passed": "Whether every sentence that cites is supported by a paper that it cites.",
        "counts": "How many sentences there are of each standing.",
        "missing": "The citations that stand for no paper here, as written.",
        "sentences": "Every sentence, in order.",
    },
    "CheckedSentence": {
        "line": "The line of the draft in which it begins, from 1.",
        "text": "The sentence as it was checked, without its citations and markup.",
        "standing": "`supported`: by at least one paper that it cites; `not supported`: by none; `not in the library`: "
        "no citation stands for a paper here; `no citation`.",
        "citations": "Its citations, each judged by itself.",
        "closer": "Another paper here that supports a sentence that is not supported, without a mark; or null.",
    },
    "CheckedCitation": {
        "mark": "The citation as written.",
        "standing": "`supported`, `not supported` or `not in the library`.",
        "title": "The title of the paper, or empty.",
        "paper_id": "The id of the paper, or empty.",
        "check": "Whether the paper supports the sentence; null without a paper.",
        "reason": "Why there is no paper.",
    },
    "Reject": {"line": "From 1; 0 stands for the whole file."},
}
"""What fields mean, in the order in which they are written; fields that are not named here follow."""


def as_json(answer: Answer) -> Values:
    """The whole answer; `[n]` in "text" is `"titles"[n - 1]`."""
    values = plain(answer)
    abstracts = {hit.paper.id: hit.paper.abstract for hit in answer.hits}
    numbers = answer.numbers

    def located(citation: Citation, exported: Values) -> Values:
        start = start_of(citation, abstracts.get(citation.passage.paper_id, ""))
        return _flat(exported) | {"reference": numbers.get(citation.passage.title, 0), "start": start}

    for claim, exported in zip((*answer.claims, *answer.more), (*values["claims"], *values["more"]), strict=True):
        pairs = zip(claim.citations, exported["citations"], strict=True)
        exported["citations"] = [_ordered("Citation", located(*pair)) for pair in pairs]
    for name in ("claims", "more"):
        values[name] = [_ordered("Claim", claim) for claim in values[name]]
    values["hits"] = [_ordered("Hit", _flat(hit) | hit["paper"]) for hit in values["hits"]]
    computed = {"answered": answer.answered, "text": answer.text, "titles": list(answer.titles)}
    return _ordered("Answer", {"format": FORMAT, **computed, **values})


def draft_as_json(draft: CheckedDraft) -> Values:
    """The whole report on a draft, with the standing of each sentence and citation."""
    values = plain(draft)
    for sentence, exported in zip(draft.sentences, values["sentences"], strict=True):
        exported["standing"] = sentence.standing
        for citation, written in zip(sentence.citations, exported["citations"], strict=True):
            written["standing"] = citation.standing
        if sentence.closer:
            exported["closer"] = _ordered(
                "CheckedCitation", exported["closer"] | {"standing": sentence.closer.standing}
            )
        exported["citations"] = [_ordered("CheckedCitation", written) for written in exported["citations"]]
    values["sentences"] = [_ordered("CheckedSentence", exported) for exported in values["sentences"]]
    computed = {"passed": draft.passed, "counts": draft.counts, "missing": list(draft.missing)}
    return _ordered("CheckedDraft", {"format": FORMAT, **computed, **values})


def paper_as_json(paper: Paper) -> Values:
    """The whole paper, with its id."""
    return {"id": paper.id, **plain(paper)}


def plain(record: Exported) -> Values:
    """The fields of a record, all the way down, as `json.dumps` takes them."""
    kind = type(record)
    values: Values = _adapter(kind).dump_python(  # type: ignore[arg-type]  # mypy: a union of classes is not Hashable
        record,
        mode="json",
        exclude=_LEFT_OUT.get(kind.__name__),
        fallback=float,  # for numbers of numpy's, which arithmetic on vectors gives
        warnings=False,
    )
    return values


def _flat(values: Values) -> Values:
    """A citation or hit that names its paper itself, not inside the passage."""
    passage: Values = values["passage"]
    rest = {name: value for name, value in values.items() if name != "paper"}
    own = {name: value for name, value in passage.items() if name not in _OF_PASSAGE}
    return {**rest, **{name: passage[name] for name in _OF_PASSAGE}, "passage": _ordered("Passage", own)}


def _ordered(kind: str, values: Values) -> Values:
    return {name: values[name] for name in _FIELDS.get(kind, ()) if name in values} | values


def start_of(citation: Citation, abstract: str) -> int | None:
    """Where in the abstract the quote begins; None if it is neither in the passage nor in the abstract."""
    inside = citation.passage.text.find(citation.quote)
    start = citation.passage.start + inside if inside >= 0 else abstract.find(citation.quote)
    return start if start >= 0 else None


def from_json(values: Mapping[str, Any]) -> Answer:
    """The answer that `as_json` wrote, without `Hit.evidence`; unknown fields are ignored.

    Raises `ExportError` for what a newer program wrote, and for anything else that is not an answer.
    """
    if values.get("format") != FORMAT:
        raise ExportError(
            f"The answer is in format {values.get('format')!r}, and this program reads format {FORMAT}. "
            "Update the program: pip install --upgrade paper-assistant"
        )
    from pydantic import ValidationError

    try:
        claims = [_nested_in(claim) for claim in values["claims"]]
        more = [_nested_in(claim) for claim in values.get("more", ())]
        hits = [
            _nested(hit) | {"paper": {name: hit[name] for name in _paper_fields() if name in hit}}
            for hit in values["hits"]
        ]
        answer: Answer = _adapter(Answer).validate_python({**values, "claims": claims, "more": more, "hits": hits})
    except ValidationError as error:
        details = error.errors()[0]
        raise _not_an_answer(f"{'.'.join(map(str, details['loc']))}: {details['msg']}") from error
    except (KeyError, TypeError) as error:
        raise _not_an_answer(f"{type(error).__name__}: {error}") from error
    return answer


def _not_an_answer(reason: str) -> ExportError:
    return ExportError(f"This is not an answer as `assistant ask --json` writes it ({reason}). Ask the question again.")


def _nested(values: Values) -> Values:
    """A citation or hit with its paper named inside the passage, as the records have it."""
    return values | {"passage": values["passage"] | {name: values[name] for name in _OF_PASSAGE}}


def _nested_in(claim: Values) -> Values:
    return claim | {"citations": [_nested(citation) for citation in claim["citations"]]}


def _paper_fields() -> list[str]:
    return [field.name for field in fields(Paper) if field.init]


# -- the schema


def schemas(refs: str = "#/$defs/{model}") -> dict[str, Values]:
    """The JSON Schema of everything written here, by the name of its record; they refer to each other by `refs`."""
    from pydantic import TypeAdapter

    mode: Literal["serialization"] = "serialization"
    kinds = [(kind.__name__, mode, _adapter(kind)) for kind in (Answer, Check, CheckedDraft, Ingested, Paper)]
    parts: dict[str, Values] = TypeAdapter.json_schemas(kinds, ref_template=refs)[1]["$defs"]
    for left_out in ("Evidence", "Read"):
        parts.pop(left_out, None)
    properties: dict[str, Values] = {name: part["properties"] for name, part in parts.items()}
    text, number, maybe = {"type": "string"}, {"type": "integer"}, {"anyOf": [{"type": "integer"}, {"type": "null"}]}
    properties["Hit"].pop("evidence", None)
    properties["Reject"].pop("text", None)
    named: Values = {name: properties["Passage"].pop(name) for name in _OF_PASSAGE}
    properties["Citation"].update(named, reference=number, start=maybe)
    properties["Hit"].pop("paper")
    properties["Hit"].update(named, **properties["Paper"])
    properties["Paper"].update(id=text)
    properties["Answer"].update(
        format=number, answered={"type": "boolean"}, text=text, titles={"type": "array", "items": text}
    )
    properties["CheckedDraft"].update(
        format=number,
        passed={"type": "boolean"},
        counts={"type": "object", "properties": dict.fromkeys(STANDINGS, number), "required": [*STANDINGS]},
        missing={"type": "array", "items": text},
    )
    for record in ("CheckedSentence", "CheckedCitation"):
        properties[record].update(standing=text)
    for record, part in parts.items():
        ordered = {
            name: _described(value, _FIELDS.get(record, {}).get(name))
            for name, value in _ordered(record, properties[record]).items()
        }
        part.update(properties=ordered, required=list(ordered), additionalProperties=True)
        part["description"] = part["description"].partition("\n")[0]
    return parts


def _described(schema: Values, description: str | None) -> Values:
    """The schema of a field, without what readers of results do not need."""
    needed = {name: value for name, value in schema.items() if name not in ("default", "title")}
    return needed if description is None else needed | {"description": description}


@functools.cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)
