"""A record in, how it looks at a Python prompt or in a notebook out."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from assistant.core import notebook
from assistant.core.records import (
    Answer,
    Check,
    Citation,
    Claim,
    Decline,
    Event,
    Evidence,
    Hit,
    Ingested,
    Paper,
    Passage,
    Reject,
    Rejection,
    Source,
    Turn,
)
from assistant.index.holdings import Status

LONG = "<b>Ranking</b> orchards\n" * 5000
PAPER = Paper("Pears & <i>Plums</i>", LONG, url="https://example.org/pears?a=1&b=2", sources=("a.txt",) * 999)
PASSAGE = Passage(PAPER.id, PAPER.title, LONG, 0)
HIT = Hit(PAPER, PASSAGE, 4.12345678, ranks={"words": 1}, evidence=(Evidence(LONG, 0),) * 99)
CLAIM = Claim("Pears cost $10 <b>each</b>.", (Citation(PASSAGE, "a *quote* & $10", 0.98765, "checked"),), "1. Head")
ANSWER = Answer("What do pears cost?", LONG, (CLAIM,) * 9, (Rejection(LONG, "[1]", LONG),), (HIT,) * 20)
DECLINED = Answer("Why?", "Why?", declined=Decline("absent", "No paper <here> says.", ("Pears & *Plums*",)))


@pytest.mark.parametrize(
    "record",
    [
        *(
            PAPER,
            PASSAGE,
            HIT,
            CLAIM,
            ANSWER,
            DECLINED,
            Evidence(LONG, 0),
            Turn(LONG, ANSWER),
            Event("x", CLAIM, ANSWER),
        ),
        Check(True, 0.5, "checked", (LONG,) * 9, LONG),
        Ingested(rejects=(Reject("a.txt", 1, LONG, LONG),) * 999),
        Reject("a.txt", 1, LONG, LONG),
        Status(Path("home"), 1, {f"{n}.txt": "" for n in range(999)}, 1, 1, "hash"),
    ],
    ids=lambda record: type(record).__name__,
)
def test_a_repr_fits_a_few_lines(record: object) -> None:
    assert repr(record).startswith(f"{type(record).__name__}(")
    assert len(repr(record)) < 800
    assert "\n" not in repr(record)


def test_a_repr_leaves_out_what_is_empty_and_counts_what_is_long() -> None:
    assert repr(Paper("T", "")) == "Paper(title='T')"
    assert repr(Ingested(added=3)) == "Ingested(added=3, updated=0, unchanged=0, removed=0, further_rejects=0)"
    shown = repr(Paper("x" * 61, "y" * 60, sources=("a", "b", "c")))
    assert shown == f"Paper(title='{'x' * 59}\u2026', abstract='{'y' * 60}', sources=<3>)"
    assert repr(Check(False, 2 / 3, "checked", ("why",), "")) == (
        "Check(supported=False, score=0.6667, basis='checked', reasons=('why',), certain=False)"
    )


def test_an_answer_printed_is_its_text_and_its_numbered_titles() -> None:
    one = Answer("Q?", "Q?", (Claim("Pears\x1b[31m rank.", CLAIM.citations),))
    assert str(one) == "Pears rank. [1]\n\n[1] Pears & <i>Plums</i>"
    assert str(DECLINED) == "No paper <here> says.\n\nNearest papers:\n- Pears & *Plums*"


class Elements(HTMLParser):
    def __init__(self, markup: str) -> None:
        super().__init__()
        self.opened: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.opened.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += f"{data}\n"


def test_a_notebook_shows_an_answer_as_html_without_foreign_elements() -> None:
    shown = Elements(Answer("Q?", "Q?", (CLAIM, CLAIM), hits=(HIT,), lead="Two:")._repr_html_())
    names = [tag for tag, _ in shown.opened]
    assert names == ["div", "p", "ul", "li", "li", "ol", "li", "a", "b", "blockquote"]
    assert shown.opened[7][1]["href"] == PAPER.url
    for text in ("1. Head: Pears cost $10 <b>each</b>. [1]", "Pears & <i>Plums</i>", "a *quote* & $10"):
        assert text in shown.text.splitlines()


@pytest.mark.parametrize("url", ["javascript:alert(1)", "", 'https://x" onclick="alert(1)', "https://x y"])
def test_only_a_web_address_becomes_a_link(url: str) -> None:
    sources = [Source(1, Paper("T", "", url=url), ())]
    assert {tag for tag, _ in Elements(notebook.as_html("x", sources, ())).opened} == {"div", "p", "ol", "li", "b"}
    assert "<a" not in MarkdownIt("commonmark").render(notebook.as_markdown("x", sources, ()))


def test_a_notebook_shows_an_answer_as_markdown_without_foreign_markup() -> None:
    markdown = Answer("Q?", "Q?", (CLAIM, CLAIM), hits=(HIT,), lead="Two:")._repr_markdown_()
    assert "\\[" not in markdown  # a notebook would take it for mathematics
    shown = Elements(MarkdownIt("commonmark").render(markdown))
    assert [tag for tag, _ in shown.opened] == ["p", "ul", "li", "li", "p", "strong", "a", "blockquote", "p"]
    for text in ("1. Head: Pears cost $10 <b>each</b>. [1]", "Pears & <i>Plums</i>", "a *quote* & $10"):
        assert text in shown.text


def test_commands_that_a_reply_names_are_code_in_a_notebook() -> None:
    reply = Answer("Q?", "Q?", message="Use `assistant ingest <FILE>` & *wait*.\n- `assistant papers`")
    for shown in (reply._repr_html_(), MarkdownIt("commonmark").render(reply._repr_markdown_())):
        assert [tag for tag, _ in Elements(shown).opened if tag != "div"] == ["p", "code", "ul", "li", "code"]
        assert "Use assistant ingest <FILE> & *wait*." in Elements(shown).text.replace("\n", "")
    assert str(reply) == reply.message


def test_a_decline_in_a_notebook_names_the_nearest_papers() -> None:
    shown = Elements(DECLINED._repr_html_())
    assert [tag for tag, _ in shown.opened] == ["div", "p", "p", "ul", "li"]
    assert shown.text == "No paper <here> says.\nNearest papers:\nPears & *Plums*\n"
    assert DECLINED._repr_markdown_() == "No paper \\<here\\> says.\n\nNearest papers:\n\n- Pears \\& \\*Plums\\*"
