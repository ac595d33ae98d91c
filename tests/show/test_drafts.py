"""drafts: what became of a checked draft in a few words."""

from __future__ import annotations

import pytest

from assistant.core.drafts import CheckedCitation, CheckedDraft, CheckedSentence
from assistant.core.records import Check
from assistant.show.drafts import summary

YES, NO = (CheckedCitation("[1]", "A Pear", "1", Check(value, 0.5, "read", (), "")) for value in (True, False))
NONE = CheckedCitation("[2]", reason="no paper here for [2]")


def draft(*citations: tuple[CheckedCitation, ...]) -> CheckedDraft:
    return CheckedDraft(tuple(CheckedSentence(1, "So it is.", each) for each in citations))


@pytest.mark.parametrize(
    ("checked", "words", "passed"),
    [
        (draft((), ()), "No sentence cites anything; 2 sentences without a citation.", True),
        (
            draft((YES, NO, NONE), ()),
            "1 sentence with citations: 1 supported by at least one paper that is cited, 0 not supported. "
            "1 sentence without a citation.",
            True,
        ),
        (
            draft((YES,), (NO, NONE), (NONE,)),
            "3 sentences with citations: 1 supported by at least one paper that is cited, 1 not supported, "
            "1 without a paper here. 0 sentences without a citation.",
            False,
        ),
    ],
)
def test_a_draft_is_summed_up(checked: CheckedDraft, words: str, passed: bool) -> None:
    assert (summary(checked), checked.passed) == (words, passed)
