"""The tab "Add papers" in a real browser: files chosen or dropped, their progress, what became of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..pages import Served, serving
from ..papers import PAIRS, Pair, write_listing
from ..references import html, references
from .test_page import HOSTILE, Visit, chromium, pytestmark

__all__ = ["chromium", "pytestmark"]
REFUSAL = "400 (Bad Request)"
"""What the browser's console says about a file that is refused."""
BROKEN = b"new\nSubscribe\nA Title That Stands Alone\n\nAnother <img src=x onerror=parent.hit=1> **and** more\n"
DROP = """([name, text]) => {
  const files = new DataTransfer();
  files.items.add(new File([text], name));
  const about = { dataTransfer: files, bubbles: true, cancelable: true };
  for (const kind of ["dragenter", "dragover", "drop"])
    document.querySelector(".drop").dispatchEvent(new DragEvent(kind, about));
}"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("adding") / "home", PAIRS) as page:
        yield page


@pytest.fixture(scope="module")
def visitor(chromium: Any, served: Served) -> Iterator[Visit]:
    visit = Visit(chromium, served.url)
    yield visit
    visit.context.close()


@pytest.fixture
def seen(visitor: Visit) -> Iterator[Visit]:
    """The tab as on a first visit; no request to other sites, no error may have happened at the end."""
    visitor.begin_anew()
    visitor.page.goto("about:blank")  # or pending requests of the page would be sent without its cookie
    visitor.context.clear_cookies()
    visitor.open()
    visitor.page.get_by_role("tab", name="Add papers").click()
    visitor["#files"].wait_for(state="attached")
    yield visitor
    assert visitor.elsewhere == []
    assert [error for error in visitor.errors if REFUSAL not in error] == []


def listing(folder: Path, name: str, *pairs: Pair) -> str:
    folder.mkdir(exist_ok=True)
    return str(write_listing(folder / name, pairs))


def test_one_click_adds_the_sample_to_an_empty_library(chromium: Any, tmp_path: Path) -> None:
    with serving(tmp_path / "home", ()) as served:
        visit = Visit(chromium, served.url)
        for scheme in ("light", "dark"):
            visit.page.emulate_media(color_scheme=scheme)
            assert visit.judged().response["violations"] == []
        visit.page.get_by_role("button", name="Try it with the sample papers").click()
        visit["#current"].get_by_text("Ask about the 120 papers here").wait_for(timeout=60_000)
        visit.ask("What is SemantiCodec?")
        assert visit["#current .reference"].count() > 0
        assert visit.errors == []
        visit.context.close()


def paper(name: str) -> Pair:
    return f"{name}: A Fruit of Late Summer", f"We present {name}, a fruit that ripens late. It weighs 40 grams."


def over(seen: Visit) -> dict[str, int]:
    """The figures of the summary, once it is shown."""
    seen["#batch [data-over]"].wait_for()
    names, counts = seen.texts("#batch .counts dt"), seen.texts("#batch .counts dd")
    return {name: int(count) for name, count in zip(names, counts, strict=True)}


def test_files_are_added_and_rejects_have_reasons(seen: Visit, served: Served, tmp_path: Path) -> None:
    broken, page = tmp_path / "broken.txt", tmp_path / "page.html"
    broken.write_bytes(BROKEN)
    page.write_text(html(references(9)))
    before = served.assistant.status().papers
    good = listing(tmp_path, "march.txt", paper("Quince"), paper("Medlar"))
    seen.page.set_input_files("#files", [good, str(broken), str(page)])
    assert over(seen) == {"added": 2, "updated": 0, "unchanged": 0, "rejected": 3}
    assert seen["#batch"].get_by_text(f"There are {before + 2} papers here now.").count() == 1
    rows = seen.texts("#batch tbody tr")
    assert [row.split()[:2] for row in rows] == [["broken.txt", "3"], ["broken.txt", "5"], ["page.html", "all"]]
    assert "not an abstract A Title That Stands Alone" in rows[0]
    assert rows[1].endswith("Another <img src=x onerror=parent.hit=1> **and** more")
    assert "is HTML, which is not read" in rows[2]
    assert seen["#batch :is(img, script, b, strong strong)"].count() == 0
    assert seen.page.evaluate("window.hit") is None


def test_a_file_that_is_not_recognised_is_read_as_the_form_says(seen: Visit, tmp_path: Path) -> None:
    odd = tmp_path / "odd.csv"
    rows = [
        f'"{title}","{abstract} It is orange, and a little sour."'
        for title, abstract in map(paper, ("Damson", "Jujube"))
    ]
    odd.write_text("\n".join(["Aufsatz,Inhalt", *rows, ""]), encoding="utf-8")
    seen.page.set_input_files("#files", [str(odd)])
    assert over(seen)["rejected"] == 1
    seen.page.get_by_label("Column of the title").fill("Aufsatz")
    seen.page.get_by_label("Column of the abstract").fill("Inhalt")
    seen.page.set_input_files("#files", [str(odd)])
    seen["#batch .manner"].wait_for(state="detached")
    assert over(seen)["added"] == 2


def test_added_papers_show_up_on_every_tab(seen: Visit, served: Served, tmp_path: Path) -> None:
    total = served.assistant.status().papers + 1
    seen.page.evaluate(DROP, ["dropped.txt", Path(listing(tmp_path, "x.txt", paper("Sorb"))).read_text()])
    assert over(seen)["added"] == 1
    seen.page.get_by_role("tab", name="Ask").click()
    seen["#current .welcome"].get_by_text(f"Ask about the {total} papers here").wait_for()
    seen.page.get_by_role("tab", name="Papers", exact=True).click()
    seen["#found"].get_by_text(f"{total} papers here").wait_for()
    assert any(title.startswith("Sorb") for title in seen.texts("#found .titles button"))
    seen.page.get_by_role("tab", name="Ask").click()
    seen.ask("What is Sorb?")
    assert seen.texts("#current .said h3")[0].startswith("Sorb")


@pytest.fixture
def go_on(served: Served, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Set it to let the ingest of papers go on after its first step."""
    going, ingest = threading.Event(), served.assistant.ingest

    def slowly(*paths: Path, progress: Any, **_: object) -> Any:
        def slow(stage: str, done: int, total: int) -> None:
            progress(stage, done, total)
            going.wait(20)

        return ingest(*paths, progress=slow)

    monkeypatch.setattr(served.assistant, "ingest", slowly)
    yield going
    going.set()


def test_the_conversation_goes_on_while_files_are_added(seen: Visit, go_on: threading.Event, tmp_path: Path) -> None:
    seen.page.set_input_files("#files", listing(tmp_path, "slow.txt", paper("Loquat")))
    seen["#batch progress"].wait_for()
    assert seen.texts("#batch .going") == ["Reading 0 of 1 passages"]
    assert seen["#files"].is_disabled()
    seen.page.get_by_role("tab", name="Ask").click()
    seen.ask("What is PearRank?")
    assert seen.texts("#current .said h3") == [PAIRS[0][0]]
    assert seen["#batch progress"].count() == 1
    seen.open()  # after a return the progress is shown
    seen.page.get_by_role("tab", name="Add papers").click()
    seen["#batch progress"].wait_for()
    assert seen["#files"].is_disabled()
    go_on.set()
    assert over(seen)["added"] == 1
    assert seen["#files"].is_enabled()


def test_typed_text_stays_when_papers_are_added(seen: Visit, go_on: threading.Event, tmp_path: Path) -> None:
    seen.page.set_input_files("#files", listing(tmp_path, "typing.txt", paper("Salak")))
    seen["#batch progress"].wait_for()
    seen.page.get_by_role("tab", name="Ask").click()
    before = seen["#current .welcome h2"].inner_text()
    seen.page.fill("#question textarea", "Half a ques")
    go_on.set()
    seen.page.wait_for_function("old => document.querySelector('.welcome h2').textContent !== old", arg=before)
    assert seen["#question textarea"].input_value() == "Half a ques"


def test_other_users_do_not_see_the_ingest(seen: Visit, served: Served, chromium: Any, tmp_path: Path) -> None:
    seen.page.set_input_files("#files", listing(tmp_path, "mine.txt", paper("Feijoa")))
    over(seen)
    other = Visit(chromium, served.url)
    other.page.get_by_role("tab", name="Add papers").click()
    other["#files"].wait_for(state="attached")
    assert other["#batch .intake"].count() == 0
    other.context.close()


def test_a_hostile_listing_is_text(seen: Visit, tmp_path: Path) -> None:
    seen.page.set_input_files("#files", listing(tmp_path, "gremlins.txt", *HOSTILE[:4]))
    over(seen)
    assert seen["#adding :is(img, script, iframe, style, form)"].count() == 0
    assert seen.page.evaluate("window.hit") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault_and_it_fits_a_phone(seen: Visit, scheme: str, tmp_path: Path) -> None:
    seen.page.emulate_media(color_scheme=scheme)
    broken = tmp_path / f"{'a-long-name-' * 4}{scheme}.txt"
    broken.write_bytes(BROKEN)
    seen.page.set_input_files("#files", [str(broken)])
    assert over(seen)["rejected"] == 2
    for width in (1200, 360):
        seen.page.set_viewport_size({"width": width, "height": 740})
        faults = seen.judged().response["violations"]
        assert [(fault["id"], [node["target"] for node in fault["nodes"]]) for fault in faults] == []
        assert seen.page.evaluate("document.documentElement.scrollWidth") == width
