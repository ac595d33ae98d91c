"""An answer in, a copy to paste elsewhere out: as text, as Markdown, or the papers that it cites."""

from __future__ import annotations

from collections.abc import Iterable

from ..core.notebook import escaped
from ..core.records import Answer, Claim, Paper
from ..core.text import clean
from .markdown import of_answer
from .showing import entry, readable_answer


def as_text(answer: Answer) -> str:
    """The question, the answer and the titles it cites, as plain text."""
    answer = readable_answer(answer)
    sources = (f"[{source.number}] {entry(answer, source)}" for source in answer.sources)
    return clean("\n\n".join(part for part in (answer.question, answer.text, "\n".join(sources)) if part))


def as_markdown(answer: Answer) -> str:
    """The same as Markdown, with each quote under its paper."""
    return f"**{escaped(answer.question)}**\n\n{of_answer(answer)}"


def paragraphs(claims: Iterable[Claim]) -> list[list[Claim]]:
    """The claims in groups, each under the heading of its first."""
    groups: list[list[Claim]] = []
    for claim in claims:
        if claim.heading or not groups:
            groups.append([])
        groups[-1].append(claim)
    return groups


def cited(answer: Answer) -> list[Paper]:
    """The papers an answer cites, in the order of their numbers; if it cites none, the nearest it names."""
    if answer.sources:
        return [source.paper for source in answer.sources]
    papers = {hit.paper.title: hit.paper for hit in answer.hits}
    return [papers.get(title) or Paper(title, "") for title in (answer.declined.nearest if answer.declined else ())]
