"""Copies of an answer to paste elsewhere."""

from __future__ import annotations

from assistant.core.records import Answer, Citation, Claim, Decline, Hit, Paper, Passage
from assistant.show import markdown
from assistant.show.copies import as_bibtex, as_markdown, as_text, cited

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


def test_each_paper_has_a_bibtex_entry() -> None:
    assert as_bibtex(cited(ANSWER)) == (
        f"@misc{{PearRank-100-{PEAR.id[:6]},\n"
        "  title = {{PearRank: 100\\% *better* pears \\& plums}},\n"
        "  year = {2024},\n"
        "  url = {https://example.org/p_1}\n}\n\n"
        f"@misc{{VILA-2-{VILLA.id[:6]},\n"
        "  title = {{$VILA^2$: Villas\\_\\{x\\} \\{that\\} draw}}\n}\n"
    )


def test_bibtex_braces_are_balanced_for_any_title() -> None:
    for title in ("a } b", "$a{$ b", "\\input{/etc/passwd}", "a$b", "$$", "x^2 ~ #1 @misc{y,"):
        entry = as_bibtex([Paper(title, "")])
        bare = entry.replace("\\{", "").replace("\\}", "")
        assert bare.count("{") == bare.count("}"), entry
        assert "\\input" not in entry


def test_an_address_that_could_end_its_bibtex_field_is_left_out() -> None:
    assert "url" not in as_bibtex([Paper("A", "", "https://example.org/}, evil = {x")])
    assert "url" not in as_bibtex([Paper("A", "", "javascript:alert(1)")])
    assert as_bibtex([]) == ""


def test_a_decline_copies_the_nearest_papers() -> None:
    declined = Answer("q", "q", hits=ANSWER.hits, declined=Decline("absent", "Nothing.", (PEAR.title,)))
    assert cited(declined) == [PEAR]
    assert as_text(declined) == "q\n\nNothing."
