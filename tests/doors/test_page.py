"""The page in a real browser: what a person sees, clicks and types, and what hostile papers cannot do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.core.readable import readable

from ..pages import Served, serving
from ..papers import PAIRS, Pair

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install 'paper-assistant[test]'")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")
CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(
    not CHROMIUM.exists(), reason=f"there is no {CHROMIUM}; on Debian: apt-get install chromium"
)

WIDE, NARROW = {"width": 1200, "height": 800}, {"width": 360, "height": 740}
ELSEWHERE = "http://elsewhere.example"
FOREIGN = (
    f"<img src={ELSEWHERE}/leak.png onerror=parent.hit=1>",
    "<script>window.hit = 1</script>",
    f"<form action={ELSEWHERE}><input name=q><button>Go</button></form>",
    "<div style='position:fixed;inset:0;background:red'>over everything</div>",
    f"<iframe src={ELSEWHERE}></iframe><svg onload='window.hit=1'></svg><style>*{{display:none}}</style>",
    f"![pear]({ELSEWHERE}/pear.png) **bold** [link](javascript:window.hit=1) `code` # head $x^2$ {{{{7*7}}}} ${{7*7}}",
    "</textarea></title><base href=//elsewhere.example><meta http-equiv=refresh content='0;url=//elsewhere.example'>",
)
HOSTILE: tuple[Pair, ...] = (
    *(
        (f"Gremlin{n}: {text}", f"We propose Gremlin{n}, {text}. It eats pears at night.")
        for n, text in enumerate(FOREIGN)
    ),
    ("LongGremlin: A Long Tail", f"We propose LongGremlin, a tail of {'one more vertebra, ' * 5600}and a tip."),
    (
        "RtlGremlin: \u202eevil\u202c שלום עולם",
        "We propose RtlGremlin, \u202ewhich reads backwards. \u2067אבג דהו. It eats pears from the right.",
    ),
)
"""Papers in which every text is an attack; they can be asked about by name."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("page") / "home", (*PAIRS, *HOSTILE)) as page:
        yield page


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Visit:
    """A page that one person has open; it notes every request to other sites and every error."""

    def __init__(self, browser: Any, url: str) -> None:
        self.context = browser.new_context(viewport=WIDE, permissions=["clipboard-read", "clipboard-write"])
        self.context.set_default_timeout(15_000)
        self.page = self.context.new_page()
        self.url = url
        self.elsewhere: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", self._note)
        self.page.on("pageerror", lambda error: self._fault(str(error)))
        self.page.on("console", lambda message: self._fault(message.text) if message.type == "error" else None)
        self.open()

    def open(self, path: str = "/") -> None:
        self.page.goto(self.url + path)
        self.page.wait_for_selector("#current [data-talk]")

    def begin_anew(self) -> None:
        """Reset everything as on a first visit, without the time that loading a page takes."""
        self.page.set_viewport_size(WIDE)
        self.page.emulate_media(color_scheme="light")
        self.page.evaluate("localStorage.clear()")
        self.page.get_by_role("button", name="New conversation").click()
        self.page.wait_for_timeout(
            300
        )  # a welcome may be there already, and one that comes late would replace a question
        self["#current .welcome"].wait_for()

    def judged(self) -> Any:
        """What axe finds once the page is at rest: a colour that is fading in has no contrast yet."""
        ends = "document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime < Infinity)"
        self.page.wait_for_timeout(100)  # a change of colours may not have begun to fade in
        self.page.evaluate(f"Promise.all({ends}.map((one) => one.finished.catch(() => 0)))")
        return axe.Axe().run(self.page)

    def _note(self, request: Any) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.elsewhere.append(request.url)

    def _fault(self, message: str) -> None:
        # What Gradio says of its streams when a page is left, and the browser of what a test keeps from the network
        # and of a new conversation begun where nothing was asked yet: there is no event to cancel then.
        if not re.search(r"AbortError|errored out|net::ERR_FAILED|status of 422", message):
            self.errors.append(message)

    def ask(self, question: str) -> None:
        """Type a question and wait for its answer."""
        self.page.fill("#question textarea", question)
        self.page.keyboard.press("Enter")
        self.answered(question)

    def answered(self, question: str) -> None:
        turn = self.page.locator("#current .turn", has=self.page.get_by_text(question.strip(), exact=True))
        turn.locator(".tools").wait_for()

    def __getitem__(self, selector: str) -> Any:
        return self.page.locator(selector)

    def texts(self, selector: str) -> list[str]:
        return [" ".join(text.split()) for text in self.page.locator(selector).all_inner_texts()]


@pytest.fixture(scope="module")
def people(chromium: Any, served: Served) -> Iterator[tuple[Visit, Visit]]:
    """Two people, each with their own browser."""
    both = Visit(chromium, served.url), Visit(chromium, served.url)
    yield both
    for one in both:
        one.context.close()


@pytest.fixture
def seen(people: tuple[Visit, Visit]) -> Iterator[Visit]:
    """The page of the first, as on a first visit; no request to other sites, no error may have happened at the end."""
    seen, _ = people
    seen.begin_anew()
    seen.errors.clear()
    yield seen
    assert seen.elsewhere == []
    assert seen.errors == []


@pytest.fixture
def other(people: tuple[Visit, Visit]) -> Visit:
    _, other = people
    other.begin_anew()
    return other


# -- a conversation


def test_a_first_visit_shows_how_many_papers_there_are_and_questions_that_work(seen: Visit) -> None:
    seen.open()
    assert seen.page.title() == "Paper assistant"
    assert seen.texts(".welcome h2") == [f"Ask about the {len(PAIRS) + len(HOSTILE)} papers here"]
    assert seen["#question textarea"].evaluate("box => box === document.activeElement")
    example = seen[".examples button"].first
    question = example.inner_text()
    example.click()
    seen.answered(question)
    assert seen["#current .answer .reference"].count() > 0


def test_a_question_is_answered_with_its_evidence_beside_it(seen: Visit) -> None:
    seen.ask("What is PearRank?")
    assert seen.texts("#current .said h3") == ["PearRank: Ranking Orchards by Weak Supervision"]
    assert "ranker that learns from weak labels alone" in seen["#current .said p"].inner_text()
    reference = seen["#current .reference"].first
    assert reference.get_attribute("title") == (
        "PearRank: Ranking Orchards by Weak Supervision\n"
        "“We propose PearRank, a ranker that learns from weak labels alone.”"
    )
    assert seen.texts("#evidence .card h3") == ["1 PearRank: Ranking Orchards by Weak Supervision"]
    assert seen.texts("#evidence .card .support") == ["Quoted word for word"]
    assert seen.texts("#evidence .card .listed") == ["In listing.txt (Mar 11)"]
    link = seen["#evidence .card .online"]
    assert link.get_attribute("rel") == "noopener noreferrer"
    assert (link.get_attribute("href") or "").startswith("https://")


def test_a_click_on_a_citation_highlights_its_quote(seen: Visit) -> None:
    seen.ask("How does PearRank differ from Ragnarök?")
    cards = seen.texts("#evidence .card h3")
    assert len(cards) == 2
    last = seen["#current .reference"].last
    last.click()
    seen.page.wait_for_selector("mark.now")
    (title, quote) = (last.get_attribute("title") or "").split("\n")
    assert seen.texts("#evidence .card.front h3") == [f"{last.inner_text()} {title}"]
    assert [f"“{text}”" for text in seen.texts("mark.now")] == [quote]
    assert seen["#evidence .card.front mark.now"].is_visible()
    whole = dict(PAIRS)[title]
    assert seen.texts("#evidence .card.front .abstract") == [whole]


def test_a_follow_up_is_understood_and_earlier_evidence_can_be_shown_again(seen: Visit) -> None:
    seen.ask("What is PearRank?")
    seen.ask("and how many parameters does it have?")
    assert seen.texts("#past .question") == ["What is PearRank?"]
    assert "PearRank" in seen.texts("#current .said h3")[0]
    assert seen.texts("#evidence h2 small") == ["and how many parameters does it have?"]
    seen["#past .reference"].first.click()
    seen["#evidence .evidence[data-turn='1'] mark.now"].first.wait_for()
    assert seen.texts("#evidence h2 small") == ["What is PearRank?"]
    seen["#current"].get_by_role("button", name="Why this answer").click()
    seen["#evidence .evidence[data-turn='2'] details.why[open]"].wait_for()
    assert "Regarding “PearRank" in seen["#evidence .why dl"].inner_text()


def test_a_decline_is_calm_and_shows_what_came_nearest(seen: Visit) -> None:
    seen.ask("What does ZorbNet do?")
    assert seen["#current .declined"].inner_text().startswith("No paper here mentions ZorbNet.")
    assert seen["#current .answer"].count() == 0
    assert seen.texts("#evidence h2")[0].startswith("Nearest papers")
    assert seen["#evidence .card mark"].count() == 0
    named = seen.texts("#current .declined .near")
    assert [card.split(" ", 1)[1] for card in seen.texts("#evidence .card h3")] == named
    seen["#current .near"].nth(1).click()
    seen["#evidence .card.front[data-card='2']"].wait_for()


# -- stop, retry, edit, copy


def test_a_question_is_shown_as_soon_as_it_is_sent(seen: Visit) -> None:
    seen.page.evaluate(
        "() => { window.plainly = fetch; fetch = async (...asked) =>"
        " { await new Promise((go) => { window.release = go; }); return plainly(...asked); }; }"
    )
    seen.page.fill("#question textarea", "What is PearRank?")
    seen.page.keyboard.press("Enter")
    seen["#sent"].get_by_text("Sending", exact=True).wait_for()
    assert seen.texts("#sent .question") == ["What is PearRank?"]
    assert not seen["#current .welcome"].is_visible()
    seen.page.wait_for_function("() => window.release")  # the question may not have been sent off yet
    seen.page.evaluate("fetch = plainly, release()")
    seen.answered("What is PearRank?")
    assert seen.texts(".question") == ["What is PearRank?"]
    seen.ask("and what does it gain?")
    assert seen.texts(".question") == ["What is PearRank?", "and what does it gain?"]


def test_a_question_that_does_not_arrive_stays_in_the_box(seen: Visit) -> None:
    seen.page.route("**/queue/join*", lambda route: route.abort())
    seen.page.fill("#question textarea", "What is PearRank?")
    seen["#question"].get_by_role("button", name="Ask").click()
    seen.page.get_by_text("Connection to the server was lost").first.wait_for()
    assert seen["#sent"].count() == 0
    assert seen["#current .welcome"].is_visible()
    assert seen.page.input_value("#question textarea") == "What is PearRank?"
    seen.page.unroute("**/queue/join*")
    seen.open()


def test_a_question_asked_while_a_stream_is_closing_is_answered(seen: Visit) -> None:
    streams: list[Any] = []
    seen.page.route("**/queue/data*", lambda route: streams.append(route), times=1)  # noqa: PLW0108 -- it is marked
    seen.page.evaluate(
        """document.querySelector("#current .html-container > *")
        .dispatchEvent(new CustomEvent("assistant", { detail: { name: "tick", data: {} } }))"""
    )
    while not streams:
        seen.page.wait_for_timeout(10)
    over = streams[0].fetch()  # the server has closed the stream; the page has not heard of it
    with seen.page.expect_response("**/queue/join*"):
        seen.page.fill("#question textarea", "What is PearRank?")
        seen.page.keyboard.press("Enter")
    streams[0].fulfill(response=over)
    seen["#current .answer"].wait_for()


def test_an_answer_in_the_making_can_be_stopped_and_asked_again(seen: Visit, served: Served) -> None:
    served.writer.released.clear()
    seen.page.fill("#question textarea", "What is PearRank, slowly?")
    seen.page.keyboard.press("Enter")
    seen["#current .stage"].wait_for()
    assert served.writer.holding.wait(15)
    seen["#question .stop-button"].wait_for()
    seen.page.keyboard.press("Escape")
    seen["#current .stopped"].wait_for()
    assert seen.texts("#current .question") == ["What is PearRank, slowly?"]
    served.writer.released.set()
    seen["#current"].get_by_role("button", name="Ask again").click()
    seen["#current .answer"].wait_for()
    assert seen.texts("#past .question") == []


def test_the_last_question_can_be_edited_and_then_replaces_the_one_before(seen: Visit) -> None:
    seen.ask("What is PearRank?")
    seen["#current"].get_by_role("button", name="Edit question").click()
    seen["#chip .chip"].wait_for()
    assert seen["#question textarea"].input_value() == "What is PearRank?"
    seen.ask("What is Ragnarök?")
    assert seen.texts(".question") == ["What is Ragnarök?"]
    seen["#current"].get_by_role("button", name="Edit question").click()
    seen["#chip"].get_by_role("button", name="Keep both").click()
    seen["#chip .chip"].wait_for(state="detached")
    seen.ask("What is PearRank?")
    assert seen.texts(".question") == ["What is Ragnarök?", "What is PearRank?"]


def test_an_answer_can_be_copied(seen: Visit, served: Served) -> None:
    seen.ask("What is PearRank?")
    for name, begins in {
        "text": "What is PearRank?\n\nPearRank: ",
        "Markdown": "**What is PearRank?**\n\n",
        "BibTeX": "@misc{PearRank-Ranking-",
    }.items():
        seen["#current"].get_by_role("button", name=f"Copy as {name}").click()
        seen["#current .done"].first.wait_for()
        copied = seen.page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith(begins), copied


def test_the_papers_found_are_shown_while_the_answer_is_written(seen: Visit, served: Served) -> None:
    served.writer.released.clear()
    seen.page.fill("#question textarea", "What is PearRank, slowly?")
    seen.page.keyboard.press("Enter")
    seen["#evidence details.also[open]"].wait_for()
    assert seen.texts("#evidence .also > summary")[0].startswith("Papers found (")
    assert PAIRS[0][0] in seen.texts("#evidence .others summary")
    assert seen["#current .stage"].count() == 1
    served.writer.released.set()
    seen.answered("What is PearRank, slowly?")
    assert seen.texts("#evidence .card h3") == [f"1 {PAIRS[0][0]}"]


def test_a_failure_shows_a_sentence_and_an_id_and_nothing_of_the_machine(
    seen: Visit, caplog: pytest.LogCaptureFixture
) -> None:
    seen.ask("What is PearRank, or will it crash?")
    message = seen["#current .failed"].inner_text()
    assert "secret" not in seen.page.content()
    (name,) = re.findall(r"under ID ([0-9a-f]{8})", message)
    assert any(name in record.message and record.exc_info for record in caplog.records)
    seen.ask("What is PearRank?")
    assert seen["#current .answer"].count() == 1


# -- whose conversation it is


def test_a_reload_keeps_the_conversation_and_its_address_is_no_use_to_others(seen: Visit, other: Visit) -> None:
    seen.ask("What is PearRank?")
    assert "?talk=" in seen.page.url
    seen.page.reload()
    seen["#current .answer"].wait_for()
    assert seen.texts(".question") == ["What is PearRank?"]
    other.open(seen.page.url.removeprefix(seen.url))
    assert other.texts(".question") == []
    assert other["#current .welcome"].is_visible()


def test_two_people_at_once_do_not_mix(seen: Visit, other: Visit) -> None:
    for one, question in ((seen, "What is PearRank?"), (other, "What is Ragnarök?")):
        one.page.fill("#question textarea", question)
        one.page.keyboard.press("Enter")
    seen.answered("What is PearRank?")
    other.answered("What is Ragnarök?")
    seen.ask("and what does it gain?")
    other.ask("and what does it compare?")
    assert {title.split(":")[0] for title in seen.texts(".said h3")} == {"PearRank"}
    others = {title.split(":")[0] for title in other.texts(".said h3")}
    assert "Ragnarök" in others
    assert "PearRank" not in others


def test_an_old_conversation_stays_at_its_address(seen: Visit) -> None:
    seen.ask("What is PearRank?")
    before = seen.page.url.removeprefix(seen.url)
    seen.page.get_by_role("button", name="New conversation").click()
    seen["#current .welcome"].wait_for()
    assert "talk=" not in seen.page.url
    seen.open(before)
    assert seen.texts(".question") == ["What is PearRank?"]


# -- light and dark, wide and narrow, by keyboard


def test_it_is_dark_like_the_system_or_as_chosen(seen: Visit) -> None:
    def ground() -> str:
        return str(seen.page.evaluate("getComputedStyle(document.body).backgroundColor"))

    light, dark = "rgb(252, 252, 250)", "rgb(22, 24, 27)"
    assert ground() == light
    seen.page.emulate_media(color_scheme="dark")
    seen.open()
    assert ground() == dark
    seen.page.get_by_role("button", name="Dark or light").click()
    assert ground() == light
    seen.open()
    assert ground() == light


def test_on_a_phone_the_evidence_is_below_the_conversation(seen: Visit) -> None:
    seen.page.set_viewport_size(NARROW)
    seen.ask("What is PearRank?")
    assert seen.page.evaluate("document.documentElement.scrollWidth") == 360
    answer, evidence = seen["#current .answer"].bounding_box(), seen["#evidence .card"].first.bounding_box()
    assert answer["x"] == evidence["x"]
    assert answer["y"] + answer["height"] < evidence["y"]
    seen["#current .reference"].first.click()
    seen["mark.now"].wait_for()
    seen.page.wait_for_function("document.querySelector('mark.now').getBoundingClientRect().bottom < innerHeight")


def test_on_a_phone_the_last_question_is_at_the_top_once_it_is_answered(seen: Visit) -> None:
    seen.page.set_viewport_size(NARROW)
    for question in ("What is PearRank?", "What is Ragnarök?", "What is PearRank?"):
        seen.ask(question)
        seen.page.wait_for_timeout(300)  # scrolling may not have ended
        top = seen["#current .question"].bounding_box()["y"]
        assert 0 <= top < NARROW["height"] / 4, question


def test_everything_can_be_done_by_keyboard(seen: Visit) -> None:
    press = seen.page.keyboard.press
    seen.page.evaluate("document.activeElement.blur()")
    press("/")
    assert seen["#question textarea"].input_value() == ""
    seen.page.keyboard.type("How does PearRank differ from Ragnarök?")
    press("Enter")
    seen.answered("How does PearRank differ from Ragnarök?")
    seen.page.evaluate("document.activeElement.blur()")
    walked = []
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
        press(key)
        seen["mark.now"].first.wait_for()
        walked.append(seen.page.evaluate("document.activeElement.dataset.mark"))
    assert walked == ["0", "1", "0"]
    press("Enter")
    assert seen.page.evaluate("document.activeElement.className") == "card front opened"


def test_everything_has_an_accessible_name(seen: Visit) -> None:
    seen.ask("What is PearRank?")
    role = seen.page.get_by_role
    assert role("textbox", name="Your question").count() == 1
    assert role("region", name="Conversation").count() == 1
    assert role("complementary", name="Evidence").count() == 1
    assert role("meter", name="Quoted word for word").count() == 1
    assert role("link", name="Reference 1: PearRank").count() > 0
    assert seen["#current"].get_attribute("aria-live") == "polite"
    assert seen["html"].get_attribute("lang") == "en"
    assert role("button").filter(has_not_text=re.compile(r"\S")).filter(has_not=seen["svg"]).count() == 0


def test_axe_finds_no_fault(seen: Visit) -> None:
    for scheme, question in (("light", "How does PearRank differ from Ragnarök?"), ("dark", "What does ZorbNet do?")):
        seen.page.emulate_media(color_scheme=scheme)
        seen.ask(question)
        seen["#evidence details.why summary"].click()
        faults = seen.judged().response["violations"]
        assert [(fault["id"], [node["target"] for node in fault["nodes"]]) for fault in faults] == []


# -- hostile papers


def test_a_paper_cannot_put_anything_into_the_page(seen: Visit) -> None:
    for number, pair in enumerate(HOSTILE[: len(FOREIGN)]):
        title, abstract = map(readable, pair)
        seen.ask(f"What does Gremlin{number} eat at night?")
        assert " ".join(title.split()) in " ".join(seen["#evidence"].inner_text().split())
        seen["#current .reference"].first.click()
        seen["mark.now"].first.wait_for()
        assert seen.texts("#evidence .card.front .abstract") == [" ".join(abstract.split())]
        for summary in seen["#evidence .evidence > details > summary"].all():
            summary.click()
        assert_untouched(seen)


def assert_untouched(seen: Visit) -> None:
    """Nothing in a paper has become an element, run, or taken over the page."""
    inside = "#thread :is(img, script, form, iframe, svg, style, input, base, meta, object, video, audio, link)"
    assert seen[inside].count() == 0
    assert seen[inside.replace("#thread", "#evidence")].count() == 0
    assert seen.page.evaluate("window.hit") is None
    assert seen["#thread :is(b, strong, em, code), #evidence :is(b, strong, em, code)"].count() == 0
    assert seen.page.evaluate("document.baseURI").startswith(seen.url)
    assert (
        seen.page.evaluate(
            "[...document.querySelectorAll('*')]"
            ".filter(e => getComputedStyle(e).backgroundColor === 'rgb(255, 0, 0)').length"
        )
        == 0
    )


def test_a_hostile_question_is_text(seen: Visit) -> None:
    question = f"What is PearRank <img src={ELSEWHERE}/q.png onerror=window.hit=1>?"
    seen.ask(question)
    assert seen.texts("#current .question") == [question]
    assert_untouched(seen)


def test_a_long_question_is_folded_and_can_be_shown_whole(seen: Visit) -> None:
    middle = "and what does it do with the pears of an orchard, " * 16
    for size in (WIDE, NARROW):
        question = f"What is PearRank, {middle}on {size['width']} trees?"  # the same one would seem answered at once
        seen.page.set_viewport_size(size)
        seen.ask(question)
        head, fold = seen["#current .question"], seen["#current .unfold"]
        assert fold.inner_text() == "Show the whole question"
        low, whole = head.bounding_box()["height"], head.evaluate("element => element.scrollHeight")
        assert low < whole
        fold.click()
        assert head.bounding_box()["height"] == pytest.approx(whole, abs=2)
        fold.click()
        assert head.bounding_box()["height"] == pytest.approx(low, abs=2)
    assert seen.judged().response["violations"] == []
    seen.ask("What is PearRank?")
    assert not seen["#current .unfold"].is_visible()


def test_the_number_of_a_paper_never_begins_a_line(seen: Visit) -> None:
    seen.ask("How does PearRank differ from Ragnarök?")
    begins = """() => [...document.querySelectorAll("#current .reference")].filter((link) => {
      const range = document.createRange();
      range.selectNodeContents(link.parentElement);
      range.setEndBefore(link);
      const before = [...range.getClientRects()].filter((box) => box.width > 0).pop();
      return before && link.getBoundingClientRect().top > before.bottom - 4;
    }).length"""
    alone = 0
    for width in range(320, 1240, 5):
        seen.page.set_viewport_size({"width": width, "height": 800})
        alone += seen.page.evaluate(begins)
    assert alone == 0


def test_a_hundred_thousand_characters_do_not_break_the_page(seen: Visit) -> None:
    seen.ask("What is LongGremlin?")
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 1200
    seen.ask("What is PearRank?")


def test_the_refusal_of_a_question_that_is_too_long_is_visible(seen: Visit) -> None:
    seen.ask("pears " * 2000)
    refusal = seen["#current .stopped"]
    assert "Shorten it." in refusal.inner_text()
    assert refusal.bounding_box()["y"] < WIDE["height"] / 2


def test_right_to_left_text_affects_only_itself(seen: Visit) -> None:
    seen.ask("What is RtlGremlin?")
    assert "\u202e" not in seen["#talk"].inner_text()
    box, number = seen["#evidence .card h3"].first.bounding_box(), seen["#evidence .card .number"].first.bounding_box()
    assert number["x"] - box["x"] < 5
