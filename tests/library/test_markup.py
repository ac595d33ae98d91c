"""markup: elements of HTML and JATS are undone, and words in angle brackets are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.library.sources import read
from assistant.library.sources.markup import without_html


@pytest.mark.parametrize(
    "text",
    [
        *("The <A> Operator", "if x < y and y > z", "if x <b and c> d", "the <p> tag, the <i> tag and <td>"),
        *("a <title> field", "between <s> and </s>", "<A>", "x > <p>", "</i>", "<>", "a <b", "<A> and <A>"),
    ],
)
def test_words_in_angle_brackets_are_kept(text: str) -> None:
    assert without_html(text) == text


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("<p>We fly.</p> <p>They fall.</p>", "We fly.   They fall."),
        ("<p>We fly.<p>They fall.", "We fly. They fall."),
        ("We fly <I>kites</I>.", "We fly kites."),
        ("<b><i>Kites</b></i>", "Kites"),
        ('<a href="https://example.org">Kites</a>', "Kites"),
        ("Kites<br>fly<br/>.", "Kites fly ."),
        ("They fall.</p>", "They fall."),
        ("<jats:p>They fall", "They fall"),
        ("<mml:math><mml:mi>x</mml:mi></mml:math> flies", "x flies"),
        ("<jats:title>Abstract</jats:title><jats:p>We fly.</jats:p>", "We fly."),
        ('10<sup class="x">-3</sup> and H<sub>2</sub>O', "10⁻³ and H2O"),
        ("The &lt;A&gt; operator &amp; <i>more</i>", "The <A> operator & more"),
        ("The <A> <i>operator</i>", "The <A> operator"),
    ],
)
def test_elements_are_undone(text: str, plain: str) -> None:
    assert without_html(text) == plain


def test_what_ris_says_in_angle_brackets_is_read(tmp_path: Path) -> None:
    abstract = "We define the <A> operator, which flies a kite as long as the wind is at least as strong as its string."
    lines = ["TY  - JOUR", "TI  - The <A> Operator", f"AB  - {abstract}", "ER  - ", ""]
    (tmp_path / "a.ris").write_text("\n".join(lines), encoding="utf-8")
    (paper,) = read(tmp_path / "a.ris").papers
    assert (paper.title, paper.abstract) == ("The <A> Operator", abstract)
