"""quoting: which sentences of a paper an answer quotes, in which order, and what it sets off."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from assistant.answer.quoting import MOST_MORE, Quoted, quoted
from assistant.check.quotes import find_quote
from assistant.core.records import Evidence, Hit, Paper, Passage
from assistant.core.signals import PaperSignals, SentenceSignals
from assistant.index.names import Named
from assistant.question.understanding import Asked

TITLE = "PearTree: A Model of Growth"
QUESTION = "How do trees grow?"


def hit(*rated: tuple[str, float], named: float = 0.0, **signals: float) -> Hit:
    """A paper with these sentences and the probability that each answers; `signals` are those of the first."""
    texts = [text for text, _ in rated]
    starts = itertools.accumulate((len(text) + 1 for text in texts), initial=0)
    evidence = tuple(
        Evidence(text, start, SentenceSignals(answers=answers, **(signals if start == 0 else {})))
        for (text, answers), start in zip(rated, starts, strict=False)
    )
    paper = Paper(TITLE, " ".join(texts))
    passage = Passage(paper.id, TITLE, paper.abstract, 0)
    return Hit(paper, passage, 1.0, evidence=evidence, signals=PaperSignals(named=named))


def asking(kind: str = "fact", text: str = QUESTION, **fields: object) -> Asked:
    return Asked(text, kind, **fields)  # type: ignore[arg-type]


def texts(quotation: Quoted) -> list[str]:
    return [sentence.text for sentence in quotation.sentences]


def test_the_likeliest_sentence_comes_first_whatever_the_order_of_the_abstract() -> None:
    quotation = quoted(asking(), hit(("Rain falls.", 0.5), ("Soil is wet.", 0.1), ("Pears grow.", 0.8)))
    assert texts(quotation) == ["Pears grow.", "Rain falls."]
    assert [sentence.heading for sentence in quotation.sentences] == [TITLE, ""]


def test_a_sentence_that_is_clearly_likeliest_stands_alone() -> None:
    quotation = quoted(asking(), hit(("Rain falls.", 0.3), ("Pears grow.", 0.8)))
    assert texts(quotation) == ["Pears grow."]
    assert [sentence.text for sentence in quotation.more] == ["Rain falls."]


def test_where_no_sentence_is_likely_three_are_quoted() -> None:
    every = hit(("Rain falls.", 0.2), ("Soil is wet.", 0.19), ("Pears grow.", 0.18), ("Leaves fall.", 0.17))
    assert len(texts(quoted(asking(), every))) == 3


@pytest.mark.parametrize(("kind", "number"), [("fact", 2), ("summary", 3), ("compare", 2), ("list", 1)])
def test_the_kind_of_question_says_how_many_at_most(kind: str, number: int) -> None:
    every = hit(*((f"Tree {n} grows.", 0.9) for n in range(6)))
    assert len(texts(quoted(asking(kind), every))) == number


def test_a_summary_goes_on_in_the_order_of_the_abstract() -> None:
    quotation = quoted(asking("summary"), hit(("Rain falls.", 0.4), ("Soil is wet.", 0.5), ("Pears grow.", 0.9)))
    assert texts(quotation) == ["Pears grow.", "Rain falls.", "Soil is wet."]


def test_what_is_left_out_is_near_and_in_the_order_of_the_abstract() -> None:
    near = [(f"Tree {n} grows.", 0.2 + n / 100) for n in range(MOST_MORE + 1)]
    quotation = quoted(asking(), hit(*near, ("Pears grow.", 0.9), ("Rain falls.", 0.01)))
    assert [sentence.text for sentence in quotation.more] == [f"Tree {n} grows." for n in range(1, MOST_MORE + 1)]


@pytest.mark.parametrize(
    ("opening", "expected"),
    [
        ("This makes trees slow.", ["Soil is wet.", "This makes trees slow."]),
        ("However, these trees are slow.", ["Soil is wet.", "[…] these trees are slow."]),
        ("However, trees are slow.", ["[…] trees are slow."]),
        ("This paper is slow.", ["[The paper] is slow."]),
        ("Trees are slow in this soil.", ["Trees are slow in this soil."]),
    ],
)
def test_a_sentence_that_points_back_comes_with_the_one_before(opening: str, expected: list[str]) -> None:
    every = hit(("Rain falls.", 0.1), ("Soil is wet.", 0.1), (opening, 0.9), ("Pears grow.", 0.1))
    assert texts(quoted(asking(), every)) == expected


def test_a_sentence_that_stands_alone_comes_before_one_that_points_back() -> None:
    every = hit(("Rain falls.", 0.1), ("This makes trees slow.", 0.9), ("Pears grow.", 0.8))
    assert texts(quoted(asking(), every)) == ["Pears grow.", "This makes trees slow."]


def test_one_sentence_is_one_that_stands_alone_if_there_is_any() -> None:
    every = hit(("This makes trees slow.", 0.9), ("Pears grow.", 0.8))
    assert texts(quoted(asking(brief=True), every)) == ["Pears grow."]


def test_a_brief_answer_is_the_shortest_sentence_that_is_about_as_good() -> None:
    every = hit(("Trees grow slowly in the rain and in the sun.", 0.9), ("Trees grow slowly.", 0.8), ("Rain.", 0.5))
    assert texts(quoted(asking(brief=True), every)) == ["Trees grow slowly."]
    assert len(texts(quoted(asking(), every))) == 2


def test_a_question_about_nothing_but_a_name_gets_the_sentence_that_introduces_it() -> None:
    rated = (("PearTree grows fast.", 0.9), ("We build PearTree, a model.", 0.1))
    asked = Asked("What is PearTree?", "fact", named=())
    assert texts(quoted(asked, hit(*rated, named=1.0)))[0] == "PearTree grows fast."  # no name was recognised
    asked = Asked("What is PearTree?", "fact", named=(Named("PearTree", ("1",)),))
    assert texts(quoted(asked, hit(*rated, named=1.0)))[0] == "[The authors] build PearTree, a model."
    unnamed = hit(("Trees are slow.", 0.9), ("We build trees.", 0.1), named=1.0)
    proposing = replace(unnamed.evidence[1], signals=SentenceSignals(proposal=1.0))
    unnamed = replace(unnamed, evidence=(unnamed.evidence[0], proposing))
    assert texts(quoted(asked, unnamed))[0] == "[The authors] build trees."
    narrow = Asked("How fast is PearTree?", "fact", named=(Named("PearTree", ("1",)),))
    assert texts(quoted(narrow, hit(*rated, named=1.0)))[0] == "PearTree grows fast."


def test_a_name_that_the_paper_only_uses_is_explained_where_it_is_spelt_out() -> None:
    rated = (("PearTree beats ARB.", 0.9), ("We build PearTree.", 0.5), ("Arborescent regression (ARB) is slow.", 0.1))
    asked = Asked("What is ARB?", "fact", named=(Named("ARB", ("1",)),))
    assert texts(quoted(asked, hit(*rated, named=0.2)))[0] == "Arborescent regression (ARB) is slow."
    assert texts(quoted(asked, hit(*rated[:2], named=0.2)))[0] == "PearTree beats ARB."  # nowhere spelt out


def test_a_list_quotes_what_a_paper_does_rather_than_what_others_do() -> None:
    every = hit(("Trees have been slow.", 0.6), ("We grow trees.", 0.5), first=1.0, similarity=0.2)
    assert texts(quoted(asking("list"), every)) == ["[The authors] grow trees."]
    assert quoted(asking("list"), every).more == ()


def test_a_list_quotes_what_a_paper_is_about_rather_than_where_its_code_is() -> None:
    code = ("We release PearTree at https://pear.example/tree", 0.9)
    paper = hit(code, ("We show how trees grow.", 0.5), similarity=0.6, proposal=1.0)
    alike = replace(paper.evidence[1], signals=SentenceSignals(answers=0.5, similarity=0.5))
    paper = replace(paper, evidence=(paper.evidence[0], alike))
    assert texts(quoted(asking("list"), paper)) == ["[The authors] show how trees grow."]


@pytest.mark.parametrize(
    ("text", "sentence", "expected"),
    [
        ("How many trees grow?", "Here 41 trees grow.", "41"),
        ("How many of the 41 trees grow?", "Of 41 trees 7 grow.", "7"),
        ("How many trees grow?", "Here 41 trees and 7 pears grow.", ""),
        ("Which tree grows?", "The tree called FigTree grows.", "FigTree"),
        ("Which tree grows?", "The trees FigTree and AppleTree grow.", ""),
        ("Who grows FigTree?", "The gardeners of PearTree grow FigTree.", ""),
        ("Why do 7 trees grow?", "Here 41 trees grow.", ""),
    ],
)
def test_the_figure_or_name_asked_for_is_set_off_if_it_is_clear(text: str, sentence: str, expected: str) -> None:
    asked = asking(text=text, wants_figure=text.startswith("How many"))
    (only,) = quoted(asked, hit((sentence, 0.9))).sentences
    assert only.asked_for == expected


def test_every_quotation_is_in_the_abstract() -> None:
    every = hit(("However, we grow trees.", 0.9), ("This makes us happy.", 0.8), ("In this paper, rain falls.", 0.3))
    for kind in ("fact", "summary", "list"):
        quotation = quoted(asking(kind), every)
        for sentence in (*quotation.sentences, *quotation.more):
            assert find_quote(sentence.text, every.paper.abstract) is not None
