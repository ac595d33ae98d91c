"""records: identity is a hash, values are frozen, an answer shows its own references."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from assistant.core import records
from assistant.core.bibliography import Identifiers
from assistant.core.records import Answer, Citation, Claim, Decline, Hit, Ingested, Paper, Passage, Reject, digest, fold


def claim(text: str, *titles: str, heading: str = "") -> Claim:
    cited = [Citation(Passage("p", title, "quote", 0), "quote", 1.0, "quoted") for title in titles]
    return Claim(text, tuple(cited), heading)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        pytest.param("  RAG\u00a0x ", "rag x", id="non-breaking-space"),
        pytest.param("\N{FULLWIDTH LATIN CAPITAL LETTER R}AG", "rag", id="full-width"),
        pytest.param("Straße", "strasse", id="casefold-not-lower"),
        pytest.param("a\tb\n c", "a b c", id="every-space"),
        pytest.param("", "", id="empty"),
        pytest.param("VILA²", "vila2", id="superscript"),
    ],
)
def test_fold_drops_case_width_and_spacing(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_digest_is_the_same_on_every_machine() -> None:
    assert digest("pear") == "aebfa6e75965258e"


def test_a_text_that_cannot_be_stored_has_a_digest_too() -> None:
    assert Paper("\ud800", "a").id != Paper("\ud801", "a").id


def test_digest_keeps_its_parts_apart() -> None:
    assert digest("ab", "c") != digest("a", "bc")
    assert digest("a", "") != digest("a")


@pytest.mark.parametrize(
    "other",
    ["pearrank: a  ranker", "PearRank:\u00a0A Ranker", " \N{FULLWIDTH LATIN CAPITAL LETTER P}earRank: A Ranker "],
)
def test_a_paper_is_the_same_however_its_title_is_spaced_and_cased(other: str) -> None:
    assert Paper(other, "x").id == Paper("PearRank: A Ranker", "y").id


def test_papers_with_other_titles_are_other_papers() -> None:
    assert Paper("PearRank", "x").id != Paper("PearRanks", "x").id


def test_a_paper_with_an_identity_is_called_by_that() -> None:
    assert Paper("Preface", "x", identity="doi:10.1234/5").id == digest("doi:10.1234/5")
    assert Paper("Preface", "x", identity="doi:10.1234/5").id != Paper("Preface", "x").id


@pytest.mark.parametrize(
    "change",
    [
        *({field: "changed"} for field in ("title", "abstract", "url", "published", "venue")),
        *({field: ("changed",)} for field in ("authors", "keywords")),
        *({"identifiers": Identifiers(**{scheme: "1"})} for scheme in ("doi", "arxiv", "pubmed", "semantic_scholar")),
        {"year": 2025},
    ],
    ids=str,
)
def test_the_fingerprint_changes_with_every_field(change: dict[str, Any]) -> None:
    paper = Paper("t", "a", "u", "p", authors=("Ivy Moss",), year=2024, venue="v", keywords=("k",))
    assert dataclasses.replace(paper, **change).fingerprint != paper.fingerprint


def test_the_fingerprint_of_a_title_and_an_abstract_is_that_of_former_versions() -> None:
    paper = Paper("PearRank", "It ranks pears.", "https://example.org", "2025")
    assert paper.fingerprint == digest("PearRank", "It ranks pears.", "https://example.org", "2025")


def test_id_and_fingerprint_are_no_part_of_what_is_compared_shown_or_replaced() -> None:
    paper = Paper("PearRank", "It ranks pears.")
    assert repr(paper) == "Paper(title='PearRank', abstract='It ranks pears.')"
    renamed = dataclasses.replace(paper, title="PlumRank")
    assert (renamed.id, renamed) == (Paper("PlumRank", "").id, Paper("PlumRank", "It ranks pears."))


def test_a_paper_is_referred_to_by_its_authors_and_year() -> None:
    assert Paper("t", "a", authors=("Ivy Moss", "Ash Reed"), year=2024).byline == "Moss and Reed, 2024"


def test_the_fingerprint_does_not_change_with_the_sources() -> None:
    assert Paper("t", "a", sources=("x",)).fingerprint == Paper("t", "a", sources=("y", "z")).fingerprint


def test_a_passage_is_called_by_its_paper_and_start() -> None:
    assert Passage("abc", "t", "text", 17).id == "abc:17"


def test_a_claim_without_a_citation_cannot_be_made() -> None:
    with pytest.raises(ValueError, match=r"a claim needs a citation: 'It flies\.'"):
        Claim("It flies.", ())


def test_all_that_flows_is_frozen_and_without_a_dict() -> None:
    kinds = [kind for kind in vars(records).values() if isinstance(kind, type) and dataclasses.is_dataclass(kind)]
    assert {records.Paper, records.Passage, records.Claim, records.Answer} <= set(kinds)
    for kind in kinds:
        assert kind.__dataclass_params__.frozen, kind  # type: ignore[attr-defined]
        assert "__slots__" in vars(kind), kind
    with pytest.raises(dataclasses.FrozenInstanceError):
        Paper("t", "a").title = "other"  # type: ignore[misc]


def test_an_answer_numbers_its_titles_in_the_order_of_first_citation() -> None:
    answer = Answer("q", "q", claims=(claim("One.", "B", "A"), claim("Two.", "A", "C")))
    assert answer.titles == ("B", "A", "C")
    assert answer.text == "One. [1][2] Two. [2][3]"


def test_a_source_has_its_number_its_paper_and_what_is_cited_of_it() -> None:
    paper = Paper("A", "One.", "https://example.org/a")
    shown = (Hit(paper, Passage(paper.id, "A", "One.", 0), 1.0),)
    first, second = Answer("q", "q", (claim("One.", "B", "A"), claim("Two.", "A", "A")), hits=shown).sources
    assert (first.number, first.title, first.url, first.paper.abstract) == (1, "B", "", "")
    assert (second.number, second.paper, second.url) == (2, paper, "https://example.org/a")
    assert [place for place, _ in second.cited] == [0, 1, 1]
    assert (len(second.citations), len(second.quotes)) == (3, 1)


def test_a_title_cited_twice_by_one_claim_is_numbered_once() -> None:
    assert Answer("q", "q", claims=(claim("One.", "A", "A"),)).text == "One. [1]"


def test_papers_under_headings_are_itemised_between_lead_and_remark() -> None:
    claims = (claim("One.", "A", heading="A"), claim("More.", "A"), claim("Two.", "B", heading="B"))
    answer = Answer("q", "q", claims=claims, lead="Lead", remark="End")
    assert answer.text == "Lead\n\n- A: One. [1] More. [1]\n- B: Two. [2]\n\nEnd"


def test_each_section_is_a_list_below_its_name() -> None:
    claims = (
        dataclasses.replace(claim("Fall.", "A", heading="A"), section="Do [1]"),
        dataclasses.replace(claim("Far.", "A"), section="Do [1]"),
        dataclasses.replace(claim("Stay.", "B", heading="B"), section="Do [1]"),
        dataclasses.replace(claim("Red.", "B", heading="B"), section="Are"),
    )
    answer = Answer("q", "q", claims, lead="Two:")
    assert answer.text == "Two:\n\nDo (1):\n- A: Fall. [1] Far. [1]\n- B: Stay. [2]\n\nAre:\n- B: Red. [2]"
    assert [(name, len(some)) for name, some in answer.sections] == [("Do [1]", 3), ("Are", 1)]


def test_what_is_left_out_is_about_papers_cited_or_others() -> None:
    more = (claim("Far.", "A"), claim("Red.", "C", heading="C"))
    answer = Answer("q", "q", (claim("Fall.", "A"),), more=more)
    assert (answer.more_of("A"), answer.further) == (more[:1], more[1:])
    assert "Far" not in answer.text


def test_one_paper_is_no_list() -> None:
    answer = Answer("q", "q", claims=(claim("One.", "A", heading="A"), claim("More.", "A")))
    assert answer.text == "A: One. [1] More. [1]"


def test_a_declined_answer_shows_why_and_counts_as_not_answered() -> None:
    answer = Answer("q", "q", claims=(claim("One.", "A"),), declined=Decline("absent", "Nothing here.", ("A",)))
    assert answer.text == "Nothing here."
    assert not answer.answered


def test_an_answer_without_claims_is_none() -> None:
    answer = Answer("q", "q")
    assert (answer.answered, answer.text, answer.titles) == (False, "", ())


def test_ingests_add_up() -> None:
    one, two = Reject("a", 1, "r"), Reject("b", 0, "s")
    assert Ingested(1, 2, 3, 4, (one,)) + Ingested(10, 20, 30, 40, (two,)) == Ingested(11, 22, 33, 44, (one, two))


def test_an_answer_may_be_a_message_that_cites_nothing() -> None:
    answer = Answer("How many?", "How many?", message="There are 3 papers. [1]", kind="library")
    assert (answer.answered, answer.titles, answer.sources) == (True, (), ())
    assert answer.text == "There are 3 papers. (1)"
