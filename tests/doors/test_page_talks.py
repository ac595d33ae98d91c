"""The list of conversations, feedback and the log-in in a real browser: what is saved, and for whom."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.doors import web
from assistant.people.accounts import Accounts
from assistant.people.conversations import Conversations
from assistant.people.feedback import cases

from ..pages import Served, serving
from ..papers import PAIRS
from .test_page import ELSEWHERE, FOREIGN, Visit, chromium, pytestmark

__all__ = ["chromium", "pytestmark"]
PEAR, STORM = "What is PearRank?", "What is Ragnarök?"
PASSWORD = "a battery of horses"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("talks") / "home"


@pytest.fixture(scope="module")
def served(home: Path) -> Iterator[Served]:
    with serving(home, PAIRS) as page:
        yield page


@pytest.fixture
def seen(chromium: Any, served: Served) -> Iterator[Visit]:
    """A first visit; no request to other sites, no error may have happened at the end."""
    visit = Visit(chromium, served.url)
    yield visit
    assert visit.elsewhere == []
    assert visit.errors == []
    visit.context.close()


def draw(seen: Visit) -> None:
    """Open the list of conversations."""
    seen.page.get_by_role("button", name="Your conversations").click()
    seen["#drawer nav"].wait_for()


def titles(seen: Visit, *wanted: str) -> None:
    """Wait until the list has exactly these."""
    listed = (
        "wanted => JSON.stringify([...document.querySelectorAll('#drawer .title')].map(e => e.innerText)) === wanted"
    )
    seen.page.wait_for_function(listed, arg=json.dumps(wanted, ensure_ascii=False, separators=(",", ":")))


def more(seen: Visit, title: str, deed: str) -> None:
    """Open the options of a conversation and choose one."""
    seen.page.get_by_role("button", name=f"Options for “{title}”").click()
    seen["#drawer .deeds:visible"].get_by_text(deed, exact=True).click()


# -- the drawer


def test_conversations_are_listed_by_day_and_opened_with_their_evidence(seen: Visit) -> None:
    seen.ask("How does PearRank differ from Ragnarök?")
    seen.ask("and how many parameters does the first have?")
    before = seen.texts("#thread .answer"), seen.texts("#evidence .card h3"), seen.texts("#thread .reference")
    seen.page.get_by_role("button", name="New conversation").click()
    seen["#current .welcome"].wait_for()
    draw(seen)
    titles(seen, "How does PearRank differ from Ragnarök?")
    assert seen["#drawer [aria-current]"].count() == 0
    seen.ask(STORM)
    titles(seen, STORM, "How does PearRank differ from Ragnarök?")
    assert seen.texts("#drawer h3") == ["Today"]
    assert seen.texts("#drawer [aria-current]") == [STORM]
    seen["#drawer .title"].last.click()
    seen["#past .answer"].wait_for()
    assert (seen.texts("#thread .answer"), seen.texts("#evidence .card h3"), seen.texts("#thread .reference")) == before
    seen["#past .reference"].first.click()
    seen["#evidence .evidence[data-turn='1'] mark.now"].first.wait_for()
    seen.ask("and how many points does it gain?")
    assert {title.split(":")[0] for title in seen.texts("#current .said h3")} == {"PearRank"}
    titles(seen, "How does PearRank differ from Ragnarök?", STORM)
    seen.page.reload()
    seen["#current .answer"].wait_for()
    assert len(seen.texts(".question")) == 3
    titles(seen, "How does PearRank differ from Ragnarök?", STORM)  # the drawer stays open, too


def test_a_conversation_is_renamed_by_keyboard_and_back_to_its_first_question(seen: Visit) -> None:
    seen.ask(PEAR)
    draw(seen)
    titles(seen, PEAR)
    more(seen, PEAR, "Rename")
    seen.page.keyboard.type("Lost")
    seen.page.keyboard.press("Escape")
    titles(seen, PEAR)
    more(seen, PEAR, "Rename")
    seen.page.keyboard.type("Pears, mostly")
    seen.page.keyboard.press("Enter")
    titles(seen, "Pears, mostly")
    seen.page.wait_for_function("document.activeElement.classList.contains('title')")
    more(seen, "Pears, mostly", "Rename")
    seen.page.keyboard.press("Delete")
    seen.page.keyboard.press("Enter")
    titles(seen, PEAR)
    assert seen.texts("#current .question") == [PEAR]


def test_a_conversation_is_deleted_once_that_is_confirmed(seen: Visit) -> None:
    seen.ask(PEAR)
    address = seen.page.url.removeprefix(seen.url)
    draw(seen)
    titles(seen, PEAR)
    more(seen, PEAR, "Delete")
    seen.page.keyboard.press("Enter")  # the focus is on "Cancel"
    titles(seen, PEAR)
    more(seen, PEAR, "Delete")
    seen["#drawer .erasing:visible"].get_by_text("Delete", exact=True).click()
    titles(seen)
    seen["#current .welcome"].wait_for()
    assert "Your conversations are saved here" in seen["#drawer"].inner_text()
    seen.open(address)
    assert seen.texts(".question") == []


def test_a_conversation_is_downloaded_as_a_file(seen: Visit) -> None:
    seen.ask(PEAR)
    draw(seen)
    titles(seen, PEAR)
    for kind, name in {"md": "Markdown", "json": "JSON"}.items():
        with seen.page.expect_download() as saving:
            more(seen, PEAR, name)
        assert re.fullmatch(rf"PearRank-\d{{4}}-\d\d-\d\d\.{kind}", saving.value.suggested_filename)
        text = Path(saving.value.path()).read_text(encoding="utf-8")
        if kind == "md":
            assert text.startswith("# What is PearRank?\n\n## What is PearRank?\n\n*")
        else:
            (turn,) = json.loads(text)["turns"]
            assert turn["question"] == PEAR
        seen["#drawer h2"].click()
        seen.page.get_by_role("button", name=f"Options for “{PEAR}”").click()


def test_a_restart_of_the_server_keeps_everything(chromium: Any, tmp_path: Path) -> None:
    with serving(tmp_path / "home", PAIRS) as first:
        visit = Visit(chromium, first.url)
        visit.ask(PEAR)
        visit["#current .thumb.up"].click()
        visit["#current .thumb.up[aria-pressed=true]"].wait_for()
        answer, talk = visit.texts("#current .answer"), visit.page.url.removeprefix(first.url)
        visit.page.goto("about:blank")  # an open page would go on asking the first server
    with serving(tmp_path / "home", PAIRS) as second:  # on another port, which cookies ignore
        visit.url = second.url
        visit.open(talk)
        visit["#current .answer"].wait_for()
        assert visit.texts("#current .answer") == answer
        assert visit["#current .thumb.up[aria-pressed=true]"].count() == 1
        visit.ask("and what does it gain?")
        assert {title.split(":")[0] for title in visit.texts("#current .said h3")} == {"PearRank"}
        draw(visit)
        titles(visit, PEAR)
        assert visit.elsewhere == []
        visit.context.close()


def test_two_people_have_separate_lists(chromium: Any, seen: Visit, served: Served) -> None:
    other = Visit(chromium, served.url)
    for one, question in ((seen, PEAR), (other, STORM)):
        one.page.fill("#question textarea", question)
        one.page.keyboard.press("Enter")
    for one, question in ((seen, PEAR), (other, STORM)):
        one.answered(question)
        draw(one)
        titles(one, question)
    (link,) = seen["#drawer a[href$='.json']"].all()
    address = seen.url + str(link.get_attribute("href"))
    assert seen.page.request.get(address).status == 200
    assert other.page.request.get(address).status == 404
    other.context.close()


def test_a_hostile_title_is_text(seen: Visit) -> None:
    question = "What is PearRank <img src=x onerror=window.hit=1>?"
    seen.ask(question)
    draw(seen)
    titles(seen, question)
    for text in (*FOREIGN, "\u202eevil"):
        before = seen["#drawer .title"].inner_text()
        seen["#drawer [data-do=more]"].click()
        seen["#drawer .deeds:visible"].get_by_text("Rename").click()
        seen.page.keyboard.type(text[:70])
        seen.page.keyboard.press("Enter")
        seen.page.wait_for_function("was => document.querySelector('#drawer .title').innerText !== was", arg=before)
        shown = seen["#drawer .title"].inner_text()
        assert shown.rstrip("…") in " ".join(text.split()).replace("\u202e", ""), shown
        inside = (
            "#drawer :is(img, script, form, iframe, svg, style, base, meta, object, link, b, strong, code, textarea)"
        )
        assert seen[inside].count() == 0
        assert seen["#drawer [onerror]"].count() == 0
    assert seen.page.evaluate("window.hit") is None
    assert ELSEWHERE not in str(seen.elsewhere)


# -- thumbs


def test_a_thumb_and_a_comment_are_saved_with_the_answer_and_can_be_changed(seen: Visit, home: Path) -> None:
    seen.ask(PEAR)
    seen.ask("What does ZorbNet do?")
    seen["#past .thumb.up"].click()
    seen["#past .thumb.up[aria-pressed=true]"].wait_for()
    seen["#past .comment textarea"].fill("It names <b>the</b> labels.")
    seen["#past"].get_by_role("button", name="Save comment").click()
    seen["#past .remarked"].wait_for()
    assert seen.texts("#past .remarked") == ["It names <b>the</b> labels."]
    seen["#current .thumb.up"].click()
    seen["#current .thumb.up[aria-pressed=true]"].wait_for()
    seen["#current .thumb.down"].click()
    seen["#current .thumb.down[aria-pressed=true]"].wait_for()
    assert seen["#current .thumb[aria-pressed=true]"].count() == 1
    seen.page.reload()
    seen["#current .thumb.down[aria-pressed=true]"].wait_for()
    assert seen.texts("#past .remarked") == ["It names <b>the</b> labels."]

    conversations = Conversations(home)
    rated = [kept for _, kept in conversations.rated() if kept.turn.question in (PEAR, "What does ZorbNet do?")]
    (good,) = (kept for kept in rated if kept.thumb and kept.thumb.comment)
    assert [cited.passage.title for claim in good.turn.answer.claims for cited in claim.citations]
    exported = cases(conversations.rated())
    conversations.close()
    assert any("It names <b>the</b> labels." in case["note"] for case in exported.ready)
    assert any("ZorbNet" in case["question"] for case in exported.unfinished)

    seen["#current .thumb.down"].click()
    seen["#current .thumb.down[aria-pressed=false]"].wait_for()
    assert seen["#current .thumb[aria-pressed=true]"].count() == 0


# -- for everybody


def test_axe_finds_no_fault_in_the_drawer(seen: Visit) -> None:
    seen.ask(PEAR)
    draw(seen)
    titles(seen, PEAR)
    seen["#current .thumb.up"].click()
    seen["#current .comment textarea"].wait_for()
    for scheme, deed in (("light", "more"), ("dark", "naming"), ("light", "erasing")):
        seen.page.emulate_media(color_scheme=scheme)
        seen.page.evaluate(f"document.querySelector('#drawer [data-do={deed}]').click()")
        faults = seen.judged().response["violations"]
        assert [(fault["id"], [node["target"] for node in fault["nodes"]]) for fault in faults] == []


def test_on_a_phone_the_drawer_is_hidden_and_closes_after_use(seen: Visit) -> None:
    seen.page.set_viewport_size({"width": 360, "height": 740})
    seen.ask(PEAR)
    seen.page.get_by_role("button", name="New conversation").click()
    seen["#current .welcome"].wait_for()
    assert not seen["#drawer"].is_visible()
    draw(seen)
    assert seen.page.evaluate("document.documentElement.scrollWidth") == 360
    seen.page.keyboard.press("Escape")
    seen["#drawer nav"].wait_for(state="hidden")
    draw(seen)
    seen.page.wait_for_timeout(500)  # the list is drawn anew when the drawer opens, and a click on the old one is lost
    seen["#drawer .title"].click()
    seen["#current .answer"].wait_for()
    assert not seen["#drawer"].is_visible()


# -- log-in


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The page for ann and bob only."""
    folder = tmp_path_factory.mktemp("guarded") / "home"
    accounts = Accounts(folder)
    for name in ("ann", "bob"):
        accounts.add_user(name, f"{PASSWORD}, {name}")
    accounts.close()
    with serving(folder, PAIRS, web.Rules(login=True)) as page:
        yield page


@pytest.fixture
def stranger(chromium: Any, guarded: Served) -> Iterator[Any]:
    context = chromium.new_context(viewport={"width": 1200, "height": 800})
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto(guarded.url)
    yield page
    context.close()


def log_in(page: Any, name: str, password: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def test_a_log_in_is_required_and_does_not_say_which_part_is_wrong(stranger: Any, guarded: Served) -> None:
    assert stranger.url == f"{guarded.url}/login"
    alerts = []
    for name, password in (("ann", "a battery of mules"), ("nobody <b>", PASSWORD)):
        log_in(stranger, name, password)
        alerts.append(stranger.get_by_role("alert").inner_text())
        assert stranger.get_by_label("Name").input_value() == name
        assert stranger.get_by_label("Password").input_value() == ""
    assert alerts == ["Wrong name or password."] * 2
    for scheme in ("light", "dark"):
        stranger.emulate_media(color_scheme=scheme)
        assert axe_of(stranger) == []
    log_in(stranger, "Ann", f"{PASSWORD}, ann")
    stranger.wait_for_selector(".welcome")
    stranger.fill("#question textarea", "What is nobody else's business?")
    stranger.get_by_role("button", name="Log out").click()
    stranger.wait_for_url("**/login")
    stranger.goto(guarded.url)
    assert stranger.url == f"{guarded.url}/login"
    log_in(stranger, "bob", f"{PASSWORD}, bob")
    stranger.wait_for_selector("#current [data-talk]")
    assert stranger.input_value("#question textarea") == ""


def axe_of(page: Any) -> list[str]:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    return [fault["id"] for fault in axe.Axe().run(page).response["violations"]]


def test_a_users_conversations_are_in_all_of_their_browsers(chromium: Any, stranger: Any, guarded: Served) -> None:
    log_in(stranger, "ann", f"{PASSWORD}, ann")
    stranger.wait_for_selector("#current .welcome")
    for number, question in enumerate((PEAR, STORM), start=1):
        stranger.fill("#question textarea", question)
        stranger.keyboard.press("Enter")
        stranger.wait_for_selector(f"#current [data-turn='{number}'] .opinion")
    address = stranger.url

    elsewhere = chromium.new_context().new_page()
    elsewhere.goto(address)
    assert "talk=" in elsewhere.url
    log_in(elsewhere, "ann", f"{PASSWORD}, ann")
    elsewhere.wait_for_selector("#current .answer")
    assert elsewhere.url == address
    assert elsewhere.locator("#past .question").all_inner_texts() == [PEAR]

    bob = chromium.new_context().new_page()
    bob.goto(address)
    log_in(bob, "bob", f"{PASSWORD}, bob")
    bob.wait_for_selector("#current .welcome")
    bob.get_by_role("button", name="Your conversations").click()
    assert "Logged in as bob" in bob.wait_for_selector("#drawer nav").inner_text()
    assert bob.locator("#drawer li").count() == 0
    for page in (elsewhere, bob):
        page.context.close()


def test_after_a_log_out_elsewhere_the_page_leads_to_the_log_in(stranger: Any, guarded: Served) -> None:
    log_in(stranger, "bob", f"{PASSWORD}, bob")
    stranger.wait_for_selector("#current .welcome")
    stranger.fill("#question textarea", PEAR)
    stranger.context.clear_cookies(name="assistant-login")  # the page's own requests may come first
    stranger.keyboard.press("Enter")
    stranger.wait_for_url("**/login")
