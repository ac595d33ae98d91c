"""quotes: a sentence, or the span it is based on, is found word for word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.check.quotes import find_quote, find_span
from assistant.core.text import Span

QUOTING = "He said: “Kites don’t fall.” It took 40 days — or  more. Then the low-cost kite fell."


@pytest.mark.parametrize(
    ("span", "match"),
    [
        ("Kites don't fall", "Kites don’t fall"),
        ('"Kites don\'t fall."', "Kites don’t fall"),
        ("IT TOOK 40 days - or more", "It took 40 days — or  more"),
        ("it took\n40  days", "It took 40 days"),
        ("the low\u2011cost kite", "the low-cost kite"),
        ("It took ... kite fell", "It took 40 days — or  more. Then the low-cost kite fell"),
        ("It took […] more.", "It took 40 days — or  more"),
        ("took 4", None),
        ("kites fall", None),
        ("kite fell ... It took", None),
        ("It took 41 days", None),
        ("", None),
        ("...", None),
        ("“”", None),
        ("a.*b", None),
    ],
)
def test_a_span_is_found_whatever_its_case_and_quotation_marks(span: str, match: str | None) -> None:
    place = find_span(span, QUOTING)
    assert (place and place.of(QUOTING)) == match


@pytest.mark.parametrize(
    ("sentence", "abstract", "place"),
    [
        ("A kite flies.", "A kite flies. It falls.", (0, 13)),
        ("It falls.", "A kite flies. It falls.", (14, 23)),
        ("A kite flies.", "So: A kite\n  flies. It falls.", (4, 19)),
        (" A  kite\tflies.\n", "A kite flies.", (0, 13)),
        ("A kite flies.", "A\u00a0kite flies.", (0, 13)),
        ("a+b (c) [d]?", "see a+b (c) [d]? yes", (4, 16)),
        ("a kite flies.", "A kite flies.", None),
        ("A kite falls.", "A kite flies. It falls.", None),
        ("", "A kite flies.", None),
        (" ", "A kite flies.", None),
        ("A kite", "", None),
    ],
)
def test_a_sentence_is_found_in_whole_words(sentence: str, abstract: str, place: tuple[int, int] | None) -> None:
    assert find_quote(sentence, abstract) == (place and Span(*place))


@given(st.text(max_size=30), st.text(max_size=60))
def test_a_span_is_found_within_the_abstract(span: str, abstract: str) -> None:
    place = find_span(span, abstract)
    assert place is None or 0 <= place.start < place.end <= len(abstract)
