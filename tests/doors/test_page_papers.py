"""The tab "Papers" in a real browser: search, filters, an open paper, the map, questions about chosen papers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from assistant.core.readable import readable

from ..pages import serving
from ..papers import PAIRS, write_listing
from .test_page import HOSTILE, Visit, chromium, pytestmark

__all__ = ["chromium", "pytestmark"]
PEAR, KITE = "PearRank: Ranking Orchards by Weak Supervision", "Do Kites Remember the Wind?"
LATER = (("Pears at Night", "Pears glow at night. We count the glowing pears, and find 12 of them."),)


@pytest.fixture(scope="module")
def visitor(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    """A person with the page of two listings and of hostile papers open."""
    folder = tmp_path_factory.mktemp("papers")
    with serving(folder / "home", (*PAIRS, *HOSTILE)) as served:
        served.assistant.ingest(write_listing(folder / "b.txt", LATER, date="Apr 2"))
        visit = Visit(chromium, served.url)
        yield visit
        visit.context.close()


@pytest.fixture
def seen(visitor: Visit) -> Iterator[Visit]:
    """The tab as on a first visit; no request to other sites, no error may have happened at the end."""
    visitor.begin_anew()
    visitor.open()
    show(visitor)
    yield visitor
    assert visitor.elsewhere == []
    assert visitor.errors == []


def show(seen: Visit) -> None:
    seen.page.get_by_role("tab", name="Papers", exact=True).click()
    seen["#found .titles"].wait_for()
    seen["#map svg"].wait_for()


def titles_under(seen: Visit, heading: str) -> list[str]:
    """The titles in the list, once it has this heading."""
    seen["#found"].get_by_text(heading, exact=True).wait_for()
    return seen.texts("#found .titles button")


TOTAL = len(PAIRS) + len(HOSTILE) + len(LATER)


def test_papers_can_be_searched_by_words_listing_and_date(seen: Visit) -> None:
    assert len(titles_under(seen, f"{TOTAL} papers here")) == TOTAL
    seen.page.fill("#search [name=words]", "kites wind")
    assert titles_under(seen, "1 paper found") == [KITE]
    assert seen["#map circle:not(.dim)"].count() == 1
    seen.page.fill("#search [name=words]", "")
    titles_under(seen, f"{TOTAL} papers here")
    seen.page.select_option("#search [name=listing]", "b.txt")
    assert titles_under(seen, "1 paper found") == ["Pears at Night"]
    seen.page.select_option("#search [name=listing]", "")
    seen.page.fill("#search [name=until]", "Mar 11")
    seen.page.keyboard.press("Enter")
    assert "Pears at Night" not in titles_under(seen, f"{TOTAL - 1} papers found")
    seen.page.fill("#search [name=until]", "soon")
    seen.page.keyboard.press("Tab")
    seen["#found"].get_by_text("'soon' is no date.").wait_for()


def test_questions_are_limited_to_the_chosen_paper_until_it_is_deselected(seen: Visit) -> None:
    seen["#found"].get_by_role("button", name=KITE).click()
    seen["#paper [data-open]"].wait_for()
    assert seen.texts("#paper .abstract") == [dict(PAIRS)[KITE]]
    assert seen["#map circle.now"].count() == 1
    seen.page.get_by_role("button", name="Ask about this paper").click()
    seen["#chip .chosen"].wait_for()
    assert seen.texts("#chip .chosen li span") == [KITE]
    seen.ask("What is PearRank?")
    assert seen["#current .declined"].inner_text().startswith("The chosen paper does not seem to say")
    seen.ask("How accurate is it?")
    assert seen.texts("#current .said h3") == [KITE]
    seen["#chip"].get_by_role("button", name=f"No longer limit questions to {KITE}").click()
    seen["#chip .chosen"].wait_for(state="detached")
    seen.ask("What is PearRank?")
    assert seen.texts("#current .said h3") == [PEAR]


def test_the_regions_of_the_map_are_labelled(seen: Visit) -> None:
    def drawn(what: str) -> list[float]:
        edges = "e => { const box = e.getBoundingClientRect(); return [box.left, box.top, box.right, box.bottom]; }"
        return [round(edge) for edge in seen[what].evaluate(edges)]

    for size in ({"width": 1280, "height": 800}, {"width": 390, "height": 844}):
        seen.page.set_viewport_size(size)
        assert drawn("#map .drawing") == drawn("#map svg"), size


def resting(seen: Visit, what: str) -> dict[str, float]:
    """Where the first of these is once it no longer moves: the list beside the map may still be loading."""
    before: dict[str, float] = {}
    while (box := seen[what].first.bounding_box()) != before:
        before = box
        seen.page.wait_for_timeout(250)
    return before


def test_the_map_highlights_cited_papers_and_a_click_opens_one(seen: Visit) -> None:
    assert seen["#map circle"].count() == TOTAL
    assert seen["#map circle.dim, #map circle.cited"].count() == 0
    seen.page.get_by_role("tab", name="Ask").click()
    seen.ask("How does PearRank differ from Ragnarök?")
    show(seen)
    seen["#map circle.cited"].first.wait_for()
    titles = {title.split(":")[0] for title in seen["#map circle.cited title"].all_text_contents()}
    assert titles == {"PearRank", "Ragnarök"}
    assert seen["#map circle.dim"].count() == TOTAL - 2
    box = resting(seen, "#map circle.cited")
    seen.page.mouse.click(box["x"] + box["width"] + 4, box["y"])  # beside the circle: the nearest one opens
    seen["#paper [data-open]"].wait_for()
    assert seen["#paper h2"].inner_text().split(":")[0] in titles


def test_everything_can_be_done_by_keyboard(seen: Visit) -> None:
    press = seen.page.keyboard.press
    seen.page.evaluate("document.activeElement.blur()")
    press("/")
    seen.page.keyboard.type("kites")
    assert titles_under(seen, "1 paper found") == [KITE]
    seen.page.locator("#found [data-paper]").focus()
    press("Enter")
    seen["#paper [data-open]"].wait_for()
    seen.page.wait_for_function("document.activeElement.className === 'paper'")
    press("Escape")
    seen["#paper [data-open]"].wait_for(state="detached")
    assert seen.page.evaluate("document.activeElement.dataset.paper")


def test_added_papers_are_there_when_the_tab_is_opened_again(seen: Visit, visitor: Visit) -> None:
    seen.page.fill("#search [name=words]", "kites")
    titles_under(seen, "1 paper found")
    seen.page.get_by_role("tab", name="Ask").click()
    show(seen)
    assert seen["#search [name=words]"].input_value() == "kites"
    assert titles_under(seen, "1 paper found") == [KITE]


def test_on_a_phone_nothing_is_wider_than_the_screen(seen: Visit) -> None:
    seen.page.set_viewport_size({"width": 360, "height": 740})
    seen["#found"].get_by_role("button", name=KITE).click()
    seen["#paper [data-open]"].wait_for()
    assert seen.page.evaluate("document.documentElement.scrollWidth") == 360
    seen.page.wait_for_function("document.querySelector('#paper').getBoundingClientRect().top < innerHeight")


def test_axe_finds_no_fault(seen: Visit) -> None:
    seen["#found"].get_by_role("button", name=KITE).click()
    seen["#paper [data-open]"].wait_for()
    for scheme in ("light", "dark"):
        seen.page.emulate_media(color_scheme=scheme)
        faults = seen.judged().response["violations"]
        assert [(fault["id"], [node["target"] for node in fault["nodes"]]) for fault in faults] == []


def test_a_hostile_paper_is_shown_as_text(seen: Visit) -> None:
    for title, abstract in (map(readable, pair) for pair in HOSTILE):
        if len(abstract) > 50_000 or "\u202e" in title:
            continue
        seen["#found"].get_by_role("button", name=" ".join(title.split()), exact=True).click()
        seen.page.wait_for_function("title => document.querySelector('#paper h2')?.textContent === title", arg=title)
        assert seen.texts("#paper .abstract") == [" ".join(abstract.split())]
    inside = ":is(#shelf, #table) :is(img, script, iframe, style, base, meta, object, video, audio, link)"
    assert seen[inside].count() == 0
    assert seen["#paper form, #found form, #map form"].count() == 0
    assert seen.page.evaluate("window.hit") is None


def test_a_paper_is_removed_after_confirmation(seen: Visit, visitor: Visit) -> None:
    assert seen["#map circle"].count() == TOTAL
    seen["#found"].get_by_role("button", name=LATER[0][0]).click()
    seen["#paper"].get_by_role("button", name="Remove", exact=True).click()
    seen.page.keyboard.press("Enter")  # the focus is on "Cancel"
    assert not seen["#paper .removing"].is_visible()
    seen["#paper"].get_by_role("button", name="Remove", exact=True).click()
    assert seen.judged().response["violations"] == []
    seen["#paper"].get_by_role("button", name="Remove it").click()
    seen["#paper"].get_by_text(f"Removed: {LATER[0][0]}").wait_for()
    assert LATER[0][0] not in titles_under(seen, f"{TOTAL - 1} papers here")
    seen.page.wait_for_function("n => document.querySelectorAll('#map circle').length === n", arg=TOTAL - 1)
    seen.page.get_by_role("tab", name="Ask").click()
    seen["#current .welcome"].get_by_text(f"Ask about the {TOTAL - 1} papers here").wait_for()
