"""edits: an edited quotation is traced to the words of the abstract it stands for, and nothing else is accepted."""

from __future__ import annotations

import pytest

from assistant.check.checker import Checker
from assistant.check.edits import unedited
from assistant.core.records import Paper

ABSTRACT = (
    "Trees are slow. However, to address this issue, we propose PearTree, a model of growth, which is new. "
    "It grows fast and we're glad. Our model helps us; our friends [sic] agree. This paper ends. "
    "We share it at https://pears.example/you."
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "[The authors] propose PearTree, a model of growth, which is new.",
            "However, to address this issue, we propose PearTree, a model of growth, which is new.",
        ),
        (
            "[…] we propose PearTree, a model of growth, which is new.",
            "However, to address this issue, we propose PearTree, a model of growth, which is new.",
        ),
        (
            "[The authors] propose PearTree, a model of growth […]",
            "However, to address this issue, we propose PearTree, a model of growth",
        ),
        ("[PearTree] grows fast", "It grows fast"),
        ("[PearTree] helps [the authors]", "Our model helps us"),
        ("[The authors'] model helps [them]", "Our model helps us"),
        (
            "[The authors'] model helps [them]; [their] friends [sic] agree.",
            "Our model helps us; our friends [sic] agree.",
        ),
        ("[their] friends [sic] agree.", None),  # a bracket that opens stands at the start of a sentence
        ("[The paper] ends.", "This paper ends."),
        ("Trees are slow.", None),  # not edited
        ("[The authors] propose AppleTree, a model of growth, which is new.", None),
        ("[The authors] propose PearTree […]", "However, to address this issue, we propose PearTree"),
        ("[The authors] propose PearTree, a model […]", None),  # cut within a clause
        ("[AppleTree] grows fast", None),  # a name that the abstract does not have
        ("[The rivals] propose PearTree", None),
        ("[PearTree] are slow.", None),
        ("Trees are […] slow.", None),
        ("PearTree, a model of growth [that] is new.", None),
        ("It grows fast and [the authors]'re glad.", None),
        ("[The authors] propose PearT", None),
        ("[The authors]", None),
        ("[…]", None),
        ("[]", None),
        ("", None),
    ],
)
def test_an_edited_quotation_stands_for_words_of_the_abstract(text: str, words: str | None) -> None:
    place = unedited(text, ABSTRACT)
    assert (place and place.of(ABSTRACT)) == words


def test_an_edited_quotation_is_checked_as_quoted() -> None:
    checker, paper = Checker(lambda stems: dict.fromkeys(stems, 1.0)), Paper("Pears", ABSTRACT)
    check = checker.check("[PearTree] grows fast and we're glad.", paper)
    assert (check.basis, check.quote) == ("quoted", "It grows fast and we're glad.")
    assert checker.check("[The authors] share it at https://pears.example/you.", paper).basis == "quoted"
    assert checker.check("[PearTree] grows slowly and we're glad.", paper).basis == "checked"
