"""An answer in, plain JSON values out; the schema is told in the README."""

from __future__ import annotations

from typing import Any

from .records import Answer, Citation, Claim, Hit

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
        "timings": dict(answer.timings),
    }


def _claim(claim: Claim, answer: Answer) -> dict[str, Any]:
    abstracts = {hit.paper.id: hit.paper.abstract for hit in answer.hits}
    numbers = {title: number for number, title in enumerate(answer.titles, start=1)}
    return {
        "text": claim.text,
        "heading": claim.heading,
        "citations": [
            {
                "reference": numbers[citation.passage.title],
                "paper_id": citation.passage.paper_id,
                "title": citation.passage.title,
                "quote": citation.quote,
                "start": _start(citation, abstracts.get(citation.passage.paper_id, "")),
                "support": float(citation.support),
                "basis": citation.basis,
            }
            for citation in claim.citations
        ],
    }


def _start(citation: Citation, abstract: str) -> int | None:
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
        "title": hit.paper.title,
        "url": hit.paper.url,
        "published": hit.paper.published,
        "sources": list(hit.paper.sources),
        "passage": {"start": hit.passage.start, "text": hit.passage.text},
        "score": float(hit.score),
        "relevance": float(hit.relevance),
        "ranks": dict(hit.ranks),
        "signals": {name: float(value) for name, value in hit.signals.items()},
    }
