"""Foreign text never becomes markup: escaping, and what the page shows of hostile answers and evidence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as some
from jinja2 import UndefinedError

from assistant.core.bibliography import Identifiers
from assistant.core.records import Answer, Citation, Claim, Decline, Evidence, Hit, Paper, Passage, Rejection, Turn
from assistant.doors.web import answers, evidence
from assistant.doors.web.markup import TEMPLATES, online, render

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
    *("select", "option", "output"),  # of references
    *("details", "summary", "q", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tr", "th", "td"),
}
MAY_BEAR = {
    *("class", "id", "href", "title", "dir", "type", "target", "rel", "tabindex", "scope", "role", "style"),
    "value",
}


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


def everything(text: str) -> list[str]:
    """All that the page ever shows, of hostile text."""
    said, declined = hostile(text)
    claims = said.claims
    return [
        *(answers.finished(Turn(text, answer), 1, last=True) for answer in (said, declined)),
        *(evidence.shown(answer, 1, {text: text}) for answer in (said, declined)),
        evidence.shown(Answer(text, text, claims), 1, {}),
        answers.making(answers.AnswerInProgress(text, stage=text, claims=claims), 1),
        answers.ended(text, 1, text, error=text),
        answers.welcome(3, [text], text),
        evidence.nothing(text),
    ]


@pytest.mark.parametrize("text", ATTACKS, ids=lambda text: text[:20].encode(errors="replace").decode())
def test_no_text_becomes_an_element_or_leaves_its_attribute(text: str) -> None:
    assert_ours(text)


@given(some.text(max_size=60))
def test_no_random_text_does_either(text: str) -> None:
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


@dataclass(frozen=True, slots=True)
class Label:
    """A view."""

    label: str
    level: str = "0.50"
    percent: str = "50%"


def test_text_is_shown_letter_by_letter() -> None:
    text = "<b>5 > 3 & $x^2$ “q” [1] {{ 7 * 7 }}</b>"
    assert Read(render("parts.quiet", text)).text == text
    assert render("parts.quiet", "1 < 2 & 3") == '<p class="quiet">1 &lt; 2 &amp; 3</p>'
    assert 'aria-label="&#34;&gt;&lt;"' in render("parts.bar", Label('"><'))


def test_what_a_template_made_is_not_escaped_again() -> None:
    inner = render("parts.quiet", "<")
    assert render("parts.all", [inner, "<"]) == '<p class="quiet">&lt;</p>&lt;'


def test_control_characters_are_removed_from_every_value() -> None:
    assert render("parts.quiet", "a\x1b[31mb\x00\u202ec") == '<p class="quiet">abc</p>'


def test_a_value_that_a_template_misses_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="no attribute 'level'"):
        render("parts.bar", "a text has no level")
    with pytest.raises(UndefinedError, match="'text' was not provided"):
        render("parts.quiet")


SOURCES = {path.name: path.read_text(encoding="utf-8") for path in TEMPLATES.parent.rglob("*.py")}
PAGES = {path.name: path.read_text(encoding="utf-8") for path in TEMPLATES.glob("*.html")}


def test_nothing_passes_text_by_the_escaping() -> None:
    """Neither by a filter, nor by a call or method that declares a text to be markup."""
    assert len(PAGES) >= 9
    for name, source in PAGES.items():
        assert not re.search(r"\|\s*safe|autoescape|Markup|\|\s*xmlattr|\|\s*tojson", source), name
    for name, source in SOURCES.items():
        assert not re.search(r"\bMarkup(\.\w+)?\(|__html__|autoescape=False", source), name


def test_every_value_in_an_attribute_is_in_quotes_and_none_is_in_a_script_or_a_handler() -> None:
    for name, source in PAGES.items():
        assert not re.search(r"=\s*\{\{", source), name
        assert not re.search(r"<(script|style|iframe|base|object)\b|\son\w+=|javascript:", source), name
        for tag in re.findall(r"<[a-z][^<>]*>", re.sub(r"\{%.*?%\}", "", source)):
            outside = re.sub(r'"[^"]*"', "", re.sub(r"\{\{.*?\}\}", "VALUE", tag))
            assert "VALUE" not in outside, f"{name}: {tag}"


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
def test_a_paper_is_opened_at_its_own_address_only_if_that_is_https(url: str, words: str, address: str) -> None:
    link = render("parts.online", online(Paper("A & B", "", url)))
    assert f'href="{address}"' in link
    assert f">{words}</a>" in link
    assert 'rel="noopener noreferrer"' in link


def test_a_malformed_address_is_not_opened() -> None:
    assert [link.label for link in online(Paper("A", "", "https://["))] == ["Find online"]


def test_a_paper_is_opened_where_its_identifiers_lead() -> None:
    ids = Identifiers(doi='10.1234/a"b<c>', arxiv="2401.01234")
    links = online(Paper("A", "", "https://arxiv.org/abs/2401.01234", identifiers=ids))
    assert [(link.label, link.address) for link in links] == [
        ("arXiv", "https://arxiv.org/abs/2401.01234"),
        ("DOI", "https://doi.org/10.1234/a%22b%3Cc%3E"),
        ("Semantic Scholar", "https://api.semanticscholar.org/DOI:10.1234/a%22b%3Cc%3E"),
    ]
