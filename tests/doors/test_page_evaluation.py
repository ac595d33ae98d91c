"""The evaluation in a real browser, to which a link leads: the last report with its plots, or how to make one."""

from __future__ import annotations

import contextlib
import importlib.util
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eval import doubles, plots
from eval.report import Report, to_text

from ..eval.test_report import HOSTILE, HOSTILE_SET, hostile, made
from ..pages import Served, serving
from ..papers import PAIRS
from .test_page import Visit, chromium, pytestmark

__all__ = ["chromium", "pytestmark"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that the server was started in."""
    folder = tmp_path_factory.mktemp("evaluation")
    with contextlib.chdir(folder):
        yield folder


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Served]:
    with serving(folder / "home", PAIRS[:1]) as page:
        yield page


@pytest.fixture(scope="module")
def visitor(chromium: Any, served: Served) -> Iterator[Visit]:
    visit = Visit(chromium, served.url)
    yield visit
    visit.context.close()


@pytest.fixture
def seen(visitor: Visit, folder: Path) -> Iterator[Visit]:
    """The page as on a first visit, without a report; no request to other sites, no error may have happened."""
    for path in folder.glob("reports/*/report.json"):
        path.unlink()
    visitor.begin_anew()
    visitor.open()
    yield visitor
    assert visitor.elsewhere == []
    assert visitor.errors == []


def write(folder: Path, report: Report, name: str = "one", *, at: int = 1000) -> None:
    path = folder / "reports" / name / "report.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(to_text(report), encoding="utf-8")
    os.utime(path, (at, at))


def show(seen: Visit) -> None:
    assert not seen.page.get_by_role("tab", name="Evaluation").is_visible()
    seen.page.get_by_role("button", name="How well this works").click()


def drawn(seen: Visit) -> int:
    """The number of plots, once all are drawn."""
    images = "[...document.querySelectorAll('.plots img')]"
    seen.page.wait_for_function(f"{images}.length && {images}.every((one) => one.complete && one.naturalWidth > 99)")
    return int(seen[".plots img"].count())


def unfaulted(seen: Visit) -> None:
    """Axe finds no fault, light or dark, and nothing is wider than a phone."""
    for scheme in ("light", "dark"):
        seen.page.emulate_media(color_scheme=scheme)
        for width in (1200, 360):
            seen.page.set_viewport_size({"width": width, "height": 740})
            faults = seen.judged().response["violations"]
            assert [(fault["id"], [node["target"] for node in fault["nodes"]]) for fault in faults] == []
            assert seen.page.evaluate("document.documentElement.scrollWidth") == width


def test_without_a_report_it_says_how_to_make_one(seen: Visit) -> None:
    show(seen)
    seen["#report"].get_by_text("No evaluation yet").wait_for()
    assert seen.texts("#report code") == ["assistant eval"]
    unfaulted(seen)


def test_the_last_report_is_shown_with_tables_and_plots(seen: Visit, folder: Path) -> None:
    report = made(doubles.everything)
    write(folder, report)
    show(seen)
    assert drawn(seen) == len(plots.plots(report)) == 4
    assert seen["#report h2"].inner_text() == "Evaluation: a name"
    assert seen.texts("#report > * details > summary")[: len(report.tables)] == [t.heading for t in report.tables]
    figures = dict(zip(seen.texts("#report .counts dt"), seen.texts("#report .counts dd"), strict=True))
    assert figures["citation F1"] == f"{report.rows[0].intervals['f1'].mean:.2f}"  # type: ignore[union-attr]
    cells = seen.page.locator("#report td").all_text_contents()
    assert cells == [cell for table in report.tables for row in table.rows for cell in row]
    unfaulted(seen)


def test_a_newer_report_is_there_when_the_tab_is_opened_again(seen: Visit, folder: Path) -> None:
    write(folder, made(), at=1000)
    show(seen)
    drawn(seen)
    seen.page.get_by_role("tab", name="Ask").click()
    write(folder, replace(made(), name="another"), "two", at=2000)
    show(seen)
    seen["#report"].get_by_text("Evaluation: another").wait_for()


def test_a_report_of_hostile_answers_is_text(seen: Visit, folder: Path) -> None:
    write(folder, replace(made(hostile, HOSTILE_SET), name=HOSTILE, problems=(HOSTILE,)))
    show(seen)
    drawn(seen)
    assert HOSTILE in seen["#report h2"].inner_text()
    assert seen["#report :is(script, iframe, form, a, svg), #report img:not(.plots img)"].count() == 0
    assert seen["#report .missed > li"].count() == sum(bool(case.misses) for case in made(hostile, HOSTILE_SET).cases)


def test_an_unreadable_report_is_reported(seen: Visit, folder: Path) -> None:
    write(folder, made())
    (folder / "reports/one/report.json").write_text("{", encoding="utf-8")
    show(seen)
    seen["#report"].get_by_text("The last report cannot be read").wait_for()
    assert "report.json, line 1: is not JSON" in seen["#report"].inner_text()


def test_without_matplotlib_the_tables_are_still_there(
    seen: Visit, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "matplotlib" else find_spec(name))
    write(folder, made(), at=5000)
    show(seen)
    seen["#report"].get_by_text("There are no plots.").wait_for()
    assert "paper-assistant[eval]" in seen["#report"].inner_text()
    assert seen["#report table"].count() > 3
