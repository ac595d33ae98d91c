"""briefing: sources fit their budget, are cut at sentences alone, and the best stand first and last."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answer.briefing import CUT, brief
from assistant.core.records import Evidence, Hit, Paper, Passage, SentenceSignals
from assistant.core.text import sentences
from assistant.core.tokens import count_tokens

from ..papers import LONG, PAIRS

PLENTY = 100_000


def hit(title: str, abstract: str, best: int = 0) -> Hit:
    """A hit whose sentences are worth the more the nearer they stand to number `best`."""
    paper = Paper(title, abstract)
    told = tuple(
        Evidence(span.of(abstract), span.start, SentenceSignals(answers=1 / (1 + abs(n - best))))
        for n, span in enumerate(sentences(abstract))
    )
    return Hit(paper, Passage(paper.id, title, abstract, 0), 1.0, evidence=told)


HITS = [hit(*pair) for pair in PAIRS]


def bodies(text: str) -> list[str]:
    return re.findall(r'<source n="\d+">\n.*?\n(.*?)\n</source>', text, re.S)


def test_with_room_enough_every_abstract_is_whole() -> None:
    found = brief(HITS, budget=PLENTY)
    assert bodies(found.text) == [hit.paper.abstract for hit in found.shown]


def test_the_best_stand_first_and_last_and_are_numbered_as_shown() -> None:
    found = brief(HITS[:4], budget=PLENTY)
    assert found.shown == (HITS[0], HITS[2], HITS[3], HITS[1])
    assert re.findall(r'<source n="(\d)">\n(.*)\n', found.text) == [
        (str(n), hit.paper.title) for n, hit in enumerate(found.shown, start=1)
    ]
    assert brief(HITS[:1], budget=PLENTY).shown == (HITS[0],)
    assert brief(HITS[:2], budget=PLENTY).shown == tuple(HITS[:2])


@pytest.mark.parametrize("budget", [0, 40, 90, 200, 400, 800])
def test_the_budget_holds_and_cuts_fall_between_sentences(budget: int) -> None:
    found = brief(HITS, budget=budget)
    assert count_tokens(found.text) <= budget
    for one, body in zip(found.shown, bodies(found.text), strict=True):
        whole = [told.text for told in one.evidence]
        kept = [piece.strip() for piece in body.split(CUT) if piece.strip()]
        assert kept
        for piece in kept:
            assert piece in one.paper.abstract
            assert piece in {" ".join(whole[a:b]) for a in range(len(whole)) for b in range(a, len(whole) + 1)}


def test_the_sentences_kept_are_the_likeliest_and_gaps_are_shown() -> None:
    told = [span.of(LONG) for span in sentences(LONG)]
    found = brief([hit("A Ledger", LONG, best=7)], budget=170)
    (body,) = bodies(found.text)
    assert body == f"{CUT} {' '.join(told[6:9])} {CUT}"


def test_every_hit_has_a_say_before_any_has_all() -> None:
    found = brief([hit("A Ledger", LONG), *HITS[:3]], budget=330)
    assert len(found.shown) == 4


def test_a_hit_without_room_is_left_out_and_the_numbers_close_up() -> None:
    found = brief([hit("Endless", "pear " * 400 + "falls."), HITS[0]], budget=150)
    assert found.shown == (HITS[0],)
    assert '<source n="1">' in found.text


def test_nothing_makes_nothing() -> None:
    assert brief([], budget=PLENTY).text == ""
    assert brief([hit("Blank", "")], budget=PLENTY).shown == ()


@given(st.lists(st.sampled_from(HITS), unique_by=id, max_size=5), st.integers(0, 700))
def test_whatever_the_hits_the_budget_holds(hits: list[Hit], budget: int) -> None:
    found = brief(hits, budget=budget)
    assert count_tokens(found.text) <= budget
    assert set(map(id, found.shown)) <= set(map(id, hits))
