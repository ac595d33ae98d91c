"""eval.topics: topics are named by several titles, and the same papers give the same questions."""

from __future__ import annotations

import random

from assistant.core.records import Paper
from eval.questions import half
from eval.topics import LEAST, topical

FIELDS = ("Dense Pear Retrieval", "Plum Tree Pruning", "GAN", "Slow Snail Racing", "Winter Kite Flying", "XAI")
PAPERS = [
    Paper(f"{field} {number}", f"We study {field.casefold()} alone.")
    for field in FIELDS
    for number in ("First", "Second", "Third", "Fourth")
] + [Paper("Hedges", "We study hedges, and dense pear retrieval beside them."), Paper("Dense Fog", "It is dense.")]


def test_the_gold_of_a_topic_is_the_papers_whose_titles_name_it() -> None:
    asked = topical(PAPERS, most=100)
    assert asked
    for question in asked:
        (topic,) = {next(field for field in FIELDS if title.startswith(field)) for title in question.gold}
        assert any(word in question.question for word in topic.split())
        assert len(question.gold) == LEAST
    every = {title for question in asked for title in question.tolerated}
    assert every <= {"Hedges"}


def test_only_the_fitting_half_is_used_up_to_the_maximum() -> None:
    asked = topical(PAPERS, most=100)
    assert {half(question) for question in asked} == {"fit"}
    assert topical(PAPERS, most=1) == asked[:1]


def test_the_questions_do_not_depend_on_the_order_of_papers() -> None:
    mixed = random.Random(1).sample(PAPERS, len(PAPERS))
    assert {(q.id, frozenset(q.gold)) for q in topical(PAPERS, most=100)} == {
        (q.id, frozenset(q.gold)) for q in topical(mixed, most=100)
    }


def test_three_papers_or_very_many_are_not_a_topic() -> None:
    assert topical(PAPERS[:3], most=9) == []
    many = [Paper(f"Dense Pear Retrieval {n}", "Pears.") for n in range(40)]
    assert topical(many, most=9) == []
