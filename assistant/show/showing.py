"""An answer or a paper in, the same out for a person to read: without LaTeX, its quotes still in place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from ..core.bibliography import labelled
from ..core.readable import readable, readable_with
from ..core.records import Answer, Citation, Claim, Hit, Paper, Source
from ..core.text import Span


def readable_paper(paper: Paper) -> Paper:
    """A paper to be shown, never to be stored: a changed title changes its id."""
    return replace(paper, title=readable(paper.title), abstract=readable(paper.abstract))


def written(paper: Paper, *, most: int = 3) -> str:
    """Who wrote a paper, when and where: "Ivy Moss, Ash Reed · 2024 · ACL"; of more than `most` authors, the ends."""
    authors = paper.authors if len(paper.authors) <= most else (*paper.authors[: most - 1], "…", paper.authors[-1])
    return " · ".join(part for part in (", ".join(authors), str(paper.year or ""), readable(paper.venue)) if part)


def readable_answer(answer: Answer) -> Answer:
    """An answer to be shown, with the same numbers; its quotes are still verbatim parts of its abstracts.

    Two titles that would become the same are left as they are. In a list, the title above a paper's sentences is
    followed by who wrote it and when; `entry` then leaves that out below the answer.
    """
    titles = _titles(answer)
    abstracts = {hit.paper.title: hit.paper.abstract for hit in answer.hits}
    labels = {hit.paper.title: labelled(titles[hit.paper.title], hit.paper.byline) for hit in answer.hits}
    listed = labels if _is_list(answer) else {}
    declined = answer.declined
    if declined is not None:
        message, nearest = readable(declined.message), tuple(titles[title] for title in declined.nearest)
        declined = replace(declined, message=message, nearest=nearest)
    return replace(
        answer,
        lead=readable(answer.lead),
        message=readable(answer.message),
        claims=tuple(_claim(claim, titles, abstracts, listed) for claim in answer.claims),
        more=tuple(_claim(claim, titles, abstracts, labels) for claim in answer.more),
        rejections=tuple(
            replace(rejection, sentence=readable(rejection.sentence), reason=readable(rejection.reason))
            for rejection in answer.rejections
        ),
        hits=tuple(_hit(hit, titles) for hit in answer.hits),
        declined=declined,
    )


def entry(answer: Answer, source: Source) -> str:
    """What a source is called below the answer that was made readable: its byline is there or above its sentences."""
    return source.title if source.label in {claim.heading for claim in answer.claims} else source.label


def _is_list(answer: Answer) -> bool:
    """Whether the answer lists papers, each under its title; in a comparison the titles head the columns."""
    return answer.kind != "compare" and len({claim.heading for claim in answer.claims if claim.heading}) > 1


def _claim(claim: Claim, titles: dict[str, str], abstracts: dict[str, str], labels: dict[str, str]) -> Claim:
    return replace(
        claim,
        text=readable(claim.text),
        heading=labels.get(claim.heading) or titles.get(claim.heading) or readable(claim.heading),
        asked_for=readable(claim.asked_for),
        section=readable(claim.section),
        citations=tuple(_citation(citation, titles, abstracts) for citation in claim.citations),
    )


def _titles(answer: Answer) -> dict[str, str]:
    """Each title in an answer, and how it is shown."""
    nearest = answer.declined.nearest if answer.declined else ()
    titles = dict.fromkeys([*(hit.paper.title for hit in answer.hits), *answer.titles, *nearest, *_cited(answer.more)])
    shown = {title: readable(title) for title in titles}
    count = Counter(shown.values())
    return {title: text if count[text] == 1 else title for title, text in shown.items()}


def _cited(claims: Iterable[Claim]) -> list[str]:
    return [citation.passage.title for claim in claims for citation in claim.citations]


def _hit(hit: Hit, titles: dict[str, str]) -> Hit:
    paper = replace(hit.paper, title=titles[hit.paper.title], abstract=readable(hit.paper.abstract))
    return replace(hit, paper=paper, passage=replace(hit.passage, title=paper.title, text=readable(hit.passage.text)))


def _citation(citation: Citation, titles: dict[str, str], abstracts: dict[str, str]) -> Citation:
    """A citation of the abstract as shown: its quote is cut from that, because a formula may extend beyond it."""
    passage = citation.passage
    title = titles[passage.title]
    abstract = abstracts.get(passage.title, "")
    start = abstract.find(citation.quote, passage.start if abstract.startswith(passage.text, passage.start) else 0)
    if start < 0 or not citation.quote:
        text = readable(passage.text)
        return replace(citation, passage=replace(passage, title=title, text=text), quote=readable(citation.quote))
    text, (span,) = readable_with(abstract, [Span(start, start + len(citation.quote))])
    quote = span.of(text)
    return replace(citation, passage=replace(passage, title=title, text=quote, start=span.start), quote=quote)
