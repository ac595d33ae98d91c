"""Rejects in, a file out in which they can be mended: JSON lines that are ingested like any others."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from typing import Any

from ..core.records import Paper, Reject
from .sources import Unreadable
from .sources.formats import format_of
from .sources.opening import HEAD, Content, damage
from .sources.raw import paper_of


def to_be_mended(rejects: Iterable[Reject]) -> str:
    """A line for each reject of a record: what is known of the paper, why it was rejected, and its text."""
    lines = (json.dumps(_fields(one), ensure_ascii=False) + "\n" for one in rejects if one.line)
    return "".join(lines)


def _fields(reject: Reject) -> dict[str, Any]:
    paper = _paper(reject.text) or Paper(reject.title, "")
    return {
        "title": paper.title,
        "abstract": paper.abstract,
        "authors": list(paper.authors),
        "year": paper.year,
        "venue": paper.venue,
        "url": paper.url,
        **paper.identifiers.known,
        "keywords": list(paper.keywords),
        "rejected": {"source": reject.source, "line": reject.line, "reason": reject.reason, "text": reject.text},
    }


def _paper(text: str) -> Paper | None:
    """What the text of a record says of its paper, if it can be read alone."""
    data = text.encode()
    content = Content(io.BytesIO(data), data[:HEAD])
    try:
        with damage():
            made = (paper_of(raw, "", titles_only=True) for raw in format_of(content).raw_papers(content, {}))
            return next((one for one in made if isinstance(one, Paper)), None)
    except Unreadable:
        return None
