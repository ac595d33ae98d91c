"""citations: marks are looked up, quotes are verbatim, and nothing is dropped without a trace."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.check.checker import Checker
from assistant.check.citations import checked
from assistant.core.records import Answer, Claim, Hit, Paper, Passage, Rejection, Sentence

from ..papers import PAIRS
from .test_support import even

PEAR, KITE = Paper(*PAIRS[0]), Paper(*PAIRS[6])
CHECKER = Checker(even)
TRUE = "It sorts orchards by their yield of pears."


def hit(paper: Paper) -> Hit:
    return Hit(paper, Passage(paper.id, paper.title, paper.abstract, 0), 1.0)


HITS = [hit(PEAR), hit(KITE)]


def passed(*sentences: Sentence, hits: Sequence[Hit] = HITS) -> tuple[tuple[Claim, ...], tuple[Rejection, ...]]:
    """The claims and rejections of several sentences."""
    outcomes = [checked(sentence, hits, CHECKER) for sentence in sentences]
    claims = tuple(claim for claim, _ in outcomes if claim is not None)
    return claims, tuple(rejection for _, rejections in outcomes for rejection in rejections)


# -- marks


def test_a_sentence_with_its_papers_mark_passes() -> None:
    (claim,), rejections = passed(Sentence(TRUE, (PEAR.id,), PEAR.title))
    (citation,) = claim.citations
    assert rejections == ()
    assert (claim.text, claim.heading) == (TRUE, PEAR.title)
    assert (citation.quote, citation.support, citation.basis) == (TRUE, 1.0, "quoted")
    assert (citation.passage.paper_id, citation.passage.title) == (PEAR.id, PEAR.title)


@pytest.mark.parametrize(
    "mark", ["", " ", "1", "0", "-1", "2", "[1]", PEAR.title, PEAR.id.upper() + "x", PEAR.id[:-1], PEAR.id + ":0", "½"]
)
def test_a_mark_that_was_not_shown_is_rejected(mark: str) -> None:
    """A mark is a name, not a position in a list: "-1" is not the last hit."""
    claims, rejections = passed(Sentence(TRUE, (mark,)))
    assert claims == ()
    assert rejections == (Rejection(TRUE, mark, "no source with this mark was shown"),)


def test_a_paper_that_was_not_shown_is_rejected() -> None:
    claims, rejections = passed(Sentence(TRUE, (PEAR.id,)), hits=[hit(KITE)])
    assert (claims, [r.reason for r in rejections]) == ((), ["no source with this mark was shown"])


def test_a_sentence_without_marks_is_rejected() -> None:
    assert passed(Sentence(TRUE, ())) == ((), (Rejection(TRUE, "", "cites no source"),))


def test_a_right_mark_passes_and_the_wrong_one_beside_it_is_rejected() -> None:
    (claim,), rejections = passed(Sentence(TRUE, ("7", PEAR.id)))
    assert [c.passage.paper_id for c in claim.citations] == [PEAR.id]
    assert [r.mark for r in rejections] == ["7"]


def test_each_mark_is_checked_against_its_own_paper() -> None:
    (claim,), rejections = passed(Sentence(TRUE, (PEAR.id, KITE.id)))
    assert [c.passage.paper_id for c in claim.citations] == [PEAR.id]
    (rejection,) = rejections
    assert (rejection.sentence, rejection.mark) == (TRUE, KITE.id)
    assert "little in common" in rejection.reason


def test_an_unsupported_sentence_is_rejected_with_a_reason() -> None:
    text = "PearRank gains 9.5 points over the BM25 baseline."
    assert passed(Sentence(text, (PEAR.id,))) == (
        (),
        (Rejection(text, PEAR.id, "the abstract does not state 9.5"),),
    )


def test_all_reasons_are_given() -> None:
    _, (rejection,) = passed(Sentence("QuinceRank gains 9.5 points over the BM25 baseline.", (PEAR.id,)))
    assert "9.5" in rejection.reason
    assert "QuinceRank" in rejection.reason


def test_claims_and_rejections_keep_the_order_of_the_draft() -> None:
    first, second = (PEAR.abstract.split(". ")[n] + "." for n in (0, 1))
    claims, rejections = passed(
        Sentence(second, (PEAR.id,)), Sentence("No.", ()), Sentence(first, (PEAR.id,)), Sentence("Nor.", ("x",))
    )
    assert [claim.text for claim in claims] == [second, first]
    assert [rejection.sentence for rejection in rejections] == ["No.", "Nor."]


@pytest.mark.parametrize("text", ["", " ", "\n", "?", "the of"])
def test_a_sentence_that_says_nothing_is_rejected(text: str) -> None:
    claims, rejections = passed(Sentence(text, (PEAR.id,)))
    assert claims == ()
    assert len(rejections) == 1


def test_no_sentences_or_no_hits_make_no_claims() -> None:
    assert passed() == ((), ())
    assert passed(Sentence(TRUE, (PEAR.id,)), hits=[])[0] == ()


def test_a_mark_is_rejected_if_another_source_is_clearly_closer() -> None:
    """The abstract would do, but another one that was shown says exactly this."""
    first = Paper("Sheds", "A shed is warm and small. It keeps out the frost of the winter.")
    second = Paper("Barns", "A barn keeps out the frost of the long winter, warm and dry.")
    text = "The frost of a long winter is kept out, warm and dry."
    (claim,), _ = passed(Sentence(text, (second.id,)), hits=[hit(first), hit(second)])
    assert claim.citations[0].passage.title == "Barns"
    claims, (rejection,) = passed(Sentence(text, (first.id,)), hits=[hit(first), hit(second)])
    assert claims == ()
    assert rejection.reason == "“Barns” is a closer match"


# -- quotes


def test_a_quote_is_the_papers_own_spacing() -> None:
    paper = Paper("Kites", "See: a kite\n flies over  the orchard. It falls.")
    (claim,), _ = passed(Sentence("a kite flies over the orchard.", (paper.id,)), hits=[hit(paper)])
    (citation,) = claim.citations
    assert citation.quote == "a kite\n flies over  the orchard."
    assert citation.passage.start == 5
    assert paper.abstract[citation.passage.start :][: len(citation.passage.text)] == citation.passage.text


def test_a_paraphrase_is_checked_and_cites_the_closest_words() -> None:
    (claim,), _ = passed(Sentence("By their yield of pears, PearRank sorts orchards.", (PEAR.id,)))
    (citation,) = claim.citations
    assert citation.basis == "checked"
    assert 0 < citation.support <= 1
    assert citation.quote in PEAR.abstract
    assert "yield of pears" in citation.quote


def test_the_likeness_decides_with_the_words() -> None:
    sentence = "By their yield of pears, PearRank sorts orchards."
    high, low = (Checker(even, lambda *_, value=value: value).check(sentence, PEAR).score for value in (1.0, 0.0))
    assert high > low


def test_the_likeness_of_a_quote_is_not_computed() -> None:
    def never(sentence: str, paper: Paper) -> float:
        raise AssertionError("a quote needs no likeness")

    assert Checker(even, never).check(TRUE, PEAR).basis == "quoted"


@pytest.mark.parametrize(
    "cut", ["On OrchardBench it gains 3", "5 points over the BM25 baseline", "arn", "earRank, a ranker", "."]
)
def test_a_quote_does_not_cut_words_or_numbers(cut: str) -> None:
    assert CHECKER.check(cut, PEAR).basis != "quoted"


# -- the words that a sentence is based on


def test_a_sentence_is_unsupported_if_its_span_is_not_in_the_abstract() -> None:
    verdict = CHECKER.check("PearRank, by pears, sorts orchards.", PEAR, "sorts orchards by their size")
    assert (verdict.supported, verdict.score, verdict.quote) == (False, 0.0, "")
    assert verdict.reasons == ("the words it is based on are not in the abstract",)


def test_a_sentence_is_checked_against_its_span() -> None:
    text = "PearRank, a ranker, gains 3.5 points over BM25."
    assert CHECKER.check(text, PEAR, "gains 3.5 points over the BM25 baseline").supported
    other = CHECKER.check(text, PEAR, "sorts orchards by their yield of pears")
    assert not other.supported
    assert other.reasons == ("the abstract does not state 3.5",)


# -- whatever a writer writes

ABSTRACTS = [PEAR.abstract, KITE.abstract, "Snow [12] falls. It is 3 m deep [1]. Snow [12] falls.", "", "x"]
SHOWN = [hit(Paper(f"Title {n}", abstract)) for n, abstract in enumerate(ABSTRACTS)]
IDS = [one.paper.id for one in SHOWN]
fragments = st.sampled_from([piece for abstract in ABSTRACTS for piece in re.split(r"(?<=[.]) ", abstract)])
texts = st.one_of(fragments, st.text(max_size=30), st.builds("{} {}".format, fragments, fragments))
marks = st.lists(
    st.one_of(st.sampled_from(IDS), st.sampled_from(["", "1", "-1", "[2]"]), st.text(max_size=4)), max_size=3
)
drafts = st.lists(st.builds(Sentence, texts, marks.map(tuple)), max_size=4)


@given(drafts, st.sets(st.sampled_from(range(len(SHOWN)))))
def test_no_citation_that_was_not_shown_and_no_quote_that_is_not_verbatim(
    sentences: list[Sentence], shown: set[int]
) -> None:
    hits = [SHOWN[n] for n in sorted(shown)]
    papers = {one.paper.id: one.paper for one in hits}
    claims, rejections = passed(*sentences, hits=hits)
    for claim in claims:
        assert claim.citations
        for citation in claim.citations:
            paper = papers[citation.passage.paper_id]
            passage = citation.passage
            assert passage.title == paper.title
            assert citation.quote == passage.text
            assert paper.abstract[passage.start : passage.start + len(passage.text)] == passage.text
            assert passage.text
            assert 0 < citation.support <= 1
    cited = sum(len(claim.citations) for claim in claims)
    assert cited + len(rejections) == sum(max(1, len(sentence.marks)) for sentence in sentences)


brackets = st.lists(
    st.sampled_from(
        ["[12]", "[1]", "[0]", "[-1]", "[2, 3]", "[[4]]", "[", "]", "[5", "snow", "kite [6].", "It falls."]
    ),
    min_size=1,
    max_size=8,
).map(" ".join)


@given(st.lists(st.tuples(brackets, brackets), min_size=1, max_size=4), st.sampled_from(["fact", "list", "compare"]))
def test_every_number_of_an_answer_is_a_reference(pairs: list[tuple[str, str]], kind: str) -> None:
    """A "[12]" that is part of an abstract or title must not look like a citation."""
    papers = list({p.id: p for p in (Paper(f"{title} {n}", text) for n, (title, text) in enumerate(pairs))}.values())
    sentences = tuple(Sentence(p.abstract, (p.id,), p.title if n % 2 else "") for n, p in enumerate(papers))
    hits = [hit(paper) for paper in papers]
    claims, _ = passed(*sentences, hits=hits)
    answer = Answer("?", "?", claims, hits=tuple(hits), kind=kind)
    shown = [int(n) for n in re.findall(r"\[(\d+)\]", answer.text)]
    assert sorted(set(shown)) == list(range(1, len(answer.titles) + 1))
    assert set(answer.titles) <= {paper.title for paper in papers}
    assert shown == [answer.titles.index(claim.citations[0].passage.title) + 1 for claim in claims] or kind == "fact"


# -- what no language model may overrule


@pytest.mark.parametrize(
    ("sentence", "span", "supported", "certain"),
    [
        ("PearRank learns from weak labels alone.", "", True, False),
        ("PearRank gains 9.5 points over the BM25 baseline.", "", False, True),
        ("QuinceNet is a ranker that learns from weak labels.", "", False, True),
        ("PearRank does not learn from weak labels.", "", False, True),
        ("PearRank learns from weak labels alone.", "labels of gold", False, True),
        ("Nobody in town sells umbrellas.", "", False, False),
    ],
    ids=["supported", "number", "name", "denial", "span", "little-in-common"],
)
def test_a_rejection_for_a_fault_is_certain(sentence: str, span: str, supported: bool, certain: bool) -> None:
    check = CHECKER.check(sentence, PEAR, span)
    assert (check.supported, check.certain) == (supported, certain)
