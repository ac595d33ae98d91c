"""What the page shows of an answer: the conversation and the evidence beside it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from assistant.core.records import Answer, Basis, Citation, Claim, Decline, Hit, Paper, Passage, Rejection, Turn
from assistant.doors.web import answers, evidence, shelves

PEAR = Paper(
    "Pears", "Pears fall. They fall far. Nobody knows why.", "https://example.org/pears", "", ("a.txt", "b.txt")
)
PLUM = Paper("Plums", "Plums stay.")
OTHER = Paper("Cherries", "Cherries are red.")


def cite(paper: Paper, quote: str, support: float = 1.0, basis: Basis = "quoted") -> Citation:
    return Citation(Passage(paper.id, paper.title, quote, paper.abstract.find(quote)), quote, support, basis)


def hit(paper: Paper, relevance: float = 0.5) -> Hit:
    return Hit(paper, Passage(paper.id, paper.title, paper.abstract, 0), 2.5, relevance, {"bm25": 3, "cosine": None})


ANSWER = Answer(
    question="What falls?",
    query="Of fruit: what falls?",
    claims=(
        Claim("Pears fall.", (cite(PEAR, "Pears fall."),), "Pears"),
        Claim("They fall far.", (cite(PEAR, "They fall far.", 0.9, "checked"),)),
        Claim("Plums do not.", (cite(PLUM, "Plums stay.", 0.6, "checked"), cite(PEAR, "Pears fall.")), "Plums"),
    ),
    rejections=(Rejection("Plums fly.", "p2", "the abstract does not say so"),),
    hits=(hit(PEAR, 0.9), hit(PLUM), hit(OTHER, 0.1)),
    kind="list",
    written_by="extractive",
    usage={"calls": 2, "prompt_tokens": 1200, "completion_tokens": 80, "estimated": 1},
    cost=0.0012,
    timings={"retrieval": 0.0123},
)


def text(markup: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", markup).split())


def test_papers_are_shown_as_soon_as_they_are_found() -> None:
    state = answers.AnswerInProgress("What falls?", stage="reading 3 papers", hits=ANSWER.hits)
    shown = evidence.making(state.so_far, 4, {"a.txt": "Mar 11"})
    assert "Papers found (3)" in text(shown)
    assert re.findall(r'<summary dir="auto">([^<]+)', shown) == ["Pears", "Plums", "Cherries"]
    assert "<details" in shown
    assert "open" in re.findall(r"<details class=\"also\"([^>]*)>", shown)[0]
    assert 'id="card-4-1"' not in shown
    later = evidence.making(replace(state, claims=ANSWER.claims[:1]).so_far, 4, {})
    assert re.findall(r'id="(card-[^"]+)"', later) == ["card-4-1"]
    assert "Papers found (2)" in text(later)


def test_an_empty_library_offers_the_sample_where_there_is_one() -> None:
    assert 'data-do="sample"' in answers.welcome(0, [], sample=True)
    assert 'data-do="sample"' not in answers.welcome(0, [])
    assert 'data-do="sample"' not in answers.welcome(1, [], sample=True)


def test_sentences_are_under_their_papers_with_their_references() -> None:
    shown = answers.finished(Turn("What falls?", ANSWER), 4, last=False)
    said = re.findall(r'<section class="said">(.*?)</section>', shown, re.S)
    assert [text(part) for part in said] == [
        "Pears Pears fall. 1 They fall far. 1",
        "Plums Plums do not. 1 2",
    ]
    links = re.findall(r'href="(#card-4-\d)" data-turn="4" data-card="(\d)" data-mark="(\d)"', shown)
    assert links == [("#card-4-1", "1", "0"), ("#card-4-1", "1", "1"), ("#card-4-1", "1", "2"), ("#card-4-2", "2", "2")]
    assert "2 papers cited · 3 considered · 12 ms" in text(shown)
    assert "Ask again" not in shown


@pytest.mark.parametrize(("verdict", "opens"), [("yes", ["Yes."]), ("partly", ["Partly."]), ("", [])])
def test_a_verdict_stands_above_the_sentences(verdict: str, opens: list[str]) -> None:
    shown = answers.finished(Turn("Do pears fall?", replace(ANSWER, verdict=verdict)), 4, last=False)  # type: ignore[arg-type]
    assert re.findall(r'<p class="verdict">(.*?)</p>', shown.partition('<section class="said">')[0]) == opens


def test_what_an_answer_leaves_out_is_folded_under_its_paper_or_at_the_end() -> None:
    more = (
        Claim("[The pears] know <why>.", (cite(PEAR, "Nobody knows why."),)),
        Claim("Cherries are red.", (cite(OTHER, "Cherries are red."),), "Cherries"),
    )
    shown = answers.finished(Turn("What falls?", replace(ANSWER, more=more)), 4, last=False)
    folded = [text(part) for part in re.findall(r"<details class=\"folded[^>]*>(.*?)</details>", shown, re.S)]
    assert folded == [
        "More from this abstract [The pears] know &lt;why&gt;.",
        "1 more paper may fit Cherries Cherries are red.",
    ]
    assert "folded" not in answers.finished(Turn("What falls?", ANSWER), 4, last=False)


def sectioned(kind: str) -> str:
    first, _, second = ANSWER.claims
    claims = (replace(first, section="Approach"), replace(second, section="Approach"), replace(first, section="Result"))
    return answers.finished(Turn("Compare.", replace(ANSWER, claims=claims, kind=kind)), 4, last=False)


def test_a_comparison_is_a_table_that_says_what_is_not_stated() -> None:
    rows = re.findall(r"<tr>(.*?)</tr>", sectioned("compare"), re.S)
    assert [text(row) for row in rows] == [
        "Pears Plums",
        "Approach Pears fall. 1 Plums do not. 1 2",
        "Result Pears fall. 1 not stated",
    ]


def test_an_overview_has_a_heading_for_each_theme() -> None:
    assert re.findall(r'<h3 (?:class="theme" )?dir="auto">([^<]+)', sectioned("overview")) == [
        *("Approach", "Pears", "Plums"),
        *("Result", "Pears"),
    ]


def test_what_was_asked_for_is_set_off() -> None:
    claims = (replace(ANSWER.claims[0], text="Pears <fall> 41 m.", asked_for="41"), *ANSWER.claims[1:])
    shown = answers.finished(Turn("How far?", replace(ANSWER, claims=claims)), 4, last=False)
    assert "Pears &lt;fall&gt; <strong>41</strong> m.</span>" in shown
    assert shown.count("<strong>") == 1


def test_only_the_last_question_can_be_asked_again_or_edited() -> None:
    shown = answers.finished(Turn("What falls?", ANSWER), 4, last=True)
    assert re.findall(r'data-question="What falls\?" data-again="(\w+)" data-do="(\w+)"', shown) == [
        ("true", "retry"),
        ("true", "edit"),
    ]
    stopped = answers.ended("What falls?", 5, "Stopped.")
    assert re.findall(r'data-again="(\w+)"', stopped) == ["false", "false"]


def test_the_stage_and_the_wait_are_in_words() -> None:
    making = answers.AnswerInProgress
    assert "Searching 828 papers" in answers.making(making("q", stage="searching 828 papers"), 1)
    assert "Waiting: 1 question ahead of yours" in answers.making(making("q", before=1), 1)
    assert "Waiting: 12 questions ahead of yours" in answers.making(making("q", before=12), 1)
    partly = answers.making(making("q", stage="answering", claims=ANSWER.claims[:1]), 1)
    assert text(partly) == "q Pears Pears fall. 1 Answering"


def test_an_error_is_shown_with_its_id() -> None:
    assert text(answers.ended("q", 1, "It failed.", error="ab12")).startswith(
        "q It failed. Details are in the server log under ID ab12."
    )


def test_a_card_marks_each_quote_in_the_whole_abstract() -> None:
    shown = evidence.shown(ANSWER, 4, {"a.txt": "Mar 11", "b.txt": ""})
    cards = re.findall(r'<li class="card.*?</li>', shown)
    assert [re.findall(r'id="([^"]+)"', card)[0] for card in cards] == ["card-4-1", "card-4-2"]
    assert re.findall(r'<mark data-marks="([\d ]+)">(.*?)</mark>', cards[0]) == [
        ("0 2", "Pears fall."),
        ("1", "They fall far."),
    ]
    (abstract,) = re.findall(r'<p class="abstract".*?</p>', cards[0])
    assert re.sub(r"<[^>]+>", "", abstract) == PEAR.abstract
    assert "In a.txt (Mar 11), b.txt" in cards[0]
    assert "https://example.org/pears" in cards[0]


@pytest.mark.parametrize(
    ("citations", "word"),
    [
        ([cite(PEAR, "Pears fall.")], "Quoted word for word"),
        ([cite(PEAR, "Pears fall."), cite(PEAR, "Pears fall.", 0.85, "checked")], "Words agree well"),
        ([cite(PEAR, "Pears fall.", 0.6, "checked")], "Words agree"),
        ([cite(PEAR, "Pears fall.", 0.85, "read")], "Read as clearly supported"),
        ([cite(PEAR, "Pears fall.", 0.6, "read")], "Read as supported"),
        ([cite(PEAR, "Pears fall.", 0.9, "judged")], "Judged supported by a model"),
    ],
)
def test_a_card_shows_the_weakest_support(citations: list[Citation], word: str) -> None:
    claims = tuple(Claim("It falls.", (citation,)) for citation in citations)
    shown = evidence.shown(Answer("q", "q", claims, hits=(hit(PEAR),)), 1, {})
    assert re.findall(r'aria-label="([^"]+)" title="([\d.]+) of 1"', shown)[0] == (
        word,
        f"{min(citation.support for citation in citations):.2f}",
    )


def test_quotes_that_overlap_are_both_marked() -> None:
    paper = Paper("T", "one two three")
    citations = [(0, cite(paper, "one two")), (1, cite(paper, "two three")), (2, cite(paper, "elsewhere"))]
    spans = [(span.marks, span.text) for span in evidence.abstract(paper, citations)]
    assert spans == [("0", "one "), ("0 1", "two"), ("1", " three")]


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("Code: https://pears.example/a_b?c=d#e.", "https://pears.example/a_b?c=d#e"),
        ("(see https://pears.example).", "https://pears.example"),
        ("HTTPS://Pears.example:8080/x, too", "HTTPS://Pears.example:8080/x"),
        ("at http://pears.example/x", ""),
        ("at https://pears", ""),
        ("at javascript:alert(1)", ""),
        ("at https://реаrs.example/x", ""),
    ],
)
def test_an_address_in_an_abstract_is_a_link_to_just_that_address(written: str, address: str) -> None:
    spans = evidence.abstract(Paper("T", written))
    assert "".join(span.text for span in spans) == written
    assert [(span.text, span.address) for span in spans if span.address] == [(address, address)] * bool(address)


def test_a_quote_that_ends_within_an_address_does_not_cut_the_link() -> None:
    paper = Paper("T", "See https://pears.example/x now")
    spans = evidence.abstract(paper, [(0, cite(paper, "See https://pears."))])
    linked = [(span.marks, span.text, span.address) for span in spans if span.address]
    assert linked == [("0", "https://pears.", "https://pears.example/x"), ("", "example/x", "https://pears.example/x")]


def test_links_in_abstracts_tell_the_other_site_nothing() -> None:
    paper = Paper("Pears", "Pears fall. See https://pears.example/x.")
    link = '<a href="https://pears.example/x" target="_blank" rel="noopener noreferrer" class="address">'
    assert link in evidence.shown(Answer("q", "q", hits=(hit(paper),)), 1, {})
    assert link in shelves.opened(paper, {})


def test_without_the_papers_a_card_shows_the_quotes() -> None:
    shown = evidence.shown(Answer("q", "q", ANSWER.claims), 1, {})
    assert "Pears fall." in shown
    assert "Nobody knows why." not in shown


def test_other_papers_and_rejected_sentences_are_folded_with_the_reasons() -> None:
    shown = evidence.shown(ANSWER, 1, {})
    also, rejected, why = (re.findall(rf'<details class="{name}">.*', shown)[0] for name in ("also", "rejected", "why"))
    assert text(also).startswith("Also considered (1) Cherries Relevance 0.10 Cherries are red.")
    assert text(rejected).startswith("Rejected sentences (1) Plums fly. the abstract does not say so (cited as p2)")
    assert text(why) == (
        "Why this answer Searched for Of fruit: what falls? Kind of question list Written by extractive "
        "Time retrieval 12 ms Read by rules Language model 2 calls, about 1,200 tokens in, 80 out, $0.0012 "
        "Rank in each list that was searched; – means the paper was not in that list "
        "Paper Relevance Score bm25 cosine Pears 0.90 2.50 3 – Plums 0.50 2.50 3 – Cherries 0.10 2.50 3 –"
    )


def test_the_usage_of_the_conversation_is_shown() -> None:
    assert "This conversation 3 calls Rank" in text(evidence.shown(ANSWER, 1, {}, so_far="3 calls"))
    assert "This conversation" not in evidence.shown(ANSWER, 1, {})


def test_many_others_are_counted() -> None:
    others = tuple(hit(Paper(f"Other {n}", "Words.")) for n in range(evidence.ALSO + 3))
    shown = evidence.shown(Answer("q", "q", hits=others), 1, {})
    assert "And 3 more." in shown
    assert "No papers cited." in shown


def test_a_decline_links_the_titles_it_names_to_the_nearest_papers() -> None:
    message = "Nothing is here. The nearest are “Pears”; “Plums”."
    declined = Answer("q", "q", hits=ANSWER.hits, declined=Decline("absent", message, ("Pears", "Plums")))
    shown = answers.finished(Turn("q", declined), 2, last=True)
    assert re.findall(r'class="near" href="(#card-2-\d)"[^>]*>(\w+)<', shown) == [
        ("#card-2-1", "Pears"),
        ("#card-2-2", "Plums"),
    ]
    assert message in re.sub(r"<[^>]+>", "", shown)
    beside = evidence.shown(declined, 2, {})
    assert beside.count('<li class="card"') == 2
    assert "Nearest papers" in beside
    assert "<mark" not in beside


def test_commands_that_a_reply_names_are_code_on_the_page() -> None:
    reply = Answer("q", "q", message="Use `assistant ingest <FILE>` or wait.")
    shown = answers.finished(Turn("q", reply), 1, last=True)
    assert "Use <code>assistant ingest &lt;FILE&gt;</code> or wait." in shown


def test_the_welcome_says_how_many_papers_there_are_and_what_to_ask() -> None:
    assert text(answers.welcome(1, ["Why?"])).startswith("Ask about the 1 paper here")
    assert 'data-do="ask" data-question="Why?"' in answers.welcome(1, ["Why?"])
    assert "assistant ingest PATH..." in answers.welcome(0, [])
    assert "Words alone." in answers.welcome(2, [], "Words alone.")
