"""sources.detection: a file is read by what its content is, whatever its name; what is not read is refused by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.index.holdings import Holdings
from assistant.library.sources import read
from assistant.library.sources.detection import detected
from assistant.library.sources.listing import parse

from ..conftest import ROOT
from ..papers import PAIRS, listing_text, write_listing
from ..references import REFUSED, SHAPES, TAGS, UNNAMED, references

EXPECTED = "each title on one line, its abstract on the next"
ABSTRACTS = ROOT.parent / "shared" / "abstracts" / "abstracts.jsonl"
CHANGES: dict[str, Callable[[str], bytes]] = {
    "as it is": str.encode,
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "crlf": lambda text: text.replace("\n", "\r\n").encode(),
    "latin-1": lambda text: text.encode("latin-1", "replace"),
    "blank lines first": lambda text: ("\n \n\n" + text).encode(),
    "a comment first": lambda text: ("# exported on a Monday\n" + text).encode(),
    "cut at the end": lambda text: text.encode()[: len(text.encode()) * 3 // 4],
    "indented": lambda text: text.replace("\n", "\n    ").encode(),
}
FIELD = re.compile(
    r"(?:TY|AU|TI|AB|PY|JO|ER|FAU|DP|TA|PMID|OWN|STAT) {0,2}- |%[A-Z0-9] |@\w+[{(]|\w+ ?= ?[{\"]|</|<[a-zA-Z]|[{}\[\]]"
    r'|"\w+":|(?:Title|Authors|Abstract):'
)
"""What a title must never begin with; written without a look at the reader's own table."""


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def refusals(data: bytes, folder: Path) -> list[str]:
    listing = read(written(folder / "listing.txt", data))
    assert listing.papers == ()
    assert [(reject.source, reject.line) for reject in listing.rejects] == [("listing.txt", 0)]
    return [reject.reason for reject in listing.rejects]


@pytest.mark.parametrize("count", [1, 2, 100])
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_file_is_read_whatever_program_wrote_it(shape: str, change: str, count: int, tmp_path: Path) -> None:
    some = references(count)
    text = SHAPES[shape](some)
    parsed = read(written(tmp_path / "papers", CHANGES[change](text)))
    pairs = [(paper.title, paper.abstract) for paper in parsed.papers]
    expected = [(one.title, " ".join(one.abstract.split())) for one in some]
    if change not in ("cut at the end", "a comment first", "indented") and not (change == "latin-1" and text[0] == "<"):
        assert (pairs, parsed.rejects) == (expected, ())
    elif pairs != expected:  # not all formats allow for it, and none makes another paper of it
        assert parsed.rejects
        assert set(pairs) <= set(expected)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("shape", REFUSED)
def test_a_file_that_is_not_read_is_refused_with_its_format(shape: str, change: str, tmp_path: Path) -> None:
    name, made = REFUSED[shape]
    (reason,) = refusals(CHANGES[change](made(references(20))), tmp_path)
    assert reason.startswith(f"is {name}, which is not read. Read are BibTeX, CSV, EndNote, ")


def test_a_table_without_a_header_has_no_titles(tmp_path: Path) -> None:
    for delimiter in (",", "\t"):
        rows = SHAPES["csv"](references(9)).splitlines()[1:]
        (reason,) = refusals("\n".join(rows).replace('","', f'"{delimiter}"').encode(), tmp_path)
        assert reason.startswith("is a table without a column of titles; it has 'Kite 1: Strings")


def test_rich_text_is_refused_with_its_format(tmp_path: Path) -> None:
    (reason,) = refusals(b"{\\rtf1\\ansi\n" + listing_text(PAIRS).encode() + b"}", tmp_path)
    assert reason.startswith("is RTF, which is not read")


@pytest.mark.parametrize("count", [1, 2, 100])
@pytest.mark.parametrize("shape", UNNAMED)
def test_text_that_is_not_a_listing_is_refused_as_a_whole(shape: str, count: int, tmp_path: Path) -> None:
    assert refusals(UNNAMED[shape](references(count)).encode(), tmp_path) == [f"is not a listing, which has {EXPECTED}"]


@pytest.mark.parametrize("name", ["page.html", "page.txt", "page"])
def test_nothing_of_a_refused_file_is_added_whatever_its_name(name: str, holdings: Holdings, tmp_path: Path) -> None:
    file = written(tmp_path / name, REFUSED["html"][1](references(100)).encode())
    good = write_listing(tmp_path / "march.txt", PAIRS)
    done = holdings.ingest([file, good])
    assert (done.added, [reject.source for reject in done.rejects]) == (len(PAIRS), [name])
    assert list(holdings.library.listings()) == ["march.txt"]


@pytest.mark.parametrize("name", ["march.bib", "march.json", "march.pdf"])
def test_a_listing_is_read_under_any_name(name: str, tmp_path: Path) -> None:
    assert len(read(write_listing(tmp_path / name, PAIRS)).papers) == len(PAIRS)


@pytest.mark.parametrize("field", ["AU  - Moss, Ivy", "%A Moss, Ivy", "title = {Kites},", "<title>Kites</title>"])
def test_a_single_field_line_in_a_listing_is_rejected_alone(field: str) -> None:
    pairs = [(f"{title} {n}", abstract) for title, abstract in PAIRS for n in range(3)]
    first, second, *others = listing_text(pairs).split(pairs[4][0])
    listing = parse(f"{first}{pairs[4][0]}{second.replace(PAIRS[1][1], field, 1)}{''.join(others)}".encode(), "a.txt")
    assert len(listing.papers) == len(pairs) - 1
    assert [(reject.reason, reject.text) for reject in listing.rejects] == [
        ("what follows this title is no abstract", pairs[4][0]),
        ("is a field of a bibliographic file, no title or abstract", field),
    ]


@pytest.mark.parametrize("layout", ["spaced", "glued"])
@pytest.mark.parametrize(
    "title",
    [
        "T5 - Text to Text, and Back",
        "RAG - How Much Is Enough?",
        "R1 = Reasoning + One",
        "<think> Before You Answer",
        "{SkillNet}: One Model",
        "[CLS] Is a Lighthouse",
        "100% of Kites: A Count",
        "Title Generation for Kites",
        "Abstract Meaning Representation: A Kite",
        "@Home: Kites Where One Lives",
        '"What Is a Kite?": A Survey',
        "Kites, Strings, and Silk",
        "PK, or How Kites Age",
    ],
)
def test_a_title_that_only_resembles_a_field_is_a_title(title: str, layout: str) -> None:
    abstract = f"{PAIRS[0][1]} {TAGS}."
    listing = parse(listing_text([(title, abstract)], layout=layout).encode(), "a.txt")
    assert [(paper.title, paper.abstract) for paper in listing.papers] == [(title, abstract)]
    assert detected(listing_text([(title, abstract), *PAIRS], layout=layout).encode()) == ""
    assert detected(f"{title}\n{abstract}\n".encode()) == ""


@pytest.mark.skipif(not ABSTRACTS.is_file(), reason=f"the given abstracts are not at {ABSTRACTS}")
def test_no_real_title_or_abstract_resembles_a_field() -> None:
    import json

    papers = [json.loads(line) for line in ABSTRACTS.read_text("utf-8").splitlines()]
    pairs = {paper["title"]: (paper["title"], " ".join(paper["abstract"].split())) for paper in papers}
    listing = parse(listing_text(pairs.values()).encode(), "a.txt")
    assert [reject for reject in listing.rejects if "field" in reject.reason] == []


@given(st.binary())
def test_no_bytes_raise(data: bytes) -> None:
    assert isinstance(detected(data), str)
