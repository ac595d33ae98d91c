"""The papers that the first hit of a question leads to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from assistant.core.records import Hit, Paper, Passage
from assistant.core.signals import PaperSignals
from assistant.question.understanding import Asked
from assistant.search.bridging import DEPTH, KINDS, NEAR, Find, leads, mentioned, mentions, with_mentioned

from ..question.vocabulary import PaperWords

OLD = Paper("PearRank: Ranking Orchards", "We propose PearRank, a ranker of orchards. It learns from weak labels.")
NEW = Paper("QuinceRank: Ranking Later Orchards", "We propose QuinceRank. It beats PearRank by 3 points.")
ASIDE = Paper("KiteNet: Wind", "We propose KiteNet. It flies.")
BOOK = PaperWords([OLD, NEW, ASIDE])
STEPS = Asked("QuinceRank beats another ranker. What does that one learn from?", "fact", leads_on=True)


def hits(*papers: Paper) -> list[Hit]:
    return [Hit(paper, Passage(paper.id, paper.title, paper.abstract, 0), 1.0) for paper in papers]


def test_the_first_names_the_second() -> None:
    assert leads(STEPS, hits(NEW, ASIDE, OLD), BOOK) == [OLD.id]


def test_the_second_names_the_first() -> None:
    assert leads(STEPS, hits(OLD, ASIDE, NEW), BOOK) == [NEW.id]


def test_a_paper_that_the_first_names_is_found_even_if_it_is_no_hit() -> None:
    assert leads(STEPS, hits(NEW, ASIDE), BOOK) == [OLD.id]


def test_only_the_first_hits_may_name_the_first_one() -> None:
    others = [Paper(f"Study number {n}", "Nothing is named here.") for n in range(DEPTH)]
    assert leads(STEPS, hits(OLD, *others[: DEPTH - 2], NEW), BOOK) == [NEW.id]
    assert leads(STEPS, hits(OLD, *others[: DEPTH - 1], NEW), BOOK) == []


def test_a_paper_does_not_lead_to_itself() -> None:
    assert leads(STEPS, hits(ASIDE, OLD), BOOK) == []
    assert NEW.id not in leads(STEPS, hits(NEW, OLD), BOOK)


def test_a_name_of_two_papers_leads_nowhere() -> None:
    twin = replace(OLD, title="PearRank: Another Orchard")
    assert leads(STEPS, hits(NEW, ASIDE), PaperWords([OLD, NEW, ASIDE, twin])) == []


def test_short_names_are_too_common() -> None:
    short = Paper("CNN: Nets", "We propose CNN, a net.")
    user = Paper("OrchardNet: Nets of Nets", "Like a CNN, it sees pears.")
    assert leads(STEPS, hits(user, ASIDE), PaperWords([short, user, ASIDE])) == []


@pytest.mark.parametrize("kind", ["list", "count", "compare", "talk", "instruction"])
def test_a_question_about_many_papers_leads_nowhere(kind: str) -> None:
    assert kind not in KINDS
    assert leads(replace(STEPS, kind=kind), hits(NEW, OLD), BOOK) == []  # type: ignore[arg-type]


def test_a_question_of_one_step_or_without_hits_leads_nowhere() -> None:
    assert leads(replace(STEPS, leads_on=False), hits(NEW, OLD), BOOK) == []
    assert leads(STEPS, [], BOOK) == []


def test_a_mention_is_a_word_with_a_capital_or_digit_with_or_without_the_next() -> None:
    keys = mentions("It outdoes PearRank (and Mini Quince 2), not the kites.")
    assert {"pearrank", "miniquince", "quince2"} <= keys
    assert not {"kite", "kites", "outdoe", "not"} & keys


@pytest.mark.parametrize("abstract", ["", " ", "()"])
def test_without_words_nothing_is_mentioned(abstract: str) -> None:
    assert mentions(abstract) == set()


# -- papers that the first hit mentions


def finding(*papers: Paper) -> Find:
    """A search that finds these papers when asked for them, marked as reached through another hit."""

    def find(also: Sequence[str]) -> list[Hit]:
        return [covering(0.5, paper, bridge=1.0) for paper in papers if paper.id in also]

    return find


def covering(coverage: float, paper: Paper, *, bridge: float = 0.0) -> Hit:
    return replace(hits(paper)[0], signals=PaperSignals(coverage=coverage, bridge=bridge))


PLAIN = Asked("What does QuinceRank improve?", "fact")
OTHERS = [covering(0.1, Paper(f"Snow {n}", "Snow falls.")) for n in range(3)]


def test_a_paper_that_the_first_hit_names_is_moved_forward_but_not_cited() -> None:
    moved = with_mentioned(PLAIN, [covering(0.9, NEW), *OTHERS], BOOK, finding(OLD))
    assert [hit.paper for hit in moved] == [NEW, OTHERS[0].paper, OLD, *(hit.paper for hit in OTHERS[1:])]
    assert moved[2].signals.bridge == 0


def test_a_hit_is_moved_without_another_search() -> None:
    moved = with_mentioned(PLAIN, [covering(0.9, NEW), *OTHERS, covering(0.2, OLD)], BOOK, finding())
    assert [hit.paper for hit in moved] == [NEW, OTHERS[0].paper, OLD, *(hit.paper for hit in OTHERS[1:])]


def test_the_papers_that_cover_most_of_the_question_are_moved_forward() -> None:
    named = [Paper(f"Quince{n}: Trees", "Trees.") for n in range(NEAR + 1)]
    first = Paper("AllQuince: Trees", f"It beats {', '.join(f'Quince{n}' for n in range(NEAR + 1))}.")
    behind = [covering(n / 10, paper) for n, paper in enumerate(named)]
    moved = with_mentioned(PLAIN, [covering(0.9, first), *OTHERS, *behind], PaperWords([first, *named]), finding())
    assert [hit.paper for hit in moved[NEAR : NEAR + 3]] == [*reversed(named[1:]), OTHERS[1].paper]


@pytest.mark.parametrize(
    ("asked", "book"),
    [
        (replace(PLAIN, kind="list"), BOOK),
        (replace(PLAIN, papers=(NEW.id,)), BOOK),
        (replace(PLAIN, text="Does QuinceRank beat PearRank?"), BOOK),
        (PLAIN, PaperWords([NEW, OLD, Paper("PearRank: A Twin", "We propose PearRank.")])),
    ],
)
def test_no_paper_is_moved_forward(asked: Asked, book: PaperWords) -> None:
    assert mentioned(asked, hits(NEW, ASIDE), book) == []


def test_a_mention_may_have_several_words() -> None:
    assert {"pearrank", "newpearrank", "newpearranknine"} <= mentions(
        "It beats New PearRank Nine, a ranker.", longest=3
    )
    assert "newpearranknine" not in mentions("It beats New PearRank Nine, a ranker.")
    assert "newrankerof" not in mentions("A New ranker of Pears", longest=3)
