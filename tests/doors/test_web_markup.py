"""Foreign text in, markup out that shows it letter by letter: answers and evidence."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as some

from assistant.core.records import Answer, Citation, Claim, Decline, Evidence, Hit, Paper, Passage, Rejection, Turn
from assistant.doors.web import answers, evidence
from assistant.doors.web.markup import Html, foreign, joined, online, tag

ATTACKS = (
    "<script>hit()</script>",
    "<img src=x onerror=hit()>",
    "\"'><svg onload=hit()>",
    "<form action=http://elsewhere.example><input>",
    "<div style='position:fixed;inset:0'>over</div>",
    "![x](http://elsewhere.example) [a](javascript:hit()) **b** `c`",
    "</p></li></ol></div><iframe src=http://elsewhere.example>",
    "&lt;script&gt; &#60;b&#62; &amp;",
    "\u202eevil\u202c \x1b[31mred\x00",
    "${hit()} {{hit}} @children",
    "x" * 100_000,
)
OURS = {
    *("div", "article", "section", "h2", "h3", "p", "span", "a", "button", "ul", "ol", "li", "small", "mark", "code"),
    *("details", "summary", "q", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tr", "th", "td"),
}
MAY_BEAR = {"class", "id", "href", "title", "dir", "type", "target", "rel", "tabindex", "scope", "role", "style"}


class Read(HTMLParser):
    """The elements, attributes and text of markup; fails where tags do not close in order."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(markup)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def hostile(text: str) -> tuple[Answer, Answer]:
    """An answer and a decline in which everything that can be foreign is `text`."""
    abstract = f"{text} and {text}."
    paper = Paper(text, abstract, text, text, (text,))
    hit = Hit(paper, Passage(paper.id, text, text, 0), 1.0, 0.5, {text: 1}, evidence=(Evidence(text, 0),))
    citation = Citation(Passage(paper.id, text, text, 0), text, 0.7, "checked")
    said = Answer(
        question=text,
        query=text,
        claims=(Claim(text, (citation,), text),),
        rejections=(Rejection(text, text, text),),
        hits=(hit, Hit(Paper(f"other {text}", abstract), hit.passage, 0.5)),
        lead=text,
        remark=text,
        kind=text,
        written_by=text,
        usage={text: 1},
        timings={text: 1.0},
    )
    return said, Answer(text, text, hits=(hit,), declined=Decline("absent", f"No: “{text}”.", (text,)))


def everything(text: str) -> list[Html]:
    """All that the page ever shows, of hostile text."""
    said, declined = hostile(text)
    claims = said.claims
    return [
        *(answers.finished(Turn(text, answer), 1, last=True) for answer in (said, declined)),
        *(evidence.shown(answer, 1, {text: text}) for answer in (said, declined)),
        evidence.shown(Answer(text, text, claims), 1, {}),
        answers.making(answers.Making(text, stage=text, claims=claims), 1),
        answers.ended(text, 1, text, error=text),
        answers.welcome(3, [text], text),
        evidence.nothing(text),
    ]


@pytest.mark.parametrize("text", ATTACKS, ids=lambda text: text[:20].encode(errors="replace").decode())
def test_no_text_becomes_an_element_or_leaves_its_attribute(text: str) -> None:
    assert_ours(text)


@given(some.text(max_size=60))
def test_neither_does_any_other_text(text: str) -> None:
    assert_ours(text)


def assert_ours(text: str) -> None:
    for markup in everything(text):
        read = Read(markup)
        assert read.names <= OURS
        for name, value in read.attributes:
            assert name in MAY_BEAR or name.startswith(("data-", "aria-")), name
            if name == "href":
                assert value.startswith(("#card-", "https://"))
            if name == "style":
                assert value.startswith("width: ")
            if name in ("id", "class", "role", "type"):
                assert text not in value or len(text) < 16
        assert not {"\x00", "\x1b", "\u202e"} & set(markup)
        markup.encode()


def test_text_is_shown_as_it_is() -> None:
    text = "<b>5 > 3 & $x^2$ “q” [1]</b>"
    assert Read(foreign("p", text)).text == text
    assert foreign("p", text) == '<p dir="auto">&lt;b&gt;5 &gt; 3 &amp; $x^2$ “q” [1]&lt;/b&gt;</p>'
    assert tag("a", {"title": '"><'}, Html("<b></b>")) == '<a title="&quot;&gt;&lt;"><b></b></a>'
    assert joined(["<", Html("<br>"), "&"]) == "&lt;<br>&amp;"
    assert tag("p", {"hidden": True, "open": False, "data-n": 0}) == '<p hidden data-n="0"></p>'


@pytest.mark.parametrize(
    ("url", "words", "address"),
    [
        ("https://example.org/a?b=1&c", "Open online", "https://example.org/a?b=1&amp;c"),
        ("", "Find online", "https://scholar.google.com/scholar?q=%22A%20%26%20B%22"),
        ("http://example.org", "Find online", "https://scholar.google.com/scholar?q=%22A%20%26%20B%22"),
        ("javascript:hit()//https://", "Find online", "https://scholar.google.com/scholar?q=%22A%20%26%20B%22"),
        ("https:", "Find online", "https://scholar.google.com/scholar?q=%22A%20%26%20B%22"),
        ("data:text/html,x", "Find online", "https://scholar.google.com/scholar?q=%22A%20%26%20B%22"),
    ],
)
def test_a_paper_is_found_online_at_its_own_address_only_if_that_is_https(url: str, words: str, address: str) -> None:
    link = online("A & B", url)
    assert f'href="{address}"' in link
    assert f">{words}</a>" in link
    assert 'rel="noopener noreferrer"' in link


def test_a_broken_address_is_not_opened() -> None:
    assert "Find online" in online("A", "https://[")
