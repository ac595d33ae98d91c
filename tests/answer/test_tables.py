"""tables: what a comparison puts into its rows and cells."""

from __future__ import annotations

import itertools
from dataclasses import replace

from assistant.answer.tables import compared
from assistant.core.records import Evidence, Hit, Paper, Passage, Sentence
from assistant.core.signals import SentenceSignals
from assistant.index.names import Named
from assistant.question.understanding import Asked

PROPOSAL = SentenceSignals(proposal=1.0, own=1.0)
RESULT = SentenceSignals(result=1.0)
BACKGROUND = SentenceSignals(background=1.0, answers=0.01)


def hit(title: str, *sentences: tuple[str, SentenceSignals]) -> Hit:
    starts = itertools.accumulate((len(text) + 1 for text, _ in sentences), initial=0)
    evidence = tuple(Evidence(text, start, signals) for (text, signals), start in zip(sentences, starts, strict=False))
    paper = Paper(title, " ".join(text for text, _ in sentences))
    return Hit(paper, Passage(paper.id, title, paper.abstract, 0), 1.0, evidence=evidence)


FIG = hit(
    "Figs",
    ("Trees have been slow.", BACKGROUND),
    ("We grow figs.", PROPOSAL),
    ("Figs gain 3 points.", RESULT),
    ("They are tested on two corpora.", SentenceSignals()),
)
PEAR = hit("Pears", ("We grow pears on a dataset of rain.", PROPOSAL), ("Pears gain 4 points.", RESULT))
NAMES = (Named("Figs", ("1",)), Named("Pears", ("2",)))


def rows(asked: Asked, *hits: Hit) -> dict[str, list[tuple[str, str]]]:
    cells: dict[str, list[tuple[str, str]]] = {}
    sentence: Sentence
    for sentence in compared(asked, hits):
        cells.setdefault(sentence.section, []).append((sentence.heading, sentence.text))
    return cells


def test_a_bare_comparison_has_a_row_for_each_aspect_that_both_state() -> None:
    assert rows(Asked("Compare Figs and Pears.", "compare", NAMES), FIG, PEAR) == {
        "Approach": [("Figs", "[The authors] grow figs."), ("Pears", "[The authors] grow pears on a dataset of rain.")],
        "Result": [("Figs", "Figs gain 3 points."), ("Pears", "Pears gain 4 points.")],
    }


def test_a_brief_comparison_has_a_sentence_for_each_paper_and_no_aspects() -> None:
    brief = replace(Asked("Compare Figs and Pears.", "compare", NAMES), brief=True)
    (aspect, cells), *others = rows(brief, FIG, PEAR).items()
    assert (aspect, [heading for heading, _ in cells], others) == ("", ["Figs", "Pears"], [])


def test_a_comparison_that_asks_for_something_says_that_alone() -> None:
    likely = SentenceSignals(result=1.0, answers=0.9)
    fig = hit("Figs", ("We grow figs.", PROPOSAL), ("Figs gain 3 points.", likely), ("Figs fall.", likely))
    pear = hit("Pears", ("We grow pears.", PROPOSAL), ("Pears gain 4 points.", likely), ("Pears fall.", likely))
    assert rows(Asked("How many points do Figs and Pears gain?", "compare", NAMES), fig, pear) == {
        "": [
            ("Figs", "Figs gain 3 points."),
            ("", "Figs fall."),
            ("Pears", "Pears gain 4 points."),
            ("", "Pears fall."),
        ]
    }


def test_a_row_that_only_one_abstract_states_is_left_out() -> None:
    table = rows(Asked("Compare Figs and Pears.", "compare", NAMES), FIG, hit("Pears", ("We grow pears.", PROPOSAL)))
    assert list(table) == ["Approach"]


def test_a_cell_is_empty_where_one_of_three_does_not_state_it() -> None:
    table = rows(Asked("Compare Figs and Pears.", "compare", NAMES), FIG, PEAR, hit("Plums", ("We ask.", PROPOSAL)))
    assert [title for title, _ in table["Approach"]] == ["Figs", "Pears", "Plums"]
    assert [title for title, _ in table["Result"]] == ["Figs", "Pears"]


def test_the_sentence_that_says_what_the_work_is_states_the_approach() -> None:
    quince = hit("Quince: Ranking by Taste", ("Quince is an encoder of taste.", SentenceSignals()))
    both = (Named("Figs", ("1",)), Named("Quince", ("2",)))
    assert rows(Asked("Compare Figs and Quince.", "compare", both), FIG, quince) == {
        "Approach": [("Figs", "[The authors] grow figs."), (quince.paper.title, "Quince is an encoder of taste.")]
    }
