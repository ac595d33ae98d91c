"""Takes screenshots of the page over the sample into a folder: light, dark and on a phone.

python -m tests.screenshots docs
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from assistant.chain import Assistant
from assistant.library.sample import sample_files

from .pages import Served

CHROMIUM = "/usr/bin/chromium"
QUESTION = "How does VILA differ from MM1?"
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 800}


def main(folder: Path) -> None:
    """Add the sample, serve it, and take the screenshots."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, Assistant.open(home) as assistant, sync_playwright() as playwright:
        assistant.ingest(*sample_files())
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        with Served(assistant) as page:
            for name, size, scheme in (("light", WIDE, "light"), ("dark", WIDE, "dark"), ("phone", PHONE, "light")):
                photograph(browser, page.url, folder / f"page-{name}.png", viewport=size, color_scheme=scheme)
        browser.close()


def photograph(browser: Browser, url: str, path: Path, **wishes: Any) -> None:
    """One answer, with a citation that was clicked."""
    context = browser.new_context(**wishes)
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector(".welcome")
    page.fill("#question textarea", QUESTION)
    page.keyboard.press("Enter")
    page.locator("#current .reference").nth(2).click()
    page.wait_for_selector("mark.now")
    at_rest(page)
    page.screenshot(path=path)
    context.close()
    Image.open(path).quantize(128).save(path, optimize=True)  # a third of the size, with no visible difference
    print(f"{path}: {path.stat().st_size // 1000} kB")


def at_rest(page: Page) -> None:
    """Remove the focus and wait until scrolling has ended."""
    page.evaluate("document.activeElement.blur()")
    if page.viewport_size == PHONE:
        page.evaluate("window.scrollTo(0, 0)")
    page.wait_for_timeout(700)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
