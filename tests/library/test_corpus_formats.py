"""sources.formats: a file of another format gives one reject, which names the format, and no papers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.index.holdings import Holdings
from assistant.library.sources import read
from assistant.library.sources.formats import foreign_format
from assistant.library.sources.listing import parse

from ..conftest import ROOT
from ..papers import PAIRS, listing_text, write_listing
from ..references import BINARIES, SHAPES, TAGS, UNNAMED, references

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
def test_a_bibliographic_file_is_refused_with_its_format(shape: str, change: str, count: int, tmp_path: Path) -> None:
    name, made = SHAPES[shape]
    data = CHANGES[change](made(references(count)))
    assert refusals(data, tmp_path) == [f"is {name}, which is not read yet; only listings are: {EXPECTED}"]


def test_a_table_without_a_header_is_refused_with_its_format(tmp_path: Path) -> None:
    for delimiter, name in ((",", "CSV"), ("\t", "TSV")):
        rows = SHAPES["csv"][1](references(9)).splitlines()[1:]
        (reason,) = refusals("\n".join(rows).replace('","', f'"{delimiter}"').encode(), tmp_path)
        assert reason.startswith(f"is {name}, ")


@pytest.mark.parametrize("kind", BINARIES)
def test_a_binary_file_is_refused_with_its_format(kind: str, tmp_path: Path) -> None:
    name, made = BINARIES[kind]
    data = made(listing_text(PAIRS).encode())
    assert refusals(data, tmp_path) == [f"is {name}, which is not read yet; only listings are: {EXPECTED}"]


@pytest.mark.parametrize("count", [1, 2, 100])
@pytest.mark.parametrize("shape", UNNAMED)
def test_text_that_is_not_a_listing_is_refused_as_a_whole(shape: str, count: int, tmp_path: Path) -> None:
    assert refusals(UNNAMED[shape](references(count)).encode(), tmp_path) == [f"is not a listing, which has {EXPECTED}"]


@pytest.mark.parametrize("name", ["zotero.ris", "zotero.txt", "zotero"])
def test_nothing_of_a_refused_file_is_added_whatever_its_name(name: str, holdings: Holdings, tmp_path: Path) -> None:
    file = written(tmp_path / name, SHAPES["ris"][1](references(100)).encode())
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
    assert foreign_format(listing_text([(title, abstract), *PAIRS], layout=layout).encode()) == ""
    assert foreign_format(f"{title}\n{abstract}\n".encode()) == ""


@pytest.mark.skipif(not ABSTRACTS.is_file(), reason=f"the given abstracts are not at {ABSTRACTS}")
def test_no_real_title_or_abstract_resembles_a_field() -> None:
    import json

    papers = [json.loads(line) for line in ABSTRACTS.read_text("utf-8").splitlines()]
    pairs = {paper["title"]: (paper["title"], " ".join(paper["abstract"].split())) for paper in papers}
    listing = parse(listing_text(pairs.values()).encode(), "a.txt")
    assert [reject for reject in listing.rejects if "field" in reject.reason] == []


# -- properties

TEXTS = st.one_of(
    *(st.integers(1, 12).map(references).map(made) for _, made in SHAPES.values()),
    *(st.sampled_from([listing_text(PAIRS), listing_text(PAIRS, layout="glued")]) for _ in range(3)),
)
STEPS = st.lists(
    st.tuples(st.sampled_from(["drop", "swap", "repeat", "cut", "join", "blank"]), st.integers(0, 400)), max_size=12
)


def mutated(text: str, steps: list[tuple[str, int]]) -> str:
    """A file as a slip of the hand or a broken transfer leaves it."""
    lines = text.split("\n")
    for step, number in steps:
        at = number % len(lines)
        if step == "drop" and len(lines) > 1:
            del lines[at]
        elif step == "swap":
            lines[at], lines[0] = lines[0], lines[at]
        elif step == "repeat":
            lines.insert(at, lines[at])
        elif step == "cut":
            lines[at] = lines[at][number % 7 :]
        elif step == "join" and at:
            lines[at - 1 : at + 1] = [lines[at - 1] + " " + lines[at]]
        elif step == "blank":
            lines.insert(at, "")
    return "\n".join(lines)


@given(TEXTS, STEPS, st.sampled_from(["utf-8", "latin-1", "utf-8-sig"]), st.floats(0, 1), st.floats(0, 1))
def test_no_mutation_adds_a_paper_whose_title_is_a_field(
    text: str, steps: list[tuple[str, int]], encoding: str, start: float, end: float
) -> None:
    data = mutated(text, steps).encode(encoding, "replace")
    for piece in (data, data[int(start * len(data)) :], data[: int(end * len(data))]):
        papers = () if foreign_format(piece) else parse(piece, "a.txt").papers
        assert [paper.title for paper in papers if FIELD.match(paper.title)] == []


@given(st.binary())
def test_no_bytes_raise(data: bytes) -> None:
    assert isinstance(foreign_format(data), str)
