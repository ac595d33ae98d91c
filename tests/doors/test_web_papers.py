"""The tab "Papers": its form, lists, papers and map as markup, and its events."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from assistant.chain import Assistant
from assistant.core.bibliography import Identifiers
from assistant.core.errors import LibraryBusy
from assistant.core.filters import Filter
from assistant.core.records import Paper
from assistant.doors.web import shelves
from assistant.doors.web.shelves import PAGE, PaperFilter
from assistant.index.atlas import Atlas, Cluster, Point
from assistant.index.holdings import MOST_MATCHES, Holdings
from assistant.library.merging import Difference
from assistant.library.papers import Library
from assistant.people.accounts import Accounts

from ..pages import OFTEN, Served, Visitor, serving
from ..papers import PAIRS, write_listing

LISTINGS = {"a.txt": "Mar 11", "b.txt": "Mar 9", "c.txt": ""}
PEAR = Paper("Pears", "Pears fall. They fall far.", "https://example.org/pears", "", ("a.txt", "c.txt"))
PLUM = Paper("Plums", "Plums stay.", "", "2024-05-06", ("b.txt",))
HOSTILE = (
    "<script>alert(1)</script>\"'&",
    "<img src=//elsewhere.example onerror=alert(1)>",
    '" onclick="alert(1)" x="',
    "</title></svg><iframe>",
    "\u202eevil\x1b[31m",
)
TAGS = {
    *("article", "button", "datalist", "div", "form", "g", "h2", "input", "label", "li", "option", "p", "select"),
    *("small", "span", "svg", "output", "circle", "title", "ul", "a"),
}


def text(markup: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", markup).split())


def elements(markup: str) -> list[ElementTree.Element]:
    """All elements, parsed strictly: markup that a text has broken does not parse."""
    closed = re.sub(r"(<input[^>]*)>", r"\1/>", str(markup).replace(" hidden>", ' hidden="">'))
    return list(ElementTree.fromstring(f"<all>{closed}</all>").iter())[1:]


def ids(markup: str) -> list[str]:
    return re.findall(r'data-paper="([^"]*)"', markup)


def papers(count: int) -> list[Paper]:
    return [Paper(f"Pear number {n}", "It falls.", sources=("a.txt",)) for n in range(count)]


# -- the form


def test_the_form_offers_the_listings_and_the_dates_in_order() -> None:
    dated = [Paper("x", "y", published=date) for date in ("Mar 9", "", "2024-05-06", "some day")]
    form = shelves.search(dated, LISTINGS, 7)
    assert re.findall(r'<option value="([^"]*)">([^<]+)<', form) == [
        ("", "All listings"),
        ("a.txt", "Mar 11 (a.txt)"),
        ("b.txt", "Mar 9 (b.txt)"),
        ("c.txt", "c.txt"),
    ]
    assert re.findall(r'<option value="([^"]*)"></option>', form) == ["Mar 9", "Mar 11", "2024-05-06"]
    assert 'data-revision="7"' in form
    assert [e.get("name") for e in elements(form) if e.get("name")] == ["words", "listing", "since", "until"]


def test_the_form_has_no_field_without_choices() -> None:
    form = shelves.search([Paper("x", "y")], {"a.txt": ""}, 1)
    assert [e.get("name") for e in elements(form) if e.get("name")] == ["words"]


def test_the_form_asks_for_authors_and_venues_where_papers_have_any() -> None:
    form = shelves.search([Paper("x", "y", authors=("Ivy Moss",), venue="ACL", year=2024)], {}, 1)
    names = [e.get("name") for e in elements(form) if e.get("name")]
    assert names == ["words", "since", "until", "author", "venue"]


# -- the list


def test_a_list_counts_its_papers_and_opens_each() -> None:
    shown = shelves.listed([PEAR, PLUM], PaperFilter(), LISTINGS)
    assert text(shown).startswith("2 papers here")
    assert text(shown).endswith("Pears Mar 11 Plums 2024-05-06")
    assert ids(shown) == [PEAR.id, PLUM.id]
    assert "data-found" not in shown


def test_questions_can_be_limited_to_papers_that_pass_a_filter() -> None:
    assert 'data-do="narrow"' in shelves.listed([PEAR], PaperFilter(where=Filter(since="Mar 1")), LISTINGS)
    assert 'data-do="narrow"' not in shelves.listed([PEAR], PaperFilter(words="pear"), LISTINGS)


def test_a_paper_is_shown_with_its_authors_and_where_it_is() -> None:
    ids = Identifiers(doi="10.1234/5", arxiv="2401.01234")
    paper = Paper("Pears", "They fall.", authors=("Ivy Moss",), year=2024, venue="ACL", identifiers=ids)
    shown = shelves.opened(paper, {})
    assert "Pears Ivy Moss · 2024 · ACL They fall." in text(shown)
    assert re.findall(r'href="([^"]*)"', shown) == [
        "https://doi.org/10.1234/5",
        "https://arxiv.org/abs/2401.01234",
        "https://api.semanticscholar.org/DOI:10.1234/5",
    ]
    assert text(shelves.listed([paper], PaperFilter(), {})).endswith("Pears Moss, 2024")


@pytest.mark.parametrize(
    ("count", "wanted", "said"),
    [
        (0, PaperFilter(), "There are no papers here yet."),
        (0, PaperFilter(words="figs"), "No papers match."),
        (1, PaperFilter(where=Filter(source="a.txt")), "1 paper found"),
        (2, PaperFilter(words="  "), "2 papers here"),
        (MOST_MATCHES, PaperFilter(words="pear"), f"The {MOST_MATCHES} best matches"),
        (MOST_MATCHES, PaperFilter(where=Filter(since="Mar 1")), f"{MOST_MATCHES} papers found"),
        (1234, PaperFilter(), "1,234 papers here"),
    ],
)
def test_the_papers_found_are_counted(count: int, wanted: PaperFilter, said: str) -> None:
    assert text(shelves.listed(papers(count), wanted, LISTINGS)).startswith(said)


def test_a_long_list_is_shown_page_by_page() -> None:
    many = papers(PAGE + 7)
    first = shelves.listed(many, PaperFilter(), LISTINGS)
    assert len(ids(first)) == PAGE
    assert text(first).endswith("Show 7 more")
    (shown,) = re.findall(r'data-more="(\d+)"', first)
    second = shelves.listed(many, PaperFilter(shown=int(shown)), LISTINGS)
    assert (len(ids(second)), "more" in text(second)) == (PAGE + 7, False)


def test_the_list_gives_the_map_its_ids_unless_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    many = papers(PAGE + 7)
    (highlighted,) = re.findall(
        r'data-found="([^"]*)"', shelves.listed(many, PaperFilter(where=Filter(since="Mar 1")), LISTINGS)
    )
    assert highlighted.split() == [paper.id for paper in many]
    monkeypatch.setattr(shelves, "LIT", PAGE)
    assert "data-found" not in shelves.listed(many, PaperFilter(where=Filter(since="Mar 1")), LISTINGS)


# -- one paper, and the chosen ones


def test_an_open_paper_says_where_its_sources_differ() -> None:
    differing = [
        Difference("year", (("a.txt", "2023"), ("c.txt", "2024"))),
        Difference("venue", (("a.txt", "arXiv"), ("c.txt", "<b>ACL</b>"))),
        Difference("abstract", (("a.txt", "Pears fall."), ("c.txt", "Pears fall far."))),
    ]
    shown = shelves.opened(PEAR, LISTINGS, differing)
    assert "Its sources differ in year, venue and abstract Year Mar 11 (a.txt) 2023 c.txt 2024 Venue" in text(shown)
    assert "<b>ACL" not in shown
    assert "differ" not in shelves.opened(PEAR, LISTINGS)


def test_an_open_paper_is_complete_and_can_be_asked_about() -> None:
    shown = shelves.opened(PEAR, LISTINGS)
    assert text(shown) == (
        "Pears Pears fall. They fall far. In Mar 11 (a.txt), c.txt Open online Ask about this paper Close"
    )
    assert ids(shown) == [PEAR.id]
    assert 'href="https://example.org/pears"' in shown
    assert "Published 2024-05-06" in text(shelves.opened(PLUM, LISTINGS))
    assert "In " not in text(shelves.opened(Paper("Figs", "Figs."), LISTINGS))


def test_an_open_paper_can_be_removed_with_permission() -> None:
    assert "Remove" not in shelves.opened(PEAR, LISTINGS)
    shown = shelves.opened(PEAR, LISTINGS, removable=True)
    assert text(shown).endswith(
        "Close Remove Remove this paper for everyone? Answers that cite it will not change. Remove it Cancel"
    )
    assert '<p class="removing" hidden>' in shown


def test_chosen_papers_can_be_deselected() -> None:
    assert shelves.chips([]) == ""
    limited = shelves.chips([], Filter(since="2023", authors=("Moss",)))
    assert text(limited).startswith("Your questions are limited to papers since 2023, by Moss")
    assert ids(limited) == [""]
    assert text(shelves.chips([PEAR])).startswith("Your questions are limited to this paper: Pears")
    shown = shelves.chips([PEAR, PLUM])
    assert text(shown).startswith("Your questions are limited to these 2 papers:")
    assert ids(shown) == [PEAR.id, PLUM.id]
    assert 'aria-label="No longer limit questions to Plums"' in shown


# -- the map

ATLAS = Atlas(
    (Point(PEAR.id, 0.0, 0.2, 0), Point(PLUM.id, 1.0, 0.7, 1)),
    (Cluster("pears, orchards", 0.0, 0.2, 1), Cluster("plums", 1.0, 0.7, 1)),
)


def test_a_paper_is_a_circle_that_names_it() -> None:
    shown = shelves.chart(ATLAS, {PEAR.id: "Pears", PLUM.id: "Plums"}, 3)
    circles = [e for e in elements(shown) if e.tag == "circle"]
    assert {e.get("data-paper"): (e.get("cx"), e.get("cy"), e[0].text) for e in circles} == {
        PEAR.id: ("0", "0", "Pears"),
        PLUM.id: ("1000", "500", "Plums"),
    }
    assert 'viewBox="-30 -30 1060 560"' in shown
    assert 'aria-label="Map of 2 papers; ' in shown
    assert 'data-revision="3"' in shown


def test_circles_stand_by_cluster() -> None:
    groups = [e for e in elements(shelves.chart(ATLAS, {}, 1)) if e.tag == "g"]
    assert [(e.get("style"), [c.get("data-paper") for c in e]) for e in groups] == [
        ("--cluster: 0", [PEAR.id]),
        ("--cluster: 1", [PLUM.id]),
    ]


def test_labels_are_over_their_clusters_and_within_the_map() -> None:
    labels = [e for e in elements(shelves.chart(ATLAS, {}, 1)) if e.tag == "li"]
    assert [[line.text for line in e] for e in labels] == [["pears", "orchards"], ["plums"]]
    places = [tuple(map(float, re.findall(r"([\d.]+)%", e.get("style") or ""))) for e in labels]
    assert all(2 < x < 98 for x, _ in places), "a label hangs over the edge"
    assert places[0][1] == pytest.approx(100 * 30 / 560, abs=0.1)


def test_a_label_never_covers_another() -> None:
    here = [Cluster(f"cluster {n}", 0.5, 0.5, 10 - n) for n in range(9)]
    points = tuple(Point(f"{n}", n / 9, n / 9, n) for n in range(9))
    labels = [e for e in elements(shelves.chart(Atlas(points, tuple(here)), {}, 1)) if e.tag == "li"]
    tops = sorted(float(re.findall(r"top: ([\d.]+)%", e.get("style") or "")[0]) for e in labels)
    assert 1 < len(labels) < 9
    assert all(b - a > 3 for a, b in itertools.pairwise(tops))
    assert labels[0][0].text == "cluster 0"


def test_papers_beyond_the_limit_are_counted_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelves, "MOST_CIRCLES", 1)
    shown = shelves.chart(ATLAS, {}, 1)
    assert ids(shown) == [min(PEAR.id, PLUM.id)]
    assert text(shown).endswith("1 more paper not drawn.")


def test_an_empty_map_says_so() -> None:
    assert text(shelves.chart(Atlas(), {}, 1)) == "There are no papers to map yet."


def test_a_very_long_title_is_cut() -> None:
    assert len(shelves.chart(ATLAS, {PEAR.id: "x" * 100_000}, 1)) < 5000


# -- text is never markup


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_is_shown_and_does_nothing(hostile: str) -> None:
    paper = Paper(hostile, hostile, hostile, hostile, (hostile,))
    listings = {hostile: hostile, "a.txt": "Mar 1"}
    atlas = Atlas((Point(hostile, 0.5, 0.5, 0),), (Cluster(hostile, 0.5, 0.5, 1),))
    for shown in (
        shelves.search([paper], listings, 1),
        shelves.listed([paper], PaperFilter(words=hostile), listings),
        shelves.opened(paper, listings),
        shelves.chips([paper]),
        shelves.message(hostile),
        shelves.chart(atlas, {hostile: hostile}, 1),
    ):
        for element in elements(shown):
            assert element.tag in TAGS
            assert not [name for name in element.attrib if name.startswith("on") or name == "src"]
            assert not (element.get("href") or "").startswith(("javascript", "data", "//"))
        assert "\x1b" not in shown
        assert "\u202e" not in shown


# -- the tab


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("papers") / "home", PAIRS) as page:
        yield page


def visit(served: Served, component: str, event: str, about: object, data: tuple[object, ...] = ()) -> list[str]:
    """The outputs that a visitor gets on one event."""

    async def scene() -> list[str]:
        visitor = await Visitor.arrive(served.url)
        outputs = await visitor.does(component, event, data, about)
        await visitor.leave()
        return [str(part) for part in outputs]

    return asyncio.run(scene())


def test_the_tab_opens_with_the_form_and_every_paper(served: Served) -> None:
    form, papers = visit(served, "search", "apply", {"revision": ""})
    assert 'role="search"' in form
    assert f"{len(PAIRS)} papers here" in papers
    state = re.findall(r'data-revision=\\?"([^"\\]+)', form)[0]
    again, _ = visit(served, "search", "apply", {"revision": state})
    assert "form" not in again, "a form in use is not replaced"


def test_papers_are_searched_by_words_listing_and_days(served: Served) -> None:
    (listed,) = visit(served, "search", "submit", {"words": "shovels", "until": "Mar 11"})
    assert "Snow Compression with Learned Shovels" in listed
    assert "1 paper found" in listed
    for about, said in (
        ({"since": "soon"}, "&#39;soon&#39; is no date"),
        ({"listing": "z.txt"}, "No listing here is called &#39;z.txt&#39;"),
        ({"words": "shovels", "since": "Mar 12"}, "No papers match."),
        ({"shown": "-1"}, f"{len(PAIRS)} papers here"),
        ({"shown": "9" * 400, "words": ["x"], "until": {"a": 1}}, "is no date"),
    ):
        (listed,) = visit(served, "search", "submit", about)
        assert said in listed, listed


def test_a_paper_is_opened_and_closed_again(served: Served) -> None:
    title, abstract = PAIRS[0]
    (shown,) = visit(served, "search", "select", {"paper": Paper(title, abstract).id})
    assert title in shown
    assert abstract in shown
    assert visit(served, "search", "select", {"paper": ""}) == [""]
    (gone,) = visit(served, "search", "select", {"paper": "0" * 16})
    assert "This paper is no longer here." in gone


def test_papers_can_be_removed_at_this_machine_or_by_a_logged_in_user(tmp_path: Path) -> None:
    paper = Paper(*PAIRS[0])

    def removed(page: Served, filled: dict[str, str] | None = None, headers: dict[str, str] | None = None) -> str:
        async def scene() -> str:
            visitor = await Visitor.arrive(page.url, filled)
            visitor.bear(headers or {})
            (opened,) = await visitor.does("search", "select", [], {"paper": paper.id})
            shown = await visitor.does("search", "delete", [], {"paper": paper.id})
            await visitor.leave()
            assert ('data-do="remove"' in str(opened)) == ("Removed:" in str(shown[0]))
            return str(shown)

        return asyncio.run(scene())

    proxied = {"x-forwarded-for": "192.0.2.7"}
    with serving(tmp_path / "open", PAIRS) as page:
        assert "Papers can be removed only by a logged-in user" in removed(page, headers=proxied)
        assert page.assistant.status().papers == len(PAIRS)
        shown = removed(page)
        assert f"{len(PAIRS) - 1} papers here" in shown
        assert page.assistant.status().papers == len(PAIRS) - 1
    with serving(tmp_path / "open", PAIRS, replace(OFTEN, nearby=False)) as page:
        assert "Papers can be removed only by a logged-in user" in removed(page)
    accounts = Accounts(tmp_path / "guarded")
    accounts.add_user("ann", "a battery of horses")
    accounts.close()
    with serving(tmp_path / "guarded", PAIRS, replace(OFTEN, login=True)) as page:
        assert "Removed:" in removed(page, {"name": "ann", "password": "a battery of horses"}, proxied)


def test_a_failed_removal_says_why(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: str) -> None:
        raise LibraryBusy("Another program is writing to this library. Try again in a minute.")

    monkeypatch.setattr(served.assistant, "remove", busy)
    shown, _ = visit(served, "search", "delete", {"paper": Paper(*PAIRS[0]).id})
    assert "Another program is writing to this library." in shown
    shown, _ = visit(served, "search", "delete", {"paper": "0" * 16})
    assert "This paper is no longer here." in shown


def test_the_map_is_drawn_once(served: Served) -> None:
    (shown,) = visit(served, "map", "apply", {"revision": ""})
    assert len(ids(shown)) == len(PAIRS)
    (again,) = visit(served, "map", "apply", {"revision": "1"})
    assert "circle" not in again


def test_questions_are_limited_to_the_chosen_papers(served: Served) -> None:
    kite = Paper(*PAIRS[6])

    async def scene() -> None:
        visitor, other = await Visitor.arrive(served.url), await Visitor.arrive(served.url)
        name, chip = await visitor.does("chip", "select", [None], {"paper": kite.id})
        assert "Your questions are limited to this paper" in str(chip)
        outputs = await visitor.does("question", "submit", ["What is PearRank?", name])
        assert "The chosen paper does not seem to say anything about that." in str(outputs[2])
        assert "Your questions are limited to this paper" in str(outputs[3])
        assert "PearRank learns" not in str(outputs)
        outputs = await other.does("question", "submit", ["What is PearRank?", name])
        assert "ranker that learns" in str(outputs[2]), "one person's choice limits another"
        (chip,) = await visitor.does("chip", "delete", [name], {"paper": kite.id})
        assert chip == ""
        outputs = await visitor.does("question", "submit", ["What is PearRank?", name])
        assert "ranker that learns" in str(outputs[2])
        for unknown in ("", "nothing of the kind"):
            _, chip = await visitor.does("chip", "select", [name], {"paper": unknown})
            assert chip == ""
        await visitor.leave()
        await other.leave()

    asyncio.run(scene())


def test_without_vectors_the_tab_says_why_there_is_no_map(tmp_path: Path) -> None:
    from assistant.doors.web.papers import PapersTab
    from assistant.doors.web.rules import ANYBODY
    from assistant.doors.web.shared import Services

    with Assistant(Holdings(Library(tmp_path / "home"), None)) as wordy:
        wordy.ingest(write_listing(tmp_path / "a.txt", PAIRS))
        services = Services(wordy, ANYBODY)
        tab = PapersTab.__new__(PapersTab)
        tab._services, tab._chart = services, (-1, "")
        assert text(tab._drawn()).startswith("There is no map: it is drawn from the papers&#39; vectors")
        services.close()
