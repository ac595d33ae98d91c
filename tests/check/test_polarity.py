"""polarity: what one text negates, and the other does not."""

from __future__ import annotations

import pytest

from assistant.check.polarity import negations

PASSAGE = (
    "The shed does not need glass, but it has a door. Draught is reduced by half without any loss of warmth. "
    "Its importance grows. Robustness to frost rises by 3%. It is better than the barn of Utrecht."
)


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("The shed needs glass.", ["glass"]),
        ("The shed needs no door.", ["door"]),
        ("There is a loss of warmth.", ["loss", "warmth"]),
        ("A shed is unimportant.", ["unimportant"]),
        ("A shed ignores draught.", ["draught"]),
        ("The door is absent.", ["door"]),
        ("A door-free shed.", ["door"]),
        ("The shed fails to reduce the draught.", ["reduce", "draught"]),
    ],
)
def test_a_negation_on_one_side_only_is_detected(sentence: str, words: list[str]) -> None:
    assert set(words) <= set(negations(sentence, PASSAGE))


@pytest.mark.parametrize(
    "sentence",
    [
        "The shed needs no glass.",
        "Glass is superfluous.",
        "It lacks glass.",
        "The shed has a door.",
        "No barn is better than the shed, which has a door.",
        "Umbrellas are not sold here.",
        "As little as half of the draught remains.",
        "",
    ],
)
def test_agreement_and_other_topics_are_not_negations(sentence: str) -> None:
    assert negations(sentence, PASSAGE) == []


@pytest.mark.parametrize(
    ("sentence", "passage"),
    [
        ("It halves the draught, with warmth intact.", "It halves the draught without giving up warmth."),
        ("The shed is built without labels.", "The shed is built from unlabelled wood."),
        ("It ranks by yield and not by the size of pears.", "In place of the size of pears, it ranks by yield."),
        ("Little is known of how sheds age.", "How sheds age has hardly been measured."),
        ("Sheds forget nothing of their doors.", "Sheds remember, and doors are kept without forgetting."),
    ],
)
def test_what_both_deny_in_words_of_their_own_is_no_denial(sentence: str, passage: str) -> None:
    assert negations(sentence, passage) == negations(passage, sentence) == []


@pytest.mark.parametrize(
    ("sentence", "passage"),
    [
        (
            "Doors are not sold to all buyers at no charge.",
            "Doors are sold to all buyers at no charge, and no windows.",
        ),
        ("The frame is of wood rather than steel.", "The frame is not of wood but of steel."),
        ("The roof is never dropped in winter.", "The roof is dropped in winter without any noise."),
    ],
)
def test_a_denial_of_something_else_excuses_nothing(sentence: str, passage: str) -> None:
    assert negations(sentence, passage) != []


def test_british_and_american_spelling_are_one() -> None:
    assert negations("It is not optimised.", "It is optimized.") == ["optimised", "optimized"] or negations(
        "It is not optimised.", "It is optimized."
    ) == ["optimised"]


def test_what_is_done_again_is_the_thing_itself() -> None:
    assert negations("Everything must be trained again.", "None needs retraining.") != []
    assert negations("Nothing must be trained again.", "None needs retraining.") == []
