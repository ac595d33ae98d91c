"""An answer or a paper in, plain JSON values out, and an answer back again; the schema is told in the README.

Whatever is shown of an answer, and whatever a later question may refer to, comes back equal: the abstracts as they
were when the quotes were held against them, too. `Hit.evidence` alone is left behind: only the writer reads it, and
it would be three quarters of the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from .errors import ExportError
from .records import Answer, Citation, Claim, Decline, Hit, Paper, PaperSignals, Passage, Rejection

FORMAT = 1
"""Raised when a field goes or changes its meaning; a new field alone does not raise it."""


def as_json(answer: Answer) -> dict[str, Any]:
    """The whole of an answer as `json.dumps` takes it; `[n]` in "text" is `"titles"[n - 1]`."""
    return {
        "format": FORMAT,
        "question": answer.question,
        "query": answer.query,
        "kind": answer.kind,
        "answered": answer.answered,
        "text": answer.text,
        "titles": list(answer.titles),
        "lead": answer.lead,
        "claims": [_claim(claim, answer) for claim in answer.claims],
        "remark": answer.remark,
        "declined": _declined(answer),
        "rejections": [{"sentence": r.sentence, "mark": r.mark, "reason": r.reason} for r in answer.rejections],
        "hits": [_hit(hit) for hit in answer.hits],
        "written_by": answer.written_by,
        "wording": answer.wording,
        "usage": dict(answer.usage),
        "cost": answer.cost,
        "timings": dict(answer.timings),
    }


def _claim(claim: Claim, answer: Answer) -> dict[str, Any]:
    abstracts = {hit.paper.id: hit.paper.abstract for hit in answer.hits}
    numbers = answer.numbers
    return {
        "text": claim.text,
        "heading": claim.heading,
        "citations": [
            {
                "reference": numbers[citation.passage.title],
                "paper_id": citation.passage.paper_id,
                "title": citation.passage.title,
                "passage": _passage(citation.passage),
                "quote": citation.quote,
                "start": start_of(citation, abstracts.get(citation.passage.paper_id, "")),
                "support": float(citation.support),
                "basis": citation.basis,
            }
            for citation in claim.citations
        ],
    }


def _passage(passage: Passage) -> dict[str, Any]:
    return {"start": passage.start, "text": passage.text}


def start_of(citation: Citation, abstract: str) -> int | None:
    """Where in the abstract the quote begins; None when it stands neither in the passage nor in the abstract."""
    inside = citation.passage.text.find(citation.quote)
    found = citation.passage.start + inside if inside >= 0 else abstract.find(citation.quote)
    return found if found >= 0 else None


def _declined(answer: Answer) -> dict[str, Any] | None:
    if answer.declined is None:
        return None
    return {
        "kind": answer.declined.kind,
        "message": answer.declined.message,
        "nearest": list(answer.declined.nearest),
    }


def _hit(hit: Hit) -> dict[str, Any]:
    return {
        "paper_id": hit.paper.id,
        **_words(hit.paper),
        "passage": _passage(hit.passage),
        "score": float(hit.score),
        "relevance": float(hit.relevance),
        "ranks": dict(hit.ranks),
        "signals": {name: float(value) for name, value in asdict(hit.signals).items()},
    }


def paper_as_json(paper: Paper) -> dict[str, Any]:
    """The whole of a paper as `json.dumps` takes it."""
    return {"id": paper.id, **_words(paper)}


def _words(paper: Paper) -> dict[str, Any]:
    return {
        "title": paper.title,
        "url": paper.url,
        "published": paper.published,
        "sources": list(paper.sources),
        "abstract": paper.abstract,
    }


def from_json(values: Mapping[str, Any]) -> Answer:
    """The answer that `as_json` was given, but for `Hit.evidence`; fields it does not know are passed over.

    Raises `ExportError` for what a newer program wrote, and for what is no answer.
    """
    if values.get("format") != FORMAT:
        raise ExportError(
            f"The answer is in format {values.get('format')!r}, and this program reads format {FORMAT}. "
            "Update the program: pip install --upgrade paper-assistant"
        )
    try:
        return _answer(values)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ExportError(
            f"This is not an answer as `assistant ask --json` writes it ({type(error).__name__}: {error}). "
            "Ask the question again."
        ) from error


def _answer(values: Mapping[str, Any]) -> Answer:
    declined = values["declined"]
    return Answer(
        question=values["question"],
        query=values["query"],
        claims=tuple(
            Claim(claim["text"], tuple(_citation(c) for c in claim["citations"]), claim["heading"])
            for claim in values["claims"]
        ),
        rejections=tuple(Rejection(r["sentence"], r["mark"], r["reason"]) for r in values["rejections"]),
        hits=tuple(_found(hit) for hit in values["hits"]),
        declined=declined and Decline(declined["kind"], declined["message"], tuple(declined["nearest"])),
        lead=values["lead"],
        remark=values["remark"],
        kind=values["kind"],
        written_by=values["written_by"],
        wording=values.get("wording", ""),
        usage=dict(values["usage"]),
        cost=values.get("cost"),
        timings=dict(values["timings"]),
    )


def _citation(values: Mapping[str, Any]) -> Citation:
    return Citation(_taken(values), values["quote"], values["support"], values["basis"])


def _found(values: Mapping[str, Any]) -> Hit:
    paper = Paper(
        values["title"], values["abstract"], values["url"], values["published"], sources=tuple(values["sources"])
    )
    signals = PaperSignals(*(values["signals"].get(signal.name, 0.0) for signal in fields(PaperSignals)))
    return Hit(paper, _taken(values), values["score"], values["relevance"], dict(values["ranks"]), signals)


def _taken(values: Mapping[str, Any]) -> Passage:
    """The passage of a citation or a hit."""
    return Passage(values["paper_id"], values["title"], values["passage"]["text"], values["passage"]["start"])
