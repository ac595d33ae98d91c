"""Browser Back and addresses: what was opened last is closed first, and an address opens what it names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ..pages import Served, serving
from ..papers import PAIRS
from .test_page import NARROW, Visit, chromium, pytestmark

__all__ = ["chromium", "pytestmark"]
PEAR, STORM = "What is PearRank?", "What is Ragnarök?"
KITE = "Do Kites Remember the Wind?"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("steps") / "home", PAIRS) as page:
        yield page


@pytest.fixture
def seen(chromium: Any, served: Served) -> Iterator[Visit]:
    """A first visit; no error may have happened at the end."""
    visit = Visit(chromium, served.url)
    yield visit
    assert visit.errors == []
    visit.context.close()


def at(seen: Visit, end: str) -> None:
    """Wait until the address is the page's own with this ending."""
    seen.page.wait_for_url(lambda url: url.startswith(seen.url) and url.endswith(end))


def tab(seen: Visit) -> str:
    return str(seen["#tabs [role=tab][aria-selected=true]"].first.inner_text())


def test_back_closes_the_card_then_the_tab_then_the_conversation(seen: Visit) -> None:
    seen.ask(PEAR)
    seen.page.get_by_role("tab", name="Papers", exact=True).click()
    at(seen, "tab=papers")
    seen.page.get_by_role("tab", name="Ask").click()
    seen["#current .reference"].first.click()
    at(seen, "#card-1-1")
    seen["#current .reference"].last.click()
    seen["mark.now"].first.wait_for()
    seen.page.go_back()
    seen["#evidence .opened"].wait_for(state="detached")
    assert "#" not in seen.page.url
    assert seen["mark.now"].count() == 0
    seen.page.go_back()
    at(seen, "tab=papers")
    seen["#found .titles"].wait_for()
    assert tab(seen) == "Papers"
    seen.page.go_back()
    seen["#current .answer"].wait_for()
    assert tab(seen) == "Ask"
    seen.page.go_back()
    seen["#current .welcome"].wait_for()
    at(seen, "/")
    seen.page.go_forward()
    seen["#current .answer"].wait_for()
    assert seen.texts(".question") == [PEAR]


def test_back_leads_to_the_previous_conversation(seen: Visit) -> None:
    seen.ask(PEAR)
    seen.page.get_by_role("button", name="New conversation").click()
    seen["#current .welcome"].wait_for()
    seen.ask(STORM)
    for question in ("", PEAR):
        seen.page.go_back()
        if question:
            seen.answered(question)
        else:
            seen["#current .welcome"].wait_for()
    assert seen.texts(".question") == [PEAR]
    seen.ask("and how many parameters does it have?")  # it is open, not only shown
    assert {title.split(":")[0] for title in seen.texts("#current .said h3")} == {"PearRank"}


def test_closing_a_card_or_a_paper_is_a_step_back(seen: Visit) -> None:
    seen.page.get_by_role("tab", name="Papers", exact=True).click()
    seen["#found"].get_by_role("button", name=KITE).click()
    seen["#paper [data-open]"].wait_for()
    assert "paper=" in seen.page.url
    seen.page.get_by_role("button", name="Close").click()
    at(seen, "tab=papers")
    seen.page.go_back()
    at(seen, "/")
    assert tab(seen) == "Ask"


def test_an_address_opens_what_it_names(seen: Visit) -> None:
    seen.ask("How does PearRank differ from Ragnarök?")
    seen["#current .reference"].last.click()
    at(seen, "#card-1-2")
    card = seen.page.url.removeprefix(seen.url)
    seen.page.get_by_role("tab", name="Papers", exact=True).click()
    seen["#found"].get_by_role("button", name=KITE).click()
    seen["#paper [data-open]"].wait_for()
    paper = seen.page.url.removeprefix(seen.url)
    seen.page.goto("about:blank")
    seen.open(card)
    seen["#card-1-2.opened"].wait_for()
    assert seen.page.url.endswith(card)
    seen.page.goto("about:blank")
    seen.page.goto(seen.url + paper)
    seen["#paper h2"].wait_for()
    assert seen.texts("#paper h2") == [KITE]
    seen.page.go_back()  # to where the person came from: there is no step between
    assert seen.page.url == "about:blank"


def test_an_address_of_something_unknown_is_corrected(seen: Visit) -> None:
    seen.open("/?talk=nothing-of-the-kind&tab=nowhere#card-9-9")
    at(seen, "/")
    assert seen["#current .welcome"].is_visible()


def test_on_a_phone_a_citation_opens_its_card_in_place_and_back_closes_it(seen: Visit) -> None:
    seen.page.set_viewport_size(NARROW)
    for question in ("Which papers are about pears?", "How does PearRank differ from Ragnarök?"):
        seen.ask(question)
    seen.page.wait_for_timeout(700)  # scrolling may not have ended
    height = "document.documentElement.scrollTop"
    before = seen.page.evaluate(height)
    ways = {
        "the button": lambda: seen["#evidence .opened"].get_by_role("button", name="Back to the answer").click(),
        "Back": seen.page.go_back,
        "Escape": lambda: seen.page.keyboard.press("Escape"),
        "a tap beside it": lambda: seen.page.mouse.click(180, 60),
    }
    for way, close in ways.items():
        link = seen["#current .reference"].last
        link.click()
        seen["#evidence .opened mark.now"].first.wait_for()
        box = seen["#evidence .opened"].bounding_box()
        assert box["y"] + box["height"] == pytest.approx(NARROW["height"], abs=1), way
        words = seen["#evidence .opened mark.now"].first.bounding_box()
        assert box["y"] < words["y"] < NARROW["height"], way
        assert seen.page.evaluate(height) == pytest.approx(before, abs=2), way
        close()
        seen["#evidence .opened"].wait_for(state="detached")
        assert seen.page.evaluate(height) == pytest.approx(before, abs=2), way
        at(seen, seen.page.url.removeprefix(seen.url).split("#")[0])
