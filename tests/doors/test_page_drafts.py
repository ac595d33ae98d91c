"""The tab "Check a draft" in a real browser: drafts pasted or chosen, the report, and what a hostile one cannot do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..pages import Served, serving
from ..papers import PAIRS
from .test_page import Visit, chromium, pytestmark

__all__ = ["chromium", "pytestmark"]
PEAR = PAIRS[0][0]
DRAFT = "It rains.\n\nIt gains 9.5 points over BM25 [@pear]. It sorts orchards by their yield of pears [@pear]."


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("drafts") / "home", PAIRS) as page:
        yield page


@pytest.fixture
def seen(chromium: Any, served: Served) -> Iterator[Visit]:
    """The tab; no request to other sites, no error may have happened at the end."""
    visit = Visit(chromium, served.url)
    visit.page.get_by_role("tab", name="Check a draft").click()
    visit["#draft"].wait_for()
    yield visit
    visit.context.close()
    assert (visit.elsewhere, visit.errors) == ([], [])


def check(seen: Visit, draft: str) -> None:
    seen["#draft"].fill(draft)
    seen.page.get_by_role("button", name="Check", exact=True).click()
    seen[".verdict-summary"].wait_for()


def test_a_draft_is_checked_with_its_bibliography(seen: Visit, tmp_path: Path) -> None:
    (tmp_path / "draft.md").write_text(DRAFT)
    (tmp_path / "refs.bib").write_text(f"@misc{{pear, title={{{PEAR}}}}}")
    seen["#draft-files"].set_input_files([tmp_path / "draft.md", tmp_path / "refs.bib"])
    seen.page.get_by_text("Keys are looked up in refs.bib").wait_for()
    seen.page.get_by_role("button", name="Check", exact=True).click()
    seen[".verdict-summary"].wait_for()
    assert seen.texts(".checked .card .standing") == ["Line 3 Not supported", "Line 3 Supported"]
    assert seen.texts(".checked mark") == ["9.5"]
    assert seen.texts(".checked .reason") == ["the abstract does not state 9.5"]
    assert "Without a citation (1)" in seen.texts("#report-on-draft > details > summary")
    seen["[data-line='3']"].first.click()
    assert seen.page.evaluate("[draft.selectionStart, draft.selectionEnd]") == [11, len(DRAFT)]


def test_a_hostile_draft_is_text(seen: Visit) -> None:
    check(seen, 'So <img src=x onerror=parent.hit=1> it is [@<b>x</b>; @"onclick="hit]. <script>hit=1</script> is [1].')
    assert seen.page.evaluate("window.hit") is None
    assert seen["#report-on-draft img, #report-on-draft script, #report-on-draft b"].count() == 0


def test_a_refusal_is_shown(seen: Visit) -> None:
    seen["#draft"].fill("…")
    seen.page.get_by_role("button", name="Check", exact=True).click()
    seen["#report-on-draft .failed"].get_by_text("The draft has no words.").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault_and_it_fits_a_phone(seen: Visit, scheme: str) -> None:
    seen.page.emulate_media(color_scheme=scheme)
    check(seen, f"It gains 9.5 points over BM25 [1]. It rains.\n\n## References\n[1] {PEAR}.")
    for size in ({"width": 1280, "height": 800}, {"width": 390, "height": 844}):
        seen.page.set_viewport_size(size)
        assert seen.judged().response["violations"] == []
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= size["width"]
