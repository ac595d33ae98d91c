"""References, collections and links in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..pages import serving
from ..papers import PAIRS
from .test_page import NARROW, Visit, chromium, pytestmark

__all__ = ["chromium", "pytestmark"]
PEAR, STORMS = PAIRS[0][0], PAIRS[2][0]


@pytest.fixture(scope="module")
def visitor(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    with serving(tmp_path_factory.mktemp("sharing") / "home", PAIRS) as served:
        visit = Visit(chromium, served.url)
        yield visit
        visit.context.close()


@pytest.fixture
def seen(visitor: Visit) -> Iterator[Visit]:
    visitor.begin_anew()
    yield visitor
    assert visitor.elsewhere == []
    assert visitor.errors == []


def copied(seen: Visit) -> str:
    return str(seen.page.evaluate("navigator.clipboard.readText()"))


def test_references_are_copied_and_saved(seen: Visit, tmp_path: Path) -> None:
    seen.ask("What is PearRank?")
    seen["#current [data-references]"].select_option("apa")
    seen["#current .references output"].get_by_text("✓").wait_for()
    assert copied(seen) == f"{PEAR}. (n.d.).\n"
    seen.page.get_by_role("tab", name="Papers", exact=True).click()
    seen["#found .titles"].wait_for()
    with seen.page.expect_download() as download:
        seen["#found [data-references]"].select_option("bibtex")
    assert download.value.suggested_filename == "references-bibtex.bib"
    download.value.save_as(tmp_path / "all.bib")
    assert (tmp_path / "all.bib").read_text().count("@misc{") == len(PAIRS)
    assert seen.judged().violations_count == 0


def test_a_collection_is_saved_asked_about_changed_and_deleted(seen: Visit) -> None:
    seen.open()
    seen.page.get_by_role("tab", name="Papers", exact=True).click()
    seen["#found .titles"].wait_for()
    seen.page.fill("#search [name=words]", "storms")
    seen["#found"].get_by_text("1 paper found").wait_for()
    seen["#found .saving input"].fill("stormy")
    seen.page.keyboard.press("Enter")
    seen["#paper"].get_by_text("Saved 1 paper as stormy.").wait_for()
    assert seen["#search [name=collection]"].input_value() == "stormy"
    assert seen["#search [name=words]"].input_value() == ""
    assert seen.texts("#found .titles button") == [STORMS]
    seen["#search [name=collection]"].select_option("")
    seen["#found .titles button"].filter(has_text=PEAR).click()
    seen["#paper [data-put]"].select_option("stormy")
    seen["#paper"].get_by_text("Take out of “stormy”").wait_for()
    assert seen.judged().violations_count == 0
    seen["#search [name=collection]"].select_option("stormy")
    seen["#found"].get_by_text("2 papers found").wait_for()
    seen["#found [data-do=narrow]"].click()
    seen["#chip [data-collections]"].wait_for()
    assert seen["#chip [data-collections]"].input_value() == "stormy"
    seen.ask("Which papers are there?")
    assert "Searched the 2 papers in the collection “stormy”." in seen["#current .turn"].inner_text()
    seen["#chip [data-collections]"].select_option("")
    seen.ask("What is PearRank?")
    assert "collection" not in seen["#current .answer"].inner_text()
    seen.page.get_by_role("tab", name="Papers", exact=True).click()
    seen["#found [data-do=drop]"].click()
    seen["#paper"].get_by_text("Deleted the collection stormy.").wait_for()
    assert seen["#search [name=collection]"].count() == 0


def test_a_link_is_copied_opened_and_withdrawn(seen: Visit) -> None:
    seen.ask("What is PearRank?")
    seen["#current [data-do=link]"].click()
    opens = seen["#current .linking a"]
    opens.wait_for()
    assert copied(seen) == seen.url + opens.get_attribute("href")
    with seen.context.expect_page() as opened:
        opens.click()
    linked = opened.value
    linked.wait_for_load_state()
    assert linked.locator("h1").inner_text() == "What is PearRank?"
    linked.locator("a.reference").first.click()
    assert linked.locator(".card:target h3").inner_text() == f"1 {PEAR}"
    linked.set_viewport_size(NARROW)
    assert linked.evaluate("document.documentElement.scrollWidth <= innerWidth")
    linked.get_by_role("button", name="Withdraw the link").click()
    linked.get_by_text("Its link may have been withdrawn.").wait_for()
    linked.close()
    seen.errors[:] = [error for error in seen.errors if "404" not in error]
