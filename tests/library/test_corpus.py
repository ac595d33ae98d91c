"""corpus: two layouts in, papers out, and nothing lost without a word."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.core.records import Reject
from assistant.library.sources import place_of, read, source_names
from assistant.library.sources.listing import is_abstract, parse

from ..conftest import ROOT
from ..papers import PAIRS, listing_text, write_listing

SHARED = ROOT.parent / "shared" / "corpus"
TITLE = "Kites and Their Strings"
ABSTRACT = "We fly kites on strings of silk. The silk holds in every wind that we met."
LAYOUTS = pytest.mark.parametrize("layout", ["spaced", "glued"])


def pairs_of(data: bytes) -> list[tuple[str, str]]:
    return [(paper.title, paper.abstract) for paper in parse(data, "a.txt").papers]


def rejects_of(*body: str) -> list[tuple[int, str, str]]:
    """The rejects of a spaced listing whose body, from line 10 on, is these lines."""
    parsed = parse((listing_text([]) + "\n".join(body)).encode(), "a.txt")
    return [(reject.line, reject.reason, reject.text) for reject in parsed.rejects]


@LAYOUTS
def test_every_record_is_read_verbatim(listing: Callable[..., Path], layout: str) -> None:
    parsed = read(listing("mar.txt", layout=layout))
    assert [(paper.title, paper.abstract) for paper in parsed.papers] == list(PAIRS)
    assert {paper.sources for paper in parsed.papers} == {("mar.txt",)}
    assert (parsed.source, parsed.rejects) == ("mar.txt", ())


@pytest.mark.parametrize("date", ["Mar 11", "Sept. 3", "January 1, 2025", ""])
def test_the_date_of_the_header_is_the_label(date: str) -> None:
    parsed = parse(listing_text(PAIRS, date=date).encode(), "a.txt")
    assert (parsed.label, len(parsed.papers), parsed.rejects) == (date, len(PAIRS), ())


def test_the_glued_layout_has_no_label() -> None:
    assert parse(listing_text(PAIRS, layout="glued").encode(), "a.txt").label == ""


def test_a_listing_without_a_header_is_read_too() -> None:
    assert pairs_of(f"{TITLE}\n{ABSTRACT}\n".encode()) == [(TITLE, ABSTRACT)]


def test_a_byte_order_mark_is_not_part_of_the_first_title() -> None:
    assert pairs_of(b"\xef\xbb\xbf" + f"{TITLE}\n{ABSTRACT}\n".encode()) == [(TITLE, ABSTRACT)]


@pytest.mark.parametrize(
    "title", ["Subscriber Churn in Kite Clubs", "Subscribed Kites", "Subscription Models for Kites"]
)
def test_a_title_that_begins_like_the_header_is_a_title(title: str) -> None:
    assert pairs_of(f"{TITLE}\n{ABSTRACT}\n{title}\n{ABSTRACT}\n".encode()) == [(TITLE, ABSTRACT), (title, ABSTRACT)]


@LAYOUTS
@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(lambda text: b"\xef\xbb\xbf" + text.encode(), id="byte-order-mark"),
        pytest.param(lambda text: text.replace("\n", "\r\n").encode(), id="crlf"),
        pytest.param(lambda text: text.replace("\n", "\r").encode(), id="cr"),
        pytest.param(lambda text: text.replace("\n", " \t \n").encode(), id="trailing-spaces"),
        pytest.param(lambda text: text.replace("\n", "\n  ").encode(), id="leading-spaces"),
        pytest.param(lambda text: text.replace("\n", "\n\n\n").encode(), id="more-blank-lines"),
        pytest.param(lambda text: text.rstrip("\n").encode(), id="no-last-line-break"),
        pytest.param(lambda text: b"\xef\xbb\xbf" + text.replace("\n", " \r\n").encode(), id="all-of-windows"),
    ],
)
def test_bytes_that_differ_only_in_form_give_the_same_papers(layout: str, changed: Callable[[str], bytes]) -> None:
    parsed = parse(changed(listing_text(PAIRS, layout=layout)), "a.txt")
    assert [(paper.title, paper.abstract) for paper in parsed.papers] == list(PAIRS)
    assert parsed.rejects == ()


@pytest.mark.parametrize(
    "title", ["γ-MoD: Depth", "Ragnarök: Arena", "$VILA^2$: Villas", "R^2AG", "検索の研究", "What? Why!"]
)
def test_titles_survive(title: str) -> None:
    for layout in ("spaced", "glued"):
        assert pairs_of(listing_text([(title, ABSTRACT)], layout=layout).encode()) == [(title, ABSTRACT)]


def test_a_title_without_an_abstract_is_rejected_and_the_others_stay() -> None:
    body = (TITLE, ABSTRACT, "Lonely Title", "Second Title", ABSTRACT)
    parsed = parse((listing_text([]) + "\n".join(body)).encode(), "a.txt")
    assert [paper.title for paper in parsed.papers] == [TITLE, "Second Title"]
    reason = "what follows this title reads as a title, not an abstract"
    assert parsed.rejects == (Reject("a.txt", 12, reason, "Lonely Title"),)


@pytest.mark.parametrize(
    ("body", "line", "reason", "text"),
    [
        pytest.param((TITLE,), 10, "the file ends before this title's abstract", TITLE, id="title-at-the-end"),
        pytest.param(
            (ABSTRACT, TITLE, ABSTRACT), 10, "an abstract with no title before it", ABSTRACT, id="abstract-first"
        ),
        pytest.param(
            (TITLE, ABSTRACT, ABSTRACT),
            12,
            "an abstract with no title before it",
            ABSTRACT,
            id="two-abstracts-in-a-row",
        ),
        pytest.param(
            ("One Title", TITLE, ABSTRACT),
            10,
            "what follows this title reads as a title, not an abstract",
            "One Title",
            id="two-titles-in-a-row",
        ),
    ],
)
def test_a_reject_names_its_line_reason_and_text(body: tuple[str, ...], line: int, reason: str, text: str) -> None:
    assert rejects_of(*body) == [(line, reason, text)]


def test_a_line_too_long_for_a_title_or_an_abstract_is_rejected_alone() -> None:
    whole_text, no_title = f"{ABSTRACT} " * (1_000_000 // len(ABSTRACT)), "x" * 10_001
    body = "\n".join((TITLE, whole_text, no_title, "x" * 10_000, ABSTRACT))
    parsed = parse((listing_text([]) + body).encode(), "a.txt")
    assert [paper.title for paper in parsed.papers] == ["x" * 10_000]
    reason = f"the text after this title is longer than an abstract ({len(whole_text.strip()):,} characters)"
    assert parsed.rejects == (
        Reject("a.txt", 10, reason, f"{TITLE}\n{whole_text.strip()}"),
        Reject("a.txt", 12, "is longer than a title (10,001 characters)", no_title),
    )


def test_a_repeated_title_with_another_abstract_is_rejected() -> None:
    again = "We fly no kites at all. The wind has left us."
    body = (TITLE, ABSTRACT, TITLE.upper(), again, TITLE, ABSTRACT)
    parsed = parse((listing_text([]) + "\n".join(body)).encode(), "a.txt")
    assert [(paper.title, paper.abstract) for paper in parsed.papers] == [(TITLE, ABSTRACT)] * 2
    reason = "the same title stands at line 10 of this file already, with another abstract"
    assert parsed.rejects == (Reject("a.txt", 12, reason, f"{TITLE.upper()}\n{again}"),)


def test_an_abstract_that_looks_like_a_title_is_rejected_with_its_title() -> None:
    lines = [(line, text) for line, _, text in rejects_of(TITLE, "Coming Soon", "Other", ABSTRACT)]
    assert lines == [(10, TITLE), (11, "Coming Soon")]


def test_a_line_that_is_not_utf8_is_rejected_alone() -> None:
    data = listing_text(PAIRS[:1]).encode() + b"Caf\xe9\n" + f"{TITLE}\n{ABSTRACT}\n".encode()
    parsed = parse(data, "a.txt")
    assert [paper.title for paper in parsed.papers] == [PAIRS[0][0], TITLE]
    reason = "is not UTF-8 (at byte 3); save the file as UTF-8"
    assert parsed.rejects == (Reject("a.txt", 14, reason, "Caf\N{REPLACEMENT CHARACTER}"),)


@LAYOUTS
def test_a_header_without_records_says_so(layout: str) -> None:
    header = listing_text([("", "")], layout=layout).replace("Subscribe\n", "Subscribe\n\n").encode()
    parsed = parse(header, "a.txt")
    assert parsed.papers == ()
    assert [(reject.line, reject.reason) for reject in parsed.rejects] == [
        (0, "holds a listing's header and no record")
    ]


@pytest.mark.parametrize(
    ("line", "abstract"),
    [
        pytest.param("Attention Is Enough", False, id="title"),
        pytest.param("Do Kites Remember the Wind?", False, id="question"),
        pytest.param("Kites Rule the World!", False, id="exclaimed-title"),
        pytest.param("Kites vs. Dragons: a Study of Strings et al.", False, id="title-that-ends-with-a-stop"),
        pytest.param(" ".join(["word"] * 26), False, id="longest-title-met"),
        pytest.param(" ".join(["word"] * 40), True, id="cut-off-abstract"),
        pytest.param(" ".join(["word"] * 15) + ".", True, id="one-sentence"),
        pytest.param(" ".join(["word"] * 14) + ".", False, id="too-short-a-sentence"),
        pytest.param('We fly. They said "it flies."', True, id="two-short-sentences"),
        pytest.param("", False, id="empty"),
    ],
)
def test_lines_that_read_like_an_abstract(line: str, abstract: bool) -> None:
    assert is_abstract(line) is abstract


# -- files of the same name


def test_files_with_the_same_name_are_distinguished_by_their_folders() -> None:
    paths = ["/a/b/new.txt", "/a/c/new.txt", "/d/c/new.txt", "/a/b/old.txt", "/a/b/new.txt", "/a/x/../c/new.txt"]
    sources = ["new.txt", "c/new.txt", "d/c/new.txt", "old.txt", "new.txt", "c/new.txt"]
    assert source_names(paths, {}) == sources


def test_a_file_keeps_its_source_until_it_is_gone(tmp_path: Path) -> None:
    here, there = write_listing(tmp_path / "a" / "new.txt", PAIRS), tmp_path / "b" / "new.txt"
    known = {"new.txt": place_of(here)}
    assert source_names([there, here], known) == ["b/new.txt", "new.txt"]
    here.unlink()
    assert source_names([there], known) == ["new.txt"]
    assert source_names([there], {"new.txt": ""}) == ["new.txt"]


def test_every_path_to_a_file_gives_the_same_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_listing(tmp_path / "a" / "new.txt", PAIRS)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    monkeypatch.chdir(tmp_path)
    ways = (path, "a/new.txt", "./a/../a/new.txt", tmp_path / "link" / "new.txt")
    assert {place_of(way) for way in ways} == {str(path.resolve())}


@pytest.mark.parametrize("path", ["a\0b", "x" * 5000, os.fsdecode(b"caf\xe9.txt"), "", "/", ".."])
def test_odd_paths_have_a_source_and_a_place_that_can_be_stored(path: str) -> None:
    (source,) = source_names([path], {})
    assert source and (source + place_of(path)).encode()


# -- files that are none

UNREADABLE = [
    pytest.param(b"", r"the file is empty", id="empty"),
    pytest.param(b" \n\r\n\t", r"the file is empty", id="blank"),
    pytest.param("Title\nText.\n".encode("utf-16"), "is not a listing", id="utf-16"),
    pytest.param(b"\x7fELF\x02\n\x00\x01", r"is binary, not text \(a zero byte at byte 6\)", id="binary"),
]


@pytest.mark.parametrize(("data", "reason"), UNREADABLE)
def test_a_file_that_is_not_a_listing_is_one_reject(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "odd.txt"
    path.write_bytes(data)
    parsed = read(path)
    assert (parsed.source, parsed.papers, parsed.label) == ("odd.txt", (), "")
    assert [(reject.source, reject.line) for reject in parsed.rejects] == [("odd.txt", 0)]
    assert re.match(reason, parsed.rejects[0].reason)


def test_a_missing_file_is_one_reject(tmp_path: Path) -> None:
    path = tmp_path / "none.txt"
    assert read(path).rejects == (Reject("none.txt", 0, f"there is no file {str(path)!r}"),)


def test_a_folder_is_one_reject_that_says_what_to_name(tmp_path: Path) -> None:
    (reject,) = read(tmp_path).rejects
    assert reject.reason == f"{str(tmp_path)!r} is a folder; name the files in it, for example '{tmp_path}/*.txt'"


def test_the_present_folder_and_the_root_have_a_source() -> None:
    assert [read(path).rejects[0].source for path in (".", "/")] == [".", "/"]


def test_a_pipe_is_one_reject_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert read(tmp_path / "pipe").rejects[0].reason.endswith("is not a regular file")


def test_an_impossible_path_is_one_reject(tmp_path: Path) -> None:
    (reject,) = read(tmp_path / ("x" * 300)).rejects
    assert reject.reason == "cannot be read: File name too long"
    (reject,) = read("a\0b").rejects
    assert "'a\\x00b'" in reject.reason


def test_a_file_too_large_is_one_reject(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.library.sources.opening.MAX_WHOLE", 1000)
    parsed = read(write_listing(tmp_path / "large.txt", PAIRS))
    assert (parsed.papers, parsed.rejects[0].reason) == ((), "holds more than 1,000 bytes; split it")


@pytest.mark.parametrize(
    ("name", "source"),
    [
        pytest.param(b"caf\xe9.txt", "caf?.txt", id="latin-1"),
        pytest.param(b"two\nlines.txt", "two lines.txt", id="line-break"),
    ],
)
def test_an_odd_file_name_has_a_source_that_can_be_stored(tmp_path: Path, name: bytes, source: str) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/" + name)
    Path(path).write_text(listing_text(PAIRS), encoding="utf-8")
    parsed = read(path)
    assert parsed.source == source
    assert len(parsed.papers) == len(PAIRS)


# -- properties

LINES = st.lists(
    st.one_of(
        st.sampled_from(
            [TITLE, ABSTRACT, *PAIRS[5], "", " ", "Mar 12", "Subscribe", "byAK and others", "x.", "\u2028", "\ufeff"]
        ),
        st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\r\n")),
    )
)


@given(LINES, st.sampled_from(["\n", "\r\n", "\n\n"]))
def test_every_line_of_a_body_ends_up_in_a_paper_or_a_reject(lines: list[str], line_break: str) -> None:
    parsed = parse(listing_text([(TITLE, ABSTRACT)]).encode() + line_break.join(lines).encode(), "a.txt")
    kept = [text for paper in parsed.papers for text in (paper.title, paper.abstract)]
    rejected = [line for reject in parsed.rejects for line in reject.text.split("\n")]
    assert sorted(kept + rejected) == sorted([TITLE, ABSTRACT, *(line.strip() for line in lines if line.strip())])
    assert all(reject.line > 0 and reject.reason for reject in parsed.rejects)


@given(st.one_of(st.binary(), LINES.map(lambda lines: "\n".join(lines).encode("utf-16"))))
def test_no_bytes_raise_and_none_are_dropped_silently(data: bytes) -> None:
    parsed = parse(data, "a.txt")
    assert parsed.papers or parsed.rejects


# -- the listings given


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"the given listings are not at {SHARED}")
def test_the_given_listings_are_read_whole() -> None:
    listings = [read(path) for path in sorted(SHARED.iterdir())]
    papers = [paper for listing in listings for paper in listing.papers]
    assert [reject for listing in listings for reject in listing.rejects] == []
    assert len(papers) == 901
    assert len({paper.id for paper in papers}) == 828
