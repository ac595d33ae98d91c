"""Answers and saved conversations as Markdown, checked with a Markdown parser."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from assistant.core.notebook import escaped
from assistant.core.records import Answer, Citation, Claim, Decline, Hit, Paper, Passage, Turn
from assistant.core.text import clean
from assistant.people.conversations import KeptConversation, KeptTurn
from assistant.show import markdown

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HOSTILE = (
    "<script>alert(1)</script>",
    "![x](http://evil.example/x.png)",
    "[x](javascript:alert(1))",
    "<http://evil.example>",
    "&lt;b&gt; &amp; $x^2$",
    "# not a heading #",
    "1. not an item",
    "- nor this",
    "+ nor this",
    "--- \n===\n```\ncode\n```",
    "a | b\n--|--\n1 | 2",
    "|-|-|",
    ":-|-",
    "> quoted",
    "~~struck~~ **bold** _it_ `code` \\",
    "[x]: http://evil.example",
    "1) x",
)

MARKUP = "\\`*_{}[]()<>#+-.!|~$&=:;/ \n\t12ab\"'"


def shown(text: str) -> str:
    """The text as Markdown shows it: runs of white space are one space, control characters are gone."""
    return " ".join(clean(text).split())


@given(st.sampled_from(HOSTILE) | st.text(MARKUP, max_size=40) | st.text(st.characters(codec="utf-8"), max_size=60))
@pytest.mark.parametrize("before", ["", "x\n", "a | b\n"], ids=["alone", "under a line", "under what heads a table"])
def test_any_text_is_shown_letter_by_letter(before: str, text: str) -> None:
    tokens = READER.parse("\n".join(escaped(line) for line in (*before.splitlines(), text)))
    assert {token.type for token in tokens} <= {"paragraph_open", "inline", "paragraph_close"}
    inner = [child for token in tokens for child in token.children or []]
    assert {child.type for child in inner} <= {"text", "softbreak"}
    assert shown(" ".join(child.content for child in inner)) == shown(before + text)


def answer(text: str, title: str, url: str = "") -> Answer:
    paper = Paper(title, text, url)
    passage = Passage(paper.id, title, text, 0)
    claims = (Claim(text, (Citation(passage, text, 1.0, "quoted"),), title),)
    return Answer("q", "q", claims, hits=(Hit(paper, passage, 1.0),))


def test_an_answer_is_its_text_then_its_numbered_sources_with_quotes() -> None:
    text = markdown.of_answer(answer("Pears *fall*.", "On Pears?", "https://pears.example/a_b"))
    assert text == (
        "On Pears?: Pears \\*fall\\*. [1]\n\n[1] **On Pears?** <https://pears.example/a_b>\n\n> Pears \\*fall\\*.\n"
    )


def test_what_was_asked_for_is_bold() -> None:
    one = answer("Of 4 *pears* 41 fall.", "Pears")
    bold = replace(one, claims=(replace(one.claims[0], asked_for="41"),))
    text = markdown.of_answer(bold)
    assert text.startswith("Pears: Of 4 \\*pears\\* **41** fall. [1]\n")
    assert [text[start:end] for start, end, _ in markdown.marks(bold)] == ["[1]"]


def test_a_comparison_is_a_table_with_empty_cells_where_nothing_is_stated() -> None:
    one, other = answer("A | a.", "One | 1").claims[0], answer("B.", "Two").claims[0]
    rows = (replace(one, section="Approach"), replace(other, section="Approach"), replace(other, section="Result"))
    compared = Answer("q", "q", rows, kind="compare")
    text = markdown.of_answer(compared)
    assert text.startswith(
        "|  | One \\| 1 | Two |\n| --- | --- | --- |\n"
        "| Approach | A \\| a. [1] | B. [2] |\n| Result |  | B. [2] |\n\n[1]"
    )
    assert READER.render(text).count("<tr>") == 3
    assert [text[start:end] for start, end, _ in markdown.marks(compared)] == ["[1]", "[2]", "[2]"]
    listed = markdown.of_answer(replace(compared, kind="overview"))
    assert listed.startswith("Approach:\n- One \\| 1: A \\| a. [1]\n- Two: B. [2]\n\nResult:\n- Two: B. [2]\n")


def test_a_list_stays_a_list() -> None:
    one, other = answer("A.", "One"), answer("B.", "Two")
    both = Answer("q", "q", one.claims + other.claims, lead="2 papers here:", remark="That is all.")
    text = markdown.of_answer(both)
    assert text.startswith("2 papers here:\n\n- One: A. [1]\n- Two: B. [2]\n\nThat is all.\n\n[1] **One**")
    assert READER.render(text).count("<li>") == 2


def test_a_decline_names_the_nearest_papers() -> None:
    declined = Answer("q", "q", declined=Decline("absent", "Nothing here.", ("A *", "B")))
    assert markdown.of_answer(declined) == "Nothing here.\n\nNearest:\n\n- A \\*\n- B\n"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://x.example/ y", "https://x.example/><script>", "x"])
def test_a_malformed_address_is_left_out(url: str) -> None:
    assert "<" not in markdown.of_answer(answer("x", "T", url))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_hostile_in_a_whole_conversation_is_markup(hostile: str) -> None:
    when = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    turns = [
        KeptTurn(1, when, Turn(hostile, answer(hostile, hostile))),
        KeptTurn(2, when, Turn(hostile, Answer("q", "q", declined=Decline("absent", hostile, (hostile,))))),
    ]
    text = markdown.of_conversation(KeptConversation("id", hostile, when, when, 2), turns)
    kinds = {token.type for token in READER.parse(text)}
    assert kinds <= {
        *("heading_open", "heading_close", "paragraph_open", "paragraph_close", "inline", "blockquote_open"),
        *("blockquote_close", "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close"),
    }
    inner = {child.type for token in READER.parse(text) for child in token.children or []}
    assert inner <= {"text", "softbreak", "strong_open", "strong_close", "em_open", "em_close"}
    headings = [a.tag for a in READER.parse(text) if a.type == "heading_open"]
    assert headings == ["h1", "h2", "h2"]
    assert text.count("*2026-01-02 03:04 UTC*") == 2


def test_commands_that_a_reply_names_are_code_and_those_of_a_paper_are_not() -> None:
    reply = Answer("q", "q", message="Use `assistant ingest <FILE>` & *wait*.\n- `assistant papers`")
    shown = READER.render(markdown.of_answer(reply))
    assert shown.count("<code>") == 2
    assert "<code>assistant ingest &lt;FILE&gt;</code> &amp; *wait*." in shown
    passage = Passage("1", "A", "Use `ls`.", 0)
    quoted = Answer("q", "q", (Claim("Use `ls`.", (Citation(passage, "Use `ls`.", 1.0, "quoted"),)),))
    assert "<code>" not in READER.render(markdown.of_answer(quoted))
