"""Who wrote a paper and when is said once in an answer: above its sentences in a list, else among the sources."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from assistant.core.records import Answer, Citation, Claim, Hit, Paper, Passage, Turn
from assistant.doors.slack import blocks
from assistant.doors.web import answers
from assistant.show import markdown
from assistant.show.copies import as_text
from assistant.show.showing import readable_answer
from assistant.show.terminal import Screen

PEAR = Paper("Pears", "Pears fall.", authors=("Ivy Moss", "Ash Reed", "Plato"), year=2024)
PLUM = Paper("Plums", "Plums stay.", authors=("Ash Reed",), year=2021)
FIG = Paper("Figs", "Figs rot.", authors=("Plato",), year=2020)
BARE = Paper("Quinces", "Quinces bite.")


def claim(paper: Paper, section: str = "") -> Claim:
    passage = Passage(paper.id, paper.title, paper.abstract, 0)
    return Claim(paper.abstract, (Citation(passage, paper.abstract, 1.0, "quoted"),), paper.title, section=section)


def answer(*papers: Paper, kind: str = "list", section: str = "") -> Answer:
    hits = tuple(Hit(one, Passage(one.id, one.title, one.abstract, 0), 1.0) for one in (*papers, FIG))
    return Answer("q", "q", tuple(claim(one, section) for one in papers), hits=hits, kind=kind)


def at_a_terminal(given: Answer, capsys: pytest.CaptureFixture[str]) -> str:
    Screen().answer(given, quotes=False)
    return capsys.readouterr().out


Shows = Callable[[Answer], str]
SHOWS: dict[str, Shows] = {
    "text": as_text,
    "Markdown": markdown.of_answer,
    "Slack": lambda given: blocks.shown(blocks.reply(given)),
}


@pytest.mark.parametrize("show", SHOWS.values(), ids=SHOWS)
@pytest.mark.parametrize(
    "given",
    [answer(PEAR, PLUM, BARE), answer(PEAR), answer(PEAR, PLUM, kind="compare", section="Result")],
    ids=["list", "one paper", "table"],
)
def test_each_paper_has_its_byline_once(show: Shows, given: Answer) -> None:
    shown = show(given)
    for title in given.titles:
        byline = next(hit.paper.byline for hit in given.hits if hit.paper.title == title)
        assert not byline or shown.count(f"({byline})") == 1
    assert "Plato" not in shown
    assert "Quinces (" not in shown


def test_a_list_has_the_bylines_above_the_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    assert at_a_terminal(answer(PEAR, PLUM), capsys) == (
        "- Pears (Moss et al., 2024): Pears fall. [1]\n- Plums (Reed, 2021): Plums stay. [2]\n\n[1] Pears\n[2] Plums\n"
    )


def test_an_answer_from_one_paper_has_it_among_the_sources(capsys: pytest.CaptureFixture[str]) -> None:
    assert at_a_terminal(answer(PEAR), capsys) == "Pears: Pears fall. [1]\n\n[1] Pears (Moss et al., 2024)\n"


def test_papers_that_may_fit_have_theirs(capsys: pytest.CaptureFixture[str]) -> None:
    given = replace(answer(PEAR), more=(claim(FIG),))
    Screen().more(given)
    assert capsys.readouterr().out == "These papers may fit as well:\n- Figs (Plato, 2020): Figs rot.\n"
    assert "Figs (Plato, 2020)" in blocks.shown(blocks.more(given)["blocks"])


def test_the_page_has_the_bylines_of_a_list_and_finds_what_is_left_out() -> None:
    left_out = replace(claim(PEAR), text="Pears roll.")
    shown = answers.finished(Turn("q", replace(answer(PEAR, PLUM), more=(left_out,))), 1, last=True)
    assert '<h3 dir="auto">Pears (Moss et al., 2024)</h3>' in shown
    assert '<p dir="auto">Pears roll.</p>' in shown
    alone = answers.finished(Turn("q", answer(PEAR)), 1, last=True)
    assert '<h3 dir="auto">Pears</h3>' in alone


def test_what_was_made_readable_stays_so() -> None:
    once = readable_answer(answer(PEAR, PLUM))
    assert readable_answer(once) == once
