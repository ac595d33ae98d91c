"""Copies of an answer to paste elsewhere."""

from __future__ import annotations

from dataclasses import replace

from assistant.core.records import Answer, Citation, Claim, Decline, Hit, Paper, Passage
from assistant.show import markdown
from assistant.show.copies import as_markdown, as_text, cited

PEAR = Paper("PearRank: 100% *better* pears & plums", "It ranks. It gains.", "https://example.org/p_1", "2024-03-11")
VILLA = Paper("$VILA^2$: Villas_{x} {that} draw", "A villa.", published="spring")


def claim(paper: Paper, text: str, heading: str = "") -> Claim:
    return Claim(text, (Citation(Passage(paper.id, paper.title, text, 0), text, 1.0, "quoted"),), heading)


ANSWER = Answer(
    question="Which *one*?",
    query="Which *one*?",
    claims=(claim(PEAR, "It ranks.", PEAR.title), claim(PEAR, "It gains."), claim(VILLA, "A villa.", VILLA.title)),
    hits=tuple(Hit(paper, Passage(paper.id, paper.title, paper.abstract, 0), 1.0) for paper in (VILLA, PEAR)),
    lead="2 papers here:",
)


def test_the_text_is_the_question_the_answer_and_the_titles() -> None:
    assert as_text(ANSWER) == (
        "Which *one*?\n\n2 papers here:\n\n"
        "- PearRank: 100% *better* pears & plums: It ranks. [1] It gains. [1]\n"
        "- VILA^2: Villas_{x} {that} draw: A villa. [2]\n\n"
        "[1] PearRank: 100% *better* pears & plums\n[2] VILA^2: Villas_{x} {that} draw"
    )


def test_the_markdown_is_the_question_over_the_answer() -> None:
    question, _, rest = as_markdown(ANSWER).partition("\n\n")
    assert question == "**Which \\*one\\*?**"
    assert rest == markdown.of_answer(ANSWER)


def test_one_paper_has_its_authors_and_year_among_the_sources() -> None:
    paper = replace(PEAR, authors=("Ivy Moss", "Ash Reed", "Plato"), year=2024)
    answer = replace(ANSWER, claims=ANSWER.claims[:2], hits=(replace(ANSWER.hits[0], paper=paper),))
    assert as_text(answer).endswith(f"\n\n[1] {PEAR.title} (Moss et al., 2024)")
    assert "**PearRank: 100% \\*better\\* pears \\& plums** (Moss et al., 2024) <https://example.org/p_1>" in (
        as_markdown(answer)
    )
    assert markdown.titles_in(as_markdown(answer)) == [PEAR.title]


def test_a_decline_copies_the_nearest_papers() -> None:
    declined = Answer("q", "q", hits=ANSWER.hits, declined=Decline("absent", "Nothing.", (PEAR.title,)))
    assert cited(declined) == [PEAR]
    assert as_text(declined) == "q\n\nNothing."
