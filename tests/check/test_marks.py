"""marks: every form of citation, and sentences that can be read without them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.check.marks import before_the_stop, citings, without


@pytest.mark.parametrize(
    ("sentence", "names"),
    [
        ("It flies [@kite].", ["kite"]),
        ("It flies [see @kite, p. 3; -@snow2020].", ["kite", "snow2020"]),
        ("@kite shows it.", ["kite"]),
        (r"It flies \citep[p.~3]{kite, snow}.", ["kite", "snow"]),
        (r"\nocite{kite} It flies.", []),
        ("It flies [1].", ["1"]),
        ("It flies [1, 3–5; 9].", ["1", "3", "4", "5", "9"]),
        ("It flies [2, p. 7].", ["2"]),
        ("It flies [1-999].", []),
        ("It flies [here](a.html), [1](b.html).", []),
        ("It flies[^2].", ["^2"]),
        ("It flies (Kite et al., 2024; see van der Maaten and Snow, 2020b).", ["Kite 2024", "Maaten 2020b"]),
        ("Kite & Snow (2021) fly it.", ["Kite 2021"]),
        ("It flies (in 2024).", []),
        ("Write to kite@example.org.", []),
        ("In “Do Kites Remember” it flies.", ["Do Kites Remember"]),
    ],
)
def test_citations_are_recognised(sentence: str, names: list[str]) -> None:
    assert [mark.name for place in citings(sentence) for mark in place.marks] == names


@pytest.mark.parametrize(
    ("sentence", "surely"),
    [("It flies (Kite, 2024).", True), ("In March (2024) it rained.", False), ("Kite et al. (2024) fly.", True)],
)
def test_a_name_and_a_year_may_be_no_citation(sentence: str, surely: bool) -> None:
    assert [mark.surely for place in citings(sentence) for mark in place.marks] == [surely]


@pytest.mark.parametrize(
    ("sentence", "plain"),
    [
        ("It flies [@kite].", "It flies."),
        ("It flies [1], and far [2].", "It flies, and far."),
        ("[1] shows that it flies.", "The paper shows that it flies."),
        ("@kite shows that it flies.", "The paper shows that it flies."),
        ("As shown by [1], it flies.", "As shown by the paper, it flies."),
        ("KiteNet [1] flies.", "KiteNet flies."),
        (r"It flies~\cite{a}, as \citet{b} show.", "It flies, as the paper show."),
        ("It flies ([1]).", "It flies."),
        ("It flies (Kite, 2024)[^3].", "It flies."),
    ],
)
def test_a_sentence_can_be_read_without_its_citations(sentence: str, plain: str) -> None:
    places = [place for place in citings(sentence) if place.marks[0].kind != "listed" or "^" not in place.marks[0].name]
    assert without(sentence, places, str.strip) == plain


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("It flies. [1] We rest.", "It flies [1]. We rest."),
        ("It flies.[1][2] We rest.", "It flies[1][2]. We rest."),
        ("It flies. [1] shows why.", "It flies. [1] shows why."),
        ("It flies.\n[@kite]", "It flies\n[@kite]."),
    ],
)
def test_a_citation_after_the_stop_belongs_to_the_sentence_before(text: str, moved: str) -> None:
    assert before_the_stop(text) == moved


@given(st.text(alphabet="Aa.[]@1, \n(){}\\cite\"'*^;-é2020&"))
def test_any_text_keeps_its_length_and_lines_and_can_be_read(text: str) -> None:
    moved = before_the_stop(text)
    assert (len(moved), moved.count("\n")) == (len(text), text.count("\n"))
    without(moved, citings(moved), str.strip)
