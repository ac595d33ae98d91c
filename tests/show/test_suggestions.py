"""Questions to begin with, from the titles of papers."""

from __future__ import annotations

import random
from pathlib import Path

from assistant.chain import Assistant
from assistant.core.records import Paper
from assistant.show.suggestions import suggested


def paper(title: str, abstract: str = "") -> Paper:
    return Paper(title, abstract or f"We propose {title.partition(':')[0]}.")


ORCHARD = (
    paper("PearNet: Learned Pear Sorting"),
    paper("PlumNet: Fast Pear Sorting"),
    paper("Old and New Pear Sorting"),
    paper("KiteBERT: Kites that Remember"),
    paper("A Ledger"),
)


def test_it_asks_for_a_topic_a_name_and_a_comparison() -> None:
    topic, name, comparison = suggested(ORCHARD)
    assert topic == "Which papers are about pear sorting?"
    assert name == "What is KiteBERT?"
    assert comparison in ("How does PearNet differ from PlumNet?", "How does PlumNet differ from PearNet?")


def test_the_order_of_the_papers_does_not_matter() -> None:
    shuffled = list(ORCHARD)
    random.Random(7).shuffle(shuffled)
    assert suggested(shuffled) == suggested(ORCHARD)


def test_it_asks_nothing_without_support_in_the_titles() -> None:
    assert suggested(()) == ()
    assert suggested((paper("A Ledger"), paper("Pears: A Survey"))) == ()
    assert suggested((paper("PearNet: Pears", "Nothing of that name."),)) == ()
    twice = (paper("PearNet: Learned Pears"), paper("PearNet: Learned Plums"), paper("Beyond PearNet"))
    assert suggested(twice) == ()


def test_common_usage_is_no_topic() -> None:
    spoken = [paper(f"Title {n} of Pear Sorting", "It is about pear sorting.") for n in range(3)]
    assert suggested(spoken) == ("Which papers are about pear sorting?",)
    assert suggested([*spoken, paper("Another", "Also pear sorting."), paper("One", "Pear sorting.")]) == ()


def test_an_incomplete_phrase_is_no_topic() -> None:
    half = [paper(f"{name} Large Pear Models") for name in ("Round", "Green", "Old")]
    assert suggested(half) == ("Which papers are about large pear models?",)


def test_every_suggestion_for_the_sample_is_answered(sample_home: Path) -> None:
    with Assistant.open(sample_home) as assistant:
        questions = suggested(assistant.papers())
        assert len(questions) == 3
        for question in questions:
            assert assistant.ask(question).answered, question
