"""editing: sentences are edited to stand alone, and every edit can be undone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answer.editing import depends, edited, introducing, shortened
from assistant.check.edits import unedited
from assistant.core.records import Evidence, Paper
from assistant.core.text import sentences
from assistant.library.sample import sample_files
from assistant.library.sources import read

from ..conftest import ROOT

ABSTRACTS = ROOT.parent / "shared" / "abstracts" / "abstracts.jsonl"


def evidence(paper: Paper) -> tuple[Evidence, ...]:
    return tuple(Evidence(span.of(paper.abstract), span.start) for span in sentences(paper.abstract))


def edit(*texts: str, title: str = "PearTree: A Model of Growth") -> str:
    """The last of these sentences, edited."""
    paper = Paper(title, " ".join(texts))
    return [*edited(paper, evidence(paper)).values()][-1]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("However, trees grow.", "[…] trees grow."),
        ("Moreover, to address this issue, trees grow.", "[…] trees grow."),
        ("In this paper, we grow trees.", "[The authors] grow trees."),
        ("To this end, our friends grow trees.", "[The authors'] friends grow trees."),
        ("This paper is about trees.", "[The paper] is about trees."),
        ("We show that our trees help us, and we smile.",
         "[The authors] show that [their] trees help [them], and [they] smile."),
        ("Trees help us.", "Trees help [the authors]."),
        ("To solve the growth problem, we grow trees.", "[The authors] grow trees."),
        ("To solve the problem of growth, we grow trees.", "To solve the problem of growth, [the authors] grow trees."),
        ("To our knowledge, trees grow.", "To [the authors'] knowledge, trees grow."),
        # left as they are
        ("Trees grow.", "Trees grow."),
        ("We're glad of trees.", "We're glad of trees."),
        ("Trees change our daily life.", "Trees change our daily life."),
        ("Trees add to our understanding of rain.", "Trees add to our understanding of rain."),
        ("They say “we grow” of trees.", "They say “we grow” of trees."),
        ("Trees in the US grow.", "Trees in the US grow."),
        ("On this soil, trees grow.", "On this soil, trees grow."),
        ("However fast trees grow, rain falls.", "However fast trees grow, rain falls."),
        ("Besides trees, grass grows.", "Besides trees, grass grows."),
    ],
)  # fmt: skip
def test_a_sentence_is_edited_to_stand_alone(sentence: str, expected: str) -> None:
    assert edit(sentence) == expected


@pytest.mark.parametrize(
    ("before", "sentence", "expected"),
    [
        ("We propose PearTree, a model.", "It grows fast.", "[PearTree] grows fast."),
        ("We propose PearTree, a model.", "Its roots help us.", "[PearTree's] roots help [the authors]."),
        ("We propose PearTree, a model.", "Furthermore, this model grows.", "[PearTree] grows."),
        ("We propose PearTree, a model.", "Our method outgrows others.", "[PearTree] outgrows others."),
        ("We propose PearTree, a model.", "Tests show that our model grows.", "Tests show that [PearTree] grows."),
        ("We propose PearTree, a model.", "Our dataset has leaves.", "[The authors'] dataset has leaves."),
        ("We propose PearTree, a model.", "Our model PearTree grows.", "[The authors'] model PearTree grows."),
        ("We propose PearTree, a model.", "Our model size grows.", "[The authors'] model size grows."),
        ("We propose PearTree, a model.", "It is clear that trees grow.", "It is clear that trees grow."),
        ("PearTree is a model. Rain falls.", "It falls fast.", "It falls fast."),
        ("We propose a new model of trees.", "This model grows fast.", "[The authors'] model grows fast."),
        ("Rain needs a new model of trees.", "This model grows fast.", "This model grows fast."),
    ],
)  # fmt: skip
def test_the_work_is_named_where_there_is_no_doubt(before: str, sentence: str, expected: str) -> None:
    assert edit(before, sentence) == expected


def test_without_a_name_the_authors_are_named() -> None:
    assert edit("We propose a model.", "Our model grows.", title="On Trees") == "[The authors'] model grows."
    assert edit("We propose PearTree, a model.", "Our model grows.", title="On Trees") == "[PearTree] grows."
    two = "We propose PearTree, a model. We introduce FigTree, another model."
    assert edit(two, "Our model grows.", title="On Trees") == "[The authors'] model grows."


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("This allows growth.", True),
        ("[…] they grow.", True),
        ("In such cases, trees grow.", True),
        ("It grows.", True),
        ("It is known that trees grow.", False),
        ("[The paper] grows.", False),
        ("Trees grow in this soil.", False),
    ],
)
def test_a_sentence_depends_on_the_one_before_if_it_points_back(text: str, answer: bool) -> None:
    assert depends(text) is answer


def test_the_introducing_sentence_has_the_name_and_says_what_it_is() -> None:
    paper = Paper("PearTree: A Model of Growth", "")
    assert introducing(paper, "We build PearTree, a model.")
    assert introducing(paper, "A model called PearTree is built.")
    assert not introducing(paper, "PearTree grows fast.")
    assert not introducing(paper, "Trees are slow.")


LONG = (
    "[The authors] build a model of trees that grow in many places and at many times, which others have not done "
    "before them in so many words and ways."
)


def test_a_long_sentence_loses_clauses_that_the_question_does_not_ask_for() -> None:
    short = "[The authors] build a model of trees that grow in many places and at many times […]"
    assert shortened(LONG, {"tree"}) == short
    assert shortened(LONG, {"tree", "word"}) == LONG
    assert shortened("Trees grow, which is good.", set()) == "Trees grow, which is good."


def test_a_long_enumeration_is_cut_off_even_if_the_question_names_a_part_of_it() -> None:
    opening = "[The authors] study the growth of old and young trees in three steps"
    steps = ", ".join(
        f"({n}) trees of the same age are measured in a forest of a cold place on earth" for n in (1, 2, 3)
    )
    assert shortened(f"{opening}: {steps}, and so we know their growth.", {"growth", "know"}) == f"{opening} […]"


# -- over whole abstracts


def assert_undone(paper: Paper) -> None:
    """Without its edits every sentence is verbatim."""
    texts = edited(paper, evidence(paper))
    for sentence in evidence(paper):
        for text in (texts[sentence.start], shortened(texts[sentence.start], set())):
            if text != sentence.text:
                place = unedited(text, paper.abstract)
                assert place is not None, text
                assert sentence.text.startswith(place.of(paper.abstract))


SAMPLE = [paper for file in sample_files() for paper in read(file).papers]


@given(st.sampled_from(SAMPLE), st.permutations(range(4)))
def test_the_edits_of_the_sample_can_be_undone_in_any_order_of_sentences(paper: Paper, order: list[int]) -> None:
    texts = [one.text for one in evidence(paper)]
    shuffled = " ".join([texts[n] for n in order if n < len(texts)] + texts[4:])
    assert_undone(Paper(paper.title, shuffled))


@given(st.data())
def test_the_edits_of_real_abstracts_can_be_undone(data: st.DataObject) -> None:
    if not ABSTRACTS.is_file():
        pytest.skip("the file of real abstracts is not here; the sample is tested above")
    row = data.draw(st.sampled_from(_rows(ABSTRACTS)))
    assert_undone(Paper(row["title"], row["abstract"]))


def _rows(path: Path, *, cache: list[dict[str, str]] = []) -> list[dict[str, str]]:  # noqa: B006 - read once
    if not cache:
        cache += map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return cache


@given(st.text(max_size=60))
def test_any_text_can_be_edited(text: str) -> None:
    paper = Paper("PearTree: A Model", text)
    assert len(edited(paper, evidence(paper))) == len(evidence(paper))
